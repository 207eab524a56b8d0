//! The links of the local system's mails, answered by the links worker itself.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::clock;
use anyhow::Context;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lazo::links::{self, BODY_BYTES_MAX, Payload};
use lazo::shell::app::App;
use lazo::shell::link::token::Keys;
use tokio::net::TcpListener;

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, app: Arc<App>) {
    let router = Router::new().fallback(answer).with_state(app);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the local links stopped");
    }
}

async fn answer(State(app): State<Arc<App>>, request: Request) -> links::Response {
    let (parts, body) = request.into_parts();
    let payload = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(bytes) => Payload::new(bytes.into()),
        Err(_) => Payload::TooLarge,
    };
    let request = links::Request::from_parts(parts, payload);
    let now = clock::now();
    app.follow_version(now).await;
    links::respond(&app, &request, now).await
}

/// The key of a data folder, made at its first use, so that the links of mails
/// in the outbox still work after a restart.
///
/// # Errors
/// Where it can be neither read nor made.
pub fn keys(data: &Path) -> anyhow::Result<Keys> {
    let path = data.join("link-keys");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            File::open("/dev/urandom")?.read_exact(&mut secret)?;
            let text = format!("local:{}", STANDARD.encode(secret));
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            text
        }
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    Keys::parse(&text).with_context(|| path.display().to_string())
}
