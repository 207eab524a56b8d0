//! An event as people read it, from what it told; of who was forgotten nothing of that is
//! kept, and only its kind is told.

use lazo_domain::event::EventKind;
use lazo_domain::history::Until;
use lazo_domain::id::Id;
use lazo_domain::touch::TouchId;
use serde_json::Value;

use super::{Entry, Mark, Said, Telling, sentence};
use crate::shell::store::EventEntry;
use crate::shell::timeline::Told;
use crate::shell::wording::Language;

/// How many things of a purchase are named.
const ITEMS_MAX: usize = 6;

/// What an event told; nothing where that is not kept.
struct Detail(Value);

impl Detail {
    fn of(event: &EventEntry) -> Detail {
        let text = event.detail.as_ref().map_or("{}", |detail| &*detail.0);
        Detail(serde_json::from_str(text).unwrap_or_default())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }
}

/// An event with what is known of it.
pub fn entry(event: &EventEntry, told: &Told, telling: &Telling) -> Entry {
    let detail = Detail::of(event);
    let mut entry = Entry::new(event.at, Mark::Event, String::new());
    match event.kind {
        EventKind::PurchaseCompleted => purchase(&mut entry, event, &detail, told, telling),
        EventKind::PurchaseDelivered => {
            entry.what = telling.pick("Recibió su compra", "Got what was bought").to_owned();
        }
        EventKind::PurchaseRefunded => refund(&mut entry, &detail, telling),
        EventKind::CustomerUpdated => profile(&mut entry, &detail, telling),
        EventKind::ConsentChanged => consent(&mut entry, &detail, telling),
        EventKind::InteractionRecorded => interaction(&mut entry, &detail, telling),
        EventKind::ComplaintOpened => complaint(&mut entry, &detail, telling),
        EventKind::ComplaintResolved => resolved(&mut entry, &detail, telling),
        EventKind::CallReported => {
            entry.what = telling.pick("Llamada", "Call").to_owned();
            entry.notes.push(report_words(event, telling));
            entry.said = note_of(event).map(|text| Said { text, is_of_customer: false });
        }
        EventKind::SurveyAnswered => answer(&mut entry, &detail, telling),
        EventKind::ContentPublished => {
            let title = detail.text("title").unwrap_or_default();
            let news = telling.pick("Salió algo que le interesa", "Something of interest came out");
            entry.what = format!("{news}: {title}").trim_end_matches([':', ' ']).to_owned();
        }
        EventKind::CustomerErased => {
            entry.what =
                telling.pick("Pidió que lo olvidáramos", "Asked to be forgotten").to_owned();
        }
        EventKind::CustomerMerged => merged(&mut entry, &detail, telling),
    }
    if event.is_history {
        let text = telling.pick("Cargado como historia.", "Loaded as history.");
        entry.notes.push(text.to_owned());
    }
    entry
}

fn purchase(
    entry: &mut Entry,
    event: &EventEntry,
    detail: &Detail,
    told: &Told,
    telling: &Telling,
) {
    let history = &told.customer.history;
    let is_first = history.first_at(Until::ALL) == Some(event.at);
    let shop = telling.book.policy.currency;
    let amount = event.total.map(|total| telling.lang.money(total.amount, total.currency, shop));
    let place = match detail.text("channel") {
        Some("store" | "shop") => telling.pick(" en tienda", " in the shop"),
        Some("online" | "web") => telling.pick(" en línea", " online"),
        _ => "",
    };
    let verb = match is_first {
        true => telling.pick("Primera compra", "First purchase"),
        false => telling.pick("Compró", "Bought"),
    };
    let by = telling.pick("por", "for");
    let amount = amount.map(|amount| format!(" {by} {amount}")).unwrap_or_default();
    let comma = if is_first && !place.is_empty() { "," } else { "" };
    entry.what = format!("{verb}{comma}{place}{amount}");
    let items = detail.0["items"].as_array().into_iter().flatten();
    let names: Vec<&str> = items.filter_map(|item| item["name"].as_str()).collect();
    if !names.is_empty() {
        let more = names.len().saturating_sub(ITEMS_MAX);
        let mut text = names.iter().take(ITEMS_MAX).copied().collect::<Vec<_>>().join(", ");
        if more > 0 {
            text += &format!(" {} {more}", telling.pick("y otros", "and others:"));
        }
        if let Some(seller) = detail.text("sold_by") {
            let served = telling.pick("le atendió", "served by");
            text += &format!("; {served} {}", telling.called(seller));
        }
        entry.notes.push(sentence(&text));
    }
    if Id::new(&event.key).is_ok_and(|id| history.is_refunded(&id, telling.now)) {
        let back = telling.pick("Se devolvió por completo.", "It was given back in full.");
        entry.notes.push(back.to_owned());
    }
}

fn refund(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    let total = &detail.0["total"];
    let amount = total["amount"].as_str().zip(total["currency"].as_str());
    let text = match amount {
        None => telling.pick("Devolvió su compra", "Gave a purchase back").to_owned(),
        Some((amount, currency)) => {
            let text = match (lazo_domain::money::parse_amount(amount), currency.parse()) {
                (Ok(amount), Ok(currency)) => {
                    telling.lang.money(amount, currency, telling.book.policy.currency)
                }
                _ => format!("{amount} {currency}"),
            };
            format!("{} {text}", telling.pick("Se le devolvieron", "Was given back"))
        }
    };
    entry.what = text;
    entry.notes.extend(detail.text("reason").map(sentence));
}

fn profile(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    let fields = detail.0.as_object().into_iter().flatten();
    let names: Vec<&str> =
        fields.filter_map(|(name, _)| field(name, telling.lang)).collect::<Vec<_>>();
    let changed = telling.pick("Llegaron sus datos", "Details came");
    entry.what = match names.is_empty() {
        true => changed.to_owned(),
        false => format!("{changed}: {}", names.join(", ")),
    };
    if let Some(manager) = detail.text("account_manager") {
        let with = telling.pick("Desde entonces lo lleva", "From then on looked after by");
        entry.notes.push(format!("{with} {}.", telling.called(manager)));
    }
}

/// A field of a profile; `None` of what is no field.
fn field(name: &str, lang: Language) -> Option<&'static str> {
    Some(match name {
        "name" => lang.pick("nombre", "name"),
        "email" => lang.pick("correo", "mail address"),
        "phone" => lang.pick("teléfono", "phone"),
        "locale" => lang.pick("idioma", "language"),
        "time_zone" => lang.pick("zona horaria", "time zone"),
        "country" => lang.pick("país", "country"),
        "birthday" => lang.pick("cumpleaños", "birthday"),
        "anniversaries" => lang.pick("aniversarios", "anniversaries"),
        "relationship" => lang.pick("trato", "relationship"),
        "account_manager" => lang.pick("quién lo lleva", "account manager"),
        "interests" => lang.pick("intereses", "interests"),
        "attributes" => lang.pick("otros datos", "other details"),
        _ => return None,
    })
}

fn consent(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    let channel = serde_json::from_value(detail.0["channel"].clone()).ok();
    let purpose = serde_json::from_value(detail.0["purpose"].clone()).ok();
    let about =
        channel.zip(purpose).map(|(channel, purpose)| telling.lang.consent(channel, purpose));
    let verb = match detail.text("state") {
        Some("granted") => telling.pick("Dijo que sí", "Said yes"),
        Some("denied") => telling.pick("Dijo que no", "Said no"),
        _ => telling.pick("Dijo qué acepta", "Said what is welcome"),
    };
    entry.what = match about {
        Some(about) => format!("{verb}: {about}"),
        None => verb.to_owned(),
    };
    if let Some(source) = detail.text("source") {
        entry.notes.push(format!("{} {source}.", telling.pick("Origen:", "Source:")));
    }
}

fn interaction(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    let kind = detail.text("kind").unwrap_or("contact");
    let channel = detail.text("channel").map(|channel| telling.lang.of_contact(channel));
    let what = sentence(telling.lang.of_contact(kind));
    let what = what.trim_end_matches('.');
    entry.what = match channel {
        Some(channel) if channel != telling.lang.of_contact(kind) => format!("{what}, {channel}"),
        _ => what.to_owned(),
    };
    let mut facts: Vec<String> = Vec::new();
    if let Some(touchpoint) = detail.text("touchpoint") {
        facts.push(telling.lang.touchpoint(&telling.book.policy, touchpoint).to_owned());
    }
    if detail.text("initiated_by") == Some("customer") {
        facts
            .push(telling.pick("por su iniciativa", "by the customer’s own initiative").to_owned());
    }
    if let Some(by) = detail.text("by") {
        facts.push(format!("{} {}", telling.pick("con", "with"), telling.called(by)));
    }
    facts.extend(detail.number("satisfaction").map(|score| of_five(score, telling)));
    if !facts.is_empty() {
        entry.notes.push(sentence(&facts.join(", ")));
    }
    let promise = &detail.0["follow_up"];
    if let (Some(on), Some(about)) = (promise["on"].as_str(), promise["about"].as_str()) {
        let on = match on.parse() {
            Ok(date) => telling.lang.date(date, telling.now.date_in(&telling.book.default_zone)),
            Err(_) => on.to_owned(),
        };
        entry.notes.push(match telling.lang {
            Language::Es => format!("Se le prometió volver a hablar el {on}: {about}."),
            Language::En => format!("Promised to hear again on {on}: {about}."),
        });
    }
    let note = detail.text("note");
    entry.said = note.map(|note| Said { text: note.to_owned(), is_of_customer: false });
}

fn complaint(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    entry.mark = Mark::Bad;
    let severity = serde_json::from_value(detail.0["severity"].clone()).ok();
    let severity = severity.map(|severity| telling.lang.severity(severity));
    let category = detail.text("category").unwrap_or_default();
    let opened = telling.pick("Abrió una queja", "Opened a complaint");
    entry.what = format!("{opened}: {category}").trim_end_matches([':', ' ']).to_owned();
    entry.notes.extend(severity.map(sentence));
    let note = detail.text("description");
    entry.said = note.map(|note| Said { text: note.to_owned(), is_of_customer: true });
}

fn resolved(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    entry.what = telling.pick("Se resolvió su queja", "The complaint was resolved").to_owned();
    entry.notes.extend(detail.text("resolution").map(sentence));
    if let Some(cause) = detail.text("root_cause") {
        entry.notes.push(format!("{}: {cause}.", telling.pick("Causa", "Cause")));
    }
}

fn answer(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    let csat = detail.number("csat").map(|score| of_five(score, telling));
    let nps = detail.number("nps").map(|score| match telling.lang {
        Language::Es => format!("{score} de 10 para recomendarnos"),
        Language::En => format!("{score} of 10 to recommend us"),
    });
    let scores: Vec<String> = csat.into_iter().chain(nps).collect();
    let answered = telling.pick("Contestó la encuesta", "Answered the survey");
    entry.what =
        format!("{answered}: {}", scores.join(", ")).trim_end_matches([':', ' ']).to_owned();
    if let Some(touchpoint) = detail.text("touchpoint") {
        entry.notes.push(sentence(telling.lang.touchpoint(&telling.book.policy, touchpoint)));
    }
    let comment = detail.text("comment");
    entry.said = comment.map(|text| Said { text: text.to_owned(), is_of_customer: true });
}

fn merged(entry: &mut Entry, detail: &Detail, telling: &Telling) {
    let other = detail.text("merged_id").unwrap_or_default();
    let one =
        telling.pick("Resultó ser la misma persona que", "Turned out to be the same person as");
    entry.what = format!("{one} {other}").trim_end().to_owned();
}

fn of_five(score: u64, telling: &Telling) -> String {
    format!("{score} {} 5", telling.pick("de", "of"))
}

/// The latest report of the call or task of a touch.
pub fn report_of<'a>(touch: &TouchId, told: &'a Told) -> Option<&'a EventEntry> {
    let reports = told.events.iter().filter(|event| event.kind == EventKind::CallReported);
    let text = touch.to_string();
    let of_touch = reports.filter(|event| Detail::of(event).text("touch_id") == Some(&text));
    of_touch.max_by_key(|event| event.at)
}

/// Whether an event is told beside the touch that it is about.
pub fn is_told_with_its_touch(event: &EventEntry, told: &Told) -> bool {
    if event.kind != EventKind::CallReported {
        return false;
    }
    let detail = Detail::of(event);
    let Some(text) = detail.text("touch_id") else { return false };
    let touch = told.touches.iter().find(|entry| entry.touch.to_string() == text);
    let report = touch.and_then(|entry| report_of(&entry.touch, told));
    report.is_some_and(|report| report.key == event.key)
}

/// How a call went: by whom, the outcome, how satisfied, why somebody leaves.
pub fn report_words(report: &EventEntry, telling: &Telling) -> String {
    let detail = Detail::of(report);
    let outcome = detail.text("outcome").unwrap_or("reached");
    let mut text = sentence(telling.lang.of_contact(outcome)).trim_end_matches('.').to_owned();
    if let Some(by) = detail.text("by") {
        text = format!("{}: {text}", telling.called(by));
    }
    if let Some(score) = detail.number("satisfaction") {
        text += &format!(", {}", of_five(score, telling));
    }
    let reason = serde_json::from_value(detail.0["dissolution_reason"].clone()).ok();
    if let Some(reason) = reason {
        text += &format!("; {}", telling.lang.dissolution(reason));
    }
    format!("{text}.")
}

/// What was noted of a call.
pub fn note_of(report: &EventEntry) -> Option<String> {
    Detail::of(report).text("note").map(str::to_owned)
}
