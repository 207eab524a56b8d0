//! Every flow, under every fault, at every request that it makes.
//!
//! A schedule is a flow, a variant (how its input comes again, whether SES
//! tells, whether the SDK repeats) and a plan of faults. What a failure prints
//! runs that one schedule again:
//!
//! ```sh
//! LAZO_FAULTS='purchase/Once,told,bare/2:lose-answer' cargo test --test it faults::
//! ```
//!
//! The name of a flow runs those of its own, `LAZO_FAULTS=all` runs all of them in
//! place of a sample, and a number so many of each kind; use `--release` for those.

mod acts;
mod embedded;
mod flows;
mod guards;
mod lost;
mod model;
mod oracle;
mod pauses;
mod publications;
mod run;
pub mod schedules;
mod shop;
mod table_keys;
mod webhooks;
