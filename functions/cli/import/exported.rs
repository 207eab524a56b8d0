//! Records that another system exported, such as orders: what the mapping of its source
//! makes of each, as history.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, bail};
use lazo::shell::rules::source_files;
use lazo::shell::wording::Language;
use lazo_domain::event::{Body, Delivered, LeftOut};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::source::{Incoming, Outcome, RawEvent, Source, Waiting, Way, read_sources};

use crate::csv_rows::{Remark, Told};
use crate::lang::spoken;
use crate::system::Target;

/// The source of this name: of the rules that are named, or of the program.
///
/// # Errors
/// Where the mappings cannot be read, or there is no such source.
pub fn source(name: &str, target: &Target) -> anyhow::Result<Source> {
    let (sources, found) = read_sources(&source_files(target.rules.as_deref())?);
    if let Some(error) = found.iter().find(|diagnostic| diagnostic.is_error()) {
        bail!("{error}");
    }
    let known: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    sources.into_source(name).with_context(|| match spoken() {
        Language::Es => {
            format!("--source: no hay ningún origen {name:?}; hay {}", known.join(", "))
        }
        Language::En => {
            format!("--source: there is no source {name:?}; there are {}", known.join(", "))
        }
    })
}

/// What was made of a file's records.
#[derive(Default)]
pub struct Mapped {
    pub events: Vec<Delivered>,
    /// Records that do not fit.
    pub told: Told,
    /// How many records were passed over, by the reason.
    pub ignored: BTreeMap<String, usize>,
}

/// Maps records, each with its line. A refund that names only its purchase finds the
/// customer where the purchase is in the same file.
pub fn map(source: &Source, texts: &[(usize, &str)], now: Instant) -> Mapped {
    let mut mapped = Mapped::default();
    let mut owners: HashMap<Id, Id> = HashMap::new();
    let mut waiting = Vec::new();
    for (line, text) in texts {
        let (mut made, mut reasons) = (0, Vec::new());
        for outcome in outcomes(source, text, now) {
            match outcome {
                Outcome::Ignored(why) => reasons.push(Ok(why)),
                Outcome::Failed(why) => reasons.push(Err(why)),
                Outcome::Events(_) => {
                    for left_out in outcome.unfit() {
                        mapped.note_left_out(*line, left_out.clone());
                    }
                    match outcome.resolved(|purchase| owners.get(purchase).cloned()) {
                        Ok(events) => {
                            made += events.len();
                            learn(&events, &mut owners);
                            mapped.take(*line, events, now);
                        }
                        Err(Waiting(purchase)) => waiting.push((*line, outcome, purchase)),
                    }
                    made += 1;
                }
            }
        }
        if made == 0 {
            mapped.nothing(*line, reasons);
        }
    }
    for (line, outcome, purchase) in waiting {
        match outcome.resolved(|purchase| owners.get(purchase).cloned()) {
            Ok(events) => mapped.take(line, events, now),
            Err(Waiting(_)) => {
                let why = format!("purchase {purchase} is not known yet");
                mapped.reject(line, &why);
            }
        }
    }
    mapped
}

/// What becomes of a record: an envelope of EventBridge is read as one, anything else as
/// the webhooks of which the source says that its exports are.
fn outcomes(source: &Source, text: &str, now: Instant) -> Vec<Outcome> {
    if let Some(raw) = RawEvent::is_likely(text).then(|| RawEvent::read(text)).flatten() {
        return vec![source.map(&raw.incoming(now))];
    }
    let incoming = |headers: &[(String, String)]| {
        source.map(&Incoming {
            way: Way::Webhook,
            detail: text,
            headers,
            detail_type: None,
            received_at: now,
        })
    };
    match source.exported_as.is_empty() {
        true => vec![incoming(&[])],
        false => source.exported_as.iter().map(|headers| incoming(headers)).collect(),
    }
}

fn learn(events: &[Delivered], owners: &mut HashMap<Id, Id>) {
    for one in events {
        if let Body::PurchaseCompleted(purchase) = &one.event.body {
            owners.insert(purchase.purchase_id.clone(), purchase.customer_id.clone());
        }
    }
}

impl Mapped {
    fn take(&mut self, line: usize, events: Vec<Delivered>, now: Instant) {
        for one in events {
            match one.arrived(now) {
                Ok(one) => self.events.push(one),
                Err(why) => self.reject(line, &why.to_string()),
            }
        }
    }

    /// No event comes of a record: of several reasons the first failure counts.
    fn nothing(&mut self, line: usize, reasons: Vec<Result<String, String>>) {
        let failed = reasons.iter().find_map(|reason| reason.as_ref().err().cloned());
        match (failed, reasons.into_iter().next()) {
            (Some(why), _) => self.reject(line, &why),
            (None, Some(Ok(why))) => *self.ignored.entry(why).or_default() += 1,
            (None, _) => {}
        }
    }

    fn reject(&mut self, line: usize, why: &str) {
        self.told.rejected.push((line, spoken().failure_reason(why).into_owned()));
    }

    fn note_left_out(&mut self, line: usize, left_out: LeftOut) {
        self.told.remarks.push((line, Remark::LeftOut(left_out)));
    }
}
