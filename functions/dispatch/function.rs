//! The function that a schedule starts every minute.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::dispatch;
use lazo::shell::alarm_sweep::Share;
use lazo::shell::app::App;
use lazo::shell::rules::{bundle, folder_of_environment};
use lazo::shell::versions::{self, PublishError};

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    app.check_sender()?;
    if let Err(error) = app.tell_bus().await {
        tracing::warn!(%error, "the table was not told which bus this is");
    }
    publish_first(app).await?;
    run(service_fn(async move |event: LambdaEvent<Share>| {
        let now = jiff::Timestamp::now().into();
        versions::keep_up(app, now).await;
        app.ask_account_rate(now).await;
        Ok::<_, Error>(dispatch::run_for(app, now, event.payload, dispatch::BUDGET).await?)
    }))
    .await
}

/// A new table starts with the rules that the program carries, as its first version.
async fn publish_first(app: &App) -> Result<(), PublishError> {
    let carried = bundle(folder_of_environment().as_deref())?;
    let now = jiff::Timestamp::now().into();
    versions::begin(&app.store, &carried, "lazo", "the rules that the program carries", now).await
}
