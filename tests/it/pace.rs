//! `mails_per_second` holds over all workers at once.

use std::collections::HashSet;
use std::num::NonZeroU32;

use lazo::dispatch;
use lazo::ingest;
use lazo::shell::send_rate::{LATE_MAX_MICROS, SKEW_MAX_MICROS, Turns, WAIT_MAX_MICROS};
use lazo::shell::store::Store;
use serde_json::json;

use crate::dispatch::{due, noon};
use crate::support::events::{batch, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, table};
use crate::unknown_sends::under;

const SECOND: i64 = 1_000_000;

/// A worker with a clock of its own that is wrong by up to half the skew, and
/// that begins each mail at its turn or late by as much as is allowed.
struct Worker {
    slots: Turns,
    skew_micros: i64,
    free_at: i64,
}

/// Lets workers send in virtual time for some seconds; when each mail began, in
/// true time.
async fn play(store: &Store, rate: u32, workers: usize, seconds: i64, seed: u64) -> Vec<i64> {
    let mut random = fastrand::Rng::with_seed(seed);
    let rate = NonZeroU32::new(rate).unwrap();
    let half = SKEW_MAX_MICROS / 2;
    let begin = due().millis() * 1000;
    let mut all: Vec<Worker> = (0..workers)
        .map(|_| Worker {
            slots: Turns::default(),
            skew_micros: random.i64(-half..=half),
            free_at: begin + random.i64(0..SECOND),
        })
        .collect();
    let mut began = Vec::new();
    loop {
        let worker = all.iter_mut().min_by_key(|worker| worker.free_at).unwrap();
        let now = worker.free_at;
        if now > begin + seconds * SECOND {
            began.sort_unstable();
            return began;
        }
        let clock = now + worker.skew_micros;
        let Some(turn) = worker.slots.next(store, rate, clock).await.unwrap() else {
            worker.free_at = now + random.i64(1..SECOND);
            continue;
        };
        assert!(turn >= clock - LATE_MAX_MICROS && turn <= clock + WAIT_MAX_MICROS + SECOND);
        // By the worker's own clock: at its turn, or later by up to the limit.
        let latest = (turn + LATE_MAX_MICROS).max(clock);
        let starts = random.i64(turn.max(clock)..=latest) - worker.skew_micros;
        began.push(starts);
        // Now and then a worker pauses, so that slots run out and pile up.
        let pause = if random.u8(..) < 8 { 3 * SECOND } else { SECOND / 20 };
        worker.free_at = starts + random.i64(0..=pause);
    }
}

fn most_in_a_second(began: &[i64]) -> usize {
    let window = |first: usize| began[first..].partition_point(|at| *at < began[first] + SECOND);
    (0..began.len()).map(window).max().unwrap_or(0)
}

#[tokio::test]
async fn no_second_has_more_mails_than_the_policy_says() {
    let mut most_used = 0.0f64;
    for (seed, (rate, workers)) in
        [(1, 1), (1, 4), (2, 3), (3, 7), (14, 2), (14, 9), (50, 5), (200, 16)]
            .into_iter()
            .enumerate()
    {
        let store = table().await.counting();
        let seconds = 12;
        let began = play(&store, rate, workers, seconds, seed as u64).await;
        let most = most_in_a_second(&began);
        assert!(most <= rate as usize, "{most} in a second, {rate} allowed, {workers} workers");
        let slots: HashSet<i64> = began.iter().copied().collect();
        assert!(slots.len() > 1);
        most_used = most_used.max(began.len() as f64 / (f64::from(rate) * seconds as f64));
        if rate >= 14 {
            let cost = store.take_cost();
            assert!(cost.write_units < began.len() as f64, "{cost:?} for {} mails", began.len());
        }
    }
    assert!(most_used > 0.75, "and what it allows can be used: {most_used}");
}

#[tokio::test]
async fn a_clock_that_is_ahead_stops_the_others_and_lets_no_mail_through_twice() {
    let store = table().await;
    let rate = NonZeroU32::new(10).unwrap();
    let now = due().millis() * 1000;
    let (mut ahead, mut right) = (Turns::default(), Turns::default());
    let far = now + 60 * SECOND;
    assert_eq!(ahead.next(&store, rate, far).await.unwrap(), Some(far));
    assert_eq!(right.next(&store, rate, now).await.unwrap(), None, "too many are before it");
    let later = far + SECOND;
    assert_eq!(right.next(&store, rate, later).await.unwrap(), Some(later));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_senders_at_once_keep_the_rate_and_lose_nothing() {
    let (rate, mails) = (20, 40);
    let world = World::new(under(&format!("mails_per_second: {rate}"))).await;
    for number in 0..mails {
        let customer = format!("cus-{number}");
        let events = [
            profile(&customer, noon(), json!({})),
            purchase(&customer, &format!("p{number}"), noon(), "129.90"),
        ];
        ingest::handle(&world.app, batch(&events), noon()).await;
    }
    let begun = std::time::Instant::now();
    let runs = (0..3).map(|_| {
        let app = world.app.clone();
        tokio::spawn(async move { dispatch::run(&app, due()).await.unwrap() })
    });
    for run in futures::future::join_all(runs).await {
        assert_eq!(run.unwrap().failed, 0);
    }
    // Whoever lost its turn to a slow machine was put back for a minute or two.
    for minute in 1..4 {
        dispatch::run(&world.app, due().plus_millis(minute * 60_000)).await.unwrap();
    }
    let took = begun.elapsed();
    let requests = world.recorder.requests(Service::Ses);
    assert_eq!(requests.len(), mails, "each once");
    let least = (mails as f64 - 1.0) / f64::from(rate);
    assert!(took.as_secs_f64() >= least, "{took:?} for {mails} mails, {least} s at least");
}
