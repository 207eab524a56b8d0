//! Customers in the console: the search, one customer's page, and what is done there.

use std::sync::Arc;

use http::{StatusCode, header};
use lazo::console::access::Role;
use lazo::shell::intake;
use lazo::shell::store::Month;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use serde_json::{Value, json};

use super::browser::{Browser, Seen};
use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::{World, at, id, minutes_after};

fn noon() -> Instant {
    at("2026-11-30T12:00:00-06:00")
}

fn days_ago(days: i64) -> Instant {
    noon().plus_millis(-days * DAY_MILLIS)
}

async fn take(world: &World, text: &str) {
    let event = delivered(text);
    intake::take(&world.app, &event, event.at).await.unwrap();
}

async fn tell(world: &World, customer: &str, kind: &str, at: Instant, more: Value) {
    let mut detail = json!({ "customer_id": customer, "occurred_at": at.to_string() });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    take(world, &envelope(kind, at, detail)).await;
}

/// Marisol, who bought twice, complained and said no to marketing mail.
async fn shop() -> World {
    let world = World::shipped().await;
    let told = json!({ "birthday": "--05-15", "account_manager": "lucia.ortega" });
    take(&world, &profile("c1", days_ago(200), told)).await;
    for (key, days) in [("p1", 190), ("p2", 150)] {
        take(&world, &purchase("c1", key, days_ago(days), "989.90")).await;
    }
    let no = json!({
        "consent_id": "k1", "channel": "email", "purpose": "marketing", "state": "denied",
        "source": "till",
    });
    tell(&world, "c1", "ConsentChanged", days_ago(149), no).await;
    let met = json!({
        "interaction_id": "i1", "phase": "postpurchase", "touchpoint": "shop", "channel": "store",
        "initiated_by": "customer", "kind": "visit", "note": "Busca un <tapete> & dos velas.",
    });
    tell(&world, "c1", "InteractionRecorded", days_ago(20), met).await;
    world
}

async fn see(world: &World, path: &str) -> Seen {
    Browser::at(world, noon()).get(path).await
}

#[tokio::test]
async fn customers_are_found_on_the_page() {
    let world = shop().await;
    for (customer, given, family) in [
        ("x1", "<script>alert(1)</script>", "\"onload=x"),
        ("x2", "مَرْيَم", "حسن"),
        ("x3", "Jose\u{301}", "Pen\u{303}a"),
    ] {
        let name = json!({ "given": given, "family": family });
        let told = json!({ "name": name, "email": null, "phone": null });
        take(&world, &profile(customer, noon(), told)).await;
    }
    for (typed, found, said) in [
        ("mari+%C3%B1an", "/customers/c1", "Un cliente con"),
        ("55+5555+0142", "/customers/c1", "Un cliente con"),
        ("c1", "/customers/c1", "Un cliente con"),
        ("script", "/customers/x1", "Un cliente con"),
        ("%D9%85%D8%B1%D9%8A%D9%85", "/customers/x2", "Un cliente con"),
        ("jose+pena", "/customers/x3", "Un cliente con"),
        ("nadie", "", "No hay nadie con"),
        ("x", "", "Falta un poco"),
        ("", "", "Escribe cómo se llama"),
        ("%3Cscript%3Ealert", "/customers/x1", "Un cliente con"),
    ] {
        let seen = see(&world, &format!("/customers?q={typed}")).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(
            seen.body.contains(found) && seen.text().contains(said),
            "{typed}: {}",
            seen.text()
        );
        assert!(!seen.body.contains("<script>alert"), "{}", seen.body);
    }
    let page = see(&world, "/customers/x1").await;
    assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", page.body);
    assert!(!page.body.contains("<script>alert"));
    for customer in ["x2", "x3"] {
        assert_eq!(see(&world, &format!("/customers/{customer}")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_customer_is_told_with_what_was_decided_and_what_comes() {
    let world = shop().await;
    for (lang, words) in [
        (
            "es",
            &[
                "Marisol Ñandú Quispe",
                "cumple el 15 de mayo",
                "con Lucía Ortega",
                "Su historia",
                "Primera compra por $989.90",
                "Dijo que no: correo con ofertas",
                "Busca un &lt;tapete&gt; &amp; dos velas.",
                "Lo que acepta",
                "Frente a su propio ritmo",
                "Ensayar una regla",
                "Grupo de control",
            ][..10],
        ),
        (
            "en",
            &[
                "birthday 15 May",
                "The history",
                "First purchase for $989.90",
                "Said no: marketing mail",
            ][..],
        ),
    ] {
        let seen = Browser::at(&world, noon()).lang(lang).get("/customers/c1").await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
        let text = seen.text();
        for word in words {
            assert!(text.contains(word), "{word:?} is not in {text}");
        }
        assert!(seen.body.contains("<svg") && seen.body.contains("role=\"img\""));
        assert!(seen.body.len() < 150_000, "{}", seen.body.len());
        assert!(!seen.body.contains(" style="), "{}", seen.body);
    }
    let only = see(&world, "/customers/c1?show=not").await.text();
    assert!(!only.contains("Primera compra"), "{only}");
    for missing in [
        "/customers/nobody",
        "/customers/nobody/contact",
        "/customers/c1/complaints/k9",
        "/customers/~20",
    ] {
        assert_eq!(see(&world, missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
    let tried = see(&world, "/customers/c1?rule=win-back&day=2026-08-01").await;
    assert_eq!(tried.status, StatusCode::OK);
    let wrong = see(&world, "/customers/c1?rule=thank-you-mail&day=ayer").await.text();
    assert!(wrong.contains("No es una fecha."), "{wrong}");
    let rehearsed = see(&world, "/customers/c1?rule=thank-you-mail&day=2026-06-01").await.text();
    assert!(rehearsed.contains("Nada de esto se envía."), "{rehearsed}");
}

#[tokio::test]
async fn a_contact_is_logged_once_and_what_is_wrong_is_kept() {
    let world = shop().await;
    let browser = Browser::at(&world, noon()).role(Role::Rep);
    let once = browser.get("/customers/c1/contact").await.hidden("once");
    let form = |note: &'static str, day: &'static str| {
        let once = once.clone();
        let browser = &browser;
        async move {
            let fields = [
                ("once", once.as_str()),
                ("kind", "visit"),
                ("channel", "store"),
                ("touchpoint", "shop"),
                ("initiated_by", "customer"),
                ("satisfaction", "2"),
                ("note", note),
                ("follow_up", day),
                ("about", if day.is_empty() { "" } else { "las velas" }),
            ];
            browser.post("/customers/c1/contact", &fields).await
        }
    };
    let wrong = form("<b>Hola</b>", "2026-11-29").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Ese día ya pasó."), "{}", wrong.text());
    assert!(wrong.body.contains("&lt;b&gt;Hola&lt;/b&gt;"), "{}", wrong.body);
    for _ in 0..2 {
        let done = form("Quiere otra vela.", "2026-12-02").await;
        assert_eq!(
            (done.status, done.location()),
            (StatusCode::SEE_OTHER, "/customers/c1?done=unhappy")
        );
    }
    let page = browser.get("/customers/c1?done=unhappy").await.text();
    assert_eq!(page.matches("Quiere otra vela.").count(), 1, "{page}");
    assert!(page.contains("abre una queja") && page.contains("2 de 5"), "{page}");
    let long = "x".repeat(100_000);
    let fields =
        [("kind", "visit"), ("channel", "store"), ("touchpoint", "shop"), ("note", long.as_str())];
    let refused = browser.post("/customers/c1/contact", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("100000 caracteres"), "too long");
    let audit = world.app.store.audit_of(Month { year: 2026, month: 11 }, 10).await.unwrap();
    let told: Vec<_> = audit.iter().map(|one| (one.what.as_str(), one.about.as_str())).collect();
    assert_eq!(told, [("customer.contact", "c1")]);
    assert!(!format!("{audit:?}").contains("vela"));
}

#[tokio::test]
async fn a_complaint_is_opened_and_resolved_and_a_no_is_noted() {
    let world = shop().await;
    let browser = Browser::at(&world, noon());
    let once = browser.get("/customers/c1/complaint").await.hidden("once");
    let nothing = browser.post("/customers/c1/complaint", &[("once", &once)]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = [
        ("once", once.as_str()),
        ("category", "delivery"),
        ("severity", "high"),
        ("description", "Llegó rota."),
    ];
    for _ in 0..2 {
        let done = browser.post("/customers/c1/complaint", &form).await;
        assert_eq!(done.location(), "/customers/c1?done=complaint");
    }
    let customer = world.customer(&id("c1")).await;
    let open: Vec<_> = customer.complaints.iter().filter(|(_, one)| one.is_open()).collect();
    assert_eq!(open.len(), 1);
    let complaint = open[0].0.to_string();
    let page = browser.get("/customers/c1").await.text();
    assert!(page.contains("Quejas abiertas") && page.contains("Llegó rota."), "{page}");
    let of_operations = Browser::at(&world, noon()).role(Role::Operations);
    let quiet = of_operations.get("/customers/c1").await.text();
    assert!(!quiet.contains("Llegó rota.") && !quiet.contains("dos velas"), "{quiet}");
    let path = format!("/customers/c1/complaints/{complaint}");
    let once = browser.get(&path).await.hidden("once");
    let form =
        [("once", once.as_str()), ("resolution", "Otra en camino."), ("root_cause", "empaque")];
    for _ in 0..2 {
        let done = browser.post(&path, &form).await;
        assert_eq!(done.location(), "/customers/c1?done=resolved");
    }
    let customer = world.customer(&id("c1")).await;
    assert!(customer.complaints.iter().all(|(_, one)| !one.is_open()));
    let once = browser.get("/customers/c1/consent").await.hidden("once");
    let form =
        [("once", once.as_str()), ("channel", "call"), ("purpose", "all"), ("state", "denied")];
    assert_eq!(
        browser.post("/customers/c1/consent", &form).await.location(),
        "/customers/c1?done=consent"
    );
    let audit = world.app.store.audit_of(Month { year: 2026, month: 11 }, 10).await.unwrap();
    let consent = audit.iter().find(|one| one.what == "customer.consent").unwrap();
    assert_eq!(consent.before["call.service"], true);
    assert_eq!(consent.after["call.service"], false);
    let forged = browser.post("/customers/c1/consent", &[("channel", "fax")]).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn data_are_exported_and_two_ids_are_joined() {
    let world = shop().await;
    let browser = Browser::at(&world, noon()).role(Role::Operations);
    let file = browser.post("/customers/c1/export", &[]).await;
    assert_eq!(file.status, StatusCode::OK);
    for role in [Role::Rep, Role::Marketing] {
        let other = Browser::at(&world, noon()).role(role);
        let refused = other.post("/customers/c1/export", &[]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role:?}");
        assert!(!other.get("/customers/c1").await.body.contains("/customers/c1/export"));
    }
    let how = file.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(how, "attachment; filename=\"c1.txt\"");
    assert!(
        file.body.contains("Marisol") && file.body.contains("guarda sobre ti"),
        "{}",
        file.body
    );
    take(&world, &purchase("guest-1", "p9", days_ago(5), "10.00")).await;
    let merge = |fields: Vec<(&'static str, String)>| {
        let browser = &browser;
        async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            browser.post("/customers/c1/merge", &fields).await
        }
    };
    for (other, why) in
        [("nobody", "No hay ningún cliente"), ("c1", "Ya son la misma"), ("", "Escribe el otro id")]
    {
        let refused = merge(vec![("other", other.to_owned())]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(why), "{other}: {}", refused.text());
    }
    let asked = merge(vec![("other", "guest-1".to_owned())]).await;
    assert!(asked.text().contains("No se puede deshacer"), "{}", asked.text());
    assert!(world.customer(&id("guest-1")).await.merged_into.is_none());
    let once = asked.hidden("once");
    let sure = vec![("other", "guest-1".to_owned()), ("sure", "yes".to_owned()), ("once", once)];
    for _ in 0..2 {
        assert_eq!(merge(sure.clone()).await.location(), "/customers/c1?done=merged");
    }
    assert_eq!(world.customer(&id("guest-1")).await.merged_into, Some(id("c1")));
    let other = browser.get("/customers/guest-1").await.text();
    assert!(other.contains("Marisol"), "{other}");
    assert_eq!(audited(&world).await, ["customer.export", "customer.merge"]);
}

/// What was done, by the audit's entries of the month.
async fn audited(world: &World) -> Vec<String> {
    let audit = world.app.store.audit_of(Month { year: 2026, month: 11 }, 20).await.unwrap();
    let mut told: Vec<String> = audit.into_iter().map(|one| one.what).collect();
    told.sort_unstable();
    told
}

#[tokio::test]
async fn whoever_is_to_be_forgotten_is_named_once_more() {
    let world = shop().await;
    let browser = Browser::at(&world, noon()).role(Role::Operations);
    let once = browser.get("/customers/c1/erase").await.hidden("once");
    let erase = |typed: &'static str, once: String| {
        let browser = &browser;
        async move {
            let fields = [("confirm", typed), ("once", once.as_str())];
            browser.post("/customers/c1/erase", &fields).await
        }
    };
    let refused = erase("C1", once.clone()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(world.customer(&id("c1")).await.erased_at.is_none());
    for _ in 0..2 {
        let done = erase("c1", once.clone()).await;
        assert_eq!(done.location(), "/customers/c1?done=erased");
    }
    assert!(world.customer(&id("c1")).await.erased_at.is_some());
    let page = browser.get("/customers/c1").await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains("Pidió que lo olvidáramos") && !text.contains("Marisol"), "{text}");
    assert!(!page.body.contains("/customers/c1/erase"), "{}", page.body);
    let found = browser.get("/customers?q=marisol").await.text();
    assert!(found.contains("No hay nadie"), "{found}");
    for gone in ["contact", "complaint", "consent"] {
        let browser = Browser::at(&world, noon());
        let path = format!("/customers/c1/{gone}");
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    assert_eq!(audited(&world).await, ["customer.erase"]);
}

/// How many requests a page makes of the table.
async fn requests(world: &World, path: &str) -> u64 {
    world.app.store.take_cost();
    let seen = see(world, path).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
    assert!(seen.body.len() < 150_000, "{path}: {} bytes", seen.body.len());
    world.app.store.take_cost().round_trips
}

#[tokio::test]
async fn what_a_page_reads_does_not_grow_with_the_history() {
    let mut world = shop().await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    for number in 0..300 {
        let at = minutes_after(days_ago(300), number * 1_440);
        take(&world, &purchase("busy", &format!("b{number}"), at, "10.00")).await;
    }
    let [few, many] =
        [requests(&world, "/customers/c1").await, requests(&world, "/customers/busy").await];
    println!("requests a page: {few} of a short history, {many} of a long one");
    assert!(few <= 6 && many <= few, "{few} {many}");
    let pages = requests(&world, "/customers/busy?from=30").await;
    assert!(pages <= few);
    let found = requests(&world, "/customers?q=marisol").await;
    assert!(found <= 5, "{found}");
}
