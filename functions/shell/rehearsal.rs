//! One customer's history rehearsed by other rules: what they would have got, and what of
//! it is different.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use lazo_domain::event::{BadEvent, Delivered, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, simulate};
use lazo_domain::touch::{TouchRecord, TouchStatus};

use super::store::{EventEntry, KeptEvent, Store, StoreError};

/// How a touch differs under the other rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It goes by the other rules alone.
    Gained,
    /// It goes by these rules alone.
    Lost,
    /// It goes by both, at another time or by another channel.
    Moved,
    /// It goes by both, or by neither.
    Same,
}

impl Difference {
    /// What is different, given what becomes of a touch by these rules and by the others.
    pub fn of(before: Option<&TouchRecord>, after: Option<&TouchRecord>) -> Difference {
        let goes = |record: &&TouchRecord| {
            matches!(record.status, TouchStatus::Sent | TouchStatus::Pending)
        };
        match (before.filter(goes), after.filter(goes)) {
            (None, Some(_)) => Difference::Gained,
            (Some(_), None) => Difference::Lost,
            (Some(a), Some(b)) if (a.at, a.channel) != (b.at, b.channel) => Difference::Moved,
            _ => Difference::Same,
        }
    }

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Difference::Gained => "gained",
            Difference::Lost => "lost",
            Difference::Moved => "moved",
            Difference::Same => "unchanged",
        }
    }
}

/// Why a history cannot be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The table could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is kept of an event does not fit any more.
    #[error("an event that is kept cannot be read: {0}")]
    Event(#[from] BadEvent),
}

/// What was told of a customer, under all of their ids; empty where nothing is kept.
///
/// # Errors
/// [`RehearsalError`] where the table does not answer or an event cannot be read.
pub async fn told_of(store: &Store, id: &Id) -> Result<Vec<Delivered>, RehearsalError> {
    let customer = store.load(id).await?.customer;
    let mut ids = vec![id.clone()];
    ids.extend(customer.merged.iter().map(|alias| alias.id.clone()));
    let mut entries = Vec::new();
    for id in ids {
        entries.extend(store.ledger(&id).await?.0);
    }
    delivered(entries)
}

/// The events of some entries, as the bus would bring them.
///
/// # Errors
/// [`RehearsalError::Event`] where one cannot be read.
pub fn delivered(
    entries: impl IntoIterator<Item = EventEntry>,
) -> Result<Vec<Delivered>, RehearsalError> {
    let kept = entries.into_iter().filter_map(KeptEvent::of);
    kept.map(|kept| Ok(from_wire(&kept.envelope())?)).collect()
}

/// A customer's history by some rules: what became of each touch, and the customer's zone.
pub fn rehearse(
    id: &Id,
    events: &[Delivered],
    book: &RuleBook,
    period: Period,
) -> (Vec<TouchRecord>, TimeZone) {
    let outcome = simulate(id.clone(), &mut events.to_vec(), &[], book, period);
    let zone = outcome.customer.zone(&book.default_zone).into_owned();
    (outcome.touches, zone)
}

/// Each touch by both rules, by when it was and its id.
pub fn side_by_side<'a>(
    before: &'a [TouchRecord],
    after: &'a [TouchRecord],
) -> Vec<(String, [Option<&'a TouchRecord>; 2])> {
    let mut all: BTreeMap<String, [Option<&TouchRecord>; 2]> = BTreeMap::new();
    for (side, records) in [before, after].into_iter().enumerate() {
        for record in records {
            all.entry(record.touch.to_string()).or_default()[side] = Some(record);
        }
    }
    let at = |[before, after]: &[Option<&TouchRecord>; 2]| after.or(*before).map(|one| one.at);
    let mut told: Vec<_> = all.into_iter().collect();
    told.sort_by(|(a, one), (b, other)| (at(one), a).cmp(&(at(other), b)));
    told
}

/// What became of the touches of one rule, the earliest first: by rules in which it is
/// live, from an instant on.
pub fn of_rule(
    id: &Id,
    events: &[Delivered],
    book: &RuleBook,
    rule: &str,
    [from, until]: [Instant; 2],
) -> Vec<TouchRecord> {
    let book = book.as_if_live(rule);
    let (mut touches, _) = rehearse(id, events, &book, Period { from, until });
    touches.retain(|one| one.touch.rule == rule);
    touches.sort_by(|a, b| (a.at, &a.touch).cmp(&(b.at, &b.touch)));
    touches
}
