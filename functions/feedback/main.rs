//! The function behind the queue of SES's events.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lazo::feedback;
use lazo::shell::app::App;
use lazo::shell::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let app = &App::from_env().await?;
    run(service_fn(async move |event: LambdaEvent<SqsEvent>| {
        Ok::<_, Error>(feedback::handle(app, event.payload, jiff::Timestamp::now().into()).await)
    }))
    .await
}
