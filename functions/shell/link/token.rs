//! Signed tokens: what makes a public link act for one customer, and nobody
//! able to make one up.
//!
//! A token is `<key id>.<claim>.<tag>`, all of it safe in a URL: the claim is
//! base64url of a few lines of text, the tag base64url of the first 16 bytes
//! of HMAC-SHA256 over what stands before it. The claim can be read by whoever
//! holds the link; it names ids only, never a person.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::rule::{Survey, SurveyKind};
use lazo_domain::touch::TouchId;
use sha2::Sha256;

/// The shortest key, in bytes: as long as the digest, as RFC 2104 advises.
const KEY_BYTES_MIN: usize = 32;

/// How many keys are live at a time. Two make a rotation; more are kept only
/// because links to unsubscribe never expire.
const KEYS_MAX: usize = 8;

/// How long a key's id may be.
const KEY_ID_CHARS_MAX: usize = 8;

/// How much of the HMAC is kept: RFC 2104 allows half, and 128 bits cannot be
/// guessed while mails stay short.
const TAG_BYTES: usize = 16;

/// No token of ours is longer; a longer one is not worth a hash.
const TOKEN_CHARS_MAX: usize = 1024;

/// How long a survey can be answered, counted from its mail.
const SURVEY_MILLIS: i64 = 30 * DAY_MILLIS;

/// Keeps these tags apart from whatever else a key may come to sign.
const CONTEXT: &[u8] = b"lazo link 1\n";

/// Why `LAZO_LINK_KEYS` cannot be used. Tells nothing of the keys themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// The entry at this place, counted from 1, is not written as `<key id>:<base64>`.
    #[error("entry {0} is not written as <key id>:<base64>")]
    Form(usize),
    /// The id of the entry at this place is empty, too long, or not of letters and digits.
    #[error("the id of entry {0} is not 1 to {KEY_ID_CHARS_MAX} letters or digits")]
    KeyId(usize),
    /// The key of the entry at this place is no base64.
    #[error("entry {0} is no base64")]
    Base64(usize),
    /// The key of the entry at this place has too few bytes.
    #[error("entry {0} has under {KEY_BYTES_MIN} bytes")]
    TooShort(usize),
    /// Two entries have this id.
    #[error("two entries have the id {0:?}")]
    Twice(String),
    /// More keys are given than can be live at a time: so many.
    #[error("{0} are given, 1 to {KEYS_MAX} can be live at a time")]
    Count(usize),
}

/// Why a token does not count. For logs and tests: whoever sent it is told
/// nothing but that the link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is not written as a token of ours, or it is too long.
    #[error("is no token")]
    Form,
    /// None of the live keys has the id that it names.
    #[error("names a key that is not live")]
    UnknownKey,
    /// Its tag does not fit its text and the key that it names.
    #[error("was not signed with its key")]
    Forged,
    /// It was signed with a live key, and its time is over.
    #[error("has expired")]
    Expired,
}

/// A claim that no token can carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the touch {0} cannot be written into a link")]
pub struct Unsignable(String);

/// What a link may be used for. A token made for one is good for no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To say no to marketing mail.
    Unsubscribe,
    /// To take back the *no* that was said at that instant, and no other.
    Undo {
        /// When that *no* was said.
        said_at: Instant,
    },
    /// To answer a survey. What it asks about stands here: an answer counts for
    /// what was asked, whatever became of the rule since.
    Survey {
        /// Which question is asked, and so which scores there are.
        kind: SurveyKind,
        /// What the answer is about, such as `delivery`.
        touchpoint: String,
    },
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What the link may be used for.
    pub purpose: Purpose,
    /// `None` never ends: RFC 8058's links outlive any policy of ours, and a
    /// *no* is welcome from a mail of ten years ago.
    pub expires_at: Option<Instant>,
    /// The mail that carried the link: whose it is, and what to ascribe to it.
    pub touch: TouchId,
}

impl Claim {
    /// The claim of a mail's link to unsubscribe, which never expires.
    pub fn unsubscribe(touch: &TouchId) -> Claim {
        Claim { purpose: Purpose::Unsubscribe, expires_at: None, touch: touch.clone() }
    }

    /// The claim of a mail's links to answer its survey, which end after 30 days.
    pub fn survey(touch: &TouchId, survey: &Survey, now: Instant) -> Claim {
        let Survey { kind, touchpoint, .. } = survey;
        Claim {
            purpose: Purpose::Survey { kind: *kind, touchpoint: touchpoint.clone() },
            expires_at: Some(now.plus_millis(SURVEY_MILLIS)),
            touch: touch.clone(),
        }
    }

    /// Whether it counts no more.
    pub fn has_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Purpose, expiry, customer, rule, occurrence and step, a line each.
    fn encode(&self) -> Result<String, Unsignable> {
        let purpose = match &self.purpose {
            Purpose::Unsubscribe => "u".to_owned(),
            Purpose::Undo { said_at } => format!("r{}", said_at.millis()),
            Purpose::Survey { kind: SurveyKind::Csat, touchpoint } => format!("c{touchpoint}"),
            Purpose::Survey { kind: SurveyKind::Nps, touchpoint } => format!("n{touchpoint}"),
        };
        let expiry = self.expires_at.map(|at| at.millis().to_string()).unwrap_or_default();
        let touch = &self.touch;
        let parts =
            [&purpose, touch.customer.as_str(), &touch.rule, &touch.occurrence, &touch.step];
        if parts.iter().any(|part| part.contains('\n')) {
            return Err(Unsignable(touch.to_string()));
        }
        let [purpose, ids @ ..] = parts;
        Ok(URL_SAFE_NO_PAD.encode(format!("{purpose}\n{expiry}\n{}", ids.join("\n"))))
    }

    fn decode(encoded: &str) -> Option<Claim> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
        let lines: Vec<&str> = text.split('\n').collect();
        let [purpose, expiry, customer, rule, occurrence, step] = lines[..] else { return None };
        let instant = |text: &str| text.parse().ok().map(Instant::from_millis);
        Some(Claim {
            purpose: match purpose.split_at_checked(1)? {
                ("u", "") => Purpose::Unsubscribe,
                ("r", said_at) => Purpose::Undo { said_at: instant(said_at)? },
                ("c", about) => {
                    Purpose::Survey { kind: SurveyKind::Csat, touchpoint: about.to_owned() }
                }
                ("n", about) => {
                    Purpose::Survey { kind: SurveyKind::Nps, touchpoint: about.to_owned() }
                }
                _ => return None,
            },
            expires_at: match expiry {
                "" => None,
                text => Some(instant(text)?),
            },
            touch: TouchId {
                rule: rule.to_owned(),
                customer: Id::new(customer).ok()?,
                occurrence: occurrence.to_owned(),
                step: step.to_owned(),
            },
        })
    }
}

#[derive(Clone)]
struct Key {
    id: String,
    /// Keyed once, copied for each token.
    mac: Hmac<Sha256>,
}

/// The keys that are live: the first signs, all verify.
#[derive(Clone)]
pub struct Keys {
    first: Key,
    others: Vec<Key>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.all().map(|key| key.id.as_str()).collect();
        f.debug_tuple("Keys").field(&ids).finish()
    }
}

impl Keys {
    /// Reads `<key id>:<base64>,<key id>:<base64>`.
    ///
    /// # Errors
    /// [`BadKeys`] says which entry is wrong, without showing it.
    pub fn parse(text: &str) -> Result<Keys, BadKeys> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, entry) in text.split(',').map(str::trim).enumerate() {
            let place = index + 1;
            let (id, encoded) = entry.split_once(':').ok_or(BadKeys::Form(place))?;
            let id_fits = (1..=KEY_ID_CHARS_MAX).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !id_fits {
                return Err(BadKeys::KeyId(place));
            }
            if keys.iter().any(|known| known.id == id) {
                return Err(BadKeys::Twice(id.to_owned()));
            }
            let secret = STANDARD.decode(encoded).map_err(|_| BadKeys::Base64(place))?;
            if secret.len() < KEY_BYTES_MIN {
                return Err(BadKeys::TooShort(place));
            }
            let mac = Hmac::new_from_slice(&secret).map_err(|_| BadKeys::TooShort(place))?;
            keys.push(Key { id: id.to_owned(), mac });
        }
        let count = keys.len();
        let mut keys = keys.into_iter();
        match (keys.next(), count <= KEYS_MAX) {
            (Some(first), true) => Ok(Keys { first, others: keys.collect() }),
            _ => Err(BadKeys::Count(count)),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// A token for a claim, signed with the first key.
    ///
    /// # Errors
    /// [`Unsignable`] where a part of the touch id has a line break.
    pub fn sign(&self, claim: &Claim) -> Result<String, Unsignable> {
        let signed = format!("{}.{}", self.first.id, claim.encode()?);
        let tag = self.first.over(&signed).finalize().into_bytes();
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&tag[..TAG_BYTES])))
    }

    /// What a token says, where it was signed with a live key and has not
    /// expired. The tag is compared in constant time.
    ///
    /// # Errors
    /// [`BadToken`] where it does not count.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Claim, BadToken> {
        let claim = self.read(token)?;
        match claim.has_expired(now) {
            true => Err(BadToken::Expired),
            false => Ok(claim),
        }
    }

    /// The same for a token of whatever age: to tell its holder that it is over.
    ///
    /// # Errors
    /// [`BadToken`] where it was not signed with a live key.
    pub fn read(&self, token: &str) -> Result<Claim, BadToken> {
        if token.len() > TOKEN_CHARS_MAX {
            return Err(BadToken::Form);
        }
        let (signed, tag) = token.rsplit_once('.').ok_or(BadToken::Form)?;
        let (id, encoded) = signed.split_once('.').ok_or(BadToken::Form)?;
        // The decoder refuses stray bits at the end, so that a tag has one spelling.
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| BadToken::Form)?;
        // A shorter tag would be compared as far as it goes, and guessed.
        if tag.len() != TAG_BYTES {
            return Err(BadToken::Form);
        }
        let key = self.all().find(|key| key.id == id).ok_or(BadToken::UnknownKey)?;
        key.over(signed).verify_truncated_left(&tag).map_err(|_| BadToken::Forged)?;
        Claim::decode(encoded).ok_or(BadToken::Form)
    }
}

impl Keys {
    /// What a link to unsubscribe says; `None` for every token that is none.
    pub fn unsubscribe(&self, token: &str, now: Instant) -> Option<Claim> {
        let claim = self.verify(token, now).ok()?;
        Some(claim).filter(|claim| claim.purpose == Purpose::Unsubscribe)
    }
}

impl Key {
    fn over(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(CONTEXT);
        mac.update(signed.as_bytes());
        mac
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
