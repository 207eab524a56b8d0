//! How fast mails begin: slots under the policy's `mails_per_second`, or where it
//! says nothing under the rate that the mail service allows the account. It holds
//! over all workers. And the time that a run has.
//!
//! Every mail begins at a turn of its own, a point in time that one item of the
//! table gives out once (`store::limits`). A worker's time is what its handler
//! read from the clock plus what has passed since on the monotonic clock.
//!
//! **What is guaranteed.** A mail begins at its turn or up to [`LATE_MAX_MICROS`]
//! after; where the turn is over by then, it takes another. The clocks of two
//! workers are assumed to be at most [`SKEW_MAX_MICROS`] apart (AWS keeps those
//! of Lambda within a millisecond or so). N slots are spread over one second
//! plus both allowances, so the first and the last of N + 1 mails in a row are
//! at least a second apart: in no second do more than N begin.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lazo_domain::instant::Instant;
use tokio::sync::Mutex;
use tokio::time::Instant as Tick;

use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::mailer::Refusal;
use crate::shell::store::{FailureKind, Reservation, Store, StoreError};

/// How long after its turn a mail may begin.
pub const LATE_MAX_MICROS: i64 = 30_000;

/// How far the clocks of two workers may be apart.
pub const SKEW_MAX_MICROS: i64 = 20_000;

/// How far ahead a turn may be; a mail with more before it is left for later.
pub const WAIT_MAX_MICROS: i64 = 5_000_000;

/// How long before its turn a mail is fenced: the fence should stand by then,
/// and no longer than it must, as a crash leaves a fence behind.
const FENCE_AHEAD_MICROS: i64 = 200_000;

/// How long a run with time left waits before it asks again for a slot.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How many slots one reservation takes at most.
const BATCH_MAX: u32 = 50;

/// How many slots a mail that comes late for them takes.
const TURNS_MAX: u32 = 3;

/// The limit's name in the table.
const MAIL: &str = "mail";

/// How long what the mail service said of its rate is taken for true.
const ACCOUNT_RATE_MILLIS: i64 = 3_600_000;

/// How many mails a second the mail service takes of the account, and when it said so.
#[derive(Debug, Default)]
pub struct AccountRate(std::sync::Mutex<Option<(Instant, Option<NonZeroU32>)>>);

impl AccountRate {
    /// The rate, where it is known.
    pub fn known(&self) -> Option<NonZeroU32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).and_then(|(_, rate)| rate)
    }

    /// Whether the mail service had better be asked.
    pub fn is_old(&self, now: Instant) -> bool {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.is_none_or(|(at, _)| now >= at.plus_millis(ACCOUNT_RATE_MILLIS))
    }

    /// Notes what it said; `None` where it has no rate.
    pub fn note(&self, rate: Option<NonZeroU32>, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, rate));
    }
}

/// The slots that a worker has reserved.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turns {
    next_micros: i64,
    interval_micros: i64,
    left: u32,
}

impl Turns {
    /// The next turn that is not over, reserving more where none is left;
    /// `None` where too many are before it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn next(
        &mut self,
        store: &Store,
        per_second: NonZeroU32,
        now_micros: i64,
    ) -> Result<Option<i64>, StoreError> {
        if let Some(turn) = self.take(now_micros) {
            return Ok(Some(turn));
        }
        let rate = i64::from(per_second.get());
        let spread = 1_000_000 + LATE_MAX_MICROS + SKEW_MAX_MICROS;
        let reservation = Reservation {
            // A quarter of a second's, so that few are lost when a run ends.
            count: (per_second.get() / 4).clamp(1, BATCH_MAX),
            interval_micros: (spread + rate - 1) / rate,
            now_micros,
            latest_micros: now_micros + WAIT_MAX_MICROS,
        };
        let Some(first) = store.reserve(MAIL, reservation).await? else { return Ok(None) };
        let (interval_micros, left) = (reservation.interval_micros, reservation.count);
        *self = Turns { next_micros: first, interval_micros, left };
        Ok(self.take(now_micros))
    }

    fn take(&mut self, now_micros: i64) -> Option<i64> {
        while self.left > 0 {
            let turn = self.next_micros;
            self.next_micros += self.interval_micros;
            self.left -= 1;
            if now_micros <= turn + LATE_MAX_MICROS {
                return Some(turn);
            }
        }
        None
    }
}

/// When a mail may begin; at once, where there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendSlot(Option<i64>);

/// One run of a worker.
pub struct SendRate {
    now: Instant,
    begun: Tick,
    budget: Option<Duration>,
    slots: Mutex<Turns>,
    is_crowded: AtomicBool,
    troubles: std::sync::Mutex<BTreeMap<String, Trouble>>,
}

/// Mails that were not sent for one reason: how many, and what was said of the last.
type Trouble = (FailureKind, u64, String);

impl SendRate {
    /// A run that begins now, which is `now`, and takes nothing new on after
    /// `budget`.
    pub fn new(now: Instant, budget: Option<Duration>) -> SendRate {
        SendRate {
            now,
            begun: Tick::now(),
            budget,
            slots: Mutex::default(),
            is_crowded: AtomicBool::new(false),
            troubles: std::sync::Mutex::default(),
        }
    }

    /// Notes that a mail was not taken, and why. A rate mends itself.
    pub fn note_refusal(&self, refusal: &Refusal, why: &str) {
        if refusal.is_told() {
            let why =
                format!("the mail service takes no mail: {}; it said {why}", refusal.advice());
            self.note(FailureKind::MailRefused, format!("mail service: {refusal}"), why);
        }
    }

    /// Notes that a mail cannot be written: `what` names its template, `example`
    /// a mail that it was to be.
    pub fn note_unwritten(&self, what: &str, why: &str, example: &str) {
        let text = format!("{what}\n{why}");
        let why = format!("a mail cannot be written: {why} ({what}; for example {example})");
        self.note(FailureKind::MailUnwritten, text, why);
    }

    fn note(&self, kind: FailureKind, text: String, why: String) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, mails, latest) = troubles.entry(text).or_insert((kind, 0, String::new()));
        *mails += 1;
        *latest = why;
    }

    /// Tells which mails were not taken or written in this run: in the log, of
    /// which alarms count `refused_mails` and `unwritten_mails`, and in the list of
    /// failures, once for each reason.
    pub async fn tell_troubles(&self, app: &App) {
        let troubles = {
            let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *troubles)
        };
        for (text, (kind, mails, why)) in troubles {
            match kind {
                FailureKind::MailUnwritten => tracing::error!(unwritten_mails = mails, why),
                _ => tracing::error!(refused_mails = mails, why),
            }
            let kept = aside::keep_counted(app, kind, &text, (&why, mails), self.now).await;
            if let Err(error) = kept {
                tracing::error!(%error, "mails that were not sent could not be listed");
            }
        }
    }

    /// Whether the run takes nothing new on: its time is up, or so many mails
    /// wait for their turn that more had better be left for the next run.
    pub fn is_over(&self) -> bool {
        !self.has_time() || self.is_crowded.load(Ordering::Relaxed)
    }

    fn has_time(&self) -> bool {
        self.budget.is_none_or(|budget| self.begun.elapsed() <= budget)
    }

    fn now_micros(&self) -> i64 {
        let elapsed = i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.now.millis().saturating_mul(1000).saturating_add(elapsed)
    }

    /// Turns for so many mails, waited for until shortly before the first;
    /// `None` where they would come too late.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn slots(
        &self,
        app: &App,
        mails: usize,
    ) -> Result<Option<Vec<SendSlot>>, StoreError> {
        let mut slots = Vec::with_capacity(mails);
        for _ in 0..mails {
            match self.slot(app).await? {
                Some(slot) => slots.push(slot),
                None => {
                    self.is_crowded.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
            }
        }
        if let Some(SendSlot(Some(first))) = slots.first() {
            self.sleep_until(first - FENCE_AHEAD_MICROS).await;
        }
        Ok(Some(slots))
    }

    /// A slot, waited for as long as a run that has a time limit has time left.
    async fn slot(&self, app: &App) -> Result<Option<SendSlot>, StoreError> {
        loop {
            match self.turn(app).await? {
                None if self.budget.is_some() && self.has_time() => {
                    tokio::time::sleep(ASK_AGAIN_AFTER).await;
                }
                slot => return Ok(slot),
            }
        }
    }

    async fn turn(&self, app: &App) -> Result<Option<SendSlot>, StoreError> {
        let rate = app.rules().book.policy.mails_per_second.or_else(|| app.account_rate());
        let Some(per_second) = rate else { return Ok(Some(SendSlot(None))) };
        let mut slots = self.slots.lock().await;
        let turn = slots.next(&app.store, per_second, self.now_micros()).await?;
        Ok(turn.map(|turn| SendSlot(Some(turn))))
    }

    /// Waits for a turn. Whether the mail may begin, at once: where its turn is
    /// over it gets another, and where none comes soon it may not.
    pub async fn wait(&self, app: &App, turn: SendSlot) -> bool {
        let mut turn = turn;
        for _ in 0..TURNS_MAX {
            let SendSlot(Some(micros)) = turn else { return true };
            self.sleep_until(micros).await;
            if self.now_micros() <= micros + LATE_MAX_MICROS {
                return true;
            }
            turn = match self.turn(app).await {
                Ok(Some(turn)) => turn,
                Ok(None) => return false,
                Err(error) => {
                    tracing::warn!(%error, "no turn could be had, the mail waits");
                    return false;
                }
            };
        }
        false
    }

    async fn sleep_until(&self, micros: i64) {
        let early = u64::try_from(micros.saturating_sub(self.now_micros())).unwrap_or(0);
        if early > 0 {
            tokio::time::sleep(Duration::from_micros(early)).await;
        }
    }
}
