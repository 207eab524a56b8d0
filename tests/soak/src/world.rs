//! One shop: some customers, a table of their own, and the product's handlers,
//! in virtual time.
//!
//! Time goes from one arrival or alarm to the next, and whether an alarm rings
//! is asked of the table. All that is left to chance is drawn from the seed, in
//! one thread, so a shop runs alike whenever it is run.

mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use fastrand::Rng;
use lazo::shell::app::App;
use lazo::shell::link::token::Keys;
use lazo::shell::store::FittedModel;
use lazo_domain::instant::Instant;
use lazo_fake_aws::faults::Faults;
use lazo_fake_aws::{Aws, Keep, Retries, Wiring};

use super::content::{Piece, pieces};
use super::fact::{Fact, What};
use super::happening::Of;
use super::life::{DAY, MINUTE, Years, life};
use super::malformed::{self, Malformed};
use super::pauses::Pauses;
use super::people::{Person, dice, of_thousand, person};
use super::publications::Publications;
use super::queue::{Delivery, Place, Queue};
use super::seen::{Escalated, Gone, Morning};
use super::ses_faults::SesFaults;
use super::shop::{Defect, model, rules};
use super::totals::Totals;

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
    /// Until when what was published is fanned out: it may take many runs.
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
    /// Versions of the rules.
    pub publications: Publications,
    /// What of the sending was paused.
    pub pauses: Pauses,
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
        let publications = Publications::new(rng.fork(), setup.years.from);
        let pauses = Pauses::new(rng.fork(), setup.years.from);
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
            publications,
            pauses,
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
}
