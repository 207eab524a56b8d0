//! The function that a schedule starts each minute, to hand published content
//! round.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::content::{self, Bounds};
use lazo::shell::app::App;
use serde::de::IgnoredAny;

/// What a run takes on, within the function's 60 seconds.
const BOUNDS: Bounds = Bounds { time: Some(Duration::from_secs(40)), customers: 10_000 };

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(async move |_: LambdaEvent<IgnoredAny>| {
        let now = jiff::Timestamp::now().into();
        app.follow_version(now).await;
        Ok::<_, Error>(content::run(app, now, BOUNDS).await?)
    }))
    .await
}
