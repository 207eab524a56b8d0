//! An archive replayed into the live table: nothing goes out, and the state
//! stays what it was.

use anyhow::bail;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lazo::ingest;
use lazo::rehearsal::Aws;
use lazo_domain::instant::Instant;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::life::DAY;
use super::world::World;

/// How many records a replayed batch has.
const BATCH: usize = 10;

/// Attributes that only keep the books: how often an item was written, and when
/// it is looked at next. Whoever looks finds nothing to do.
const BOOKS: [&str; 1] = ["version"];

/// The hash of all that is stored: customers, ledger, failures, each item
/// without [`BOOKS`], in whatever order its attributes were written.
pub fn state_hash(aws: &Aws) -> anyhow::Result<[u8; 32]> {
    let mut all = Sha256::new();
    for text in aws.dump() {
        let item: Value = serde_json::from_str(&text)?;
        add(&item, &mut all, true);
    }
    Ok(all.finalize().into())
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

/// Replays up to so many of a shop's events a month after its end; how many.
///
/// # Errors
/// Where something goes out, is given back, or the state is another one.
pub async fn replay(world: &mut World, most: usize) -> anyhow::Result<u64> {
    let before = state_hash(&world.aws)?;
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
    if state_hash(&world.aws)? != before {
        bail!("a replay changed the state");
    }
    Ok(texts.len() as u64)
}
