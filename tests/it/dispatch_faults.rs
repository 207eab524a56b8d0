//! When handing over goes wrong: nothing goes out twice, and nothing is lost
//! in silence.

use lazo::shell::app::{App, ses_client};
use lazo::shell::bus::Bus;
use lazo::shell::mailer::{Letter, Mailer, Recipient, Ses};
use lazo::shell::rules::Rules;
use lazo::shell::store::{
    Commit, FailureKind, Ledger, LedgerEntry, SETTLE_AFTER, Store, TouchEntry, TouchState, keys,
};
use lazo::{dispatch, ingest};
use lazo_domain::decide::{Input, decide};
use lazo_domain::instant::Instant;
use lazo_domain::message::Mail;
use lazo_domain::touch::{Reason, Send};
use serde_json::json;

use crate::dispatch::{ana_buys, assert_impersonal, due, noon, touches};
use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::recorder::{Reply, Service};
use crate::support::{World, at, id, minutes_after, sdk_at};

fn mails(world: &World) -> usize {
    world.recorder.requests(Service::Ses).len()
}

fn settle_after(from: Instant) -> Instant {
    from.plus_millis(SETTLE_AFTER.as_millis() as i64)
}

/// Runs every minute for a while, as the schedule does.
async fn run_on(world: &World, from: Instant, minutes: i64) -> usize {
    let mut sent = 0;
    for minute in 0..minutes {
        sent += dispatch::run(&world.app, minutes_after(from, minute)).await.unwrap().sent;
    }
    sent
}

#[tokio::test]
async fn throttled_mail_waits_and_goes_once() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let throttle = || Reply::Fail(429, "TooManyRequestsException");
    let quota = || Reply::Fail(400, "LimitExceededException");
    let paused = || Reply::Fail(400, "SendingPausedException");
    world.recorder.script(Service::Ses, [throttle(), quota(), paused()]);
    let report = dispatch::run(&world.app, due()).await.unwrap();
    assert_eq!((report.sent, report.put_back, report.not_sent), (0, 1, 0));
    assert_eq!(mails(&world), 1, "the SDK repeats nothing");
    assert_eq!(touches(&world).await[0].state, TouchState::PutBack);
    let waiting = world.customer(&id("ana")).await.enrolments[0].clone();
    assert_eq!(waiting.defers.last().unwrap().reason, Reason::Throttled);
    assert!(waiting.next >= minutes_after(due(), 1) && waiting.next < minutes_after(due(), 2));

    // Two minutes at most for the rate, an hour each for the quota and the pause.
    assert_eq!(run_on(&world, due(), 123).await, 1);
    assert_eq!(mails(&world), 4);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert_eq!(run_on(&world, minutes_after(due(), 200), 3).await, 0);
    assert_eq!(mails(&world), 4);
}

#[tokio::test]
async fn a_throttled_touch_counts_against_no_cap() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    dispatch::run(&world.app, due()).await.unwrap();
    assert!(world.customer(&id("ana")).await.sends.is_empty());
}

#[tokio::test]
async fn a_mail_that_is_refused_ends_and_says_why() {
    for code in ["MessageRejected", "BadRequestException"] {
        let world = World::shipped().await;
        ana_buys(&world).await;
        world.recorder.script(Service::Ses, [Reply::Fail(400, code)]);
        let report = dispatch::run(&world.app, due()).await.unwrap();
        assert_eq!((report.sent, report.not_sent), (0, 1), "{code}");
        let ledger = touches(&world).await;
        assert_eq!(
            (ledger[0].state, ledger[0].reason),
            (TouchState::Skipped, Some(Reason::Undeliverable))
        );
        assert!(world.customer(&id("ana")).await.enrolments.is_empty());
        assert_eq!(run_on(&world, minutes_after(due(), 1), 5).await, 0);
        assert_eq!(mails(&world), 1);
        let published = world.recorder.entries();
        assert_eq!(published[0].1["reason"], "undeliverable");
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_ends_without_a_call() {
    let mut rules = Rules::from(None).unwrap();
    rules.templates = lazo_domain::message::Templates::read(&[]);
    let world = World::new(rules).await;
    ana_buys(&world).await;
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().not_sent, 1);
    assert_eq!(touches(&world).await[0].reason, Some(Reason::Undeliverable));
    assert_eq!(mails(&world), 0);
}

#[tokio::test]
async fn a_lost_answer_is_listed_once_and_never_sent_again() {
    for lost in
        [Reply::Close, Reply::Fail(500, "InternalFailure"), Reply::Fail(503, "ServiceUnavailable")]
    {
        let world = World::shipped().await;
        ana_buys(&world).await;
        world.recorder.script(Service::Ses, [lost]);
        let report = dispatch::run(&world.app, due()).await.unwrap();
        assert_eq!((report.sent, report.unknown), (0, 1));
        assert_eq!(run_on(&world, due(), 10).await, 0);
        assert_eq!(run_on(&world, at("2027-01-10T10:00:00-06:00"), 3).await, 0);
        assert_eq!(mails(&world), 1, "exactly one request was made");
        let touches = touches(&world).await;
        let mail = touches.iter().find(|entry| entry.touch.rule == "thank-you-mail").unwrap();
        assert_eq!(mail.state, TouchState::Fenced);
        let failures = world.app.store.failures(at("2027-01-10T10:00:00-06:00")).await.unwrap();
        assert_eq!((failures.len(), failures[0].kind), (1, FailureKind::UnknownSend));
        let text = world.app.store.failed_text(&failures[0]).await.unwrap();
        assert_eq!(text, "thank-you-mail/ana/p1/mail");
    }
}

#[tokio::test]
async fn a_connection_that_was_never_made_proves_that_nothing_went_out() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mailer = Mailer::Ses(Ses::new(ses_client(&sdk_at(&closed)), None));
    let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk_at(&world.recorder.url)), "lazo");
    let cut_off = App::new(world.app.store.clone(), bus, mailer, None, Rules::from(None).unwrap());
    let report = dispatch::run(&cut_off, due()).await.unwrap();
    assert_eq!((report.put_back, report.unknown), (1, 0));
    assert_eq!(run_on(&world, due(), 5).await, 1);
    assert_eq!(mails(&world), 1);
}

/// What a sender leaves behind that dies between fence and call.
async fn die_before_the_call(world: &World, now: Instant) -> Send {
    let store = &world.app.store;
    let loaded = store.load(&id("ana")).await.unwrap();
    let rules = world.app.rules();
    let decision = decide(loaded.customer.clone(), Input::Due, &rules.book, now);
    let entries = decision.sends.iter().map(|send| LedgerEntry::Touch(TouchEntry::fence(send)));
    let ledger = Ledger { entries: entries.collect() };
    let done = store.commit(&loaded, decision.customer, &ledger, now).await.unwrap();
    assert!(matches!(done, Commit::Done(_)));
    decision.sends[0].clone()
}

fn files(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn a_crash_before_the_call_is_settled_by_the_outbox() {
    for was_written in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::with_outbox(Rules::from(None).unwrap(), folder.path()).await;
        ana_buys(&world).await;
        let send = die_before_the_call(&world, due()).await;
        if was_written {
            world.app.mailer.send(&send.touch, &letter(&world)).await.unwrap();
        }
        let early = dispatch::run(&world.app, minutes_after(due(), 1)).await.unwrap();
        assert_eq!(early.sent, 0, "a fence is not taken over in haste");
        let report = dispatch::run(&world.app, settle_after(due())).await.unwrap();
        assert!(report.sent >= 1, "{report:?}");
        assert_eq!(run_on(&world, settle_after(due()), 5).await, 0);
        assert_eq!(files(folder.path()), 1);
        assert_eq!(touches(&world).await[0].state, TouchState::Sent);
        assert!(world.app.store.failures(due()).await.unwrap().is_empty());
    }
}

fn letter(world: &World) -> Letter {
    let mail = Mail {
        locale: "es".into(),
        subject: "Hola".into(),
        html: "<p>Hola</p>".into(),
        text: "Hola".into(),
    };
    let to = Recipient { email: "marisol.nandu@example.com", name: None };
    Letter::new(&world.app.rules().book.policy.brand, to, &mail, None).unwrap()
}

#[tokio::test]
async fn after_a_crash_the_only_sender_settles_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_outbox(Rules::from(None).unwrap(), folder.path()).await;
    ana_buys(&world).await;
    die_before_the_call(&world, due()).await;
    let now = due().plus_millis(1_000);
    dispatch::settle_all(&world.app, now).await.unwrap();
    assert_eq!(dispatch::run(&world.app, now).await.unwrap().sent, 1);
    assert_eq!(files(folder.path()), 1);
}

#[tokio::test]
async fn after_a_crash_mail_by_ses_stays_unknown_and_is_listed_once() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    die_before_the_call(&world, due()).await;
    assert_eq!(run_on(&world, due(), 59).await, 0);
    let failures = world.app.store.failures(due()).await.unwrap();
    assert!(failures.is_empty(), "SES may yet tell");
    assert_eq!(run_on(&world, minutes_after(due(), 60), 10).await, 0);
    assert_eq!(mails(&world), 0);
    let failures = world.app.store.failures(due()).await.unwrap();
    assert_eq!((failures.len(), failures[0].kind), (1, FailureKind::UnknownSend));
    assert_eq!(touches(&world).await[0].state, TouchState::Fenced);
}

async fn ana_is_to_be_called(world: &World) -> Instant {
    let told = json!({ "relationship": "dedicated", "account_manager": "sofia.leal" });
    let events = [profile("ana", noon(), told), purchase("ana", "p1", noon(), "129.90")];
    ingest::handle(&world.app, batch(&events), noon()).await;
    at("2026-11-19T11:00:00-06:00")
}

#[tokio::test]
async fn a_request_that_the_bus_refused_is_published_later() {
    let world = World::shipped().await;
    let due = ana_is_to_be_called(&world).await;
    world.recorder.script(Service::EventBridge, [Reply::Partial(1)]);
    let report = dispatch::run(&world.app, due).await.unwrap();
    assert_eq!((report.sent, report.put_back), (0, 1));
    // It is on the call list, so it is on its way out whatever the bus knows.
    assert_eq!(touches(&world).await[0].state, TouchState::Fenced);
    assert_eq!(run_on(&world, due, 5).await, 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    let requests = world.recorder.entries();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|(_, detail)| detail["touch_id"] == "thank-you-call/ana/p1/call"));
    assert_eq!(world.app.store.open_calls("sofia.leal", due).await.unwrap().len(), 1);
    assert_impersonal(&world);
}

#[tokio::test]
async fn a_call_that_was_made_before_the_bus_knew_of_it_was_made() {
    let world = World::shipped().await;
    let due = ana_is_to_be_called(&world).await;
    world.recorder.script(Service::EventBridge, [Reply::Partial(1)]);
    dispatch::run(&world.app, due).await.unwrap();
    // She was unhappy: nothing goes to her for two weeks, by when the call is of no
    // use any more.
    let reported = minutes_after(due, 1);
    let report = json!({
        "call_id": "c1", "customer_id": "ana", "occurred_at": reported.to_string(),
        "touch_id": "thank-you-call/ana/p1/call", "outcome": "reached", "satisfaction": 1,
    });
    let events = [envelope("CallReported", reported, report)];
    ingest::handle(&world.app, batch(&events), reported).await;
    assert_eq!(world.app.store.open_calls("sofia.leal", reported).await.unwrap(), []);
    assert_eq!(run_on(&world, reported, 5).await, 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    let month = minutes_after(due, 30 * 24 * 60);
    assert_eq!(dispatch::run(&world.app, month).await.unwrap().sent, 0);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
}

#[tokio::test]
async fn a_call_that_the_bus_refused_is_not_asked_for_after_a_no() {
    let world = World::shipped().await;
    let due = ana_is_to_be_called(&world).await;
    world.recorder.script(Service::EventBridge, [Reply::Partial(1)]);
    dispatch::run(&world.app, due).await.unwrap();
    let refused = minutes_after(due, 1);
    let no = json!({
        "consent_id": "no", "customer_id": "ana", "occurred_at": refused.to_string(),
        "channel": "call", "purpose": "all", "state": "denied", "source": "shop",
    });
    ingest::handle(&world.app, batch(&[envelope("ConsentChanged", refused, no)]), refused).await;
    assert_eq!(run_on(&world, refused, 5).await, 0);
    assert_eq!(touches(&world).await[0].state, TouchState::Skipped);
    let published = world.recorder.entries();
    let asked = published.iter().filter(|(kind, _)| kind == "CallRequested").count();
    assert_eq!(asked, 1, "{published:?}");
}

#[tokio::test]
async fn a_crash_before_a_request_is_made_up_for() {
    let world = World::shipped().await;
    let due = ana_is_to_be_called(&world).await;
    die_before_the_call(&world, due).await;
    assert_eq!(run_on(&world, due, 6).await, 1);
    assert_eq!(world.recorder.entries().len(), 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
}

#[tokio::test]
async fn an_exit_while_a_throttled_mail_waits_ends_it() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    dispatch::run(&world.app, due()).await.unwrap();
    let refund = json!({ "refund_id": "r1", "purchase_id": "p1", "customer_id": "ana", "occurred_at": due().to_string() });
    let refund = [envelope("PurchaseRefunded", due(), refund)];
    ingest::handle(&world.app, batch(&refund), due()).await;
    assert_eq!(run_on(&world, due(), 5).await, 0);
    let ledger = touches(&world).await;
    assert_eq!((ledger[0].state, ledger[0].reason), (TouchState::Cancelled, Some(Reason::Exited)));
    assert_eq!(mails(&world), 1);
}

#[tokio::test]
async fn an_opt_out_while_a_throttled_mail_waits_wins() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    dispatch::run(&world.app, due()).await.unwrap();
    let no = json!({
        "consent_id": "c1", "customer_id": "ana", "occurred_at": due().to_string(),
        "channel": "email", "purpose": "all", "state": "denied", "source": "phone",
    });
    ingest::handle(&world.app, batch(&[envelope("ConsentChanged", due(), no)]), due()).await;
    assert_eq!(run_on(&world, due(), 5).await, 0);
    assert_eq!(touches(&world).await[0].reason, Some(Reason::NoConsent));
}

/// The customer's state as it lies in the table, item by item.
async fn state(store: &Store) -> Vec<lazo::shell::store::Item> {
    let key = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    let query = store.client().query().table_name(store.table()).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
    let query = query.expression_attribute_values(":pk", key(keys::customer(&id("ana"))));
    let query = query.expression_attribute_values(":sk", key(keys::STATE.into()));
    query.send().await.unwrap().items.unwrap()
}

/// Puts it back.
async fn restore(store: &Store, state: Vec<lazo::shell::store::Item>) {
    for item in state {
        let put = store.client().put_item().table_name(store.table()).set_item(Some(item));
        put.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_touch_that_the_ledger_knows_is_not_sent_again_though_the_state_is_lost() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let store = &world.app.store;
    let before = state(store).await;
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().sent, 1);
    // Somebody restores an older state beside a ledger that went on.
    restore(store, before).await;
    assert_eq!(run_on(&world, minutes_after(due(), 1), 5).await, 0);
    assert_eq!(mails(&world), 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert!(world.customer(&id("ana")).await.enrolments.is_empty(), "and it is over");
}

#[tokio::test]
async fn a_touch_that_ended_before_a_lost_state_ends_again_without_getting_stuck() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let store = &world.app.store;
    let before = state(store).await;
    let refund = json!({ "refund_id": "r1", "purchase_id": "p1", "customer_id": "ana", "occurred_at": noon().to_string() });
    let refund = |key: &str| {
        let mut detail = refund.clone();
        detail["refund_id"] = key.into();
        [envelope("PurchaseRefunded", noon(), detail)]
    };
    ingest::handle(&world.app, batch(&refund("r1")), noon()).await;
    restore(store, before.clone()).await;
    // By another event that ends it.
    let response = ingest::handle(&world.app, batch(&refund("r2")), noon()).await;
    assert!(response.batch_item_failures.is_empty(), "the event must not be stuck");
    assert!(world.customer(&id("ana")).await.enrolments.is_empty());
    // By falling due, which finds another reason to end it.
    restore(store, before).await;
    let late = at("2026-11-25T10:00:00-06:00");
    assert_eq!(run_on(&world, late, 2).await, 0);
    assert!(world.customer(&id("ana")).await.enrolments.is_empty());
    assert_eq!(
        touches(&world).await[0].state,
        TouchState::Cancelled,
        "what the ledger said first holds"
    );
}
