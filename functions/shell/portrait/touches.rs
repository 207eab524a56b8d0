//! A touch as people read it: what went out, what did not and why.

use lazo_domain::channel::Channel;
use lazo_domain::touch::{TouchRecord, TouchStatus};

use super::{Entry, Mark, Said, Telling, events, sentence};
use crate::shell::store::{Call, TouchEntry, TouchState};
use crate::shell::timeline::Told;

/// What became of a touch.
pub fn entry(touch: &TouchEntry, told: &Told, telling: &Telling) -> Entry {
    let call = told.calls.iter().find(|call| call.touch == touch.touch);
    let title = telling.title(&touch.touch.rule);
    let what = by(&title, touch.channel, call, telling);
    let (mark, what) = match touch.state {
        TouchState::Sent => (Mark::Sent, what),
        TouchState::Skipped | TouchState::Cancelled => (Mark::Not, not_sent(&what, telling)),
        TouchState::HeldOut => (
            Mark::Control,
            format!("{}: {title}", telling.pick("Grupo de control", "Control group")),
        ),
        TouchState::Fenced => (
            Mark::Waits,
            format!("{}: {what}", telling.pick("Salió, sin confirmar", "Sent, unconfirmed")),
        ),
        TouchState::PutBack => (
            Mark::Waits,
            format!("{}: {what}", telling.pick("Se intentará otra vez", "To be tried again")),
        ),
    };
    let mut entry = Entry::new(touch.at, mark, what);
    if let Some(reason) = touch.reason {
        entry.notes.push(sentence(&telling.lang.reason_met(reason, touch.met.as_deref())));
    }
    entry.notes.extend(waited(touch, told, telling));
    entry.notes.extend(feedback(touch, telling));
    if let Some(report) = events::report_of(&touch.touch, told) {
        entry.notes.push(events::report_words(report, telling));
        entry.said = events::note_of(report).map(|text| Said { text, is_of_customer: false });
    }
    entry
}

/// What is still to come of a touch.
pub fn planned(one: &TouchRecord, telling: &Telling) -> Entry {
    let title = telling.title(&one.touch.rule);
    let what = by(&title, one.channel, None, telling);
    let (mark, what) = match one.status {
        TouchStatus::Sent | TouchStatus::Pending => (Mark::Planned, what),
        TouchStatus::Skipped | TouchStatus::Cancelled => {
            (Mark::Not, format!("{what}: {}", telling.pick("no saldrá", "will not go out")))
        }
        TouchStatus::HeldOut => (
            Mark::Control,
            format!("{title}: {}", telling.pick("grupo de control", "control group")),
        ),
    };
    let mut entry = Entry::new(one.at, mark, what);
    if let Some(reason) = one.reason {
        entry.notes.push(sentence(telling.lang.reason(reason)));
    }
    entry
}

/// A rule's title with how it reaches somebody.
fn by(title: &str, channel: Channel, call: Option<&Call>, telling: &Telling) -> String {
    let on = call.map(|call| telling.called(&call.assigned_to)).filter(|name| !name.is_empty());
    match (channel, on) {
        (Channel::Email, _) => format!("{title}, {}", telling.pick("por correo", "by mail")),
        (Channel::Call, None) => format!("{title}, {}", telling.pick("por teléfono", "by phone")),
        (Channel::Call, Some(who)) => {
            format!(
                "{title}, {} {who}",
                telling.pick("llamada en la lista de", "a call on the list of")
            )
        }
        (Channel::Task, None) => format!("{title}, {}", telling.pick("una tarea", "a task")),
        (Channel::Task, Some(who)) => {
            format!("{title}, {} {who}", telling.pick("tarea de", "a task of"))
        }
        (Channel::Event, _) => {
            format!("{title}, {}", telling.pick("aviso a otros sistemas", "told to other systems"))
        }
    }
}

fn not_sent(what: &str, telling: &Telling) -> String {
    format!("{}: {what}", telling.pick("No salió", "Not sent"))
}

/// From when it waited, and why, where it did.
fn waited(touch: &TouchEntry, told: &Told, telling: &Telling) -> Option<String> {
    let first = touch.defers.first()?;
    let zone = told.customer.zone(&telling.book.default_zone);
    let since = telling.lang.time(touch.due, telling.now, &zone);
    let reason = telling.lang.reason(first.reason);
    Some(match telling.lang {
        super::Language::Es => format!("Tocaba {since}, y esperó: {reason}."),
        super::Language::En => format!("It was due {since}, and waited: {reason}."),
    })
}

/// What the mail service told of it.
fn feedback(touch: &TouchEntry, telling: &Telling) -> Option<String> {
    let known = &touch.feedback;
    let said = if known.complained_at.is_some() {
        telling.pick("Lo marcó como correo no deseado.", "It was called spam.")
    } else if known.bounced_at.is_some() {
        telling.pick("Rebotó: el buzón no existe.", "It bounced: there is no such mailbox.")
    } else if known.soft_bounced_at.is_some() {
        telling.pick("No se pudo entregar.", "It could not be delivered.")
    } else if known.rejected_at.is_some() {
        telling.pick("El servicio de correo no lo mandó.", "The mail service did not send it on.")
    } else {
        return None;
    };
    Some(said.to_owned())
}
