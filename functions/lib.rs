//! The shell around the pure core: configuration, rules, store, mail, bus, and
//! the functions that work with them.
//!
//! Arrows run one way: a function's `main.rs` → its module → `store`, `mailer`,
//! `bus` → `lazo_domain`. The kinds of the AWS SDK stay inside those three, and
//! only a `main.rs` or a command reads the clock.

pub mod app;
pub mod aside;
pub mod bus;
pub mod call_list;
pub mod content;
pub mod digest;
pub mod dispatch;
pub mod drift;
pub mod feedback;
pub mod ingest;
pub mod links;
pub mod mailer;
pub mod merging;
pub mod notices;
pub mod occasions;
pub mod pace;
pub mod rounds;
pub mod rules;
pub mod store;
pub mod telemetry;
pub mod text_file;
