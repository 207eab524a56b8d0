//! What a condition may name, for tables that people read: each variable with the
//! type of its values, each function with the type of what it gives.

use super::functions::{FUNCTIONS, MACROS};
use super::types::{CUSTOMER, Type, event_type, trigger_type};
use crate::event::{EventKind, schema_of};
use crate::message::event_sample;
use crate::view::{CUSTOMER_FIELDS, CustomerField, Missing};

/// A name with its type in words, such as `a number`.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// As a condition writes it: `customer.purchases`, `items[].sku`, `has`.
    pub name: String,
    /// The type of its values, or of what a function gives, in words.
    pub kind: &'static str,
    /// Of whom or of what it has no value.
    pub missing: Missing,
    /// A value that it may have; `null` where none tells anything.
    pub example: serde_json::Value,
}

impl Named {
    fn new(name: impl Into<String>, kind: &'static str) -> Named {
        let (missing, example) = (Missing::Never, serde_json::Value::Null);
        Named { name: name.into(), kind, missing, example }
    }

    fn of_customer(self) -> Named {
        let field = self.name.strip_prefix("customer.");
        let is_it = |known: &&CustomerField| Some(known.name) == field;
        match CUSTOMER_FIELDS.iter().find(is_it) {
            Some(field) => Named { missing: field.missing(), example: (field.sample)(), ..self },
            None => self,
        }
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
    all.into_iter().map(Named::of_customer).collect()
}

/// The fields of `event` where an event of this kind triggers the rule; what
/// stands in a list carries `[]`: `items[].sku`.
pub fn event_fields(kind: EventKind) -> Vec<Named> {
    let mut all = Vec::new();
    flatten("", event_type(kind), &mut all);
    let sample = event_sample(kind);
    let with_sample = |named: Named| {
        let is_always = is_required(schema_of(kind), &named.name);
        let missing = if is_always { Missing::Never } else { Missing::Untold };
        let pointer = format!("/{}", named.name.replace("[]", ".0").replace('.', "/"));
        let example = sample.pointer(&pointer).filter(|value| !value.is_object());
        Named { missing, example: example.cloned().unwrap_or_default(), ..named }
    };
    all.into_iter().map(with_sample).collect()
}

/// Whether each event of a schema has a field: it and all that hold it are required.
fn is_required(root: &serde_json::Value, name: &str) -> bool {
    let mut here = root;
    for part in name.split('.') {
        let field = part.trim_end_matches("[]");
        let required = here.get("required").and_then(|names| names.as_array());
        if !required.is_some_and(|names| names.iter().any(|known| known == field)) {
            return false;
        }
        let Some(inner) = here.pointer(&format!("/properties/{field}")) else { return false };
        here = followed(inner, root);
        if let (true, Some(items)) = (part.ends_with("[]"), here.get("items")) {
            here = followed(items, root);
        }
    }
    true
}

/// A schema behind its `$ref`.
fn followed<'a>(
    schema: &'a serde_json::Value,
    root: &'a serde_json::Value,
) -> &'a serde_json::Value {
    let target = schema.get("$ref").and_then(|target| target.as_str());
    let inner = target.and_then(|target| root.pointer(target.trim_start_matches('#')));
    inner.unwrap_or(schema)
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
        let missing = |all: &[Named], name: &str| {
            all.iter().find(|named| named.name == name).map(|named| named.missing)
        };
        assert_eq!(missing(&variables, "customer.purchases"), Some(Missing::Never));
        assert_eq!(missing(&variables, "customer.total_spent"), Some(Missing::Never));
        assert_eq!(missing(&variables, "customer.average_spent"), Some(Missing::BeforeBuying));
        assert_eq!(missing(&variables, "customer.last_csat"), Some(Missing::Untold));
        assert_eq!(missing(&fields, "total.amount"), Some(Missing::Never));
        assert_eq!(missing(&fields, "items[].sku"), Some(Missing::Untold));
        let example =
            |name: &str| fields.iter().find(|f| f.name == name).map(|f| f.example.clone());
        assert_eq!(example("total.amount"), Some("1290.00".into()));
        assert_eq!(kind_of(&functions(), "@not_strictly_false"), None);
    }
}
