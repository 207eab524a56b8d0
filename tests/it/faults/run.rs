//! One schedule: a flow under a plan of faults, its input brought again as a
//! queue would, and time let go on until all is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lazo::shell::app::App;
use lazo::shell::mailer::{Mailer, Ses};
use lazo::shell::queue::Queue;
use lazo::shell::rules::Rules;
use lazo::shell::store::keys;
use lazo::shell::store::table::{self, Alarm};
use lazo::shell::store::{Store, TouchState};
use lazo::{digest, dispatch};
use lazo_domain::instant::Instant;
use lazo_fake_aws::faults::{End, Fault, Faults, Plan, Step, Without};
use lazo_fake_aws::{Aws, Keep, Retries, Service, TABLE, Wiring};

use super::acts::{Act, touch_of};
use super::embedded::{self, Beside};
use super::flows::{CUSTOMER, Flow, due, links};
use super::shop::book;
use crate::support::{CONFIGURATION_SET, id, minutes_after};

/// How often a source brings again what was not acknowledged.
const DELIVERIES_MAX: usize = 12;

/// When the schedule ticks after the day's touches fell due, in minutes: at
/// once and soon, after an hour, and in the days behind. The last day has some as
/// well: what its morning begins is settled an hour later.
const TICKS: [i64; 15] =
    [0, 2, 4, 61, 63, 65, 124, 130, 190, 1_440, 1_503, 2_880, 2_890, 2_945, 3_010];

/// How the input comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Again {
    /// Once more, before the next event.
    Once,
    /// Twice at a time, before the next event.
    Twice,
    /// After the next event.
    Reordered,
}

/// What a run is, besides its faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    pub again: Again,
    /// Whether SES's events come, or are lost.
    pub is_told: bool,
    pub retries: bool,
}

impl Variant {
    pub fn each() -> Vec<Variant> {
        let mut each = Vec::new();
        for retries in [false, true] {
            for (again, is_told) in [
                (Again::Once, true),
                (Again::Twice, false),
                (Again::Reordered, true),
                (Again::Once, false),
            ] {
                each.push(Variant { again, is_told, retries });
            }
        }
        each
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = if self.is_told { "told" } else { "not_notified" };
        let retries = if self.retries { "sdk-retries" } else { "bare" };
        write!(f, "{:?},{told},{retries}", self.again)
    }
}

/// A world that schedules run in, one after the other.
pub struct World {
    apps: [App; 2],
    wiring: Wiring,
    pub observer: Store,
    pub aws: Aws,
    pub faults: Faults,
    is_real: bool,
}

/// What a run left behind, besides the table.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// How many requests the input's first delivery made, and how many in all.
    pub input: u64,
    pub total: u64,
    pub struck: u64,
    pub steps: Vec<Step>,
    /// After so many mails a *no* was acknowledged, and these were fenced.
    pub no: Option<(usize, BTreeSet<String>)>,
    /// Acknowledged, and not in the ledger.
    pub lost: Vec<String>,
    /// Never acknowledged.
    pub stuck: Vec<String>,
}

impl World {
    pub fn in_memory() -> World {
        let aws = Aws::new(Keep { past: true, bodies: false });
        let faults = Faults::default();
        let wiring = Wiring::to(&faults.on(aws.clone()));
        World::new(wiring, Wiring::to(&aws).store(), aws, faults, false)
    }

    /// On an embedded DynamoDB, over HTTP.
    pub async fn on_dynamodb() -> World {
        let aws = Aws::new(Keep::default());
        let faults = Faults::default();
        let endpoint = embedded::start().await;
        let beside = Beside { dynamodb: embedded::real(), rest: aws.clone() };
        let wiring = Wiring::to(&faults.on(beside)).endpoint(&endpoint);
        let observer = Wiring::to(&embedded::real()).endpoint(&endpoint).store();
        World::new(wiring, observer, aws, faults, true)
    }

    fn new(wiring: Wiring, observer: Store, aws: Aws, faults: Faults, is_real: bool) -> World {
        let wiring = wiring.configuration_set(CONFIGURATION_SET);
        let apps = [Retries::Off, Retries::On]
            .map(|retries| wiring.clone().retries(retries).app(book(), Some(links())));
        World { apps, wiring, observer, aws, faults, is_real }
    }

    /// The same, without a guard that conditions of writes are.
    pub fn without(self, without: Without) -> World {
        self.faults.remove_conditions(without);
        self
    }

    /// The same, where the SDK repeats what SES is asked.
    pub fn repeating_mail(self) -> World {
        let sdk = self.wiring.clone().retries(Retries::On).sdk(true);
        let ses = aws_sdk_sesv2::Client::new(&sdk);
        let mailer = || Mailer::Ses(Ses::new(ses.clone(), Some(CONFIGURATION_SET.into())));
        let mut world = self;
        world.apps.iter_mut().for_each(|app| app.mailer = mailer());
        world
    }

    /// The same, by other rules.
    pub fn by(self, rules: impl Fn() -> Rules) -> World {
        self.apps.iter().for_each(|app| app.replace_rules(rules()));
        self
    }

    /// The app whose requests the SDK does not repeat.
    pub fn app(&self) -> &App {
        &self.apps[0]
    }

    /// The queue of events in, as the app that posts to it reaches it.
    pub fn queue(&self) -> Queue {
        self.wiring.queue()
    }

    /// Makes everything as new.
    pub async fn clear(&self) {
        self.faults.plan(Plan::Clean);
        self.aws.clear();
        if self.is_real {
            let client = self.observer.client();
            client.delete_table().table_name(TABLE).send().await.unwrap();
            table::create(client, TABLE).await.unwrap();
        }
    }

    /// Runs a flow under a plan.
    pub async fn run(&self, flow: &Flow, variant: Variant, plan: &Plan) -> Trail {
        self.clear().await;
        let app = &self.apps[usize::from(variant.retries)];
        for (number, act) in flow.before.iter().enumerate() {
            if flow.loses_answer && number + 1 == flow.before.len() {
                self.faults.plan(Plan::First(Service::Ses, Fault::LoseAnswer));
            }
            assert!(act.perform(app).await, "{}: {act:?} is not taken", flow.name);
        }
        self.faults.plan(plan.clone());
        self.faults.record();
        let mut run = Run { world: self, app, variant, trail: Trail::default(), told: 0 };
        run.flow(flow).await;
        run.time(flow).await;
        let mut trail = run.trail;
        trail.total = self.faults.count();
        trail.struck = self.faults.struck();
        trail.steps = self.faults.steps();
        self.faults.plan(Plan::Clean);
        trail
    }
}

struct Run<'a> {
    world: &'a World,
    app: &'a App,
    variant: Variant,
    trail: Trail,
    /// Of how many mails SES's events came.
    told: usize,
}

impl Run<'_> {
    async fn flow(&mut self, flow: &Flow) {
        let other = if self.variant.again == Again::Reordered { &flow.next } else { &flow.input };
        let is_acknowledged = self.once(&flow.input, other).await;
        self.trail.input = self.world.faults.count();
        match self.variant.again {
            Again::Once => {
                self.bring(&flow.input).await;
                self.bring(&flow.next).await;
            }
            Again::Twice => {
                if !is_acknowledged {
                    self.bring(&flow.input).await;
                }
                self.at_a_time(&flow.input).await;
                self.bring(&flow.next).await;
            }
            Again::Reordered => {
                self.bring(&flow.next).await;
                self.bring(&flow.input).await;
            }
        }
    }

    /// Two workers have the same at a time.
    async fn at_a_time(&mut self, act: &Act) {
        let app = self.app;
        let both = async { futures::join!(act.perform(app), act.perform(app)) };
        let end = self.world.faults.run(both, || async {}).await;
        if end != End::Done((true, true)) {
            self.bring(act).await;
        }
        self.acknowledged(act).await;
    }

    /// Brings something until it is acknowledged.
    async fn bring(&mut self, act: &Act) {
        for _ in 0..DELIVERIES_MAX {
            if self.once(act, act).await {
                return;
            }
        }
        self.trail.stuck.push(format!("{act:?}"));
    }

    /// Brings something once, to a process that may stop; another worker has
    /// `other` where it is held up.
    async fn once(&mut self, act: &Act, other: &Act) -> bool {
        let app = self.app;
        let meanwhile = || async {
            other.perform(app).await;
        };
        let end = self.world.faults.run(act.perform(app), meanwhile).await;
        let is_acknowledged = end == End::Done(true);
        if is_acknowledged {
            self.acknowledged(act).await;
        }
        is_acknowledged
    }

    /// What is acknowledged is stored.
    async fn acknowledged(&mut self, act: &Act) {
        let entries = act.entries();
        if entries.is_empty() && !act.says_no() {
            return;
        }
        let (events, _) = self.world.observer.ledger(&act.customer()).await.unwrap();
        let (_, touches) = self.world.observer.ledger(&id(CUSTOMER)).await.unwrap();
        let known: BTreeSet<String> =
            events.iter().map(|entry| keys::event(entry.kind, &entry.key)).collect();
        self.trail.lost.extend(entries.into_iter().filter(|entry| !known.contains(entry)));
        if act.says_no() && self.trail.no.is_none() {
            let fenced = touches.iter().filter(|entry| entry.state == TouchState::Fenced);
            let fenced = fenced.map(|entry| entry.touch.to_string()).collect();
            self.trail.no = Some((self.world.aws.mail.count() as usize, fenced));
        }
    }

    /// Lets time go on.
    async fn time(&mut self, flow: &Flow) {
        for minutes in TICKS {
            let now = minutes_after(due(), minutes);
            let app = self.app;
            let has_mornings = matches!(flow.input, Act::Morning { .. });
            let tick = async |app: &App, now| {
                if has_mornings {
                    digest::run(app, now).await.map_err(drop)?;
                }
                tick(app, now).await
            };
            // Twice, so that what a fault left undone is made up for.
            for _ in 0..2 {
                let meanwhile = || async {
                    let _ = tick(app, now).await;
                };
                if self.world.faults.run(tick(app, now), meanwhile).await == End::Done(Ok(())) {
                    break;
                }
            }
            if self.variant.is_told {
                self.tell(flow, minutes_after(now, 1)).await;
            }
        }
    }

    /// SES tells of the mails that it took.
    async fn tell(&mut self, flow: &Flow, at: Instant) {
        let mails = self.world.aws.mail.accepted();
        let of_flow = usize::from(flow.loses_answer);
        let not_notified: Vec<String> =
            mails.iter().skip(self.told.max(of_flow)).map(touch_of).collect();
        self.told = mails.len();
        for touch in not_notified.into_iter().filter(|touch| !touch.starts_with("notice ")) {
            self.bring(&Act::SendStatus { touch, kind: "Email Delivered", at }).await;
        }
    }
}

/// The schedule's tick, for the one shard that has somebody.
async fn tick(app: &App, now: Instant) -> Result<(), ()> {
    let shard = table::shard_of(&id(CUSTOMER));
    let ids = app.store.ringing(Alarm::Due, shard, now, 10).await.map_err(drop)?;
    for id in ids {
        dispatch::attend(app, &id, now).await.map_err(drop)?;
    }
    Ok(())
}

/// How often each touch's mail was accepted.
pub fn mails(aws: &Aws) -> BTreeMap<String, usize> {
    let mut mails = BTreeMap::new();
    for mail in aws.mail.accepted() {
        *mails.entry(touch_of(&mail)).or_default() += 1;
    }
    mails
}
