//! A history replayed customer by customer, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use lazo::shell::wording::Language;
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::simulation::Shared;

use super::by_customer::ByCustomer;
use super::threads;

/// One person's events, among those of others.
pub struct Replayed<'a> {
    pub id: &'a Id,
    pub events: &'a mut [Delivered],
    /// What came out for everybody whom it interests.
    pub contents: &'a [Delivered],
    pub shared: &'a Shared,
}

/// Hands each customer to `take`, on as many threads as given, with a bar on a
/// terminal. Each thread gathers what it finds in a part of its own; what the parts
/// add up to does not depend on who had whom.
///
/// # Errors
/// A thread that panicked.
pub fn each_customer<P: Default + Send>(
    history: ByCustomer,
    threads: usize,
    take: impl Fn(&mut P, Replayed<'_>) + Sync,
) -> anyhow::Result<Vec<P>> {
    let ByCustomer { customers, contents, .. } = history;
    let shared = &Shared::among(&customers);
    let bar = progress(customers.len());
    let done = AtomicUsize::new(0);
    let at_once = customers.len().div_ceil(threads.max(1) * 32).max(1);
    let queue = Mutex::new(customers.into_iter());
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.by_ref().take(at_once).collect::<Vec<_>>()
    };
    let work = || {
        let mut part = P::default();
        loop {
            let mut chunk = next();
            if chunk.is_empty() {
                return part;
            }
            for (id, events) in &mut chunk {
                take(&mut part, Replayed { id, events, contents: &contents, shared });
            }
            bar.set_position((done.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len()) as u64);
        }
    };
    let parts = threads::in_parts(threads, |_| work());
    bar.finish_and_clear();
    parts
}

/// A bar on a terminal, for what takes more than a second.
pub fn progress(customers: usize) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(5);
    let bar = ProgressBar::with_draw_target(Some(customers as u64), target);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} customers, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

/// An RFC 3339 instant, or the start of a date in a zone.
///
/// # Errors
/// What is neither.
pub fn instant(text: &str, zone: &TimeZone, lang: Language) -> anyhow::Result<Instant> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(timestamp.into());
    }
    let date: jiff::civil::Date = text.parse().map_err(|_| {
        let wrong = lang.pick(
            "no es ni un instante como 2027-01-31T00:00:00-06:00 ni una fecha como 2027-01-31",
            "is neither an RFC 3339 instant such as 2027-01-31T00:00:00-06:00 nor a date such as 2027-01-31",
        );
        anyhow::anyhow!("{text:?} {wrong}")
    })?;
    Ok(lazo_domain::calendar::midnight(date, zone))
}
