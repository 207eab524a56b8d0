//! What comes for a customer if nothing happens: virtual time goes on from the state as it
//! is, by the same [`decide`](crate::decide::decide) that runs in production.

use crate::customer::Customer;
use crate::decide::{Effects, Input, decide_in_place};
use crate::instant::Instant;
use crate::rulebook::RuleBook;
use crate::simulation::pending;
use crate::stage::Entered;
use crate::touch::{TouchRecord, TouchStatus};

/// How often time stops at most: what comes behind that is not told.
const STOPS_MAX: usize = 400;

/// What comes.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// What goes out, what does not and why, and what is still pending at the end; the
    /// earliest first.
    pub touches: Vec<TouchRecord>,
    /// The stages that are entered.
    pub stages: Vec<Entered>,
}

/// What comes for a customer until an instant, if nothing happens. What was said of their
/// address under other ids counts where it was looked up.
///
/// # Examples
/// ```
/// use lazo_domain::{ahead::ahead, customer::Customer, id::Id, instant::Instant, rulebook::RuleBook};
///
/// let book = RuleBook::read(&[("policy.yaml".into(), "{}".into())]).unwrap();
/// let nobody = Customer::new(Id::new("ana").unwrap());
/// let (now, until) = (Instant::from_millis(0), Instant::from_millis(9));
/// assert!(ahead(&nobody, &book, now, until).touches.is_empty());
/// ```
pub fn ahead(customer: &Customer, book: &RuleBook, now: Instant, until: Instant) -> Ahead {
    let mut ahead = Ahead::default();
    let mut customer = customer.clone();
    let heard = customer.heard.clone();
    let mut last = now;
    for _ in 0..STOPS_MAX {
        let Some(alarm) = customer.next_alarm().map(|alarm| alarm.max(last)) else { break };
        if alarm > until {
            break;
        }
        last = alarm;
        customer.heard = heard.clone();
        let effects = decide_in_place(&mut customer, Input::Due, book, alarm);
        ahead.touches.extend(effects.records);
        ahead.stages.extend(effects.stages);
        for send in effects.sends {
            let Effects { records, .. } =
                decide_in_place(&mut customer, Input::Confirmed(&send.touch), book, alarm);
            ahead.touches.extend(records);
        }
        for escalation in effects.escalations {
            let (complaint, level) = (&escalation.complaint, escalation.level);
            let told = Input::EscalationNotified { complaint, level };
            decide_in_place(&mut customer, told, book, alarm);
        }
    }
    let still = customer.pending().filter(|one| !one.is_sending());
    let still: Vec<TouchRecord> = still.filter_map(|one| pending(&customer, one, book)).collect();
    ahead.touches.extend(still);
    // Of a trigger that does not concern the customer nothing comes.
    ahead.touches.retain(|one| {
        one.status != TouchStatus::Skipped
            || !(one.at == one.due && one.reason.is_some_and(|reason| reason.refuses_triggers()))
    });
    ahead.touches.sort_by(|a, b| (a.at, &a.touch).cmp(&(b.at, &b.touch)));
    ahead
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::decide::decide;
    use crate::event::from_wire;
    use crate::id::Id;
    use crate::touch::Reason;

    fn book() -> RuleBook {
        let thanks = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: mail, channel: email, template: x, wait: 1 day, at: '10:00' }
  - { id: offer, channel: email, template: x, wait: 2 days, at: '10:00', if: customer.purchases > 3 }
";
        let birthday = "
rule: birthday
status: live
purpose: marketing
trigger: { occasion: birthday }
steps: [{ id: mail, channel: email, template: x }]
";
        let files = [("policy.yaml", "{}"), ("thanks.yaml", thanks), ("birthday.yaml", birthday)];
        RuleBook::read(&files.map(|(name, text)| (name.into(), text.into()))).unwrap()
    }

    #[test]
    fn what_comes_is_told_with_what_will_not_go_and_why() {
        let book = book();
        let mut customer = Customer::new(Id::new("ana").unwrap());
        let events = [
            json!({ "detail-type": "CustomerUpdated", "customer_id": "ana", "email": "ana@example.com",
                "birthday": "--12-05", "occurred_at": "2026-11-20T12:00:00Z" }),
            json!({ "detail-type": "PurchaseCompleted", "customer_id": "ana", "purchase_id": "p1",
                "occurred_at": "2026-11-20T12:00:00Z", "total": { "amount": "10.00", "currency": "MXN" } }),
        ];
        let mut now = Instant::MIN;
        for event in events {
            let delivered = from_wire(&event.to_string()).unwrap();
            now =
                delivered.at.max("2026-11-20T12:00:00Z".parse::<jiff::Timestamp>().unwrap().into());
            customer = decide(customer, Input::Event(&delivered.event), &book, now).customer;
        }
        let before = customer.clone();
        let told = ahead(&customer, &book, now, now.plus_millis(30 * 86_400_000));
        let told: Vec<_> = told
            .touches
            .iter()
            .map(|one| (one.touch.rule.as_str(), one.touch.step.as_str(), one.status, one.reason))
            .collect();
        let expected = [
            ("thanks", "mail", TouchStatus::Sent, None),
            ("thanks", "offer", TouchStatus::Skipped, Some(Reason::IfFalse)),
            ("birthday", "mail", TouchStatus::Skipped, Some(Reason::NoConsent)),
        ];
        assert_eq!(told, expected);
        assert_eq!(customer, before);
    }
}
