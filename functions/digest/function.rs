//! The function that a schedule starts every quarter of an hour: it sends the
//! morning's mails to the people of the shop.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::digest;
use lazo::shell::app::App;
use serde::de::IgnoredAny;

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    app.check_sender()?;
    run(service_fn(async move |_: LambdaEvent<IgnoredAny>| {
        let now = jiff::Timestamp::now().into();
        app.follow_version(now).await;
        app.ask_account_rate(now).await;
        Ok::<_, Error>(digest::run(app, now).await?)
    }))
    .await
}
