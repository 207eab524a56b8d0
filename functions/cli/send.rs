//! `lazo send`: put events on a bus.

use std::fmt::Display;
use std::path::PathBuf;

use anyhow::bail;
use lazo::shell::bus::Bus;
use lazo::shell::intake;
use lazo_domain::event::{BadEvent, EventKind};
use lazo_domain::instant::Instant;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Answer;
use super::event_files::{REMARKS_SHOWN, json_texts, text};
use super::system::{System, Target};

/// Put events on the local bus, or on one in AWS (--bus NAME).
#[derive(clap::Args)]
pub struct Args {
    /// Files with one JSON or JSON Lines; envelopes or bare.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The source of events that name none.
    #[arg(long, default_value = "shop")]
    source: String,
}

pub async fn run(args: &Args, target: &Target) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    // Nothing is sent where a file cannot be read.
    let files = args.files.iter().map(|path| Ok((path, text(path)?)));
    let files: Vec<_> = files.collect::<anyhow::Result<_>>()?;
    // A bus by itself takes whatever is sent; a table has its own, or the one named.
    let (bus, system) = match &target.bus {
        Some(name) if target.table.is_none() => {
            let sdk = lazo::shell::app::aws().load().await;
            (Bus::new(aws_sdk_eventbridge::Client::new(&sdk), name), None)
        }
        _ => {
            let system = System::open(target).await?;
            system.needs_bus()?;
            (system.app.bus.clone(), Some(system))
        }
    };
    let (count, remarks) = (Count::default(), 0);
    let mut sender = Sender { bus, system, source: &args.source, now, count, remarks };
    for (path, text) in &files {
        sender.remarks = 0;
        let texts = json_texts(path, text);
        // What is no JSON at all is still an event that somebody sent.
        let texts = texts.unwrap_or_else(|_| vec![(1, text.as_str())]);
        for (line, text) in texts {
            sender.send(&format!("{}:{line}", path.display()), text).await?;
        }
        if sender.remarks > REMARKS_SHOWN {
            let more = sender.remarks - REMARKS_SHOWN;
            eprintln!("lazo: {}: … and {more} more such remarks", path.display());
        }
    }
    let Count { sent, bad, partly, lost, .. } = sender.count;
    out!("{sent} events sent");
    if bad > 0 {
        out!("{bad} of them do not fit and are kept aside: lazo failures list");
    }
    if partly > 0 {
        out!("{partly} of them count without fields that do not fit: lazo failures list");
    }
    if lost > 0 {
        out!("{lost} more were not taken; send them again");
    }
    Ok(if bad + partly + lost == 0 { Answer::Yes } else { Answer::No })
}

/// How many events in a row the bus may not take until the rest is left.
const LOST_IN_A_ROW_MAX: usize = 5;

/// What became of events.
#[derive(Default)]
struct Count {
    sent: usize,
    bad: usize,
    partly: usize,
    lost: usize,
    lost_in_a_row: usize,
}

struct Sender<'a> {
    bus: Bus,
    system: Option<System>,
    source: &'a str,
    now: Instant,
    count: Count,
    /// How many there were on the file at hand.
    remarks: usize,
}

impl Sender<'_> {
    /// Sends one event; one that is not taken leaves the others their way.
    async fn send(&mut self, place: &str, text: &str) -> anyhow::Result<()> {
        let read = intake::read(text, self.now);
        let kind = read.as_ref().ok().map(|delivered| delivered.event.kind());
        if let Err(error) = self.hand_over(text, kind, read.as_ref().err()).await {
            eprintln!("lazo: {place}: not taken: {error}");
            self.count.lost += 1;
            self.count.lost_in_a_row += 1;
            if self.count.lost_in_a_row == LOST_IN_A_ROW_MAX {
                let sent = self.count.sent;
                bail!(
                    "{sent} events were sent, and none of the last {LOST_IN_A_ROW_MAX}; the rest was not tried, from behind {place}"
                );
            }
            return Ok(());
        }
        self.count.lost_in_a_row = 0;
        self.count.sent += 1;
        match read {
            Err(why) => {
                self.count.bad += 1;
                self.remark(place, &why);
            }
            Ok(delivered) if !delivered.left_out.is_empty() => {
                self.count.partly += 1;
                let kind = delivered.event.kind();
                for left_out in delivered.left_out {
                    self.remark(place, &format_args!("left out: {kind}: {left_out}"));
                }
            }
            Ok(_) => {}
        }
        Ok(())
    }

    fn remark(&mut self, place: &str, remark: &dyn Display) {
        self.remarks += 1;
        if self.remarks <= REMARKS_SHOWN {
            eprintln!("lazo: {place}: {remark}");
        }
    }

    /// Puts an event on the bus, also one that does not fit: it is kept aside
    /// there. One that no bus takes is kept aside at once.
    async fn hand_over(
        &self,
        text: &str,
        kind: Option<EventKind>,
        why: Option<&BadEvent>,
    ) -> anyhow::Result<()> {
        match (message(text, kind), &self.system) {
            (Some(Message { source, detail_type, detail, at }), _) => {
                let source = source.as_deref().unwrap_or(self.source);
                let at = at.unwrap_or(self.now);
                Ok(self.bus.publish_text(source, &detail_type, detail, at).await?)
            }
            (None, Some(system)) => {
                let why = why.map(ToString::to_string).unwrap_or_default();
                Ok(intake::quarantine(&system.app, text, &why, self.now).await?)
            }
            (None, None) => Ok(()),
        }
    }
}

/// An event as the bus takes it.
struct Message<'a> {
    source: Option<String>,
    detail_type: String,
    detail: &'a str,
    at: Option<Instant>,
}

/// The detail-type and the detail, letter for letter: taken out of an envelope,
/// or told by the fields. `None` where there is no such thing.
fn message(text: &str, kind: Option<EventKind>) -> Option<Message<'_>> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(rename = "detail-type")]
        detail_type: Option<String>,
        source: Option<String>,
        time: Option<String>,
        #[serde(borrow)]
        detail: Option<&'a RawValue>,
    }
    let outer: Outer = serde_json::from_str(text).ok()?;
    let at = outer.time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
    Some(Message {
        source: outer.source,
        detail_type: outer.detail_type.or(kind.map(|kind| kind.to_string()))?,
        detail: outer.detail.map_or(text, RawValue::get),
        at: at.map(Instant::from),
    })
}
