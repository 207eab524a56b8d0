//! Marketing publishes, schedules and takes back versions of the rules while the shop
//! goes on. All of them say the same, so that the oracle's expectations stay; which one
//! decided a touch is told by its entry.

use fastrand::Rng;
use lazo::shell::versions::{self, Publication, Published};
use lazo_domain::rulebook::VersionNumber;
use lazo_fake_aws::faults::Plan;

use super::life::DAY;
use super::shop::{Defect, bundle};
use super::world::World;

/// How long it is from one publication to the next, in days: at most.
const DAYS_BETWEEN: i64 = 40;

/// How often a publication is tried that meets faults, as people do.
const ATTEMPTS: u32 = 3;

/// What was published.
#[derive(Clone, Debug)]
pub struct Publications {
    rng: Rng,
    next_at: i64,
    edition: u32,
    /// Which version was live from when on, in the order of time.
    pub live: Vec<(i64, u32)>,
}

impl Publications {
    /// Nothing yet.
    pub fn new(rng: Rng, from: i64) -> Publications {
        Publications { rng, next_at: from, edition: 0, live: Vec::new() }
    }
}

impl World {
    /// Publishes what is due, and works by what is live from here on.
    pub async fn look_at_versions(&mut self) {
        let (app, now) = (self.app.clone(), self.instant());
        self.attempt(6, versions::keep_schedule(&app, now)).await;
        if self.now >= self.publications.next_at {
            self.publish().await;
        }
        self.faults.plan(Plan::Clean);
        let live = app.store.live_version().await.ok().flatten();
        let number = live.map(|live| live.number.get());
        let known = self.publications.live.last().map(|(_, number)| *number);
        if let Some(number) = number.filter(|number| known != Some(*number)) {
            self.publications.live.push((self.now, number));
            self.totals.versions += 1;
        }
        let is_deaf = self.setup.defect == Defect::OldVersion && known.is_some();
        if !is_deaf {
            let _ = app.take_version().await;
        }
    }

    /// One publication: at once, later, or back to an earlier one.
    async fn publish(&mut self) {
        let (app, now) = (self.app.clone(), self.instant());
        let dice = &mut self.publications.rng;
        self.publications.next_at = self.now + dice.i64(1..=DAYS_BETWEEN) * DAY;
        let (kind, days) = (dice.u8(..4), dice.i64(1..6));
        let earlier =
            self.publications.live.first().and_then(|(_, first)| VersionNumber::new(*first));
        self.publications.edition += 1;
        let bundle = bundle(self.setup.defect, self.publications.edition);
        self.faults.plan(Plan::Clean);
        let base = app.store.live_version().await.ok().flatten().map(|live| live.number);
        let at = (kind == 1 && base.is_some()).then(|| now.plus_millis(days * DAY));
        for _ in 0..ATTEMPTS {
            let done = match (kind, earlier) {
                (2, Some(earlier)) => {
                    let back = versions::roll_back(&app.store, earlier, ("ana", "back"), now);
                    self.attempt(8, back).await
                }
                _ => {
                    let publication =
                        Publication { by: "ana", note: "another", base, at, restores: None };
                    let new = versions::publish(&app.store, &bundle, &publication, now);
                    self.attempt(8, new).await
                }
            };
            if let Some(Ok(Published::Done(_) | Published::Same(_))) = done {
                return;
            }
        }
    }
}
