//! One shop: some customers, a table of their own, and the product's handlers,
//! in virtual time.
//!
//! Time goes from one arrival or alarm to the next, and whether an alarm rings
//! is asked of the table. All that is left to chance is drawn from the seed, in
//! one thread, so a shop runs alike whenever it is run.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use fastrand::Rng;
use lazo::shell::alarm_sweep::Looked;
use lazo::shell::app::App;
use lazo::shell::link::token::Keys;
use lazo::shell::store::FittedModel;
use lazo::shell::store::table::Alarm;
use lazo::{content, digest, dispatch, drift, occasions};
use lazo_domain::instant::Instant;
use lazo_fake_aws::faults::{End, Faults, Plan};
use lazo_fake_aws::{Aws, Keep, Retries, Wiring};

use super::content::{Piece, pieces};
use super::fact::{Fact, What};
use super::life::{DAY, HOUR, MINUTE, Of, Years, life};
use super::mailbox;
use super::malformed::{self, Malformed};
use super::oracle::{Escalated, Morning};
use super::people::{Person, dice, of_thousand, person};
use super::queue::{Delivery, Place, Queue};
use super::ses_faults::{SesFaults, draw};
use super::shop::{Defect, model, rules};
use super::totals::Totals;

/// How often the schedule runs dispatch, and queues are emptied.
pub const TICK: i64 = 3 * HOUR;

/// How often the schedule runs who looks at calendars: days begin on the hour
/// in most time zones, and the day's touches go in the morning.
const LOOK: i64 = 6 * HOUR;

/// How long nothing cuts a handler off in the end, so that all that was due goes.
const FAIR: i64 = 2 * TICK;

/// When a morning begins, by UTC: at `digest_at` of the policy by the shop's clock,
/// which knows no summer time.
pub const MORNING: i64 = 13 * HOUR;

pub const LINKS_URL: &str = "https://links.soak.example";

/// 32 times the byte 1.
const LINK_KEYS: &str = "t1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// What all shops have in common.
#[derive(Clone, Debug)]
pub struct Setup {
    pub seed: u64,
    pub years: Years,
    pub zones: Arc<Vec<String>>,
    pub defect: Defect,
    /// Of whom everything is told while it happens.
    pub only: Option<usize>,
}

/// A touch that went out: a mail that was taken, or a call that was asked for.
#[derive(Clone, Debug)]
pub struct Gone {
    pub touch: String,
    pub at: i64,
    /// The address; `None` for a call.
    pub to: Option<String>,
    /// Whether it went out to the guest that the customer was.
    pub is_of_guest: bool,
}

/// An event of the shop, as it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub customer: usize,
    pub fact: usize,
    /// Whether it is told of the guest that the customer was.
    pub is_of_guest: bool,
    pub text: Rc<str>,
}

/// A shop under way.
pub struct World {
    pub setup: Setup,
    pub rng: Rng,
    pub app: Rc<App>,
    pub aws: Aws,
    pub faults: Faults,
    ses_faults: SesFaults,
    pub people: Vec<Person>,
    pub facts: Vec<Vec<Fact>>,
    pub events: Vec<Sent>,
    pub malformed: Vec<Malformed>,
    pub pieces: Vec<Piece>,
    pub queue: Queue,
    pub now: i64,
    /// When calendars were last looked at.
    looked_at: i64,
    /// Until when what was published is handed round: it may take many runs.
    pub hands_round_until: i64,
    pub gone: Vec<Vec<Gone>>,
    pub escalated: Vec<Vec<Escalated>>,
    /// How often each mail to somebody in the shop was accepted.
    pub notices: BTreeMap<String, u32>,
    /// What was told in the mornings of complaints that are due.
    pub mornings: Vec<Morning>,
    /// When something went wrong, in the order of time.
    pub trouble: Vec<i64>,
    /// Touches that were listed as of unknown fate.
    pub listed: BTreeSet<String>,
    pub totals: Totals,
}

/// How many mails a shop may send on a day: about twice what it sends on
/// most, and less than a sale brings.
fn quota(customers: usize, years: Years) -> u32 {
    let days = ((years.until - years.from) / DAY).max(1) as usize;
    (customers * 44 / days).max(4) as u32
}

impl World {
    /// A shop with these customers, before anything happened.
    ///
    /// # Errors
    /// Where the rules do not pass their own check.
    pub fn new(setup: &Setup, numbers: std::ops::Range<usize>) -> anyhow::Result<World> {
        let mut rng = dice(!setup.seed, numbers.start);
        // The product draws its jitter from the thread's own dice.
        fastrand::seed(rng.u64(..));
        let aws = Aws::new(Keep { bodies: true, past: true });
        let quota = quota(numbers.len(), setup.years);
        let ses_faults = SesFaults::new(&aws, rng.fork(), quota, setup.defect);
        let faults = Faults::default();
        if setup.defect == Defect::NoLedgerKeys {
            faults.remove_conditions(Arc::new(|sk, _| sk != "state"));
        }
        // Half of the shops as in AWS, half where each fault reaches the product.
        let retries = if rng.bool() { Retries::On } else { Retries::Off };
        let wiring = Wiring::to(&faults.on(ses_faults.clone()));
        let wiring = wiring.retries(retries).configuration_set("soak");
        let links = (LINKS_URL.to_owned(), Keys::parse(LINK_KEYS)?);
        let app = Rc::new(wiring.app(rules(setup.defect)?, Some(links)));
        let count = numbers.len();
        let mut world = World {
            setup: setup.clone(),
            rng,
            app,
            aws,
            faults,
            ses_faults,
            people: Vec::with_capacity(count),
            facts: Vec::with_capacity(count),
            events: Vec::new(),
            malformed: Vec::new(),
            pieces: Vec::new(),
            queue: Queue::default(),
            now: setup.years.from,
            looked_at: 0,
            hands_round_until: 0,
            gone: vec![Vec::new(); count],
            escalated: vec![Vec::new(); count],
            notices: BTreeMap::new(),
            mornings: Vec::new(),
            trouble: Vec::new(),
            listed: BTreeSet::new(),
            totals: Totals { customers: count as u64, ..Totals::default() },
        };
        for number in numbers {
            world.add_person(number);
        }
        world.pieces = pieces(&mut world.rng, setup.years);
        for (number, piece) in world.pieces.iter().enumerate() {
            world.queue.push(piece.occurred, Delivery::Piece(number));
        }
        Ok(world)
    }

    /// Tells the product how customers of this shop drift away. How a model is
    /// fitted is no matter of a soak.
    ///
    /// # Errors
    /// Where the table does not take it.
    pub async fn teach(&self) -> anyhow::Result<()> {
        let tried_at = Instant::from_millis(self.setup.years.until);
        let learnt = FittedModel { model: model(), tried_at, refused: None };
        self.app.store.keep_drift_model(&learnt).await?;
        self.app.set_drift_model(&learnt.model);
        Ok(())
    }

    fn add_person(&mut self, number: usize) {
        let mut rng = dice(self.setup.seed, number);
        let person = person(&mut rng, number, &self.setup.zones);
        let customer = self.people.len();
        self.facts.push(Vec::new());
        for happening in life(&mut rng, &person, self.setup.years, &self.setup.zones) {
            let texts =
                [Some(&person.id), person.guest.as_ref()].map(|id| id.map(|id| happening.text(id)));
            let told = match (happening.of, texts) {
                (Of::Guest, [_, Some(guest)]) => vec![(true, guest)],
                (Of::Both, [Some(own), Some(guest)]) => vec![(false, own), (true, guest)],
                (_, [own, _]) => own.map(|own| (false, own)).into_iter().collect(),
            };
            self.totals.merges += u64::from(matches!(happening.fact.what, What::Merged));
            let of = self.add_fact(customer, happening.fact);
            for (is_of_guest, text) in told {
                self.send(&mut rng, of, is_of_guest, text);
            }
        }
        self.people.push(person);
    }

    /// Puts an event on its way, late and twice by chance.
    pub fn add_event(&mut self, rng: &mut Rng, customer: usize, fact: Fact, text: String) {
        let of = self.add_fact(customer, fact);
        self.send(rng, of, false, text);
    }

    fn add_fact(&mut self, customer: usize, fact: Fact) -> Place {
        self.facts[customer].push(fact);
        (customer, self.facts[customer].len() - 1)
    }

    fn send(&mut self, rng: &mut Rng, (customer, fact): Place, is_of_guest: bool, text: String) {
        let mut at = self.facts[customer][fact].occurred + rng.i64(1..90) * 1000;
        if of_thousand(rng, 100) {
            self.totals.reordered += 1;
            let most = if of_thousand(rng, 50) { 6 * DAY } else { 2 * DAY };
            at += rng.i64(10 * MINUTE..most);
        }
        let number = self.events.len();
        self.queue.push(at, Delivery::Event(number));
        if of_thousand(rng, 50) {
            self.totals.duplicates += 1;
            let most = if rng.bool() { 3 * DAY } else { 60 * DAY };
            self.queue.push(at + rng.i64(MINUTE..most), Delivery::Event(number));
        }
        if of_thousand(rng, malformed::SHARE) {
            self.totals.poisoned += 1;
            self.queue.push(at, Delivery::Malformed(self.malformed.len()));
            self.malformed.push(Malformed::of(rng, customer, &text));
        }
        self.events.push(Sent { customer, fact, is_of_guest, text: text.into() });
    }

    pub fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// Tells what befalls the one customer that is watched.
    pub fn tell(&self, customer: usize, what: impl FnOnce() -> String) {
        if self.setup.only == Some(self.people[customer].number) {
            eprintln!("{}  {}", self.instant(), what());
        }
    }

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
