//! The webhooks of other systems on this machine, answered by the worker itself. What is
//! verified is taken at once.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use lazo::shell::app::App;
use lazo::shell::secrets::Secrets;
use lazo::webhooks::{self, BODY_BYTES_MAX, Inbox, Payload, Webhooks};
use lazo_domain::digest::hex;
use lazo_domain::source::Source;
use tokio::net::TcpListener;

use crate::clock;

/// The file in the data folder with a secret for each source; it can be given those of
/// the real systems.
const SECRETS: &str = "webhook-secrets.json";

const SECRET_BYTES: usize = 16;

struct Server {
    app: Arc<App>,
    secrets: Secrets,
    base_url: String,
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, app: Arc<App>, secrets: Secrets) {
    let port = listener.local_addr().map_or(0, |address| address.port());
    let base_url = format!("http://127.0.0.1:{port}");
    let router = Router::new().fallback(answer);
    let router = router.with_state(Arc::new(Server { app, secrets, base_url }));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the local webhooks stopped");
    }
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> webhooks::Response {
    let (parts, body) = request.into_parts();
    let payload = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(bytes) => Payload::Bytes(bytes.into()),
        Err(_) => Payload::TooLarge,
    };
    let request = webhooks::Request::from_parts(parts, payload);
    let now = clock::now();
    let Server { app, secrets, base_url } = &*server;
    app.follow_version(now).await;
    let hooks = Webhooks { secrets, inbox: &Inbox::Table, base_url: Some(base_url) };
    webhooks::respond(app, hooks, &request, now).await
}

/// The secrets of a data folder. A source without one gets one: each of them can be
/// tried out at once.
///
/// # Errors
/// Where they can be neither read nor made.
pub fn secrets(data: &Path, app: &App) -> anyhow::Result<Secrets> {
    let path = data.join(SECRETS);
    let named = || path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => "{}".to_owned(),
        Err(error) => return Err(error).with_context(named),
    };
    let known = Secrets::parse(&text).with_context(named)?;
    let rules = app.rules();
    let with_webhooks = rules.sources().iter().filter(|source| source.webhook.is_some());
    let missing: Vec<&Source> =
        with_webhooks.filter(|source| known.of(&source.name).is_empty()).collect();
    if missing.is_empty() {
        return Ok(known);
    }
    let mut all: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text)?;
    let fresh = fresh()?;
    for source in missing {
        all.insert(source.name.clone(), fresh.clone().into());
    }
    let text = serde_json::to_string_pretty(&all)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&path).with_context(named)?;
    file.write_all(text.as_bytes()).with_context(named)?;
    Secrets::parse(&text).with_context(named)
}

/// The first secret of each source, with the names of the sources that have the same.
pub fn of_file(data: &Path) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(data.join(SECRETS)).unwrap_or_default();
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
    let mut by_secret: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (source, secrets) in all {
        let first = match &secrets {
            serde_json::Value::Array(all) => all.first().and_then(serde_json::Value::as_str),
            one => one.as_str(),
        };
        if let Some(secret) = first {
            by_secret.entry(secret.to_owned()).or_default().push(source);
        }
    }
    by_secret
}

fn fresh() -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no random numbers: {error}"))?;
    Ok(hex(&bytes))
}
