//! SES's events as EventBridge brings them.
//!
//! Source `aws.ses`; the `detail-type` tells what happened, `detail.mail` which
//! mail it is about, and a part named after the event the rest. See "Monitoring
//! SES events using Amazon EventBridge" in SES's developer guide.

use std::fmt;

use lazo_domain::instant::Instant;
use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use crate::shell::mailer::tags::Tags;

/// The source of all that SES tells; nobody else can publish by it.
const SOURCE: &str = "aws.ses";

/// The tag that SES itself sets.
const CONFIGURATION_SET: &str = "ses:configuration-set";

/// What happened to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// SES took it.
    Sent,
    /// The recipient's mail server took it.
    Delivered,
    /// The other side does not take it now; SES goes on trying.
    Delayed,
    /// There is no such mailbox.
    HardBounced,
    /// Given up after a while: the mailbox is full, the server away.
    SoftBounced,
    /// Somebody called it spam.
    Complained,
    /// SES took it and did not send it on, as it holds a virus.
    Rejected,
    /// SES could not fill in the mail's template; nothing was sent.
    RenderingFailed,
}

impl Fact {
    /// Whether SES sent it on: then it has gone out, whatever became of it.
    pub fn proves_sending(self) -> bool {
        !matches!(self, Fact::Rejected | Fact::RenderingFailed)
    }
}

/// One event about one mail.
#[derive(Clone)]
pub struct MailEvent {
    /// What happened to the mail.
    pub fact: Fact,
    /// When it happened; where the event does not say, when SES took the mail.
    pub at: Instant,
    /// When SES took the mail.
    pub mailed_at: Instant,
    /// The id that SES gave the mail.
    pub message_id: String,
    /// The tags that the mail was sent with, and those that SES adds.
    pub tags: Tags,
    /// The address that the mail was sent to.
    pub address: Option<String>,
}

impl MailEvent {
    /// The configuration set that the mail went by.
    pub fn configuration_set(&self) -> Option<&str> {
        self.tags.get(CONFIGURATION_SET)?.first().map(String::as_str)
    }
}

impl fmt::Debug for MailEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MailEvent { fact, at, message_id, .. } = self;
        write!(f, "MailEvent {{ {fact:?} at {at} of {message_id}, … }}")
    }
}

/// Why an event of SES cannot be read. Says nothing of its content, which is
/// personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMailEvent {
    /// The text is no JSON.
    #[error("is no JSON at line {line}, column {column}")]
    NoJson {
        /// The line of the error, counted from 1.
        line: usize,
        /// The column of the error in that line, counted from 1.
        column: usize,
    },
    /// It is JSON, but `source`, `detail-type` or `detail` is missing or of a wrong type.
    #[error("is no event in EventBridge's envelope: it needs source, detail-type and detail")]
    NoEnvelope,
    /// The detail has no `mail`, or a part of it is of a wrong type.
    #[error("has a detail that does not tell about a mail")]
    NoMail,
    /// The part of this name is missing, and this kind of event needs it.
    #[error("has no {0}")]
    Missing(&'static str),
    /// A time in it is not written as an instant, such as `2026-11-20T16:00:00Z`.
    #[error("has a time that cannot be read")]
    BadTime,
}

#[derive(Deserialize)]
struct Envelope {
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Value,
}

#[derive(Deserialize)]
struct Detail {
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Timed>,
    #[serde(rename = "deliveryDelay")]
    delivery_delay: Option<Timed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: String,
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize)]
struct Timed {
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    timestamp: Option<String>,
}

/// Reads an event; `None` where it is none about a mail, or of a kind that
/// changes nothing here.
///
/// # Errors
/// [`BadMailEvent`] where it should be one and cannot be read.
pub fn parse(body: &str) -> Result<Option<MailEvent>, BadMailEvent> {
    let envelope: Envelope =
        serde_json::from_str(body).map_err(|error| match error.classify() {
            Category::Data => BadMailEvent::NoEnvelope,
            _ => BadMailEvent::NoJson { line: error.line(), column: error.column() },
        })?;
    if envelope.source != SOURCE || !is_known(&envelope.detail_type) {
        return Ok(None);
    }
    let detail: Detail =
        serde_json::from_value(envelope.detail).map_err(|_| BadMailEvent::NoMail)?;
    let Some((fact, at)) = fact(&envelope.detail_type, &detail)? else { return Ok(None) };
    let mailed_at = time(&detail.mail.timestamp)?;
    let at = at.map(time).transpose()?.unwrap_or(mailed_at);
    let mail = detail.mail;
    Ok(Some(MailEvent {
        fact,
        at,
        mailed_at,
        message_id: mail.message_id,
        tags: mail.tags,
        address: mail.destination.first().map(|address| bare(address).to_owned()),
    }))
}

fn is_known(detail_type: &str) -> bool {
    matches!(
        detail_type,
        "Email Sent"
            | "Email Delivered"
            | "Email Delivery Delayed"
            | "Email Bounced"
            | "Email Complaint Received"
            | "Email Rejected"
            | "Email Rendering Failed"
    )
}

/// What happened and when, where the event says when.
fn fact<'a>(
    detail_type: &str,
    detail: &'a Detail,
) -> Result<Option<(Fact, Option<&'a str>)>, BadMailEvent> {
    let timed = |timed: &'a Option<Timed>| timed.as_ref().and_then(|t| t.timestamp.as_deref());
    Ok(Some(match detail_type {
        "Email Sent" => (Fact::Sent, None),
        "Email Delivered" => (Fact::Delivered, timed(&detail.delivery)),
        "Email Delivery Delayed" => (Fact::Delayed, timed(&detail.delivery_delay)),
        "Email Bounced" => {
            let bounce = detail.bounce.as_ref().ok_or(BadMailEvent::Missing("bounce"))?;
            let is_hard = bounce.bounce_type == "Permanent";
            let fact = if is_hard { Fact::HardBounced } else { Fact::SoftBounced };
            (fact, bounce.timestamp.as_deref())
        }
        "Email Complaint Received" => {
            let complaint = detail.complaint.as_ref().ok_or(BadMailEvent::Missing("complaint"))?;
            // Somebody took it out of the spam folder: the contrary.
            if complaint.complaint_feedback_type.as_deref() == Some("not-spam") {
                return Ok(None);
            }
            (Fact::Complained, complaint.timestamp.as_deref())
        }
        "Email Rejected" => (Fact::Rejected, None),
        "Email Rendering Failed" => (Fact::RenderingFailed, None),
        _ => return Ok(None),
    }))
}

fn time(text: &str) -> Result<Instant, BadMailEvent> {
    let time: jiff::Timestamp = text.parse().map_err(|_| BadMailEvent::BadTime)?;
    Ok(time.into())
}

/// An address without a name before it.
fn bare(address: &str) -> &str {
    let inner = address.rsplit_once('<').map_or(address, |(_, inner)| inner);
    inner.trim_end_matches('>').trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn event(detail_type: &str, more: Value) -> Value {
        let mut event = json!({
            "source": "aws.ses", "detail-type": detail_type, "time": "2026-11-20T16:00:09Z",
            "detail": { "mail": {
                "timestamp": "2026-11-20T16:00:00.123Z", "messageId": "0100",
                "destination": ["Ana <ana@example.com>"],
                "tags": { "ses:configuration-set": ["lazo"], "touch": ["dA"] },
            } },
        });
        for (part, value) in more.as_object().unwrap() {
            event["detail"][part] = value.clone();
        }
        event
    }

    #[test]
    fn each_kind_is_told_by_its_detail_type_and_its_part() {
        let parse = |kind: &str, more: Value| parse(&event(kind, more).to_string()).unwrap();
        let fact = |kind: &str, more: Value| parse(kind, more).map(|event| event.fact);
        assert_eq!(fact("Email Sent", json!({ "send": {} })), Some(Fact::Sent));
        assert_eq!(fact("Email Rejected", json!({})), Some(Fact::Rejected));
        assert_eq!(fact("Email Rendering Failed", json!({})), Some(Fact::RenderingFailed));
        let bounce = |kind: &str| json!({ "bounce": { "bounceType": kind } });
        assert_eq!(fact("Email Bounced", bounce("Permanent")), Some(Fact::HardBounced));
        assert_eq!(fact("Email Bounced", bounce("Transient")), Some(Fact::SoftBounced));
        assert_eq!(fact("Email Bounced", bounce("Undetermined")), Some(Fact::SoftBounced));
        let spam = |kind: &str| json!({ "complaint": { "complaintFeedbackType": kind } });
        assert_eq!(fact("Email Complaint Received", spam("abuse")), Some(Fact::Complained));
        assert_eq!(fact("Email Complaint Received", spam("not-spam")), None);
        assert_eq!(fact("Email Opened", json!({})), None);
        let delivered = parse(
            "Email Delivered",
            json!({ "delivery": { "timestamp": "2026-11-20T16:00:05Z" } }),
        );
        let delivered = delivered.unwrap();
        assert_eq!(delivered.at.millis() - delivered.mailed_at.millis(), 4_877);
        assert_eq!(delivered.address.as_deref(), Some("ana@example.com"));
        assert_eq!(delivered.configuration_set(), Some("lazo"));
        assert!(!format!("{delivered:?}").contains("ana"));
    }

    #[test]
    fn what_cannot_be_read_says_why_and_nothing_personal() {
        let of = |body: &str| parse(body).unwrap_err();
        assert!(matches!(of("{\"a"), BadMailEvent::NoJson { .. }));
        assert_eq!(of("{}"), BadMailEvent::NoEnvelope);
        assert_eq!(
            of(&event("Email Bounced", json!({})).to_string()),
            BadMailEvent::Missing("bounce")
        );
        let late =
            event("Email Delivered", json!({ "delivery": { "timestamp": "ana@example.com" } }));
        assert_eq!(of(&late.to_string()), BadMailEvent::BadTime);
        let mail =
            event("Email Sent", json!({ "mail": { "messageId": { "ana@example.com": 1 } } }));
        assert_eq!(of(&mail.to_string()), BadMailEvent::NoMail);
        let other = json!({ "source": "shop", "detail-type": "Email Sent", "detail": 7 });
        assert!(parse(&other.to_string()).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), cut in 0..400usize) {
            let _ = parse(&text);
            let whole = event("Email Bounced", json!({ "bounce": { "bounceType": text } })).to_string();
            let cut: String = whole.chars().take(cut).collect();
            let _ = parse(&cut);
        }
    }
}
