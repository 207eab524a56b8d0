//! A customer as a DynamoDB item, with the alarms that wake it.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::customer::{Customer, Enrolment, SendAnswer, Sending};
use lazo_domain::event::impersonal;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::stage::Stage;

use super::sections::{self, Encoded, number};
use super::table::{self, Alarm};
use super::{
    Checks, Item, Loaded, SEARCH_FORMAT, SETTLE_AFTER, StoreError, UNKNOWN_AFTER, details, format,
    keys, search,
};

/// How long a customer is left alone though no stage was to change yet: a model
/// that was fitted since may judge otherwise. At least, and at most; in between,
/// until half of the time is over that they were to stay as they are.
const REVIEW_AFTER: [i64; 2] = [30 * DAY_MILLIS, 120 * DAY_MILLIS];

/// The same of one whose relationship is over: no model judges the past anew,
/// and whoever fits one finds them by this alarm still.
const REVIEW_ENDED_AFTER: i64 = 365 * DAY_MILLIS;

/// How long a calendar is left alone of which no rule wants anything. By this
/// alarm the index lists everybody, so that a rule which is new finds them.
const LOOK_AFTER: i64 = 400 * DAY_MILLIS;

/// When a customer's item asks for attention, alarm by alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    due: Option<Instant>,
    occasion: Option<Instant>,
    review: Option<Instant>,
}

impl Alarms {
    /// The alarms that a new state needs. One that would ring too early stays
    /// as it is: moving it costs two index writes, an early ring one read.
    pub fn moved(self, customer: &Customer, now: Instant) -> Alarms {
        let lazily = |set: Option<Instant>, needed: Option<Instant>| match (set, needed) {
            (Some(set), Some(needed)) if now < set && set <= needed => Some(set),
            (_, needed) => needed,
        };
        let unconfirmed = customer.enrolments.iter().filter_map(settle_at);
        let is_known = customer.erased_at.is_none() && customer.merged_into.is_none();
        let look = is_known.then(|| now.plus_millis(LOOK_AFTER));
        let occasion = customer.next_occasion.into_iter().chain(look).min();
        // Somebody without a purchase cannot drift away.
        let review = customer.forecast.map(|_| next_review(customer, now));
        let due = customer.next_due().into_iter().chain(unconfirmed).min();
        // What is being handed over is confirmed in a moment. The alarm that rang for it
        // stays until then; where its worker is gone, the next one is woken by it.
        let is_expected = |sending: &Sending| sending.answer == SendAnswer::Expected;
        let rung = self.due.filter(|set| {
            let mut under_way = customer.enrolments.iter().filter_map(Enrolment::sending);
            *set <= now && under_way.any(is_expected)
        });
        Alarms {
            due: rung.or_else(|| lazily(self.due, due)),
            occasion: lazily(self.occasion, occasion),
            review: lazily(self.review, review),
        }
    }

    /// Whether the index wakes somebody up for it by `now`.
    pub fn ring(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Whether any of the alarms has rung by `now`.
    pub fn any_rings(&self, now: Instant) -> bool {
        self.each().iter().any(|(_, at)| at.is_some_and(|at| at <= now))
    }

    fn each(&self) -> [(Alarm, Option<Instant>); 3] {
        [(Alarm::Due, self.due), (Alarm::Occasion, self.occasion), (Alarm::Review, self.review)]
    }
}

/// When a customer's stage is looked at again.
fn next_review(customer: &Customer, now: Instant) -> Instant {
    let is_over = customer.stages.last().is_some_and(|last| last.stage == Stage::Ended);
    let (next, [least, most]) = (customer.next_review, REVIEW_AFTER);
    let half = next.map_or(most, |next| (next.millis() - now.millis()) / 2);
    let after = if is_over { REVIEW_ENDED_AFTER } else { half.clamp(least, most) };
    let review = now.plus_millis(after);
    next.map_or(review, |next| next.min(review))
}

/// When a touch on its way out is looked at again.
fn settle_at(enrolment: &Enrolment) -> Option<Instant> {
    let sending = enrolment.sending()?;
    let after = match sending.answer {
        SendAnswer::Expected => SETTLE_AFTER,
        SendAnswer::Lost => UNKNOWN_AFTER,
        SendAnswer::Listed => return None,
    };
    Some(sending.since.plus_millis(after.as_millis() as i64))
}

/// What a look at a calendar may change in an item, and to what.
pub fn of_look(loaded: &Loaded) -> Vec<(&'static str, Option<AttributeValue>)> {
    let number = |at: Instant| AttributeValue::N(at.millis().to_string());
    let version = AttributeValue::N(loaded.version.to_string());
    let looked = loaded.customer.occasions_until.map(number);
    let mut changes = vec![("version", Some(version)), ("occasions_until", looked)];
    let shard = table::shard_of(&loaded.customer.id);
    for (alarm, at) in loaded.alarms.each() {
        let name = at.map(|_| AttributeValue::S(alarm.shard(shard)));
        changes.extend([(alarm.shard_attribute(), name), (alarm.at_attribute(), at.map(number))]);
    }
    changes
}

/// A customer's state as it is written: its item, and what goes with it.
pub fn encode(loaded: &Loaded) -> Result<Encoded, StoreError> {
    let without = details::leave_out(&loaded.customer);
    let customer = without.as_ref().unwrap_or(&loaded.customer);
    let id = &customer.id;
    let mut encoded = sections::encode(customer, loaded.version, &loaded.sections)?;
    let item = &mut encoded.hot;
    item.extend(keys::keyed(keys::customer(id), keys::STATE));
    item.insert(sections::VERSION.into(), AttributeValue::N(loaded.version.to_string()));
    format::stamp(item);
    if loaded.is_searchable {
        item.insert(search::SEARCHABLE.into(), AttributeValue::N(SEARCH_FORMAT.to_string()));
    }
    for (alarm, at) in loaded.alarms.each() {
        let Some(at) = at else { continue };
        let shard = alarm.shard(table::shard_of(id));
        item.insert(alarm.shard_attribute().into(), AttributeValue::S(shard));
        item.insert(alarm.at_attribute().into(), AttributeValue::N(at.millis().to_string()));
    }
    Ok(encoded)
}

/// A customer as read: the item `state`, and the parts of its sections; `None` where
/// they were not written together.
pub fn decode(id: &Id, item: &Item, parts: &[Item]) -> Result<Option<Loaded>, StoreError> {
    let unreadable =
        |why: String| StoreError::Unreadable { key: keys::customer(id), why: impersonal(&why) };
    format::check(item)?;
    let version = number(item, sections::VERSION);
    let version = version.ok_or_else(|| unreadable("has no version".into()))?.unsigned_abs();
    let at = |alarm: Alarm| number(item, alarm.at_attribute()).map(Instant::from_millis);
    let alarms =
        Alarms { due: at(Alarm::Due), occasion: at(Alarm::Occasion), review: at(Alarm::Review) };
    let read = sections::decode(id, item, parts).map_err(unreadable)?;
    let checks = Checks::default();
    let is_searchable = number(item, search::SEARCHABLE) == Some(SEARCH_FORMAT);
    Ok(read.map(|(customer, sections)| Loaded {
        customer,
        version,
        alarms,
        checks,
        sections,
        is_searchable,
    }))
}

#[cfg(test)]
mod tests {
    use lazo_domain::stage::Entered;

    use super::*;

    /// After how many days somebody is looked at whose stage changes in so many.
    fn looked_at(next: Option<i64>, stage: Stage) -> i64 {
        let now = Instant::from_millis(1_800_000_000_000);
        let mut customer = Customer::new(Id::new("c").unwrap());
        customer.stages = vec![Entered { stage, at: now, is_day: true, learnt_at: None }];
        customer.next_review = next.map(|days| now.plus_millis(days * DAY_MILLIS));
        (next_review(&customer, now).millis() - now.millis()) / DAY_MILLIS
    }

    #[test]
    fn half_of_the_time_until_a_stage_changes_may_pass_without_a_look() {
        let looks = [20, 30, 40, 100, 240, 600].map(|days| looked_at(Some(days), Stage::Expansion));
        assert_eq!(looks, [20, 30, 30, 50, 120, 120]);
        assert_eq!(looked_at(None, Stage::Commitment), 120);
        assert_eq!(looked_at(None, Stage::Ended), 365);
    }
}
