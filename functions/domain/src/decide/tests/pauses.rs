//! What waits while somebody has paused the sending.

use super::*;
use crate::sending_pause::{LOOK_AGAIN_MILLIS, PauseScope, SendingPause};
use crate::touch::Defer;

const TEN: i64 = 22 * HOUR;

fn mail(name: &str, purpose: &str, priority: u8, step: &str) -> String {
    format!(
        "rule: {name}
status: live
purpose: {purpose}
priority: {priority}
trigger: {{ event: PurchaseCompleted }}
steps: [{{ id: one, channel: email, template: x, wait: 1 day, {step} }}]
"
    )
}

fn paused(book: &RuleBook, scope: PauseScope) -> RuleBook {
    let (by, why) = ("ana".to_owned(), String::new());
    let pause = SendingPause { scope, since: at(0), by, why };
    book.clone().with_pauses(vec![pause])
}

fn bought(book: &RuleBook) -> Customer {
    let told = json!({ "email": "ana@example.com" });
    let known = taken(ana(), &event("CustomerUpdated", at(-DAY), told), book, at(-DAY));
    taken(known, &purchase("p-1", at(0)), book, at(0))
}

/// The rules whose touches go at ten.
fn go(customer: &Customer, book: &RuleBook) -> Vec<String> {
    let decision = decide(customer.clone(), Input::Due, book, at(TEN));
    let mut rules: Vec<_> = decision.sends.into_iter().map(|send| send.touch.rule).collect();
    rules.sort();
    rules
}

#[test]
fn a_pause_holds_back_what_it_covers_and_nothing_else() {
    let rules = [
        mail("news", "marketing", 1, "at: '10:00'"),
        mail("other", "service", 1, "at: '10:00'"),
        mail("thanks", "service", 1, "at: '10:00'"),
    ];
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let book = policy_and("marketing_consent: opt_out", &rules);
    let customer = bought(&book);
    let of = |scope| go(&customer, &paused(&book, scope));
    assert_eq!(go(&customer, &book), ["news", "other", "thanks"]);
    assert_eq!(of(PauseScope::All), [""; 0]);
    assert_eq!(of(PauseScope::Purpose(Purpose::Marketing)), ["other", "thanks"]);
    assert_eq!(of(PauseScope::Purpose(Purpose::Service)), ["news"]);
    assert_eq!(of(PauseScope::Rule("thanks".into())), ["news", "other"]);
}

#[test]
fn what_is_paused_waits_goes_when_it_is_resumed_and_expires_as_it_says() {
    let book = policy_and("{}", &[&mail("thanks", "service", 1, "at: '10:00', expires: 1 hour")]);
    let held = paused(&book, PauseScope::All);
    let mut customer = bought(&book);
    let mut now = at(TEN);
    for _ in 0..3 {
        let decision = decide(customer, Input::Due, &held, now);
        let ended = decision.records.iter().filter(|r| r.touch.occurrence == "p-1");
        assert_eq!((decision.sends.len(), ended.count()), (0, 0));
        let until = now.plus_millis(LOOK_AGAIN_MILLIS);
        let defer = Defer { at: now, reason: Reason::SendingPaused, until };
        let of = |customer: &Customer| {
            customer.enrolments.iter().find(|e| e.occurrence == "p-1").cloned().unwrap()
        };
        let waits = of(&decision.customer);
        assert_eq!((waits.defers.last(), waits.next), (Some(&defer), until));
        // What an event tells meanwhile changes nothing about it.
        let other = taken(decision.customer, &purchase("p-0", at(-DAY)), &held, now);
        assert_eq!(of(&other).next, until);
        (customer, now) = (other, until);
    }
    let resumed = decide(customer.clone(), Input::Due, &book, now);
    assert!(resumed.sends.iter().any(|send| send.touch.occurrence == "p-1"));
    let expired = decide(customer, Input::Due, &held, at(TEN + HOUR));
    let record = expired.records.iter().find(|r| r.touch.occurrence == "p-1").unwrap();
    assert_eq!((record.reason, record.at), (Some(Reason::Expired), at(TEN + HOUR)));
}

#[test]
fn a_paused_touch_takes_no_room_from_others() {
    let low = mail("low", "service", 1, "at: '10:00'");
    let high = mail("high", "service", 9, "at: '18:00'");
    let policy = "frequency_caps: [{ channel: email, max: 1, per: 1 day }]\n";
    let book = policy_and(policy, &[&low, &high]);
    let customer = bought(&book);
    assert_eq!(go(&customer, &book), [""; 0]);
    assert_eq!(go(&customer, &paused(&book, PauseScope::Rule("high".into()))), ["low"]);
}
