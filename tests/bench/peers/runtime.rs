//! Lambda's runtime API for one process, and that process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use super::aws::Aws;

/// How long a process has to ask for work.
const START_MAX: Duration = Duration::from_secs(30);

/// A program, and which function it is.
pub struct Program {
    language: &'static str,
    path: PathBuf,
    arguments: Vec<String>,
    handler: &'static str,
}

impl Program {
    pub fn new(language: &'static str, path: &Path, handler: &'static str) -> Program {
        Program { language, path: path.to_owned(), arguments: Vec::new(), handler }
    }

    pub fn python(python: &Path, folder: &Path, handler: &'static str) -> Program {
        let bootstrap = folder.join("bootstrap.py").to_string_lossy().into_owned();
        let arguments = vec!["-B".to_owned(), bootstrap, handler.to_owned()];
        Program { arguments, ..Program::new(" in Python", python, handler) }
    }

    pub fn name(&self) -> String {
        format!("{}{}", self.handler, self.language)
    }

    pub fn handler(&self) -> &'static str {
        self.handler
    }
}

/// A function that has asked for work. It ends with this.
pub struct Function {
    process: Child,
    pub started_in: Duration,
    events: mpsc::Sender<Value>,
    answers: Mutex<mpsc::Receiver<Value>>,
}

struct Api {
    asked: mpsc::Sender<()>,
    events: Mutex<mpsc::Receiver<Value>>,
    answers: mpsc::Sender<Value>,
}

impl Function {
    pub async fn start(program: &Program, aws: &Aws) -> Function {
        let (asked, mut first) = mpsc::channel(16);
        let (events, to_do) = mpsc::channel(1);
        let (answers, done) = mpsc::channel(1);
        let address = serve(Arc::new(Api { asked, events: Mutex::new(to_do), answers })).await;
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).envs(aws.environment());
        command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        command.env("_HANDLER", program.handler).env_remove("SSL_CERT_DIR");
        let begun = Clock::now();
        let process = command.stdout(Stdio::null()).spawn().unwrap();
        let asked = tokio::time::timeout(START_MAX, first.recv()).await;
        let started_in = begun.elapsed();
        assert!(asked.is_ok(), "{} does not ask for work", program.name());
        // What it is asked later is of no interest, and must not stop it.
        tokio::spawn(async move { while first.recv().await.is_some() {} });
        Function { process, started_in, events, answers: Mutex::new(done) }
    }

    pub async fn invoke(&self, event: &Value) -> Value {
        self.events.send(event.clone()).await.unwrap();
        self.answers.lock().await.recv().await.unwrap()
    }

    /// The most memory that it has held so far.
    pub fn peak_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn serve(api: Arc<Api>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(error))
        .with_state(api);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn next(State(api): State<Arc<Api>>) -> (HeaderMap, String) {
    let _ = api.asked.send(()).await;
    let event = match api.events.lock().await.recv().await {
        Some(event) => event,
        None => std::future::pending().await,
    };
    let mut headers = HeaderMap::new();
    let deadline = jiff::Timestamp::now().as_millisecond() + 60_000;
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:1:function:f".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    (headers, event.to_string())
}

async fn response(State(api): State<Arc<Api>>, body: Bytes) {
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    let _ = api.answers.send(answer).await;
}

async fn error(body: Bytes) {
    panic!("the function failed: {}", String::from_utf8_lossy(&body));
}
