//! Which touches are gained, lost or moved.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::channel::Channel;
use crate::touch::{TouchId, TouchRecord, TouchStatus};

/// How a touch differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The proposed rules send it, and the others do not.
    Gained,
    /// The other way round.
    Lost,
    /// Both send it, at different instants or through different channels.
    Moved,
}

/// A touch that differs, as either rehearsal tells it: `None` where it has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changed<'a> {
    /// How it differs.
    pub change: Change,
    /// By the base.
    pub before: Option<&'a TouchRecord>,
    /// By the proposed rules.
    pub after: Option<&'a TouchRecord>,
}

/// How many touches differ, and how many are sent by both alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effects {
    /// Sent by the proposed rules alone.
    pub gained: usize,
    /// Sent by the base alone.
    pub lost: usize,
    /// Sent by both, not alike.
    pub moved: usize,
    /// Sent by both alike.
    pub unchanged: usize,
}

impl Effects {
    /// Whether every touch is sent as before.
    pub fn are_none(&self) -> bool {
        self.gained + self.lost + self.moved == 0
    }

    fn count(&mut self, change: Option<Change>) {
        *match change {
            Some(Change::Gained) => &mut self.gained,
            Some(Change::Lost) => &mut self.lost,
            Some(Change::Moved) => &mut self.moved,
            None => &mut self.unchanged,
        } += 1;
    }

    fn add(&mut self, other: &Effects) {
        self.gained += other.gained;
        self.lost += other.lost;
        self.moved += other.moved;
        self.unchanged += other.unchanged;
    }
}

/// What becomes of the touches that the base still has pending at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// They stay pending, for the same instant.
    pub kept: usize,
    /// They stay pending, for another instant.
    pub retimed: usize,
    /// They are pending no more.
    pub ended: usize,
}

/// How many touches are sent on a local day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// All of them.
    pub touches: usize,
    /// Those of them that are calls.
    pub calls: usize,
}

impl Sent {
    fn count(&mut self, record: &TouchRecord) {
        self.touches += 1;
        self.calls += usize::from(record.channel == Channel::Call);
    }

    fn add(&mut self, other: Sent) {
        self.touches += other.touches;
        self.calls += other.calls;
    }
}

/// What is sent on a local day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// By the base.
    pub before: Sent,
    /// By the proposed rules.
    pub after: Sent,
}

/// A step of a rule, and through which channel it goes out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    rule: String,
    step: String,
    channel: Channel,
}

/// Two rehearsals of the same history, compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Of all rules together.
    pub effects: Effects,
    /// Of each step of each rule.
    steps: BTreeMap<Step, Effects>,
    /// Of each local day of the customers.
    pub days: BTreeMap<Date, Day>,
    /// Of the touches that are pending at the end.
    pub pending: Pending,
}

impl Comparison {
    /// Compares the touches of one customer, each in the order of touch ids, and
    /// tells of each that differs. Each rehearsal comes with the customer's zone.
    pub fn take<'a>(
        &mut self,
        (before, zone_before): (&'a [TouchRecord], &TimeZone),
        (after, zone_after): (&'a [TouchRecord], &TimeZone),
        mut tell: impl FnMut(Changed<'a>),
    ) {
        let sent = |record: &&TouchRecord| record.status == TouchStatus::Sent;
        for record in before.iter().filter(sent) {
            self.days.entry(record.at.date_in(zone_before)).or_default().before.count(record);
        }
        for record in after.iter().filter(sent) {
            self.days.entry(record.at.date_in(zone_after)).or_default().after.count(record);
        }
        let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(after)) => before.touch.cmp(&after.touch),
            };
            let old = before.next_if(|_| order != Ordering::Greater);
            let new = after.next_if(|_| order != Ordering::Less);
            self.take_touch(old, new, &mut tell);
        }
    }

    fn take_touch<'a>(
        &mut self,
        before: Option<&'a TouchRecord>,
        after: Option<&'a TouchRecord>,
        tell: &mut impl FnMut(Changed<'a>),
    ) {
        let of = |status, record: Option<&'a TouchRecord>| record.filter(|r| r.status == status);
        if let Some(old) = of(TouchStatus::Pending, before) {
            match of(TouchStatus::Pending, after) {
                Some(new) if new.at == old.at => self.pending.kept += 1,
                Some(_) => self.pending.retimed += 1,
                None => self.pending.ended += 1,
            }
        }
        let sent = [before, after].map(|record| of(TouchStatus::Sent, record));
        let (record, change) = match sent {
            [None, None] => return,
            [None, Some(new)] => (new, Some(Change::Gained)),
            [Some(old), None] => (old, Some(Change::Lost)),
            [Some(old), Some(new)] => {
                let is_moved = old.at != new.at || old.channel != new.channel;
                (new, is_moved.then_some(Change::Moved))
            }
        };
        self.effects.count(change);
        let TouchId { rule, step, .. } = &record.touch;
        let step = Step { rule: rule.clone(), step: step.clone(), channel: record.channel };
        self.steps.entry(step).or_default().count(change);
        if let Some(change) = change {
            tell(Changed { change, before, after });
        }
    }

    /// Adds what was compared of other customers.
    pub fn add(&mut self, other: Comparison) {
        self.effects.add(&other.effects);
        for (step, effects) in other.steps {
            self.steps.entry(step).or_default().add(&effects);
        }
        for (day, sent) in other.days {
            let sum = self.days.entry(day).or_default();
            sum.before.add(sent.before);
            sum.after.add(sent.after);
        }
        self.pending.kept += other.pending.kept;
        self.pending.retimed += other.pending.retimed;
        self.pending.ended += other.pending.ended;
    }

    /// Of each rule and channel, in their order.
    pub fn by_rule(&self) -> BTreeMap<(&str, Channel), Effects> {
        let mut rules: BTreeMap<(&str, Channel), Effects> = BTreeMap::new();
        for (step, effects) in &self.steps {
            rules.entry((&step.rule, step.channel)).or_default().add(effects);
        }
        rules
    }

    /// Of one rule, or of one step of it alone.
    pub fn of(&self, rule: &str, step: Option<&str>) -> Effects {
        let is_it = |key: &&Step| key.rule == rule && step.is_none_or(|step| key.step == step);
        let mut sum = Effects::default();
        self.steps.iter().filter(|(key, _)| is_it(key)).for_each(|(_, effects)| sum.add(effects));
        sum
    }

    /// Whether nothing differs: neither what is sent nor what is pending.
    pub fn is_none(&self) -> bool {
        self.effects.are_none() && self.pending.retimed + self.pending.ended == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::instant::Instant;

    fn record(step: &str, status: TouchStatus, hour: i64, channel: Channel) -> TouchRecord {
        let at = Instant::from_millis(hour * 3_600_000);
        let customer = Id::new("ana").unwrap();
        let touch =
            TouchId { rule: "thanks".into(), customer, occurrence: "p".into(), step: step.into() };
        TouchRecord {
            touch,
            channel,
            status,
            at,
            due: at,
            enrolled_at: None,
            reason: None,
            variant: None,
            met: None,
            version: None,
            defers: Vec::new(),
        }
    }

    #[test]
    fn each_touch_is_gained_lost_moved_or_as_it_was() {
        use TouchStatus::{Cancelled, Pending, Sent, Skipped};
        let mail = Channel::Email;
        let before = [
            record("a", Sent, 1, mail),
            record("b", Sent, 2, mail),
            record("c", Sent, 3, mail),
            record("d", Skipped, 4, mail),
            record("e", Sent, 5, mail),
            record("g", Pending, 6, mail),
            record("h", Pending, 6, mail),
            record("i", Pending, 6, mail),
        ];
        let after = [
            record("a", Sent, 1, mail),
            record("b", Sent, 30, mail),
            record("c", Sent, 3, Channel::Call),
            record("d", Sent, 4, mail),
            record("e", Cancelled, 5, mail),
            record("f", Sent, 6, mail),
            record("g", Pending, 6, mail),
            record("h", Pending, 7, mail),
        ];
        let mut comparison = Comparison::default();
        let mut told = Vec::new();
        let utc = &TimeZone::UTC;
        comparison.take((&before, utc), (&after, utc), |changed| {
            let step = |record: Option<&TouchRecord>| record.map(|r| r.touch.step.clone());
            told.push((changed.change, step(changed.before).or(step(changed.after)).unwrap()));
        });
        let expected = [
            (Change::Moved, "b"),
            (Change::Moved, "c"),
            (Change::Gained, "d"),
            (Change::Lost, "e"),
            (Change::Gained, "f"),
        ];
        assert_eq!(told, expected.map(|(change, step)| (change, step.to_owned())));
        let effects = Effects { gained: 2, lost: 1, moved: 2, unchanged: 1 };
        assert_eq!(comparison.effects, effects);
        assert_eq!(comparison.by_rule()[&("thanks", Channel::Call)].moved, 1);
        assert_eq!(
            (comparison.of("thanks", Some("d")).gained, comparison.of("x", None).moved),
            (1, 0)
        );
        assert_eq!(comparison.pending, super::Pending { kept: 1, retimed: 1, ended: 1 });
        let of = |sent: super::Sent| (sent.touches, sent.calls);
        let days = comparison.days.values().map(|day| (of(day.before), of(day.after)));
        assert_eq!(days.collect::<Vec<_>>(), [((4, 0), (4, 1)), ((0, 0), (1, 0))]);
        let mut same = Comparison::default();
        same.take((&after, utc), (&after, utc), |_| panic!("nothing differs"));
        assert!(same.is_none() && !comparison.is_none());
    }
}
