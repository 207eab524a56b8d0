//! Digests as text: what stands for a text that is too long, or too personal, for
//! a key.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// How many bytes of a digest tell all that a shop has apart.
pub const BYTES: usize = 16;

/// The first bytes of a text's SHA-256, in hexadecimal.
///
/// # Examples
/// ```
/// assert_eq!(lazo_domain::digest::sha256_hex("abc", 4), "ba7816bf");
/// ```
pub fn sha256_hex(text: impl AsRef<[u8]>, bytes: usize) -> String {
    hex(&Sha256::digest(text)[..bytes])
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
