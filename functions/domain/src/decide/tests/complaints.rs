//! What a state keeps of complaints that go up, and of who was told.

use super::*;
use crate::complaint::Escalation;

const CHAIN: &str = "people: { eva: { email: eva@example.com }, luis: { email: luis@example.com } }
complaints: { escalate_after: { high: 4 hours }, escalate_to: [eva, luis] }
";
const SOLVED: &str = "rule: solved
status: live
purpose: service
trigger: { event: ComplaintResolved }
steps: [{ id: ask, channel: email, template: x, survey: { kind: csat, sample: 100%, touchpoint: service } }]
";

fn chain(rules: &[&str]) -> RuleBook {
    policy_and(CHAIN, rules)
}

fn opened(book: &RuleBook, keys: &[&str]) -> Customer {
    keys.iter().fold(ana(), |customer, key| {
        let told = json!({ "complaint_id": key, "severity": "high", "category": "damage" });
        taken(customer, &event("ComplaintOpened", at(0), told), book, at(0))
    })
}

fn not_notified(customer: &Customer) -> Vec<(String, u8)> {
    let not_notified = customer.complaints.not_notified.iter();
    not_notified.map(|e| (e.complaint.to_string(), e.level)).collect()
}

#[test]
fn a_deadline_is_that_of_the_level_behind_those_that_it_went_up() {
    let book = chain(&[]);
    let (customer, id) = (opened(&book, &["c-1"]), Id::new("c-1").unwrap());
    let at_level = |level| deadline(&customer, &book, &id, level);
    assert_eq!([0, 1, 2].map(at_level), [Some(at(4 * HOUR)), Some(at(8 * HOUR)), None]);
    assert_eq!(deadline(&customer, &book, &Id::new("c-2").unwrap(), 0), None);
}

#[test]
fn whoever_was_told_is_not_told_again_and_others_are() {
    let book = chain(&[]);
    let customer = opened(&book, &["c-1", "c-2"]);
    let early = decide(customer.clone(), Input::Due, &book, at(4 * HOUR - 1));
    assert!(early.escalations.is_empty());
    let up = decide(customer, Input::Due, &book, at(8 * HOUR)).customer;
    let all = [("c-1", 1), ("c-1", 2), ("c-2", 1), ("c-2", 2)].map(|(key, n)| (key.to_owned(), n));
    let mut found = not_notified(&up);
    found.sort();
    assert_eq!(found, all);
    let complaint = &Id::new("c-1").unwrap();
    let told = Input::EscalationNotified { complaint, level: 2 };
    let mut left = not_notified(&decide(up.clone(), told, &book, at(9 * HOUR)).customer);
    left.sort();
    assert_eq!(left, [all[0].clone(), all[2].clone(), all[3].clone()]);

    let failed = |until: i64, is_published: bool, customer: &Customer| {
        let input =
            Input::EscalationNotNotified { complaint, level: 2, until: at(until), is_published };
        decide(customer.clone(), input, &book, at(9 * HOUR)).customer
    };
    let of = |customer: &Customer, key: &str, level: u8| -> Escalation {
        let mut not_notified = customer.complaints.not_notified.iter();
        not_notified.find(|e| e.complaint.as_str() == key && e.level == level).unwrap().clone()
    };
    let later = failed(10 * HOUR, true, &up);
    assert_eq!(
        (of(&later, "c-1", 2).next, of(&later, "c-1", 2).is_published),
        (at(10 * HOUR), true)
    );
    for (key, level) in [("c-1", 1), ("c-2", 1), ("c-2", 2)] {
        assert_eq!(of(&later, key, level), of(&up, key, level), "{key} {level}");
    }
    // Always forward, and what was published stays so.
    let again = of(&failed(9 * HOUR, false, &later), "c-1", 2);
    assert_eq!((again.next, again.is_published), (at(9 * HOUR + 1), true));
    assert!(!of(&failed(10 * HOUR, false, &up), "c-1", 2).is_published);
}

#[test]
fn a_bad_answer_to_whether_it_is_solved_opens_it_again() {
    let book = chain(&[SOLVED]);
    let solved = event("ComplaintResolved", at(HOUR), json!({ "complaint_id": "c-1" }));
    let solved = taken(opened(&book, &["c-1"]), &solved, &book, at(HOUR));
    let answered = |csat: u8, touch: &str| {
        let told = json!({
            "answer_id": "a-1", "touchpoint": "service", "csat": csat, "touch_id": touch,
        });
        let answer = event("SurveyAnswered", at(2 * HOUR), told);
        taken(solved.clone(), &answer, &book, at(2 * HOUR)).complaints
    };
    let is_open =
        |csat: u8, touch: &str| answered(csat, touch).iter().any(|(_, one)| one.is_open());
    assert!(is_open(1, "solved/ana/c-1/ask"));
    assert!(!is_open(5, "solved/ana/c-1/ask"));
    for touch in ["other/ana/c-1/ask", "solved/eva/c-1/ask", "solved/ana/c-1"] {
        assert!(!is_open(1, touch), "{touch}");
    }
}
