//! A contact with a customer, as somebody of the shop notes it down.

use jiff::civil::Date;
use lazo_domain::customer::Customer;
use lazo_domain::event::{LINE_CHARS_MAX, NOTE_CHARS_MAX};
use lazo_domain::journey::Feeling;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::acts::{self, Change, NotTold};
use super::super::ask::Ask;
use super::super::parts::{Field, once, summary};
use super::super::reply::{Answer, Reply};
use super::{form_page, known, path};

/// What is wrong with a form: fields, each with why.
pub type Wrong = Vec<(&'static str, String)>;

/// What a field of the form holds, as it was typed.
pub fn typed<'a>(ask: &'a Ask, name: &str) -> &'a str {
    ask.form.get(name).unwrap_or_default()
}

/// A field with what was typed, and what is wrong with that.
pub fn field<'a>(ask: &'a Ask, wrong: &'a Wrong, name: &'a str, label: &'a str) -> Field<'a> {
    let error = wrong.iter().find(|(known, _)| *known == name).map(|(_, why)| why.as_str());
    Field { value: typed(ask, name), error, ..Field::new(name, label) }
}

/// That a text is longer than what fits, where it is.
pub fn too_long(ask: &Ask, name: &'static str, most: usize) -> Option<(&'static str, String)> {
    let found = typed(ask, name).chars().count();
    (found > most).then(|| {
        let why = match ask.lang {
            crate::shell::wording::Language::Es => {
                format!("Tiene {found} caracteres; caben {most}.")
            }
            crate::shell::wording::Language::En => {
                format!("It has {found} characters; {most} fit.")
            }
        };
        (name, why)
    })
}

/// The form.
///
/// # Errors
/// Where the customer is not there.
pub async fn form(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    Ok(shown(&ask, &customer, &Vec::new()).into())
}

/// Logs the contact, or shows the form again with what is wrong.
///
/// # Errors
/// Where the customer is not there, or the table does not answer.
pub async fn sent(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    let wrong = wrong(&ask, &customer);
    if !wrong.is_empty() {
        return Ok(shown(&ask, &customer, &wrong).refused().into());
    }
    let detail = detail(&ask, &customer);
    match acts::tell(&ask, "InteractionRecorded", detail.clone()).await {
        Ok(_) => {}
        Err(NotTold::Field(why)) => {
            return Ok(shown(&ask, &customer, &vec![("note", why)]).refused().into());
        }
        Err(NotTold::Ours(trouble)) => return Err(trouble),
    }
    let after = json!({ "interaction_id": detail["interaction_id"], "kind": detail["kind"] });
    let about = customer.id.as_str();
    let change = Change { what: "customer.contact", about, before: Value::Null, after };
    acts::audit(&ask, change).await?;
    let score = detail["satisfaction"].as_u64().and_then(|score| u8::try_from(score).ok());
    let is_unhappy = score.is_some_and(|score| Feeling::of_satisfaction(score) == Feeling::Unhappy);
    let done = if is_unhappy { "unhappy" } else { "contact" };
    Ok(Reply::go(format!("{}?done={done}", path(&customer.id))))
}

fn wrong(ask: &Ask, customer: &Customer) -> Wrong {
    let lang = ask.lang;
    let mut wrong = Wrong::new();
    for name in ["touchpoint", "channel", "kind"] {
        if ask.form.text(name).is_none() {
            wrong.push((name, lang.pick("Hace falta.", "This is needed.").to_owned()));
        }
        wrong.extend(too_long(ask, name, LINE_CHARS_MAX));
    }
    wrong.extend(too_long(ask, "note", NOTE_CHARS_MAX));
    wrong.extend(too_long(ask, "about", LINE_CHARS_MAX));
    let rules = ask.rules();
    let today = ask.now.date_in(&customer.zone(&rules.book.default_zone));
    match (ask.form.text("follow_up"), ask.form.text("about")) {
        (Some(day), about) => {
            match day.parse::<Date>() {
                Err(_) => wrong.push((
                    "follow_up",
                    lang.pick("No es una fecha.", "This is no date.").to_owned(),
                )),
                Ok(date) if date < today => {
                    wrong.push((
                        "follow_up",
                        lang.pick("Ese día ya pasó.", "That day is over.").to_owned(),
                    ));
                }
                Ok(_) => {}
            }
            if about.is_none() {
                let why = lang.pick("Di de qué se hablará.", "Say what it will be about.");
                wrong.push(("about", why.to_owned()));
            }
        }
        (None, Some(_)) => {
            let why = lang.pick("Di para qué día.", "Say for which day.");
            wrong.push(("follow_up", why.to_owned()));
        }
        (None, None) => {}
    }
    wrong
}

/// The contact as an event. The same form makes the same one.
fn detail(ask: &Ask, customer: &Customer) -> Value {
    let text = |name: &str| ask.form.text(name).unwrap_or_default();
    let phase = match customer.history.latest() {
        Some(_) => "postpurchase",
        None => "prepurchase",
    };
    let is_customer = text("initiated_by") == "customer";
    let mut detail = json!({
        "interaction_id": format!("int-{}", ask.once()),
        "customer_id": customer.id,
        "occurred_at": ask.now.to_string(),
        "phase": phase,
        "touchpoint": text("touchpoint"),
        "channel": text("channel"),
        "initiated_by": if is_customer { "customer" } else { "brand" },
        "kind": text("kind"),
        "by": ask.user.name,
    });
    if let Some(score) = ask.form.text("satisfaction").and_then(|score| score.parse::<u8>().ok()) {
        detail["satisfaction"] = score.into();
    }
    if let Some(note) = ask.form.text("note") {
        detail["note"] = note.into();
    }
    if let (Some(on), Some(about)) = (ask.form.text("follow_up"), ask.form.text("about")) {
        detail["follow_up"] = json!({ "on": on, "about": about });
    }
    detail
}

fn shown(ask: &Ask, customer: &Customer, wrong: &Wrong) -> super::super::reply::Page {
    let lang = ask.lang;
    let kinds = ["visit", "meeting", "contact", "review", "support", "community"];
    let kinds: Vec<(&str, &str)> =
        kinds.iter().map(|kind| (*kind, lang.of_contact(kind))).collect();
    let channels = ["store", "phone", "email", "online"];
    let channels: Vec<(&str, &str)> =
        channels.iter().map(|name| (*name, lang.of_contact(name))).collect();
    let began = [
        ("brand", lang.pick("nosotros", "we did")),
        ("customer", lang.pick("el cliente", "the customer did")),
    ];
    let rules = ask.rules();
    let touchpoint = Field {
        hint: Some(lang.pick("Siempre con las mismas palabras.", "Always in the same words.")),
        is_required: true,
        ..field(ask, wrong, "touchpoint", lang.pick("Dónde fue", "Where it was"))
    };
    let note = Field {
        hint: Some(lang.pick("Para quien hable después.", "For whoever talks next.")),
        ..field(ask, wrong, "note", lang.pick("Qué se dijo", "What was said"))
    };
    let form = html! {
        form.stack method="post" action={ (path(&customer.id)) "/contact" } {
            (once(&ask.once()))
            (summary(&named(wrong), lang))
            (field(ask, wrong, "kind", lang.pick("Qué fue", "What it was")).choice(&kinds))
            (field(ask, wrong, "channel", lang.pick("Por qué medio", "By which means")).choice(&channels))
            (touchpoint.line("text"))
            @if !rules.book.policy.touchpoints.is_empty() {
                p class="s mute" {
                    (lang.pick("Los que ya tienen nombre: ", "Those that have a name: "))
                    (rules.book.policy.touchpoints.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
                    "."
                }
            }
            (field(ask, wrong, "initiated_by", lang.pick("Quién empezó", "Who began it")).choice(&began))
            (five(ask))
            (note.area(4))
            fieldset {
                legend.label { (lang.pick("Lo que se le prometió", "What was promised")) }
                (field(ask, wrong, "follow_up", lang.pick("Volver a hablar el", "To hear again on")).line("date"))
                (field(ask, wrong, "about", lang.pick("Sobre", "About")).line("text"))
            }
            div.row {
                button.btn.go { (lang.pick("Anotar el contacto", "Log the contact")) }
                a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
            }
        }
    };
    form_page(ask, customer, lang.pick("Anotar un contacto", "Log a contact"), form)
}

/// What is wrong, by the fields' names.
pub fn named(wrong: &Wrong) -> Vec<(&str, String)> {
    wrong.iter().map(|(name, why)| (*name, why.clone())).collect()
}

/// How satisfied, from one to five.
fn five(ask: &Ask) -> Markup {
    let lang = ask.lang;
    let chosen = typed(ask, "satisfaction");
    html! {
        fieldset {
            legend.label { (lang.pick("Qué tan a gusto quedó", "How satisfied")) " "
                span.hint { (lang.pick("Del 1 al 5, si lo dijo.", "From 1 to 5, if it was said.")) } }
            div.five {
                @for score in ["1", "2", "3", "4", "5"] {
                    label {
                        input type="radio" name="satisfaction" value=(score) checked[chosen == score];
                        (score)
                    }
                }
            }
        }
    }
}
