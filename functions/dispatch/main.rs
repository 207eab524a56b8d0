//! The function that a schedule starts every minute.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::app::App;
use lazo::{dispatch, telemetry};
use serde::de::IgnoredAny;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let app = &App::from_env().await?;
    run(service_fn(async move |_: LambdaEvent<IgnoredAny>| {
        Ok::<_, Error>(dispatch::run(app, jiff::Timestamp::now().into()).await?)
    }))
    .await
}
