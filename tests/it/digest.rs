//! The mornings' mails to the people of the shop: what the day brings, once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lazo::digest::{self, DigestReport};
use lazo::shell::app::App;
use lazo::shell::intake;
use lazo::shell::rules::Rules;
use lazo::{dispatch, drift};
use lazo_domain::event::from_wire;
use lazo_domain::instant::Instant;
use lazo_domain::message::Templates;
use serde_json::{Value, json};

use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, at, minutes_after, rules};

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
call_team: care
digest_at: '07:30'
complaints: { escalate_after: { high: 4 hours, normal: 1 day } }
people:
  lucia: { email: lucia@casa.example }
  grace: { email: grace@casa.example, locale: en }
  nobody: { email: nobody@casa.example }
teams:
  care: { email: care@casa.example }
drift: { default_overdue_ratio: 3.0, default_gap: 10 days }
";

/// A team whose members get its mail, each in their language.
const TEAM: &str = "
  night: { name: Turno de noche, members: [lucia, grace] }
";

const CALL: &str = "
rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: call, channel: call, template: call, assign_to: account_manager, wait: 1 day, at: '07:00' }]
";

fn book() -> Rules {
    book_by(POLICY)
}

fn book_by(policy: &str) -> Rules {
    let book = rules(&[("policy.yaml", policy), ("call.yaml", CALL)]);
    let mut files: Vec<(String, String)> = Vec::new();
    for locale in ["es", "en"] {
        for file in ["subject.txt", "body.mjml"] {
            let path = format!("daily-digest/{locale}/{file}");
            let root = env!("CARGO_MANIFEST_DIR");
            let text = std::fs::read_to_string(format!("{root}/infra/templates/{path}")).unwrap();
            files.push((path, text));
        }
        let call = if locale == "es" { "Llamar a" } else { "Call" };
        let script = format!("# {call} {{{{ customer.given_name }}}}");
        files.push((format!("call/{locale}/script.md"), script));
    }
    for part in ["head", "header", "footer"] {
        for path in [
            format!("_brand/{part}.mjml"),
            format!("_brand/es/{part}.mjml"),
            format!("_brand/en/{part}.mjml"),
        ] {
            let root = env!("CARGO_MANIFEST_DIR");
            if let Ok(text) = std::fs::read_to_string(format!("{root}/infra/templates/{path}")) {
                files.push((path, text));
            }
        }
    }
    Rules::new(book.book, Templates::read(&files))
}

/// The morning of the mails that are looked at.
fn morning() -> Instant {
    at("2026-11-21T07:30:00-06:00")
}

async fn take(app: &App, text: &str, now: Instant) {
    intake::take(app, &delivered(text), now).await.unwrap();
}

async fn meet(app: &App, id: &str, given: &str, manager: &str, more: Value) {
    let then = at("2026-09-01T12:00:00-06:00");
    let mut told = json!({ "name": { "given": given }, "account_manager": manager });
    told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    take(app, &profile(id, then, told), then).await;
}

/// The mails, by whom they went to.
fn mails(world: &World) -> Vec<(String, String)> {
    let requests = world.recorder.requests(Service::Ses);
    let mail = |request: &Value| {
        let to = request["Destination"]["ToAddresses"][0].as_str().unwrap_or_default().to_owned();
        let raw = request["Content"]["Raw"]["Data"].as_str().unwrap();
        let mime = String::from_utf8(STANDARD.decode(raw).unwrap()).unwrap();
        (to, mime.replace("=\r\n", "").replace("=C3=B1", "ñ").replace("=3D", "="))
    };
    requests.iter().map(mail).collect()
}

#[tokio::test]
async fn each_hears_of_their_own_day_once() {
    let world = World::new(book()).await;
    let app = &world.app;
    meet(app, "ana", "Ana", "lucia", json!({ "birthday": "1990-11-21" })).await;
    meet(app, "bea", "Bea", "grace", json!({ "birthday": "--11-21" })).await;
    meet(app, "eva", "Eva", "grace", json!({ "birthday": "1990-11-22" })).await;
    meet(app, "gil", "Gil", "grace", json!({ "birthday": "1990-11-21" })).await;
    // Gil changed hands, and is Lucía's.
    let then = at("2026-09-02T12:00:00-06:00");
    take(
        app,
        &profile("gil", then, json!({ "name": { "given": "Gil" }, "account_manager": "lucia" })),
        then,
    )
    .await;
    // A call for Grace, asked for at seven.
    let bought = at("2026-11-20T10:00:00-06:00");
    take(app, &purchase("eva", "p1", bought, "10.00"), bought).await;
    dispatch::run(app, at("2026-11-21T07:00:00-06:00")).await.unwrap();
    // A complaint that is the call team's, due in the night.
    let opened = json!({
        "complaint_id": "k1", "customer_id": "ana", "occurred_at": bought.to_string(),
        "severity": "normal", "category": "delivery",
    });
    take(app, &envelope("ComplaintOpened", bought, opened), bought).await;

    let early = digest::run(app, minutes_after(morning(), -1)).await.unwrap();
    assert_eq!(early, DigestReport::default(), "not before the hour");
    let report = digest::run(app, morning()).await.unwrap();
    assert_eq!((report.sent, report.nothing, report.waiting), (3, 1, 0));
    for minutes in [0, 15, 60, 301] {
        let again = digest::run(app, minutes_after(morning(), minutes)).await.unwrap();
        assert_eq!(again.sent, 0, "{minutes} minutes later");
    }
    let mails = mails(&world);
    assert_eq!(mails.len(), 3);
    let of = |to: &str| {
        let found = mails.iter().find(|(address, _)| address.contains(to));
        found.map(|(_, mail)| mail.clone()).unwrap_or_else(|| panic!("{to}: {mails:?}"))
    };
    let (lucia, grace, care) = (of("lucia@"), of("grace@"), of("care@"));
    assert!(lucia.contains("Ana") && lucia.contains("Gil") && !lucia.contains("Bea"), "{lucia}");
    assert!(grace.contains("Good morning, grace") && grace.contains("Bea"), "{grace}");
    assert!(grace.contains("Call Eva") && !grace.contains("Gil"), "{grace}");
    assert!(care.contains("entrega") && care.contains("Ana"), "{care}");
}

#[tokio::test]
async fn who_begins_to_drift_is_told_the_next_morning() {
    drifts(1).await;
}

/// Mornings on which nothing ran, or nothing went out.
#[tokio::test]
async fn news_of_a_missed_morning_are_told_the_next_once() {
    for days in 2..=4 {
        drifts(days).await;
    }
}

/// Somebody drifts away, and mornings come every so many days.
async fn drifts(every: i64) {
    let world = World::new(book()).await;
    let app = &world.app;
    meet(app, "ana", "Ana", "lucia", json!({})).await;
    for (key, day) in [("p1", "2026-10-01"), ("p2", "2026-10-08"), ("p3", "2026-10-15")] {
        let bought = at(&format!("{day}T10:00:00-06:00"));
        let mut event = from_wire(&purchase("ana", key, bought, "10.00")).unwrap();
        event.at = bought;
        intake::take(app, &event, bought).await.unwrap();
    }
    let mut told = Vec::new();
    for day in 0..60 {
        let midnight = minutes_after(at("2026-10-16T00:20:00-06:00"), day * 1440);
        drift::run(app, midnight, None).await.unwrap();
        if day % every != 0 {
            continue;
        }
        let at_half_past_seven = minutes_after(midnight, 7 * 60 + 10);
        let report = digest::run(app, at_half_past_seven).await.unwrap();
        told.extend((report.sent > 0).then_some(day));
    }
    let drifted: Vec<String> = mails(&world)
        .into_iter()
        .filter(|(_, mail)| mail.contains("alejarse"))
        .map(|(to, _)| to)
        .collect();
    assert_eq!(drifted.len(), 1, "{told:?}");
    assert!(drifted[0].contains("lucia@"), "{drifted:?}");
}

#[tokio::test]
async fn each_of_a_team_reads_its_mail_in_their_own_language() {
    let policy = POLICY.replacen("\ndrift:", &format!("{TEAM}drift:"), 1);
    let policy = policy.replace("call_team: care", "call_team: night");
    let policy = policy.replace("grace: {", "grace: { name: Grace Hall,");
    let world = World::new(book_by(&policy)).await;
    let app = &world.app;
    let bought = at("2026-11-20T10:00:00-06:00");
    let known = json!({ "name": { "given": "Eva" } });
    take(app, &profile("eva", minutes_after(bought, -60), known), bought).await;
    take(app, &purchase("eva", "p1", bought, "10.00"), bought).await;
    dispatch::run(app, at("2026-11-21T07:00:00-06:00")).await.unwrap();
    assert_eq!(digest::run(app, morning()).await.unwrap().sent, 2);
    let mails = mails(&world);
    let of = |to: &str| &mails.iter().find(|(address, _)| address.contains(to)).unwrap().1;
    assert!(of("lucia@").contains("Llamar a Eva"), "{}", of("lucia@"));
    assert!(of("grace@").contains("Call Eva"), "{}", of("grace@"));
    assert!(of("grace@").contains("Good morning, Grace Hall"), "{}", of("grace@"));
}
