//! The function behind the console, by a function URL.

use std::sync::Arc;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::console::{self, Console};
use lazo::shell::app::App;

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = Arc::new(App::from_env().await?);
    let place = console::Place::from_env()?;
    let clock: console::Clock = Box::new(|| jiff::Timestamp::now().into());
    let console = Arc::new(Console { app, place, clock, fresh: uuid::Uuid::now_v7 });
    let (router, console) = (&console::router(console.clone()), &console);
    run(service_fn(async move |event: LambdaEvent<LambdaFunctionUrlRequest>| {
        console.app.follow_version((console.clock)()).await;
        Ok::<_, Error>(console::function_url::handle(router, event.payload).await)
    }))
    .await
}
