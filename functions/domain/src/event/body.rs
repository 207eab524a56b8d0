//! What each kind of event says: its fields, checked.
#![allow(missing_docs, reason = "published in schemas; events/README.md describes the fields")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date::AnnualDate;
use super::text::{Country, Email, Line, Locale, Note, Phone, Url, ZoneName};
use super::value::{
    Change, Scalar, Score, country_schema, given, given_country, given_object, names_schema,
    object, objects, optional_object, quantity, quantity_schema,
};
use crate::channel::Channel;
use crate::id::Id;
use crate::money::Money;

/// How many items a purchase has at most.
pub const ITEMS_MAX: usize = 500;

/// The longest name of an attribute or an anniversary, in characters.
pub(super) const NAME_CHARS_MAX: usize = 128;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Name {
    pub given: Line,
    pub family: Option<Line>,
}

/// What is known of a customer. Per field, the last `occurred_at` wins.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CustomerUpdated {
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    #[serde(default, deserialize_with = "given_object")]
    #[schemars(with = "Option<Name>")]
    pub name: Change<Name>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Email>")]
    pub email: Change<Email>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Phone>")]
    pub phone: Change<Phone>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Locale>")]
    pub locale: Change<Locale>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<ZoneName>")]
    pub time_zone: Change<ZoneName>,
    #[serde(default, deserialize_with = "given_country")]
    #[schemars(schema_with = "country_schema")]
    pub country: Change<Country>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<AnnualDate>")]
    pub birthday: Change<AnnualDate>,
    #[serde(default)]
    #[schemars(extend("maxProperties" = 50, "propertyNames" = names_schema()))]
    pub anniversaries: BTreeMap<String, Option<AnnualDate>>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Line>")]
    pub relationship: Change<Line>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Line>")]
    pub account_manager: Change<Line>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Vec<Line>>", extend("maxItems" = 100))]
    pub interests: Change<Vec<Line>>,
    #[serde(default)]
    #[schemars(extend("maxProperties" = 100, "propertyNames" = names_schema()))]
    pub attributes: BTreeMap<String, Option<Scalar>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentChannel {
    Email,
    Call,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPurpose {
    Marketing,
    Service,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    Granted,
    Denied,
}

/// A yes or a no to being contacted, with where it was given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ConsentChanged {
    pub consent_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    pub channel: ConsentChannel,
    pub purpose: ConsentPurpose,
    pub state: ConsentState,
    pub source: Line,
    pub wording: Option<Note>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    pub sku: Line,
    pub name: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Line>,
    #[schemars(schema_with = "quantity_schema")]
    #[serde(deserialize_with = "quantity")]
    pub quantity: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default, deserialize_with = "optional_object")]
    pub unit_price: Option<Money>,
}

/// A sale.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PurchaseCompleted {
    pub purchase_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    #[serde(deserialize_with = "object")]
    pub total: Money,
    #[serde(default, deserialize_with = "objects")]
    #[schemars(length(max = ITEMS_MAX))]
    pub items: Vec<Item>,
    pub channel: Option<Line>,
    pub sold_by: Option<Line>,
}

/// The goods of a purchase have arrived.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PurchaseDelivered {
    pub purchase_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
}

/// Money given back for a purchase: `total`, or all of it where absent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PurchaseRefunded {
    pub refund_id: Id,
    pub purchase_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    /// Absent: all of it. One that does not fit keeps the whole event aside.
    #[serde(default, deserialize_with = "optional_object")]
    pub total: Option<Money>,
    pub reason: Option<Note>,
}

// In the order of the journey.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Prepurchase,
    Purchase,
    Postpurchase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    Brand,
    Customer,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct FollowUp {
    #[schemars(with = "String", extend("format" = "date"))]
    pub on: jiff::civil::Date,
    pub about: Note,
}

/// A contact at a touchpoint, started by either side.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct InteractionRecorded {
    pub interaction_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    pub phase: Phase,
    pub touchpoint: Line,
    pub channel: Line,
    pub initiated_by: Initiator,
    pub kind: Line,
    pub satisfaction: Option<Score<1, 5>>,
    pub note: Option<Note>,
    #[serde(default, deserialize_with = "optional_object")]
    pub follow_up: Option<FollowUp>,
    /// Who of the shop met the customer, or noted it down.
    pub by: Option<Line>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Normal,
    High,
}

/// A complaint that somebody has to resolve.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ComplaintOpened {
    pub complaint_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    pub severity: Severity,
    pub category: Line,
    pub description: Option<Note>,
}

/// The complaint is settled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ComplaintResolved {
    /// The id under which it is open: where a bad answer opened it again, that
    /// one's, such as `q-17~2` after `q-17`.
    pub complaint_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    pub resolution: Option<Note>,
    pub root_cause: Option<Line>,
}

/// How a call went; of a task whether it was done.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    Reached,
    Voicemail,
    NoAnswer,
    WrongNumber,
    DoNotCall,
    CallBack,
    Done,
    NotDone,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DissolutionReason {
    NeedsChanged,
    Competitor,
    Dissatisfied,
    Price,
    Moved,
    Fraud,
    Other,
}

impl CallOutcome {
    pub const ALL: [CallOutcome; 8] = [
        CallOutcome::Reached,
        CallOutcome::Voicemail,
        CallOutcome::NoAnswer,
        CallOutcome::WrongNumber,
        CallOutcome::DoNotCall,
        CallOutcome::CallBack,
        CallOutcome::Done,
        CallOutcome::NotDone,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            CallOutcome::Reached => "reached",
            CallOutcome::Voicemail => "voicemail",
            CallOutcome::NoAnswer => "no_answer",
            CallOutcome::WrongNumber => "wrong_number",
            CallOutcome::DoNotCall => "do_not_call",
            CallOutcome::CallBack => "call_back",
            CallOutcome::Done => "done",
            CallOutcome::NotDone => "not_done",
        }
    }

    /// Whether it is how a task went, and no call.
    pub fn is_of_task(self) -> bool {
        matches!(self, CallOutcome::Done | CallOutcome::NotDone)
    }

    /// The outcome in the words of the channel that was reported of: a task is done
    /// or not, a call reached somebody or not.
    pub fn of_channel(self, channel: Channel) -> CallOutcome {
        match (channel, self) {
            (Channel::Task, CallOutcome::Reached | CallOutcome::Done) => CallOutcome::Done,
            (Channel::Task, _) => CallOutcome::NotDone,
            (_, CallOutcome::Done) => CallOutcome::Reached,
            (_, CallOutcome::NotDone) => CallOutcome::NoAnswer,
            (_, outcome) => outcome,
        }
    }
}

/// How a call went.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CallReported {
    pub call_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    /// The call that was asked for; of several attempts at it, the one made.
    pub touch_id: Option<Line>,
    /// Of a call: `reached`, `voicemail`, `no_answer`, `wrong_number`, `do_not_call` or
    /// `call_back`; of a task: `done` or `not_done`, with the reason in `note`.
    pub outcome: CallOutcome,
    /// For `call_back`: the time that the customer named, after `occurred_at` and within
    /// a year of it; absent for a promise without a time.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub call_back_at: Option<Timestamp>,
    /// Who called. A later report of the same touch by the same rep within a day
    /// corrects the earlier one.
    pub by: Option<Line>,
    pub satisfaction: Option<Score<1, 5>>,
    pub note: Option<Note>,
    pub dissolution_reason: Option<DissolutionReason>,
}

/// A customer's answer to a survey.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SurveyAnswered {
    pub answer_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    pub touch_id: Option<Line>,
    pub touchpoint: Line,
    /// Where no score of the answer fits, the whole event is kept aside.
    pub csat: Option<Score<1, 5>>,
    pub nps: Option<Score<0, 10>>,
    pub comment: Option<Note>,
}

/// A piece that may interest some customers; it concerns nobody in particular.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ContentPublished {
    pub content_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
    pub title: Line,
    /// What it says, in a sentence or two, for whoever decides whether to read it.
    pub summary: Option<Line>,
    /// Where the piece itself is read.
    pub url: Url,
    #[schemars(length(max = 50))]
    pub topics: Vec<Line>,
}

/// Two ids are one person: who was `merged_id` is `customer_id` from now on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CustomerMerged {
    pub merge_id: Id,
    /// The id that stays.
    pub customer_id: Id,
    /// The id that goes: later events under it are the other's.
    pub merged_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
}

/// The customer asked to be forgotten.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct CustomerErased {
    pub request_id: Id,
    pub customer_id: Id,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub occurred_at: Timestamp,
}
