//! What is due: drain the alarm's index, decide, fence, call once, confirm.

mod deliver;
mod escalate;
mod fence;
mod hear;
mod settle;

use std::time::Duration;

use lazo_domain::channel::DoneBy;
use lazo_domain::decide::Decision;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Send, TouchId};
use serde::Serialize;

use crate::shell::alarm_sweep::{Share, Sweep, log_failed};
use crate::shell::app::App;
use crate::shell::bus::{Message, Outgoing};
use crate::shell::commit::{Step, until_done};
use crate::shell::intake::merging;
use crate::shell::rules::Rules;
use crate::shell::send_rate::{SendRate, SendSlot};
use crate::shell::sending::{self, Sending};
use crate::shell::store::table::Alarm;
use crate::shell::store::{Commit, EscalationEntry, Loaded, SETTLE_AFTER, StoreError};
use fence::{entries_of, known_sends, mark_sent};
use settle::{settle, write_outcome};

/// How long a run takes new customers on: until the schedule starts the next one. A
/// call to SES takes up to 20 seconds and a wait for a turn up to 5: what is begun
/// must end within the function's 100, as a mail that is cut off in the middle is one
/// that nobody knows of.
pub const BUDGET: Duration = Duration::from_secs(60);

/// In how many rounds a customer's touches go out, each as many as a transaction
/// takes: more than may be pending.
const ROUNDS_MAX: u32 = 200;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DispatchReport {
    /// Customers who were worked on without an error; [`settle_all`] counts none.
    pub customers: usize,
    /// Touches that went out: mails that were taken, and requests that were published.
    pub sent: usize,
    /// Touches that ended and did not go out: refused, skipped, cancelled or held out.
    pub not_sent: usize,
    /// Touches that a later run tries again.
    pub put_back: usize,
    /// Mails of which nobody knows whether they went out.
    pub unknown: usize,
    /// Customers that could not be worked on now; they are tried again.
    pub failed: usize,
    /// Events out that the bus may not have taken: others were not told.
    pub not_notified: usize,
}

impl DispatchReport {
    fn add(&mut self, other: DispatchReport) {
        self.customers += other.customers;
        self.sent += other.sent;
        self.not_sent += other.not_sent;
        self.put_back += other.put_back;
        self.unknown += other.unknown;
        self.failed += other.failed;
        self.not_notified += other.not_notified;
    }
}

/// Works on everybody whose alarm has rung by `now`.
///
/// # Errors
/// [`StoreError`] where a part of the index cannot be read, once the others
/// are done; a customer that cannot be worked on is counted and left for the
/// next run.
pub async fn run(app: &App, now: Instant) -> Result<DispatchReport, StoreError> {
    run_at(app, now, Share::ALL, &SendRate::new(now, None)).await
}

/// The same, for a worker whose time is limited and who may share the work with
/// others: it takes nobody new on after `budget`, and the next run goes on.
///
/// # Errors
/// [`StoreError`] where the index cannot be read.
pub async fn run_for(
    app: &App,
    now: Instant,
    share: Share,
    budget: Duration,
) -> Result<DispatchReport, StoreError> {
    run_at(app, now, share, &SendRate::new(now, Some(budget))).await
}

/// After a crash of the only sender: settles at once what was on its way out.
///
/// # Errors
/// [`StoreError`] where the index cannot be read.
pub async fn settle_all(app: &App, now: Instant) -> Result<DispatchReport, StoreError> {
    let pace = SendRate::new(now, None);
    let mut report = DispatchReport::default();
    let Some(run) = Run::begin(app, &pace, now).await? else { return Ok(report) };
    let done = run.settle_each(&mut report).await;
    let report = run.end(report).await;
    done.map(|()| report)
}

async fn run_at(
    app: &App,
    now: Instant,
    share: Share,
    pace: &SendRate,
) -> Result<DispatchReport, StoreError> {
    let mut report = DispatchReport::default();
    let Some(run) = Run::begin(app, pace, now).await? else { return Ok(report) };
    let work = async |loaded: Loaded| match pace.is_over() {
        true => Ok(DispatchReport::default()),
        false => run.attend(loaded).await,
    };
    let note = |result: Result<DispatchReport, StoreError>| match result {
        Ok(one) => report.add(one),
        Err(error) => {
            tracing::error!(%error, "a customer could not be worked on");
            report.failed += 1;
        }
    };
    let round = Sweep { app, alarm: Alarm::Due, share, now };
    let done = round.each(|| pace.is_over(), work, note).await;
    let report = run.end(report).await;
    log_failed(report.failed);
    done.map(|()| report)
}

/// Works on one customer until nothing is due: each round decides, fences,
/// hands over and confirms.
///
/// # Errors
/// [`StoreError`] where the store does not answer.
pub async fn attend(app: &App, id: &Id, now: Instant) -> Result<DispatchReport, StoreError> {
    let pace = SendRate::new(now, None);
    let Some(run) = Run::begin(app, &pace, now).await? else {
        return Ok(DispatchReport::default());
    };
    let loaded = app.store.load(id).await?;
    let done = run.attend(loaded).await;
    let told = run.end(DispatchReport::default()).await;
    done.map(|report| DispatchReport { not_notified: told.not_notified, ..report })
}

/// One run: by what it works, and what it tells others.
struct Run<'a> {
    app: &'a App,
    pace: &'a SendRate,
    now: Instant,
    outgoing: Outgoing<'a>,
}

impl<'a> Run<'a> {
    /// A run; `None` where nothing may go out.
    async fn begin(
        app: &'a App,
        pace: &'a SendRate,
        now: Instant,
    ) -> Result<Option<Run<'a>>, StoreError> {
        if sending::look_now(app).await? == Sending::OnHold {
            tracing::error!(
                on_hold = 1,
                "this table is a restored copy: nothing goes out until lazo restore has \
                 looked what went out since it was made"
            );
            return Ok(None);
        }
        Ok(Some(Run { app, pace, now, outgoing: Outgoing::new(&app.bus) }))
    }

    /// Tells what is left to tell, and counts what may not have been told.
    async fn end(self, report: DispatchReport) -> DispatchReport {
        self.pace.tell_troubles(self.app).await;
        DispatchReport { not_notified: report.not_notified + self.outgoing.end().await, ..report }
    }

    /// Settles at once whatever is on its way out.
    async fn settle_each(&self, report: &mut DispatchReport) -> Result<(), StoreError> {
        let later = self.now.plus_millis(SETTLE_AFTER.as_millis() as i64);
        let work = async |loaded: Loaded| {
            let mut report = DispatchReport::default();
            settle(self, loaded, self.now, &mut report).await?;
            Ok(report)
        };
        let note = |result: Result<DispatchReport, StoreError>| match result {
            Ok(one) => report.add(one),
            Err(error) => {
                tracing::error!(%error, "what was on its way out could not be settled");
                report.failed += 1;
            }
        };
        let sweep = Sweep { app: self.app, alarm: Alarm::Due, share: Share::ALL, now: later };
        sweep.each(|| false, work, note).await
    }

    /// Works on one customer as they were read, round by round until nothing is due.
    async fn attend(&self, loaded: Loaded) -> Result<DispatchReport, StoreError> {
        let id = &loaded.customer.id.clone();
        let report = DispatchReport { customers: 1, ..DispatchReport::default() };
        let mut progress = Progress { report, ..Progress::default() };
        let mut read = Some(loaded);
        let attempt = async |(read, mut progress): (Option<Loaded>, Progress)| {
            Ok(match self.attempt(id, read, &mut progress).await? {
                Some(round) => Step::Done((round, progress)),
                None => Step::Again((None, progress)),
            })
        };
        for _ in 0..ROUNDS_MAX {
            match until_done((read, progress), attempt).await? {
                Ok((Round::Over, progress)) => return Ok(progress.report),
                Ok((Round::More(next), so_far)) => (read, progress) = (Some(*next), so_far),
                Err((_, so_far)) => {
                    progress = so_far;
                    break;
                }
            }
        }
        tracing::warn!("a customer is not finished, the next run goes on");
        Ok(progress.report)
    }

    /// One attempt at a round: decides, fences what is due, and hands it over;
    /// `None` where others wrote first.
    async fn attempt(
        &self,
        id: &Id,
        read: Option<Loaded>,
        Progress { report, ended, levels }: &mut Progress,
    ) -> Result<Option<Round>, StoreError> {
        let &Run { app, pace, now, .. } = self;
        let loaded = match read {
            Some(loaded) => loaded,
            None => app.store.load(id).await?,
        };
        let settle_before = now.plus_millis(-(SETTLE_AFTER.as_millis() as i64));
        let loaded = settle(self, loaded, settle_before, report).await?;
        if loaded.customer.merged_into.is_some() {
            Box::pin(merging::hand_over(app, loaded, now)).await?;
            return Ok(Some(Round::Over));
        }
        let loaded = escalate::tell(app, loaded, pace, now).await?;
        sending::look(app).await?;
        let rules = app.rules();
        let (loaded, mut decision) = hear::decide_due(app, loaded, &rules.book, now).await?;
        let before = &loaded.customer;
        let is_quiet = decision.sends.is_empty() && decision.records.is_empty();
        if is_quiet && decision.customer == *before && !loaded.rings(now) {
            return Ok(Some(Round::Over));
        }
        let gone = Box::pin(app.store.sent_under_another_id(before, &decision.sends)).await?;
        if !gone.is_empty() {
            mark_sent(app, &loaded, &gone, now).await?;
            return Ok(None);
        }
        let mails = decision.sends.iter().filter(|send| is_mail(send)).count();
        let Some(slots) = pace.slots(app, mails).await? else {
            // Nothing is fenced, so the alarm rings on for the next run.
            return Ok(Some(Round::Over));
        };
        let mut messages: Vec<Message> = decision.records.iter().map(Message::skipped).collect();
        let ended_count = decision.records.len();
        let mut ledger = entries_of(&mut decision);
        ledger.leave_out(ended);
        let decision = escalate::leave_out(decision, &mut ledger, levels, &rules.book, now);
        for send in decision.sends.iter().filter(|send| is_for_a_person(send)) {
            app.store.note_assignee(&send.assign_to).await?;
        }
        let Decision { customer, sends, stages, .. } = decision;
        match app.store.commit(&loaded, customer, &ledger, now).await? {
            Commit::Done(after) => {
                report.not_sent += ended_count;
                messages.extend(stages.iter().map(|entered| Message::stage_changed(id, entered)));
                self.outgoing.add(messages).await;
                let next = self.hand_over(*after, &rules, &sends, slots, report).await?;
                let is_over = next.customer.next_due().is_none_or(|due| due > now);
                Ok(Some(if is_over { Round::Over } else { Round::More(Box::new(next)) }))
            }
            Commit::AlreadyRecorded(entries) => {
                let known = known_sends(&ledger, &entries, &sends);
                let is_send = |touch: &TouchId| sends.iter().any(|send| send.touch == *touch);
                let touches = ledger.touches_at(&entries).into_iter();
                ended.extend(touches.filter(|touch| !is_send(touch)));
                levels.extend(ledger.escalations_at(&entries));
                mark_sent(app, &loaded, &known, now).await?;
                Ok(None)
            }
            Commit::Conflict => Ok(None),
        }
    }

    /// Hands fenced touches over, each by one call, and writes down how it
    /// went. Each mail has its turn, and is written by the rules that decided it.
    async fn hand_over(
        &self,
        mut loaded: Loaded,
        rules: &Rules,
        sends: &[Send],
        slots: Vec<SendSlot>,
        report: &mut DispatchReport,
    ) -> Result<Loaded, StoreError> {
        let &Run { app, pace, now, .. } = self;
        let mut slots = slots.into_iter();
        // What one could not write down is no reason to leave the others behind
        // their fences.
        let mut unwritten = Ok(());
        for send in sends {
            let outcome = match send.channel.done_by() {
                DoneBy::MailService => {
                    let turn = slots.next().unwrap_or_default();
                    let by = (rules, now);
                    deliver::mail(app, &loaded.customer, send, by, (pace, turn)).await
                }
                DoneBy::Person | DoneBy::System => deliver::request(app, send).await,
            };
            let before = loaded.clone();
            match write_outcome(self, loaded, send, outcome, report).await {
                Ok(after) => loaded = after,
                Err(error) => (loaded, unwritten) = (before, unwritten.and(Err(error))),
            }
        }
        unwritten.map(|()| loaded)
    }
}

/// How a round ended.
enum Round {
    /// Nothing else is due, or there is no time for it now.
    Over,
    More(Box<Loaded>),
}

/// How far the work on one customer has got.
#[derive(Default)]
struct Progress {
    report: DispatchReport,
    /// Touches that the ledger has as ended, by a state that was lost since.
    ended: Vec<TouchId>,
    /// The same of levels that complaints reached.
    levels: Vec<EscalationEntry>,
}

fn is_mail(send: &Send) -> bool {
    send.channel.done_by() == DoneBy::MailService
}

fn is_for_a_person(send: &Send) -> bool {
    send.channel.is_for_a_person()
}
