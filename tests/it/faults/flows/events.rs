//! A flow for each kind of event.

use super::*;

/// The flows of events that come in.
pub(super) fn events() -> Vec<Flow> {
    [of_purchases(), of_others()].into_iter().flatten().collect()
}

fn small() -> Act {
    bought("p1", 0, "10.00")
}

fn with(act: Act) -> Vec<Act> {
    vec![known(-60), act]
}

/// Somebody who is called otherwise from now on, with an address of that name.
fn renamed(minutes: i64) -> Act {
    let at = minutes_after(noon(), minutes);
    let name = json!({ "given": "Sol", "family": "Luna" });
    let told = json!({ "name": name, "email": "sol.luna@example.com" });
    Act::Event { text: profile(CUSTOMER, at, told), at }
}

/// Profiles, and what was bought and given back.
fn of_purchases() -> Vec<Flow> {
    let of = |key: &str| json!({ "purchase_id": key });
    let refund = json!({ "refund_id": "r1", "purchase_id": "p1" });
    let guests = || {
        let total = json!({ "amount": "10.00", "currency": "MXN" });
        json!({ "purchase_id": "p9", "total": total })
    };
    let part = |key: &str, amount: &str| {
        let total = json!({ "amount": amount, "currency": "MXN" });
        json!({ "refund_id": key, "purchase_id": "p1", "total": total })
    };
    vec![
        flow("profile", vec![], known(-60), small()),
        flow("another name", vec![known(-60)], renamed(-30), small()),
        flow("purchase", vec![known(-60)], small(), bought("p2", 10, "10.00")),
        flow(
            "delivery",
            with(bought("p1", 0, "5.00")),
            event("PurchaseDelivered", 30, of("p1")),
            bought("p2", 40, "10.00"),
        ),
        flow(
            "refund",
            with(small()),
            event("PurchaseRefunded", 30, refund),
            bought("p2", 40, "10.00"),
        ),
        // What the guest bought is thanked for under the id that stays.
        flow(
            "two ids become one",
            with(event_of(GUEST, "PurchaseCompleted", 0, guests())),
            event("CustomerMerged", 30, json!({ "merge_id": "m1", "merged_id": GUEST })),
            bought("p2", 40, "10.00"),
        ),
        // The mail goes all the same.
        flow(
            "refund of a part",
            with(small()),
            event("PurchaseRefunded", 30, part("r1", "4.00")),
            bought("p2", 40, "10.00"),
        ),
        // The second part, told first, ends it once the first is told.
        flow(
            "refund in parts",
            vec![known(-60), small(), event("PurchaseRefunded", 30, part("r2", "6.00"))],
            event("PurchaseRefunded", 20, part("r1", "4.00")),
            bought("p2", 40, "10.00"),
        ),
        flow(
            "purchase behind its refund",
            vec![known(-60), event("PurchaseRefunded", 30, part("r1", "10.00"))],
            small(),
            bought("p2", 40, "10.00"),
        ),
    ]
}

/// What else may be told of a customer.
fn of_others() -> Vec<Flow> {
    let complaint = |more: Value| {
        let mut detail = json!({ "complaint_id": "k1" });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        detail
    };
    let opened = || complaint(json!({ "severity": "high", "category": "delivery" }));
    let call = touch("call", "call").to_string();
    let reported = json!({ "call_id": "c1", "touch_id": call, "outcome": "reached" });
    let leaves =
        json!({ "call_id": "c1", "outcome": "reached", "dissolution_reason": "competitor" });
    let old = |key: &str, days: i64| {
        purchase(CUSTOMER, key, minutes_after(noon(), -days * 1440), "10.00")
    };
    vec![
        flow("consent", with(small()), consent("no", 30, "denied"), bought("p2", 40, "10.00")),
        flow(
            "complaint",
            with(small()),
            event("ComplaintOpened", 30, opened()),
            event("ComplaintResolved", 60, complaint(json!({}))),
        ),
        flow(
            "resolution",
            vec![known(-60), event("ComplaintOpened", -30, opened())],
            event("ComplaintResolved", 30, complaint(json!({ "root_cause": "carrier" }))),
            bought("p2", 40, "10.00"),
        ),
        flow(
            "call report",
            vec![known(-60), bought("p1", 0, "2000.00"), Act::Tick { at: due() }],
            event("CallReported", 23 * 60, reported),
            event(
                "SurveyAnswered",
                23 * 60 + 5,
                json!({ "answer_id": "a1", "touchpoint": "call", "csat": 5 }),
            ),
        ),
        flow(
            "report of who leaves",
            with(small()),
            event("CallReported", 30, leaves),
            bought("p2", 40, "10.00"),
        ),
        flow(
            "erase",
            with(small()),
            event("CustomerErased", 30, json!({ "request_id": "e1" })),
            known(-30),
        ),
        flow(
            "import",
            vec![known(-60)],
            Act::Import { texts: vec![old("h1", 300), old("h2", 200), old("h3", 100)], at: noon() },
            bought("p2", 10, "10.00"),
        ),
    ]
}
