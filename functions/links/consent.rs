//! What a link does: a *no* that holds before it is acknowledged, and its undo.

use lazo_domain::address::Asks;
use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::consent::LastWord;
use lazo_domain::customer::Customer;
use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::event::{BadEvent, ConsentState, Delivered, from_wire};
use lazo_domain::instant::Instant;
use lazo_domain::policy::MarketingConsent;
use lazo_domain::touch::TouchId;
use serde_json::json;

use crate::shell::app::App;
use crate::shell::intake::{self, IntakeError, Taken};
use crate::shell::link::token::{Claim, Purpose as LinkPurpose};
use crate::shell::store::StoreError;

/// How often it is looked whether the *no* holds: others may write meanwhile.
const ROUNDS_MAX: u32 = 5;

/// For how long a *no* can be taken back from the page that confirmed it.
const UNDO_MILLIS: i64 = 60 * 60 * 1000;

/// Why an act may not have taken effect; it can be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The table could not be read, or the event could not be stored.
    #[error(transparent)]
    Ingest(#[from] IntakeError),
    /// The event made from the request does not fit the schema of events.
    #[error("what the page sends does not fit its own schema: {0}")]
    Event(#[from] BadEvent),
    /// Others changed the consent at each attempt, so the *no* may not hold.
    #[error("others changed the consent {ROUNDS_MAX} times in a row")]
    Contention,
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> ActError {
        ActError::Ingest(error.into())
    }
}

/// How it stands after somebody said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// This request denied what was allowed; the claim takes that back.
    Now { undo: Claim },
    /// Nothing was left to deny, so nothing is there to be undone.
    Already,
}

/// How taking it back went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    Yes,
    /// Another word was said since, and it stands.
    Overtaken,
}

/// Whether marketing mail is denied to a customer, for whatever reason.
pub fn is_denied(customer: &Customer) -> bool {
    let denied = |word: LastWord| word.state == ConsentState::Denied;
    customer.erased_at.is_some() || last_word(customer).is_some_and(denied)
}

fn last_word(customer: &Customer) -> Option<LastWord> {
    customer.last_word(Channel::Email, Purpose::Marketing)
}

/// Denies marketing mail, and returns only once the table says so: what was
/// acknowledged is committed, and holds against every word said before.
///
/// Its key is the mail's link and the word that it answers, so a repeated or
/// doubled click counts once, and a click after an undo counts anew.
///
/// # Errors
/// [`ActError`] where the denial may not hold; the click comes again.
pub async fn deny(app: &App, claim: &Claim, now: Instant) -> Result<Denied, ActError> {
    let id = &claim.touch.customer;
    let marketing = app.rules().book.policy.marketing_consent;
    let mut denied_here: Option<Instant> = None;
    for _ in 0..ROUNDS_MAX {
        let mut customer = app.store.person(id).await?.customer;
        let last = last_word(&customer);
        if is_denied(&customer) {
            let is_ours = denied_here.is_some() && last.map(|word| word.at) == denied_here;
            return Ok(match denied_here.filter(|_| is_ours) {
                Some(said_at) => Denied::Now { undo: undo_of(&claim.touch, said_at, now) },
                None => Denied::Already,
            });
        }
        // A yes that another clock dated into the future must not outlive this no.
        let said_at = last.map_or(now, |word| word.at.max(now));
        let answered = last.map(|word| word.at);
        let event = consent(&claim.touch, ConsentState::Denied, answered, said_at, now)?;
        let asks = Asks { email: true, phone: false };
        Box::pin(app.store.hear_all([&mut customer], asks)).await?;
        let taken = intake::take(app, &event, now).await?;
        if taken == Taken::Counted && was_allowed(&customer, marketing) {
            denied_here = Some(said_at);
        }
    }
    Err(ActError::Contention)
}

/// Whether marketing mail was welcome: only then is there something that an
/// undo may grant again. It would also end a *no* that was said of the address
/// under another id, so there must be none.
fn was_allowed(customer: &Customer, marketing: MarketingConsent) -> bool {
    let heard = customer.heard.email.as_deref();
    customer.allows(Channel::Email, Purpose::Marketing, marketing)
        && heard.is_none_or(|words| words.no(Purpose::Marketing).is_none())
}

fn undo_of(touch: &TouchId, said_at: Instant, now: Instant) -> Claim {
    Claim {
        purpose: LinkPurpose::Undo { said_at },
        expires_at: Some(now.plus_millis(UNDO_MILLIS)),
        touch: touch.clone(),
    }
}

/// Grants again what the click of that instant denied, and nothing else: where
/// another word came after it, that one stands.
///
/// # Errors
/// [`ActError`] where it may not have taken effect; it can be tried again.
pub async fn undo(
    app: &App,
    touch: &TouchId,
    said_at: Instant,
    now: Instant,
) -> Result<Undone, ActError> {
    let id = &touch.customer;
    // One millisecond behind the *no* that it takes back, and not now: any
    // other *no* said since is then the later word in whatever order the two
    // are committed, and of two words of one instant the *no* counts.
    let granted = LastWord { at: said_at.plus_millis(1), state: ConsentState::Granted };
    let denied = LastWord { at: said_at, state: ConsentState::Denied };
    let customer = app.store.person(id).await?.customer;
    if customer.erased_at.is_some() {
        return Ok(Undone::Overtaken);
    }
    if last_word(&customer) == Some(denied) {
        let event = consent(touch, ConsentState::Granted, Some(said_at), granted.at, now)?;
        intake::take(app, &event, now).await?;
    }
    let customer = app.store.person(id).await?.customer;
    let holds = customer.erased_at.is_none() && last_word(&customer) == Some(granted);
    Ok(if holds { Undone::Yes } else { Undone::Overtaken })
}

/// The event of a click. `answered` is the instant of the word that it answers.
fn consent(
    touch: &TouchId,
    state: ConsentState,
    answered: Option<Instant>,
    said_at: Instant,
    now: Instant,
) -> Result<Delivered, BadEvent> {
    let (name, source, word) = match state {
        ConsentState::Denied => ("unsubscribe", "unsubscribe link", "denied"),
        ConsentState::Granted => ("undo", "unsubscribe link, undone", "granted"),
    };
    let answered = answered.map(|at| at.millis().to_string()).unwrap_or_default();
    let hash = sha256_hex(format!("{touch}\n{name}\n{answered}"), digest::BYTES);
    let envelope = json!({
        "detail-type": "ConsentChanged",
        "time": now.to_string(),
        "detail": {
            "consent_id": format!("{name}-{hash}"),
            "customer_id": touch.customer,
            "occurred_at": said_at.to_string(),
            "channel": "email",
            "purpose": "marketing",
            "state": word,
            "source": source,
            // The mail to ascribe it to; ids only.
            "touch_id": touch.to_string(),
        },
    });
    from_wire(&envelope.to_string())
}
