//! The one place where commands read the clock, and draw ids of their own.
//!
//! With `LAZO_CLOCK` the clock stands still at an instant, and ids are drawn by it:
//! then what a command prints on a local store is the same each time, and
//! documentation can quote it (`tests/journeys`). The workers do not know the
//! variable, and a command on a system in AWS refuses it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use jiff::{Timestamp, Zoned};
use lazo_domain::instant::Instant;
use uuid::Uuid;

use super::system::Target;

/// For those who write documentation: an instant in RFC 3339.
const VARIABLE: &str = "LAZO_CLOCK";

static STANDS_AT: OnceLock<Timestamp> = OnceLock::new();

/// How many ids were drawn by a clock that stands.
static DRAWN: AtomicU64 = AtomicU64::new(0);

/// Lets the clock stand where the environment asks for it.
///
/// # Errors
/// Where it names no instant, or the command works in an account.
pub fn set(target: &Target) -> anyhow::Result<()> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(()) };
    if target.table.is_some() || target.bus.is_some() {
        bail!("{VARIABLE} is for local stores alone; unset it to work on a system in AWS");
    }
    let text = text.to_string_lossy();
    let at = text.parse().with_context(|| format!("{VARIABLE}={text} is no instant"))?;
    let _ = STANDS_AT.set(at);
    Ok(())
}

pub fn now() -> Instant {
    timestamp().into()
}

pub fn timestamp() -> Timestamp {
    STANDS_AT.get().copied().unwrap_or_else(Timestamp::now)
}

/// By the clock of whoever sits here.
pub fn here() -> Zoned {
    timestamp().to_zoned(jiff::tz::TimeZone::system())
}

/// An id that nobody else draws.
pub fn fresh_id() -> Uuid {
    let Some(at) = STANDS_AT.get() else { return Uuid::now_v7() };
    let seed = at.as_millisecond().unsigned_abs() ^ (DRAWN.fetch_add(1, Ordering::Relaxed) << 48);
    Uuid::from_u128(fastrand::Rng::with_seed(seed).u128(..))
}
