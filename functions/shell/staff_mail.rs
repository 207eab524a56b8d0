//! Mail to people who work in the shop: written, fenced, sent by one call and
//! confirmed, as mail to customers is. It is no touch of a customer: consent,
//! caps and hours do not ask after it.
//!
//! A caller keeps in its own state that a mail is owed, and asks for it again
//! until [`tell`] says that nothing more is to be done.

use std::convert::Infallible;

use lazo_domain::instant::Instant;
use lazo_domain::message::notice_context;
use lazo_domain::notice::{NoticeId, NoticeKind};
use lazo_domain::policy::Mailbox;
use serde_json::Value;

use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::commit::{Step, until_done};
use crate::shell::mailer::{Letter, Recipient, SendError, Trace, Wait};
use crate::shell::send_rate::SendRate;
use crate::shell::store::{
    FailureKind, Fence, NoticeState, SETTLE_AFTER, StoreError, UNKNOWN_AFTER,
};

/// A mail that somebody in the shop is to get, once.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    /// Its permanent once-only key.
    pub id: NoticeId,
    /// What it is about; this also decides which template it is written by.
    pub kind: NoticeKind,
    /// Whose mail it is: address, name and language.
    pub to: Mailbox<'a>,
    /// What its template may name, by the kind: see `message::notice`.
    pub about: Value,
}

/// What is known of a mail to somebody in the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendStatus {
    /// It went out, just now or before.
    Yes,
    /// It never will, or nobody knows whether it did, which is listed.
    Never,
    /// It is to be asked for again, from `until` on.
    NotYet {
        /// When to ask again, at the earliest.
        until: Instant,
    },
}

/// Sends a mail to somebody in the shop, where nobody did before.
///
/// # Errors
/// [`StoreError`] where the table does not answer; ask again.
pub async fn tell(
    app: &App,
    notice: &Notice<'_>,
    pace: &SendRate,
    now: Instant,
) -> Result<SendStatus, StoreError> {
    let letter = match write(app, notice) {
        Ok(letter) => letter,
        Err(error) => {
            // Nothing is fenced: once the template is mended, it goes.
            let why = format!("{error:#}");
            let what = format!("mail to staff, template {}", notice.kind.template());
            pace.note_unwritten(&what, &why, &notice.id.to_string());
            return Ok(SendStatus::NotYet { until: Wait::Long.until(now) });
        }
    };
    let Some(slots) = pace.slots(app, 1).await? else {
        return Ok(SendStatus::NotYet { until: Wait::Minutes.until(now) });
    };
    match app.store.fence_notice(&notice.id, now).await? {
        Fence::Ours => {}
        Fence::Held { since } => return settle_held(app, &notice.id, since, now).await,
        Fence::Over => return Ok(SendStatus::Yes),
    }
    if !pace.wait(app, slots.into_iter().next().unwrap_or_default()).await {
        return settle(app, &notice.id, Settled::PutBack(Wait::Minutes), now).await;
    }
    let settled = match app.mailer.send(&notice.id, &letter).await {
        Ok(message_id) => Settled::Sent(message_id),
        Err(SendError::NotAccepted { refusal, why, wait }) => {
            pace.note_refusal(&refusal, &why);
            tracing::warn!(why, kind = ?notice.kind, "a mail to staff was not accepted, it is tried again");
            Settled::PutBack(wait)
        }
        Err(SendError::Refused { refusal, why }) => {
            pace.note_refusal(&refusal, &why);
            tracing::error!(why, kind = ?notice.kind, "a mail to staff was refused");
            Settled::Refused
        }
        // The mail service may tell what became of it.
        Err(SendError::Unknown(_)) if app.mailer.tells_later() => {
            return Ok(SendStatus::NotYet { until: unknown_from(now) });
        }
        Err(SendError::Unknown(_)) => Settled::Unknown,
    };
    settle(app, &notice.id, settled, now).await
}

fn write(app: &App, notice: &Notice) -> anyhow::Result<Letter> {
    let rules = app.rules();
    let policy = &rules.book.policy;
    let Mailbox { called, email, locale, .. } = notice.to;
    let context = notice_context(policy, &notice.to, notice.about.clone());
    let template = notice.kind.template();
    let mail = rules.templates.mail(template, locale, &policy.default_locale, &context)?;
    let to = Recipient { email, name: Some(called.to_owned()) };
    Ok(Letter::new(&policy.brand, to, &mail, None)?)
}

fn unknown_from(since: Instant) -> Instant {
    since.plus_millis(UNKNOWN_AFTER.as_millis() as i64)
}

enum Settled {
    Sent(String),
    PutBack(Wait),
    Refused,
    Unknown,
}

/// Writes down how it went.
async fn settle(
    app: &App,
    id: &NoticeId,
    settled: Settled,
    now: Instant,
) -> Result<SendStatus, StoreError> {
    let (state, message_id, told) = match &settled {
        Settled::Sent(message) => (NoticeState::Sent, Some(message.as_str()), SendStatus::Yes),
        Settled::PutBack(wait) => {
            (NoticeState::PutBack, None, SendStatus::NotYet { until: wait.until(now) })
        }
        Settled::Refused => (NoticeState::Refused, None, SendStatus::Never),
        Settled::Unknown => (NoticeState::Unknown, None, SendStatus::Never),
    };
    if matches!(settled, Settled::Unknown) {
        // Listed first, so that a crash in between lists it once more.
        let why =
            "the mail service did not answer: this mail to staff may or may not have gone out";
        aside::keep(app, FailureKind::UnknownNotice, &id.to_string(), why, now).await?;
        tracing::error!(unknown_sends = 1, "nobody knows whether a mail to staff went out");
    }
    // Nobody else knows how it went, so it is worth more than one try.
    let attempt = async |_| -> Result<_, Infallible> {
        match app.store.settle_notice(id.hash(), state, message_id).await {
            Ok(()) => Ok(Step::Done(told)),
            Err(error) => Ok(Step::Again(Some(error))),
        }
    };
    match until_done(None, attempt).await {
        Ok(Err(Some(error))) => Err(error),
        Ok(_) => Ok(told),
    }
}

/// A fence whose holder tells nothing is never taken over by a time-out: what
/// the mailer knows settles it, and else it is listed. For a caller whose mail
/// has nothing to tell any more, and may have gone out all the same.
///
/// # Errors
/// [`StoreError`] where the table does not answer; ask again.
pub async fn settle_held(
    app: &App,
    id: &NoticeId,
    since: Instant,
    now: Instant,
) -> Result<SendStatus, StoreError> {
    let settle_from = since.plus_millis(SETTLE_AFTER.as_millis() as i64);
    if now < settle_from {
        return Ok(SendStatus::NotYet { until: settle_from });
    }
    let settled = match app.mailer.trace(id) {
        Trace::Accepted { message_id } => Settled::Sent(message_id),
        Trace::NotAccepted => Settled::PutBack(Wait::Minutes),
        Trace::Unknown if now < unknown_from(since) => {
            return Ok(SendStatus::NotYet { until: unknown_from(since) });
        }
        Trace::Unknown => Settled::Unknown,
    };
    settle(app, id, settled, now).await
}
