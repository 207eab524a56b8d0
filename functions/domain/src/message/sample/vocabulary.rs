//! What a template may name, for tables that people read: as the samples that the
//! check renders templates with have it.

use serde_json::Value as Json;

use super::{NAMES, Samples, Use};
use crate::channel::{Channel, Purpose};
use crate::event::EventKind;
use crate::message::notice;
use crate::notice::NoticeKind;
use crate::policy::Policy;
use crate::rule::{SurveyKind, Trigger};
use crate::span::Span;
use crate::stage::Stage;

/// A name that templates may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Dotted; what stands in a list carries `[]`: `purchase.items[].name`.
    pub name: String,
    /// `text`, `date`, `number`, `true or false`, `money`, `list` or `object`.
    pub kind: &'static str,
    /// Whether it may be missing where its part is there at all, so that a template
    /// needs `default(…)`.
    pub may_be_missing: bool,
    /// A value that it may have; `null` where none tells anything.
    pub example: Json,
}

/// What the templates of rules may name. Of `event` the name alone: what it has
/// depends on the trigger.
pub fn variables(policy: &Policy) -> Vec<Variable> {
    let bought = Trigger::Event(EventKind::PurchaseCompleted);
    let birthday = Trigger::Occasion { name: "birthday".into(), lead: None };
    let every = Trigger::Every { period: Span::weeks(1), on_day: None };
    let drift = Trigger::Stage(Stage::Dissolution);
    let (mail, call, task) = (Channel::Email, Channel::Call, Channel::Task);
    let uses = [
        (&bought, mail, Purpose::Service, Some(SurveyKind::Csat)),
        (&bought, call, Purpose::Service, None),
        (&birthday, mail, Purpose::Marketing, None),
        (&every, mail, Purpose::Service, None),
        (&drift, task, Purpose::Marketing, None),
    ];
    let samples = uses.map(|(trigger, channel, purpose, survey)| {
        Samples::of(policy, &Use { trigger: Some(trigger), channel, purpose, survey })
    });
    let mut all = of_samples(&samples);
    let (name, example) = ("locale".into(), "es".into());
    all.push(Variable { name, kind: "text", may_be_missing: false, example });
    all
}

/// What the templates of staff mail of a kind may name.
pub fn staff_variables(policy: &Policy, kind: NoticeKind) -> Vec<Variable> {
    of_samples(&[notice::samples(policy, kind)])
}

fn of_samples(samples: &[Samples]) -> Vec<Variable> {
    let mut all: Vec<Variable> = Vec::new();
    for root in NAMES {
        for sample in samples {
            let Some(value) = sample.full.0.get(root) else { continue };
            let mut names = Vec::new();
            match root {
                "event" => names.push((root.to_owned(), "object")),
                _ => flatten(root, value, &mut names),
            }
            for (name, kind) in names {
                let may_be_missing = root != "event" && is_missing_somewhere(sample, &name);
                match all.iter_mut().find(|known| known.name == name) {
                    Some(known) => known.may_be_missing |= may_be_missing,
                    None => {
                        let example = example(&sample.full.0, &name);
                        all.push(Variable { name, kind, may_be_missing, example });
                    }
                }
            }
        }
    }
    all
}

/// What the fullest sample has; of what holds others nothing.
fn example(full: &Json, name: &str) -> Json {
    let pointer = format!("/{}", name.replace("[]", ".0").replace('.', "/"));
    let is_telling = |value: &&Json| match value {
        Json::Object(fields) => fields.len() == 2 && fields.contains_key("currency"),
        Json::Array(values) => values.iter().all(|value| !value.is_object()),
        _ => true,
    };
    full.pointer(&pointer).filter(is_telling).cloned().unwrap_or_default()
}

fn flatten(name: &str, value: &Json, found: &mut Vec<(String, &'static str)>) {
    let kind = match value {
        Json::Object(fields) if fields.contains_key("currency") && fields.len() == 2 => "money",
        Json::Object(fields) if !fields.is_empty() => {
            let below = |field: &str| format!("{name}.{field}");
            return fields.iter().for_each(|(field, value)| flatten(&below(field), value, found));
        }
        Json::Array(values) => {
            found.push((name.to_owned(), "list"));
            if let Some(one @ Json::Object(_)) = values.first() {
                flatten(&format!("{name}[]"), one, found);
            }
            return;
        }
        Json::Object(_) => "object",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "number",
        Json::String(text) if text.parse::<jiff::civil::Date>().is_ok() => "date",
        Json::String(_) | Json::Null => "text",
    };
    found.push((name.to_owned(), kind));
}

/// Whether one of the made-up customers lacks it.
fn is_missing_somewhere(sample: &Samples, name: &str) -> bool {
    let path: Vec<&str> = name.split('.').collect();
    let changed = sample.changes.iter().map(|change| change.applied_to(&sample.full));
    is_missing(&sample.bare.0, &path) || changed.into_iter().any(|one| is_missing(&one.0, &path))
}

fn is_missing(value: &Json, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return value.is_null() };
    let field = first.strip_suffix("[]");
    match (value.get(field.unwrap_or(first)), field) {
        (None, _) => true,
        (Some(inner), None) => is_missing(inner, rest),
        (Some(Json::Array(all)), Some(_)) => all.iter().any(|one| is_missing(one, rest)),
        (Some(_), Some(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::RuleBook;

    #[test]
    fn a_name_stands_with_its_type_and_whether_it_may_be_missing() {
        let book = RuleBook::read(&[("policy.yaml".into(), "currency: MXN".into())]).unwrap();
        let all = variables(&book.policy);
        let of = |name: &str| {
            let named = all.iter().find(|known| known.name == name);
            named.map(|known| (known.kind, known.may_be_missing))
        };
        assert_eq!(of("customer.id"), Some(("text", false)));
        assert_eq!(of("customer.last_csat"), Some(("number", true)));
        assert_eq!(of("purchase.total"), Some(("money", true)));
        assert_eq!(of("purchase.items[].unit_price"), Some(("money", true)));
        assert_eq!(of("call.next_on"), Some(("date", true)));
        assert_eq!(of("occasion.date"), Some(("date", false)));
        assert_eq!(of("event"), Some(("object", false)));
        assert_eq!(of("staff.name"), None);
        let staff = staff_variables(&book.policy, NoticeKind::DailyDigest);
        assert!(staff.iter().any(|known| known.name == "digest.calls.items[].by.time"));
    }
}
