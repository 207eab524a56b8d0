//! Versions of the rules: published once, worked by within a minute, taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lazo::shell::app::App;
use lazo::shell::rules::Rules;
use lazo::shell::store::{FailureKind, Store, Version, VersionState};
use lazo::shell::versions::{self, Publication, PublishError, Published};
use lazo::{dispatch, ingest};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::{Bundle, VersionNumber};
use lazo_fake_aws::{Aws, Keep, Wiring};
use serde_json::json;

use crate::dispatch::noon;
use crate::support::events::{batch, profile, purchase};
use crate::support::recorder::{Reply, Service};
use crate::support::{BODY, World, id, minutes_after, rules};

const POLICY: &str = "brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
";

/// Everybody who buys gets a mail at once, whose subject names the bundle.
pub fn bundle(name: &str) -> Bundle {
    let rule = format!(
        "rule: thanks\ndescription: \"{name}\"\nstatus: live\npurpose: service\n\
         trigger: {{ event: PurchaseCompleted }}\n\
         steps: [{{ id: mail, channel: email, template: thanks }}]\n"
    );
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    Bundle::new(
        vec![file("policy.yaml", POLICY), file("thanks.yaml", &rule)],
        vec![file("thanks/es/body.mjml", BODY), file("thanks/es/subject.txt", name)],
    )
}

pub fn number(number: u32) -> VersionNumber {
    VersionNumber::new(number).unwrap()
}

/// Publishes at once, against whatever is live.
pub async fn publish(store: &Store, bundle: &Bundle, now: Instant) -> Version {
    let base = store.live_version().await.unwrap().map(|live| live.number);
    let publication = Publication { by: "ana", note: "why", base, at: None, restores: None };
    match versions::publish(store, bundle, &publication, now).await.unwrap() {
        Published::Done(version) => version,
        Published::Same(number) => panic!("{number} says the same"),
    }
}

async fn world() -> World {
    let files = bundle("none");
    let files: Vec<(&str, &str)> =
        files.rules.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    World::new(rules(&files)).await
}

async fn buys(app: &App, customer: &str, purchase_id: &str, now: Instant) {
    let told =
        [profile(customer, noon(), json!({})), purchase(customer, purchase_id, now, "10.00")];
    assert!(ingest::handle(app, batch(&told), now).await.batch_item_failures.is_empty());
}

/// The subjects of the mails that went out, by their touch.
fn subjects(world: &World) -> Vec<(String, String)> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let mails = world.recorder.requests(Service::Ses);
    let read = mails.iter().map(|request| {
        let data = request["Content"]["Raw"]["Data"].as_str().unwrap();
        let mime = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        let subject = mime.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap();
        let tags = request["EmailTags"].as_array().unwrap();
        let touch = tags.iter().find(|tag| tag["Name"] == "touch").unwrap()["Value"].clone();
        let touch = URL_SAFE_NO_PAD.decode(touch.as_str().unwrap()).unwrap();
        (String::from_utf8(touch).unwrap(), subject.to_owned())
    });
    read.collect()
}

#[tokio::test]
async fn a_worker_looks_once_a_minute_and_reads_a_version_once() {
    let mut world = world().await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    publish(&app.store, &bundle("one"), noon()).await;
    app.follow_version(noon()).await;
    assert_eq!(app.rules().book.version(), Some(number(1)));
    app.store.take_cost();
    for second in 0..50 {
        app.follow_version(noon().plus_millis(second * 1_000)).await;
    }
    assert_eq!(app.store.take_cost().round_trips, 0);
    publish(&app.store, &bundle("two"), noon()).await;
    app.store.take_cost();
    // A schedule of a minute that comes a little early.
    app.follow_version(minutes_after(noon(), 1).plus_millis(-900)).await;
    assert_eq!(app.rules().book.version(), Some(number(2)));
    app.store.take_cost();
    app.follow_version(minutes_after(noon(), 2)).await;
    let cost = app.store.take_cost();
    assert_eq!((cost.round_trips, cost.read_units), (1, 1.0), "nothing new is one read");
}

#[tokio::test]
async fn what_is_decided_names_its_version_and_is_written_by_it() {
    let world = world().await;
    let app = &world.app;
    publish(&app.store, &bundle("first"), noon()).await;
    app.follow_version(noon()).await;
    buys(app, "ana", "p1", noon()).await;
    // Another version is published, and this worker has not looked since.
    publish(&app.store, &bundle("second"), noon()).await;
    dispatch::run(app, minutes_after(noon(), 0)).await.unwrap();
    app.follow_version(minutes_after(noon(), 1)).await;
    buys(app, "ana", "p2", minutes_after(noon(), 2)).await;
    dispatch::run(app, minutes_after(noon(), 2)).await.unwrap();
    let (events, touches) = app.store.ledger(&id("ana")).await.unwrap();
    let of = |key: &str| events.iter().find(|event| event.key == key).unwrap().version;
    assert_eq!((of("p1"), of("p2")), (Some(number(1)), Some(number(2))));
    let told = touches.iter().map(|touch| (touch.touch.occurrence.as_str(), touch.version));
    assert_eq!(told.collect::<Vec<_>>(), [("p1", Some(number(1))), ("p2", Some(number(2)))]);
    let subjects: Vec<String> = subjects(&world).into_iter().map(|(_, subject)| subject).collect();
    assert_eq!(subjects, ["first", "second"]);
}

#[tokio::test]
async fn of_two_who_publish_at_once_one_wins_and_the_other_is_told() {
    let world = world().await;
    let store = &world.app.store;
    publish(store, &bundle("base"), noon()).await;
    let base = Some(number(1));
    let of = |by| Publication { by, note: "mine", base, at: None, restores: None };
    let (ana, beto) = (of("ana"), of("beto"));
    let (one, other) = (bundle("ana"), bundle("beto"));
    let (one, other) = tokio::join!(
        versions::publish(store, &one, &ana, noon()),
        versions::publish(store, &other, &beto, noon()),
    );
    let (won, lost) = match (one, other) {
        (Ok(Published::Done(won)), Err(lost)) | (Err(lost), Ok(Published::Done(won))) => {
            (won, lost)
        }
        both => panic!("{both:?}"),
    };
    let PublishError::Moved(live) = lost else { panic!("{lost}") };
    assert_eq!((live.number, won.number), (number(2), number(2)));
    let listed = store.versions(10).await.unwrap();
    assert_eq!(listed.iter().map(|v| v.number.get()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(listed[0].by, won.by);
    // What is published again says the same, and is no version.
    let again = of(&won.by);
    let same = versions::publish(store, &bundle(&won.by), &again, noon()).await.unwrap();
    assert_eq!(same, Published::Same(number(2)));
}

#[tokio::test]
async fn a_scheduled_version_goes_live_unless_its_base_moved() {
    let world = world().await;
    let (app, store) = (&world.app, &world.app.store);
    publish(store, &bundle("base"), noon()).await;
    let later = |minutes| Some(minutes_after(noon(), minutes));
    let base = Some(number(1));
    let schedule = async |name: &str, minutes, base| {
        let at = later(minutes);
        let publication = Publication { by: "ana", note: "later", base, at, restores: None };
        versions::publish(store, &bundle(name), &publication, noon()).await
    };
    let late = schedule("late", 60, base).await.unwrap();
    let soon = schedule("soon", 30, base).await.unwrap();
    // A publication whose answer was lost is not made twice.
    assert_eq!(schedule("soon", 30, base).await.unwrap(), soon);
    assert!(matches!(schedule("past", -1, base).await, Err(PublishError::Past)));
    let (Published::Done(late), Published::Done(soon)) = (late, soon) else { panic!("scheduled") };
    assert_eq!((late.number, soon.number), (number(2), number(3)));
    versions::keep_schedule(app, minutes_after(noon(), 29)).await.unwrap();
    assert_eq!(store.live_version().await.unwrap().unwrap().number, number(1));
    versions::keep_schedule(app, minutes_after(noon(), 31)).await.unwrap();
    assert_eq!(store.live_version().await.unwrap().unwrap().number, number(3));
    versions::keep_schedule(app, minutes_after(noon(), 61)).await.unwrap();
    assert_eq!(store.live_version().await.unwrap().unwrap().number, number(3));
    let late = store.version(number(2)).await.unwrap().unwrap();
    assert_eq!(late.state, VersionState::Suspended { at: minutes_after(noon(), 61) });
    let failures = store.failures(minutes_after(noon(), 62)).await.unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].kind, FailureKind::SuspendedVersion);
    assert!(failures[0].why.contains("version 3 was published"), "{}", failures[0].why);
}

#[tokio::test]
async fn a_rollback_publishes_an_earlier_content_under_a_new_number() {
    let world = world().await;
    let store = &world.app.store;
    let first = publish(store, &bundle("good"), noon()).await;
    publish(store, &bundle("bad"), noon()).await;
    let Ok(Published::Done(back)) =
        versions::roll_back(store, number(1), ("beto", "too many"), noon()).await
    else {
        panic!("it is rolled back")
    };
    assert_eq!(
        (back.number, back.restores, back.base),
        (number(3), Some(number(1)), Some(number(2)))
    );
    assert_eq!(back.digest, first.digest);
    assert_eq!(store.bundle(&back.digest).await.unwrap().unwrap(), bundle("good"));
    let none = versions::roll_back(store, number(9), ("beto", "?"), noon()).await;
    assert!(matches!(none, Err(PublishError::NoSuch(_))), "{none:?}");
    let same = versions::roll_back(store, number(1), ("beto", "twice"), noon()).await.unwrap();
    assert_eq!(same, Published::Same(number(3)));
}

#[tokio::test]
async fn what_is_wrong_or_too_large_is_not_published() {
    let world = world().await;
    let store = &world.app.store;
    publish(store, &bundle("base"), noon()).await;
    let base = Some(number(1));
    let publication = Publication { by: "ana", note: "?", base, at: None, restores: None };
    let mut wrong = bundle("wrong");
    wrong.rules[1].1 += "chanel: email\n";
    let refused = versions::publish(store, &wrong, &publication, noon()).await;
    assert!(matches!(refused, Err(PublishError::Rules(_))), "{refused:?}");
    let mut large = bundle("large");
    large.templates.push(("thanks/es/picture.svg".into(), "x".repeat(5_000_000)));
    let refused = versions::publish(store, &large, &publication, noon()).await;
    assert!(matches!(refused, Err(PublishError::TooLarge(_))), "{refused:?}");
    // One of several parts is read back as it was.
    let mut several = bundle("several");
    let mut rng = fastrand::Rng::with_seed(7);
    let noise: String = (0..1_500_000).map(|_| rng.alphanumeric()).collect();
    several.templates.push(("thanks/es/noise.txt".into(), noise));
    versions::publish(store, &several, &publication, noon()).await.unwrap();
    assert_eq!(store.bundle(&several.digest()).await.unwrap().unwrap(), several);
}

/// How many purchases come while versions are published; `LAZO_PURCHASES=10000` asks for
/// more: `LAZO_PURCHASES=10000 cargo test --release --test it versions::`.
fn purchases() -> usize {
    let named = std::env::var("LAZO_PURCHASES").ok().and_then(|count| count.parse().ok());
    named.unwrap_or(150)
}

/// Publishes all the time, while events come and what is due goes out.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_touch_is_decided_by_one_version_whatever_is_published_meanwhile() {
    const OF_ONE_CUSTOMER: usize = 150;
    let world = world().await;
    let app = world.app.clone();
    publish(&app.store, &bundle("1"), noon()).await;
    app.take_version().await.unwrap();
    let publishing = tokio::spawn({
        let app = app.clone();
        async move {
            for version in 2.. {
                publish(&app.store, &bundle(&version.to_string()), noon()).await;
                app.take_version().await.unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    let purchases = purchases();
    let customers: Vec<String> =
        (0..purchases.div_ceil(OF_ONE_CUSTOMER)).map(|n| format!("cus-{n}")).collect();
    for number in 0..purchases {
        let customer = &customers[number / OF_ONE_CUSTOMER];
        buys(&app, customer, &format!("p{number}"), noon()).await;
        if number % 10 == 0 {
            dispatch::run(&app, noon()).await.unwrap();
        }
    }
    dispatch::run(&app, noon()).await.unwrap();
    publishing.abort();
    let mails = subjects(&world);
    let by_touch: BTreeMap<&str, &str> =
        mails.iter().map(|(touch, subject)| (touch.as_str(), subject.as_str())).collect();
    assert_eq!((mails.len(), by_touch.len()), (purchases, purchases), "each went out once");
    let (mut counted, mut by) = (0, BTreeSet::new());
    for customer in &customers {
        let (events, touches) = app.store.ledger(&id(customer)).await.unwrap();
        assert_eq!(events.len(), 1 + touches.len(), "none lost, none twice");
        counted += touches.len();
        for touch in touches {
            let version = touch.version.unwrap();
            by.insert(version);
            assert_eq!(by_touch[touch.touch.to_string().as_str()], version.to_string());
        }
    }
    assert_eq!(counted, purchases);
    assert!(by.len() > 3, "{by:?}");
}

/// The versions that others were told of, or were to be.
fn told_versions(world: &World) -> Vec<u64> {
    let told = world.recorder.entries().into_iter().filter(|(kind, _)| kind == "RulesPublished");
    told.map(|(_, detail)| detail["version"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn others_are_told_which_version_went_live_though_the_bus_fails_at_first() {
    let world = world().await;
    let app = &world.app;
    publish(&app.store, &bundle("one"), noon()).await;
    publish(&app.store, &bundle("two"), noon()).await;
    world.recorder.script(Service::EventBridge, [Reply::Partial(1)]);
    assert!(tell(app).await.is_err());
    assert_eq!(app.store.live_version().await.unwrap().unwrap().untold, [number(1), number(2)]);
    let asked = told_versions(&world).len();
    tell(app).await.unwrap();
    assert_eq!(told_versions(&world)[asked..], [1, 2]);
    // Once is enough.
    tell(app).await.unwrap();
    assert_eq!(told_versions(&world).len(), asked + 2);
}

async fn tell(app: &App) -> Result<(), versions::TellError> {
    let live = app.store.live_version().await?.unwrap();
    versions::tell_published(app, &live).await
}

/// The minute's look of a worker that runs every minute.
#[tokio::test]
async fn a_look_at_versions_is_one_read_where_nothing_changed() {
    let aws = Aws::new(Keep::default());
    let app = Wiring::to(&aws).app(Rules::from(None).unwrap(), None);
    let asked = || aws.asked().into_values().sum::<u64>();
    versions::keep_up(&app, noon()).await;
    assert_eq!(asked(), 1, "{:?}", aws.asked());
    publish(&app.store, &bundle("one"), noon()).await;
    versions::keep_up(&app, minutes_after(noon(), 1)).await;
    assert_eq!(app.rules().book.version(), Some(number(1)));
    assert_eq!(aws.bus.published().len(), 1);
    let before = asked();
    versions::keep_up(&app, minutes_after(noon(), 2)).await;
    versions::keep_up(&app, minutes_after(noon(), 3)).await;
    assert_eq!(asked() - before, 2, "{:?}", aws.asked());
}
