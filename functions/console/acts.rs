//! What actions share: an event that somebody tells by a form, and the entry that each
//! change leaves.

use serde_json::{Value, json};

use super::ask::Ask;
use super::reply::Trouble;
use crate::shell::intake::{self, IntakeError, Taken};
use crate::shell::store::AuditEntry;

/// Why an event was not taken.
#[derive(Debug)]
pub enum NotTold {
    /// A field does not fit: which, and why, as the schema says it.
    Field(String),
    /// It is ours.
    Ours(Trouble),
}

impl From<NotTold> for Trouble {
    fn from(why: NotTold) -> Trouble {
        match why {
            NotTold::Field(_) => Trouble::NotUnderstood,
            NotTold::Ours(trouble) => trouble,
        }
    }
}

/// Takes an event that somebody tells by a form: it counts before the page answers. The
/// same again, by the mark of its form, counts once.
///
/// # Errors
/// [`NotTold`]: then nothing changed.
pub async fn tell(ask: &Ask, kind: &str, detail: Value) -> Result<Taken, NotTold> {
    let text = json!({ "source": "console", "detail-type": kind, "detail": detail }).to_string();
    let delivered =
        intake::read(&text, ask.now).map_err(|error| NotTold::Field(error.to_string()))?;
    if let Some(left_out) = delivered.left_out.first() {
        return Err(NotTold::Field(left_out.to_string()));
    }
    let ours = |error: IntakeError| NotTold::Ours(error.into());
    Box::pin(intake::take(ask.app(), &delivered, ask.now)).await.map_err(ours)
}

/// What changed, for the entry of a change: ids and settings, never what a customer said.
pub struct Change<'a> {
    /// What was done, such as `call.report`.
    pub what: &'a str,
    /// What it was done to, such as a touch id or a rule's name.
    pub about: &'a str,
    /// How it was.
    pub before: Value,
    /// How it is.
    pub after: Value,
}

/// Leaves the entry of a change: who, when, what, before and after. The same form leaves
/// one.
///
/// # Errors
/// [`Trouble`] where the table does not answer: the action may be sent again.
pub async fn audit(ask: &Ask, change: Change<'_>) -> Result<(), Trouble> {
    let entry = AuditEntry {
        at: ask.now,
        by: ask.user.name.clone(),
        role: ask.user.role.name().to_owned(),
        what: change.what.to_owned(),
        about: change.about.to_owned(),
        before: change.before,
        after: change.after,
    };
    let mark = format!("{}#{}", ask.once(), change.what);
    Ok(ask.app().store.keep_audit(&mark, &entry).await?)
}
