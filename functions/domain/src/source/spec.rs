//! What a file of `events/sources/` may hold.
#![allow(
    missing_docs,
    reason = "published in schemas; events/sources/README.md describes the fields"
)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::event::EventKind;
use crate::text_by_language::TextByLanguage;

/// How another system's events become events of Lazo.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Lazo source")]
pub struct SourceSpec {
    /// The name of the source, as its file is called.
    pub source: String,
    /// What people read in place of the name.
    #[serde(default)]
    pub title: TextByLanguage,
    /// What comes from it, in words.
    #[serde(default)]
    pub description: TextByLanguage,
    /// Stands before each id of this source, so that no two sources have the same.
    pub prefix: String,
    /// Its events on EventBridge, where it has some.
    #[serde(default)]
    pub bus: Option<BusSpec>,
    /// Its webhooks, where it has some.
    #[serde(default)]
    pub webhook: Option<WebhookSpec>,
    /// As which webhooks a record of an exported file is read, one after the other: the
    /// headers that each has. Where there are none, a record tells by itself what it is.
    #[serde(default)]
    pub exported_as: Vec<BTreeMap<String, String>>,
    /// What a shop may set, with the value that holds where it does not.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Values that have a name: the other expressions may use them.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// An expression for what names the kind of event, such as `orders/paid`.
    pub topic: String,
    /// What is passed over on purpose, in this order, before anything is made.
    #[serde(default)]
    pub ignore: Vec<IgnoreSpec>,
    /// What cannot be mapped, and must be looked at.
    #[serde(default)]
    pub fail: Vec<FailSpec>,
    /// What is made of each topic: names of `events`, or in words why nothing is. Other
    /// topics are ignored, and counted.
    pub topics: BTreeMap<String, TopicSpec>,
    /// How each event is made.
    pub events: BTreeMap<String, MakerSpec>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusSpec {
    /// How the envelope's `source` begins.
    pub source: String,
    /// The field of `detail` that is the payload; all of it where absent.
    #[serde(default)]
    pub payload: Option<String>,
    /// The field of `detail` that has the headers; none where absent.
    #[serde(default)]
    pub headers: Option<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSpec {
    /// How the sender signs.
    pub signature: SignatureSpec,
    /// A post without a signature by which the sender tries the address: it is
    /// answered, and nothing is taken from it.
    #[serde(default)]
    pub ping: Option<PingSpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureSpec {
    pub scheme: Scheme,
    /// The header that has the signature.
    pub header: String,
    /// For `stripe`: how old a signature may be, in seconds.
    #[serde(default = "five_minutes")]
    pub tolerance_seconds: u32,
}

fn five_minutes() -> u32 {
    300
}

/// A way to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Base64 of HMAC-SHA256 over the body.
    Body,
    /// Base64 of HMAC-SHA256 over the address and the body.
    UrlAndBody,
    /// `t=…,v1=…`: hexadecimal HMAC-SHA256 over the time, a point and the body.
    Stripe,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PingSpec {
    /// A regular expression that the whole body fits.
    pub body: String,
    /// How the names of the headers begin that a ping has not.
    pub without_headers: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IgnoreSpec {
    #[serde(rename = "if")]
    pub condition: String,
    /// The name under which it is counted.
    #[serde(rename = "as")]
    pub name: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailSpec {
    #[serde(rename = "if")]
    pub condition: String,
    /// Why, in words for whoever keeps the shop's systems.
    pub because: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TopicSpec {
    /// The events that are made of it.
    Makes(Vec<String>),
    /// Why nothing is made of it.
    Ignored(String),
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakerSpec {
    /// The event that is made.
    pub event: EventKind,
    /// One is made for each element of a list.
    #[serde(default)]
    pub each: Option<EachSpec>,
    /// Values that have a name here alone.
    #[serde(default, rename = "let")]
    pub values: BTreeMap<String, String>,
    /// When it is made; always where absent.
    #[serde(default, rename = "if")]
    pub condition: Option<String>,
    /// The name under which it is counted where nothing is made.
    #[serde(default)]
    pub otherwise: Option<String>,
    /// Fields that are cleared where the payload says null. Other fields are left alone.
    #[serde(default)]
    pub clears: Vec<String>,
    /// Optional fields without which the event would say something else: where one is
    /// missing, nothing is made, and the event is kept with the reason.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The fields of the event, an expression each.
    pub detail: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EachSpec {
    /// What an element is called in the other expressions.
    #[serde(rename = "as")]
    pub name: String,
    #[serde(rename = "in")]
    pub list: String,
}

/// The JSON Schema of a source's file, as editors use it.
pub fn source_schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> =
        LazyLock::new(|| schemars::schema_for!(SourceSpec).to_value());
    &SCHEMA
}
