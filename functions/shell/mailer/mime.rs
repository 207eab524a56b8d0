//! A mail with its headers, as MIME.

use lazo_domain::message::Mail;
use lazo_domain::policy::Brand;
use lettre::address::{Address, AddressError};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// A text is no e-mail address.
    #[error("{what}: {source}")]
    Address {
        /// Which address it is, such as `the brand's from`.
        what: &'static str,
        /// What is wrong with it.
        source: AddressError,
    },
    /// The part of this name has a line break or another control character.
    #[error("{0} has a line break or another control character, which a header may not hold")]
    HeaderInjection(&'static str),
    /// The parts of the mail cannot be put together.
    #[error(transparent)]
    Mime(#[from] lettre::error::Error),
}

/// A mail ready to be handed over.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The sender's address, without a name.
    pub from: Address,
    /// The recipient's address, without a name.
    pub to: Address,
    /// The whole mail, with its headers.
    pub message: Message,
}

macro_rules! plain_header {
    ($name:ident, $text:literal) => {
        #[derive(Clone)]
        struct $name(String);

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($text)
            }

            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok($name(text.to_owned()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

plain_header!(ListUnsubscribe, "List-Unsubscribe");
plain_header!(ListUnsubscribePost, "List-Unsubscribe-Post");
plain_header!(AutoSubmitted, "Auto-Submitted");
plain_header!(ContentLanguage, "Content-Language");

/// Whom a mail is for.
pub struct Recipient<'a> {
    /// The address that the mail goes to.
    pub email: &'a str,
    /// The name that the `To` header shows; `None` for the address alone.
    pub name: Option<String>,
}

impl Letter {
    /// Puts a mail together: text and HTML, the brand as sender, and for
    /// marketing the one-click headers of RFC 8058.
    ///
    /// # Errors
    /// [`LetterError`] where an address or a header does not fit.
    pub fn new(
        brand: &Brand,
        to: Recipient,
        mail: &Mail,
        unsubscribe: Option<&str>,
    ) -> Result<Letter, LetterError> {
        no_controls("the brand's name", &brand.name)?;
        no_controls("the customer's name", to.name.as_deref().unwrap_or(""))?;
        no_controls("the subject", &mail.subject)?;
        no_controls("the unsubscribe link", unsubscribe.unwrap_or(""))?;
        let from = address("the brand's from", &brand.from)?;
        let recipient = address("the customer's e-mail", to.email)?;
        let sender_name = Some(brand.name.clone()).filter(|name| !name.is_empty());
        let domain = from.domain().to_owned();
        let id = format!("<{}@{domain}>", uuid::Uuid::now_v7());
        let mut builder = Message::builder()
            .message_id(Some(id))
            .from(Mailbox::new(sender_name, from.clone()))
            .to(Mailbox::new(to.name, recipient.clone()))
            .subject(&mail.subject)
            .header(ContentLanguage(mail.locale.clone()))
            .header(AutoSubmitted("auto-generated".into()));
        if let Some(reply_to) = brand.reply_to.as_deref().filter(|reply_to| !reply_to.is_empty()) {
            builder =
                builder.reply_to(Mailbox::new(None, address("the brand's reply_to", reply_to)?));
        }
        if let Some(link) = unsubscribe {
            builder = builder
                .header(ListUnsubscribe(format!("<{link}>")))
                .header(ListUnsubscribePost("List-Unsubscribe=One-Click".into()));
        }
        let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
        Ok(Letter { from, to: recipient, message: builder.multipart(body)? })
    }

    /// The Message-ID that the mail bears.
    pub fn message_id(&self) -> String {
        let raw = self.message.headers().get_raw("Message-ID").unwrap_or_default();
        raw.trim_matches(['<', '>']).to_owned()
    }
}

fn address(what: &'static str, text: &str) -> Result<Address, LetterError> {
    text.parse().map_err(|source| LetterError::Address { what, source })
}

fn no_controls(what: &'static str, text: &str) -> Result<(), LetterError> {
    match text.chars().any(lazo_domain::event::breaks_line) {
        true => Err(LetterError::HeaderInjection(what)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(name: &str, subject: &str) -> Result<String, LetterError> {
        let brand = Brand {
            name: "Óptica Ñandú".into(),
            from: "hola@example.com".into(),
            ..Brand::default()
        };
        let mail = Mail {
            locale: "es".into(),
            subject: subject.into(),
            html: "<p>Hola</p>".into(),
            text: "Hola".into(),
        };
        let to = Recipient { email: "ana@example.com", name: Some(name.into()) };
        let letter = Letter::new(&brand, to, &mail, Some("https://example.com/u/1"))?;
        Ok(String::from_utf8_lossy(&letter.message.formatted()).into_owned())
    }

    #[test]
    fn marketing_mail_can_be_left_with_one_click() {
        let text = letter("Ana", "Gracias por tu compra, señora").unwrap();
        assert!(text.contains("List-Unsubscribe: <https://example.com/u/1>"), "{text}");
        assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
        assert!(text.contains("multipart/alternative"));
        assert!(!text.contains("señora"), "headers are ASCII on the wire");
    }

    #[test]
    fn a_line_break_never_reaches_a_header() {
        assert!(matches!(
            letter("Ana\r\nBcc: x@example.com", "Hola"),
            Err(LetterError::HeaderInjection(_))
        ));
        assert!(matches!(
            letter("Ana", "Hola\nBcc: x@example.com"),
            Err(LetterError::HeaderInjection(_))
        ));
    }
}
