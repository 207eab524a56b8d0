//! What is brought to the handlers, as its sources bring it.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo::content;
use lazo::digest;
use lazo::feedback;
use lazo::ingest;
use lazo::links::{Payload, Request, respond};
use lazo::shell::app::App;
use lazo::shell::call_list::{self, desk};
use lazo::shell::intake::history;
use lazo::shell::link::token::Claim;
use lazo::shell::store::table::Alarm;
use lazo::shell::{alarm_sweep, store::keys};
use lazo::{dispatch, occasions};
use lazo_domain::event::from_wire;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::{Share, Survey, SurveyKind};
use lazo_domain::touch::TouchId;
use lazo_fake_aws::mail::Accepted;
use serde_json::{Value, json};

use super::flows::{CUSTOMER, due};
use super::shop::book_without_calendar;
use crate::support::CONFIGURATION_SET;
use crate::support::events::{batch, delivered, envelope};
use crate::support::id;

/// One thing that is brought to a handler, as its source brings it.
#[derive(Clone, Debug)]
pub enum Act {
    /// An event from the queue.
    Event { text: String, at: Instant },
    /// The schedule's tick.
    Tick { at: Instant },
    /// The tick of a worker that looks at calendars.
    Calendar { alarm: Alarm, at: Instant },
    /// An event and a tick from before there were rules of the calendar.
    Formerly { text: String, at: Instant },
    /// Something that SES tells of a touch's mail.
    SendStatus { touch: String, kind: &'static str, at: Instant },
    /// A click on a mail's link to unsubscribe.
    Click { touch: TouchId, at: Instant },
    /// The score of a survey's link is sent.
    Answer { touch: TouchId, at: Instant },
    /// Published content is fanned out.
    Share { at: Instant },
    /// The morning's mails to the people of the shop.
    Morning { at: Instant },
    /// What a rep does with the call of a touch.
    Desk { touch: TouchId, what: AtDesk, at: Instant },
    /// History.
    Import { texts: Vec<String>, at: Instant },
}

/// What a rep does with a call besides reporting it.
#[derive(Clone, Copy, Debug)]
pub enum AtDesk {
    Claim,
    Release,
    HandOver,
    Snooze,
}

impl Act {
    /// Brings it once; whether its source may forget it.
    pub async fn perform(&self, app: &App) -> bool {
        match self {
            Act::Event { text, at } => {
                let response = ingest::handle(app, batch(&[text]), *at).await;
                response.batch_item_failures.is_empty()
            }
            Act::Tick { at } => {
                dispatch::run(app, *at).await.is_ok_and(|report| report.failed == 0)
            }
            Act::Calendar { alarm, at } => {
                let looked = match alarm {
                    Alarm::Occasion => occasions::run(app, *at, None).await,
                    alarm => alarm_sweep::look_at_calendars(app, *alarm, *at, None).await,
                };
                looked.is_ok_and(|looked| looked.failed == 0)
            }
            Act::Formerly { text, at } => {
                let rules = app.rules();
                app.replace_rules(book_without_calendar());
                let response = ingest::handle(app, batch(&[text]), *at).await;
                let looked = occasions::run(app, *at, None).await;
                forget_search(app).await;
                app.replace_rules(rules.with_book(rules.book.clone()));
                response.batch_item_failures.is_empty() && looked.is_ok()
            }
            Act::SendStatus { touch, kind, at } => {
                let response = feedback::handle(app, batch(&[told(touch, kind, *at)]), *at).await;
                response.batch_item_failures.is_empty()
            }
            Act::Click { touch, at } => {
                let token = app.link_keys.as_ref().unwrap().sign(&Claim::unsubscribe(touch));
                let path = format!("/u/{}", token.unwrap());
                post(app, &path, "List-Unsubscribe=One-Click", *at).await
            }
            Act::Answer { touch, at } => {
                let touchpoint = "delivery".to_owned();
                let survey = Survey { kind: SurveyKind::Csat, sample: Share(1.0), touchpoint };
                let claim = Claim::survey(touch, &survey, due());
                let token = app.link_keys.as_ref().unwrap().sign(&claim);
                post(app, &format!("/s/{}/5", token.unwrap()), "action=answer", *at).await
            }
            Act::Share { at } => {
                let report = content::run(app, *at, content::Bounds::NONE).await;
                report.is_ok_and(|report| report.failed == 0)
            }
            // What is not settled yet, a later run looks at.
            Act::Morning { at } => digest::run(app, *at).await.is_ok(),
            Act::Desk { touch, what, at } => at_desk(app, touch, *what, *at).await,
            Act::Import { texts, at } => {
                let events: Vec<_> = texts.iter().map(|text| delivered(text)).collect();
                let imported = history::import(app, &id(CUSTOMER), &events, *at).await;
                imported.is_ok()
            }
        }
    }

    /// Whose ledger must have it.
    pub fn customer(&self) -> Id {
        let of = |text: &String| from_wire(text).ok()?.event.customer().cloned();
        let whose = match self {
            Act::Event { text, .. } => of(text),
            _ => None,
        };
        whose.unwrap_or_else(|| id(CUSTOMER))
    }

    /// The keys under which the ledger must have it once it is acknowledged.
    pub fn entries(&self) -> Vec<String> {
        let key = |text: &String| {
            let event = from_wire(text).unwrap().event;
            keys::event(event.kind(), &event.ledger_key())
        };
        match self {
            // A piece stands in the ledger of those whom it reaches.
            Act::Event { text, .. } if text.contains("ContentPublished") => Vec::new(),
            Act::Event { text, .. } => vec![key(text)],
            Act::Import { texts, .. } => texts.iter().map(key).collect(),
            Act::Tick { .. }
            | Act::Calendar { .. }
            | Act::Formerly { .. }
            | Act::SendStatus { .. }
            | Act::Click { .. }
            | Act::Answer { .. }
            | Act::Share { .. }
            | Act::Morning { .. }
            | Act::Desk { .. } => Vec::new(),
        }
    }

    /// Whether mail stops once it is acknowledged.
    pub fn says_no(&self) -> bool {
        match self {
            Act::Event { text, .. } => {
                text.contains("CustomerErased") || text.contains("\"denied\"")
            }
            Act::Click { .. } => true,
            Act::SendStatus { kind, .. } => *kind == "Email Bounced",
            Act::Tick { .. }
            | Act::Calendar { .. }
            | Act::Formerly { .. }
            | Act::Answer { .. }
            | Act::Share { .. }
            | Act::Morning { .. }
            | Act::Desk { .. }
            | Act::Import { .. } => false,
        }
    }
}

/// A state of a version that knew of no index of searches.
async fn forget_search(app: &App) {
    let key = [("pk", keys::customer(&id(CUSTOMER))), ("sk", keys::STATE.to_owned())];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let update = app.store.client().update_item().table_name(app.store.table());
    let update = update.set_key(Some(key.into())).update_expression("REMOVE searchable");
    update.send().await.unwrap();
}

/// Whether the rep has an answer.
async fn at_desk(app: &App, touch: &TouchId, what: AtDesk, at: Instant) -> bool {
    let by = "eva";
    match what {
        AtDesk::Claim => call_list::claim(app, touch, by, at).await.is_ok(),
        AtDesk::Release => desk::release(app, touch, by, at).await.is_ok(),
        AtDesk::HandOver => desk::hand_over(app, touch, "luis", Some(by), at).await.is_ok(),
        AtDesk::Snooze => {
            let until = at.plus_millis(3 * 60 * 60_000);
            desk::snooze(app, touch, until, Some(by), at).await.is_ok()
        }
    }
}

/// Posts to a link; whether it was taken.
async fn post(app: &App, path: &str, body: &str, at: Instant) -> bool {
    let mut request = Request::new(Payload::new(body.into()));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    respond(app, &request, at).await.status() == http::StatusCode::OK
}

/// An event of SES about a touch's mail.
fn told(touch: &str, kind: &str, at: Instant) -> String {
    let parts: Vec<&str> = touch.split('/').collect();
    let of = |text: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    let part = match kind {
        "Email Bounced" => "bounce",
        "Email Complaint Received" => "complaint",
        _ => "delivery",
    };
    let detail = json!({
        "mail": {
            "timestamp": due().to_string(),
            "messageId": format!("ses-{touch}"),
            "destination": ["marisol.nandu@example.com"],
            "tags": {
                "ses:configuration-set": [CONFIGURATION_SET],
                "touch": [of(touch)],
                "customer": [of(parts[1])],
            },
        },
        part: { "bounceType": "Permanent", "timestamp": at.to_string() },
    });
    let mut event: Value = serde_json::from_str(&envelope(kind, at, detail)).unwrap();
    event["source"] = "aws.ses".into();
    event.to_string()
}

/// Which touch a mail was, by its tags; one to somebody in the shop by its own.
pub fn touch_of(mail: &Accepted) -> String {
    use base64::Engine;
    if let Some(notice) = mail.tags.get("notice") {
        return format!("notice {notice}");
    }
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&mail.tags["touch"]);
    String::from_utf8(decoded.unwrap()).unwrap()
}
