//! DynamoDB's expressions, as far as the store writes them.
//!
//! | kind | what is understood |
//! |---|---|
//! | condition | `AND`, `OR`, parentheses, `= <> < <= > >=`, `attribute_exists`, `attribute_not_exists` |
//! | key condition | `<hash> = :x`, with one comparison of the range key, or its beginning |
//! | update | `SET a = :x`, `a = a + :x`, `a = if_not_exists(a, :x)`; `REMOVE a, b` |
//!
//! Values in them are texts, numbers, and truth values that are set, attributes are at the top of an item.
//! Whatever else is written is [`Unknown`], and never taken for something
//! similar.

mod words;

use std::cmp::Ordering;
use std::collections::HashMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::attributes::Attributes;
use words::Words;

/// What the model does not understand, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

fn unknown<T>(what: impl Into<String>) -> Result<T, Unknown> {
    Err(Unknown(what.into()))
}

/// A value that expressions work with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scalar {
    S(String),
    N(String),
    /// It is set, and compared with nothing.
    #[serde(rename = "BOOL")]
    Bool(bool),
}

impl Scalar {
    fn compare(&self, other: &Scalar) -> Result<Option<Ordering>, Unknown> {
        match (self, other) {
            (Scalar::S(a), Scalar::S(b)) => Ok(Some(a.as_bytes().cmp(b.as_bytes()))),
            (Scalar::N(a), Scalar::N(b)) => Ok(Some(decimal(a)?.cmp(&decimal(b)?))),
            (Scalar::Bool(_), Scalar::Bool(_)) => unknown("two truth values compared"),
            // Values of different kinds are neither equal nor in any order.
            _ => Ok(None),
        }
    }
}

fn decimal(text: &str) -> Result<Decimal, Unknown> {
    text.parse().map_err(|_| Unknown(format!("the number {text}")))
}

fn scalar(item: &Attributes, name: &str) -> Result<Option<Scalar>, Unknown> {
    let Some(raw) = item.get(name) else { return Ok(None) };
    match serde_json::from_str(raw.get()) {
        Ok(scalar) => Ok(Some(scalar)),
        Err(_) => unknown(format!("the kind of {name} in an expression")),
    }
}

/// The names and values that an expression refers to.
#[derive(Clone, Copy, Default)]
pub struct Bindings<'a> {
    pub names: Option<&'a HashMap<String, String>>,
    pub values: Option<&'a HashMap<String, Scalar>>,
}

impl Bindings<'_> {
    fn name<'t>(&'t self, word: &'t str) -> Result<&'t str, Unknown> {
        if word.starts_with('#') {
            let bound = self.names.and_then(|names| names.get(word));
            return bound.map(String::as_str).ok_or_else(|| Unknown(format!("the name {word}")));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match !word.is_empty() && word.chars().all(is_plain) {
            true => Ok(word),
            false => unknown(format!("the path {word:?}")),
        }
    }

    fn value(&self, word: &str) -> Result<&Scalar, Unknown> {
        let bound = self.values.and_then(|values| values.get(word));
        bound.ok_or_else(|| Unknown(format!("the value {word:?}")))
    }
}

/// Whether a condition holds for an item; one that is not there has no
/// attributes.
pub fn holds(text: &str, bindings: Bindings, item: &Attributes) -> Result<bool, Unknown> {
    let mut words = Words::of(text);
    let holds = either(&mut words, bindings, item)?;
    words.end()?;
    Ok(holds)
}

fn either(words: &mut Words, bindings: Bindings, item: &Attributes) -> Result<bool, Unknown> {
    let mut holds = both(words, bindings, item)?;
    while words.eat("OR") {
        holds |= both(words, bindings, item)?;
    }
    Ok(holds)
}

fn both(words: &mut Words, bindings: Bindings, item: &Attributes) -> Result<bool, Unknown> {
    let mut holds = term(words, bindings, item)?;
    while words.eat("AND") {
        holds &= term(words, bindings, item)?;
    }
    Ok(holds)
}

fn term(words: &mut Words, bindings: Bindings, item: &Attributes) -> Result<bool, Unknown> {
    if words.eat("(") {
        let holds = either(words, bindings, item)?;
        words.expect(")")?;
        return Ok(holds);
    }
    for (function, expected) in [("attribute_exists", true), ("attribute_not_exists", false)] {
        if words.eat(function) {
            words.expect("(")?;
            let is_there = item.get(bindings.name(words.next())?).is_some();
            words.expect(")")?;
            return Ok(is_there == expected);
        }
    }
    let name = bindings.name(words.next())?;
    let operator = words.next();
    let value = bindings.value(words.next())?;
    match scalar(item, name)? {
        None => Ok(false),
        Some(found) => compares(operator, found.compare(value)?),
    }
}

fn compares(operator: &str, ordering: Option<Ordering>) -> Result<bool, Unknown> {
    let Some(ordering) = ordering else { return Ok(operator == "<>") };
    Ok(match operator {
        "=" => ordering.is_eq(),
        "<>" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        ">=" => ordering.is_ge(),
        other => return unknown(format!("the comparison {other:?}")),
    })
}

/// What a query asks for: one hash key, and how the range key compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCondition {
    pub hash: String,
    range: Option<(String, Scalar)>,
    /// The last that is asked for, of a `BETWEEN`.
    last: Option<Scalar>,
}

impl KeyCondition {
    /// Reads the condition over the keys of these names.
    pub fn read(
        text: &str,
        bindings: Bindings,
        (hash, range): (&str, &str),
    ) -> Result<KeyCondition, Unknown> {
        let mut words = Words::of(text);
        let mut read = || -> Result<(String, String, Scalar), Unknown> {
            let name = bindings.name(words.next())?.to_owned();
            Ok((name, words.next().to_owned(), bindings.value(words.next())?.clone()))
        };
        let (name, operator, value) = read()?;
        let Scalar::S(key) = value else { return unknown("a hash key that is no text") };
        if name != hash || operator != "=" {
            return unknown(format!("the key condition {text:?}"));
        }
        let mut condition = KeyCondition { hash: key, range: None, last: None };
        if words.eat("AND") {
            if words.eat("begins_with") {
                words.expect("(")?;
                let name = bindings.name(words.next())?;
                words.expect(",")?;
                let value = bindings.value(words.next())?.clone();
                words.expect(")")?;
                words.end()?;
                if name != range {
                    return unknown(format!("the key condition {text:?}"));
                }
                condition.range = Some(("begins_with".to_owned(), value));
                return Ok(condition);
            }
            let name = bindings.name(words.next())?;
            let (operator, value) = (words.next(), bindings.value(words.next())?);
            if name != range || operator == "<>" {
                return unknown(format!("the key condition {text:?}"));
            }
            let operator = match operator {
                "BETWEEN" => {
                    words.expect("AND")?;
                    condition.last = Some(bindings.value(words.next())?.clone());
                    ">="
                }
                other => other,
            };
            condition.range = Some((operator.to_owned(), value.clone()));
        }
        words.end()?;
        Ok(condition)
    }

    /// Before which text no range key is asked for.
    pub fn first_text(&self) -> &str {
        match &self.range {
            Some((operator, Scalar::S(value))) if !operator.starts_with('<') => value,
            _ => "",
        }
    }

    /// Before which number no range key is asked for.
    pub fn first_number(&self) -> Result<i64, Unknown> {
        match &self.range {
            Some((operator, Scalar::N(value))) if !operator.starts_with('<') => {
                value.parse().map_err(|_| Unknown(format!("the index key {value}")))
            }
            _ => Ok(i64::MIN),
        }
    }

    /// Whether a range key that is not asked for, behind the first, is followed
    /// by none that is.
    pub fn ends_early(&self) -> bool {
        let has_end = |(operator, _): &(String, Scalar)| !operator.starts_with('>');
        self.last.is_some() || self.range.as_ref().is_some_and(has_end)
    }

    /// Whether a range key that is a text is asked for.
    pub fn takes_text(&self, range: &str) -> Result<bool, Unknown> {
        match &self.range {
            None => Ok(true),
            Some((operator, Scalar::S(value))) if operator == "begins_with" => {
                Ok(range.starts_with(value))
            }
            Some((operator, Scalar::S(value))) => compares(operator, Some(range.cmp(value))),
            Some((_, value)) => unknown(format!("a text compared with {value:?}")),
        }
    }

    /// Whether a range key that is a number is asked for.
    pub fn takes_number(&self, range: i64) -> Result<bool, Unknown> {
        if let Some(Scalar::N(last)) = &self.last
            && Decimal::from(range) > decimal(last)?
        {
            return Ok(false);
        }
        match &self.range {
            None => Ok(true),
            Some((operator, Scalar::N(value))) if operator != "begins_with" => {
                compares(operator, Some(Decimal::from(range).cmp(&decimal(value)?)))
            }
            Some((operator, value)) => unknown(format!("a number {operator} {value:?}")),
        }
    }
}

/// One thing that an update does to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Set(String, Scalar),
    Remove(String),
}

impl Change {
    pub fn name(&self) -> &str {
        let (Change::Set(name, _) | Change::Remove(name)) = self;
        name
    }
}

/// What an update does, computed from the item as it was.
pub fn changes(text: &str, bindings: Bindings, item: &Attributes) -> Result<Vec<Change>, Unknown> {
    let mut words = Words::of(text);
    let mut changes = Vec::new();
    while !words.peek().is_empty() {
        let sets = words.eat("SET");
        if !sets {
            words.expect("REMOVE")?;
        }
        loop {
            let name = bindings.name(words.next())?.to_owned();
            if changes.iter().any(|change: &Change| change.name() == name) {
                return unknown(format!("two changes of {name}"));
            }
            let change = match sets {
                false => Some(Change::Remove(name)),
                true => {
                    words.expect("=")?;
                    operand(&mut words, bindings, item)?.map(|value| Change::Set(name, value))
                }
            };
            changes.extend(change);
            if !words.eat(",") {
                break;
            }
        }
    }
    Ok(changes)
}

fn operand(
    words: &mut Words,
    bindings: Bindings,
    item: &Attributes,
) -> Result<Option<Scalar>, Unknown> {
    if words.eat("if_not_exists") {
        words.expect("(")?;
        let found = item.get(bindings.name(words.next())?).is_some();
        words.expect(",")?;
        let value = bindings.value(words.next())?.clone();
        words.expect(")")?;
        // What is there stays as it is.
        return Ok((!found).then_some(value));
    }
    let word = words.next();
    if word.starts_with(':') {
        return Ok(Some(bindings.value(word)?.clone()));
    }
    words.expect("+")?;
    let name = bindings.name(word)?;
    let (Some(Scalar::N(a)), Scalar::N(b)) = (scalar(item, name)?, bindings.value(words.next())?)
    else {
        return unknown(format!("a sum with {name}, which is no number"));
    };
    let sum = decimal(&a)?.checked_add(decimal(b)?);
    let sum = sum.ok_or_else(|| Unknown("a sum that is too large".into()))?;
    Ok(Some(Scalar::N(sum.normalize().to_string())))
}

#[cfg(test)]
mod tests {
    use super::super::attributes::attributes;
    use super::*;

    fn check(text: &str) -> Result<bool, Unknown> {
        let names = HashMap::from([("#state".to_owned(), "state".to_owned())]);
        let values = HashMap::from([
            (":ten".to_owned(), Scalar::N("10".into())),
            (":sent".to_owned(), Scalar::S("sent".into())),
        ]);
        let bindings = Bindings { names: Some(&names), values: Some(&values) };
        let item = r#"{"state":{"S":"sent"},"version":{"N":"9"},"list":{"L":[]}}"#;
        holds(text, bindings, &attributes(item)?)
    }

    #[test]
    fn conditions_are_read_as_dynamodb_reads_them() {
        for text in [
            "#state = :sent",
            "version < :ten AND version <> :ten",
            "attribute_not_exists(pk) OR #state = :sent",
            "(attribute_exists(pk) OR attribute_exists(list)) AND version<=:ten",
            // AND binds tighter.
            "attribute_exists(version) OR attribute_exists(x) AND attribute_exists(y)",
        ] {
            assert_eq!(check(text), Ok(true), "{text}");
        }
        for text in ["version = :sent", "missing = :ten", "missing <> :ten", "version > :ten"] {
            assert_eq!(check(text), Ok(false), "{text}");
        }
    }

    #[test]
    fn what_is_not_modelled_is_said() {
        for text in [
            "",
            "contains(state, :sent)",
            "a.b = :ten",
            "version = :missing",
            "#missing = :ten",
            "version BETWEEN :ten AND :ten",
            "list = :ten",
            "version = :ten version",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
    #[test]
    fn an_attribute_changes_once_in_an_update() {
        let values = HashMap::from([(":ten".to_owned(), Scalar::N("10".into()))]);
        let bindings = Bindings { names: None, values: Some(&values) };
        let done = |text| changes(text, bindings, &Attributes::default()).map(|done| done.len());
        assert_eq!(done("SET a = :ten, b = :ten REMOVE c"), Ok(3));
        for text in ["SET a = :ten, a = :ten", "SET a = :ten REMOVE a"] {
            assert!(done(text).is_err(), "{text}");
        }
    }
}
