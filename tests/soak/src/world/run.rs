//! A shop through its years: the schedule, the queues, and what is cut off.

use std::future::Future;

use lazo::shell::alarm_sweep::Looked;
use lazo::shell::store::table::Alarm;
use lazo::{content, digest, dispatch, drift, occasions};
use lazo_domain::instant::Instant;
use lazo_fake_aws::faults::{End, Plan};

use super::World;
use crate::life::{DAY, HOUR, Years};
use crate::mailbox;
use crate::ses_faults::draw;
use crate::shop::{Defect, MORNING, TICK};

/// How often the schedule runs who looks at calendars: days begin on the hour
/// in most time zones, and the day's touches go in the morning.
const LOOK: i64 = 6 * HOUR;

/// How long nothing cuts a handler off in the end, so that all that was due goes.
const FAIR: i64 = 2 * TICK;

impl World {
    /// Runs all the years. `progress` is told how much virtual time has passed.
    pub async fn run(&mut self, progress: impl Fn(i64)) {
        let mut rounds_at = self.setup.years.from;
        let mut told = self.now;
        while let Some(next) = self.next_at(rounds_at) {
            let on_time = (next + TICK - 1).div_euclid(TICK) * TICK;
            self.now = on_time.max(self.now + TICK);
            if self.now > self.setup.years.until {
                break;
            }
            progress(self.now - told);
            told = self.now;
            self.ses_faults.set_clock(self.now);
            self.look_at_versions().await;
            self.look_at_pauses().await;
            self.bring().await;
            if self.now >= rounds_at {
                rounds_at += 30 * DAY;
                mailbox::look_after_unknown(self).await;
            }
            self.wake().await;
        }
        progress(self.setup.years.until - told);
        self.now = self.setup.years.until;
        self.faults.plan(Plan::Clean);
    }

    fn is_asleep(&self) -> bool {
        let Years { from, until } = self.setup.years;
        self.setup.defect == Defect::Overslept && self.now > from + (until - from) / 2
    }

    fn next_at(&self, rounds_at: i64) -> Option<i64> {
        let first = |alarm| self.aws.first_alarm(alarm).map(Instant::millis);
        let looks = [Alarm::Occasion, Alarm::Review].map(first);
        let looks = looks.into_iter().flatten().map(|at| at.max(self.looked_at + LOOK));
        let alarms = first(Alarm::Due).into_iter().chain(looks);
        let alarms = alarms.filter(|_| !self.is_asleep());
        let morning = (self.now + DAY - MORNING).div_euclid(DAY) * DAY + MORNING;
        alarms.chain(self.queue.next_at()).chain([rounds_at, morning]).min()
    }

    fn rings(&self, alarm: Alarm) -> bool {
        let first = self.aws.first_alarm(alarm).filter(|_| !self.is_asleep());
        first.is_some_and(|first| first <= self.instant())
    }

    async fn wake(&mut self) {
        let (app, now) = (self.app.clone(), self.instant());
        if self.now >= self.looked_at + LOOK {
            let is_whole = |looked: Option<Looked>| looked.is_some_and(|looked| looked.failed == 0);
            let mut are_whole = true;
            if self.rings(Alarm::Occasion) {
                let run = self.attempt(12, occasions::run(&app, now, None)).await;
                are_whole &= is_whole(run.and_then(Result::ok));
            }
            if self.rings(Alarm::Review) {
                let run = self.attempt(12, drift::run(&app, now, None)).await;
                are_whole &= is_whole(run.and_then(Result::ok).map(|report| report.reviewed));
            }
            // What failed is run again soon, as AWS does it.
            if are_whole {
                self.looked_at = self.now;
            }
        }
        if self.now <= self.hands_round_until {
            let bounds = content::Bounds { time: None, customers: 500 };
            self.attempt(40, content::run(&app, now, bounds)).await;
        }
        if (MORNING..MORNING + 2 * TICK).contains(&self.now.rem_euclid(DAY)) {
            self.attempt(12, digest::run(&app, now)).await;
        }
        if self.rings(Alarm::Due) {
            self.ses_faults.set_sending(true);
            self.attempt(24, dispatch::run(&app, now)).await;
            self.ses_faults.set_sending(false);
        }
    }

    /// Runs a handler, with what goes wrong meanwhile; `None` where it was cut
    /// off.
    pub async fn attempt<T>(
        &mut self,
        requests: u64,
        handler: impl Future<Output = T>,
    ) -> Option<T> {
        let is_over = self.now > self.setup.years.until - FAIR;
        let plan = if is_over { Plan::Clean } else { draw(&mut self.rng, requests) };
        self.faults.plan(plan);
        let end = self.faults.run(handler, || async {}).await;
        self.totals.runs += 1;
        self.totals.requests += self.faults.count();
        let is_stopped = matches!(end, End::Stopped);
        if self.faults.struck() > 0 {
            self.trouble.push(self.now);
            *(if is_stopped { &mut self.totals.crashes } else { &mut self.totals.faults }) += 1;
        }
        let told = self.ses_faults.take_told();
        self.totals.over_quota += told.over_quota;
        self.totals.too_fast += told.too_fast;
        self.totals.answers_lost += told.answers_lost;
        self.trouble.extend(told.trouble);
        mailbox::collect(self);
        end.done()
    }
}
