//! What an event costs: round trips to DynamoDB and the capacity they consume,
//! counted from its own answers over a real purchase history.
//!
//! ```text
//! cargo bench --bench cost
//! ```
//!
//! Every customer's purchases and refunds go through the handler that the
//! queue feeds, each at its own time, and what falls due between them is
//! dispatched. The handler of events is counted. Without Online Retail's file beside
//! the repository, made-up histories stand in. Of made-up customers, who can be
//! reached, each round of dispatch is counted in which one touch goes out. Then the
//! events of one customer who buys very often.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../it/support/mod.rs"]
mod support;

use std::sync::Arc;

use lazo::dispatch;
use lazo::shell::alarm_sweep;
use lazo::shell::app::App;
use lazo::shell::intake;
use lazo::shell::store::Cost;
use lazo_domain::customer::Enrolment;
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use support::{World, at, events, generate, id, retail};

/// How many tables are worked on at a time.
const WORKERS: usize = 2;

const DAY: i64 = 86_400_000;

/// How often the busy customer has bought when the counting begins, and how many
/// purchases are counted.
const BUSY: [i64; 2] = [1_000, 100];

/// What was paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// An event after which a follow-up stood open that had not before.
    Opening,
    /// Any other event.
    Quiet,
    /// A touch that went out.
    Touch,
    /// An event of a customer with a long history.
    Busy,
}

struct Counted {
    cost: Cost,
    of: Of,
    state_bytes: usize,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let (made, retail) = (made_up(), retail());
    let mut all = replay_by_all(made.clone()).await;
    let events = match retail {
        None => made,
        Some(retail) => {
            all.retain(|one| one.of == Of::Touch);
            all.extend(replay_by_all(retail.clone()).await);
            retail
        }
    };
    let count = all.iter().filter(|one| one.of != Of::Touch).count();
    println!("{count} events of {} customers", events.len());
    all.extend(busy().await);
    let of = |of: Of| all.iter().filter(|one| one.of == of).collect::<Vec<_>>();
    let within = [
        report("events that open a follow-up", &of(Of::Opening), [2.0, 1.0, 8.0]),
        report("events that open none", &of(Of::Quiet), [2.0, 1.0, 6.0]),
    ];
    // Bars that are aimed at, and not held yet.
    report("touches that go out", &of(Of::Touch), [4.0, 2.0, 8.0]);
    report("events behind 1,000 purchases", &of(Of::Busy), [2.0, 2.0, 10.0]);
    assert!(within.iter().all(|within| *within), "over the bar");
}

/// Replays histories on several tables, one a worker, who counts its costs.
async fn replay_by_all(histories: Vec<(Id, Vec<Delivered>)>) -> Vec<Counted> {
    let share = histories.len().div_ceil(WORKERS);
    let work = histories.chunks(share).map(|share| tokio::spawn(replay_all(share.to_vec())));
    let mut all = Vec::new();
    for worker in work.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    all
}

async fn replay_all(histories: Vec<(Id, Vec<Delivered>)>) -> Vec<Counted> {
    let mut world = World::shipped().await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    let mut counted = Vec::new();
    for (customer, events) in histories {
        replay(app, &customer, events, &mut counted).await;
    }
    counted
}

fn retail() -> Option<Vec<(Id, Vec<Delivered>)>> {
    let customers = retail::customers()?;
    Some(customers.into_iter().map(|(customer, events)| (id(&customer), events)).collect())
}

fn made_up() -> Vec<(Id, Vec<Delivered>)> {
    let plan = generate::Plan { from: at("2025-03-01T00:00:00Z"), days: 120, late: DAY };
    let made = |seed| {
        let customer = format!("cus-{seed:04}");
        let texts = generate::history(seed, &customer, plan);
        (id(&customer), texts.iter().map(|made| events::delivered(&made.text())).collect())
    };
    (0..300).map(made).collect()
}

async fn replay(app: &App, customer: &Id, mut events: Vec<Delivered>, counted: &mut Vec<Counted>) {
    events.sort_by_key(|delivered| delivered.at);
    let mut last = events.first().map_or(Instant::MIN, |delivered| delivered.at);
    for delivered in &events {
        dispatch_until(app, customer, last, delivered.at, counted).await;
        last = delivered.at;
        let before = app.store.load(customer).await.unwrap().customer;
        app.store.take_cost();
        intake::take(app, delivered, delivered.at).await.unwrap();
        let cost = app.store.take_cost();
        let after = app.store.load(customer).await.unwrap().customer;
        let known = |one: &Enrolment| {
            before.enrolments.iter().any(|known| known.occurrence == one.occurrence)
        };
        let of = match after.enrolments.iter().all(known) {
            true => Of::Quiet,
            false => Of::Opening,
        };
        let state_bytes = serde_json::to_string(&after).unwrap().len();
        counted.push(Counted { cost, of, state_bytes });
    }
}

/// Lets time pass as the schedules do: what is due goes out, and the calendar is
/// looked at when its alarms ring, the one of reviews after 30 days at most.
async fn dispatch_until(
    app: &App,
    customer: &Id,
    from: Instant,
    until: Instant,
    counted: &mut Vec<Counted>,
) {
    let mut reviewed = from;
    loop {
        let now = app.store.load(customer).await.unwrap().customer;
        let review = now.forecast.map(|_| reviewed.plus_millis(30 * DAY));
        let next = now.next_alarm().into_iter().chain(review).min();
        let Some(at) = next.filter(|at| *at < until) else { return };
        reviewed = at;
        alarm_sweep::look(app, customer, at).await.unwrap();
        app.store.take_cost();
        let report = dispatch::attend(app, customer, at).await.unwrap();
        let cost = app.store.take_cost();
        if report.sent == 1 && report.not_sent == 0 {
            let state_bytes = serde_json::to_string(&now).unwrap().len();
            counted.push(Counted { cost, of: Of::Touch, state_bytes });
        }
    }
}

/// A customer who buys each hour, of whom the last purchases are counted.
async fn busy() -> Vec<Counted> {
    let mut world = World::shipped().await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    let customer = id("till");
    let mut counted = Vec::new();
    let [before, count] = BUSY;
    for hour in 0..before + count {
        let at = at("2026-01-01T08:00:00Z").plus_millis(hour * 3_600_000);
        dispatch_until(app, &customer, at, at, &mut Vec::new()).await;
        let bought = events::purchase("till", &format!("pur-{hour}"), at, "129.90");
        app.store.take_cost();
        intake::take(app, &events::delivered(&bought), at).await.unwrap();
        let cost = app.store.take_cost();
        if hour >= before {
            let state = app.store.load(&customer).await.unwrap().customer;
            let state_bytes = serde_json::to_string(&state).unwrap().len();
            counted.push(Counted { cost, of: Of::Busy, state_bytes });
        }
    }
    counted
}

/// Prints how the costs are spread; whether they are within the bars.
fn report(title: &str, counted: &[&Counted], bars: [f64; 3]) -> bool {
    println!("\n{title}: {}", counted.len());
    if counted.is_empty() {
        return true;
    }
    println!("{:>16} {:>8} {:>8} {:>8} {:>8}", "", "median", "p90", "p99", "most");
    let spread = |name: &str, of: &dyn Fn(&Counted) -> f64| {
        let mut values: Vec<f64> = counted.iter().map(|one| of(one)).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
        let most = values[values.len() - 1];
        println!("{name:>16} {:>8} {:>8} {:>8} {most:>8}", at(0.5), at(0.9), at(0.99));
        (at(0.5), most)
    };
    let trips = spread("round trips", &|one| one.cost.round_trips as f64);
    let read = spread("read units", &|one| one.cost.read_units);
    let written = spread("write units", &|one| one.cost.write_units);
    spread("state, JSON bytes", &|one| one.state_bytes as f64);
    let [trips_max, read_max, written_max] = bars;
    println!(
        "bars, at the median: {trips_max} round trips, {read_max} read units, {written_max} write units"
    );
    trips.0 <= trips_max && read.0 <= read_max && written.0 <= written_max
}
