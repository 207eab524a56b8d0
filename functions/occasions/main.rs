//! The function that a schedule starts every quarter of an hour: all time zones
//! have their midnight on one.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::occasions;
use lazo::shell::app::App;
use lazo::shell::telemetry;
use serde::de::IgnoredAny;

/// How long a run takes new customers on, within the function's 120 seconds.
const BUDGET: Duration = Duration::from_secs(90);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let app = &App::from_env().await?;
    run(service_fn(async move |_: LambdaEvent<IgnoredAny>| {
        Ok::<_, Error>(occasions::run(app, jiff::Timestamp::now().into(), Some(BUDGET)).await?)
    }))
    .await
}
