//! A browser without a screen: it keeps a role and a language, and reads what comes.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use lazo::console::access::Role;
use lazo::console::{Console, Place, router};
use lazo::shell::app::App;
use lazo_domain::instant::Instant;
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::World;

/// The port at which the console is said to listen.
pub const PORT: u16 = 8080;

/// Somebody in front of the console.
pub struct Browser {
    router: Router,
    role: Role,
    who: &'static str,
    lang: &'static str,
}

/// What came.
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field of its first form that has one.
    pub fn hidden(&self, name: &str) -> String {
        let field = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&field).unwrap_or_else(|| panic!("no {name} in {}", self.body));
        let rest = &self.body[at + field.len()..];
        rest[..rest.find('"').unwrap()].replace("&amp;", "&")
    }

    /// Its words, without markup.
    pub fn text(&self) -> String {
        let (mut text, mut is_tag) = (String::new(), false);
        for letter in self.body.chars() {
            match letter {
                '<' => is_tag = true,
                '>' => is_tag = false,
                letter if !is_tag => text.push(letter),
                _ => {}
            }
        }
        text
    }
}

impl Browser {
    /// An admin before the console of a world, at a time.
    pub fn at(world: &World, now: Instant) -> Browser {
        Browser::on(world.app.clone(), now)
    }

    /// The same on an app.
    pub fn on(app: Arc<App>, now: Instant) -> Browser {
        let console = Console {
            app,
            place: Place::Local { port: PORT },
            clock: Box::new(move || now),
            fresh: Uuid::now_v7,
        };
        let router = router(Arc::new(console));
        Browser { router, role: Role::Admin, who: "lucia.ortega", lang: "es" }
    }

    /// Before another console.
    pub fn through(self, router: Router) -> Browser {
        Browser { router, ..self }
    }

    pub fn role(self, role: Role) -> Browser {
        Browser { role, ..self }
    }

    pub fn who(self, who: &'static str) -> Browser {
        Browser { who, ..self }
    }

    pub fn lang(self, lang: &'static str) -> Browser {
        Browser { lang, ..self }
    }

    /// A request as this browser makes it.
    pub fn request(&self, method: &str, path: &str, body: String) -> Request<Body> {
        let cookies = format!(
            "lazo-role={}; lazo-who={}; lazo-lang={}",
            self.role.name(),
            self.who,
            self.lang
        );
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("127.0.0.1:{PORT}"))
            .header(header::COOKIE, cookies)
            .header("sec-fetch-site", "same-origin");
        let request = match method {
            "POST" => request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            _ => request,
        };
        request.body(Body::from(body)).unwrap()
    }

    /// What a request brings.
    pub async fn send(&self, request: Request<Body>) -> Seen {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Seen { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send(self.request("GET", path, String::new())).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(self.request("POST", path, body)).await
    }
}
