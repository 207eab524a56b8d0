//! Mail through an SMTP server, for trying things out.

use std::error::Error as _;

use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{Letter, Refusal, SendError, Wait};

/// An SMTP server that mails are handed to.
#[derive(Debug)]
pub struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// A server by its URL: `smtp://host:port` in plain text, `smtps://…` or
    /// `smtp://…?tls=required` with TLS; user and password in the URL.
    ///
    /// # Errors
    /// Where the URL cannot be understood.
    pub fn new(url: &str) -> Result<Smtp, Error> {
        Ok(Smtp(AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.build()))
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<String, SendError> {
        match self.0.send(letter.message.clone()).await {
            Ok(_) => Ok(letter.message_id()),
            Err(error) if error.is_permanent() => {
                let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                Err(SendError::Refused { refusal: Refusal::Mail(code), why: error.to_string() })
            }
            Err(error) if error.is_transient() => {
                let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                let refusal = Refusal::Account(code);
                Err(SendError::NotAccepted { refusal, why: error.to_string(), wait: Wait::Minutes })
            }
            Err(error) if was_never_connected(&error) => {
                let (refusal, why) = (Refusal::Connection, whole(&error));
                Err(SendError::NotAccepted { refusal, why, wait: Wait::Minutes })
            }
            Err(error) => Err(SendError::Unknown(whole(&error))),
        }
    }
}

/// Whether no connection was made, so that nothing can have been accepted.
fn was_never_connected(error: &Error) -> bool {
    use std::io::ErrorKind as Kind;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            let kinds = [Kind::ConnectionRefused, Kind::HostUnreachable, Kind::NetworkUnreachable];
            let is_unknown_host = io.to_string().contains("lookup address");
            return kinds.contains(&io.kind()) || is_unknown_host;
        }
        cause = inner.source();
    }
    false
}

/// An error with its causes.
fn whole(error: &Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !told.contains(&words) {
            told += &format!(": {words}");
        }
        cause = inner.source();
    }
    told
}
