//! The function that a schedule starts every minute.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::dispatch;
use lazo::shell::app::App;
use lazo::shell::telemetry;
use serde::de::IgnoredAny;

/// How long a run takes new customers on. A call to SES takes up to 20 seconds
/// and a wait for a turn up to 5: what is begun must end within the function's
/// 55, as a mail that is cut off in the middle is one that nobody knows of.
const BUDGET: Duration = Duration::from_secs(25);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let app = &App::from_env().await?;
    app.check_sender()?;
    if let Err(error) = app.tell_bus().await {
        tracing::warn!(%error, "the table was not told which bus this is");
    }
    run(service_fn(async move |_: LambdaEvent<IgnoredAny>| {
        Ok::<_, Error>(dispatch::run_for(app, jiff::Timestamp::now().into(), BUDGET).await?)
    }))
    .await
}
