//! What holds for every page and action: who may, headers, languages, what is refused.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use lazo::console::access::Role;
use lazo::console::routes::ROUTES;

use super::browser::{Browser, PORT};
use crate::support::{World, at};

const NOON: &str = "2026-11-30T18:00:00Z";
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

async fn browser() -> Browser {
    Browser::at(&World::shipped().await, at(NOON))
}

/// A path of the table with something in each of its places.
fn filled(path: &str) -> String {
    let segments = path.split('/').map(|one| if one.starts_with('{') { "x" } else { one });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn each_route_is_open_to_its_roles_and_to_no_other() {
    let world = World::shipped().await;
    for role in Role::ALL {
        let browser = Browser::at(&world, at(NOON)).role(role);
        for route in ROUTES {
            let path = filled(route.path);
            let seen = match route.method {
                Method::POST => browser.post(&path, &[]).await,
                _ => browser.get(&path).await,
            };
            let is_refused = seen.status == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, !route.roles.has(role), "{} {path} as {role:?}", route.method);
            assert!(seen.status != StatusCode::INTERNAL_SERVER_ERROR, "{path}: {}", seen.text());
            assert_eq!(seen.headers[header::CONTENT_SECURITY_POLICY], CSP, "{path}");
            assert_eq!(seen.headers[header::CACHE_CONTROL], "no-store", "{path}");
            assert_eq!(seen.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        }
    }
}

/// The pages that a real browser looks at: tests/browser/pages.json.
const IN_THE_BROWSER: &str = include_str!("../../browser/pages.json");

#[test]
fn a_real_browser_looks_at_every_page() {
    let pages: Vec<serde_json::Value> = serde_json::from_str(IN_THE_BROWSER).unwrap();
    let looked_at: BTreeSet<&str> =
        pages.iter().filter_map(|page| page["route"].as_str()).collect();
    let pages = ROUTES.iter().filter(|route| route.method == Method::GET);
    let offered: BTreeSet<&str> = pages.map(|route| route.path).collect();
    assert_eq!(looked_at, offered);
}

#[tokio::test]
async fn the_menu_leads_only_where_a_role_may_go() {
    let world = World::shipped().await;
    for role in Role::ALL {
        let browser = Browser::at(&world, at(NOON)).role(role);
        let page = browser.get("/").await.body;
        for route in ROUTES.iter().filter(|route| !route.path.contains('{')) {
            let leads = page.contains(&format!("<a href=\"{}\"", route.path));
            assert!(!leads || route.roles.has(role), "{} as {role:?}", route.path);
        }
    }
}

#[tokio::test]
async fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    let browser = browser().await;
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        let seen = browser.get(&filled(route.path)).await;
        let body = &seen.body;
        for inline in
            [" style=", " onclick", "<style", "javascript:", "<script>", "http://", "https://"]
        {
            let allowed = body.matches("http://www.w3.org/").count();
            let found = body.matches(inline).count();
            let found = if inline == "http://" { found - allowed } else { found };
            assert_eq!(found, 0, "{inline} in {}: {body}", route.path);
        }
        assert!(body.len() < 150_000, "{} has {} bytes", route.path, body.len());
    }
}

#[tokio::test]
async fn a_page_is_spanish_or_english() {
    let world = World::shipped().await;
    let es = Browser::at(&world, at(NOON)).get("/").await;
    assert!(
        es.body.contains("<html lang=\"es-MX\">") && es.text().contains("Buenas tardes, Lucía")
    );
    let en = Browser::at(&world, at(NOON)).lang("en").get("/").await;
    assert!(en.body.contains("<html lang=\"en\">") && en.text().contains("Good afternoon, Lucía"));
    let browser = Browser::at(&world, at(NOON));
    let chosen = browser.post("/look", &[("lang", "en"), ("back", "/calls?of=care")]).await;
    assert_eq!((chosen.status, chosen.location()), (StatusCode::SEE_OTHER, "/calls?of=care"));
    let cookie = chosen.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("lazo-lang=en; Path=/; ") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let dark = browser.post("/look", &[("theme", "dark"), ("back", "https://evil.example")]).await;
    assert_eq!(dark.location(), "/");
}

#[tokio::test]
async fn only_this_machine_and_only_this_site_are_answered() {
    let browser = browser().await;
    let ask = |method: &str, more: &[(&'static str, &str)]| {
        let mut request =
            browser.request(method, if method == "POST" { "/look" } else { "/" }, String::new());
        for (name, value) in more {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        request
    };
    let rebound = ask("GET", &[("host", "evil.example:8080")]);
    assert_eq!(browser.send(rebound).await.status, StatusCode::MISDIRECTED_REQUEST);
    for site in ["cross-site", "same-site"] {
        let forged = browser.send(ask("POST", &[("sec-fetch-site", site)])).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{site}");
        assert!(forged.text().contains("Vino de otro sitio"));
        assert_eq!(forged.headers[header::CONTENT_SECURITY_POLICY], CSP);
    }
    // An old browser, which tells its origin alone.
    let mut old = ask("POST", &[("origin", "https://evil.example")]);
    old.headers_mut().remove("sec-fetch-site");
    assert_eq!(browser.send(old).await.status, StatusCode::FORBIDDEN);
    let mut own = ask("POST", &[("origin", &format!("http://127.0.0.1:{PORT}"))]);
    own.headers_mut().remove("sec-fetch-site");
    assert_eq!(browser.send(own).await.status, StatusCode::SEE_OTHER);
    // Whoever follows a link from elsewhere may look.
    let link = ask("GET", &[("sec-fetch-site", "cross-site")]);
    assert_eq!(browser.send(link).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_frame() {
    let browser = browser().await;
    for path in ["/nowhere", "/../etc/passwd", "/%2e%2e/x", "/calls/%00", "/assets/none.css", "//"]
    {
        let seen = browser.get(path).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(browser.get("/nowhere").await.text().contains("Aquí no hay nada"));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let seen = browser.send(browser.request(method, "/", String::new())).await;
        assert_eq!(seen.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let seen = browser.send(browser.request("GET", "/look", String::new())).await;
    assert_eq!(seen.status, StatusCode::METHOD_NOT_ALLOWED);
    let head = browser.send(browser.request("HEAD", "/", String::new())).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    let large = browser.request("POST", "/look", "a".repeat(2 << 20));
    assert_eq!(browser.send(large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut other = browser.request("POST", "/look", "{}".into());
    other.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(browser.send(other).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn files_are_kept_for_a_year_under_names_of_their_content() {
    let browser = browser().await;
    let page = browser.get("/").await.body;
    let mut found = 0;
    for (at, _) in page.match_indices("\"/assets/") {
        let path = &page[at + 1..];
        let path = &path[..path.find('"').unwrap()];
        let request =
            Request::builder().uri(path).header(header::HOST, format!("127.0.0.1:{PORT}"));
        let seen = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert_eq!(seen.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        found += 1;
    }
    assert_eq!(found, 5, "two fonts, stylesheet, icon, script");
}
