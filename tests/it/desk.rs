//! What reps do with calls besides making them: let go of them, give them away, put
//! them off, find them, and see their day.

use lazo::shell::call_list::desk::{self, Moved};
use lazo::shell::call_list::lookup::{self, Named};
use lazo::shell::call_list::{self, Claim, Gone, Listed, search};
use lazo::shell::store::{Call, CallStatus};
use lazo::{digest, dispatch, ingest};
use lazo_domain::instant::Instant;
use serde_json::json;

use crate::calls::{asked, asked_for, bring, noon, touch};
use crate::support::events::{batch, profile, purchase};
use crate::support::{World, at, id, minutes_after};

const LUCIA: &str = "lucia.ortega";
const GRACE: &str = "grace.hall";

async fn call(world: &World) -> Call {
    world.app.store.call(&touch("call")).await.unwrap().unwrap()
}

async fn open(world: &World, of: &str, now: Instant) -> Vec<Listed> {
    call_list::open(&world.app, &[of.to_owned()], now).await.unwrap()
}

/// Which call somebody gets next of those on Lucía's list.
async fn next(world: &World, by: &str, now: Instant) -> Option<Call> {
    let calls = open(world, LUCIA, now).await;
    desk::next(&world.app, calls, by, now).await.unwrap().map(|listed| listed.call)
}

async fn report(world: &World, key: &str, at: Instant, outcome: &str, by: Option<&str>) {
    let touch = touch("call").to_string();
    let mut detail = json!({ "call_id": key, "outcome": outcome, "touch_id": touch });
    if let Some(by) = by {
        detail["by"] = by.into();
    }
    bring(world, "CallReported", at, detail).await;
}

#[tokio::test]
async fn a_released_call_is_anybodys_at_once() {
    let world = asked_for().await;
    let (app, call_id) = (&world.app, touch("call"));
    let until = minutes_after(asked(), 30);
    assert_eq!(
        call_list::claim(app, &call_id, LUCIA, asked()).await.unwrap(),
        Claim::Yours { until }
    );
    let not_hers = desk::release(app, &call_id, GRACE, asked()).await.unwrap();
    assert_eq!(not_hers, Moved::Taken { by: LUCIA.into(), until });
    for _ in 0..2 {
        assert_eq!(desk::release(app, &call_id, LUCIA, asked()).await.unwrap(), Moved::Done);
    }
    assert_eq!(
        call_list::claim(app, &call_id, GRACE, asked()).await.unwrap(),
        Claim::Yours { until }
    );
    report(&world, "r1", asked(), "reached", None).await;
    let gone = Moved::Gone(Gone::Over("reached".into()));
    assert_eq!(desk::release(app, &call_id, GRACE, asked()).await.unwrap(), gone);
}

#[tokio::test]
async fn a_snoozed_call_is_handed_to_nobody_until_then() {
    let world = asked_for().await;
    let (app, call_id) = (&world.app, touch("call"));
    let later = minutes_after(asked(), 120);
    assert!(next(&world, LUCIA, asked()).await.is_some());
    let by = |by: Option<&'static str>| desk::snooze(app, &call_id, later, by, asked());
    let taken = Moved::Taken { by: LUCIA.into(), until: minutes_after(asked(), 30) };
    assert_eq!(by(Some(GRACE)).await.unwrap(), taken);
    assert_eq!(by(None).await.unwrap(), taken);
    assert_eq!(by(Some(LUCIA)).await.unwrap(), Moved::Done);
    // It is nobody's, on the list, and handed to nobody: not to Lucía either.
    assert_eq!(call(&world).await.holder(asked()), None);
    for rep in [LUCIA, GRACE] {
        assert_eq!(next(&world, rep, minutes_after(later, -1)).await, None);
    }
    assert_eq!(open(&world, LUCIA, asked()).await.len(), 1);
    // Whoever means this one may take it; let go of, it is put off as before.
    let early = minutes_after(asked(), 5);
    let claimed = call_list::claim(app, &call_id, GRACE, early).await.unwrap();
    assert!(matches!(claimed, Claim::Yours { .. }), "{claimed:?}");
    assert_eq!(desk::release(app, &call_id, GRACE, early).await.unwrap(), Moved::Done);
    assert_eq!(next(&world, LUCIA, early).await, None);
    assert_eq!(next(&world, LUCIA, later).await.unwrap().touch, call_id);
}

#[tokio::test]
async fn a_call_that_is_put_off_while_another_rep_looks_at_the_list_stays_put_off() {
    let world = asked_for().await;
    let (app, later) = (&world.app, minutes_after(asked(), 120));
    let seen = open(&world, LUCIA, asked()).await;
    let snoozed = desk::snooze(app, &touch("call"), later, None, asked()).await.unwrap();
    assert_eq!(snoozed, Moved::Done);
    assert!(desk::next(app, seen, GRACE, asked()).await.unwrap().is_none());
    let call = call(&world).await;
    assert_eq!((call.snoozed_until, call.claimed_by), (Some(later), None));
}

#[tokio::test]
async fn of_a_rep_who_takes_a_call_and_one_who_moves_it_neither_loses() {
    for _ in 0..8 {
        let world = asked_for().await;
        let (app, call_id) = (&world.app, touch("call"));
        let later = minutes_after(asked(), 120);
        let (claimed, snoozed, given) = futures::join!(
            call_list::claim(app, &call_id, LUCIA, asked()),
            desk::snooze(app, &call_id, later, Some(GRACE), asked()),
            desk::hand_over(app, &call_id, "sales", Some("mateo.rios"), asked()),
        );
        let (claimed, snoozed, given) = (claimed.unwrap(), snoozed.unwrap(), given.unwrap());
        let call = call(&world).await;
        // Whoever was told that it is theirs has it: it was not moved behind their back.
        let is_hers = call.holder(asked()) == Some(LUCIA);
        assert_eq!(matches!(claimed, Claim::Yours { .. }), is_hers, "{snoozed:?} {given:?}");
        assert_eq!(snoozed == Moved::Done, call.snoozed_until == Some(later));
        assert_eq!(given == Moved::Done, call.assigned_to == "sales");
        assert_eq!(open(&world, &call.assigned_to, asked()).await.len(), 1);
    }
}

#[tokio::test]
async fn a_call_is_put_off_within_its_time_alone_and_its_time_ends_as_before() {
    let world = asked_for().await;
    let (app, call_id) = (&world.app, touch("call"));
    let expires_at = call(&world).await.expires_at_instant;
    let off = |until: Instant, now: Instant| desk::snooze(app, &call_id, until, None, now);
    assert_eq!(off(expires_at, asked()).await.unwrap(), Moved::TooLate { expires_at });
    let last = minutes_after(expires_at, -1);
    assert_eq!(off(last, asked()).await.unwrap(), Moved::Done);
    assert!(next(&world, LUCIA, last).await.is_some());
    assert!(open(&world, LUCIA, expires_at).await.is_empty());
    let gone = Moved::Gone(Gone::Expired { at: expires_at });
    assert_eq!(off(minutes_after(expires_at, 60), expires_at).await.unwrap(), gone);
    let given = desk::hand_over(app, &call_id, "sales", None, expires_at).await.unwrap();
    assert_eq!(given, gone);
}

#[tokio::test]
async fn a_report_or_a_no_takes_a_snoozed_call_off_the_list() {
    for outcome in ["reached", "do_not_call"] {
        let world = asked_for().await;
        let later = minutes_after(asked(), 120);
        desk::snooze(&world.app, &touch("call"), later, None, asked()).await.unwrap();
        report(&world, "r1", minutes_after(asked(), 5), outcome, None).await;
        assert_eq!(call(&world).await.status, CallStatus::Done);
        let moved = desk::snooze(&world.app, &touch("call"), later, None, asked()).await.unwrap();
        assert_eq!(moved, Moved::Gone(Gone::Over(outcome.into())));
        assert_eq!(next(&world, LUCIA, later).await, None);
    }
}

#[tokio::test]
async fn a_call_that_was_given_to_somebody_stays_theirs() {
    let world = asked_for().await;
    let (app, call_id) = (&world.app, touch("call"));
    call_list::claim(app, &call_id, LUCIA, asked()).await.unwrap();
    let given = |by| desk::hand_over(app, &call_id, "sales", by, asked());
    assert!(matches!(given(Some(GRACE)).await.unwrap(), Moved::Taken { .. }));
    assert_eq!(given(Some(LUCIA)).await.unwrap(), Moved::Done);
    assert!(open(&world, LUCIA, asked()).await.is_empty());
    let listed = open(&world, "sales", asked()).await;
    assert_eq!((listed.len(), listed[0].call.holder(asked())), (1, None));
    assert!(app.store.assignees().await.unwrap().contains(&"sales".to_owned()));
    // What is learnt of the customer gives no call away that somebody gave away.
    let ten_past = minutes_after(asked(), 10);
    bring(&world, "CustomerUpdated", ten_past, json!({ "account_manager": "ines.campos" })).await;
    assert_eq!(open(&world, "sales", ten_past).await.len(), 1);
    // And one that must not be made goes, whoever has it.
    bring(&world, "CustomerUpdated", ten_past, json!({ "relationship": "transactional" })).await;
    assert!(open(&world, "sales", ten_past).await.is_empty());
}

#[tokio::test]
async fn who_reported_is_kept_and_their_day_shows_it() {
    let world = asked_for().await;
    let day = |now: Instant| desk::day(&world.app, LUCIA, now);
    let before = day(asked()).await.unwrap();
    assert_eq!((before.open.len(), before.snoozed.len(), before.made.len()), (1, 0, 0));
    let later = minutes_after(asked(), 120);
    desk::snooze(&world.app, &touch("call"), later, None, asked()).await.unwrap();
    let before = day(asked()).await.unwrap();
    assert_eq!((before.open.len(), before.snoozed.len(), before.made.len()), (0, 1, 0));
    let made_at = minutes_after(asked(), 20);
    // Of two reports of hers the later counts, in whatever order they come.
    report(&world, "r2", minutes_after(made_at, 10), "reached", Some(LUCIA)).await;
    report(&world, "r1", made_at, "no_answer", Some(LUCIA)).await;
    let call = call(&world).await;
    assert_eq!(call.reported_by.as_deref(), Some(LUCIA));
    assert_eq!(call.reported_at, Some(minutes_after(made_at, 10)));
    assert_eq!(call.outcome.as_deref(), Some("reached"));
    let after = day(minutes_after(made_at, 60)).await.unwrap();
    assert_eq!((after.open.len(), after.snoozed.len(), after.made.len()), (0, 0, 1));
    assert_eq!(after.made[0].customer.id, id("ana"));
    assert!(desk::day(&world.app, GRACE, made_at).await.unwrap().made.is_empty());
    // The shop's day, by its own clock.
    let midnight = at("2026-11-19T00:00:00-06:00");
    assert_eq!(day(minutes_after(midnight, -1)).await.unwrap().made.len(), 1);
    assert!(day(midnight).await.unwrap().made.is_empty());
    assert!(world.app.store.calls_about(&id("ana")).await.unwrap().is_empty());
    // Who asks to be forgotten is in nobody's day.
    bring(&world, "CustomerErased", later, json!({ "request_id": "e1" })).await;
    assert!(day(later).await.unwrap().made.is_empty());
    let kept = world.app.store.call(&touch("call")).await.unwrap().unwrap();
    assert_eq!(kept.reported_by, None);
}

#[tokio::test]
async fn a_call_is_named_by_a_few_letters_until_a_day_after_its_report() {
    let world = asked_for().await;
    let (app, call_id) = (&world.app, touch("call"));
    let short = lookup::short_ids(app, asked()).await.unwrap().of(&call_id);
    assert_eq!(short.len(), 4);
    let named = async |text: &str, now: Instant| match lookup::named(app, text, now).await.unwrap()
    {
        Named::One(call) => Some(call.touch),
        _ => None,
    };
    for text in [short.clone(), short.to_uppercase(), call_id.to_string()] {
        assert_eq!(named(&text, asked()).await.as_ref(), Some(&call_id), "{text}");
    }
    assert_eq!(named("zzzz", asked()).await, None);
    let made_at = minutes_after(asked(), 20);
    report(&world, "r1", made_at, "reached", Some(LUCIA)).await;
    assert_eq!(named(&short, minutes_after(made_at, 24 * 60 - 1)).await, Some(call_id));
    assert_eq!(named(&short, minutes_after(made_at, 24 * 60 + 1)).await, None);
}

#[tokio::test]
async fn a_beginning_that_several_calls_share_names_them() {
    let world = World::shipped().await;
    let mut events = Vec::new();
    for number in 0..40 {
        let name = format!("c{number}");
        let told = json!({ "relationship": "dedicated", "account_manager": LUCIA });
        events.push(profile(&name, noon(), told));
        events.push(purchase(&name, &format!("p{number}"), noon(), "129.90"));
    }
    ingest::handle(&world.app, batch(&events), noon()).await;
    dispatch::run(&world.app, asked()).await.unwrap();
    let listed = open(&world, LUCIA, asked()).await;
    assert!(listed.len() > 20, "{}", listed.len());
    let short = lookup::short_ids(&world.app, asked()).await.unwrap();
    let first = short.of(&listed[0].call.touch)[..1].to_owned();
    let expected: Vec<_> =
        listed.iter().filter(|one| short.of(&one.call.touch).starts_with(&first)).collect();
    match lookup::named(&world.app, &first, asked()).await.unwrap() {
        Named::Several(touches) => assert_eq!(touches.len(), expected.len()),
        Named::One(call) => assert_eq!((call.touch.clone(), 1), (call.touch, expected.len())),
        Named::Nothing => panic!("{first} names nothing"),
    }
}

#[tokio::test]
async fn somebody_is_found_by_name_mail_phone_and_id() {
    let world = asked_for().await;
    let listed = open(&world, LUCIA, asked()).await.remove(0);
    let short = lookup::short_ids(&world.app, asked()).await.unwrap().of(&listed.call.touch);
    let found = [
        "marisol",
        "NANDU quispe",
        "Ñandú",
        "nandu@example",
        "5555-0142",
        "+52 55 5555 0142",
        "0 5555550142",
        "ana",
        "thank-you-call/ana",
        &short,
    ];
    for text in found {
        assert!(search::finds(&listed, &short, text), "{text}");
    }
    for text in ["", "  ", "luis", "marisol luis", "000", "555555550143", "zzzz"] {
        assert!(!search::finds(&listed, &short, text), "{text}");
    }
}

#[tokio::test]
async fn the_mail_of_a_morning_leaves_out_what_is_put_off_beyond_that_day() {
    let morning = at("2026-11-19T07:30:00-06:00");
    let cases = [
        (None, 1),
        (Some(at("2026-11-19T16:00:00-06:00")), 1),
        (Some(at("2026-11-20T10:00:00-06:00")), 0),
    ];
    for (until, mails) in cases {
        let world = asked_for().await;
        if let Some(until) = until {
            desk::snooze(&world.app, &touch("call"), until, None, asked()).await.unwrap();
        }
        assert_eq!(digest::run(&world.app, morning).await.unwrap().sent, mails, "{until:?}");
    }
}
