//! The program that all functions run: each of them names itself by the `Handler` of
//! the template, which Lambda puts into the environment.
//!
//! One program is built, linked and uploaded once, where eight would share nearly all
//! that they hold.

#[path = "console/function.rs"]
mod console;
#[path = "content/function.rs"]
mod content;
#[path = "digest/function.rs"]
mod digest;
#[path = "dispatch/function.rs"]
mod dispatch;
#[path = "drift/function.rs"]
mod drift;
#[path = "feedback/function.rs"]
mod feedback;
#[path = "ingest/function.rs"]
mod ingest;
#[path = "links/function.rs"]
mod links;
#[path = "occasions/function.rs"]
mod occasions;
#[path = "webhooks/function.rs"]
mod webhooks;

use lambda_runtime::Error;
use lazo::shell::telemetry;

/// The environment's name for the template's `Handler`.
const HANDLER: &str = "_HANDLER";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let handler = std::env::var(HANDLER).unwrap_or_default();
    match handler.as_str() {
        "console" => console::serve().await,
        "content" => content::serve().await,
        "digest" => digest::serve().await,
        "dispatch" => dispatch::serve().await,
        "drift" => drift::serve().await,
        "feedback" => feedback::serve().await,
        "ingest" => ingest::serve().await,
        "links" => links::serve().await,
        "occasions" => occasions::serve().await,
        "webhooks" => webhooks::serve().await,
        _ => Err(format!("there is no function {handler:?}; {HANDLER} names one").into()),
    }
}
