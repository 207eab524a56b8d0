//! What a POST asks for.

use std::borrow::Cow;

/// The largest body taken, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// How many fields of a form are looked at.
const FIELDS_MAX: usize = 16;

/// A request's body, bounded before anybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The whole body, of at most [`BODY_BYTES_MAX`] bytes.
    Bytes(Vec<u8>),
    /// More than [`BODY_BYTES_MAX`]; it was not kept.
    TooLarge,
}

impl Payload {
    /// The body, or [`Payload::TooLarge`] where it has more than [`BODY_BYTES_MAX`] bytes.
    pub fn new(bytes: Vec<u8>) -> Payload {
        match bytes.len() <= BODY_BYTES_MAX {
            true => Payload::Bytes(bytes),
            false => Payload::TooLarge,
        }
    }
}

/// What somebody wants who posts to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormAction {
    /// To get no more marketing mail: a mail program's one click (RFC 8058) or
    /// the page's button.
    Unsubscribe,
    /// To take that back, with the token that came with the answer.
    Undo(String),
}

/// Reads a form, `application/x-www-form-urlencoded` or `multipart/form-data`:
/// RFC 8058 lets mail programs send either. `None` where it asks for nothing
/// that a link does.
pub fn form_action(content_type: &str, body: &[u8]) -> Option<FormAction> {
    fields(content_type, body)?.into_iter().find_map(|(name, value)| match (&*name, &*value) {
        ("undo", token) => Some(FormAction::Undo(token.to_owned())),
        ("action", "unsubscribe") => Some(FormAction::Unsubscribe),
        (name, value)
            if name.eq_ignore_ascii_case("List-Unsubscribe")
                && value.eq_ignore_ascii_case("One-Click") =>
        {
            Some(FormAction::Unsubscribe)
        }
        _ => None,
    })
}

/// What somebody sends who answers a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The score of the link that they followed.
    Score,
    /// Some words, without blanks around them; none where nothing was written.
    Comment(String),
}

/// Reads the form of a survey's page, as [`form_action`] does that of the others.
pub fn reply(content_type: &str, body: &[u8]) -> Option<Reply> {
    fields(content_type, body)?.into_iter().find_map(|(name, value)| match (&*name, &*value) {
        ("action", "answer") => Some(Reply::Score),
        // Forms end lines as mail does.
        ("comment", words) => Some(Reply::Comment(words.trim().replace("\r\n", "\n"))),
        _ => None,
    })
}

fn fields<'a>(content_type: &str, body: &'a [u8]) -> Option<Fields<'a>> {
    let text = std::str::from_utf8(body).ok()?;
    Some(match boundary(content_type) {
        Some(boundary) => multipart(text, boundary),
        None => urlencoded(text),
    })
}

type Fields<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn urlencoded(text: &str) -> Fields<'_> {
    let pairs = text.trim().split('&').take(FIELDS_MAX);
    pairs.filter_map(|pair| pair.split_once('=')).map(|(n, v)| (decoded(n), decoded(v))).collect()
}

/// `+` and `%41` as the characters that they stand for. What is written wrongly
/// stays as it is: it is no word of ours then.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        (bytes, rest) = match (first, after) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (with(bytes, high << 4 | low), after),
                _ => (with(bytes, b'%'), &rest[1..]),
            },
            (b'+', after) => (with(bytes, b' '), after),
            (byte, after) => (with(bytes, *byte), after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn with(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    parts.next().filter(|kind| kind.eq_ignore_ascii_case("multipart/form-data"))?;
    let named =
        |part: &str| part.get(..9).is_some_and(|name| name.eq_ignore_ascii_case("boundary="));
    let value = parts.find(|part| named(part))?.get(9..)?.trim_matches('"');
    Some(value).filter(|value| !value.is_empty())
}

fn multipart<'a>(text: &'a str, boundary: &str) -> Fields<'a> {
    let delimiter = format!("--{boundary}");
    let parts = text.split(delimiter.as_str()).skip(1).take(FIELDS_MAX);
    let field = |part: &'a str| {
        let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
        let name = head.split_once("name=")?.1;
        let name = match name.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?,
            None => name.split([';', '\r', '\n']).next()?.trim(),
        };
        Some((Cow::Borrowed(name), Cow::Borrowed(value.trim())))
    };
    parts.filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn one_click_comes_in_either_encoding() {
        let yes = |kind: &str, body: &str| {
            assert_eq!(
                form_action(kind, body.as_bytes()),
                Some(FormAction::Unsubscribe),
                "{kind}: {body}"
            );
        };
        yes(FORM, "List-Unsubscribe=One-Click");
        yes(FORM, "List%2DUnsubscribe=One%2dClick\r\n");
        yes("", "a=1&List-Unsubscribe=One-Click");
        yes(
            "multipart/form-data; boundary=\"xyz\"",
            "--xyz\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--xyz--\r\n",
        );
        yes(FORM, "action=unsubscribe");
        assert_eq!(
            form_action(FORM, b"undo=k1.a-b_c.d"),
            Some(FormAction::Undo("k1.a-b_c.d".into()))
        );
    }

    #[test]
    fn a_reply_is_a_score_or_words() {
        assert_eq!(reply(FORM, b"action=answer&score=3"), Some(Reply::Score));
        let words = reply(FORM, "comment=+Muy+bien%2C%0D%0Agracias%21+".as_bytes());
        assert_eq!(words, Some(Reply::Comment("Muy bien,\ngracias!".into())));
        assert_eq!(reply(FORM, b"comment="), Some(Reply::Comment(String::new())));
        assert_eq!(reply(FORM, b"score=3&touchpoint=x"), None);
        assert_eq!(reply(FORM, b"action=unsubscribe"), None);
    }

    #[test]
    fn anything_else_asks_for_nothing() {
        for body in
            ["", "List-Unsubscribe", "List-Unsubscribe=", "action=subscribe", "{}", "%", "=%zz&+"]
        {
            assert_eq!(form_action(FORM, body.as_bytes()), None, "{body}");
        }
        assert_eq!(form_action(FORM, &[0xff, 0xfe]), None);
        let other = "--a\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nOne-Click\r\n--a--";
        assert_eq!(form_action("multipart/form-data; boundary=a", other.as_bytes()), None);
        assert_eq!(form_action("multipart/form-data", b"List-Unsubscribe"), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(kind in ".{0,60}", body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = form_action(&kind, &body);
            let _ = form_action("multipart/form-data; boundary=-", &body);
        }

        #[test]
        fn no_text_makes_it_panic(body in "[-=&+%a-f0-9\r\n\"; é]{0,200}") {
            let _ = form_action(FORM, body.as_bytes());
            let _ = form_action("multipart/form-data; boundary=-", body.as_bytes());
        }
    }
}
