//! Mails that were not accepted go later; mails of which nobody knows go once
//! more only where somebody says so; and every attempt is one request.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo::feedback::{self, Resolution, Settled};
use lazo::shell::app::{App, ses_config};
use lazo::shell::bus::Bus;
use lazo::shell::mailer::{Mailer, Ses};
use lazo::shell::rules::Rules;
use lazo::shell::store::{Item, TouchState};
use lazo::{dispatch, ingest};
use lazo_domain::touch::Reason;
use serde_json::json;

use crate::dispatch::{ana_buys, due, touches};
use crate::feedback::{delivered, failures, lost, mails, names, run_on, take};
use crate::support::events::{batch, envelope};
use crate::support::recorder::{Reply, Service};
use crate::support::{TABLE, World, id, minutes_after, rules, sdk_at};

const THANKS: &str = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: thanks, wait: 1 day, at: '10:00' }]
";

const CAP: &str = "frequency_caps: [{ channel: any, max: 4, per: 7 days }]\n";

pub fn under(policy: &str) -> Rules {
    let brand = "brand: { name: Casa, from: hola@casa.example }\ndefault_locale: es\ndefault_time_zone: America/Mexico_City\n";
    rules(&[("policy.yaml", &format!("{brand}{policy}")), ("thanks.yaml", THANKS)])
}

#[tokio::test]
async fn where_the_policy_says_so_a_lost_mail_goes_once_more() {
    let world = World::new(under("resend_unknown: true")).await;
    lost(&world).await;
    world.recorder.script(Service::Ses, [Reply::Close]);
    assert_eq!((run_on(&world, due(), 60).await, mails(&world).len()), (0, 1));
    assert_eq!((run_on(&world, minutes_after(due(), 60), 1).await, mails(&world).len()), (0, 2));
    let ana = world.customer(&id("ana")).await;
    assert_eq!(ana.enrolments[0].defers.last().unwrap().reason, Reason::Unanswered);
    assert!(failures(&world).await.is_empty());
    // Lost again: now it is listed, and no third mail goes.
    assert_eq!((run_on(&world, minutes_after(due(), 61), 130).await, mails(&world).len()), (0, 2));
    assert_eq!(failures(&world).await.len(), 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Fenced);
}

#[tokio::test]
async fn an_opt_out_wins_over_a_mail_that_was_to_go_once_more() {
    let world = World::new(under("resend_unknown: true")).await;
    lost(&world).await;
    let no = json!({
        "consent_id": "c1", "customer_id": "ana", "occurred_at": due().to_string(),
        "channel": "email", "purpose": "all", "state": "denied", "source": "phone",
    });
    ingest::handle(&world.app, batch(&[envelope("ConsentChanged", due(), no)]), due()).await;
    assert_eq!((run_on(&world, minutes_after(due(), 59), 5).await, mails(&world).len()), (0, 1));
    assert_eq!(touches(&world).await[0].reason, Some(Reason::NoConsent));
}

#[tokio::test]
async fn a_mail_that_waits_to_go_again_stays_where_ses_says_it_went() {
    let world = World::new(under(&format!("{CAP}resend_unknown: true"))).await;
    let mail = lost(&world).await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    run_on(&world, minutes_after(due(), 60), 1).await;
    assert_eq!(touches(&world).await[0].state, TouchState::PutBack);
    take(&world, &[delivered(&mail)], minutes_after(due(), 60)).await;
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert_eq!(world.customer(&id("ana")).await.sends.len(), 1, "it counts for the caps");
    assert_eq!((run_on(&world, minutes_after(due(), 61), 5).await, mails(&world).len()), (0, 2));
}

#[tokio::test]
async fn a_person_settles_what_stays_unknown() {
    for word in [Resolution::Sent, Resolution::Resend] {
        let world = World::shipped().await;
        lost(&world).await;
        run_on(&world, minutes_after(due(), 60), 1).await;
        let touch = world.app.store.failed_text(&failures(&world).await[0]).await.unwrap();
        let now = minutes_after(due(), 90);
        let settled = feedback::settle(&world.app, &touch, word, now).await.unwrap();
        assert_eq!(settled, Settled::Done);
        let went = usize::from(word == Resolution::Resend);
        assert_eq!(run_on(&world, now, 5).await, went);
        assert_eq!(mails(&world).len(), 1 + went);
        assert_eq!(touches(&world).await[0].state, TouchState::Sent);
        assert_eq!(names(&world), ["EmailSent"]);
        let again = feedback::settle(&world.app, &touch, word, now).await.unwrap();
        assert_eq!(again, Settled::NotOpen);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_account_ends_no_mail() {
    let quota = "Daily message quota exceeded.";
    let unverified = "Email address is not verified. The following identities failed the check in region US-EAST-1: marisol.nandu@example.com";
    let cases = [
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", 1..2),
        (400, "Throttling", "Maximum sending rate exceeded.", 1..2),
        (429, "TooManyRequestsException", quota, 15..60),
        (400, "LimitExceededException", "", 15..60),
        (400, "MessageRejected", unverified, 15..60),
        (400, "MailFromDomainNotVerifiedException", "", 15..60),
        (400, "SendingPausedException", "", 15..60),
        (400, "AccountSuspendedException", "", 15..60),
        (403, "AccessDeniedException", "", 15..60),
        (404, "NotFoundException", "Configuration set <lazo> does not exist.", 15..60),
    ];
    for (status, code, message, minutes) in cases {
        let world = World::shipped().await;
        ana_buys(&world).await;
        world.recorder.script(Service::Ses, [Reply::FailSaying(status, code, message)]);
        let report = dispatch::run(&world.app, due()).await.unwrap();
        assert_eq!(
            (report.put_back, report.not_sent, report.unknown),
            (1, 0, 0),
            "{code} {message}"
        );
        let waiting = world.customer(&id("ana")).await.enrolments[0].clone();
        let waits = (waiting.next.millis() - due().millis()) / 60_000;
        assert!(minutes.contains(&waits), "{code} {message}: {waits}");
        assert_eq!(run_on(&world, due(), 61).await, 1);
        assert_eq!(mails(&world).len(), 2);
    }
}

#[tokio::test]
async fn a_quota_that_stays_used_up_ends_the_mail_when_it_expires() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let quota = Reply::FailSaying(429, "TooManyRequestsException", "Daily message quota exceeded.");
    world.recorder.script(Service::Ses, vec![quota; 2_000]);
    for hour in 0..80 {
        dispatch::run(&world.app, minutes_after(due(), hour * 60)).await.unwrap();
        let ana = world.customer(&id("ana")).await;
        assert!(ana.enrolments.iter().all(|e| e.defers.len() <= 20), "the item stays small");
    }
    let ledger = touches(&world).await;
    assert_eq!((ledger[0].state, ledger[0].reason), (TouchState::Skipped, Some(Reason::Expired)));
    assert_eq!(ledger[0].at, minutes_after(due(), 3 * 24 * 60));
    assert!(world.customer(&id("ana")).await.enrolments.is_empty());
}

#[tokio::test]
async fn every_attempt_makes_exactly_one_request() {
    let throttled = || Reply::Fail(429, "TooManyRequestsException");
    let answers = [
        (Reply::Hold, false),
        (Reply::Close, false),
        (Reply::Reset, false),
        (Reply::Fail(500, "InternalFailure"), false),
        (Reply::Fail(502, ""), false),
        (Reply::Fail(503, "ServiceUnavailable"), false),
        (Reply::Fail(408, "RequestTimeout"), false),
        (Reply::Fail(400, ""), false),
        (throttled(), true),
        (Reply::Fail(400, "RequestTimeoutException"), true),
    ];
    for (answer, is_proof) in answers {
        let world = World::shipped().await;
        let sdk = sdk_at(&world.recorder.url);
        let longest = TimeoutConfig::builder().operation_timeout(Duration::from_millis(300));
        let config = ses_config(&sdk).timeout_config(longest.build()).build();
        let mailer = Mailer::Ses(Ses::new(aws_sdk_sesv2::Client::from_conf(config), None));
        let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk), "lazo");
        let app = App::new(world.app.store.clone(), bus, mailer, None, Rules::from(None).unwrap());
        ana_buys(&world).await;
        world.recorder.script(Service::Ses, [answer.clone()]);
        let report = dispatch::run(&app, due()).await.unwrap();
        // Where the SDK repeated, it would do so by now.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(mails(&world).len(), 1, "{answer:?}");
        let told = (report.put_back, report.unknown, report.sent);
        assert_eq!(told, if is_proof { (1, 0, 0) } else { (0, 1, 0) }, "{answer:?}");
    }
}

/// Here the state comes back as it was before the ledger was written.
#[tokio::test]
async fn a_mail_that_the_ledger_has_is_settled_where_the_state_does_not_know() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Hold]);
    let app = world.app.clone();
    let run = tokio::spawn(async move { dispatch::run(&app, due()).await.unwrap() });
    world.recorder.wait_for(Service::Ses).await;
    let (client, key) = (world.app.store.client(), state_key());
    let read = client.get_item().table_name(TABLE).set_key(Some(key)).send().await.unwrap();
    world.recorder.release();
    assert_eq!(run.await.unwrap().sent, 1);
    client.put_item().table_name(TABLE).set_item(read.item).send().await.unwrap();
    assert!(world.customer(&id("ana")).await.enrolments[0].is_sending());

    // Somebody may be at it still.
    dispatch::run(&world.app, minutes_after(due(), 1)).await.unwrap();
    assert!(world.customer(&id("ana")).await.enrolments[0].is_sending());
    dispatch::run(&world.app, minutes_after(due(), 2)).await.unwrap();
    let ana = world.customer(&id("ana")).await;
    assert_eq!((ana.enrolments.len(), ana.sends.len()), (0, 1));
    assert_eq!(run_on(&world, minutes_after(due(), 60), 10).await, 0);
    assert_eq!(mails(&world).len(), 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert!(failures(&world).await.is_empty());
}

fn state_key() -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Item::from([("pk".into(), text("customer#ana")), ("sk".into(), text("state"))])
}
