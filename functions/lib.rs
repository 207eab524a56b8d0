//! The shell around the pure core: configuration, rules, store, mail and bus.

pub mod rules;
