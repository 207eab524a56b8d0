//! Mail out: SES, SMTP, or files in an outbox.

mod mime;
#[cfg(feature = "local")]
mod outbox;
mod ses;
#[cfg(feature = "local")]
mod smtp;

pub use mime::{Letter, LetterError, Recipient};
#[cfg(feature = "local")]
pub use outbox::Outbox;
pub use ses::Ses;
#[cfg(feature = "local")]
pub use smtp::Smtp;

use lazo_domain::touch::TouchId;

/// How handing a mail over ended, where it did not end well.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Certainly nothing was accepted: it may be tried again.
    #[error("not accepted, to be tried again: {0}")]
    NotAccepted(String),
    /// It will never be accepted as it is.
    #[error("refused: {0}")]
    Refused(String),
    /// Nobody knows: the answer was lost.
    #[error("no answer, it may have gone out: {0}")]
    Unknown(String),
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
        match self {
            Mailer::Ses(ses) => ses.send(touch, letter).await,
            #[cfg(feature = "local")]
            Mailer::Smtp(smtp) => smtp.send(letter).await,
            #[cfg(feature = "local")]
            Mailer::Outbox(outbox) => outbox.send(touch, letter),
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
