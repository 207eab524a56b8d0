//! Drift: stages that time brings, and the model that they are forecast by.

use std::time::{Duration, Instant as Clock};

use futures::StreamExt;
use lazo_domain::drift::{Kind, Model, Sample};
use lazo_domain::history::Until;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde::Serialize;

use crate::shell::alarm_sweep::{Looked, log_failed, look_at_calendars};
use crate::shell::app::App;
use crate::shell::store::table::{Alarm, SHARDS};
use crate::shell::store::{FittedModel, StoreError};

/// How old a model grows before it is fitted anew.
const MODEL_AGE: Duration = Duration::from_secs(30 * 86_400);

/// How long a fit that was refused is left alone: a young shop soon has enough
/// customers.
const REFUSED_AGE: Duration = Duration::from_secs(86_400);

/// How many customers a model is fitted to, where there are so many.
const SAMPLE: usize = 20_000;

/// How many customers are read at a time.
const READS_AT_ONCE: usize = 16;

/// What a run did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReviewReport {
    /// The customers whose stage was reviewed, and what that changed.
    #[serde(flatten)]
    pub reviewed: Looked,
    /// Customers that a model was fitted to, where one was.
    pub fitted_to: Option<usize>,
    /// Why the fitted model cannot be used; `None` where it can, or none was fitted.
    pub refused: Option<String>,
}

/// Reviews everybody whose stage time may have changed by `now`, and fits the
/// model anew where it is old.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn run(
    app: &App,
    now: Instant,
    budget: Option<Duration>,
) -> Result<ReviewReport, StoreError> {
    let mut report = ReviewReport::default();
    let learnt = app.store.drift_model().await?;
    match learnt.filter(|learnt| !is_old(learnt, now)) {
        Some(learnt) => app.set_drift_model(&learnt.model),
        None => refit(app, now, budget, &mut report).await?,
    }
    report.reviewed = look_at_calendars(app, Alarm::Review, now, budget).await?;
    log_failed(report.reviewed.failed);
    Ok(report)
}

fn is_old(learnt: &FittedModel, now: Instant) -> bool {
    let age = match &learnt.refused {
        None => MODEL_AGE,
        Some(_) => REFUSED_AGE,
    };
    now >= learnt.tried_at.plus_millis(age.as_millis() as i64)
}

/// Fits the model to a sample of the customers and stores it; a usable one is
/// kept where the new one is refused.
async fn refit(
    app: &App,
    now: Instant,
    budget: Option<Duration>,
    report: &mut ReviewReport,
) -> Result<(), StoreError> {
    let began = Clock::now();
    let rules = app.rules();
    let book = &rules.book;
    let mut sample = Sample::new(now.date_in(&book.default_zone));
    // Everybody who ever bought has a review ahead: the index lists them. Whose
    // review comes first has been away for longer than others, so it must not
    // matter; a shard is as good as another, and few of them are enough.
    let mut sampled = 0;
    for shard in 0..SHARDS {
        if sampled >= SAMPLE {
            break;
        }
        if budget.is_some_and(|budget| began.elapsed() * 2 >= budget) {
            tracing::warn!("the time for a sample is over, the next run tries again");
            return Ok(());
        }
        let ids = app.store.sample(Alarm::Review, shard, SAMPLE - sampled).await?;
        sampled += ids.len();
        let read = |id: Id| async move { app.store.load(&id).await };
        let mut read =
            futures::stream::iter(ids.into_iter().map(read)).buffer_unordered(READS_AT_ONCE);
        while let Some(loaded) = read.next().await {
            let customer = match loaded {
                Ok(loaded) => loaded.customer,
                // Their review lists them; the shop's model is fitted without them.
                Err(error @ StoreError::Service(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, "a customer of the sample could not be read");
                    continue;
                }
            };
            let zone = customer.zone(&book.default_zone);
            let until = Until { at: now, purchase: None };
            sample.add(&customer.history.purchase_days(until, &zone, book.policy.currency));
        }
    }
    let fitted = sample.fit(Kind::MbgNbd, book.policy.drift.min_customers as usize);
    report.fitted_to = Some(fitted.customers);
    report.refused = fitted.refused.as_ref().map(ToString::to_string);
    let model = kept(app.store.drift_model().await?, fitted);
    app.store
        .keep_drift_model(&FittedModel { refused: report.refused.clone(), tried_at: now, model })
        .await?;
    if let Some(learnt) = app.store.drift_model().await? {
        app.set_drift_model(&learnt.model);
    }
    Ok(())
}

/// A new model; of one that is refused only the shop's rhythm and spending.
fn kept(before: Option<FittedModel>, fitted: Model) -> Model {
    match before {
        Some(before) if fitted.params().is_none() && before.model.params().is_some() => {
            Model { rhythm: fitted.rhythm, spending: fitted.spending, ..before.model }
        }
        _ => fitted,
    }
}
