//! What a state keeps of how a sending went, whichever way that was.

use super::*;
use crate::customer::{Phase, SendAnswer, Sending, SentTouch};
use crate::event::ConsentState;
use crate::suppression::{AddressHash, Cause};
use crate::touch::{Defer, TouchRecord};

/// Two steps; of what the second one tells, its script knows.
const PAIR: &str = "rule: pair
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [PurchaseRefunded]
steps:
  - { id: mail, channel: email, template: x, wait: 1 day, expires: 2 days }
  - { id: task, channel: task, template: x, wait: 1 day, expires: 5 days }
";

const SENT_AT: i64 = DAY;

/// What is known of how the one sending went.
fn answer(customer: &Customer) -> Option<SendAnswer> {
    Some(only(customer).sending()?.answer)
}

/// Ana, whose first touch is on its way out, with its id.
fn sending(book: &RuleBook) -> (Customer, TouchId) {
    let profile = event("CustomerUpdated", at(-DAY), json!({ "email": "ana@example.com" }));
    let ana = taken(ana(), &profile, book, at(-DAY));
    let bought = taken(ana, &purchase("p-1", at(0)), book, at(0));
    let decision = decide(bought, Input::Due, book, at(SENT_AT));
    (decision.customer, decision.sends[0].touch.clone())
}

fn after(customer: &Customer, input: Input, book: &RuleBook, millis: i64) -> Decision {
    decide(customer.clone(), input, book, at(millis))
}

fn ends(records: &[TouchRecord]) -> Vec<(TouchStatus, Instant, Option<Reason>)> {
    records.iter().map(|record| (record.status, record.at, record.reason)).collect()
}

fn sent(millis: i64, channel: Channel) -> SentTouch {
    SentTouch { at: at(millis), channel, purpose: Purpose::Service }
}

#[test]
fn what_was_put_back_waits_and_counts_no_more() {
    let book = book(&[PAIR]);
    let (mut customer, touch) = sending(&book);
    assert_eq!(customer.sends, [sent(SENT_AT, Channel::Email)]);
    let others = [
        sent(SENT_AT - HOUR, Channel::Email),
        sent(SENT_AT, Channel::Call),
        sent(SENT_AT + 1, Channel::Email),
    ];
    customer.sends = [others[0], others[1], sent(SENT_AT, Channel::Email), others[2]].into();
    let put_back = |millis: i64| {
        let until = at(millis);
        after(&customer, Input::PutBack { touch: &touch, until }, &book, SENT_AT + 1).customer
    };
    let waits = put_back(SENT_AT + HOUR);
    assert_eq!(waits.sends, others);
    assert_eq!((only(&waits).phase, only(&waits).next), (Phase::Waiting, at(SENT_AT + HOUR)));
    let (reason, until) = (Reason::Throttled, at(SENT_AT + HOUR));
    assert_eq!(only(&waits).defers, [Defer { at: at(SENT_AT + 1), reason, until }]);
    // At the longest until it expires.
    assert_eq!(only(&put_back(SENT_AT + 9 * DAY)).next, at(SENT_AT + 2 * DAY));
    let again = decide(waits, Input::Due, &book, at(SENT_AT + HOUR));
    assert_eq!(again.sends[0].touch, touch);
}

#[test]
fn what_was_refused_for_good_ends_and_the_next_step_counts_from_then() {
    let book = book(&[PAIR]);
    let (customer, touch) = sending(&book);
    let refused = after(&customer, Input::Refused(&touch), &book, SENT_AT + HOUR);
    let why = Some(Reason::Undeliverable);
    assert_eq!(ends(&refused.records), [(TouchStatus::Skipped, at(SENT_AT + HOUR), why)]);
    assert!(refused.customer.sends.is_empty());
    let next = only(&refused.customer);
    assert_eq!((next.step.as_str(), next.due), ("task", at(SENT_AT + HOUR + DAY)));
    // What is not on its way out cannot be refused.
    let twice = after(&refused.customer, Input::Refused(&touch), &book, SENT_AT + HOUR);
    assert_eq!((twice.records.len(), twice.customer), (0, refused.customer));
}

#[test]
fn what_was_confirmed_went_when_it_was_decided_and_a_script_is_kept() {
    let book = book(&[PAIR, THANKS]);
    let (customer, touch) = sending(&book);
    let confirmed = after(&customer, Input::Confirmed(&touch), &book, SENT_AT + HOUR);
    assert_eq!(ends(&confirmed.records), [(TouchStatus::Sent, at(SENT_AT), None)]);
    let pair = |customer: &Customer| {
        customer.enrolments.iter().find(|e| e.rule == "pair").cloned().unwrap()
    };
    let kept = |customer: &Customer| -> Vec<Option<Instant>> {
        customer.fired.iter().map(|fired| fired.kept_until).collect()
    };
    assert_eq!(
        (pair(&confirmed.customer).due, kept(&confirmed.customer)),
        (at(2 * DAY), vec![None])
    );
    // Others of the same kind, and the same key of another kind, are not kept.
    let mut customer = confirmed.customer;
    let open_until = at(9 * DAY);
    customer
        .fired
        .push(TriggerEvent { open_until, ..fired(EventKind::PurchaseCompleted, "p-2", at(HOUR)) });
    customer
        .fired
        .push(TriggerEvent { open_until, ..fired(EventKind::PurchaseDelivered, "p-1", at(HOUR)) });
    let asked = decide(customer, Input::Due, &book, at(2 * DAY));
    let task = asked.sends.iter().find(|send| send.touch.step == "task").unwrap();
    let done = after(&asked.customer, Input::Confirmed(&task.touch), &book, 2 * DAY).customer;
    assert_eq!(kept(&done), [Some(at(7 * DAY)), None, None]);
    assert!(done.enrolments.iter().all(|e| e.rule != "pair"));
}

#[test]
fn what_may_have_gone_out_is_listed_and_goes_again_only_as_the_policy_says() {
    let careful = book(&[PAIR]);
    let (customer, touch) = sending(&careful);
    let unanswered = after(&customer, Input::Unanswered(&touch), &careful, SENT_AT).customer;
    assert_eq!(answer(&unanswered), Some(SendAnswer::Lost));
    let listed = after(&unanswered, Input::Unresolved(&touch), &careful, SENT_AT + HOUR).customer;
    assert_eq!(answer(&listed), Some(SendAnswer::Listed));
    let found = after(&listed, Input::Resend(&touch), &careful, SENT_AT + 2 * HOUR).customer;
    let (now, waiting) = (at(SENT_AT + 2 * HOUR), only(&found));
    assert_eq!((waiting.phase, waiting.next), (Phase::Waiting, now));
    assert_eq!(waiting.defers.last().unwrap().reason, Reason::Unanswered);

    let again = policy_and(&format!("{POLICY}resend_unknown: true\n"), &[PAIR]);
    let once = after(&unanswered, Input::Unresolved(&touch), &again, SENT_AT + HOUR).customer;
    assert!(only(&once).resent && !only(&once).is_sending());
    let gone = decide(once, Input::Due, &again, at(SENT_AT + HOUR));
    assert_eq!(gone.sends.len(), 1);
    let twice = after(&gone.customer, Input::Unresolved(&touch), &again, SENT_AT + 2 * HOUR);
    assert_eq!(answer(&twice.customer), Some(SendAnswer::Listed));
    // What somebody looks at already does not go by itself, nor what has exited.
    let changes: [fn(&mut Sending); 2] =
        [|sending| sending.answer = SendAnswer::Listed, |sending| sending.exited = true];
    for change in changes {
        let mut customer = unanswered.clone();
        change(customer.enrolments[0].sending_mut().unwrap());
        let after = after(&customer, Input::Unresolved(&touch), &again, SENT_AT + HOUR).customer;
        assert_eq!(answer(&after), Some(SendAnswer::Listed));
    }
}

#[test]
fn what_exited_on_its_way_out_ends_when_it_comes_back_and_nothing_follows_it() {
    let book = book(&[PAIR]);
    let (customer, touch) = sending(&book);
    let refund = json!({
        "refund_id": "r-1", "purchase_id": "p-1",
        "amount": { "amount": "10.00", "currency": "MXN" },
    });
    let refund = event("PurchaseRefunded", at(SENT_AT + HOUR), refund);
    let exited = taken(customer, &refund, &book, at(SENT_AT + HOUR));
    assert!(only(&exited).has_exited());
    let until = at(SENT_AT + 3 * HOUR);
    let back = Input::PutBack { touch: &touch, until };
    let back = after(&exited, back, &book, SENT_AT + 2 * HOUR);
    let end = (TouchStatus::Cancelled, at(SENT_AT + 2 * HOUR), Some(Reason::Exited));
    assert_eq!((ends(&back.records), back.customer.enrolments.len()), (vec![end], 0));
    let went = after(&exited, Input::Confirmed(&touch), &book, SENT_AT + 2 * HOUR);
    assert_eq!(ends(&went.records), [(TouchStatus::Sent, at(SENT_AT), None)]);
    assert!(went.customer.enrolments.is_empty());
}

#[test]
fn what_the_mail_service_took_went_out_whatever_was_believed() {
    let book = book(&[PAIR]);
    let (customer, touch) = sending(&book);
    let until = at(SENT_AT + 9 * HOUR);
    let back = Input::PutBack { touch: &touch, until };
    let waits = after(&customer, back, &book, SENT_AT).customer;
    let taken_at = at(SENT_AT + HOUR);
    let accepted = |at, now| after(&waits, Input::Accepted { touch: &touch, at }, &book, now);
    let went = accepted(taken_at, SENT_AT + 2 * HOUR);
    assert_eq!(ends(&went.records), [(TouchStatus::Sent, taken_at, None)]);
    assert_eq!(went.customer.sends, [sent(SENT_AT + HOUR, Channel::Email)]);
    assert_eq!(only(&went.customer).step, "task");
    // By a clock that is ahead of ours it went now.
    let ahead = accepted(at(SENT_AT + 5 * HOUR), SENT_AT + 2 * HOUR);
    assert_eq!(ahead.records[0].at, at(SENT_AT + 2 * HOUR));
    // Where it was on its way, it went when it was decided, and counts once.
    let on_its_way = Input::Accepted { touch: &touch, at: taken_at };
    let on_its_way = after(&customer, on_its_way, &book, SENT_AT + 2 * HOUR);
    assert_eq!(on_its_way.records[0].at, at(SENT_AT));
    assert_eq!(on_its_way.customer.sends, customer.sends);
}

#[test]
fn an_address_that_mail_must_not_go_to_is_noted_and_spam_is_a_no() {
    let book = book(&[PAIR]);
    let address = AddressHash::of("ana@example.com");
    let noted = |customer: &Customer, cause| {
        let input = Input::Suppressed { address: &address, at: at(-HOUR), cause };
        let customer = after(customer, input, &book, 0).customer;
        let word = customer.last_word(Channel::Email, Purpose::Marketing);
        (customer.suppressed.covers("ana@example.com"), word.map(|word| word.state))
    };
    let (customer, _) = sending(&book);
    assert_eq!(noted(&customer, Cause::HardBounce), (true, None));
    assert_eq!(noted(&customer, Cause::SpamComplaint), (true, Some(ConsentState::Denied)));
    let erased = event("CustomerErased", at(-HOUR), json!({ "request_id": "e-1" }));
    let forgotten = taken(customer, &erased, &book, at(-HOUR));
    assert_eq!(noted(&forgotten, Cause::SpamComplaint), (false, None));
}
