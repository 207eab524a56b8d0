//! What is kept for whoever calls next, and of events that end follow-ups.

use super::*;

fn visit(key: &str, occurred: Instant) -> Delivered {
    let told = json!({
        "interaction_id": key, "channel": "store", "kind": "visit", "initiated_by": "customer",
        "phase": "postpurchase", "touchpoint": "counter",
        "note": "n".repeat(400),
    });
    event("InteractionRecorded", occurred, told)
}

fn visited(keys: &[(&str, i64)]) -> Customer {
    let book = book(&[THANKS]);
    keys.iter().fold(ana(), |customer, (key, millis)| {
        taken(customer, &visit(key, at(*millis)), &book, at(DAY))
    })
}

#[test]
fn the_latest_contacts_are_kept_in_whatever_order_they_are_told() {
    let names = |customer: &Customer| -> Vec<String> {
        customer.contacts.iter().map(|contact| contact.id.to_string()).collect()
    };
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let told = order.map(|index| [("v-a", 1), ("v-b", 2), ("v-c", 2), ("v-d", 3)][index]);
        assert_eq!(names(&visited(&told)), ["v-b", "v-c", "v-d"], "{told:?}");
    }
    let three = visited(&[("v-3", 3), ("v-1", 1), ("v-2", 2)]);
    assert_eq!(names(&three), ["v-1", "v-2", "v-3"]);
    assert_eq!(three.contacts[0].note.as_ref().unwrap().as_str(), "n".repeat(280));
}

#[test]
fn the_instants_of_twenty_contacts_are_kept_in_their_order() {
    let told: Vec<(String, i64)> =
        (0..21).map(|number| (format!("v-{number}"), (number * 8) % 21)).collect();
    let told: Vec<(&str, i64)> = told.iter().map(|(key, at)| (key.as_str(), *at)).collect();
    let instants = |customer: &Customer| customer.signals.contacts.clone();
    let twenty = visited(&told[..20]);
    assert_eq!(twenty.signals.contacts.len(), 20);
    assert!(twenty.signals.contacts.is_sorted());
    assert_eq!(instants(&visited(&told)), (1..21).map(at).collect::<Vec<_>>());
}

#[test]
fn an_event_that_ends_follow_ups_is_kept_once_and_in_order() {
    let book = book(&[THANKS]);
    let complaint = |key: &str, millis: i64| {
        let told = json!({ "complaint_id": key, "severity": "high", "category": "x" });
        event("ComplaintOpened", at(millis), told)
    };
    let told = [complaint("c-2", 2), complaint("c-1", 1), complaint("c-3", 3), complaint("c-1", 1)];
    let customer = told.iter().fold(ana(), |customer, one| taken(customer, one, &book, at(9)));
    let exits: Vec<Instant> = customer.exits.iter().map(|exit| exit.at).collect();
    assert_eq!(exits, [at(1), at(2), at(3)]);
}

#[test]
fn a_trigger_that_is_told_again_does_not_end_what_it_started() {
    const AGAIN: &str = "rule: again
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [PurchaseCompleted]
steps: [{ id: mail, channel: email, template: x, wait: 20 days }]
";
    let book = book(&[AGAIN]);
    let bought = taken(ana(), &purchase("p-1", at(0)), &book, at(0));
    let again = taken(bought.clone(), &purchase("p-1", at(0)), &book, at(DAY));
    assert_eq!((bought.enrolments.len(), again.enrolments.len()), (1, 1));
    // Another event of the same name is no trigger.
    let book = self::book(&[&AGAIN.replace("[PurchaseCompleted]", "[PurchaseDelivered]")]);
    let delivered = event("PurchaseDelivered", at(DAY), json!({ "purchase_id": "p-1" }));
    assert!(taken(bought, &delivered, &book, at(DAY)).enrolments.is_empty());
}
