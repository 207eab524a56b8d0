//! A server that stands where EventBridge's archives and SQS stand: what is replayed comes
//! to the queues of the stack's rules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::CONFIGURATION_SET;
use super::recorder::read_request;

const ACCOUNT: &str = "arn:aws:events:us-east-1:000000000000";

/// The archive of the shop's events, and that of what SES tells.
pub const SHOP: &str = "lazo-shop";
pub const MAIL: &str = "lazo-mail-events";

/// A message of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub queue: &'static str,
    pub body: String,
}

#[derive(Default)]
struct Inner {
    /// What each archive holds.
    kept: BTreeMap<&'static str, Vec<String>>,
    waiting: Vec<Message>,
    under_way: usize,
    replays: BTreeMap<String, Value>,
    /// What is wrong with the stack, by the name of the finding.
    planted: Option<&'static str>,
}

#[derive(Clone)]
pub struct Archives {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Archives {
    pub async fn start(kept: BTreeMap<&'static str, Vec<String>>) -> Archives {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner { kept, ..Inner::default() }));
        let archives = Archives { url, inner };
        let server = archives.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    let _ = server.talk(stream).await;
                });
            }
        });
        archives
    }

    /// Breaks something of the stack, and mends what was broken before.
    pub fn plant(&self, planted: Option<&'static str>) {
        self.inner.lock().unwrap().planted = planted;
    }

    /// Takes what waits in the queues; it is worked on until [`Archives::done`].
    pub fn take(&self) -> Vec<Message> {
        let mut inner = self.inner.lock().unwrap();
        let taken = std::mem::take(&mut inner.waiting);
        inner.under_way += taken.len();
        taken
    }

    pub fn done(&self, count: usize) {
        self.inner.lock().unwrap().under_way -= count;
    }

    /// What was replayed, as it was asked for.
    pub fn replays(&self) -> Vec<Value> {
        self.inner.lock().unwrap().replays.values().cloned().collect()
    }

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        while let Some((head, body)) = read_request(&mut stream, &mut buffer).await? {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let head = head.to_ascii_lowercase();
            let target = head.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
            let target = target.and_then(|target| target.split_once('.')).map(|(_, name)| name);
            let request: Value = serde_json::from_slice(&body).unwrap_or_default();
            let (status, answer) = match target {
                Some(target) => self.answer(target, &request),
                None => self.answer_of_ses(&path),
            };
            let answer = answer.to_string();
            let length = answer.len();
            let head = format!(
                "HTTP/1.1 {status} Told\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all((head + &answer).as_bytes()).await?;
        }
        Ok(())
    }

    fn answer(&self, target: &str, request: &Value) -> (u16, Value) {
        let mut inner = self.inner.lock().unwrap();
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let bus = |name: &str| format!("{ACCOUNT}:event-bus/{name}");
        let is_shop = text("EventBusName") == "lazo";
        let planted = inner.planted;
        let is = |finding: &str| planted == Some(finding);
        let answer = match target {
            "describeeventbus" if is("bus") && text("Name") == "lazo" => {
                return (
                    400,
                    json!({ "__type": "ResourceNotFoundException", "message": "no bus" }),
                );
            }
            "describeeventbus" => json!({ "Name": text("Name"), "Arn": bus(&text("Name")) }),
            "listrules" => {
                let set = format!(
                    "{{\"detail\":{{\"mail\":{{\"tags\":{{\"ses:configuration-set\":[\"{CONFIGURATION_SET}\"]}}}}}}}}"
                );
                let rule = |name: &str, pattern: &str| json!({ "Name": name, "Arn": format!("{ACCOUNT}:rule/{name}"), "EventPattern": pattern });
                match is_shop {
                    true if is("shop-events") => json!({ "Rules": [rule("others", "{}")] }),
                    true => json!({ "Rules": [rule("shop", "{}"), rule("others", "{}")] }),
                    false if is("mail-rule") => {
                        let mut off = rule("mail", &set);
                        off["State"] = "DISABLED".into();
                        json!({ "Rules": [off] })
                    }
                    false => json!({ "Rules": [rule("foreign", "{}"), rule("mail", &set)] }),
                }
            }
            "listtargetsbyrule" => {
                let (id, queue) = match text("Rule").as_str() {
                    "shop" => ("ingest-queue", "ingest"),
                    "mail" => ("feedback-queue", "feedback"),
                    _ => ("somebody", "elses"),
                };
                let arn = format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
                json!({ "Targets": [{ "Id": id, "Arn": arn }] })
            }
            "listarchives" => {
                let of = |(name, bus): (&str, String)| json!({ "ArchiveName": name, "EventSourceArn": bus });
                let all =
                    [(SHOP, bus("lazo")), (MAIL, bus("default")), ("foreign", bus("default"))];
                let there = |(name, _): &(&str, String)| {
                    let is_planted =
                        is("archive") && *name == SHOP || is("mail-archive") && *name == MAIL;
                    *name == "foreign" || inner.kept.contains_key(name) && !is_planted
                };
                json!({ "Archives": all.into_iter().filter(there).map(of).collect::<Vec<_>>() })
            }
            "describearchive" if text("ArchiveName") == MAIL => {
                json!({ "EventPattern": format!("{{\"x\":[\"{CONFIGURATION_SET}\"]}}") })
            }
            "describearchive" => json!({ "EventPattern": "{}" }),
            "startreplay" => {
                let name = text("ReplayName");
                if inner.replays.contains_key(&name) {
                    return (
                        400,
                        json!({ "__type": "ResourceAlreadyExistsException", "message": "there" }),
                    );
                }
                let archive = text("EventSourceArn");
                let (queue, of) = match archive.ends_with(SHOP) {
                    true => ("ingest", SHOP),
                    false => ("feedback", MAIL),
                };
                let replayed = inner.kept[of].clone();
                inner.waiting.extend(replayed.into_iter().map(|body| Message { queue, body }));
                inner.replays.insert(name, request.clone());
                json!({ "State": "STARTING" })
            }
            "describereplay" => json!({ "State": "COMPLETED" }),
            "getqueueurl" => json!({ "QueueUrl": format!("{}/0/{}", self.url, text("QueueName")) }),
            "getqueueattributes" => {
                let queue = text("QueueUrl").rsplit('/').next().unwrap_or_default().to_owned();
                let waiting = inner.waiting.iter().filter(|one| one.queue == queue).count();
                let under_way = inner.under_way.to_string();
                let dead = is("dead-letters") && queue.ends_with("-dead");
                let full = is("queue") && !queue.ends_with("-dead");
                let waiting = waiting + usize::from(dead) + if full { 2_000 } else { 0 };
                let mut attributes = json!({
                    "ApproximateNumberOfMessages": waiting.to_string(),
                    "ApproximateNumberOfMessagesNotVisible": under_way,
                });
                if !is("redrive-policy") {
                    let dead = format!("arn:aws:sqs:us-east-1:000000000000:{queue}-dead");
                    let policy = json!({ "deadLetterTargetArn": dead, "maxReceiveCount": 5 });
                    attributes["RedrivePolicy"] = policy.to_string().into();
                }
                json!({ "Attributes": attributes })
            }
            other => panic!("{other} is asked for"),
        };
        (200, answer)
    }

    /// What SES v2 tells of the account.
    fn answer_of_ses(&self, path: &str) -> (u16, Value) {
        let inner = self.inner.lock().unwrap();
        let is = |finding: &str| inner.planted == Some(finding);
        let path = path.split('?').next().unwrap_or_default();
        let no = || (404, json!({ "__type": "NotFoundException", "message": "not there" }));
        if path == "/v2/email/account" {
            let rate = if is("rate") { 0.5 } else { 14.0 };
            let sent = if is("quota") { 49_000.0 } else { 10.0 };
            return (
                200,
                json!({
                    "ProductionAccessEnabled": !is("sandbox"), "SendingEnabled": !is("sending-disabled"),
                    "EnforcementStatus": if is("reputation") { "PROBATION" } else { "HEALTHY" },
                    "SendQuota": { "Max24HourSend": 50_000.0, "MaxSendRate": rate, "SentLast24Hours": sent },
                }),
            );
        }
        if let Some(name) = path.strip_prefix("/v2/email/identities/") {
            let is_domain = name == "casalumbre.example";
            return match is_domain && !is("identity") {
                true => (
                    200,
                    json!({
                        "VerifiedForSendingStatus": true,
                        "DkimAttributes": { "Status": if is("dkim") { "PENDING" } else { "SUCCESS" } },
                    }),
                ),
                false => no(),
            };
        }
        if path.starts_with("/v2/email/configuration-sets/") {
            let mut types = vec!["SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY"];
            if is("mail-events") {
                types.retain(|kind| *kind != "BOUNCE");
            }
            let bus = json!({ "EventBusArn": format!("{ACCOUNT}:event-bus/default") });
            let destination = json!({
                "Name": "lazo", "Enabled": true, "MatchingEventTypes": types, "EventBridgeDestination": bus,
            });
            return match is("configuration-set") {
                true => no(),
                false => (200, json!({ "EventDestinations": [destination] })),
            };
        }
        panic!("{path} is asked for");
    }
}
