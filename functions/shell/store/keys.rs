//! Keys: what is stored where. Ids only, never a person's data.
//!
//! | pk | sk | item |
//! |---|---|---|
//! | `customer#<id>` | `state` | the customer: what is pending, and the version of all |
//! | `customer#<id>` | `state#cold#<n>` | what else is known of the customer |
//! | `customer#<id>` | `state#old#<n>` | the purchases before the latest |
//! | `customer#<id>` | `event#<detail-type>#<key>` | an accepted event |
//! | `customer#<id>` | `touch#<rule>/<occurrence>/<step>` | a touch |
//! | `customer#<id>` | `call#<rule>/<occurrence>/<step>` | a call or task for a person |
//! | `customer#<id>` | `answer#<answer id>` | an answer to a survey |
//! | `interest#<hash of a topic>#<shard>` | `<customer id>` | somebody who is interested |
//! | `content#<id>` | `published` | a piece of content |
//! | `contents` | `<instant>#<id>` | one that came out lately |
//! | `fan_outs` | `<id>` | how far the fan-out of one is |
//! | `birthday#<hash of a manager and a day>` | `<customer id>` | whose birthday it is |
//! | `drifting#<manager>` | `<instant>#<customer id>` | who began to drift away; without a name, of whom nobody looks after |
//! | `customer#<id>` | `escalation#<complaint>/<level>` | a complaint that went up a level |
//! | `customer#<id>` | `complaint#<complaint>` | a complaint, on the list while it is open |
//! | `complaints#<year>-<month>` | `opened#<hash>`, `resolved#<hash>` | a complaint of that month, to count |
//! | `dissolutions#<year>-<month>` | `<hash>` | a reason to leave that was reported in that month, to count |
//! | `experiences#<year>-<month>` | `<detail-type>#<hash>` | what somebody said of a touchpoint in that month, to count |
//! | `assignees` | `<name>` | somebody who has calls |
//! | `notice/<hash>` | `mail` | a mail to somebody in the shop |
//! | `address#<keyed hash>` | `said` | what was said of an address or a number |
//! | `search#<keyed hash>` | `<keyed hashes>#<customer id>` | somebody whose name, address or number begins so |
//! | `secret` | `addresses` | the key of those hashes |
//! | `limits#<name>` | `slots` | when the next turn under a limit is free |
//! | `drift_model` | `fitted` | the drift model |
//! | `calendar_rules` | `in_force` | since when the rules of the calendar are in force |
//! | `rules` | `live` | which version of the rules is live |
//! | `rules` | `version#<number>` | a published version: who, when, why |
//! | `bundle#<digest>` | `compiled#<n>`, `templates#<n>`, `sources#<n>`, `written#<n>` | what a version says, in parts |
//! | `purchase#<id>` | `owner` | whose a purchase is that came from another system |
//! | `failures#<year>-<month>` | `<hash>` | what could not be processed |
//! | `failure#<hash>` | `part#<n>` | its text, in parts |
//! | `failure#of/<hash of a name>` | `<hash>` | one that names somebody |
//! | `audit#<year>-<month>` | `<mark of a form>` | what somebody changed by the console |
//! | `report` | `reckoned` | the report that was reckoned last |
//! | `drafts` | `<file>` | a file that somebody writes and has not published |
//! | `sessions` | `<hash of a browser's secret>` | somebody who signed in at the console |
//! | `sign_ins` | `<hash of a state>` | a sign-in that was begun |
//! | `failure#waits/<purchase id>` | `<hash>` | one that waits for a purchase |
//! | `deployed` | `bus` | the bus that the stack works on |
//! | `sending` | `pauses` | what of the sending is paused, and in which table that was written |

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::event::EventKind;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::interest::Topic;
use lazo_domain::rulebook::VersionNumber;
use lazo_domain::touch::TouchId;

use super::{Item, Month, StoreError};

/// The sort key of a customer's state; those of its other parts begin with it.
pub const STATE: &str = "state";
pub(super) const ANSWER: &str = "answer#";
pub(super) const CALL: &str = "call#";
pub(super) const TOUCH: &str = "touch#";
pub(super) const ESCALATION: &str = "escalation#";
pub(super) const COMPLAINT: &str = "complaint#";
/// The partition that lists everybody who ever had a call, by name.
pub const ASSIGNEES: &str = "assignees";
pub(super) const DRIFT_MODEL: &str = "drift_model";
pub(super) const CALENDAR_RULES: &str = "calendar_rules";

pub(super) const SAID: &str = "said";

pub(super) const CONTENTS: &str = "contents";
pub(super) const FAN_OUTS: &str = "fan_outs";

/// Topics are no ids, and may tell of a person: a hash of one stands in its key.
pub(super) fn interest(topic: &Topic, shard: u8) -> String {
    let hash = sha256_hex(topic.as_str(), digest::BYTES);
    format!("interest#{hash}#{shard}")
}

/// The partition of an address, by the hash of it.
pub(super) fn address(hash: &str) -> String {
    format!("address#{hash}")
}

/// The partition of what somebody is found by, by the hash of how it begins.
pub(super) fn search(hash: &str) -> String {
    format!("search#{hash}")
}

/// Where the key of those hashes is.
pub(super) fn address_key() -> Item {
    keyed("secret", "addresses")
}

pub(super) fn content(id: &Id) -> Item {
    keyed(format!("content#{id}"), "published")
}

pub(super) fn recent_content(at: Instant, id: &Id) -> Item {
    keyed(CONTENTS, format!("{:016}#{id}", at.millis().max(0)))
}

/// What stands before the keys of pieces that came out after an instant.
pub(super) fn recent_from(after: Instant) -> String {
    format!("{:016}$", after.millis().max(0))
}

pub(super) fn fan_out(id: &Id) -> Item {
    keyed(FAN_OUTS, id.as_str())
}

pub(super) fn drifting_of(manager: &str) -> String {
    format!("drifting#{manager}")
}

pub(super) fn drifting(manager: &str, at: Instant, id: &str) -> Item {
    keyed(drifting_of(manager), format!("{}{id}", drifting_from(at)))
}

/// What stands before the customer in the keys of one instant.
pub(super) fn drifting_from(at: Instant) -> String {
    format!("{:016}#", at.millis().max(0))
}

/// The partition key of a customer's state and of all items that belong to it.
pub fn customer(id: &Id) -> String {
    format!("customer#{id}")
}

/// The sort key of an accepted event, under its customer.
pub fn event(kind: EventKind, key: &str) -> String {
    format!("event#{kind}#{key}")
}

/// The sort key of a touch, under its customer.
pub fn touch(touch: &TouchId) -> String {
    format!("{TOUCH}{}/{}/{}", touch.rule, touch.occurrence, touch.step)
}

/// The sort key of the call or task that a touch asks for, under its customer.
pub fn call(touch: &TouchId) -> String {
    format!("{CALL}{}/{}/{}", touch.rule, touch.occurrence, touch.step)
}

/// The touch of the call at a place; `None` where something else is there.
pub(super) fn call_at(pk: &str, sk: &str) -> Option<TouchId> {
    named_at(pk, sk.strip_prefix(CALL)?)
}

/// The touch at a place; `None` where something else is there.
pub(super) fn touch_at(pk: &str, sk: &str) -> Option<TouchId> {
    named_at(pk, sk.strip_prefix(TOUCH)?)
}

fn named_at(pk: &str, name: &str) -> Option<TouchId> {
    let (rule, rest) = name.split_once('/')?;
    let (occurrence, step) = rest.rsplit_once('/')?;
    Some(TouchId {
        rule: rule.to_owned(),
        customer: customer_at(pk)?,
        occurrence: occurrence.to_owned(),
        step: step.to_owned(),
    })
}

/// The sort key of a level that a complaint reached, under its customer.
pub fn escalation(complaint: &Id, level: u8) -> String {
    format!("{ESCALATION}{complaint}/{level}")
}

/// The sort key of a complaint, under its customer.
pub fn complaint(complaint: &Id) -> String {
    format!("{COMPLAINT}{complaint}")
}

pub(super) fn drift_model() -> Item {
    keyed(DRIFT_MODEL, "fitted")
}

pub(super) fn deployed() -> Item {
    keyed("deployed", "bus")
}

pub(super) fn sending_state() -> Item {
    keyed("sending", "pauses")
}

/// The partition of those who are signed in.
pub(super) const SESSIONS: &str = "sessions";

pub(super) fn session(hash: &str) -> Item {
    keyed(SESSIONS, hash)
}

pub(super) fn sign_in(hash: &str) -> Item {
    keyed("sign_ins", hash)
}

/// The partition of drafts.
pub(super) const DRAFTS: &str = "drafts";

pub(super) fn draft(file: &str) -> Item {
    keyed(DRAFTS, file)
}

pub(super) fn kept_report() -> Item {
    keyed("report", "reckoned")
}

/// The partition of what was changed in a month.
pub(super) fn audit_of(month: Month) -> String {
    format!("audit#{month}")
}

pub(super) fn audit(month: Month, mark: &str) -> Item {
    keyed(audit_of(month), mark)
}

pub(super) fn calendar_rules() -> Item {
    keyed(CALENDAR_RULES, "in_force")
}

/// The partition of what tells of versions.
pub(super) const RULES: &str = "rules";
/// What stands before the number of a version.
pub(super) const VERSION: &str = "version#";

pub(super) fn live_version() -> Item {
    keyed(RULES, "live")
}

/// Numbers have ten digits, so that they stand in their order.
pub(super) fn version(number: VersionNumber) -> Item {
    keyed(RULES, format!("{VERSION}{:010}", number.get()))
}

pub(super) fn bundle(digest: &str, form: &str, part: usize) -> Item {
    keyed(format!("bundle#{digest}"), format!("{form}#{part}"))
}

/// Whose a purchase is that came from another system.
pub(super) fn purchase_owner(purchase: &Id) -> Item {
    keyed(format!("purchase#{purchase}"), "owner")
}

/// The partition of what waits for a purchase.
pub(super) fn waiting_for(purchase: &Id) -> String {
    format!("failure#waits/{purchase}")
}

pub(super) fn notice(hash: &str) -> Item {
    let (pk, sk) = notice_place(hash);
    keyed(pk, sk)
}

pub(super) fn notice_place(hash: &str) -> (String, String) {
    (format!("notice/{hash}"), "mail".to_owned())
}

pub(super) fn limit(name: &str) -> Item {
    keyed(format!("limits#{name}"), "slots")
}

/// Where an item is, for whoever has to look.
pub(super) fn place(item: &Item) -> String {
    let key = |name: &str| text(item, name).unwrap_or_default().to_owned();
    format!("{} {}", key("pk"), key("sk"))
}

/// Whose item it is, by its partition key.
pub(super) fn customer_of(item: &Item) -> Result<Id, StoreError> {
    let pk = text(item, "pk")?;
    customer_at(pk).ok_or_else(|| StoreError::Unreadable {
        key: pk.to_owned(),
        why: "is no customer's key".to_owned(),
    })
}

/// Whose partition it is; `None` where it is no customer's.
pub(super) fn customer_at(pk: &str) -> Option<Id> {
    pk.strip_prefix("customer#").and_then(|id| Id::new(id).ok())
}

pub(super) fn text<'a>(item: &'a Item, name: &str) -> Result<&'a str, StoreError> {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.map(String::as_str).ok_or_else(|| StoreError::Unreadable {
        key: item.get("pk").and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default(),
        why: format!("has no text {name:?}"),
    })
}

pub(super) fn instant(item: &Item, name: &str) -> Result<Instant, StoreError> {
    let value = item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
    value.map(Instant::from_millis).ok_or_else(|| StoreError::Unreadable {
        key: item.get("pk").and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default(),
        why: format!("has no time {name:?}"),
    })
}

pub(super) fn keyed(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(pk.into())),
        ("sk".to_owned(), AttributeValue::S(sk.into())),
    ])
}
