//! How customers fare along their journey: what they say of each touchpoint,
//! weighed by what they bring.

mod experience;
mod stop;
mod worth;

pub use experience::{Experience, Feeling};
pub use stop::{Share, Told, TouchpointScore, stops};
pub use worth::worth_at;
