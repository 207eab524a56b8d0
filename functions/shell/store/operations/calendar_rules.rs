//! Since when the rules of the calendar are in force, and how far customers have
//! been looked at for those that are new: one item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::CalendarRule;
use serde::{Deserialize, Serialize};

use super::table::Alarm;
use super::{Store, StoreError, format, keys};

/// What is known of the rules of the calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarRules {
    /// Every rule that is in force, with since when; `None` for ever.
    pub since: BTreeMap<CalendarRule, Option<Instant>>,
    /// By which form of the index of searches everybody is found, or will be once the
    /// way is done.
    #[serde(default)]
    pub search_format: i64,
    /// The way to everybody for rules that are new, where it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tour: Option<Tour>,
}

/// A way along the index of calendars' alarms, customer by customer. One that is
/// stored without its place, as former versions did, begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tour {
    /// Not before.
    pub begins: Instant,
    /// The shard that it has come to, and behind whom it goes on.
    #[serde(default)]
    pub at_shard: u8,
    /// The last customer of that shard who is done; `None` at the shard's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_to: Option<Place>,
}

/// A place in a shard of an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When the customer's alarm rings.
    pub at: Instant,
    /// Whose alarm it is.
    pub customer: Id,
}

impl Store {
    /// What was last known of the rules of the calendar, `None` while nothing was.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn calendar_rules(&self) -> Result<Option<CalendarRules>, StoreError> {
        let Some(item) = self.get(keys::calendar_rules()).await? else { return Ok(None) };
        format::check(&item)?;
        let unreadable = |error: serde_json::Error| StoreError::Unreadable {
            key: keys::CALENDAR_RULES.into(),
            why: error.to_string(),
        };
        Ok(Some(serde_json::from_str(keys::text(&item, "rules")?).map_err(unreadable)?))
    }

    /// Keeps what is known of the rules of the calendar from here on.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_calendar_rules(&self, published: &CalendarRules) -> Result<(), StoreError> {
        let text = serde_json::to_string(published);
        let text = text.map_err(|error| StoreError::Unwritable(error.to_string()))?;
        let mut item = keys::calendar_rules();
        item.insert("rules".into(), AttributeValue::S(text));
        format::stamp(&mut item);
        self.put(item).await
    }

    /// A page of the customers of one shard who have an alarm, whenever it rings:
    /// from behind a place on, in the order of time.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn alarmed_behind(
        &self,
        alarm: Alarm,
        shard: u8,
        behind: Option<&Place>,
        limit: i32,
    ) -> Result<Vec<Place>, StoreError> {
        let start = behind.map(|Place { at, customer }| {
            let mut key = keys::keyed(keys::customer(customer), keys::STATE);
            key.insert(alarm.shard_attribute().into(), AttributeValue::S(alarm.shard(shard)));
            key.insert(alarm.at_attribute().into(), AttributeValue::N(at.millis().to_string()));
            key
        });
        let query = self.ringing_until(alarm, shard, Instant::MAX, limit);
        let answer = query.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let place = |item| {
            let customer = keys::customer_of(item)?;
            Ok(Place { at: keys::instant(item, alarm.at_attribute())?, customer })
        };
        answer.items().iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tour_that_a_former_version_left_under_way_begins_anew() {
        let left = r#"{"since":{"b: birthday, Feb28":7},"tour":{"begins":9,"shard":3,
            "legs":[{"alarm":"occasion","until":11}],"behind":{"at":10,"customer":"ana"}}}"#;
        let published: CalendarRules = serde_json::from_str(left).unwrap();
        let begins = Instant::from_millis(9);
        assert_eq!(published.tour, Some(Tour { begins, at_shard: 0, gone_to: None }));
    }
}
