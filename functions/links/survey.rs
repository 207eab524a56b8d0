//! The answer to a survey: a score by one tap, and a comment if one likes.
//!
//! Both are events, taken in as any other: their keys come from the mail's
//! touch, so that each counts once, however often it is sent. The first score
//! counts; a comment comes on top, once, with or without one.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use lazo_domain::customer::Customer;
use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::event::{BadEvent, Delivered, EventKind, from_wire};
use lazo_domain::instant::Instant;
use lazo_domain::rule::SurveyKind;
use lazo_domain::touch::TouchId;
use serde_json::{Value, json};

use super::consent::ActError;
use super::form::{Reply, reply};
use super::page::{Button, Page};
use super::words::{COMMENT_CHARS_MAX, Say};
use super::{Payload, Request, text};
use crate::shell::app::App;
use crate::shell::intake::{self, Taken};
use crate::shell::link::token::{Claim, Purpose};
use crate::shell::store::keys;

/// What the link of a score leads to.
pub struct Asked<'a> {
    pub touch: &'a TouchId,
    pub touchpoint: &'a str,
    pub kind: SurveyKind,
    pub score: u8,
}

impl<'a> Asked<'a> {
    /// What `/s/<token>/<score>` asks for; `None` where there is no such score.
    pub fn by(claim: &'a Claim, score: &str) -> Option<Asked<'a>> {
        let Purpose::Survey { kind, touchpoint } = &claim.purpose else { return None };
        // One spelling for each score.
        let scored = score.parse().ok().filter(|n: &u8| n.to_string() == score)?;
        let score = Some(scored).filter(|score| kind.scale().contains(score))?;
        Some(Asked { touch: &claim.touch, touchpoint, kind: *kind, score })
    }

    fn button(&self) -> Button {
        Button::Answer { kind: self.kind, score: self.score }
    }
}

/// The page that asks whether the score is to be sent, or what can still be
/// added to it. Changes nothing.
pub async fn show(app: &App, asked: &Asked<'_>, customer: Option<&Customer>) -> Page {
    if customer.is_some_and(|customer| customer.erased_at.is_some()) {
        return over();
    }
    match is_counted(app, asked.touch, Part::Score).await {
        Ok(false) => Page { button: asked.button(), ..Page::new(StatusCode::OK, Say::AskScore) },
        Ok(true) => answered(app, asked.touch, Say::AnsweredBefore).await,
        // Where the table does not answer, the page still asks.
        Err(_) => Page { button: asked.button(), ..Page::new(StatusCode::OK, Say::AskScore) },
    }
}

/// The survey has ended, or whoever was asked wants to be forgotten.
pub fn over() -> Page {
    Page::new(StatusCode::GONE, Say::SurveyOver)
}

/// Takes what somebody posts to the link of a score.
pub async fn act(
    app: &App,
    request: &Request,
    asked: &Asked<'_>,
    customer: Option<&Customer>,
    now: Instant,
) -> Page {
    if customer.is_some_and(|customer| customer.erased_at.is_some()) {
        return over();
    }
    let too_long = || Page {
        button: Button::Comment(String::new()),
        ..Page::new(StatusCode::PAYLOAD_TOO_LARGE, Say::CommentTooLong)
    };
    let Payload::Bytes(body) = request.body() else { return too_long() };
    match reply(text(request, CONTENT_TYPE), body) {
        None => Page::new(StatusCode::BAD_REQUEST, Say::NotUnderstood),
        Some(Reply::Score) => score(app, asked, now).await,
        Some(Reply::Comment(comment)) if comment.chars().count() > COMMENT_CHARS_MAX => {
            Page { button: Button::Comment(comment), ..too_long() }
        }
        // Whoever presses the button without a word has said all.
        Some(Reply::Comment(comment)) if comment.is_empty() => {
            Page::new(StatusCode::OK, Say::Commented)
        }
        Some(Reply::Comment(comment)) => self::comment(app, asked, comment, now).await,
    }
}

async fn score(app: &App, asked: &Asked<'_>, now: Instant) -> Page {
    let given = json!({ asked.kind.as_str(): asked.score });
    match take(app, asked, Part::Score, given, now).await {
        Ok(Taken::Counted) => answered(app, asked.touch, Say::Answered).await,
        Ok(_) => answered(app, asked.touch, Say::AnsweredBefore).await,
        Err(error) => try_again(&error, asked, asked.button()),
    }
}

async fn comment(app: &App, asked: &Asked<'_>, comment: String, now: Instant) -> Page {
    let given = json!({ "comment": comment });
    match take(app, asked, Part::Comment, given, now).await {
        Ok(Taken::Counted) => Page::new(StatusCode::OK, Say::Commented),
        Ok(_) => Page::new(StatusCode::OK, Say::CommentedBefore),
        Err(error) => try_again(&error, asked, Button::Comment(comment)),
    }
}

fn try_again(error: &ActError, asked: &Asked, button: Button) -> Page {
    tracing::error!(%error, rule = asked.touch.rule, "an answer could not be stored");
    Page { button, ..Page::new(StatusCode::SERVICE_UNAVAILABLE, Say::AnswerNotSaved) }
}

/// The thanks, with room for a comment where none was given yet.
async fn answered(app: &App, touch: &TouchId, say: Say) -> Page {
    let is_open = !is_counted(app, touch, Part::Comment).await.unwrap_or(false);
    let button = if is_open { Button::Comment(String::new()) } else { Button::None };
    Page { button, ..Page::new(StatusCode::OK, say) }
}

/// What an answer is made of: an event each.
#[derive(Clone, Copy)]
enum Part {
    Score,
    Comment,
}

async fn is_counted(app: &App, touch: &TouchId, part: Part) -> Result<bool, ActError> {
    let key = keys::event(EventKind::SurveyAnswered, &answer_id(touch, part));
    let found = app.store.has(&touch.customer, &key).await;
    found.map_err(|error| {
        tracing::error!(%error, "whether a survey was answered could not be read");
        ActError::from(error)
    })
}

/// One key for each part of the answer to a touch, whoever sends it how often.
fn answer_id(touch: &TouchId, part: Part) -> String {
    let name = match part {
        Part::Score => "survey",
        Part::Comment => "comment",
    };
    let hash = sha256_hex(format!("{touch}\n{name}"), digest::BYTES);
    format!("{name}-{hash}")
}

async fn take(
    app: &App,
    asked: &Asked<'_>,
    part: Part,
    given: Value,
    now: Instant,
) -> Result<Taken, ActError> {
    let event = event(asked, part, given, now)?;
    let taken = intake::take(app, &event, now).await?;
    if taken == Taken::Counted {
        tracing::info!(answered = 1, rule = asked.touch.rule, "a survey was answered");
    }
    Ok(taken)
}

/// The event of an answer: whom and what it is about comes from the token.
fn event(asked: &Asked<'_>, part: Part, given: Value, now: Instant) -> Result<Delivered, BadEvent> {
    let mut detail = json!({
        "answer_id": answer_id(asked.touch, part),
        "customer_id": asked.touch.customer,
        "occurred_at": now.to_string(),
        "touch_id": asked.touch.to_string(),
        "touchpoint": asked.touchpoint,
    });
    if let (Value::Object(detail), Value::Object(given)) = (&mut detail, given) {
        detail.extend(given);
    }
    let envelope =
        json!({ "detail-type": "SurveyAnswered", "time": now.to_string(), "detail": detail });
    from_wire(&envelope.to_string())
}
