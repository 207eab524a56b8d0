//! How touches ended, by when: for whoever looks at a day. They stand in the index of
//! lists, under names that no person or team has.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::table::shard_of;
use super::{Item, Store, StoreError, TouchEntry, TouchState, keys};

/// How many partitions they are spread over. Reading all of them is what a day costs.
const ENDED_SHARDS: u8 = 4;

/// A touch that ended, as far as the index tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedTouch {
    /// Which touch.
    pub touch: TouchId,
    /// When it went out or ended.
    pub at: Instant,
    /// Whether it went out.
    pub went_out: bool,
}

/// The touches that ended in a span of time, the earliest first.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Those that were read.
    pub touches: Vec<EndedTouch>,
    /// There are more than were asked for: the counts are at least these.
    pub is_more: bool,
}

/// Puts a touch that ended into the index.
pub(in crate::shell::store) fn mark(item: &mut Item, id: &Id, entry: &TouchEntry) {
    let went_out = match entry.state {
        TouchState::Fenced | TouchState::PutBack => return,
        TouchState::Sent => true,
        TouchState::Skipped | TouchState::Cancelled | TouchState::HeldOut => false,
    };
    let list = list(went_out, shard_of(id) % ENDED_SHARDS);
    item.insert("calls_of".into(), AttributeValue::S(list));
    item.insert("calls_by".into(), AttributeValue::N(entry.at.millis().to_string()));
}

fn list(went_out: bool, shard: u8) -> String {
    format!("ended#{}#{shard}", if went_out { "out" } else { "not" })
}

impl Store {
    /// The touches that went out or ended in a span of time, at most so many of each of
    /// eight parts: eight requests, however many customers there are.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn ended(
        &self,
        (from, until): (Instant, Instant),
        of_each: usize,
    ) -> Result<Ended, StoreError> {
        let lists = [true, false].into_iter().flat_map(|went_out| {
            (0..ENDED_SHARDS).map(move |shard| (went_out, list(went_out, shard)))
        });
        let asked = lists.map(async |(went_out, list)| {
            let query = self
                .client
                .query()
                .index_name("calls")
                .key_condition_expression("calls_of = :of AND calls_by BETWEEN :from AND :until")
                .expression_attribute_values(":of", AttributeValue::S(list))
                .expression_attribute_values(":from", AttributeValue::N(from.millis().to_string()))
                .expression_attribute_values(
                    ":until",
                    AttributeValue::N(until.millis().to_string()),
                );
            let found = self.first_of(query, of_each).await?;
            let touches = found.iter().map(|item| ended_at(item, went_out));
            touches.collect::<Result<Vec<Option<EndedTouch>>, StoreError>>()
        });
        let mut ended = Ended::default();
        for found in futures::future::join_all(asked).await {
            let found = found?;
            ended.is_more |= found.len() >= of_each;
            ended.touches.extend(found.into_iter().flatten());
        }
        ended.touches.sort_by(|a, b| (a.at, &a.touch).cmp(&(b.at, &b.touch)));
        Ok(ended)
    }
}

fn ended_at(item: &Item, went_out: bool) -> Result<Option<EndedTouch>, StoreError> {
    let touch = keys::touch_at(keys::text(item, "pk")?, keys::text(item, "sk")?);
    let at = keys::instant(item, "calls_by")?;
    Ok(touch.map(|touch| EndedTouch { touch, at, went_out }))
}
