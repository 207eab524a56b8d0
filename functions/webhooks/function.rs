//! The function behind the webhooks of other systems, by a function URL.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::shell::app::{self, App};
use lazo::webhooks::{self, Inbox, Webhooks};

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    let (queue, vault) = &app::inbox_from_env().await?;
    let base_url = &app::optional(app::env::WEBHOOKS_URL);
    // What is wrong with the secrets shows now.
    vault.secrets(jiff::Timestamp::now().into()).await?;
    let inbox = &Inbox::Queue(queue.clone());
    run(service_fn(async move |event: LambdaEvent<LambdaFunctionUrlRequest>| {
        let now = jiff::Timestamp::now().into();
        app.follow_version(now).await;
        let secrets = &*vault.secrets(now).await?;
        let hooks = Webhooks { secrets, inbox, base_url: base_url.as_deref() };
        Ok::<_, Error>(webhooks::function_url::handle(app, hooks, event.payload, now).await)
    }))
    .await
}
