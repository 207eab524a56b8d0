//! What reports say of the customers, the plan, and a test of a template.

use http::StatusCode;
use lazo::console::access::Role;
use lazo::shell::intake;

use super::browser::Browser;
use crate::support::events::{delivered, profile, purchase};
use crate::support::{World, at};

const NOON: &str = "2026-11-30T18:00:00Z";

async fn shop() -> World {
    let world = World::shipped().await;
    for (customer, purchases) in [("c1", 3), ("c2", 1), ("c3", 0)] {
        let told = serde_json::json!({ "relationship": "personal" });
        let mut texts = vec![profile(customer, at("2026-09-01T18:00:00Z"), told)];
        for number in 0..purchases {
            let on = at(&format!("2026-10-0{}T18:00:00Z", number + 1));
            texts.push(purchase(customer, &format!("{customer}-{number}"), on, "900.00"));
        }
        for text in texts {
            let event = delivered(&text);
            intake::take(&world.app, &event, event.at).await.unwrap();
        }
    }
    world
}

#[tokio::test]
async fn the_plan_and_the_segments_are_of_what_was_reckoned() {
    let world = shop().await;
    let browser = Browser::at(&world, at(NOON)).role(Role::Marketing);
    for path in ["/reports/plan", "/reports/segments"] {
        assert!(browser.get(path).await.text().contains("Aún no hay cifras"), "{path}");
    }
    assert_eq!(browser.post("/reports/refresh", &[]).await.status, StatusCode::SEE_OTHER);
    let plan = browser.get("/reports/plan").await;
    assert_eq!(plan.body.matches("aria-labelledby=\"q").count(), 10, "{}", plan.body);
    for said in [
        "Son 3 clientes.",
        "66.7\u{a0}% ha comprado alguna vez, y 33.3\u{a0}% en más de un día.",
        "personal 100\u{a0}%",
        "Atención a clientes: Lucía Ortega y Grace Hall.",
        "A lo más 2 contactos comerciales en 7 días.",
    ] {
        assert!(plan.text().contains(said), "{said} in {}", plan.text());
    }
    let english = Browser::at(&world, at(NOON)).lang("en").get("/reports/plan").await.text();
    assert!(english.contains("Who are our customers?") && !english.contains('¿'), "{english}");
    let segments = browser.get("/reports/segments").await.text();
    assert!(segments.contains("De 3 clientes, 33.3\u{a0}% compró en más de un día."), "{segments}");
    assert!(segments.contains("Todavía no se ajusta ningún modelo"), "{segments}");
}

#[tokio::test]
async fn a_test_of_a_template_goes_to_the_address_that_is_typed() {
    let world = shop().await;
    let browser = Browser::at(&world, at(NOON)).role(Role::Marketing);
    let page = browser.get("/templates/winback-mail?locale=en").await;
    assert!(page.body.contains("value=\"lucia.ortega@casalumbre.example\""), "{}", page.body);
    let path = "/templates/winback-mail/send?locale=en";
    let wrong = browser.post(path, &[("to", "not <an> address")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Eso no es una dirección de correo."), "{}", wrong.text());
    assert!(wrong.body.contains("value=\"not &lt;an&gt; address\""), "{}", wrong.body);
    let once = page.hidden("once");
    let form = [("to", "ana@agency.example"), ("once", once.as_str())];
    let sent = browser.post(path, &form).await;
    assert_eq!(sent.location(), "/templates/winback-mail?locale=en&done=sent");
    assert!(browser.get(sent.location()).await.text().contains("La prueba salió."));
    let audit = browser.get("/settings/audit").await.text();
    assert!(audit.contains("envió una prueba de winback-mail"), "{audit}");
    assert!(!audit.contains("ana@agency.example"), "an address of others is not kept");
    let script = browser.post("/templates/winback-call/send", &form).await;
    assert_eq!(script.status, StatusCode::NOT_FOUND, "a script is no mail");
    let rep = Browser::at(&world, at(NOON)).role(Role::Operations);
    assert_eq!(rep.post(path, &form).await.status, StatusCode::FORBIDDEN);
}
