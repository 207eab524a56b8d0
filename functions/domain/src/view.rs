//! A customer as conditions and templates see one: as of an instant.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use jiff::tz::TimeZone;
use rust_decimal::prelude::ToPrimitive;

use crate::calendar;
use crate::condition::{Values, timestamp};
use crate::customer::Customer;
use crate::drift::{Rhythm, Scorer, Spent};
use crate::event::{Detail, Line, Scalar};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::policy::Policy;
use crate::stage::Stage;

/// The names of `customer`'s fields, in the order of the documentation.
pub const CUSTOMER_FIELDS: [&str; 22] = [
    "id",
    "locale",
    "country",
    "time_zone",
    "relationship",
    "account_manager",
    "interests",
    "attributes",
    "stage",
    "purchases",
    "total_spent",
    "average_spent",
    "first_purchase_at",
    "last_purchase_at",
    "days_since_purchase",
    "categories",
    "open_complaints",
    "last_csat",
    "last_nps",
    "p_alive",
    "p_active",
    "lifetime_value",
];

/// A customer as of a point of the history, with `now` for what counts days.
pub struct View<'a> {
    pub customer: &'a Customer,
    pub until: Until<'a>,
    pub now: Instant,
    pub zone: &'a TimeZone,
    pub policy: &'a Policy,
    /// What tells p_alive, p_active and lifetime_value, where it is known.
    pub drift: Option<&'a Scorer>,
    pub event: Option<&'a Detail>,
}

impl View<'_> {
    pub fn stage(&self) -> Stage {
        let entered = self.customer.stages.iter().rev().find(|entered| entered.at <= self.until.at);
        match entered.map(|entered| entered.stage) {
            Some(gone @ (Stage::Dissolution | Stage::Ended)) => gone,
            _ => self.steady_stage(),
        }
    }

    /// What the customer is expected to spend in the coming year, or has spent
    /// so far where nobody can tell: to compare customers by.
    pub fn worth(&self) -> f64 {
        match (self.drift, self.rhythm()) {
            (Some(drift), Some(rhythm)) => {
                drift.lifetime_value(rhythm, self.today(), self.spending())
            }
            _ => self.spending().total,
        }
    }

    fn spending(&self) -> Spent {
        self.customer.history.spending(self.until, self.zone, self.policy.currency)
    }

    /// The stage of who does not drift.
    fn steady_stage(&self) -> Stage {
        let history = &self.customer.history;
        let days = history.days(self.until, self.zone);
        let first = history.first_at(self.until);
        let signals = &self.customer.signals;
        let positive = signals.positive_at.is_some_and(|at| at <= self.until.at);
        let contacted = first.is_some_and(|first| {
            signals.contacts.iter().any(|at| *at > first && *at <= self.until.at)
        });
        Stage::of(days, positive || contacted)
    }

    fn today(&self) -> jiff::civil::Date {
        self.now.date_in(self.zone)
    }

    /// The purchase days up to the view's point.
    fn rhythm(&self) -> Option<Rhythm> {
        let history = &self.customer.history;
        let first = history.first_at(self.until)?.date_in(self.zone);
        let last = history.last_at(self.until)?.date_in(self.zone);
        Rhythm::new(first, last, u32::try_from(history.days(self.until, self.zone)).ok()?)
    }

    fn text(&self, line: Option<&Line>) -> Option<Value> {
        line.map(|line| line.as_str().into())
    }
}

impl Values for View<'_> {
    fn customer(&self, field: &str) -> Option<Value> {
        let (customer, until, at) = (self.customer, self.until, self.until.at);
        let (profile, history) = (&customer.profile, &customer.history);
        let list = |items: Vec<Value>| Value::List(Arc::new(items));
        match field {
            "id" => Some(customer.id.as_str().into()),
            "locale" => profile.locale.as_of(at).map(|l| l.as_str().into()),
            "country" => profile.country.as_of(at).map(|c| c.as_str().into()),
            "time_zone" => {
                let told = profile.time_zone.as_of(at);
                Some(told.unwrap_or(&self.policy.default_time_zone).as_str().into())
            }
            "relationship" => self.text(profile.relationship.as_of(at)),
            "account_manager" => self.text(profile.account_manager.as_of(at)),
            "interests" => {
                let known = profile.interests.as_of(at).into_iter().flatten();
                Some(list(known.map(|line| line.as_str().into()).collect()))
            }
            "attributes" => {
                let known = profile.attributes.iter();
                let known = known.filter_map(|(name, dated)| Some((name, dated.as_of(at)?)));
                let map: HashMap<String, Value> =
                    known.map(|(name, value)| (name.clone(), scalar(value))).collect();
                Some(map.into())
            }
            "stage" => Some(self.stage().as_str().into()),
            "purchases" => Some(Value::Int(history.count(until) as i64)),
            "total_spent" => {
                Some(Value::Float(history.spent(until, self.policy.currency).to_f64()?))
            }
            "average_spent" => {
                let count = history.count_in(until, self.policy.currency);
                let spent = history.spent(until, self.policy.currency).to_f64()?;
                (count > 0).then(|| Value::Float(spent / count as f64))
            }
            "first_purchase_at" => history.first_at(until).map(timestamp),
            "last_purchase_at" => history.last_at(until).map(timestamp),
            "days_since_purchase" => {
                let last = history.last_at(until)?;
                Some(Value::Int(calendar::days_between(last, self.now, self.zone)))
            }
            "categories" => {
                let categories = history.categories(until);
                Some(list(categories.into_iter().map(|c| c.as_str().into()).collect()))
            }
            "open_complaints" => {
                // As of now for a due step, as of the trigger for a filter.
                let at = at.min(self.now);
                let open = customer.complaints.open_at(at, self.zone, self.policy);
                Some(Value::Int(open as i64))
            }
            "last_csat" => customer.csat.as_of(at).map(|score| Value::Int((*score).into())),
            "last_nps" => customer.nps.as_of(at).map(|score| Value::Int((*score).into())),
            "p_alive" => Some(Value::Float(self.drift?.p_alive(self.rhythm()?, self.today())?)),
            "p_active" => Some(Value::Float(self.drift?.p_active(self.rhythm()?, self.today())?)),
            "lifetime_value" => {
                let (rhythm, spent) = (self.rhythm()?, self.spending());
                Some(Value::Float(self.drift?.lifetime_value(rhythm, self.today(), spent)))
            }
            _ => None,
        }
    }

    fn event(&self) -> Option<&Arc<str>> {
        self.event.map(|detail| &detail.0)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        self.customer.history.is_refunded(purchase, self.until.at.min(self.now))
    }

    fn now(&self) -> Instant {
        self.now
    }
}

/// A customer as the condition of an exit sees one: as of the exit, which is
/// `event`, with the trigger of what it may end beside it.
pub(crate) struct ExitView<'a> {
    pub view: View<'a>,
    pub trigger: Option<&'a Detail>,
}

impl Values for ExitView<'_> {
    fn customer(&self, field: &str) -> Option<Value> {
        self.view.customer(field)
    }

    fn event(&self) -> Option<&Arc<str>> {
        self.view.event()
    }

    fn trigger(&self) -> Option<&Arc<str>> {
        self.trigger.map(|detail| &detail.0)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        self.view.is_refunded(purchase)
    }

    fn now(&self) -> Instant {
        self.view.now()
    }
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(value) => Value::Int(*value),
        Scalar::Float(value) => Value::Float(*value),
        Scalar::Text(value) => value.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;
    use crate::condition::{Condition, Verdict};
    use crate::decide::{Input, decide};
    use crate::drift::{Estimate, Kind, Model, Params, ShopRhythm, Spending};
    use crate::event::{Detail, EventKind, from_wire};
    use crate::id::Id;
    use crate::rulebook::RuleBook;

    const DAY: i64 = 86_400_000;

    fn at(day: i64) -> Instant {
        Instant::from_millis(20_500 * DAY + DAY / 2 + day * DAY)
    }

    fn book() -> RuleBook {
        RuleBook::read(&[("policy.yaml".into(), "currency: MXN\n".into())]).unwrap()
    }

    /// The same book by a model with all its numbers.
    fn knowing() -> RuleBook {
        let kind = Kind::MbgNbd;
        let params = Params { kind, r: 0.8, alpha: 40.0, a: 0.6, b: 1.2 };
        book().with_model(&Model {
            kind,
            until: date(2026, 1, 1),
            customers: 10_000,
            unique_histories: 1_000,
            estimate: Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 }),
            refused: None,
            rhythm: ShopRhythm::default(),
            spending: Spending::fit(&[]),
        })
    }

    /// Ana after these events, each told when it happened.
    fn ana(events: &[(&str, i64, serde_json::Value)]) -> Customer {
        let book = book();
        let ana = Customer::new(Id::new("ana").unwrap());
        events.iter().fold(ana, |customer, (kind, day, more)| {
            let mut detail = json!({ "customer_id": "ana", "occurred_at": at(*day).to_string() });
            detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
            let event = from_wire(&text.to_string()).unwrap().event;
            decide(customer, Input::Event(&event), &book, at(*day)).customer
        })
    }

    fn purchase(key: &str, day: i64) -> (&'static str, i64, serde_json::Value) {
        let total = json!({ "amount": "10.50", "currency": "MXN" });
        let items = json!([{ "sku": key, "name": "Rug", "category": "rugs", "quantity": 1 }]);
        let told = json!({ "purchase_id": key, "total": total, "items": items });
        ("PurchaseCompleted", day, told)
    }

    fn view<'a>(customer: &'a Customer, book: &'a RuleBook, at: Instant) -> View<'a> {
        View {
            customer,
            until: Until { at, purchase: None },
            now: at,
            zone: &book.default_zone,
            policy: &book.policy,
            drift: book.values(),
            event: None,
        }
    }

    #[test]
    fn a_condition_sees_what_was_known_at_its_point() {
        let profile = json!({
            "locale": "es", "country": "MX", "time_zone": "America/Mexico_City",
            "relationship": "trade", "account_manager": "eva", "interests": ["rugs"],
            "attributes": { "city": "Oaxaca" },
        });
        let complaint = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
        let ana = ana(&[
            ("CustomerUpdated", 1, profile),
            purchase("p-1", 1),
            purchase("p-2", 4),
            (
                "SurveyAnswered",
                5,
                json!({ "answer_id": "a", "touchpoint": "x", "csat": 4, "nps": 9 }),
            ),
            ("ComplaintOpened", 5, complaint),
        ]);
        let book = book();
        let verdict = |source: &str, day: i64| {
            let condition = Condition::compile(source, Some(EventKind::PurchaseCompleted)).unwrap();
            condition.verdict(&view(&ana, &book, at(day)))
        };
        for known in [
            "customer.id == 'ana'",
            "customer.locale == 'es'",
            "customer.country == 'MX'",
            "customer.time_zone == 'America/Mexico_City'",
            "customer.relationship == 'trade'",
            "customer.account_manager == 'eva'",
            "customer.interests == ['rugs']",
            "customer.attributes.city == 'Oaxaca'",
            "customer.purchases == 2",
            "customer.total_spent == 21.0",
            "customer.average_spent == 10.5",
            "customer.first_purchase_at < customer.last_purchase_at",
            "customer.days_since_purchase == 2",
            "customer.categories == ['rugs']",
            "customer.open_complaints == 1",
            "customer.last_csat == 4",
            "customer.last_nps == 9",
            "customer.stage == 'expansion'",
        ] {
            assert_eq!(verdict(known, 6), Verdict::Holds, "{known}");
        }
        for unknown in ["locale", "average_spent", "last_csat", "last_nps", "days_since_purchase"] {
            let source = format!("customer.{unknown} == customer.{unknown}");
            assert_eq!(verdict(&source, 0), Verdict::MissingValue, "{unknown}");
        }
        for unknown in ["p_alive", "p_active", "lifetime_value"] {
            let source = format!("customer.{unknown} > 0.0");
            assert_eq!(verdict(&source, 6), Verdict::MissingValue, "{unknown}");
        }
    }

    #[test]
    fn chances_and_value_are_those_of_the_model() {
        let book = knowing();
        let ana = ana(&[purchase("p-1", 0), purchase("p-2", 4)]);
        let view = view(&ana, &book, at(40));
        let (scorer, today) = (book.values().unwrap(), at(40).date_in(&book.default_zone));
        let [first, last] = [0, 4].map(|day| at(day).date_in(&book.default_zone));
        let rhythm = Rhythm::new(first, last, 2).unwrap();
        let value = scorer.lifetime_value(rhythm, today, Spent { days: 2, total: 21.0 });
        let known = |field: &str| match view.customer(field) {
            Some(Value::Float(value)) => Some(value),
            _ => None,
        };
        assert_eq!(known("p_alive"), scorer.p_alive(rhythm, today));
        assert_eq!(known("p_active"), scorer.p_active(rhythm, today));
        assert_eq!((known("lifetime_value"), view.worth()), (Some(value), value));
        assert!(known("p_alive").is_some_and(|alive| alive < 1.0) && value > 0.0);
    }

    #[test]
    fn a_stage_is_that_of_its_point() {
        let visit = |day| {
            let told = json!({
                "interaction_id": format!("v{day}"), "channel": "store", "kind": "visit",
                "initiated_by": "customer", "phase": "postpurchase", "touchpoint": "counter",
            });
            ("InteractionRecorded", day, told)
        };
        let happy = json!({ "answer_id": "a", "touchpoint": "x", "csat": 5 });
        let book = book();
        let stages = |events: &[(&str, i64, serde_json::Value)], days: [i64; 3]| {
            let ana = ana(events);
            days.map(|day| view(&ana, &book, at(day)).stage().as_str())
        };
        let aware = ["exploration", "exploration", "awareness"];
        assert_eq!(stages(&[purchase("p", 0), visit(2)], [0, 1, 2]), aware);
        assert_eq!(stages(&[visit(0), purchase("p", 0)], [0, 1, 2]), ["exploration"; 3]);
        let answered = [purchase("p", 0), ("SurveyAnswered", 2, happy)];
        assert_eq!(stages(&answered, [0, 1, 2]), aware);
    }

    #[test]
    fn without_a_trigger_nothing_is_known_of_one() {
        let (ana, book) = (ana(&[]), book());
        let verdict = |source: &str| {
            let condition = Condition::compile(source, Some(EventKind::PurchaseCompleted)).unwrap();
            condition.verdict(&view(&ana, &book, at(0)))
        };
        assert_eq!(verdict("has(event.total)"), Verdict::Fails);
        assert_eq!(verdict("event.total.amount > 1"), Verdict::MissingValue);
        assert_eq!(verdict("trigger.refunded"), Verdict::Fails);
    }

    #[test]
    fn a_time_zone_is_always_known() {
        let told = ana(&[("CustomerUpdated", 1, json!({ "time_zone": "Europe/Madrid" }))]);
        let files = [("policy.yaml".into(), "default_time_zone: America/Mexico_City".into())];
        let book = RuleBook::read(&files).unwrap();
        // Twelve o'clock by UTC.
        for (hour, zone, day) in [(6, "America/Mexico_City", 0), (13, "Europe/Madrid", 2)] {
            let source = format!(
                "now.getHours(customer.time_zone) == {hour} && customer.time_zone == '{zone}'"
            );
            let condition = Condition::compile(&source, None).unwrap();
            let verdict = condition.verdict(&view(&told, &book, at(day)));
            assert_eq!(verdict, Verdict::Holds, "{source}");
        }
    }

    #[test]
    fn a_refund_counts_as_of_the_view() {
        let refund = |key: &str, day, total: Option<&str>| {
            let mut told = json!({ "refund_id": key, "purchase_id": "p-1" });
            if let Some(amount) = total {
                told["total"] = json!({ "amount": amount, "currency": "MXN" });
            }
            ("PurchaseRefunded", day, told)
        };
        let book = book();
        let told: Detail = Detail(r#"{"purchase_id":"p-1"}"#.into());
        let refunded = |events: &[_], day: i64| {
            let condition =
                Condition::compile("trigger.refunded", Some(EventKind::PurchaseDelivered));
            let ana = ana(events);
            condition.unwrap().verdict(&View { event: Some(&told), ..view(&ana, &book, at(day)) })
                == Verdict::Holds
        };
        let in_parts =
            [purchase("p-1", 0), refund("r-1", 2, Some("10.00")), refund("r-2", 4, Some("0.50"))];
        assert_eq!(
            [1, 2, 3, 4, 5].map(|day| refunded(&in_parts, day)),
            [false, false, false, true, true]
        );
        // Of a purchase that is not known yet, all is back where no amount is told.
        assert!(refunded(&[refund("r-1", 2, None)], 2));
        assert!(!refunded(&[refund("r-1", 2, Some("10.50"))], 2));
        assert!(!refunded(&[purchase("p-1", 0), purchase("p-2", 0)], 9));
    }
}
