//! `lazo send`: put events on a bus.

use std::fmt::Display;
use std::path::PathBuf;

use anyhow::bail;
use lazo::shell::bus::Bus;
use lazo::shell::intake;
use lazo::shell::wording::Language;
use lazo_domain::customer::Customer;
use lazo_domain::event::{BadEvent, EventKind};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::source::RawEvent;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::effects::Watch;
use super::event_files::{REMARKS_SHOWN, json_texts, text};
use super::place::Place;
use super::system::{System, Target};
use super::{Answer, samples};
use crate::clock;

/// Put events on the local bus, or on one in AWS (--bus NAME).
#[derive(clap::Args)]
pub struct Args {
    /// Files with one JSON or JSON Lines; envelopes or bare.
    #[arg(required_unless_present = "sample")]
    files: Vec<PathBuf>,
    /// The built-in sample of an event instead of files, with its dates moved to now and
    /// a key of its own.
    #[arg(long, value_name = "EVENT", conflicts_with = "files")]
    sample: Option<EventKind>,
    /// Whom the sample is about; it names one of its own.
    #[arg(long, value_name = "ID", requires = "sample", value_parser = Id::new)]
    customer: Option<Id>,
    /// The source of events that name none.
    #[arg(long, default_value = "shop")]
    source: String,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let now = clock::now();
    // Nothing is sent where a file cannot be read.
    let files = args.files.iter().map(|path| Ok((path, text(path)?)));
    let files: Vec<_> = files.collect::<anyhow::Result<_>>()?;
    // A bus by itself takes whatever is sent; a table has its own, or the one named.
    let (bus, system) = match &target.bus {
        Some(name) if target.table.is_none() => {
            let sdk = lazo::shell::app::aws().load().await;
            let region = sdk.region().map(ToString::to_string);
            let place = Place::Bus { name: name.clone(), region };
            eprintln!("lazo: {}", place.name(lang));
            (Bus::new(aws_sdk_eventbridge::Client::new(&sdk), name), None)
        }
        _ => {
            let system = System::open_to_write(target).await?;
            system.needs_bus()?;
            (system.app.bus.clone(), Some(system))
        }
    };
    let (count, remarks) = (Count::default(), 0);
    let mut sender = Sender { bus, system, source: &args.source, now, lang, count, remarks };
    for (path, text) in &files {
        sender.remarks = 0;
        // What is no JSON at all is still an event that somebody sent.
        let texts = json_texts(path, text);
        for (line, text) in texts.unwrap_or_else(|_| vec![(1, text.as_str())]) {
            sender.send(&format!("{}:{line}", path.display()), text).await?;
        }
        if sender.remarks > REMARKS_SHOWN {
            let more = sender.remarks - REMARKS_SHOWN;
            let more = lang.count(
                more,
                ["observación más de este tipo", "observaciones más de este tipo"],
                ["more such remark", "more such remarks"],
            );
            eprintln!("lazo: {}: … {} {more}", path.display(), lang.pick("y", "and"));
        }
    }
    if let Some(kind) = args.sample {
        sender.send_sample(kind, args.customer.as_ref(), target).await?;
    }
    sender.count.show(lang)
}

impl Count {
    fn show(self, lang: Language) -> anyhow::Result<Answer> {
        let Count { sent, bad, partly, lost, .. } = self;
        let told = [
            (sent, ["evento enviado", "eventos enviados"], ["event sent", "events sent"]),
            (
                bad,
                [
                    "de ellos no sirve y se apartó: lazo failures list",
                    "de ellos no sirven y se apartaron: lazo failures list",
                ],
                [
                    "of them does not fit and is kept aside: lazo failures list",
                    "of them do not fit and are kept aside: lazo failures list",
                ],
            ),
            (
                partly,
                [
                    "de ellos cuenta sin los campos que no sirven: lazo failures list",
                    "de ellos cuentan sin los campos que no sirven: lazo failures list",
                ],
                [
                    "of them counts without fields that do not fit: lazo failures list",
                    "of them count without fields that do not fit: lazo failures list",
                ],
            ),
            (
                lost,
                ["más no se tomó; envíalo otra vez", "más no se tomaron; envíalos otra vez"],
                ["more was not taken; send it again", "more were not taken; send them again"],
            ),
        ];
        for (place, (count, es, en)) in told.into_iter().enumerate() {
            if place == 0 || count > 0 {
                out!("{}", lang.count(count, es, en));
            }
        }
        Ok(if bad + partly + lost == 0 { Answer::Yes } else { Answer::No })
    }
}

/// Of how many events it is told what they led to.
const TOLD_MAX: usize = 20;

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
    lang: Language,
    count: Count,
    /// How many there were on the file at hand.
    remarks: usize,
}

impl Sender<'_> {
    /// Sends the built-in sample of a kind, and says where to look.
    async fn send_sample(
        &mut self,
        kind: EventKind,
        customer: Option<&Id>,
        target: &Target,
    ) -> anyhow::Result<()> {
        let of_sample = samples::customer_of(kind)?;
        let id = customer.or(of_sample.as_ref());
        let (known, zone) = match &self.system {
            Some(system) => {
                let zone = system.app.rules().book.default_zone.clone();
                let known = match id {
                    Some(id) => Some(system.app.store.person(id).await?.customer),
                    None => None,
                };
                (known, zone)
            }
            None => (None, jiff::tz::TimeZone::UTC),
        };
        let unknown = id.map(|id| Customer::new(id.clone()));
        let state = known.as_ref().or(unknown.as_ref().filter(|_| customer.is_some()));
        let sample = samples::fresh(kind, id.zip(state), &zone, self.now)?;
        self.send(kind.as_str(), &sample.text).await?;
        if let Some(id) = sample.customer.filter(|_| self.system.is_some()) {
            let data = target.data.display().to_string();
            let data = if data == ".lazo" { String::new() } else { format!(" --data {data}") };
            let table = target.table.as_ref().map(|table| format!(" --table {table}"));
            let place = table.unwrap_or(data);
            out!("{}: lazo explain {id}{place}", self.lang.pick("todo sobre", "all about it"));
        }
        Ok(())
    }

    /// Sends one event; one that is not taken leaves the others their way.
    async fn send(&mut self, place: &str, text: &str) -> anyhow::Result<()> {
        let read = intake::read(text, self.now);
        let kind = read.as_ref().ok().map(|delivered| delivered.event.kind());
        let watch = match &self.system {
            Some(system) if self.count.sent < TOLD_MAX && system.endpoints.is_some() => {
                Some((Watch::of(&system.app, text, self.now).await?, system.app.clone()))
            }
            _ => None,
        };
        if let Err(error) = self.hand_over(text, kind, read.as_ref().err()).await {
            eprintln!("lazo: {place}: {}: {error}", self.lang.pick("no se tomó", "not taken"));
            self.count.lost += 1;
            self.count.lost_in_a_row += 1;
            if self.count.lost_in_a_row == LOST_IN_A_ROW_MAX {
                let sent = self.count.sent;
                let sent = self.lang.count(
                    sent,
                    ["evento se envió", "eventos se enviaron"],
                    ["event was sent", "events were sent"],
                );
                let rest = self.lang.pick(
                    "y ninguno de los últimos; lo demás no se intentó, a partir de lo que sigue a",
                    "and none of the last ones; the rest was not tried, from behind",
                );
                bail!("{sent}, {rest} {place}");
            }
            return Ok(());
        }
        self.count.lost_in_a_row = 0;
        self.count.sent += 1;
        let is_foreign = RawEvent::is_likely(text) && RawEvent::read(text).is_some();
        if let Some((watch, app)) = watch.filter(|_| read.is_ok() || is_foreign) {
            self.count.bad += usize::from(watch.unfit().is_some());
            for told in watch.told(&app, None, self.lang).await? {
                out!("{told}");
            }
        }
        match read {
            // What the mapping makes of it is told where it is taken.
            Err(_) if is_foreign => {}
            Err(why) => {
                self.count.bad += 1;
                self.remark(place, &self.lang.failure_reason(&why.to_string()));
            }
            Ok(delivered) if !delivered.left_out.is_empty() => {
                self.count.partly += 1;
                let kind = delivered.event.kind();
                for left_out in delivered.left_out {
                    let told = left_out.to_string();
                    let is_out = self.lang.pick("queda fuera", "left out");
                    let remark =
                        format_args!("{is_out}: {kind}: {}", self.lang.failure_reason(&told));
                    self.remark(place, &remark);
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
