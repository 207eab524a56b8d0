//! What the shop publishes, and whom it interests.

use std::rc::Rc;

use fastrand::Rng;
use serde_json::json;

use super::fact::{Fact, NEVER, Topic, What};
use super::happening::Happening;
use super::life::{DAY, SECOND, Years, topic_name};
use super::people::{Person, TOPICS};

/// So often something is published.
const EVERY: i64 = 40 * DAY;

/// A piece that was published.
#[derive(Clone, Debug)]
pub struct Piece {
    id: String,
    topic: Topic,
    pub occurred: i64,
    pub text: Rc<str>,
    /// Since when the product may have it, and since when it must.
    pub maybe: i64,
    pub sure: i64,
}

/// All that a shop publishes.
pub fn pieces(rng: &mut Rng, years: Years) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = years.from + rng.i64(0..EVERY) / SECOND * SECOND;
    while at < years.until {
        let (id, topic) = (format!("piece-{}", pieces.len()), rng.u8(..TOPICS));
        let text = Happening::new(
            Fact::new(What::Published, &id, at),
            json!({
                "content_id": id, "title": id, "url": "https://soak.example/piece",
                "topics": [topic_name(topic)],
            }),
        );
        let text = text.of_nobody().into();
        pieces.push(Piece { id, topic, occurred: at, text, maybe: NEVER, sure: NEVER });
        at += EVERY / 2 + rng.i64(0..EVERY) / SECOND * SECOND;
    }
    pieces
}

/// What was published of what interests a customer. Whoever was known to be
/// interested must be reached; others may.
pub fn facts<'a>(
    pieces: &'a [Piece],
    person: &'a Person,
    known: &'a [Fact],
) -> impl Iterator<Item = Fact> + 'a {
    let told = known
        .iter()
        .find(|fact| matches!(&fact.what, What::Profile(told) if told.interest.is_some()));
    let is_erased =
        known.iter().any(|fact| matches!(fact.what, What::Erased) && fact.maybe < NEVER);
    pieces.iter().filter(|piece| Some(piece.topic) == person.interest).map(move |piece| {
        let is_known = told.is_some_and(|told| {
            told.occurred < piece.occurred && told.sure < piece.sure && !is_erased
        });
        let sure = if is_known { piece.sure } else { NEVER };
        Fact { maybe: piece.maybe, sure, ..Fact::new(What::Published, &piece.id, piece.occurred) }
    })
}
