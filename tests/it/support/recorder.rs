//! A server of the tests' own that stands where SES and EventBridge stand: it
//! answers as AWS does, keeps every request, and fails when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Ses,
    EventBridge,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub service: Service,
    pub body: Value,
}

/// How the next request is answered; without a word it is answered well.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An error in AWS's form: HTTP status and code.
    Fail(u16, &'static str),
    /// The same, with what it says.
    FailSaying(u16, &'static str, &'static str),
    /// The request is taken and the connection closed without an answer.
    Close,
    /// The same, and the connection is reset.
    Reset,
    /// `PutEvents` only: so many entries are refused.
    Partial(usize),
    /// Answered well, once [`Recorder::release`] is called.
    Hold,
}

#[derive(Default)]
struct Inner {
    requests: Vec<Request>,
    ses: VecDeque<Reply>,
    bus: VecDeque<Reply>,
}

#[derive(Clone)]
pub struct Recorder {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
    came: Arc<Notify>,
    released: Arc<Semaphore>,
}

impl Recorder {
    pub async fn start() -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Recorder {
            url: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::default(),
            came: Arc::default(),
            released: Arc::new(Semaphore::new(0)),
        };
        let server = recorder.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    // A client that goes away ends its connection, no more.
                    let _ = server.talk(stream).await;
                });
            }
        });
        recorder
    }

    /// What the next requests to a service get, one reply each.
    pub fn script(&self, service: Service, replies: impl IntoIterator<Item = Reply>) {
        let mut inner = self.inner.lock().unwrap();
        match service {
            Service::Ses => inner.ses.extend(replies),
            Service::EventBridge => inner.bus.extend(replies),
        }
    }

    pub fn release(&self) {
        self.released.add_permits(1);
    }

    /// Waits until a request to a service has come in.
    pub async fn wait_for(&self, service: Service) {
        loop {
            let came = self.came.notified();
            if !self.requests(service).is_empty() {
                return;
            }
            came.await;
        }
    }

    pub fn requests(&self, service: Service) -> Vec<Value> {
        let inner = self.inner.lock().unwrap();
        inner.requests.iter().filter(|r| r.service == service).map(|r| r.body.clone()).collect()
    }

    /// Every entry that was put on the bus: its type, and its detail.
    pub fn entries(&self) -> Vec<(String, Value)> {
        let entries = self.requests(Service::EventBridge);
        let entries = entries.iter().flat_map(|body| body["Entries"].as_array().unwrap().clone());
        let detail =
            |entry: &Value| serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        entries.map(|e| (e["DetailType"].as_str().unwrap().to_owned(), detail(&e))).collect()
    }

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let Some((head, body)) = read_request(&mut stream, &mut buffer).await? else {
                return Ok(());
            };
            let is_bus = head.to_ascii_lowercase().contains("x-amz-target: awsevents.putevents");
            let service = if is_bus { Service::EventBridge } else { Service::Ses };
            assert!(is_bus || head.starts_with("POST /v2/email/outbound-emails "), "{head}");
            let body: Value = serde_json::from_slice(&body)?;
            let reply = {
                let mut inner = self.inner.lock().unwrap();
                inner.requests.push(Request { service, body: body.clone() });
                match service {
                    Service::Ses => inner.ses.pop_front(),
                    Service::EventBridge => inner.bus.pop_front(),
                }
            };
            self.came.notify_waiters();
            if matches!(reply, Some(Reply::Hold)) {
                self.released.acquire().await.unwrap().forget();
            }
            if matches!(reply, Some(Reply::Reset)) {
                stream.set_zero_linger()?;
            }
            let Some(answer) = answer(service, &body, reply) else { return Ok(()) };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

/// The text of an answer; `None` where none is given.
fn answer(service: Service, request: &Value, reply: Option<Reply>) -> Option<String> {
    let (status, code, body) = match reply {
        Some(Reply::Close | Reply::Reset) => return None,
        Some(Reply::FailSaying(status, code, message)) => {
            (status, code, json!({ "__type": code, "message": message }))
        }
        Some(Reply::Fail(status, code)) => {
            let body = json!({ "__type": code, "message": "as the test asked" });
            (status, code, body)
        }
        Some(Reply::Partial(refused)) => (200, "", put_events_answer(request, refused)),
        Some(Reply::Hold) | None => match service {
            Service::Ses => (200, "", json!({ "MessageId": format!("ses-{}", fastrand::u64(..)) })),
            Service::EventBridge => (200, "", put_events_answer(request, 0)),
        },
    };
    let body = body.to_string();
    let kind =
        if code.is_empty() { String::new() } else { format!("x-amzn-ErrorType: {code}\r\n") };
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status} SendStatus\r\ncontent-type: application/json\r\n{kind}content-length: {length}\r\n\r\n{body}"
    ))
}

fn put_events_answer(request: &Value, refused: usize) -> Value {
    let count = request["Entries"].as_array().map_or(0, Vec::len);
    let entries: Vec<Value> = (0..count)
        .map(|index| match index < refused {
            true => json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "as asked" }),
            false => json!({ "EventId": format!("event-{index}") }),
        })
        .collect();
    json!({ "FailedEntryCount": refused.min(count), "Entries": entries })
}

/// One request's head and body; `None` where the client is done.
pub async fn read_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
                })
                .unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Ok(Some((head, body)));
            }
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            count => buffer.extend_from_slice(&chunk[..count]),
        }
    }
}
