//! Published content, fanned out: to those whom it interests, once, in bounded
//! runs, whatever stops them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Clock};

use lazo::content::{self, Bounds};
use lazo::dispatch;
use lazo::shell::app::App;
use lazo::shell::intake::{self, Taken};
use lazo::shell::rules::Rules;
use lazo::shell::store::TouchState;
use lazo_domain::instant::Instant;
use lazo_fake_aws::faults::{End, Fault, Faults, Plan};
use lazo_fake_aws::{Aws, Keep, Wiring};
use serde_json::json;

use crate::faults::schedules::block_on;
use crate::support::events::{delivered, envelope, profile};
use crate::support::recorder::Service;
use crate::support::{World, at, id, minutes_after, rules};

/// How many customers an article interests; `LAZO_FANOUT=100000` asks for more:
/// `LAZO_FANOUT=100000 cargo test --release --test it content:: -- --nocapture`.
const INTERESTED: usize = 600;

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
marketing_consent: opt_out
";

const SHARE: &str = "
rule: share
status: live
purpose: service
trigger: { event: ContentPublished }
steps: [{ id: mail, channel: email, template: share, wait: 1 day, at: '11:00' }]
";

fn book() -> Rules {
    rules(&[("policy.yaml", POLICY), ("share.yaml", SHARE)])
}

fn noon() -> Instant {
    at("2026-11-20T12:00:00-06:00")
}

fn due() -> Instant {
    at("2026-11-21T11:00:00-06:00")
}

fn article(key: &str, topics: &[&str]) -> String {
    let detail = json!({
        "content_id": key, "occurred_at": noon().to_string(), "title": "Luz de invierno",
        "url": "https://casa.example/luz", "topics": topics,
    });
    envelope("ContentPublished", noon(), detail)
}

fn interested(customer: &str, minutes: i64, interests: &[&str]) -> String {
    profile(customer, minutes_after(noon(), minutes), json!({ "interests": interests }))
}

async fn take(app: &App, text: &str, now: Instant) -> Taken {
    intake::take(app, &delivered(text), now).await.unwrap()
}

/// How each customer's touches of a piece stand.
async fn touches(world: &World, customer: &str) -> Vec<String> {
    let (_, touches) = world.app.store.ledger(&id(customer)).await.unwrap();
    touches.iter().map(|t| format!("{} {:?}", t.touch.occurrence, t.state)).collect()
}

#[tokio::test]
async fn a_piece_reaches_whom_it_interests_once() {
    let world = World::new(book()).await;
    let app = &world.app;
    for (customer, interests) in [
        ("ana", &["Lámparas", "velas"][..]),
        ("bea", &["sillas"]),
        ("eva", &[]),
        ("gil", &["velas"]),
    ] {
        take(app, &interested(customer, -60, interests), minutes_after(noon(), -60)).await;
    }
    assert_eq!(take(app, &article("c1", &["velas", "LAMPARAS"]), noon()).await, Taken::Counted);
    assert_eq!(take(app, &article("c1", &["sillas"]), noon()).await, Taken::Duplicate);
    let report = content::run(app, minutes_after(noon(), 1), Bounds::NONE).await.unwrap();
    assert_eq!((report.finished, report.reached, report.failed), (1, 2, 0));
    let again = content::run(app, minutes_after(noon(), 2), Bounds::NONE).await.unwrap();
    assert_eq!(again, content::FanOutReport::default());
    assert_eq!(dispatch::run(app, due()).await.unwrap().sent, 2);
    assert_eq!(take(app, &article("c1", &["velas"]), due()).await, Taken::Duplicate);
    content::run(app, due(), Bounds::NONE).await.unwrap();
    dispatch::run(app, minutes_after(due(), 3 * 1440)).await.unwrap();
    assert_eq!(world.recorder.requests(Service::Ses).len(), 2);
    assert_eq!(touches(&world, "ana").await, ["c1 Sent"]);
    assert_eq!(touches(&world, "gil").await, ["c1 Sent"]);
    assert!(touches(&world, "bea").await.is_empty() && touches(&world, "eva").await.is_empty());
}

/// Whatever comes first: the profile, the piece, or its handing round.
#[tokio::test]
async fn what_was_told_before_a_piece_counts_however_late_it_comes() {
    let world = World::new(book()).await;
    let app = &world.app;
    take(app, &interested("ana", -60, &[]), noon()).await;
    take(app, &interested("gil", -60, &["velas"]), noon()).await;
    take(app, &interested("eva", -60, &["velas"]), noon()).await;
    // Given up after the piece came out, and before it was fanned out.
    take(app, &interested("gil", 10, &[]), minutes_after(noon(), 10)).await;
    take(app, &article("c1", &["velas"]), minutes_after(noon(), 20)).await;
    // Taken to after it came out.
    take(app, &interested("bea", 30, &["velas"]), minutes_after(noon(), 30)).await;
    content::run(app, minutes_after(noon(), 40), Bounds::NONE).await.unwrap();
    // SendStatus late, of before; twice, as an archive may.
    for _ in 0..2 {
        take(app, &interested("ana", -30, &["velas"]), minutes_after(noon(), 50)).await;
        take(app, &interested("eva", -30, &[]), minutes_after(noon(), 50)).await;
    }
    dispatch::run(app, due()).await.unwrap();
    let mut left = Vec::new();
    for customer in ["ana", "bea", "eva", "gil"] {
        left.push(touches(&world, customer).await.join(" "));
    }
    assert_eq!(left, ["c1 Sent", "", "", "c1 Sent"]);
}

#[tokio::test]
async fn who_was_forgotten_is_found_by_no_interest() {
    let world = World::new(book()).await;
    let app = &world.app;
    take(app, &interested("ana", -60, &["velas", "sillas"]), noon()).await;
    let erased =
        json!({ "request_id": "e1", "customer_id": "ana", "occurred_at": noon().to_string() });
    take(app, &envelope("CustomerErased", noon(), erased), noon()).await;
    let listed = world.items().await.into_iter().filter(|item| item.contains("interest#"));
    let listed: Vec<String> = listed.collect();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|item| item.contains("expires_at")), "{listed:?}");
    assert!(!listed.iter().any(|item| item.contains("velas")), "a topic is no id: {listed:?}");
    take(app, &article("c1", &["velas"]), noon()).await;
    let report = content::run(app, noon(), Bounds::NONE).await.unwrap();
    assert_eq!((report.customers, report.reached), (1, 0));
    assert!(touches(&world, "ana").await.is_empty());
}

/// Each run keeps to its bounds, and one may be killed at any request.
#[test]
fn a_popular_topic_is_handed_round_in_bounded_runs_that_may_be_killed() {
    let named = std::env::var("LAZO_FANOUT").ok().and_then(|count| count.parse().ok());
    let count: usize = named.unwrap_or(INTERESTED);
    block_on(async move {
        let aws = Aws::new(Keep { past: false, bodies: false });
        let faults = Faults::default();
        let wiring = Wiring::to(&faults.on(aws.clone()));
        let app = wiring.app(book(), None);
        for number in 0..count {
            let interests = if number % 10 == 0 { &["velas", "sillas"][..] } else { &["velas"] };
            let text = interested(&format!("cus-{number:06}"), -60, interests);
            take(&app, &text, minutes_after(noon(), -60)).await;
        }
        take(&app, &article("c1", &["sillas", "velas"]), noon()).await;
        let bounds = Bounds { time: Some(Duration::from_secs(40)), customers: count / 12 };
        let most = bounds.customers + 100;
        let mut rng = fastrand::Rng::with_seed(7);
        let (mut runs, mut killed, mut reached) = (0, 0, 0);
        let mut longest = Duration::ZERO;
        loop {
            runs += 1;
            assert!(runs < 400, "it does not end: {reached} of {count} after {runs} runs");
            let stop = [Fault::StopBefore, Fault::StopAfter][rng.usize(..2)];
            let requests = 3 * most as u64;
            let is_killed = rng.u8(..3) > 0;
            let plan = Plan::At(vec![(rng.u64(1..requests), stop)]);
            faults.plan(if is_killed { plan } else { Plan::Clean });
            let began = Clock::now();
            let now = minutes_after(noon(), runs);
            let end = faults.run(content::run(&app, now, bounds), || async {}).await;
            longest = longest.max(began.elapsed());
            match end {
                End::Done(report) => {
                    let report = report.unwrap();
                    assert!(report.customers <= most, "{report:?}");
                    assert_eq!(report.failed, 0);
                    reached += report.reached;
                    if app.store.fan_outs().await.unwrap().is_empty() {
                        break;
                    }
                }
                _ => killed += 1,
            }
        }
        faults.plan(Plan::Clean);
        println!(
            "{count} customers in {runs} runs, {killed} of them killed, {reached} reached by the \
             others; the longest took {longest:?} for {most} customers at most"
        );
        let mut states: BTreeMap<usize, usize> = BTreeMap::new();
        for number in 0..count {
            let customer = app.store.load(&id(&format!("cus-{number:06}"))).await.unwrap().customer;
            *states.entry(customer.enrolments.len()).or_default() += 1;
        }
        assert_eq!(states, BTreeMap::from([(1, count)]), "enrolments by customer");
        assert!(longest < Duration::from_secs(60), "{longest:?}");
        if named.is_none() {
            sent_once(&app, &aws, count).await;
        }
    });
}

/// Everybody gets their one mail.
async fn sent_once(app: &App, aws: &Aws, count: usize) {
    dispatch::run(app, due()).await.unwrap();
    assert_eq!(aws.mail.count() as usize, count);
    let (_, touches) = app.store.ledger(&id("cus-000000")).await.unwrap();
    assert_eq!(touches.len(), 1);
    assert_eq!(touches[0].state, TouchState::Sent);
}
