//! What the product says in the end: its ledger, its state, its list of
//! failures, in the oracle's plain words.

use std::collections::{BTreeMap, BTreeSet};

use lazo::shell::store::{FailureKind, Store, StoreError, TouchState};
use lazo_domain::id::Id;

use super::fact::{NEVER, What};
use super::life::DAY;
use super::mailbox::as_own;
use super::malformed::Malformed;
use super::oracle::{
    self, Deferred, End, Observed, Pending, Refusal, Seen, Surroundings, Violation, is_of_a_day,
};
use super::world::World;

/// What a customer's items say.
///
/// # Errors
/// [`StoreError`] where they cannot be read.
pub async fn customer(world: &World, place: usize) -> Result<Observed, StoreError> {
    let Ok(id) = Id::new(&world.people[place].id) else { return Ok(Observed::default()) };
    let store = &world.app.store;
    let (gone, escalated) = (world.gone[place].clone(), world.escalated[place].clone());
    let mut observed = Observed { gone, escalated, ..Observed::default() };
    add(store, &id, false, &mut observed).await?;
    if let Some(guest) = world.people[place].guest.as_ref().and_then(|id| Id::new(id).ok()) {
        add(store, &guest, true, &mut observed).await?;
    }
    observed.refused.sort_by_key(|refusal| refusal.at);
    // A call is on the list from its fence on, however late others are told.
    for gone in observed.gone.iter_mut().filter(|gone| gone.to.is_none()) {
        let seen = observed.touches.get(&gone.touch).filter(|seen| seen.end == End::Sent);
        gone.at = seen.map_or(gone.at, |seen| seen.at.min(gone.at));
    }
    observed.gone.sort_by_key(|gone| gone.at);
    Ok(observed)
}

/// Adds what the items of a customer say, or of the guest who they were.
async fn add(
    store: &Store,
    id: &Id,
    is_of_guest: bool,
    observed: &mut Observed,
) -> Result<(), StoreError> {
    let (events, touches) = store.ledger(id).await?;
    for event in events {
        let told_at = event.detail.is_some().then_some(event.at.millis());
        observed.kept_since = observed.kept_since.into_iter().chain(told_at).min();
        let kind = event.kind.to_string();
        for refused in event.refused {
            observed.refused.push(Refusal {
                rule: refused.rule,
                occurrence: refused.occurrence,
                reason: refused.reason.as_str(),
                at: event.received_at.millis(),
                is_of_guest,
            });
        }
        let received = observed.events.entry((kind, event.key)).or_default();
        let at = if is_of_guest { &mut received.of_guest } else { &mut received.own };
        *at = Some(event.received_at.millis());
    }
    for touch in touches {
        let seen = Seen {
            end: match touch.state {
                TouchState::Fenced => End::Fenced,
                TouchState::Sent => End::Sent,
                TouchState::Skipped => End::Skipped,
                TouchState::Cancelled => End::Cancelled,
                TouchState::HeldOut => End::HeldOut,
                TouchState::PutBack => End::PutBack,
            },
            at: touch.at.millis(),
            due: touch.due.millis(),
            reason: touch.reason.map_or("", |reason| reason.as_str()),
            defers: touch
                .defers
                .iter()
                .map(|d| Deferred { at: d.at.millis(), reason: d.reason.as_str() })
                .collect(),
            variant: touch.variant.as_deref().map(str::to_owned),
            is_of_guest,
            version: touch.version.map(|version| version.get()),
        };
        let name = as_own(&touch.touch.to_string());
        // Of what was put back before the two were one, the rest is the customer's.
        let is_own = !is_of_guest || !observed.touches.contains_key(&name);
        if is_own && !(is_of_guest && is_of_a_day(&touch.touch.rule)) {
            observed.touches.insert(name, seen);
        }
    }
    let loaded = store.load(id).await?;
    for e in loaded.customer.pending() {
        let touch = as_own(&e.touch(id).to_string());
        if is_of_guest && is_of_a_day(&e.rule) {
            continue;
        }
        let pending =
            Pending { due: e.due.millis(), next: e.next.millis(), is_sending: e.is_sending() };
        observed.pending.insert(touch, pending);
    }
    Ok(())
}

/// The touches that are listed as of unknown fate, or were; and the records that
/// were kept aside.
///
/// # Errors
/// [`StoreError`] where they cannot be read.
pub async fn failures(world: &World) -> Result<(BTreeSet<String>, BTreeSet<String>), StoreError> {
    let store = &world.app.store;
    let (mut listed, mut kept) = (world.listed.clone(), BTreeSet::new());
    let months = (world.setup.years.until - world.setup.years.from) / (28 * DAY) + 1;
    for failure in store.failures_of(world.instant(), months as i32).await? {
        let text = store.failed_text(&failure).await?;
        match failure.kind {
            FailureKind::UnknownSend | FailureKind::UnknownNotice => listed.insert(as_own(&text)),
            FailureKind::Event
            | FailureKind::Waiting
            | FailureKind::PartlyTaken
            | FailureKind::MailEvent => kept.insert(text),
            // Reasons, each told once: what is lost by them shows elsewhere.
            FailureKind::MailRefused
            | FailureKind::MailUnwritten
            | FailureKind::Customer
            | FailureKind::SuspendedVersion => false,
        };
    }
    Ok((listed, kept))
}

/// Records that fit no schema, were acknowledged, and were not kept aside. Those
/// about somebody who was forgotten go with them; so do those that do not say whose
/// they are, and name the address or the number of somebody who was forgotten.
pub fn not_kept(world: &World, kept: &BTreeSet<String>) -> Vec<Violation> {
    let is_erased = |place: usize| {
        let mut facts = world.facts[place].iter();
        facts.any(|fact| matches!(fact.what, What::Erased) && fact.maybe < NEVER)
    };
    let names_erased = |text: &str| {
        let text = text.to_lowercase();
        world.people.iter().enumerate().any(|(place, person)| {
            let own = [&person.email, &person.phone].into_iter().flatten();
            own.map(|own| own.to_lowercase()).any(|own| text.contains(&own)) && is_erased(place)
        })
    };
    let lost = world.malformed.iter().filter(|malformed| {
        let is_of_erased = is_erased(malformed.customer)
            || malformed.names_nobody && names_erased(&malformed.text);
        malformed.sure < NEVER && !kept.contains(&*malformed.text) && !is_of_erased
    });
    let accuse = |malformed: &Malformed| Violation {
        customer: world.people[malformed.customer].id.clone(),
        what: malformed.text.to_string(),
        why: "fits no schema, was taken, and is not kept aside".to_owned(),
    };
    lost.map(accuse).collect()
}

/// Mails to somebody in the shop that were accepted more than once.
pub fn told_twice(world: &World) -> impl Iterator<Item = Violation> {
    let customer = world.people[0].id.clone();
    world.notices.iter().filter(|(_, count)| **count > 1).map(move |(notice, count)| Violation {
        customer: customer.clone(),
        what: format!("mail {notice} to somebody in the shop"),
        why: format!("went out {count} times"),
    })
}

/// What is wrong with the mornings' mails.
pub fn mornings(world: &World, around: &Surroundings) -> impl Iterator<Item = Violation> {
    let customer = world.people[0].id.clone();
    let facts: Vec<_> = world.facts.iter().map(|facts| oracle::under_any_id(facts)).collect();
    let wrong = oracle::mornings(&facts, &world.mornings, around).into_iter();
    wrong.map(move |(what, why)| Violation { customer: customer.clone(), what, why })
}

/// Touches by how they ended, for the totals.
pub fn count(observed: &Observed, sum: &mut BTreeMap<String, u64>) {
    let mut add = |outcome: String| *sum.entry(outcome).or_default() += 1;
    for seen in observed.touches.values() {
        match (seen.end, seen.reason) {
            (End::Sent, _) => add("sent".into()),
            (End::Fenced, _) => add("unknown".into()),
            (End::PutBack, _) => {}
            (_, reason) => add(format!("not sent: {reason}")),
        }
    }
    observed.pending.values().filter(|p| !p.is_sending).for_each(|_| add("pending".into()));
    for refusal in &observed.refused {
        add(format!("not begun: {}", refusal.reason));
    }
}
