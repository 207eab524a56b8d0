//! What an event led to, in one line each.

use lazo::shell::app::App;
use lazo::shell::intake::{self, Foreign};
use lazo::shell::store::{EventEntry, StoreError};
use lazo::shell::wording::Language;
use lazo_domain::customer::{Customer, Enrolment};
use lazo_domain::event::{Delivered, Event, EventKind};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::Trigger;
use lazo_domain::touch::Reason;
use serde_json::Value;

/// How many things are told of one event.
const TOLD_MAX: usize = 8;

/// A text that is about to be taken, with how things stand before it.
pub enum Watch {
    /// The events that come of it: of the shop's own one, of another system's as many
    /// as its mapping makes.
    Events(Vec<Watched>),
    /// It is another system's, and no event comes of it now.
    Foreign(Foreign),
    /// It is no event.
    Nothing,
}

/// An event that is about to come.
pub struct Watched {
    delivered: Delivered,
    before: Option<Customer>,
    has_counted: bool,
}

impl Watch {
    /// Looks at how things stand before a text is taken.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn of(app: &App, text: &str, now: Instant) -> Result<Watch, StoreError> {
        let delivered = match intake::foreign::look(app, text, now).await? {
            Some(Foreign::Events(events)) => events,
            Some(other) => return Ok(Watch::Foreign(other)),
            None => match intake::read(text, now) {
                Ok(delivered) => vec![delivered],
                Err(_) => return Ok(Watch::Nothing),
            },
        };
        let mut watched = Vec::with_capacity(delivered.len());
        for one in delivered {
            watched.push(Watched::of(app, one).await?);
        }
        Ok(Watch::Events(watched))
    }

    /// Whether it is another system's and kept aside, and why.
    pub fn unfit(&self) -> Option<&str> {
        match self {
            Watch::Foreign(Foreign::Kept(why)) => Some(why),
            _ => None,
        }
    }

    /// What came of it, a line an event. Ids and names of rules only: nothing of a person.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn told(
        self,
        app: &App,
        kept: Option<&str>,
        lang: Language,
    ) -> Result<Vec<String>, StoreError> {
        match self {
            Watch::Events(watched) => {
                let mut lines = Vec::with_capacity(watched.len());
                let customers: Vec<Option<Id>> =
                    watched.iter().map(|one| one.delivered.event.customer().cloned()).collect();
                for (place, one) in watched.into_iter().enumerate() {
                    // What several events of one customer led to is told with the last.
                    let is_last = !customers[place + 1..].contains(&customers[place]);
                    lines.push(match is_last {
                        true => one.told(app, kept, lang).await?,
                        false => head(&one.delivered.event, lang),
                    });
                }
                Ok(lines)
            }
            Watch::Foreign(foreign) => Ok(vec![told_of(&foreign, lang)]),
            Watch::Nothing => Ok(vec![aside(kept.unwrap_or_default(), lang)]),
        }
    }
}

/// What becomes of another system's event of which no event comes.
fn told_of(foreign: &Foreign, lang: Language) -> String {
    match foreign {
        Foreign::Events(_) => String::new(),
        Foreign::Ignored(why) => {
            format!("{} → {}", lang.failure_reason(why), lang.pick("se ignora", "ignored"))
        }
        Foreign::Kept(why) => aside(why, lang),
        Foreign::Waits(purchase) => {
            let waits = lang.pick("espera a la compra", "waits for purchase");
            format!("→ {waits} {purchase}")
        }
    }
}

fn aside(why: &str, lang: Language) -> String {
    let what = lang.pick("apartado", "kept aside");
    format!("{what}: {} (lazo failures list)", lang.failure_reason(why))
}

impl Watched {
    async fn of(app: &App, delivered: Delivered) -> Result<Watched, StoreError> {
        let store = &app.store;
        let before = match delivered.event.customer() {
            Some(id) => Some(store.person(id).await?.customer),
            None => None,
        };
        let has_counted = store.has_counted(&delivered.event).await?;
        Ok(Watched { delivered, before, has_counted })
    }

    async fn told(
        self,
        app: &App,
        kept: Option<&str>,
        lang: Language,
    ) -> Result<String, StoreError> {
        let Watched { delivered, before, has_counted } = self;
        let Delivered { event, left_out, .. } = delivered;
        let head = head(&event, lang);
        if let Some(why) = kept {
            return Ok(format!("{head} → {}", aside(why, lang)));
        }
        if has_counted {
            let known = lang.pick("ya se había contado: nada cambia", "counted before: no change");
            return Ok(format!("{head} → {known}"));
        }
        let (Some(before), Some(id)) = (before, event.customer()) else {
            let later = lang.pick(
                "llega a quienes les interesa en la próxima ronda",
                "goes to those whom it interests in the next round",
            );
            return Ok(format!("{head} → {later}"));
        };
        let after = app.store.person(id).await?.customer;
        let entry = app.store.event_entry(&event).await?;
        let mut parts = parts(app, &before, &after, entry.as_ref(), lang);
        parts.extend(
            left_out.iter().map(|one| format!("{} {}", lang.pick("sin", "without"), one.path)),
        );
        if parts.len() > TOLD_MAX {
            parts.truncate(TOLD_MAX - 1);
            parts.push("…".into());
        }
        let nothing = lang.pick("cuenta, y no inicia nada", "counts, and starts nothing");
        let told = if parts.is_empty() { nothing.into() } else { parts.join("; ") };
        Ok(format!("{head} → {told}"))
    }
}

/// An event out in one line; `None` where it says nothing that is not told elsewhere.
pub fn own(detail_type: &str, detail: &str, lang: Language) -> Option<String> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let text = |name: &str| detail[name].as_str().unwrap_or_default();
    let touch = text("touch_id");
    let told = match detail_type {
        "EmailSent" => format!("→ {} {touch}", lang.pick("sale el correo", "mail sent")),
        "CallRequested" => {
            format!("→ {} {touch}", lang.pick("llamada en la lista", "call on the list"))
        }
        "TaskRequested" => {
            format!("→ {} {touch}", lang.pick("tarea en la lista", "task on the list"))
        }
        "TouchSkipped" => {
            let reason: Option<Reason> = serde_json::from_value(detail["reason"].clone()).ok();
            let why = reason.map(|reason| format!(": {}", lang.reason_met(reason, None)));
            let not = lang.pick("no sale", "not sent");
            format!("→ {not} {touch}{}", why.unwrap_or_default())
        }
        "StageChanged" => {
            let (of, stage) = (lang.pick("pasa a la etapa", "enters the stage"), text("stage"));
            format!("→ {} {of} {stage}", text("customer_id"))
        }
        "ComplaintEscalated" => {
            let up = lang.pick("queja que sube a", "complaint goes up to");
            format!("→ {up} {}: {}", text("escalated_to"), text("complaint_id"))
        }
        "RulesPublished" => return None,
        step => format!("→ {step} {touch}"),
    };
    Some(told)
}

/// Which event it is, and whose.
fn head(event: &Event, lang: Language) -> String {
    let key = match event.kind() {
        EventKind::CustomerUpdated => String::new(),
        _ => event.key().map(|key| format!(" {key}")).unwrap_or_default(),
    };
    let of = event.customer().map(|id| format!(" {} {id}", lang.pick("de", "of")));
    format!("{}{key}{}", event.kind(), of.unwrap_or_default())
}

/// What is different now.
fn parts(
    app: &App,
    before: &Customer,
    after: &Customer,
    entry: Option<&EventEntry>,
    lang: Language,
) -> Vec<String> {
    let rules = app.rules();
    let zone = after.zone(&rules.book.default_zone);
    let is_same = |a: &Enrolment, b: &Enrolment| a.rule == b.rule && a.occurrence == b.occurrence;
    let mut parts = Vec::new();
    if after.erased_at.is_some() && before.erased_at.is_none() {
        parts.push(lang.pick("se olvida al cliente", "the customer is forgotten").to_owned());
    }
    let known = before.enrolments.iter();
    for one in &after.enrolments {
        if known.clone().any(|other| is_same(one, other)) {
            continue;
        }
        let at = one.next.zoned(&zone).strftime("%Y-%m-%d %H:%M").to_string();
        let begins = lang.pick("empieza", "starts");
        parts.push(format!("{begins} {} ({} {at})", one.rule, one.step));
    }
    for one in known {
        if !after.enrolments.iter().any(|other| is_same(one, other)) {
            parts.push(format!("{} {}", lang.pick("termina", "ends"), one.rule));
        }
    }
    if let Some(entered) = after.stages.last().filter(|last| before.stages.last() != Some(last)) {
        parts.push(format!("{} {}", lang.pick("etapa", "stage"), entered.stage.as_str()));
    }
    for (refused, met) in entry.into_iter().flat_map(EventEntry::refusals) {
        // Of earlier triggers, which it decides again, it was told when they came.
        let rule = rules.book.rule(&refused.rule);
        let is_by_event = rule.is_some_and(|rule| matches!(rule.trigger, Trigger::Event(_)));
        let is_own = entry.is_some_and(|entry| entry.key.starts_with(&refused.occurrence));
        if is_by_event && !is_own {
            continue;
        }
        let not = lang.pick("no empieza", "does not start");
        let why = lang.reason_met(refused.reason, met);
        parts.push(format!("{} {not}: {why}", refused.rule));
    }
    parts
}
