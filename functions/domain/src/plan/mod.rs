//! What other rules would change: two bundles rehearsed on the same history, and
//! held against each other touch by touch.

mod effects;
mod fields;
mod lints;
mod verdicts;

pub use effects::{Change, Changed, Comparison, Day, Effects, Pending, Sent};
pub use fields::{
    Action, FieldChange, RuleChange, SegmentChange, field_changes, rule_changes, segment_changes,
};
pub use lints::{Lint, Tallies, Tally, lints};
pub use verdicts::Enrolments;
