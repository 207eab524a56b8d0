//! The tags by which SES's own events tell which touch they are about.
//!
//! A tag's value has 256 characters of `[A-Za-z0-9_-]` at most, a touch id any
//! visible ASCII and about 400 characters. So the customer's id is a tag of its
//! own, which always fits, and the touch is either told in full or by a hash
//! that is looked for among that customer's touches. The customer's tag is
//! needed with a whole touch id as well: ids may hold slashes, so where the
//! customer's ends and the occurrence begins cannot be read off it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo_domain::id::Id;
use lazo_domain::touch::TouchId;
use sha2::{Digest, Sha256};

use super::Key;

/// The touch id, base64url.
const TOUCH: &str = "touch";

/// The SHA-256 of a touch id that is too long, base64url.
const TOUCH_HASH: &str = "touch-hash";

/// The hash of a mail to somebody in the shop, by which it is found.
const NOTICE: &str = "notice";

/// The customer's id, base64url: 171 characters at most.
const CUSTOMER: &str = "customer";

/// How long a tag's value may be.
const VALUE_CHARS_MAX: usize = 256;

/// A mail's tags by name; a name may have several values.
pub type Tags = HashMap<String, Vec<String>>;

/// What the tags of a mail tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The customer's id under which the mail was sent.
    pub customer: Id,
    /// Which touch of that customer the mail was.
    pub touch: TouchTag,
}

/// A touch, or what it can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TouchTag {
    /// The touch's whole id.
    Whole(TouchId),
    /// For an id that is too long for a tag: its SHA-256, in base64url.
    Hash(String),
}

impl TouchTag {
    /// Whether it is this touch that is meant.
    pub fn is(&self, touch: &TouchId) -> bool {
        match self {
            TouchTag::Whole(whole) => whole == touch,
            TouchTag::Hash(hash) => *hash == hash_of(touch),
        }
    }
}

fn hash_of(touch: &TouchId) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(touch.to_string().as_bytes()))
}

/// A mail's tags: names and values.
pub(super) fn of(key: Key) -> Vec<(&'static str, String)> {
    let touch = match key {
        Key::Touch(touch) => touch,
        Key::Notice(notice) => return vec![(NOTICE, notice.hash().to_owned())],
    };
    let whole = URL_SAFE_NO_PAD.encode(touch.to_string());
    let touch_tag = match whole.len() <= VALUE_CHARS_MAX {
        true => (TOUCH, whole),
        false => (TOUCH_HASH, hash_of(touch)),
    };
    vec![touch_tag, (CUSTOMER, URL_SAFE_NO_PAD.encode(touch.customer.as_str()))]
}

/// The hash of a mail to somebody in the shop; `None` where it is none.
pub fn notice(tags: &Tags) -> Option<&str> {
    tags.get(NOTICE)?.first().map(String::as_str)
}

/// What the tags of a touch's mail tell; `None` where it is no touch of ours.
pub fn read(tags: &Tags) -> Option<Tagged> {
    let value = |name: &str| tags.get(name).and_then(|values| values.first());
    let text = |value: &String| String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok();
    let customer = Id::new(&text(value(CUSTOMER)?)?).ok()?;
    let touch = match value(TOUCH) {
        Some(whole) => TouchTag::Whole(TouchId::of_customer(&text(whole)?, &customer)?),
        None => TouchTag::Hash(value(TOUCH_HASH)?.clone()),
    };
    Some(Tagged { customer, touch })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(value: &str) -> bool {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        !value.is_empty() && value.len() <= VALUE_CHARS_MAX && value.bytes().all(fits)
    }

    proptest! {
        #[test]
        fn every_touch_is_found_again_by_its_tags(
            rule in "[a-z][a-z0-9-]{0,60}",
            customer in "[!-~]{1,128}",
            occurrence in "[!-~]{1,128}",
            step in "[a-z][a-z0-9-]{0,60}",
        ) {
            let customer = Id::new(&customer).unwrap();
            let touch = TouchId { rule, customer: customer.clone(), occurrence, step };
            let tags = of(Key::Touch(&touch));
            prop_assert!(tags.iter().all(|(name, value)| fits(name) && fits(value)));
            let tags: Tags =
                tags.into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect();
            let tagged = read(&tags).unwrap();
            prop_assert_eq!(&tagged.customer, &customer);
            prop_assert!(tagged.touch.is(&touch));
            if let TouchTag::Whole(whole) = tagged.touch {
                prop_assert_eq!(whole, touch);
            }
        }

        #[test]
        fn no_tags_of_others_are_taken_for_ours(
            touch in "[A-Za-z0-9_-]{0,80}",
            customer in "[A-Za-z0-9_-]{0,80}",
        ) {
            let tags = Tags::from([
                (TOUCH.to_owned(), vec![touch]),
                (CUSTOMER.to_owned(), vec![customer]),
            ]);
            if let Some(tagged) = read(&tags) {
                prop_assert!(matches!(tagged.touch, TouchTag::Whole(touch) if touch.customer == tagged.customer));
            }
        }
    }
}
