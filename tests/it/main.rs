//! The integration tests: the product's own handlers on real parts. DynamoDB is
//! embedded and spoken to by the real SDK; SES and EventBridge are a server of
//! the tests' own (`support/recorder.rs`) behind the real SDK's clients.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
// The futures of the SDK's clients nest deeply.
#![recursion_limit = "256"]

mod addresses;
mod arrows;
mod bad_input;
mod bounds;
mod calendar;
mod calling;
mod calls;
mod commands;
mod complaints;
mod console;
mod content;
mod convergence;
mod desk;
mod desk_commands;
mod differential;
mod digest;
mod dispatch;
mod dispatch_faults;
mod dissolutions;
mod docs;
mod doctor;
mod erasure;
mod faults;
mod feedback;
mod files;
mod find;
mod imports;
mod ingest;
mod journey;
mod journeys;
mod kept_aside;
mod kept_history;
mod kill;
mod links;
mod logs;
mod marketing;
mod merging;
mod notices;
mod pace;
mod refusals;
mod report;
mod report_commands;
mod restore;
mod roles;
mod sample;
mod schemas;
mod segments;
mod sources;
mod support;
mod sweeps;
mod table;
mod table_commands;
mod unknown_sends;
mod versions;
mod webhooks;
mod workshop;
