//! What a rule's file and the policy may hold, as editors are told it.

use std::sync::LazyLock;

use super::segments::SegmentsSpec;
use crate::policy::Policy;
use crate::rule::RuleSpec;

/// The JSON Schema of a rule's file, as editors use it.
pub fn rule_schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> =
        LazyLock::new(|| schemars::schema_for!(RuleSpec).to_value());
    &SCHEMA
}

/// The JSON Schema of `policy.yaml`.
pub fn policy_schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> =
        LazyLock::new(|| schemars::schema_for!(Policy).to_value());
    &SCHEMA
}

/// The JSON Schema of `segments.yaml`.
pub fn segments_schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> =
        LazyLock::new(|| schemars::schema_for!(SegmentsSpec).to_value());
    &SCHEMA
}
