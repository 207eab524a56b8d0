//! An archive replayed into the live table: nothing goes out, and the state
//! stays what it was.

use std::fmt;

use anyhow::bail;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lazo::ingest;
use lazo::rehearsal::Aws;
use lazo_domain::instant::Instant;
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::life::DAY;
use super::world::World;

/// How many records a replayed batch has.
const BATCH: usize = 10;

/// Attributes that only keep the books: how often an item was written, and when
/// it is looked at next. Whoever looks finds nothing to do.
const BOOKS: [&str; 1] = ["version"];

/// A hash of all that shops have stored: of several shops, whichever came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateHash([u8; 32]);

impl StateHash {
    /// Of one shop: customers, ledger, failures, each item without [`BOOKS`], in
    /// whatever order its attributes were written.
    ///
    /// # Errors
    /// Where an item is no JSON.
    pub fn of(aws: &Aws) -> anyhow::Result<StateHash> {
        let (mut items, mut unread) = (Vec::new(), None);
        aws.each_item(|text| match serde_json::from_str(text) {
            Ok(item) => {
                let mut hash = Sha256::new();
                add(&item, &mut hash, true);
                items.push(<[u8; 32]>::from(hash.finalize()));
            }
            Err(error) => unread = Some(error),
        });
        if let Some(error) = unread {
            return Err(error.into());
        }
        items.sort_unstable();
        Ok(StateHash(Sha256::digest(items.concat()).into()))
    }

    /// Together with another shop's.
    pub fn add(&mut self, other: StateHash) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum ^= more);
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(16).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for StateHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn add(value: &Value, hash: &mut Sha256, is_item: bool) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            for name in names {
                if is_item && BOOKS.contains(&name.as_str()) {
                    continue;
                }
                hash.update(name);
                hash.update(":");
                add(&fields[name], hash, false);
            }
            hash.update(";");
        }
        Value::Array(values) => {
            values.iter().for_each(|value| add(value, hash, false));
            hash.update("]");
        }
        other => {
            hash.update(other.to_string());
            hash.update(",");
        }
    }
}

/// Replays up to so many of a shop's events a month after its end, and counts
/// them.
///
/// # Errors
/// Where something goes out, is given back, or the state is another one.
pub async fn replay(world: &mut World, most: usize) -> anyhow::Result<()> {
    let before = StateHash::of(&world.aws)?;
    let now = Instant::from_millis(world.setup.years.until + 30 * DAY);
    let (mails, app) = (world.aws.mail.count(), world.app.clone());
    let texts: Vec<_> =
        world.events.iter().filter(|(c, f, _)| world.facts[*c][*f].sure <= world.now).collect();
    let texts = &texts[..texts.len().min(most)];
    for batch in texts.chunks(BATCH) {
        let mut event = SqsEvent::default();
        for (number, (_, _, text)) in batch.iter().enumerate() {
            let mut message = SqsMessage::default();
            message.message_id = Some(number.to_string());
            message.body = Some(text.to_string());
            event.records.push(message);
        }
        let response = ingest::handle(&app, event, now).await;
        if !response.batch_item_failures.is_empty() {
            bail!("a replayed event was given back");
        }
    }
    let told = world.aws.bus.take();
    if world.aws.mail.count() != mails || !told.is_empty() {
        bail!("a replay sent {} mails, {told:?}", world.aws.mail.count() - mails);
    }
    let (count, after) = (texts.len() as u64, StateHash::of(&world.aws)?);
    world.totals.replayed += count;
    world.totals.state_before_replay.add(before);
    world.totals.state_after_replay.add(after);
    if after != before {
        bail!("a replay changed the state from {before} to {after}");
    }
    Ok(())
}
