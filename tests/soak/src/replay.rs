//! An archive replayed into the live table: nothing goes out, and the state
//! stays what it was.

use std::collections::BTreeMap;

use anyhow::bail;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lazo::ingest;
use lazo_domain::instant::Instant;
use lazo_fake_aws::Aws;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::life::DAY;
use super::totals::StateHash;
use super::world::{Sent, World};

/// How many changed items are told.
const SHOWN: usize = 5;

/// How many records a replayed batch has.
const BATCH: usize = 10;

/// Attributes that only keep the books: how often an item was written, and when
/// it is looked at next. Whoever looks finds nothing to do.
const BOOKS: [&str; 1] = ["version"];

/// What a shop has stored: of each item by its key a hash, without [`BOOKS`], in
/// whatever order its attributes were written.
struct State(BTreeMap<String, [u8; 32]>);

impl State {
    /// Customers, ledger, failures: all of it.
    ///
    /// # Errors
    /// Where an item is no JSON.
    fn of(aws: &Aws) -> anyhow::Result<State> {
        let (mut items, mut unread) = (BTreeMap::new(), None);
        aws.each_item(|text| match serde_json::from_str::<Value>(text) {
            Ok(item) => {
                let mut hash = Sha256::new();
                add(&item, &mut hash, true);
                items.insert(format!("{} {}", item["pk"], item["sk"]), hash.finalize().into());
            }
            Err(error) => unread = Some(error),
        });
        match unread {
            Some(error) => Err(error.into()),
            None => Ok(State(items)),
        }
    }

    fn hash(&self) -> StateHash {
        let hashes = self.0.values().fold(Sha256::new(), |all, hash| all.chain_update(hash));
        StateHash(hashes.finalize().into())
    }

    /// The keys of the items that another state has otherwise, or not at all.
    fn differences<'a>(&'a self, other: &'a State) -> impl Iterator<Item = &'a str> {
        let (mine, theirs) = (&self.0, &other.0);
        let changed = mine.iter().filter(|(key, hash)| theirs.get(*key) != Some(*hash));
        let new = theirs.keys().filter(|key| !mine.contains_key(*key));
        changed.map(|(key, _)| key).chain(new).map(String::as_str)
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

/// Whether an event was acknowledged.
fn is_known(world: &World, sent: &Sent) -> bool {
    let fact = &world.facts[sent.customer][sent.fact];
    let sure = if sent.is_of_guest { fact.of_guest.sure } else { fact.sure };
    sure <= world.now
}

/// Replays up to so many of a shop's events a month after its end, and counts
/// them.
///
/// # Errors
/// Where something goes out, is given back, or the state is another one.
pub async fn replay(world: &mut World, most: usize) -> anyhow::Result<()> {
    let before = State::of(&world.aws)?;
    let now = Instant::from_millis(world.setup.years.until + 30 * DAY);
    let (mails, app) = (world.aws.mail.count(), world.app.clone());
    let texts: Vec<_> = world.events.iter().filter(|sent| is_known(world, sent)).collect();
    let texts = &texts[..texts.len().min(most)];
    for batch in texts.chunks(BATCH) {
        let mut event = SqsEvent::default();
        for (number, sent) in batch.iter().enumerate() {
            let mut message = SqsMessage::default();
            message.message_id = Some(number.to_string());
            message.body = Some(sent.text.to_string());
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
    let after = State::of(&world.aws)?;
    world.totals.replayed += texts.len() as u64;
    world.totals.state_before_replay.add(before.hash());
    world.totals.state_after_replay.add(after.hash());
    let differences: Vec<&str> = before.differences(&after).collect();
    if !differences.is_empty() {
        let (count, shown) = (differences.len(), &differences[..differences.len().min(SHOWN)]);
        bail!("a replay changed {count} items: {}", shown.join(", "));
    }
    Ok(())
}
