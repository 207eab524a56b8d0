//! What a late event changes of what triggers started, and what it leaves.

use super::*;

/// Asks for what a profile may tell late.
const GOLD: &str = "rule: gold
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: has(customer.attributes.tier) && customer.attributes.tier == 'gold'
exit_on: [PurchaseRefunded]
steps: [{ id: mail, channel: email, template: x, wait: 1 day }]
";
const SHARE: &str = "rule: share
status: live
purpose: service
trigger: { event: ContentPublished }
reentry: { cooldown: 30 minutes }
steps: [{ id: mail, channel: email, template: x, wait: 1 day }]
";

fn tier(tier: &str, occurred: i64) -> Delivered {
    event("CustomerUpdated", at(occurred), json!({ "attributes": { "tier": tier } }))
}

/// What is left of a state after events, each at its own time of arrival.
fn told(customer: Customer, book: &RuleBook, events: &[(Delivered, i64)]) -> Customer {
    events
        .iter()
        .fold(customer, |customer, (event, millis)| taken(customer, event, book, at(*millis)))
}

/// Which follow-ups of the only trigger that is kept an exit has ended.
fn exited(customer: &Customer) -> &[String] {
    let bought = customer.fired.iter().find(|fired| fired.kind == EventKind::PurchaseCompleted);
    &bought.unwrap().exited
}

#[test]
fn a_late_profile_decides_again_each_trigger_and_rule_by_itself() {
    let book = book(&[THANKS, GOLD]);
    let in_time = [
        (purchase("p-1", at(0)), 0),
        (tier("gold", 2 * HOUR), 2 * HOUR),
        (purchase("p-2", at(3 * HOUR)), 3 * HOUR),
    ];
    let known = told(ana(), &book, &in_time);
    assert_eq!(pending(&known), ["thanks/p-1", "gold/p-2", "thanks/p-2"]);
    let gold = told(known, &book, &[(tier("gold", -HOUR), 4 * HOUR)]);
    let all = ["gold/p-1", "thanks/p-1", "gold/p-2", "thanks/p-2"];
    assert_eq!(pending(&gold), all);
    let silver = tier("silver", -1);
    let decision = decide(gold, Input::Event(&silver.event), &book, at(5 * HOUR));
    assert_eq!(pending(&decision.customer), all[1..]);
    let refused = decision.records.iter().map(|record| (record.touch.to_string(), record.reason));
    let filtered = Some(Reason::FilterFalse);
    assert_eq!(refused.collect::<Vec<_>>(), [("gold/ana/p-1/mail".to_owned(), filtered)]);
    // So does one that is decided on after all others.
    let vip = GOLD.replace("rule: gold", "rule: vip");
    let book = self::book(&[THANKS, &vip]);
    let events = [(tier("gold", -DAY), -DAY), (purchase("p-1", at(0)), 0), (silver, 5 * HOUR)];
    assert_eq!(pending(&told(ana(), &book, &events)), ["thanks/p-1"]);
}

#[test]
fn nothing_is_decided_again_once_its_touch_falls_due() {
    // The other rule keeps the trigger open for longer.
    let book = book(&[THANKS, GOLD]);
    let bought = told(ana(), &book, &[(purchase("p-1", at(0)), 0)]);
    let late = |millis: i64| pending(&told(bought.clone(), &book, &[(tier("gold", -1), millis)]));
    assert_eq!(late(DAY - 1), ["gold/p-1", "thanks/p-1"]);
    assert_eq!(late(DAY), ["thanks/p-1"]);
}

#[test]
fn what_was_tried_is_not_decided_again_wherever_the_customer_has_moved() {
    let at_ten = GOLD.replace("wait: 1 day", "wait: 1 day, at: '10:00'");
    let book = book(&[THANKS, &at_ten]);
    let moves = |zone: &str, occurred: i64| {
        event("CustomerUpdated", at(occurred), json!({ "time_zone": zone }))
    };
    let complains = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
    let bought = told(
        ana(),
        &book,
        &[
            (moves("Asia/Tokyo", -2 * DAY), -2 * DAY),
            (event("CustomerUpdated", at(-DAY), json!({ "email": "ana@example.com" })), -DAY),
            (tier("gold", -2 * DAY), -2 * DAY),
            (event("ComplaintOpened", at(-DAY), complains), -DAY),
            (purchase("p-1", at(0)), 0),
        ],
    );
    let ten_in_tokyo = 13 * HOUR;
    let waits = decide(bought, Input::Due, &book, at(ten_in_tokyo)).customer;
    let of_gold = |customer: &Customer| {
        customer.enrolments.iter().find(|e| e.rule == "gold").map(|e| e.defers.len())
    };
    assert_eq!(of_gold(&waits), Some(1));
    // In Los Angeles the touch would not be due before tomorrow.
    let moved = (moves("America/Los_Angeles", ten_in_tokyo + 1), ten_in_tokyo + 1);
    let after = told(waits, &book, &[moved, (tier("silver", -1), ten_in_tokyo + 2)]);
    assert_eq!(of_gold(&after), Some(1));
}

#[test]
fn an_earlier_follow_up_still_keeps_from_re_entry() {
    let book = book(&[&GOLD.replace("exit_on", "reentry: once\nexit_on")]);
    let first = told(
        ana(),
        &book,
        &[(tier("gold", -10 * DAY), -10 * DAY), (purchase("p-0", at(-9 * DAY)), -9 * DAY)],
    );
    let done = decide(first, Input::Due, &book, at(-8 * DAY)).customer;
    let again = told(done, &book, &[(purchase("p-1", at(0)), 0), (tier("gold", -1), HOUR)]);
    assert_eq!(pending(&again), [""; 0]);
    assert_eq!(again.past["gold"].len(), 1);
}

#[test]
fn what_an_exit_has_ended_ends_once() {
    let book = book(&[GOLD]);
    let ended = told(
        ana(),
        &book,
        &[(tier("gold", -DAY), -DAY), (purchase("p-1", at(0)), 0), (refund("p-1", HOUR), HOUR)],
    );
    assert_eq!(pending(&ended), [""; 0]);
    let late = tier("gold", -1);
    let again = decide(ended, Input::Event(&late.event), &book, at(2 * HOUR));
    assert_eq!((pending(&again.customer).len(), again.records.len()), (0, 0));
}

#[test]
fn an_exit_that_came_before_its_trigger_ends_what_names_it_and_only_that() {
    let book = book(&[THANKS, GOLD]);
    let complains = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
    let before = told(
        ana(),
        &book,
        &[
            (tier("gold", -DAY), -DAY),
            (event("ComplaintOpened", at(2 * HOUR), complains), 2 * HOUR),
            (refund("p-9", 2 * HOUR), 2 * HOUR),
        ],
    );
    let bought = told(before.clone(), &book, &[(purchase("p-1", at(HOUR)), 3 * HOUR)]);
    assert_eq!(pending(&bought), ["gold/p-1"]);
    assert_eq!(exited(&bought), ["thanks"]);
    let refunded = told(before.clone(), &book, &[(purchase("p-9", at(HOUR)), 3 * HOUR)]);
    assert_eq!(pending(&refunded), [""; 0]);
    assert_eq!(exited(&refunded), ["gold", "thanks"]);
    // So it is for a follow-up that a late profile starts.
    let late = [
        (tier("silver", 0), 2 * HOUR),
        (purchase("p-9", at(HOUR)), 3 * HOUR),
        (tier("gold", HOUR), 4 * HOUR),
    ];
    assert_eq!(exited(&told(before.clone(), &book, &late[..2])), ["thanks"]);
    assert_eq!(exited(&told(before, &book, &late)), ["gold", "thanks"]);
    assert_eq!(exited(&told(ana(), &book, &late)), [""; 0]);
    // An event of the trigger's name ends it, unless it is the trigger.
    let book = self::book(&[&THANKS.replace("ComplaintOpened", "PurchaseDelivered")]);
    let delivered = event("PurchaseDelivered", at(2 * HOUR), json!({ "purchase_id": "p-1" }));
    let events = [(delivered, 2 * HOUR), (purchase("p-1", at(HOUR)), 3 * HOUR)];
    assert_eq!(pending(&told(ana(), &book, &events)), [""; 0]);
}

#[test]
fn a_piece_that_turns_out_to_have_interested_nobody_is_taken_back_alone() {
    let book = book(&[SHARE]);
    let likes = |interests: &[&str], occurred: i64| {
        event("CustomerUpdated", at(occurred), json!({ "interests": interests }))
    };
    let piece = |key: &str, topic: &str, occurred: i64| {
        let told = json!({
            "content_id": key, "title": key, "url": "https://example.com/", "topics": [topic],
        });
        event("ContentPublished", at(occurred), told)
    };
    let published = told(
        ana(),
        &book,
        &[
            (likes(&["lamps", "rugs"], -DAY), -DAY),
            (piece("c-1", "lamps", 0), 0),
            (piece("c-2", "rugs", HOUR), HOUR),
        ],
    );
    let known = |customer: &Customer| -> (Vec<String>, Vec<String>) {
        let past = customer.past.get("share").into_iter().flatten();
        (pending(customer), past.map(|past| past.occurrence.clone()).collect())
    };
    let only = |key: &str| (vec![format!("share/{key}")], vec![key.to_owned()]);
    let late = (likes(&["rugs"], -1), 2 * HOUR);
    assert_eq!(known(&told(published.clone(), &book, &[late])), only("c-2"));
    let late = (likes(&["lamps"], -1), 2 * HOUR);
    assert_eq!(known(&told(published.clone(), &book, &[late])), only("c-1"));
    // Whatever falls due has begun.
    let late = (likes(&["rugs"], -1), DAY);
    let both = (vec!["share/c-1".into(), "share/c-2".into()], vec!["c-1".into(), "c-2".into()]);
    assert_eq!(known(&told(published.clone(), &book, &[late])), both);
    // What is on its way out, or has gone, is left as it is.
    let email = event("CustomerUpdated", at(HOUR), json!({ "email": "ana@example.com" }));
    let reachable = taken(published, &email, &book, at(2 * HOUR));
    let sending = decide(reachable, Input::Due, &book, at(DAY)).customer;
    let after = known(&told(sending, &book, &[(likes(&["rugs"], -1), DAY)]));
    assert_eq!(after.0, ["share/c-1", "share/c-2"]);
    assert_eq!(after.1, ["c-1", "c-2"]);
}

#[test]
fn a_trigger_is_too_old_once_more_than_its_greatest_age_has_passed() {
    let book = book(&[THANKS]);
    let learnt = |millis: i64| told(ana(), &book, &[(purchase("p-1", at(0)), millis)]);
    assert_eq!(pending(&learnt(3 * DAY)), ["thanks/p-1"]);
    assert_eq!(pending(&learnt(3 * DAY + 1)), [""; 0]);
}
