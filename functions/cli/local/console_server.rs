//! The console on this machine.

use std::sync::Arc;

use lazo::console::{self, Console, Place};
use lazo::shell::app::App;
use tokio::net::TcpListener;

use crate::clock;

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, app: Arc<App>) {
    let port = listener.local_addr().map_or(0, |address| address.port());
    let place = Place::Local { port };
    let console = Console { app, place, clock: Box::new(clock::now), fresh: clock::fresh_id };
    let router = console::router(Arc::new(console));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the local console stopped");
    }
}
