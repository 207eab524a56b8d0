//! Conditions that are false of every customer: `false`, a side of `&&` that is, and
//! bounds of one value that leave it no room.

use cel::Value;

use super::eval::{Node, Root};
use super::values::{Comparison, number};

/// Whether a condition is false, or misses a value, whoever the customer is.
pub(super) fn never_holds(node: &Node) -> bool {
    match node {
        Node::Literal(Value::Bool(holds)) => !holds,
        Node::Or(both) => both.iter().all(never_holds),
        Node::And(_) => {
            let mut parts = Vec::new();
            conjuncts(node, &mut parts);
            parts.iter().any(|part| never_holds(part)) || leaves_no_room(&parts)
        }
        Node::Compare(..) => leaves_no_room(&[node]),
        _ => false,
    }
}

/// What `&&` puts together.
fn conjuncts<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    match node {
        Node::And(both) => both.iter().for_each(|one| conjuncts(one, found)),
        one => found.push(one),
    }
}

/// What comparisons leave of a value.
struct Room<'a> {
    of: (Root, &'a [String]),
    /// The least, and whether it may be that.
    least: (f64, bool),
    most: (f64, bool),
    text: Option<&'a str>,
    is_empty: bool,
}

impl<'a> Room<'a> {
    fn of(root: Root, names: &'a [String]) -> Room<'a> {
        let name = names.first().map(String::as_str).filter(|_| root == Root::Customer);
        let (least, most) = match name {
            Some("last_nps") => (0.0, 10.0),
            Some("last_csat") => (1.0, 5.0),
            Some("p_alive" | "p_active") => (0.0, 1.0),
            Some(
                "purchases"
                | "complaints"
                | "open_complaints"
                | "days_since_purchase"
                | "days_since_complaint",
            ) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let of = (root, names);
        Room { of, least: (least, true), most: (most, true), text: None, is_empty: false }
    }

    fn bound(&mut self, comparison: Comparison, value: &'a Value) {
        if let (Comparison::Equal, Value::String(text)) = (comparison, value) {
            self.is_empty |= self.text.is_some_and(|known| known != text.as_str());
            self.text = Some(text);
        }
        let Some(number) = number(value) else { return };
        let (least, most) = match comparison {
            Comparison::Equal => (Some((number, true)), Some((number, true))),
            Comparison::Greater => (Some((number, false)), None),
            Comparison::GreaterOrEqual => (Some((number, true)), None),
            Comparison::Less => (None, Some((number, false))),
            Comparison::LessOrEqual => (None, Some((number, true))),
            Comparison::NotEqual => (None, None),
        };
        // Of two alike the one that leaves its end out is narrower.
        if let Some(least) = least
            && (least.0 > self.least.0 || (least.0 == self.least.0 && !least.1))
        {
            self.least = least;
        }
        if let Some(most) = most
            && (most.0 < self.most.0 || (most.0 == self.most.0 && !most.1))
        {
            self.most = most;
        }
        let meets = self.least.1 && self.most.1;
        self.is_empty |= self.least.0 > self.most.0 || (self.least.0 == self.most.0 && !meets);
    }
}

/// Whether comparisons that must all hold contradict each other.
fn leaves_no_room(parts: &[&Node]) -> bool {
    let mut rooms: Vec<Room> = Vec::new();
    for part in parts {
        let Node::Compare(comparison, both) = part else { continue };
        let (comparison, root, names, value) = match &**both {
            [Node::Path(root, names), Node::Literal(value)] => (*comparison, root, names, value),
            [Node::Literal(value), Node::Path(root, names)] => {
                (turned(*comparison), root, names, value)
            }
            _ => continue,
        };
        let at = rooms.iter().position(|room| room.of == (*root, names.as_slice()));
        let at = at.unwrap_or_else(|| {
            rooms.push(Room::of(*root, names));
            rooms.len() - 1
        });
        rooms[at].bound(comparison, value);
    }
    rooms.iter().any(|room| room.is_empty)
}

/// `3 < x` is `x > 3`.
fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        alike => alike,
    }
}

#[cfg(test)]
mod tests {
    use crate::condition::Condition;

    #[test]
    fn a_contradiction_never_holds_and_a_narrow_range_may() {
        for (source, never) in [
            ("false", true),
            ("customer.purchases > 3 && customer.purchases < 3", true),
            ("customer.purchases >= 3 && customer.purchases <= 3", false),
            ("customer.purchases > 3 && (customer.last_csat > 1 && customer.purchases <= 3)", true),
            ("3 < customer.purchases && 4 >= customer.purchases", false),
            ("customer.last_nps > 10", true),
            ("customer.last_nps >= 10", false),
            ("customer.last_csat < 1 || customer.purchases == 2", false),
            ("customer.last_csat < 1 || customer.purchases < 0", true),
            ("customer.stage == 'awareness' && customer.stage == 'expansion'", true),
            ("customer.stage == 'awareness' && customer.country == 'MX'", false),
            ("customer.purchases != 3 && customer.purchases == 3 && true", false),
            ("customer.purchases == 3 && false", true),
            ("!(customer.purchases > 3)", false),
        ] {
            let condition = Condition::compile_segment(source).unwrap();
            assert_eq!(condition.never_holds(), never, "{source}");
        }
    }
}
