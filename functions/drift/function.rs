//! The function that a schedule starts every hour.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::drift;
use lazo::shell::app::App;
use serde::de::IgnoredAny;

/// How long a run takes new customers on, within the function's 300 seconds.
const BUDGET: Duration = Duration::from_secs(240);

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(async move |_: LambdaEvent<IgnoredAny>| {
        let now = jiff::Timestamp::now().into();
        app.follow_version(now).await;
        Ok::<_, Error>(drift::run(app, now, Some(BUDGET)).await?)
    }))
    .await
}
