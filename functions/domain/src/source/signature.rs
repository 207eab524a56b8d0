//! Whether a webhook is from whom it says: its signature is verified over the bytes
//! as they came, in constant time, before anything of them is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::spec::{Scheme, SignatureSpec};
use crate::instant::Instant;

/// How many secrets of a source may be live at a time: two make a rotation.
pub const SECRETS_MAX: usize = 2;

/// How many signatures a header of Stripe's may hold.
const SIGNATURES_MAX: usize = 8;

/// Why a webhook is not authentic. For logs: its sender is told nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The source has no secret, so that it is off.
    #[error("the source has no secret, so it is off")]
    Off,
    /// There is no header with a signature.
    #[error("has no signature")]
    Missing,
    /// The header is not written as a signature.
    #[error("has a signature in another form")]
    Form,
    /// Its time is too far from now.
    #[error("was signed too long ago, or ahead of time")]
    Stale,
    /// It fits none of the live secrets.
    #[error("was signed with another secret, or altered")]
    Forged,
}

/// What a signature is verified over.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The value of the header with the signature.
    pub header: Option<&'a str>,
    /// The body, byte by byte as it came.
    pub body: &'a [u8],
    /// The address that it was posted to, where the scheme signs it.
    pub url: &'a str,
}

/// Verifies a signature with the secrets that are live.
///
/// # Errors
/// [`BadSignature`] where none of them made it.
pub fn verify(
    spec: &SignatureSpec,
    signed: &Signed<'_>,
    secrets: &[impl AsRef<str>],
    now: Instant,
) -> Result<(), BadSignature> {
    let secrets = || secrets.iter().map(AsRef::as_ref).filter(|secret| !secret.is_empty());
    if secrets().next().is_none() {
        return Err(BadSignature::Off);
    }
    let header = signed.header.map(str::trim).filter(|header| !header.is_empty());
    let header = header.ok_or(BadSignature::Missing)?;
    let (before, tags) = match spec.scheme {
        Scheme::Body => (String::new(), vec![of_base64(header)?]),
        Scheme::UrlAndBody => (signed.url.to_owned(), vec![of_base64(header)?]),
        Scheme::Stripe => of_stripe(header, spec.tolerance_seconds, now)?,
    };
    // Each is looked at, whichever fits: how long it takes tells nothing.
    let mut is_authentic = false;
    for secret in secrets() {
        for tag in &tags {
            is_authentic |= fits(secret, &before, signed.body, tag);
        }
    }
    if is_authentic { Ok(()) } else { Err(BadSignature::Forged) }
}

/// Whether a tag is that of a secret, in constant time.
fn fits(secret: &str, before: &str, body: &[u8], tag: &[u8]) -> bool {
    // A key of any length makes an HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(before.as_bytes());
    mac.update(body);
    mac.verify_slice(tag).is_ok()
}

fn of_base64(header: &str) -> Result<Vec<u8>, BadSignature> {
    STANDARD.decode(header).map_err(|_| BadSignature::Form)
}

/// What Stripe signs before the body, and the signatures that it sends.
fn of_stripe(
    header: &str,
    tolerance_seconds: u32,
    now: Instant,
) -> Result<(String, Vec<Vec<u8>>), BadSignature> {
    let (mut time, mut tags) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", seconds)) => time = Some(seconds),
            // Other versions do not count.
            Some(("v1", tag)) if tags.len() < SIGNATURES_MAX => tags.extend(of_hex(tag)),
            _ => {}
        }
    }
    let time = time.ok_or(BadSignature::Form)?;
    let seconds: i64 = time.parse().map_err(|_| BadSignature::Form)?;
    if tags.is_empty() {
        return Err(BadSignature::Form);
    }
    let apart = (now.millis() / 1_000).saturating_sub(seconds).unsigned_abs();
    if apart > u64::from(tolerance_seconds) {
        return Err(BadSignature::Stale);
    }
    Ok((format!("{time}."), tags))
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// The signature that a sender would make: for tests, and for trying a source out.
pub fn sign(spec: &SignatureSpec, body: &[u8], url: &str, secret: &str, now: Instant) -> String {
    let seconds = now.millis() / 1_000;
    let before = match spec.scheme {
        Scheme::Body => String::new(),
        Scheme::UrlAndBody => url.to_owned(),
        Scheme::Stripe => format!("{seconds}."),
    };
    let tag = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(before.as_bytes());
        mac.update(body);
        mac.finalize().into_bytes()
    });
    let tag = tag.unwrap_or_default();
    match spec.scheme {
        Scheme::Stripe => format!("t={seconds},v1={}", crate::digest::hex(&tag)),
        Scheme::Body | Scheme::UrlAndBody => STANDARD.encode(tag),
    }
}
