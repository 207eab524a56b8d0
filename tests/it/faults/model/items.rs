//! Items as JSON, to be compared.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lazo::shell::store::Store;
use serde_json::Value;

pub fn by_key(items: impl IntoIterator<Item = Value>) -> BTreeMap<(String, String), Value> {
    let text = |item: &Value, key: &str| item[key]["S"].as_str().unwrap().to_owned();
    items.into_iter().map(|item| ((text(&item, "pk"), text(&item, "sk")), item)).collect()
}

/// Every item of the embedded table, as DynamoDB writes it in JSON.
pub async fn scan(store: &Store) -> Vec<Value> {
    let scan = store.client().scan().table_name(store.table()).consistent_read(true);
    let pages = scan.into_paginator().items().send().try_collect().await.unwrap();
    pages.iter().map(|item| json_of(item.iter())).collect()
}

fn json_of<'a>(item: impl Iterator<Item = (&'a String, &'a AttributeValue)>) -> Value {
    item.map(|(name, value)| (name.clone(), value_of(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn value_of(value: &AttributeValue) -> Value {
    use AttributeValue as A;
    match value {
        A::S(text) => serde_json::json!({ "S": text }),
        A::N(number) => serde_json::json!({ "N": number }),
        A::Bool(yes) => serde_json::json!({ "BOOL": yes }),
        A::Null(yes) => serde_json::json!({ "NULL": yes }),
        A::B(bytes) => serde_json::json!({ "B": STANDARD.encode(bytes) }),
        A::L(list) => serde_json::json!({ "L": list.iter().map(value_of).collect::<Vec<_>>() }),
        A::M(map) => serde_json::json!({ "M": json_of(map.iter()) }),
        other => panic!("the store writes no {other:?}"),
    }
}
