//! A bus for this machine: EventBridge's `PutEvents`, answered when the event
//! is stored, so that what was accepted is never lost.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use lazo::shell::app::App;
use lazo::shell::bus;
use lazo::shell::intake;
use lazo::shell::wording::Language;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::clock;
use crate::effects::{self, Watch};

/// A little over what EventBridge takes.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

struct Server {
    app: Arc<App>,
    out: PathBuf,
    /// One writer at a time.
    writing: Mutex<()>,
    /// Whether each event is told on the terminal, and in which language.
    telling: Arc<OnceLock<Language>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    source: String,
    #[serde(default)]
    detail_type: String,
    #[serde(default)]
    detail: String,
    /// Seconds since 1970.
    time: Option<f64>,
}

/// What EventBridge makes of an entry, the detail letter for letter.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope<'a> {
    version: &'a str,
    id: String,
    detail_type: &'a str,
    source: &'a str,
    account: &'a str,
    time: String,
    region: &'a str,
    resources: [&'a str; 0],
    detail: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    failed_entry_count: usize,
    entries: Vec<Value>,
}

/// Serves until the process ends. Events of Lazo's own go to the file `out`. Once
/// `telling` has a language, each event is told on the terminal.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    out: PathBuf,
    telling: Arc<OnceLock<Language>>,
) {
    let server = Arc::new(Server { app, out, writing: Mutex::new(()), telling });
    let router = Router::new()
        .route("/", post(put_events))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(server);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the local bus stopped");
    }
}

async fn put_events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let content = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    if target != Some("AWSEvents.PutEvents") {
        let error = json!({ "__type": "UnknownOperationException", "message": "this bus knows PutEvents only" });
        return (StatusCode::BAD_REQUEST, content, error.to_string());
    }
    let Ok(request) = serde_json::from_str::<PutEvents>(&body) else {
        let error =
            json!({ "__type": "SerializationException", "message": "no PutEvents request" });
        return (StatusCode::BAD_REQUEST, content, error.to_string());
    };
    let now = clock::now();
    let mut answer = Answer { failed_entry_count: 0, entries: Vec::new() };
    for entry in request.entries {
        answer.entries.push(match server.take(&entry, now).await {
            Ok(()) => json!({ "EventId": clock::fresh_id().to_string() }),
            Err(error) => {
                answer.failed_entry_count += 1;
                json!({ "ErrorCode": "InternalFailure", "ErrorMessage": error.to_string() })
            }
        });
    }
    let body = serde_json::to_string(&answer).unwrap_or_default();
    (StatusCode::OK, content, body)
}

impl Server {
    async fn take(&self, entry: &Entry, now: Instant) -> anyhow::Result<()> {
        let time =
            entry.time.map_or(now, |seconds| Instant::from_millis((seconds * 1000.0) as i64));
        let envelope = Envelope {
            version: "0",
            id: clock::fresh_id().to_string(),
            detail_type: &entry.detail_type,
            source: &entry.source,
            account: "000000000000",
            time: time.to_string(),
            region: "local",
            resources: [],
            detail: serde_json::from_str(&entry.detail)?,
        };
        let text = serde_json::to_string(&envelope)?;
        if entry.source == bus::SOURCE {
            self.write_out(&text)?;
            let telling = self.telling.get();
            if let Some(told) =
                telling.and_then(|lang| effects::own(&entry.detail_type, &entry.detail, *lang))
            {
                println!("{}  {told}", clock::here().strftime("%H:%M:%S"));
            }
            return Ok(());
        }
        let watch = match self.telling.get() {
            Some(lang) => Some((Watch::of(&self.app, &text, now).await?, *lang)),
            None => None,
        };
        self.app.follow_version(now).await;
        let kept = intake::receive(&self.app, &text, now).await?;
        if let Some((watch, lang)) = watch {
            let clock = clock::here().strftime("%H:%M:%S").to_string();
            for told in watch.told(&self.app, kept.as_deref(), lang).await? {
                println!("{clock}  {told}");
            }
        }
        Ok(())
    }

    fn write_out(&self, envelope: &str) -> anyhow::Result<()> {
        let _guard = self.writing.lock();
        let mut file = OpenOptions::new().create(true).append(true).open(&self.out)?;
        writeln!(file, "{envelope}")?;
        Ok(())
    }
}
