//! The pure core of Lazo: what to do for a customer, when, and why.
//!
//! Everything here is a function of its arguments: no clock, no I/O, no
//! randomness, no async. [`decide`](decide::decide) takes one customer's whole
//! state and one input, and gives the new state back with what is to be sent
//! and the reason for everything that is not.

pub mod address;
pub mod ahead;
pub mod bilingual;
pub mod calendar;
pub mod channel;
pub mod codes;
pub mod complaint;
pub mod condition;
pub mod consent;
pub mod customer;
pub mod dated;
pub mod decide;
pub mod digest;
pub mod draw;
pub mod drift;
pub mod event;
mod gamma;
pub mod history;
pub mod id;
pub mod instant;
pub mod interest;
pub mod journey;
pub mod message;
pub mod money;
pub mod nearest;
pub mod notice;
pub mod ordered;
pub mod plan;
pub mod policy;
pub mod profile;
pub mod rule;
pub mod rulebook;
pub mod search;
pub mod segment;
pub mod sending_pause;
pub mod simulation;
pub mod source;
pub mod span;
pub mod stage;
pub mod suppression;
pub mod text_by_language;
pub mod touch;
pub mod uplift;
pub mod view;
