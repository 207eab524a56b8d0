//! Draws that can be done again for ever: by a hash, not by chance.

use sha2::{Digest, Sha256};

/// Where a text falls between 0 and 1: its SHA-256's first eight bytes over
/// 2^64 (rules#holdout).
///
/// # Examples
/// ```
/// use lazo_domain::draw::fraction;
/// assert_eq!(fraction("winback/ana"), fraction("winback/ana"));
/// assert!((0.0..1.0).contains(&fraction("winback/ana")));
/// ```
pub fn fraction(text: &str) -> f64 {
    let digest = Sha256::digest(text.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first) as f64 / 2f64.powi(64)
}
