//! Drift: how likely it is that a customer is still one, what they will spend,
//! and on which day they count as drifting away.
//!
//! A shop's purchase days go into a [`Sample`], which fits a [`Model`]: MBG/NBD
//! or BG/NBD with its parameters, the shop's own figures for the overdue ratio,
//! and what people spend. A fit that is worthless is refused with the reason,
//! and the ratio judges instead. A [`Scorer`] then answers for one customer's
//! [`Rhythm`], in closed form: nothing is iterated over time, so that the day
//! on which a customer crosses over is known as soon as the last purchase is.

mod evaluate;
mod fit;
mod likelihood;
mod minimise;
mod model;
mod params;
mod rhythm;
mod scorer;
mod spending;
mod summary;

pub use evaluate::{Decile, Evaluation, EvaluationReport, Measure, Observed, evaluate};
pub use fit::{DROPOUT_MIN, Estimate, Fit, Refusal, fit, fit_from};
pub use likelihood::{Likelihood, likelihood};
pub use model::{BadModel, Model, PrintedModel, PurchaseDay, Sample};
pub use params::{Kind, Params};
pub use rhythm::{GAPS_MIN, Gaps, Rhythm, ShopRhythm, days_between, overdue_ratio};
pub use scorer::{CROSSING_DAYS_MAX, Judge, Scorer};
pub use spending::{GammaGamma, SPENDERS_MIN, Spending, Spent};
pub use summary::{Histories, Summary, WEEK_GRID_ABOVE, Weeks};
