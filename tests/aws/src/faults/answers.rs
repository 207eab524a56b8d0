//! What faults look like to the SDK: errors in AWS's form, and broken
//! connections.

use std::io;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::Value;

use crate::wire::Answer;
use crate::{Service, operation};

pub fn refused() -> ConnectorError {
    ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionRefused).into())
}

pub fn reset() -> ConnectorError {
    ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())
}

pub fn failed() -> Answer {
    Answer::error(500, "InternalServerError", "as planned", "")
}

pub fn throttled(service: Service) -> Answer {
    match service {
        Service::DynamoDb | Service::EventBridge | Service::Sqs | Service::SecretsManager => {
            Answer::error(400, "ThrottlingException", "Rate exceeded", "")
        }
        Service::Ses => {
            let message = "Maximum sending rate exceeded.";
            Answer::error(429, "TooManyRequestsException", message, "")
        }
    }
}

pub fn conflict(request: &HttpRequest) -> Answer {
    if operation(request).1 != "TransactWriteItems" {
        let message = "Transaction is ongoing for the item";
        return Answer::error(400, "TransactionConflictException", message, "");
    }
    let body = request.body().bytes().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let items = body.and_then(|body| body["TransactItems"].as_array().map(Vec::len));
    let conflict = r#"{"Code":"TransactionConflict","Message":"Transaction is ongoing"}"#;
    let mut reasons = vec![r#"{"Code":"None"}"#; items.unwrap_or(1)];
    reasons[0] = conflict;
    let more = format!(r#","CancellationReasons":[{}]"#, reasons.join(","));
    Answer::error(400, "TransactionCanceledException", "Transaction cancelled", &more)
}

/// What one item of a transaction does: a put, or a check.
fn part(item: &mut Value) -> Option<&mut Value> {
    item.as_object_mut()?.values_mut().next()
}

/// A request's body without the conditions that are to go; `None` where it has
/// none of them.
pub fn without_conditions(body: &[u8], without: &dyn Fn(&str, &str) -> bool) -> Option<String> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    let mut is_changed = false;
    let items: Vec<&mut Value> = match body.get_mut("TransactItems") {
        Some(items) => items.as_array_mut()?.iter_mut().filter_map(part).collect(),
        None => vec![&mut body],
    };
    for put in items {
        let key = put.get("Item").or(put.get("Key")).map(|item| &item["sk"]["S"]);
        let (Some(sk), Some(condition)) =
            (key.and_then(Value::as_str), put["ConditionExpression"].as_str())
        else {
            continue;
        };
        if without(sk, condition)
            && let Some(put) = put.as_object_mut()
        {
            match put.contains_key("Item") || put.contains_key("UpdateExpression") {
                true => drop(put.remove("ConditionExpression")),
                // A check is nothing but its condition: one that always holds.
                false => {
                    let always = "attribute_exists(pk) OR attribute_not_exists(pk)";
                    put.insert("ConditionExpression".into(), always.into());
                    put.remove("ExpressionAttributeValues");
                }
            }
            is_changed = true;
        }
    }
    is_changed.then(|| body.to_string())
}
