//! `lazo send`: put events on a bus.

use std::path::PathBuf;

use aws_config::BehaviorVersion;
use lazo::bus::{Bus, Message};
use lazo::ingest;
use lazo_domain::event::from_wire;
use lazo_domain::instant::Instant;
use serde_json::Value;

use super::Answer;
use super::event_files::{json_texts, text};
use super::system::{System, Target};

/// Put events on the local bus, or on one in AWS.
#[derive(clap::Args)]
pub struct Args {
    /// Files with one JSON or JSON Lines; envelopes or bare.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The name of an EventBridge bus in the AWS account of the environment.
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// The source of events that name none.
    #[arg(long, default_value = "shop")]
    source: String,
}

pub async fn run(args: &Args, target: &Target) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    // Nothing is sent where a file cannot be read.
    let files = args.files.iter().map(|path| Ok((path, text(path)?)));
    let files: Vec<_> = files.collect::<anyhow::Result<_>>()?;
    let (bus, system) = match &args.bus {
        Some(name) => {
            let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
            (Bus::new(aws_sdk_eventbridge::Client::new(&sdk), name), None)
        }
        None => {
            let system = System::open(target).await?;
            (system.app.bus.clone(), Some(system))
        }
    };
    let (mut sent, mut bad) = (0, 0);
    for (path, text) in &files {
        let texts = json_texts(path, text);
        // What is no JSON at all is still an event that somebody sent.
        let texts = texts.unwrap_or_else(|_| vec![(1, text.as_str())]);
        for (line, text) in texts {
            let why = from_wire(text).err();
            match (message(text, &args.source, now), &system) {
                (Some(message), _) => bus.publish(&[message]).await?,
                (None, Some(system)) => {
                    let why = why.as_ref().map(ToString::to_string).unwrap_or_default();
                    ingest::quarantine(&system.app.store, text, &why, now).await?;
                }
                (None, None) => {}
            }
            sent += 1;
            if let Some(why) = why {
                bad += 1;
                eprintln!("lazo: {}:{line}: {why}", path.display());
            }
        }
    }
    out!("{sent} events sent");
    if bad > 0 {
        out!("{bad} of them do not fit and are kept aside: lazo failures list");
        return Ok(Answer::No);
    }
    Ok(Answer::Yes)
}

/// An event as the bus takes it: its detail-type and detail, taken out of an
/// envelope or told by the fields. `None` where there is no such thing.
fn message(text: &str, source: &str, now: Instant) -> Option<Message> {
    let Value::Object(mut outer) = serde_json::from_str(text).ok()? else { return None };
    let known = from_wire(text).ok().map(|delivered| delivered.event.kind().to_string());
    let named = outer.get("detail-type").and_then(Value::as_str).map(str::to_owned);
    let source = outer.get("source").and_then(Value::as_str).unwrap_or(source).to_owned();
    let time =
        outer.get("time").and_then(Value::as_str).and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let detail = match outer.remove("detail") {
        Some(detail) => detail,
        None => {
            outer.remove("detail-type");
            Value::Object(outer)
        }
    };
    Some(Message {
        source,
        detail_type: named.or(known)?,
        detail,
        at: time.map_or(now, Instant::from),
    })
}
