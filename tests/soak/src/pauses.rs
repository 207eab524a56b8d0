//! Somebody pauses the sending for hours or days, of all of it, of a purpose or of a
//! rule, and goes on with it.

use fastrand::Rng;
use lazo::shell::sending;
use lazo_domain::channel::Purpose;
use lazo_domain::sending_pause::PauseScope;
use lazo_fake_aws::faults::Plan;

use super::fact::{For, NEVER};
use super::life::{DAY, HOUR};
use super::shop::Defect;
use super::world::World;

/// How long it is from one pause to the next, in days: at most.
const DAYS_BETWEEN: i64 = 45;

/// How long a pause lasts, in hours: at most.
const HOURS_MAX: i64 = 72;

/// In the last days nothing is paused, so that all that was due goes.
const LAST_DAYS: i64 = 12;

/// A pause as it was in force.
#[derive(Clone, Debug)]
pub struct Paused {
    pub from: i64,
    pub until: i64,
    /// Of what: of a purpose, of a rule, or of all where it is of neither.
    pub purpose: Option<For>,
    pub rule: Option<&'static str>,
}

/// What is paused when.
#[derive(Clone, Debug)]
pub struct Pauses {
    rng: Rng,
    begins: i64,
    ends: i64,
    scope: Option<PauseScope>,
    /// In the order of time.
    pub all: Vec<Paused>,
}

impl Pauses {
    /// Nothing yet.
    pub fn new(mut rng: Rng, from: i64) -> Pauses {
        let begins = from + rng.i64(1..=DAYS_BETWEEN) * DAY;
        Pauses { rng, begins, ends: NEVER, scope: None, all: Vec::new() }
    }

    fn draw(&mut self) -> (PauseScope, Option<For>, Option<&'static str>) {
        match self.rng.u8(..6) {
            0 | 1 => (PauseScope::All, None, None),
            2 => (PauseScope::Purpose(Purpose::Marketing), Some(For::Marketing), None),
            3 => (PauseScope::Purpose(Purpose::Service), Some(For::Service), None),
            4 => (PauseScope::Rule("birthday".into()), None, Some("birthday")),
            _ => (PauseScope::Rule("thanks-mail".into()), None, Some("thanks-mail")),
        }
    }
}

impl World {
    /// Pauses what is to be paused now, and goes on with what has waited long enough. It
    /// is tried until it is done, as people do.
    pub async fn look_at_pauses(&mut self) {
        match self.pauses.scope.clone() {
            None if self.now >= self.pauses.begins => self.pause().await,
            Some(scope) if self.now >= self.pauses.ends => self.resume(&scope).await,
            _ => {}
        }
        self.faults.plan(Plan::Clean);
    }

    async fn pause(&mut self) {
        if self.now > self.setup.years.until - LAST_DAYS * DAY {
            self.pauses.begins = NEVER;
            return;
        }
        let (app, now) = (self.app.clone(), self.instant());
        let (scope, purpose, rule) = self.pauses.draw();
        let pause = sending::new_pause(scope.clone(), "ana", "", now);
        let is_deaf = self.setup.defect == Defect::DeafToPauses;
        while !is_deaf
            && !matches!(self.attempt(6, sending::pause(&app.store, &pause)).await, Some(Ok(_)))
        {
        }
        self.pauses.ends = self.now + self.pauses.rng.i64(3..=HOURS_MAX) * HOUR;
        self.pauses.scope = Some(scope);
        self.pauses.all.push(Paused { from: self.now, until: NEVER, purpose, rule });
        self.totals.pauses += 1;
    }

    async fn resume(&mut self, scope: &PauseScope) {
        let app = self.app.clone();
        while !matches!(self.attempt(6, sending::resume(&app.store, scope)).await, Some(Ok(_))) {}
        self.pauses.begins = self.now + self.pauses.rng.i64(1..=DAYS_BETWEEN) * DAY;
        self.pauses.scope = None;
        if let Some(last) = self.pauses.all.last_mut() {
            last.until = self.now;
        }
    }
}
