//! The function behind the queue of events in.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::ingest;
use lazo::shell::app::App;

/// Runs until Lambda ends the process.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve() -> Result<(), Error> {
    let app = &App::from_env().await?;
    run(service_fn(async move |event: LambdaEvent<SqsEvent>| {
        let now = jiff::Timestamp::now().into();
        app.follow_version(now).await;
        Ok::<_, Error>(ingest::handle(app, event.payload, now).await)
    }))
    .await
}
