//! The workers, each in a folder of its own, and the shell that they share.
//!
//! Arrows run one way: a worker's `function.rs` → its module → `shell` → `lazo_domain`.
//! No worker imports another. The kinds of the AWS SDK stay inside `shell::store`,
//! `shell::mailer`, `shell::bus`, `shell::queue` and `shell::secrets`, and only a `function.rs` or a command reads the
//! clock.

// A page reads several things at once: its futures nest deeply.
#![recursion_limit = "256"]

pub mod console;
pub mod content;
pub mod digest;
pub mod dispatch;
pub mod drift;
pub mod feedback;
pub mod ingest;
pub mod links;
pub mod occasions;
pub mod shell;
pub mod webhooks;
