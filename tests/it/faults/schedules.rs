//! All schedules: each single fault on the embedded DynamoDB and in memory,
//! pairs of faults in memory.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use lazo_fake_aws::faults::{Fault, Plan, Step};
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::flows::{self, Flow};
use super::oracle::{Left, check};
use super::run::{Again, Trail, Variant, World};

/// How many worlds a thread has at a time: waits of one are work for others.
const WORLDS: usize = 8;

const STACK_BYTES: usize = 64 * 1024 * 1024;

/// How long a schedule may take, on however busy a machine.
const LONGEST: Duration = Duration::from_secs(120);

/// How many schedules that went wrong are printed in full.
const PRINTED_MAX: usize = 3;

/// One run to make.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub flow: usize,
    pub variant: Variant,
    pub plan: Plan,
}

/// What flows leave without faults.
pub struct Clean {
    pub flows: Vec<Flow>,
    runs: BTreeMap<(usize, Variant), (Trail, Left)>,
}

static CLEAN: OnceLock<Arc<Clean>> = OnceLock::new();

impl Clean {
    /// The same for all tests.
    pub fn get() -> Arc<Clean> {
        CLEAN.get_or_init(|| Arc::new(block_on(Clean::new()))).clone()
    }

    async fn new() -> Clean {
        let flows = flows::all();
        let mut runs = BTreeMap::new();
        let world = World::in_memory();
        for (number, flow) in flows.iter().enumerate() {
            let mut first: Option<Left> = None;
            for variant in Variant::each() {
                let trail = world.run(flow, variant, &Plan::Clean).await;
                let left = Left::of(&world).await.unwrap();
                let wrong = check(flow, variant, &Plan::Clean, &trail, (&left, &left));
                assert!(wrong.is_empty(), "{} {variant}: {wrong:#?}", flow.name);
                // Neither order nor number of deliveries matters.
                let first = first.get_or_insert_with(|| left.clone());
                assert_eq!(first.comparable(), left.comparable(), "{} {variant}", flow.name);
                runs.insert((number, variant), (trail, left));
            }
        }
        Clean { flows, runs }
    }

    pub fn of(&self, flow: usize, variant: Variant) -> &(Trail, Left) {
        &self.runs[&(flow, variant)]
    }

    fn name(&self, schedule: &Schedule) -> String {
        let Schedule { flow, variant, plan } = schedule;
        format!("{}/{variant}/{plan}", self.flows[*flow].name)
    }

    /// The schedule of such a name.
    fn schedule(&self, name: &str) -> Schedule {
        let parts: Vec<&str> = name.split('/').collect();
        let [flow, variant, plan] = parts[..] else { panic!("{name:?} is no schedule") };
        let flow = self.flows.iter().position(|known| known.name == flow).unwrap();
        let variant = Variant::each().into_iter().find(|v| v.to_string() == variant).unwrap();
        Schedule { flow, variant, plan: plan.parse().unwrap() }
    }

    /// Runs one schedule; what is wrong.
    pub async fn judge(&self, world: &World, schedule: &Schedule) -> Vec<String> {
        let flow = &self.flows[schedule.flow];
        let run = world.run(flow, schedule.variant, &schedule.plan);
        let Ok(trail) = timeout(LONGEST, run).await else { return vec!["it hangs".into()] };
        let left = match Left::of(world).await {
            Ok(left) => left,
            Err(why) => return vec![why],
        };
        let (_, clean) = self.of(schedule.flow, schedule.variant);
        check(flow, schedule.variant, &schedule.plan, &trail, (&left, clean))
    }

    /// Every single fault at the requests of the input, or of the whole run.
    pub fn singles(&self, whole: bool) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        for ((flow, variant), (trail, _)) in &self.runs {
            let last = if whole { trail.total } else { trail.input };
            for (number, step) in (1..=last).zip(&trail.steps) {
                if is_amid_the_same(&trail.steps, number as usize - 1) {
                    continue;
                }
                for fault in Fault::ALL.into_iter().filter(|fault| step.can_meet(*fault)) {
                    let plan = Plan::At(vec![(number, fault)]);
                    schedules.push(Schedule { flow: *flow, variant: *variant, plan });
                }
            }
        }
        schedules
    }

    /// Every pair whose first fault meets a request of the input, and whose
    /// second any later one of the run.
    pub fn pairs(&self) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        let is_paired = |variant: &Variant| !variant.retries;
        for ((flow, variant), (trail, _)) in self.runs.iter().filter(|((_, v), _)| is_paired(v)) {
            for (first, step) in (1..=trail.input).zip(&trail.steps) {
                if is_amid_the_same(&trail.steps, first as usize - 1) {
                    continue;
                }
                for one in Fault::ALL.into_iter().filter(|fault| step.can_meet(*fault)) {
                    // What went wrong is done again, so the run is longer.
                    for second in first + 1..=trail.total + trail.input.min(20) {
                        for other in Fault::ALL {
                            let plan = Plan::At(vec![(first, one), (second, other)]);
                            schedules.push(Schedule { flow: *flow, variant: *variant, plan });
                        }
                    }
                }
            }
        }
        schedules
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((flow, variant), (trail, _)) in &self.runs {
            if variant.again == Again::Once && variant.is_told && !variant.retries {
                let name = self.flows[*flow].name;
                writeln!(f, "{name}: {} requests, {} with what follows", trail.input, trail.total)?;
            }
        }
        Ok(())
    }
}

/// What came of many schedules.
#[derive(Debug, Default)]
pub struct Outcome {
    pub count: usize,
    pub wrong: Vec<(String, Vec<String>)>,
}

/// Runs schedules on all cores; gives up after `wrong_max` that went wrong.
pub fn run_all(
    clean: &Arc<Clean>,
    schedules: Vec<Schedule>,
    is_real: bool,
    wrong_max: usize,
) -> Outcome {
    let threads = std::thread::available_parallelism().map_or(2, Into::into);
    let queue = Arc::new(Mutex::new(VecDeque::from(schedules)));
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let work = || {
        let (clean, queue) = (clean.clone(), queue.clone());
        let (wrong, count) = (wrong.clone(), count.clone());
        // Futures of several handlers in one another are large without optimisation.
        std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let worker = async || {
                let world = match is_real {
                    true => World::on_dynamodb().await,
                    false => World::in_memory(),
                };
                loop {
                    let Some(schedule) = queue.lock().unwrap().pop_front() else { return };
                    if wrong.lock().unwrap().len() >= wrong_max {
                        return;
                    }
                    let found = clean.judge(&world, &schedule).await;
                    count.fetch_add(1, Ordering::Relaxed);
                    if !found.is_empty() {
                        wrong.lock().unwrap().push((clean.name(&schedule), found));
                    }
                }
            };
            runtime.block_on(futures::future::join_all((0..WORLDS).map(|_| worker())));
        })
    };
    let handles: Vec<_> = (0..threads).map(|_| work().unwrap()).collect();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    let wrong = std::mem::take(&mut *wrong.lock().unwrap());
    Outcome { count: count.load(Ordering::Relaxed), wrong }
}

impl Outcome {
    fn assert_clean(self, what: &str) {
        println!("{what}: {} schedules, {} wrong", self.count, self.wrong.len());
        for (name, _) in self.wrong.iter().skip(PRINTED_MAX).take(60) {
            println!("wrong: {name}");
        }
        for (name, wrong) in self.wrong.iter().take(PRINTED_MAX) {
            println!("wrong: LAZO_FAULTS='{name}'");
            wrong.iter().for_each(|line| println!("  {line}"));
        }
        assert!(self.wrong.is_empty(), "{what}: {} of {} went wrong", self.wrong.len(), self.count);
    }
}

/// What the environment asks for: everything, so many of each kind, or one
/// schedule.
enum Selection {
    Usual,
    All,
    Many(usize),
    /// Those of one flow: each fault at each request once, and some pairs.
    Flow(usize),
    One(Schedule),
}

fn selection(clean: &Clean) -> Selection {
    let Ok(text) = std::env::var("LAZO_FAULTS") else { return Selection::Usual };
    if text == "all" {
        return Selection::All;
    }
    if let Ok(count) = text.parse() {
        return Selection::Many(count);
    }
    if let Some(flow) = clean.flows.iter().position(|flow| flow.name == text) {
        return Selection::Flow(flow);
    }
    Selection::One(clean.schedule(&text))
}

pub fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// Whether a request is amid a row of the same reads, as where a list is read
/// month by month: the first and the last of them stand for the others.
fn is_amid_the_same(steps: &[Step], index: usize) -> bool {
    let step = &steps[index];
    let is_same = |other: Option<&Step>| other == Some(step);
    let before = index.checked_sub(1).and_then(|index| steps.get(index));
    let is_read = step.operation == "Query" && step.index.is_none();
    is_read && is_same(before) && is_same(steps.get(index + 1))
}

/// Each fault at each request once; how the input comes again takes slots.
fn each_once(all: Vec<Schedule>) -> Vec<Schedule> {
    let mut by_fault: BTreeMap<(usize, String), Vec<Schedule>> = BTreeMap::new();
    for schedule in all.into_iter().filter(|schedule| !schedule.variant.retries) {
        by_fault.entry((schedule.flow, schedule.plan.to_string())).or_default().push(schedule);
    }
    let turn = |(number, mut variants): (usize, Vec<Schedule>)| {
        variants.swap_remove(number % variants.len())
    };
    by_fault.into_values().enumerate().map(turn).collect()
}

fn of_flow(mut all: Vec<Schedule>, flow: usize) -> Vec<Schedule> {
    all.retain(|schedule| schedule.flow == flow);
    all
}

/// A part of many, spread over all of them.
fn sample(all: Vec<Schedule>, count: usize, seed: u64) -> Vec<Schedule> {
    let mut all = all;
    fastrand::Rng::with_seed(seed).shuffle(&mut all);
    all.truncate(count);
    all
}

#[test]
fn single_faults_on_the_embedded_dynamodb() {
    let clean = Clean::get();
    let stale = |schedule: &Schedule| matches!(&schedule.plan, Plan::At(faults) if matches!(faults[0].1, Fault::Stale(_)));
    // Its indexes are never stale.
    let mut schedules: Vec<Schedule> =
        clean.singles(false).into_iter().filter(|schedule| !stale(schedule)).collect();
    match selection(&clean) {
        Selection::All => {}
        Selection::One(schedule) => schedules = vec![schedule],
        Selection::Flow(flow) => schedules = each_once(of_flow(schedules, flow)),
        Selection::Usual => schedules = each_once(schedules),
        Selection::Many(count) => schedules = sample(schedules, count, 0),
    }
    println!("{clean}");
    run_all(&clean, schedules, true, 100).assert_clean("single faults, embedded DynamoDB");
}

#[test]
fn single_faults_in_memory() {
    let clean = Clean::get();
    let schedules = match selection(&clean) {
        Selection::All => clean.singles(true),
        Selection::Flow(flow) => each_once(of_flow(clean.singles(true), flow)),
        Selection::One(schedule) => vec![schedule],
        Selection::Usual => sample(clean.singles(true), 250, 1),
        Selection::Many(count) => sample(clean.singles(true), count, 1),
    };
    run_all(&clean, schedules, false, 100).assert_clean("single faults, in memory");
}

#[test]
fn pairs_of_faults_in_memory() {
    let clean = Clean::get();
    let pairs = clean.pairs();
    println!("{} pairs in all", pairs.len());
    let schedules = match selection(&clean) {
        Selection::All => pairs,
        Selection::Flow(flow) => sample(of_flow(pairs, flow), 250, 3),
        Selection::One(_) => return,
        Selection::Usual => sample(pairs, 250, 2),
        Selection::Many(count) => sample(pairs, count, 2),
    };
    run_all(&clean, schedules, false, 100).assert_clean("pairs of faults, in memory");
}

/// A round asks many shards at once, so that two of its requests may be held at once.
#[test]
fn requests_that_are_held_at_once_all_go_on() {
    let clean = Clean::get();
    let names = [
        "drift/Twice,not_notified,bare/1:hold+4:hold",
        "birthday/Once,not_notified,bare/8:hold+10:hold-answer",
    ];
    let schedules = names.map(|name| clean.schedule(name)).to_vec();
    run_all(&clean, schedules, false, 100).assert_clean("held at once, in memory");
}
