//! Mail out: SES, SMTP, or files in an outbox.

mod mime;
#[cfg(feature = "local")]
mod outbox;
mod ses;
#[cfg(feature = "local")]
mod smtp;
pub mod tags;

pub use mime::{Letter, LetterError, Recipient};
#[cfg(feature = "local")]
pub use outbox::Outbox;
pub use ses::Ses;
#[cfg(feature = "local")]
pub use smtp::Smtp;

use lazo_domain::touch::TouchId;

/// How long a mail that was not accepted had better wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Minutes,
    /// Up to an hour.
    Long,
}

/// How handing a mail over ended, where it did not end well.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Certainly nothing was accepted: it may be tried again.
    #[error("not accepted, to be tried again: {why}")]
    NotAccepted { why: String, wait: Wait },
    /// It will never be accepted as it is.
    #[error("refused: {0}")]
    Refused(String),
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
            SendError::NotAccepted { why, wait } => {
                SendError::NotAccepted { why: clean(why), wait }
            }
            SendError::Refused(why) => SendError::Refused(clean(why)),
            SendError::Unknown(why) => SendError::Unknown(clean(why)),
        }
    }
}

/// What a mailer knows of a touch that was handed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    Accepted { message_id: String },
    NotAccepted,
    Unknown,
}

/// Where mail goes.
#[derive(Debug)]
pub enum Mailer {
    Ses(Ses),
    #[cfg(feature = "local")]
    Smtp(Smtp),
    #[cfg(feature = "local")]
    Outbox(Outbox),
}

impl Mailer {
    /// Hands a mail over, in one call, and gives the service's message id.
    ///
    /// # Errors
    /// [`SendError`] tells what is known of a mail that was not taken.
    pub async fn send(&self, touch: &TouchId, letter: &Letter) -> Result<String, SendError> {
        let sent = match self {
            Mailer::Ses(ses) => ses.send(touch, letter).await,
            #[cfg(feature = "local")]
            Mailer::Smtp(smtp) => smtp.send(letter).await,
            #[cfg(feature = "local")]
            Mailer::Outbox(outbox) => outbox.send(touch, letter),
        };
        sent.map_err(SendError::without_addresses)
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
    pub fn trace(&self, touch: &TouchId) -> Trace {
        #[cfg(not(feature = "local"))]
        let _ = touch;
        match self {
            Mailer::Ses(_) => Trace::Unknown,
            #[cfg(feature = "local")]
            Mailer::Smtp(_) => Trace::Unknown,
            #[cfg(feature = "local")]
            Mailer::Outbox(outbox) => outbox.trace(touch),
        }
    }
}
