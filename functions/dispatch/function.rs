//! The function that a schedule starts every minute.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::dispatch;
use lazo::shell::alarm_sweep::Share;
use lazo::shell::app::App;

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
    run(service_fn(async move |event: LambdaEvent<Share>| {
        let now = jiff::Timestamp::now().into();
        app.ask_account_rate(now).await;
        Ok::<_, Error>(dispatch::run_for(app, now, event.payload, dispatch::BUDGET).await?)
    }))
    .await
}
