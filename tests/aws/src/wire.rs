//! Requests and answers of DynamoDB on the wire: JSON, in the names of its API.
//!
//! A field that is not listed here is refused, so nothing that the store comes
//! to ask for is passed over in silence.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::expression::{Bindings, Scalar, Unknown};

/// The two keys of an item.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub pk: Scalar,
    pub sk: Scalar,
}

impl Key {
    pub fn texts(self) -> Result<(String, String), Unknown> {
        match (self.pk, self.sk) {
            (Scalar::S(pk), Scalar::S(sk)) if !pk.is_empty() && !sk.is_empty() => Ok((pk, sk)),
            _ => Err(Unknown("a key that is no text".into())),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetItem {
    pub table_name: String,
    pub key: Key,
    #[serde(default, rename = "ConsistentRead")]
    pub _consistent: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchGetItem {
    pub request_items: HashMap<String, Keys>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Keys {
    pub keys: Vec<Key>,
    #[serde(default, rename = "ConsistentRead")]
    pub _consistent: bool,
}

/// A condition, and what its answer tells where it fails.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutItem<'a> {
    pub table_name: String,
    #[serde(borrow)]
    pub item: &'a RawValue,
    pub condition_expression: Option<String>,
    pub expression_attribute_names: Option<HashMap<String, String>>,
    pub expression_attribute_values: Option<HashMap<String, Scalar>>,
    pub return_values_on_condition_check_failure: Option<String>,
}

impl PutItem<'_> {
    pub fn bindings(&self) -> Bindings<'_> {
        Bindings {
            names: self.expression_attribute_names.as_ref(),
            values: self.expression_attribute_values.as_ref(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateItem {
    pub table_name: String,
    pub key: Key,
    pub update_expression: String,
    pub condition_expression: Option<String>,
    pub expression_attribute_names: Option<HashMap<String, String>>,
    pub expression_attribute_values: Option<HashMap<String, Scalar>>,
    pub return_values: Option<String>,
    pub return_values_on_condition_check_failure: Option<String>,
}

impl UpdateItem {
    pub fn bindings(&self) -> Bindings<'_> {
        Bindings {
            names: self.expression_attribute_names.as_ref(),
            values: self.expression_attribute_values.as_ref(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteItem {
    pub table_name: String,
    pub key: Key,
    pub condition_expression: Option<String>,
    pub expression_attribute_names: Option<HashMap<String, String>>,
    pub expression_attribute_values: Option<HashMap<String, Scalar>>,
    pub return_values: Option<String>,
}

impl DeleteItem {
    pub fn bindings(&self) -> Bindings<'_> {
        Bindings {
            names: self.expression_attribute_names.as_ref(),
            values: self.expression_attribute_values.as_ref(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Query {
    pub table_name: String,
    pub index_name: Option<String>,
    pub key_condition_expression: String,
    pub expression_attribute_names: Option<HashMap<String, String>>,
    pub expression_attribute_values: Option<HashMap<String, Scalar>>,
    pub limit: Option<usize>,
    pub exclusive_start_key: Option<HashMap<String, Scalar>>,
    #[serde(default)]
    pub consistent_read: bool,
    /// The last first, where it is `false`.
    pub scan_index_forward: Option<bool>,
}

impl Query {
    pub fn bindings(&self) -> Bindings<'_> {
        Bindings {
            names: self.expression_attribute_names.as_ref(),
            values: self.expression_attribute_values.as_ref(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TransactWriteItems<'a> {
    #[serde(borrow)]
    pub transact_items: Vec<TransactItem<'a>>,
    pub client_request_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TransactItem<'a> {
    #[serde(borrow, default)]
    pub put: Option<PutItem<'a>>,
    #[serde(default)]
    pub condition_check: Option<ConditionCheck>,
}

/// A condition on an item that a transaction does not write.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ConditionCheck {
    pub table_name: String,
    pub key: Key,
    pub condition_expression: String,
    pub expression_attribute_values: Option<HashMap<String, Scalar>>,
}

/// An answer: its HTTP status, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Answer {
        Answer { status: 200, body: body.into() }
    }

    /// An error in AWS's form, with further fields as JSON.
    pub fn error(status: u16, code: &str, message: &str, more: &str) -> Answer {
        let message = serde_json::Value::from(message);
        let body = format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":{message}{more}}}"#
        );
        Answer { status, body }
    }

    /// What the model does not know is an error that nobody retries.
    pub fn unknown(what: &Unknown) -> Answer {
        let message = format!("the fake AWS does not know {}", what.0);
        Answer::error(400, "ValidationException", &message, "")
    }

    /// A transaction that was not done: by item, whether its condition failed,
    /// and the item as it is where that was asked for.
    pub fn cancelled(refusals: &[Option<Option<String>>]) -> Answer {
        let reason = |refusal: &Option<Option<String>>| match refusal {
            None => r#"{"Code":"None"}"#.to_owned(),
            Some(item) => {
                let item =
                    item.as_ref().map(|item| format!(r#","Item":{item}"#)).unwrap_or_default();
                let message = "The conditional request failed";
                format!(r#"{{"Code":"ConditionalCheckFailed","Message":"{message}"{item}}}"#)
            }
        };
        let reasons: Vec<String> = refusals.iter().map(reason).collect();
        let more = format!(r#","CancellationReasons":[{}]"#, reasons.join(","));
        let message =
            "Transaction cancelled, please refer cancellation reasons for specific reasons";
        Answer::error(400, "TransactionCanceledException", message, &more)
    }
}
