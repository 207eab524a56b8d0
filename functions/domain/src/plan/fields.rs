//! Which fields of which rules differ, as they are written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

/// What becomes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is new.
    Create,
    /// It says something else.
    Update,
    /// It is gone.
    Delete,
    /// It is as it was.
    None,
}

/// A field that differs, by its path, such as `steps.mail.wait`: steps go by their
/// ids. `None` where it is not there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// The path.
    pub field: String,
    /// What it said.
    pub before: Option<Value>,
    /// What it says.
    pub after: Option<Value>,
}

/// What becomes of one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleChange {
    /// Its name.
    pub rule: String,
    /// What becomes of it.
    pub action: Action,
    /// Of one that says something else: what.
    pub changes: Vec<FieldChange>,
}

/// What becomes of one segment, and how many customers are in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentChange {
    /// Its name.
    pub segment: String,
    /// What becomes of it.
    pub action: Action,
    /// Of one that says something else: what.
    pub changes: Vec<FieldChange>,
    /// How many are in it by the base; `None` where it has none such, or nothing that
    /// bears on segments differs.
    pub before: Option<usize>,
    /// By the proposed rules.
    pub after: Option<usize>,
}

/// What becomes of each segment, by name, as it is written; nobody is counted yet.
pub fn segment_changes(
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Vec<SegmentChange> {
    let changes = rule_changes(before, after).into_iter();
    let of_segment = |RuleChange { rule, action, changes }| {
        let (before, after) = (None, None);
        SegmentChange { segment: rule, action, changes, before, after }
    };
    changes.map(of_segment).collect()
}

/// What becomes of each rule, by name: before and after, each as it is written.
pub fn rule_changes(
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Vec<RuleChange> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |name: &String| {
        let (action, changes) = match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) => {
                let changes = field_changes(before, after);
                (if changes.is_empty() { Action::None } else { Action::Update }, changes)
            }
            (Some(_), None) => (Action::Delete, Vec::new()),
            (None, _) => (Action::Create, Vec::new()),
        };
        RuleChange { rule: name.clone(), action, changes }
    };
    names.into_iter().map(change).collect()
}

/// The fields that differ between two documents, in the order of their paths.
pub fn field_changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

fn compare(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<FieldChange>,
) {
    let (mut old, mut new) = (before.and_then(entries), after.and_then(entries));
    if let (None, None, Some((one, other))) = (&old, &new, before.zip(after).and_then(in_step)) {
        (old, new) = (Some(one), Some(other));
    }
    if let (Some(old), Some(new)) = (&old, &new) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare(&path, old.get(name), new.get(name), found);
        }
    } else if before != after {
        let (before, after) = (before.cloned(), after.cloned());
        found.push(FieldChange { field: path.to_owned(), before, after });
    }
}

/// What a value holds by name: the fields of an object, or the objects of a list by
/// their ids. `None` for what is compared as a whole.
fn entries(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields.clone()),
        Value::Array(list) if !list.is_empty() => list
            .iter()
            .map(|entry| Some((entry.get("id")?.as_str()?.to_owned(), entry.clone())))
            .collect(),
        _ => None,
    }
}

/// Two lists of as many objects, by their places from one on.
fn in_step((before, after): (&Value, &Value)) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let (before, after) = (before.as_array()?, after.as_array()?);
    if before.len() != after.len() || !before.iter().chain(after).all(Value::is_object) {
        return None;
    }
    let by_place = |list: &[Value]| {
        list.iter().enumerate().map(|(at, one)| ((at + 1).to_string(), one.clone())).collect()
    };
    Some((by_place(before), by_place(after)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_told_by_their_paths_and_steps_by_their_ids() {
        let before = json!({ "priority": 40, "exit_on": ["A"], "steps": [
            { "id": "mail", "wait": "1 day", "template": "x" }, { "id": "call", "wait": "2 days" }] });
        let after = json!({ "priority": 40, "exit_on": ["A", "B"], "holdout": "10%", "steps": [
            { "id": "call", "wait": "2 days" }, { "id": "mail", "wait": "3 days", "template": "x" }] });
        let found = field_changes(&before, &after);
        let told: Vec<(&str, Option<Value>, Option<Value>)> = found
            .iter()
            .map(|change| (change.field.as_str(), change.before.clone(), change.after.clone()))
            .collect();
        assert_eq!(
            told,
            [
                ("exit_on", Some(json!(["A"])), Some(json!(["A", "B"]))),
                ("holdout", None, Some(json!("10%"))),
                ("steps.mail.wait", Some(json!("1 day")), Some(json!("3 days"))),
            ]
        );
        assert!(field_changes(&before, &before).is_empty());
        let caps = |max: u8| json!({ "caps": [{ "max": 2 }, { "max": max, "per": "7 days" }] });
        let found = field_changes(&caps(4), &caps(5));
        assert_eq!((found.len(), found[0].field.as_str()), (1, "caps.2.max"));
    }

    #[test]
    fn a_rule_is_made_changed_left_or_taken_away() {
        let book = |rules: &[(&str, Value)]| -> BTreeMap<String, Value> {
            rules.iter().map(|(name, rule)| ((*name).to_owned(), rule.clone())).collect()
        };
        let before = book(&[("a", json!({})), ("b", json!({ "priority": 1 })), ("c", json!({}))]);
        let after = book(&[("b", json!({ "priority": 2 })), ("c", json!({})), ("d", json!({}))]);
        let actions: Vec<Action> =
            rule_changes(&before, &after).iter().map(|change| change.action).collect();
        assert_eq!(actions, [Action::Delete, Action::Update, Action::None, Action::Create]);
    }
}
