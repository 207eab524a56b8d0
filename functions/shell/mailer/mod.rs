//! Mail out: SES, SMTP, or files in an outbox.

mod mime;
#[cfg(feature = "local")]
mod outbox;
mod refusal;
mod ses;
#[cfg(feature = "local")]
mod smtp;
pub mod tags;

pub use mime::{Letter, LetterError, Recipient};
#[cfg(feature = "local")]
pub use outbox::Outbox;
pub use refusal::Refusal;
pub use ses::Ses;
#[cfg(feature = "local")]
pub use smtp::Smtp;

use std::fmt;
use std::num::NonZeroU32;

use lazo_domain::instant::Instant;
use lazo_domain::notice::NoticeId;
use lazo_domain::touch::TouchId;

/// What a mail is: its permanent once-only key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// A touch of a customer.
    Touch(&'a TouchId),
    /// A mail to somebody in the shop.
    Notice(&'a NoticeId),
}

impl<'a> From<&'a TouchId> for Key<'a> {
    fn from(touch: &'a TouchId) -> Key<'a> {
        Key::Touch(touch)
    }
}

impl<'a> From<&'a NoticeId> for Key<'a> {
    fn from(notice: &'a NoticeId) -> Key<'a> {
        Key::Notice(notice)
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Touch(touch) => touch.fmt(f),
            Key::Notice(notice) => notice.fmt(f),
        }
    }
}

/// How long a mail that was not accepted had better wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// One to two minutes: what is wrong should soon be over.
    Minutes,
    /// Up to an hour: a daily quota is used up, or somebody must mend something.
    Long,
}

/// How long a mail that was not accepted waits, in milliseconds, at least;
/// jitter comes on top.
const WAIT_MILLIS: i64 = 60_000;
const WAIT_LONG_MILLIS: i64 = 15 * 60_000;

/// The jitter that comes on top of a long wait: up to an hour in all.
const LONG_JITTER_MILLIS: i64 = 45 * 60_000;

impl Wait {
    /// When it may be tried again.
    pub fn until(self, now: Instant) -> Instant {
        let (least, jitter) = match self {
            Wait::Minutes => (WAIT_MILLIS, WAIT_MILLIS),
            Wait::Long => (WAIT_LONG_MILLIS, LONG_JITTER_MILLIS),
        };
        now.plus_millis(least + fastrand::i64(0..jitter))
    }
}

/// How handing a mail over ended, where it did not end well.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Certainly nothing was accepted: it may be tried again.
    #[error("not accepted, to be tried again: {why}")]
    NotAccepted {
        /// The kind of reason.
        refusal: Refusal,
        /// The error as a text; [`Mailer::send`] takes addresses out of it.
        why: String,
        /// How long to wait before the next try.
        wait: Wait,
    },
    /// It will never be accepted as it is.
    #[error("refused: {why}")]
    Refused {
        /// The kind of reason.
        refusal: Refusal,
        /// The error as a text; [`Mailer::send`] takes addresses out of it.
        why: String,
    },
    /// Nobody knows: the answer was lost.
    #[error("no answer, it may have gone out: {0}")]
    Unknown(String),
}

impl SendError {
    /// Mail services name the address in what they answer, and errors are
    /// logged: whatever looks like one goes.
    fn without_addresses(self) -> SendError {
        let clean = |text: String| {
            let word = |word| if str::contains(word, '@') { "…" } else { word };
            text.split(' ').map(word).collect::<Vec<_>>().join(" ")
        };
        match self {
            SendError::NotAccepted { refusal, why, wait } => {
                SendError::NotAccepted { refusal, why: clean(why), wait }
            }
            SendError::Refused { refusal, why } => SendError::Refused { refusal, why: clean(why) },
            SendError::Unknown(why) => SendError::Unknown(clean(why)),
        }
    }
}

/// What a mailer knows of a mail that was handed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The mailer took it.
    Accepted {
        /// The id that the mailer gave it.
        message_id: String,
    },
    /// It was certainly not taken: it may be sent again.
    NotAccepted,
    /// The mailer cannot tell.
    Unknown,
}

/// Where mail goes.
#[derive(Debug)]
pub enum Mailer {
    /// SES, as in AWS.
    Ses(Ses),
    /// An SMTP server, for local runs.
    #[cfg(feature = "local")]
    Smtp(Smtp),
    /// Files in a folder, for local runs: nothing leaves the computer.
    #[cfg(feature = "local")]
    Outbox(Outbox),
}

impl Mailer {
    /// Hands a mail over, in one call, and gives the service's message id.
    ///
    /// # Errors
    /// [`SendError`] tells what is known of a mail that was not taken.
    pub async fn send<'a>(
        &self,
        key: impl Into<Key<'a>>,
        letter: &Letter,
    ) -> Result<String, SendError> {
        let key = key.into();
        let sent = match self {
            Mailer::Ses(ses) => ses.send(key, letter).await,
            #[cfg(feature = "local")]
            Mailer::Smtp(smtp) => smtp.send(letter).await,
            #[cfg(feature = "local")]
            Mailer::Outbox(outbox) => outbox.send(key, letter),
        };
        sent.map_err(SendError::without_addresses)
    }

    /// How many mails a second the service takes of this account; `None` where it
    /// has no such rate.
    ///
    /// # Errors
    /// Why the service does not say.
    pub async fn account_rate(&self) -> Result<Option<NonZeroU32>, String> {
        match self {
            Mailer::Ses(ses) => ses.account_rate().await,
            #[cfg(feature = "local")]
            Mailer::Smtp(_) | Mailer::Outbox(_) => Ok(None),
        }
    }

    /// Whether the service tells later, by events, what became of a mail.
    pub fn tells_later(&self) -> bool {
        matches!(self, Mailer::Ses(_))
    }

    /// SES's configuration set, by which its events are told from others'.
    pub fn configuration_set(&self) -> Option<&str> {
        match self {
            Mailer::Ses(ses) => ses.configuration_set(),
            #[cfg(feature = "local")]
            Mailer::Smtp(_) | Mailer::Outbox(_) => None,
        }
    }

    /// What is known of a mail whose answer was lost.
    pub fn trace<'a>(&self, key: impl Into<Key<'a>>) -> Trace {
        #[cfg(not(feature = "local"))]
        let _ = key.into();
        match self {
            Mailer::Ses(_) => Trace::Unknown,
            #[cfg(feature = "local")]
            Mailer::Smtp(_) => Trace::Unknown,
            #[cfg(feature = "local")]
            Mailer::Outbox(outbox) => outbox.trace(key.into()),
        }
    }
}
