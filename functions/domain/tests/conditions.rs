//! The plain part of conditions gives CEL's own verdicts.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use lazo_domain::condition::{Condition, EventFields, Stop, Values, event_field, event_value};
use lazo_domain::event::EventKind;
use lazo_domain::instant::Instant;
use proptest::prelude::*;

/// A customer and an event of which anything may be unknown.
#[derive(Debug)]
struct Known {
    purchases: i64,
    total_spent: f64,
    relationship: Option<&'static str>,
    last_nps: Option<i64>,
    vip: Option<Value>,
    detail: Arc<str>,
}

impl Values for Known {
    fn customer(&self, field: &str) -> Option<Value> {
        match field {
            "purchases" => Some(Value::Int(self.purchases)),
            "total_spent" => Some(Value::Float(self.total_spent)),
            "relationship" => self.relationship.map(Into::into),
            "last_nps" => self.last_nps.map(Value::Int),
            "attributes" => {
                let vip = self.vip.clone().map(|vip| ("vip".to_owned(), vip));
                Some(vip.into_iter().collect::<HashMap<String, Value>>().into())
            }
            _ => None,
        }
    }

    fn event(&self, fields: &EventFields) -> Value {
        event_value(&self.detail, fields)
    }

    fn event_field(&self, path: &[String]) -> Result<Option<Value>, Stop> {
        event_field(&self.detail, path)
    }

    fn now(&self) -> Instant {
        Instant::from_millis(0)
    }
}

fn known() -> impl Strategy<Value = Known> {
    let vip = prop_oneof![
        Just(None),
        Just(Some(Value::Bool(true))),
        Just(Some(Value::Bool(false))),
        (0..3i64).prop_map(|n| Some(Value::Int(n))),
        Just(Some(Value::Float(1.0))),
        Just(Some("gold".into())),
    ];
    let detail = prop_oneof![
        Just(r#"{"total":{"amount":"5000.00","currency":"MXN"},"channel":"web"}"#),
        Just(r#"{"total":{"amount":"12","currency":"EUR"},"channel":null}"#),
        Just(r#"{"total":{"amount":"7.5","currency":"MXN"}}"#),
        Just(r#"{"total":{"amount":null,"currency":"MXN"},"channel":"store"}"#),
        Just(r#"{"total":null}"#),
        Just(r#"{"channel":"web","total":"7.5"}"#),
        Just("{}"),
    ];
    let relationship = prop_oneof![Just(None), Just(Some("dedicated")), Just(Some("community"))];
    let nps = proptest::option::of(0..=10i64);
    (0..4i64, prop_oneof![Just(0.0), Just(100.0), Just(f64::NAN)], relationship, nps, vip, detail)
        .prop_map(|(purchases, total_spent, relationship, last_nps, vip, detail)| Known {
            purchases,
            total_spent,
            relationship,
            last_nps,
            vip,
            detail: detail.into(),
        })
}

fn condition() -> impl Strategy<Value = String> {
    let operator = || prop_oneof!["==", "!=", "<", "<=", ">", ">="];
    let leaf = prop_oneof![
        (operator(), 0..4).prop_map(|(o, n)| format!("customer.purchases {o} {n}")),
        (operator(), 0..2).prop_map(|(o, n)| format!("customer.purchases {o} {n}.0")),
        operator().prop_map(|o| format!("customer.total_spent {o} 100.0")),
        (operator(), 0..=10).prop_map(|(o, n)| format!("customer.last_nps {o} {n}")),
        (operator(), 0..3).prop_map(|(o, n)| format!("customer.attributes.vip {o} {n}")),
        operator().prop_map(|o| format!("customer.attributes.vip {o} 'gold'")),
        operator().prop_map(|o| format!("double(event.total.amount) {o} 12.0")),
        operator().prop_map(|o| format!("'MXN' {o} event.total.currency")),
        Just("double(customer.relationship) > 1.0".to_owned()),
        Just("customer.attributes.vip".to_owned()),
        Just("customer.attributes.vip in [1, 2]".to_owned()),
        Just("customer.relationship in ['dedicated', 'personal']".to_owned()),
        Just("event.channel == 'web'".to_owned()),
        Just("has(customer.last_nps)".to_owned()),
        Just("has(customer.attributes.vip)".to_owned()),
        Just("has(event.channel)".to_owned()),
        Just("has(event.total.currency)".to_owned()),
        Just("size(customer.relationship) > 3".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) || ({b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn verdicts_are_those_of_cel(source in condition(), known in known()) {
        let condition = Condition::compile(&source, Some(EventKind::PurchaseCompleted))
            .map_err(|faults| TestCaseError::fail(format!("{source}: {faults:?}")))?;
        prop_assert_eq!(condition.verdict(&known), condition.verdict_of_cel(&known), "{}", source);
    }
}
