//! Links of mails that are followed: by a scanner, which must change nothing; by
//! customers who want no more mail, or who answer a survey, and who do not stop
//! before it has worked.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode, Uri};
use lazo::links::{self, Payload, Request};
use lazo_fake_aws::mail::Accepted;

use super::fact::{Calls, Fact, For, Line, What};
use super::life::{DAY, HOUR, MINUTE};
use super::people::of_thousand;
use super::queue::{Aim, Click, Delivery};
use super::world::{LINKS_URL, World};

/// Notes which of a mail's links will be followed.
pub fn follow(world: &mut World, mail: &Accepted, customer: usize) {
    let is_followed = of_thousand(&mut world.rng, 20);
    let is_answered = of_thousand(&mut world.rng, 400);
    let Some(text) = mail.raw.as_deref().filter(|_| is_followed || is_answered).and_then(plain)
    else {
        return;
    };
    if is_followed && let Some(path) = unsubscribe_path(&text) {
        let is_scanner = of_thousand(&mut world.rng, 300);
        let aim = if is_scanner { Aim::Look } else { Aim::Unsubscribe };
        push(world, Click { path, customer, aim, fact: None });
    }
    if is_answered && text.contains("/s/") {
        let score = [5, 5, 4, 4, 3, 2, 1][world.rng.usize(..7)];
        let Some(path) = survey_path(&text, score) else { return };
        push(world, Click { path: path.clone(), customer, aim: Aim::Look, fact: None });
        push(world, Click { path, customer, aim: Aim::Answer(score), fact: None });
    }
}

fn push(world: &mut World, click: Click) {
    let at = world.now + world.rng.i64(10 * MINUTE..5 * DAY);
    world.queue.push(at, Delivery::Click(click));
}

/// A mail as it is read: folded lines whole, quoted characters themselves.
pub fn plain(raw: &str) -> Option<String> {
    let bytes = STANDARD.decode(raw).ok()?;
    Some(
        String::from_utf8_lossy(&bytes)
            .replace("\r\n ", "")
            .replace("=\r\n", "")
            .replace("=3D", "="),
    )
}

/// Where a mail's `List-Unsubscribe` leads.
fn unsubscribe_path(text: &str) -> Option<Rc<str>> {
    let (_, link) = text.split_once("\r\nList-Unsubscribe: <")?;
    let (link, _) = link.split_once('>')?;
    Some(link.trim().strip_prefix(LINKS_URL)?.into())
}

/// Where a survey's link for a score leads.
fn survey_path(text: &str, score: u8) -> Option<Rc<str>> {
    let mut links = text.split(LINKS_URL).skip(1).map(|rest| {
        let end = rest.find(|c: char| c.is_whitespace() || "\"<>".contains(c));
        &rest[..end.unwrap_or(rest.len())]
    });
    let is_it = |link: &&str| link.starts_with("/s/") && link.ends_with(&format!("/{score}"));
    links.find(is_it).map(Rc::from)
}

/// Follows a link.
pub async fn click(world: &mut World, mut click: Click) {
    world.totals.clicks += 1;
    let now = world.now;
    let told = told(click.aim);
    if let Some(what) = told.clone() {
        // Tried again, it counts from then, if the first try did not.
        world.facts[click.customer].push(Fact { maybe: now, ..Fact::new(what, "", now) });
        let last = world.facts[click.customer].len() - 1;
        click.fact.get_or_insert(last);
    }
    let status = respond(world, &click).await;
    let is_over = status == Some(StatusCode::OK) || status == Some(StatusCode::GONE);
    world.tell(click.customer, || format!("followed a link: {:?} {status:?}", click.aim));
    if told.is_none() {
        return;
    }
    if let (Some(fact), true) = (click.fact, status == Some(StatusCode::OK)) {
        let fact = &mut world.facts[click.customer][fact];
        fact.sure = fact.sure.min(now);
    } else if !is_over {
        let at = now + world.rng.i64(5 * MINUTE..HOUR);
        world.queue.push(at, Delivery::Click(click));
    }
}

async fn respond(world: &mut World, click: &Click) -> Option<StatusCode> {
    let (method, body) = match click.aim {
        Aim::Look => (Method::GET, ""),
        Aim::Unsubscribe => (Method::POST, "List-Unsubscribe=One-Click"),
        Aim::Answer(_) => (Method::POST, "action=answer"),
    };
    let mut request = Request::new(Payload::new(body.as_bytes().to_vec()));
    *request.method_mut() = method;
    *request.uri_mut() = click.path.parse().unwrap_or(Uri::from_static("/"));
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, form);
    let (app, now) = (world.app.clone(), world.instant());
    let done = world.attempt(6, links::respond(&app, &request, now)).await;
    done.map(|response| response.status())
}

/// What a followed link tells of the customer.
fn told(aim: Aim) -> Option<What> {
    match aim {
        Aim::Look => None,
        Aim::Unsubscribe => {
            Some(What::Consent { line: Line::Email, purpose: For::Marketing, denied: true })
        }
        Aim::Answer(score) => {
            let (kind, calls) = ("SurveyAnswered", Calls::Nothing);
            Some(What::Heard { kind, is_bad: score <= 2, calls })
        }
    }
}
