//! Calls by the console: taken once, logged once, kept apart from those who may not.

use http::StatusCode;
use lazo::console::access::Role;
use lazo::shell::store::{CallStatus, Month};
use lazo_domain::event::EventKind;
use lazo_domain::instant::Instant;
use serde_json::json;

use super::browser::Browser;
use crate::calls::{asked, asked_for, touch};
use crate::support::events::envelope;
use crate::support::{World, id, minutes_after};

const CALL: &str = "/calls/thank-you-call~2Fana~2Fp1~2Fcall";

fn rep(world: &World, who: &'static str, now: Instant) -> Browser {
    Browser::at(world, now).role(Role::Rep).who(who)
}

async fn reports(world: &World) -> usize {
    let (events, _) = world.app.store.ledger(&id("ana")).await.unwrap();
    events.iter().filter(|event| event.kind == EventKind::CallReported).count()
}

async fn audited(world: &World) -> Vec<String> {
    let month = Month { year: 2026, month: 11 };
    let entries = world.app.store.audit_of(month, 100).await.unwrap();
    let mut told: Vec<String> =
        entries.iter().map(|one| format!("{} {} {}", one.by, one.role, one.what)).collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_rep_takes_the_first_call_logs_it_and_is_done() {
    let world = asked_for().await;
    let lucia = rep(&world, "lucia.ortega", asked());
    let today = lucia.get("/").await;
    assert!(today.text().contains("Te espera una llamada"), "{}", today.text());
    let taken = lucia.post("/calls/next", &[]).await;
    assert_eq!((taken.status, taken.location()), (StatusCode::SEE_OTHER, CALL));
    let page = lucia.get(CALL).await;
    let text = page.text();
    assert!(text.contains("Tuya hasta las 11:30") && text.contains("30 min"), "{text}");
    assert!(page.body.contains("href=\"tel:+52"), "{}", page.body);
    assert!(text.contains("Vuelve mañana, a otra hora."), "what follows is said before");
    let once = page.hidden("once");
    let form = [
        ("once", page.body.split("id=\"log\"").nth(1).map_or("", |_| once.as_str())),
        ("outcome", "reached"),
        ("satisfaction", "5"),
        ("note", "Todo bien. <script>alert(1)</script>"),
        ("then", "stop"),
    ];
    let report = format!("{CALL}/report");
    for _ in 0..2 {
        // A double click, or a reload of what was sent.
        let logged = lucia.post(&report, &form).await;
        assert_eq!(
            (logged.status, logged.location()),
            (StatusCode::SEE_OTHER, "/calls?done=logged")
        );
    }
    assert_eq!(reports(&world).await, 1);
    let call = world.app.store.call(&touch("call")).await.unwrap().unwrap();
    assert_eq!(
        (call.status, call.reported_by.as_deref()),
        (CallStatus::Done, Some("lucia.ortega"))
    );
    let list = lucia.get("/calls?done=logged").await;
    assert!(
        list.text().contains("Registrado.") && list.text().contains("No queda nadie por llamar")
    );
    assert!(!list.body.contains("<script>alert"));
    let told = audited(&world).await;
    assert_eq!(told, ["lucia.ortega rep call.report", "lucia.ortega rep call.take"]);
}

#[tokio::test]
async fn of_two_reps_one_has_the_call_and_the_other_is_told() {
    let world = asked_for().await;
    let (lucia, grace) = (rep(&world, "lucia.ortega", asked()), rep(&world, "grace.hall", asked()));
    let take = format!("{CALL}/take");
    let (one, other) = futures::join!(lucia.post(&take, &[]), grace.post(&take, &[]));
    assert_eq!((one.status, other.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let (hers, theirs) = (lucia.get(CALL).await.text(), grace.get(CALL).await.text());
    let has = |text: &str| text.contains("Tuya hasta las 11:30");
    assert!(has(&hers) != has(&theirs), "one of them has it");
    let told = if has(&hers) { &theirs } else { &hers };
    assert!(told.contains("la tiene hasta las 11:30"), "{told}");
    // Nobody lets go of what somebody else has.
    let (holder, other) = if has(&hers) { (&lucia, &grace) } else { (&grace, &lucia) };
    other.post(&format!("{CALL}/release"), &[]).await;
    assert!(has(&holder.get(CALL).await.text()));
    holder.post(&format!("{CALL}/release"), &[]).await;
    assert!(holder.get(CALL).await.text().contains("Nadie la tiene."));
}

#[tokio::test]
async fn what_does_not_do_is_said_where_it_was_typed_and_stays() {
    let world = asked_for().await;
    let lucia = rep(&world, "lucia.ortega", asked());
    let report = format!("{CALL}/report");
    let nothing = lucia.post(&report, &[("note", "Le urge"), ("once", &"a".repeat(32))]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text().contains("Elige cómo te fue") && nothing.body.contains("Le urge"));
    assert!(nothing.body.contains(&"a".repeat(32)), "the mark of the form stays");
    let long = "ñ".repeat(50_000);
    let long = lucia.post(&report, &[("outcome", "reached"), ("note", &long)]).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(long.body.contains(&"ñ".repeat(50_000)), "what was typed is kept");
    // At night nobody may be called; the next opening is said.
    let night = [("again", "date"), ("day", "2026-11-19"), ("hour", "22:30")];
    let night = lucia.post(&report, &night).await;
    assert!(night.text().contains("A esa hora no se puede llamar"), "{}", night.text());
    for (day, hour) in [("2026-11-17", "10:00"), ("2026-02-30", "10:00"), ("", ""), ("x", "99:99")]
    {
        let seen = lucia.post(&report, &[("again", "date"), ("day", day), ("hour", hour)]).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{day} {hour}");
    }
    assert_eq!(reports(&world).await, 0);
    let again = lucia.post(&report, &[("again", "tomorrow"), ("then", "stop")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text());
    assert_eq!(reports(&world).await, 1);
}

#[tokio::test]
async fn a_call_is_put_off_and_given_away() {
    let world = asked_for().await;
    let lucia = rep(&world, "lucia.ortega", asked());
    let snoozed = lucia.post(&format!("{CALL}/snooze"), &[("until", "tomorrow")]).await;
    assert_eq!(snoozed.location(), "/calls?done=snoozed");
    assert!(lucia.get("/calls").await.text().contains("Pospuestas"));
    assert_eq!(lucia.post("/calls/next", &[]).await.location(), "/calls?done=nobody");
    let given = lucia.post(&format!("{CALL}/assign"), &[("to", "mateo.rios")]).await;
    assert_eq!(given.location(), "/calls?done=assigned");
    let call = world.app.store.call(&touch("call")).await.unwrap().unwrap();
    assert_eq!(call.assigned_to, "mateo.rios");
    let nobody = lucia.post(&format!("{CALL}/assign"), &[("to", "nadie")]).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    let list = rep(&world, "mateo.rios", asked()).get("/calls?q=ANA").await;
    assert_eq!(list.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unhappy_customer_brings_a_complaint_with_the_report() {
    let world = asked_for().await;
    let lucia = rep(&world, "lucia.ortega", asked());
    let form = [
        ("once", "0123456789abcdef0123456789abcdef"),
        ("outcome", "reached"),
        ("satisfaction", "1"),
        ("note", "La lámpara llegó rota"),
        ("complaint", "product"),
        ("severity", "high"),
        ("then", "stop"),
    ];
    for _ in 0..2 {
        let logged = lucia.post(&format!("{CALL}/report"), &form).await;
        assert_eq!(logged.location(), "/calls?done=complaint", "{}", logged.text());
    }
    let open = world.app.store.open_complaints().await.unwrap();
    assert_eq!(open.len(), 1);
    let later = minutes_after(asked(), 1);
    let today = Browser::at(&world, later).get("/").await.text();
    assert!(today.contains("Quejas por resolver") && today.contains("grave · Taller"), "{today}");
}

/// However many customers and calls there are, a page asks as often.
#[tokio::test]
async fn a_page_asks_no_oftener_as_the_shop_grows() {
    let world = asked_for().await;
    let mut costs = Vec::new();
    for many in [1, 60] {
        for at in 0..many {
            let key = format!("p-{many}-{at}");
            let customer = format!("cus-{many}-{at}");
            let purchase = json!({
                "customer_id": customer, "purchase_id": key, "occurred_at": "2026-11-17T18:00:00Z",
                "total": { "amount": "129.90", "currency": "MXN" },
            });
            let told = json!({
                "customer_id": customer, "occurred_at": "2026-11-17T17:00:00Z", "name": { "given": "Eva" },
                "phone": "+525555551234", "relationship": "dedicated", "account_manager": "lucia.ortega",
            });
            for (kind, detail) in [("CustomerUpdated", told), ("PurchaseCompleted", purchase)] {
                let event = crate::support::events::delivered(&envelope(
                    kind,
                    crate::calls::noon(),
                    detail,
                ));
                lazo::shell::intake::take(&world.app, &event, crate::calls::noon()).await.unwrap();
            }
        }
        lazo::dispatch::run(&world.app, asked()).await.unwrap();
        let counting = world.counting();
        let browser = Browser::on(counting.clone(), asked()).who("lucia.ortega");
        let mut trips = Vec::new();
        for path in ["/", "/calls", CALL] {
            counting.store.take_cost();
            let seen = browser.get(path).await;
            assert_eq!(seen.status, StatusCode::OK);
            assert!(seen.body.len() < 150_000, "{path}: {}", seen.body.len());
            trips.push(counting.store.take_cost().round_trips);
        }
        costs.push(trips);
    }
    println!("requests of /, /calls and a call: {costs:?}");
    for (few, many) in costs[0].iter().zip(&costs[1]) {
        assert!(*many <= few + 6, "{costs:?}");
    }
}
