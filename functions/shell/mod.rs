//! What all workers share: configuration and clients, what is written and how, and
//! the way to customers and staff.

pub mod alarm_sweep;
pub mod app;
pub mod aside;
pub mod batch;
pub mod bus;
pub mod call_list;
pub mod commit;
pub mod export;
pub mod find;
pub mod intake;
pub mod link;
pub mod mailer;
pub mod portrait;
pub mod queue;
pub mod rehearsal;
pub mod report;
pub mod rules;
pub mod secrets;
pub mod send_rate;
pub mod sending;
pub mod staff_mail;
pub mod store;
pub mod telemetry;
pub mod text_file;
pub mod timeline;
pub mod versions;
pub mod wording;
