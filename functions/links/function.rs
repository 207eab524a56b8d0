//! The function behind the public links of mails, by a function URL.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::links;
use lazo::shell::app::{App, ConfigError, env};

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    if app.link_keys.is_none() {
        return Err(ConfigError::Missing(env::LINK_KEYS).into());
    }
    run(service_fn(async move |event: LambdaEvent<LambdaFunctionUrlRequest>| {
        let now = jiff::Timestamp::now().into();
        app.follow_version(now).await;
        Ok::<_, Error>(links::function_url::handle(app, event.payload, now).await)
    }))
    .await
}
