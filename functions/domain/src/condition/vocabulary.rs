//! What a condition may name, for tables that people read: each variable with the
//! type of its values, each function with the type of what it gives.

use super::functions::{FUNCTIONS, MACROS};
use super::types::{CUSTOMER, Type, event_type, trigger_type};
use crate::event::EventKind;

/// A name with its type in words, such as `a number`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As a condition writes it: `customer.purchases`, `items[].sku`, `has`.
    pub name: String,
    /// The type of its values, or of what a function gives, in words.
    pub kind: &'static str,
}

impl Named {
    fn new(name: impl Into<String>, kind: &'static str) -> Named {
        Named { name: name.into(), kind }
    }
}

/// The variables of every condition: `now`, `customer.…`, `event`, `trigger` and
/// what `trigger` has where no event triggers the rule. [`event_fields`] tells
/// what `event` has.
pub fn variables() -> Vec<Named> {
    let mut all = vec![Named::new("now", Type::Timestamp.name())];
    flatten("customer", &CUSTOMER, &mut all);
    all.push(Named::new("event", Type::Map.name()));
    all.push(Named::new("trigger", Type::Map.name()));
    flatten("trigger", &trigger_type(None), &mut all);
    all
}

/// The fields of `event` where an event of this kind triggers the rule; what
/// stands in a list carries `[]`: `items[].sku`.
pub fn event_fields(kind: EventKind) -> Vec<Named> {
    let mut all = Vec::new();
    flatten("", event_type(kind), &mut all);
    all
}

/// The functions of every condition, `has(…)` and those that go through a list
/// included.
pub fn functions() -> Vec<Named> {
    let known = FUNCTIONS.iter().filter(|known| !known.name.starts_with('@'));
    let known = known.map(|known| Named::new(known.name, known.gives.name()));
    let gives = |name: &str| match name {
        "map" | "filter" => Type::List(Box::new(Type::Unknown)).name(),
        _ => Type::Bool.name(),
    };
    known.chain(MACROS.map(|name| Named::new(name, gives(name)))).collect()
}

fn flatten(name: &str, kind: &Type, found: &mut Vec<Named>) {
    let below = |field: &str| match name {
        "" => field.to_owned(),
        name => format!("{name}.{field}"),
    };
    match kind {
        Type::Object(_, fields) => {
            fields.iter().for_each(|(field, kind)| flatten(&below(field), kind, found));
        }
        Type::List(of) if matches!(**of, Type::Object(..)) => {
            found.push(Named::new(name, kind.name()));
            flatten(&format!("{name}[]"), of, found);
        }
        _ => found.push(Named::new(name, kind.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_with_its_type() {
        let kind_of = |all: &[Named], name: &str| {
            all.iter().find(|named| named.name == name).map(|named| named.kind)
        };
        let variables = variables();
        assert_eq!(kind_of(&variables, "now"), Some("a timestamp"));
        assert_eq!(kind_of(&variables, "customer.purchases"), Some("a number"));
        assert_eq!(kind_of(&variables, "customer.interests"), Some("a list"));
        assert_eq!(kind_of(&variables, "trigger.refunded"), Some("true or false"));
        let fields = event_fields(EventKind::PurchaseCompleted);
        assert_eq!(kind_of(&fields, "total.amount"), Some("a number"));
        assert_eq!(kind_of(&fields, "items[].sku"), Some("a string"));
        assert_eq!(kind_of(&functions(), "has"), Some("true or false"));
        assert_eq!(kind_of(&functions(), "@not_strictly_false"), None);
    }
}
