//! Records that fit no schema: spoiled copies of good ones, which must be kept
//! aside with the reason, and do nothing else.

use std::rc::Rc;

use fastrand::Rng;

use super::fact::NEVER;

/// How many of a thousand events have a spoiled copy.
pub const SHARE: u32 = 1;

/// A spoiled record.
#[derive(Clone, Debug)]
pub struct Malformed {
    /// About whom it would be.
    pub customer: usize,
    pub text: Rc<str>,
    /// It does not say about whom.
    pub names_nobody: bool,
    /// Since when it was acknowledged.
    pub sure: i64,
}

impl Malformed {
    /// A copy of an event about a customer, spoiled in one of many ways.
    pub fn of(rng: &mut Rng, customer: usize, text: &str) -> Malformed {
        let way = rng.u8(..5);
        let text = match way {
            0 => text[..text.len() - 2].to_owned(),
            1 => text.replace("\"occurred_at\"", "\"ocurred_at\""),
            2 => text.replace("\"detail-type\":\"", "\"detail-type\":\"Un"),
            3 => text.replace("\"customer_id\":\"", "\"customer_id\":\"two words "),
            _ => format!("[{text}]"),
        };
        Malformed { customer, text: text.into(), names_nobody: way == 3, sure: NEVER }
    }
}
