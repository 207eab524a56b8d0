//! How a call went: the form, with what each outcome leads to.

use lazo_domain::channel::Channel;
use lazo_domain::event::{CallOutcome, DissolutionReason};
use maud::{Markup, html};

use super::card::path;
use super::view::{Card, Queue, Standing};
use crate::console::ask::{Ask, Fields};
use crate::console::parts::{self, Tone, note, once};
use crate::shell::call_list::staff;
use crate::shell::wording::Language;
use crate::shell::wording::people::name_of;

/// What is wrong with a field: its name, and why.
pub type Wrong = (&'static str, String);

/// The reasons to leave, by their names in events.
const REASONS: [(&str, DissolutionReason); 7] = [
    ("needs_changed", DissolutionReason::NeedsChanged),
    ("competitor", DissolutionReason::Competitor),
    ("dissatisfied", DissolutionReason::Dissatisfied),
    ("price", DissolutionReason::Price),
    ("moved", DissolutionReason::Moved),
    ("fraud", DissolutionReason::Fraud),
    ("other", DissolutionReason::Other),
];

/// What stands at the right of a call: how it went, or why there is nothing to log.
pub fn log(card: &Card, queue: &Queue, ask: &Ask, typed: &Fields, wrong: &[Wrong]) -> Markup {
    let lang = ask.lang;
    let is_over = matches!(card.standing, Standing::Gone(_)) && card.correction.is_none();
    if is_over {
        return html! {
            div class="log card" #log {
                h2 { (lang.pick("Ya no está en la lista", "It is on the list no more")) }
                (onward(ask))
            }
        };
    }
    let action = format!("{}/report", path(card));
    let touch = card.listed.call.touch.to_string();
    html! {
        div.side {
            form class="log card" #log method="post" action=(action) aria-labelledby="h-log" {
                (once(typed.get("once").map_or_else(|| ask.mark(), str::to_owned).as_str()))
                h2 #h-log { (lang.pick("¿Cómo te fue?", "How did it go?")) }
                (parts::summary(wrong, lang))
                @if let Some(correction) = &card.correction {
                    (note(Tone::Hint, html! {
                        p { (lang.pick("Corrige lo que registraste: ", "It corrects what you logged: ")) (lang.of_contact(correction.of.outcome.as_str())) "." }
                    }))
                }
                (outcomes(card, ask, typed))
                @if card.listed.call.channel == Channel::Call { (satisfaction(typed, lang)) }
                (note_field(&touch, typed, wrong, lang))
                @if card.listed.call.channel == Channel::Call { (again(typed, wrong, lang)) (more(ask, typed, lang)) }
                div class="row c" {
                    button class="btn go" name="then" value="next" { (go_on(card, queue, lang)) }
                    button class="btn quiet" name="then" value="stop" { (lang.pick("Registrar y parar aquí", "Log and stop here")) }
                }
            }
            (otherwise(card, ask))
        }
    }
}

fn onward(ask: &Ask) -> Markup {
    html! {
        form method="post" action="/calls/next" {
            button class="btn go full" { (ask.lang.pick("Seguir con la siguiente", "Go on with the next")) }
        }
    }
}

/// What the main button says: with whom it goes on.
fn go_on(card: &Card, queue: &Queue, lang: Language) -> String {
    let next = queue.free.iter().find(|one| one.call.touch != card.listed.call.touch);
    let next = next.map(|one| name_of(&one.customer));
    let first = next.as_deref().and_then(|name| name.split_whitespace().next());
    match first {
        Some(name) => {
            format!("{} {name}", lang.pick("Registrar y seguir con", "Log and go on with"))
        }
        None => lang.pick("Registrar", "Log").to_owned(),
    }
}

fn outcomes(card: &Card, ask: &Ask, typed: &Fields) -> Markup {
    let lang = ask.lang;
    let is_task = card.listed.call.channel == Channel::Task;
    let offered: &[CallOutcome] = match is_task {
        true => &[CallOutcome::Done, CallOutcome::NotDone],
        false => &[
            CallOutcome::Reached,
            CallOutcome::Voicemail,
            CallOutcome::NoAnswer,
            CallOutcome::WrongNumber,
            CallOutcome::DoNotCall,
        ],
    };
    html! {
        fieldset #outcome {
            legend.vh { (lang.pick("Resultado", "Outcome")) }
            div.outs {
                @for (at, outcome) in offered.iter().enumerate() {
                    label {
                        input type="radio" name="outcome" value=(outcome.as_str()) data-key=(at + 1)
                            checked[typed.get("outcome") == Some(outcome.as_str())];
                        kbd aria-hidden="true" { (at + 1) }
                        span { (called(*outcome, lang)) }
                        small { (leads_to(*outcome, card, ask)) }
                    }
                }
            }
        }
    }
}

fn called(outcome: CallOutcome, lang: Language) -> &'static str {
    match outcome {
        CallOutcome::Reached => lang.pick("Contestó", "Reached"),
        CallOutcome::Voicemail => lang.pick("Buzón de voz", "Voicemail"),
        CallOutcome::NoAnswer => lang.pick("No contestó", "No answer"),
        CallOutcome::WrongNumber => lang.pick("Número equivocado", "Wrong number"),
        CallOutcome::DoNotCall => lang.pick("Pidió que no le llamemos", "Asked not to be called"),
        CallOutcome::CallBack => lang.pick("Quiere otra llamada", "Wants another call"),
        CallOutcome::Done => lang.pick("Hecha", "Done"),
        CallOutcome::NotDone => lang.pick("No se hizo", "Not done"),
    }
}

/// What follows from an outcome, said before it is chosen.
fn leads_to(outcome: CallOutcome, card: &Card, ask: &Ask) -> String {
    let lang = ask.lang;
    match outcome {
        CallOutcome::Reached => {
            lang.pick("La llamada queda hecha.", "The call is done.").to_owned()
        }
        CallOutcome::Voicemail | CallOutcome::NoAnswer => unanswered(card, ask),
        CallOutcome::WrongNumber => lang
            .pick("Nadie más marcará a este número.", "Nobody dials this number again.")
            .to_owned(),
        CallOutcome::DoNotCall => {
            lang.pick("Nadie le volverá a llamar.", "Nobody calls them again.").to_owned()
        }
        CallOutcome::Done => lang.pick("La tarea queda hecha.", "The task is done.").to_owned(),
        CallOutcome::NotDone => {
            lang.pick("Di por qué en la nota.", "Say why in the note.").to_owned()
        }
        CallOutcome::CallBack => String::new(),
    }
}

fn unanswered(card: &Card, ask: &Ask) -> String {
    let lang = ask.lang;
    let shop = ask.zone();
    let zone = card.listed.customer.zone(&shop);
    match (card.facts.next_on, card.facts.then) {
        (Some(on), _) => {
            let day = lang.day(on, ask.now.date_in(&zone));
            match lang {
                Language::Es => format!("Vuelve {day}, a otra hora."),
                Language::En => format!("It comes back {day}, at another hour."),
            }
        }
        (None, Some(Channel::Email)) => lang
            .pick(
                "Era el último intento: le llega un correo.",
                "That was the last attempt: a mail goes out.",
            )
            .to_owned(),
        _ => lang.pick("No se vuelve a intentar.", "It is not tried again.").to_owned(),
    }
}

fn satisfaction(typed: &Fields, lang: Language) -> Markup {
    html! {
        fieldset {
            legend.label {
                (lang.pick("Calificación que te dio", "The score they gave")) " "
                span.hint { (lang.pick("Si te dio una. Con 1 o 2, abre una queja abajo.", "If they gave one. With 1 or 2, open a complaint below.")) }
            }
            div.five {
                @for score in 1..=5 {
                    label {
                        input type="radio" name="satisfaction" value=(score)
                            checked[typed.get("satisfaction") == Some(score.to_string().as_str())];
                        (score)
                    }
                }
            }
        }
    }
}

fn note_field(touch: &str, typed: &Fields, wrong: &[Wrong], lang: Language) -> Markup {
    let error = wrong.iter().find(|(name, _)| *name == "note").map(|(_, said)| said);
    html! {
        div class=(if error.is_some() { "field isbad" } else { "field" }) {
            label for="note" {
                (lang.pick("Nota", "Note")) " "
                span.hint { (lang.pick("Lo que dijo y lo que prometiste, con fecha.", "What they said and what you promised, with a date.")) }
            }
            @if let Some(error) = error { span.err #note-error { (error) } }
            textarea #note name="note" rows="3" data-key="n" data-keep=(touch)
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "note-error")]
                { "\n" (typed.get("note").unwrap_or_default()) }
        }
    }
}

/// When they want to be called again.
fn again(typed: &Fields, wrong: &[Wrong], lang: Language) -> Markup {
    let error = wrong.iter().find(|(name, _)| *name == "again").map(|(_, said)| said);
    let chosen = typed.get("again").unwrap_or_default();
    let options = [
        ("hour", lang.pick("en una hora", "in an hour")),
        ("tomorrow", lang.pick("mañana", "tomorrow")),
        ("week", lang.pick("en una semana", "in a week")),
        ("date", lang.pick("otro día:", "another day:")),
    ];
    html! {
        details.more #again open[error.is_some() || !chosen.is_empty()] {
            summary { (lang.pick("Quiere que le llamemos otro día", "They want another call")) }
            div class=(if error.is_some() { "field isbad" } else { "field" }) {
                @if let Some(error) = error { span.err { (error) } }
                div.choice {
                    @for (value, label) in options {
                        label { input type="radio" name="again" value=(value) checked[chosen == value]; (label) }
                    }
                }
                div.row {
                    div { label class="s" for="day" { (lang.pick("Día", "Day")) } br; input #day type="date" name="day" value=(typed.get("day").unwrap_or_default()); }
                    div { label class="s" for="hour" { (lang.pick("Hora de allá", "Their time")) } br; input #hour type="time" name="hour" value=(typed.get("hour").unwrap_or_default()); }
                }
            }
        }
    }
}

/// A complaint, and a reason to leave.
fn more(ask: &Ask, typed: &Fields, lang: Language) -> Markup {
    let rules = ask.rules();
    let known = rules.book.policy.complaints.departments.keys();
    let complaint = typed.get("complaint").unwrap_or_default();
    let severity = typed.get("severity").unwrap_or("normal");
    let leaves = typed.get("leaves").unwrap_or_default();
    html! {
        details.more open[!complaint.is_empty() || !leaves.is_empty()] {
            summary { (lang.pick("Se queja, o se va", "They complain, or leave")) }
            div.field {
                label for="complaint" { (lang.pick("Abrir una queja", "Open a complaint")) }
                input #complaint name="complaint" class="full" list="categories" value=(complaint)
                    placeholder=(lang.pick("de qué es", "what it is about"));
                datalist #categories { @for name in known { option value=(name) {} } }
            }
            div.field {
                label for="severity" { (lang.pick("Gravedad", "How bad")) }
                select #severity name="severity" class="full" {
                    @for (value, said) in [("low", lang.pick("leve", "low")), ("normal", "normal"), ("high", lang.pick("grave", "high"))] {
                        option value=(value) selected[severity == value] { (said) }
                    }
                }
            }
            div.field {
                label for="leaves" { (lang.pick("Se va porque", "They leave because")) }
                select #leaves name="leaves" class="full" {
                    option value="" { (lang.pick("no se va", "they do not")) }
                    @for (value, reason) in REASONS {
                        option value=(value) selected[leaves == value] { (lang.dissolution(reason)) }
                    }
                }
            }
        }
    }
}

/// What else can be done with a call: put it off, give it to somebody else.
fn otherwise(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    if matches!(card.standing, Standing::Gone(_) | Standing::Taken(..)) {
        return html! {};
    }
    let path = path(card);
    let rules = ask.rules();
    let policy = &rules.book.policy;
    let whens = [
        ("hour", lang.pick("En una hora", "In an hour")),
        ("tomorrow", lang.pick("Mañana", "Tomorrow")),
        ("week", lang.pick("En una semana", "In a week")),
    ];
    html! {
        details class="more mt" {
            summary { (lang.pick("Ahora no puedo", "I cannot now")) }
            form method="post" action={ (path) "/snooze" } class="row c" {
                (once(&ask.mark()))
                @for (value, said) in whens { button class="btn sm" name="until" value=(value) { (said) } }
            }
            form method="post" action={ (path) "/assign" } class="row c mt" {
                (once(&ask.mark()))
                label class="s" for="to" { (lang.pick("Dársela a", "Give it to")) }
                select #to name="to" {
                    @for name in staff::names(policy) {
                        option value=(name) selected[name == card.listed.call.assigned_to] { (policy.called(name)) }
                    }
                }
                button class="btn sm" { (lang.pick("Dar", "Give")) }
            }
        }
    }
}
