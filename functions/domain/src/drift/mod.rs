//! Drift: how likely it is that a customer is still one.

mod fit;
mod gamma;
mod likelihood;
mod minimise;
mod params;
mod summary;

pub use fit::{DROPOUT_MIN, Estimate, Fit, Refusal, fit, fit_from};
pub use likelihood::{Likelihood, likelihood};
pub use params::{Kind, Params};
pub use summary::{Histories, Summary, WEEK_GRID_ABOVE, Weeks};
