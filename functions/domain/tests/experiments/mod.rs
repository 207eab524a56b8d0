//! Simulated experiments of which the truth is known.
#![allow(dead_code, reason = "the bench and the tests each need a part of it")]

use std::ops::{Deref, DerefMut};

use jiff::tz::TimeZone;
use lazo_domain::event::EventKind;
use lazo_domain::instant::Instant;
use lazo_domain::money::Currency;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{Reason, TouchStatus};
use lazo_domain::uplift::{
    Arm, GoalEvent, Level, MailHeard, Measuring, Person, Spending, TouchFact, Verdict, Window,
    difference, revenue_ratio,
};

pub const DAY: i64 = 86_400_000;

/// The same draws for the same seed: SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Draws(u64);

impl Draws {
    pub fn new(seed: u64) -> Draws {
        Draws(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, 1 excluded.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.share() * count as f64) as usize
    }
}

/// An instant so many milliseconds behind the first one.
pub fn at(millis: i64) -> Instant {
    Instant::from_millis(1_798_761_600_000 + millis)
}

/// A shop with one rule.
pub fn book(rule: &str) -> RuleBook {
    let files = [("policy.yaml", "currency: MXN"), ("winback.yaml", rule)];
    RuleBook::read(&files.map(|(name, text)| (name.into(), text.into()))).unwrap()
}

/// Somebody, with what tests do to them.
#[derive(Clone)]
pub struct Somebody(pub Person<'static>);

/// Nothing is known of them.
pub fn person() -> Somebody {
    Somebody(Person {
        zone: TimeZone::UTC,
        currency: Some("MXN".parse().unwrap()),
        touches: Vec::new(),
        events: Vec::new(),
    })
}

impl Deref for Somebody {
    type Target = Person<'static>;

    fn deref(&self) -> &Person<'static> {
        &self.0
    }
}

impl DerefMut for Somebody {
    fn deref_mut(&mut self) -> &mut Person<'static> {
        &mut self.0
    }
}

impl Somebody {
    pub fn bought(&mut self, at: Instant, amount: &str) {
        let currency: Currency = "MXN".parse().unwrap();
        let total = Some((amount.parse().unwrap(), currency));
        self.events.push(GoalEvent { kind: EventKind::PurchaseCompleted, at, total });
    }

    /// What is known of them by an instant.
    pub fn until(&self, now: Instant) -> Somebody {
        let mut known = self.clone();
        known.events.retain(|event| event.at <= now);
        known
    }

    pub fn did(&mut self, kind: EventKind, at: Instant) {
        self.events.push(GoalEvent { kind, at, total: None });
    }
}

/// A first touch that went out, or a trigger that was refused for a reason.
pub fn enrolled(
    rule: &'static str,
    occurrence: &'static str,
    at: Instant,
    refused: Option<Reason>,
) -> TouchFact<'static> {
    let counts = refused.is_none_or(Reason::is_of_an_enrolment);
    TouchFact {
        rule,
        occurrence,
        step: "mail",
        status: match refused {
            None => TouchStatus::Sent,
            Some(Reason::Holdout) => TouchStatus::HeldOut,
            Some(_) => TouchStatus::Skipped,
        },
        reason: refused,
        enrolled_at: counts.then_some(at),
        variant: None,
        heard: MailHeard::default(),
    }
}

/// A shop whose rule enrols so many a day.
#[derive(Clone, Copy)]
pub struct Shop {
    pub holdout: f64,
    pub rate: f64,
    pub effect: f64,
    pub a_day: usize,
    pub days: i64,
}

impl Shop {
    pub fn people(&self, seed: u64) -> Vec<Somebody> {
        let mut draws = Draws::new(seed);
        let mut people = Vec::new();
        for day in 0..self.days {
            for _ in 0..self.a_day {
                let mut one = person();
                let trigger = at(day * DAY + (draws.share() * DAY as f64) as i64);
                let is_held_out = draws.share() < self.holdout;
                let reason = is_held_out.then_some(Reason::Holdout);
                one.touches = vec![enrolled("winback", "1", trigger, reason)];
                let rate = self.rate + if is_held_out { 0.0 } else { self.effect };
                if draws.share() < rate {
                    let wait = 1 + (draws.share() * 2.0 * DAY as f64) as i64;
                    one.bought(trigger.plus_millis(wait), "10.00");
                }
                people.push(one);
            }
        }
        people
    }
}

/// How often weekly looks came to which verdict.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looks {
    pub runs: usize,
    /// Runs in which a verdict was given in some week.
    pub decided: usize,
    /// Runs in which some week told of an effect.
    pub effects: usize,
}

/// Looks at so many shops every week.
pub fn weekly_looks(shop: &Shop, runs: u64) -> Looks {
    let percent = (shop.holdout * 100.0).round();
    let rule = format!(
        "rule: winback\nstatus: live\npurpose: marketing\ntrigger: {{ event: InteractionRecorded }}\n\
         holdout: {percent}%\ngoal: {{ event: PurchaseCompleted, within: 2 days }}\n\
         steps: [{{ id: mail, channel: email, template: t }}]\n"
    );
    let book = book(&rule);
    let mut looks = Looks::default();
    for seed in 0..runs {
        let people = shop.people(seed * 7_919 + 11);
        let verdicts: Vec<Verdict> = (1..=shop.days / 7)
            .map(|week| {
                let now = at(week * 7 * DAY);
                let window = Window { from: at(0), until: now, as_of: now };
                let mut measuring = Measuring::new(&book, window);
                people.iter().for_each(|person| measuring.take(&person.until(now)));
                measuring.reports(None)[0].goal.verdict
            })
            .collect();
        let is_decided = |v: &Verdict| matches!(v, Verdict::Effect | Verdict::NoEffectSeen);
        looks.runs += 1;
        looks.decided += usize::from(verdicts.iter().any(is_decided));
        looks.effects += usize::from(verdicts.contains(&Verdict::Effect));
    }
    looks
}

/// One kind of experiment.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub customers: u64,
    pub holdout: f64,
    pub rate: f64,
    pub effect: f64,
}

/// The numbers of successes in so many trials, to be drawn from.
struct Binomial(Vec<f64>);

impl Binomial {
    fn new(trials: u64, p: f64) -> Binomial {
        // From the logarithm of the first term on: none of them vanishes too early.
        let mut log = trials as f64 * (-p).ln_1p();
        let odds = (p / (1.0 - p)).ln();
        let mut sum = 0.0;
        let mut below = Vec::with_capacity(trials as usize + 1);
        for k in 0..=trials {
            sum += log.exp();
            below.push(sum);
            log += ((trials - k) as f64 / (k + 1) as f64).ln() + odds;
        }
        Binomial(below)
    }

    fn draw(&self, draws: &mut Draws) -> u64 {
        let share = draws.share() * self.0[self.0.len() - 1];
        self.0.partition_point(|below| *below <= share) as u64
    }
}

impl Cell {
    /// The sizes of the arms: the treated, and those held out.
    fn arms(&self) -> [u64; 2] {
        let held_out = (self.customers as f64 * self.holdout).round() as u64;
        [self.customers - held_out, held_out]
    }

    fn rates(&self) -> [f64; 2] {
        [self.rate + self.effect, self.rate]
    }

    fn binomials(&self) -> [Binomial; 2] {
        let ([n1, n0], [p1, p0]) = (self.arms(), self.rates());
        [Binomial::new(n1, p1), Binomial::new(n0, p0)]
    }
}

/// In which share of so many experiments the interval of rates holds the true difference.
pub fn rates_cover(cell: &Cell, experiments: usize, seed: u64) -> f64 {
    let (mut draws, [n1, n0], binomials) = (Draws::new(seed), cell.arms(), cell.binomials());
    let covered = (0..experiments).filter(|_| {
        let [x1, x0] = [&binomials[0], &binomials[1]].map(|of| of.draw(&mut draws));
        let treated = Arm { customers: n1, converted: x1 };
        let held_out = Arm { customers: n0, converted: x0 };
        let found = difference(treated, held_out, Level::VERDICT).unwrap();
        found.low <= cell.effect && cell.effect <= found.high
    });
    covered.count() as f64 / experiments as f64
}

/// The same of the ratio of revenue, where buyers of both arms spend what is drawn from
/// `spent`; of those experiments in which something is said.
pub fn ratios_cover(cell: &Cell, spent: &[f64], experiments: usize, seed: u64) -> f64 {
    let (mut draws, [n1, n0], binomials) = (Draws::new(seed), cell.arms(), cell.binomials());
    let [p1, p0] = cell.rates();
    let (mut said, mut covered) = (0, 0);
    for _ in 0..experiments {
        let [x1, x0] = [&binomials[0], &binomials[1]].map(|of| of.draw(&mut draws));
        let [treated, held_out] = [(n1, x1), (n0, x0)].map(|(customers, buyers)| {
            let amounts: Vec<f64> = (0..buyers).map(|_| spent[draws.below(spent.len())]).collect();
            Spending::of(customers, amounts)
        });
        let Some(found) = revenue_ratio(&treated, &held_out, Level::VERDICT) else { continue };
        said += 1;
        covered += u32::from(found.low <= p1 / p0 && p1 / p0 <= found.high);
    }
    f64::from(covered) / f64::from(said.max(1))
}
