//! The values that a condition met, for whoever asks why it did not hold.

use cel::Value;

use super::eval::{Node, Root, Run};
use super::values::number;
use super::{Condition, Values};

/// How many bytes are told of one condition: it is kept in the ledger, once for each
/// rule that an event did not start.
pub const MET_BYTES_MAX: usize = 200;

/// How many characters are told of a text, and how many elements of a list.
const TEXT_CHARS_MAX: usize = 24;
const ELEMENTS_MAX: usize = 3;

impl Condition {
    /// Each value that the condition names, once and in its order, such as
    /// `customer.purchases = 1; customer.last_csat = ?`, where `?` is what is not
    /// known; at most 200 bytes.
    pub fn met(&self, values: &impl Values) -> Box<str> {
        let mut asked = Vec::new();
        collect(&self.node, &mut asked);
        let mut told = String::new();
        for one in asked {
            let one = match one {
                Asked::Value(root, names) => {
                    let value = Run::new(values).known(root, names);
                    let value = value.map_or("?".into(), |value| shown(&value));
                    format!("{}.{} = {value}", root.name(), names.join("."))
                }
                Asked::Segment(name) => format!("segment({name:?}) = {}", values.segment(name)),
            };
            let joint = if told.is_empty() { "" } else { "; " };
            if told.len() + joint.len() + one.len() > MET_BYTES_MAX - '…'.len_utf8() {
                told.push('…');
                break;
            }
            told += joint;
            told += &one;
        }
        told.into()
    }
}

/// What a condition asks for.
#[derive(PartialEq)]
enum Asked<'a> {
    Value(Root, &'a [String]),
    Segment(&'a str),
}

/// What a node asks for and what those ask for that it is made of, each once.
fn collect<'a>(node: &'a Node, found: &mut Vec<Asked<'a>>) {
    let mut all = |nodes: &mut dyn Iterator<Item = &'a Node>| {
        nodes.for_each(|node| collect(node, found));
    };
    match node {
        Node::Path(root, names) | Node::Has(root, names) => {
            let asked = Asked::Value(*root, names);
            if !found.contains(&asked) {
                found.push(asked);
            }
        }
        Node::Segment(name) => {
            let asked = Asked::Segment(name);
            if !found.contains(&asked) {
                found.push(asked);
            }
        }
        Node::Literal(_) | Node::Whole(_) | Node::Now | Node::Local(_) => {}
        Node::Select(one, _)
        | Node::HasField(one, _)
        | Node::Not(one)
        | Node::Negate(one)
        | Node::NotFalse(one)
        | Node::Matches(one, _) => all(&mut std::iter::once(&**one)),
        Node::List(nodes) | Node::Call(_, nodes) => all(&mut nodes.iter()),
        Node::Map(entries) => all(&mut entries.iter().map(|(_, node)| node)),
        Node::And(both) | Node::Or(both) | Node::In(both) | Node::Index(both) => {
            all(&mut both.iter());
        }
        Node::Compare(_, both) | Node::Reckon(_, both) => all(&mut both.iter()),
        Node::If(parts) => all(&mut parts.iter()),
        Node::Fold(fold) => {
            all(&mut [&fold.over, &fold.begin, &fold.goes_on, &fold.step, &fold.result].into_iter());
        }
    }
}

/// A value in few characters.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > TEXT_CHARS_MAX => {
            let begin: String = text.chars().take(TEXT_CHARS_MAX).collect();
            format!("{:?}", begin + "…")
        }
        Value::String(text) => format!("{text:?}"),
        Value::Bool(one) => one.to_string(),
        Value::Timestamp(at) => at.format("%Y-%m-%dT%H:%MZ").to_string(),
        Value::Duration(long) => format!("{} days", long.num_days()),
        Value::List(list) => {
            let mut parts: Vec<String> = list.iter().take(ELEMENTS_MAX).map(shown).collect();
            if list.len() > ELEMENTS_MAX {
                parts.push("…".into());
            }
            format!("[{}]", parts.join(", "))
        }
        other => match number(other) {
            // Not more digits than anybody reads.
            Some(number) => ((number * 100.0).round() / 100.0).to_string(),
            None => "…".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::condition::Condition;
    use crate::customer::Customer;
    use crate::event::EventKind;
    use crate::id::Id;
    use crate::instant::Instant;
    use crate::rulebook::RuleBook;
    use crate::view::View;

    use super::MET_BYTES_MAX;

    fn met(source: &str) -> String {
        let policy = ("policy.yaml".to_owned(), "default_time_zone: UTC".to_owned());
        let book = RuleBook::read(&[policy]).unwrap();
        let customer = Customer::new(Id::new("ana").unwrap());
        let condition = Condition::compile(source, Some(EventKind::CallReported)).unwrap();
        let detail = serde_json::json!({ "note": "a".repeat(100), "outcome": "reached" });
        let detail = crate::event::Detail(detail.to_string().into());
        let view = View { event: Some(&detail), ..View::of(&customer, &book, Instant::MAX) };
        condition.met(&view).into()
    }

    #[test]
    fn each_value_that_is_named_is_told_once() {
        assert_eq!(
            met("customer.purchases >= 2 && (customer.last_csat > 3 || customer.purchases == 7)"),
            "customer.purchases = 0; customer.last_csat = ?"
        );
        assert_eq!(met("event.outcome in ['voicemail']"), "event.outcome = \"reached\"");
        assert_eq!(met("!('a' in customer.interests)"), "customer.interests = []");
    }

    #[test]
    fn what_is_told_is_bounded() {
        let note = met("has(event.note) && event.note == 'x'");
        assert_eq!(note, format!("event.note = \"{}…\"", "a".repeat(24)));
        let many: Vec<String> =
            (0..30).map(|n| format!("customer.attributes.a{n} == {n}")).collect();
        let told = met(&many.join(" || "));
        assert!(told.len() <= MET_BYTES_MAX && told.ends_with('…'), "{told}");
    }
}
