//! Sending is paused and resumed by a form, and whoever opens the console sees it.

use http::StatusCode;
use jiff::tz::TimeZone;
use lazo::console::access::Role;
use lazo::shell::sending;
use lazo::shell::store::Month;

use super::browser::Browser;
use crate::support::{World, at};

const NOON: &str = "2026-11-30T18:00:00Z";

#[tokio::test]
async fn a_pause_is_seen_and_taken_back_and_both_leave_an_entry() {
    let world = World::shipped().await;
    let browser = Browser::at(&world, at(NOON)).role(Role::Operations);
    assert!(browser.get("/settings/sending").await.text().contains("Todo sale cuando le toca."));
    assert!(!browser.get("/").await.text().contains("en pausa"));
    let why = "precios <script>alert(1)</script>";
    for _ in 0..2 {
        // A double click pauses once.
        let form = [("scope", "rule/winback"), ("why", why)];
        let done = browser.post("/settings/sending/pause", &form).await;
        assert_eq!(
            (done.status, done.location()),
            (StatusCode::SEE_OTHER, "/settings/sending?done=paused")
        );
    }
    let page = browser.get("/settings/sending").await;
    assert!(page.text().contains("En pausa: la regla winback."), "{}", page.text());
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    // What is paused already is not offered again.
    assert_eq!(page.body.matches("rule/winback").count(), 1, "{}", page.body);
    assert!(browser.get("/").await.text().contains("El envío está en pausa: la regla winback."));
    assert_eq!(sending::pauses(&world.app.store).await.unwrap().len(), 1);
    let resume = [("scope", "rule/winback")];
    assert_eq!(
        browser.post("/settings/sending/resume", &resume).await.location(),
        "/settings/sending?done=resumed"
    );
    assert!(sending::pauses(&world.app.store).await.unwrap().is_empty());
    let month = Month::of(at(NOON), &TimeZone::UTC);
    let entries = world.app.store.audit_of(month, 10).await.unwrap();
    let mut told: Vec<&str> = entries.iter().map(|entry| entry.what.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["sending.pause", "sending.resume"]);
}

#[tokio::test]
async fn what_names_nothing_pauses_nothing() {
    let world = World::shipped().await;
    let browser = Browser::at(&world, at(NOON)).role(Role::Marketing);
    for (scope, status) in [
        ("rule/nowhere", StatusCode::NOT_FOUND),
        ("everything", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
    ] {
        let answer = browser.post("/settings/sending/pause", &[("scope", scope)]).await;
        assert_eq!(answer.status, status, "{scope}");
    }
    let rep = Browser::at(&world, at(NOON)).role(Role::Rep);
    let refused = rep.post("/settings/sending/pause", &[("scope", "all")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(sending::pauses(&world.app.store).await.unwrap().is_empty());
}
