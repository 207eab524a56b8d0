//! What a customer accepts, as they said it to somebody of the shop.

use lazo_domain::channel::Purpose;
use lazo_domain::customer::Customer;
use lazo_domain::event::LINE_CHARS_MAX;
use maud::html;
use serde_json::json;

use super::super::acts::{self, Change, NotTold};
use super::super::ask::Ask;
use super::super::parts::{Field, once, summary};
use super::super::reply::{Answer, Page, Reply, Trouble};
use super::contact::{Wrong, field, named, too_long};
use super::{form_page, known, path};
use crate::shell::portrait::standing::{self, CHANNELS, PURPOSES};

/// The form.
///
/// # Errors
/// Where the customer is not there.
pub async fn form(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    Ok(shown(&ask, &customer, &Vec::new()).into())
}

/// Notes what they said.
///
/// # Errors
/// Where the customer is not there, or the table does not answer.
pub async fn sent(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    let one_of = |name: &str, of: &[&'static str]| {
        let text = ask.form.text(name);
        of.iter().copied().find(|known| text == Some(known)).ok_or(Trouble::NotUnderstood)
    };
    let channel = one_of("channel", &["email", "call"])?;
    let purpose = one_of("purpose", &["marketing", "service", "all"])?;
    let state = one_of("state", &["granted", "denied"])?;
    let mut wrong = Wrong::new();
    wrong.extend(too_long(&ask, "wording", LINE_CHARS_MAX));
    if !wrong.is_empty() {
        return Ok(shown(&ask, &customer, &wrong).refused().into());
    }
    let mut detail = json!({
        "consent_id": format!("con-{}", ask.once()),
        "customer_id": customer.id,
        "occurred_at": ask.now.to_string(),
        "channel": channel,
        "purpose": purpose,
        "state": state,
        "source": "console",
    });
    if let Some(wording) = ask.form.text("wording") {
        detail["wording"] = wording.into();
    }
    match acts::tell(&ask, "ConsentChanged", detail).await {
        Ok(_) => {}
        Err(NotTold::Field(why)) => {
            return Ok(shown(&ask, &customer, &vec![("wording", why)]).refused().into());
        }
        Err(NotTold::Ours(trouble)) => return Err(trouble),
    }
    let rules = ask.rules();
    let allowed = |customer: &Customer| {
        let all = CHANNELS
            .iter()
            .flat_map(|channel| PURPOSES.iter().map(move |purpose| (channel, purpose)));
        let all = all.map(|(channel, purpose)| {
            let accepts = standing::accepts(customer, &rules.book, *channel, *purpose);
            let purpose = match purpose {
                Purpose::Marketing => "marketing",
                Purpose::Service => "service",
            };
            (format!("{channel}.{purpose}"), accepts.is_allowed.into())
        });
        serde_json::Value::Object(all.collect())
    };
    let before = allowed(&customer);
    let after = allowed(&ask.app().store.person(&customer.id).await?.customer);
    let about = customer.id.as_str();
    acts::audit(&ask, Change { what: "customer.consent", about, before, after }).await?;
    Ok(Reply::go(format!("{}?done=consent", path(&customer.id))))
}

fn shown(ask: &Ask, customer: &Customer, wrong: &Wrong) -> Page {
    let lang = ask.lang;
    let channels =
        [("email", lang.pick("correo", "mail")), ("call", lang.pick("llamadas", "calls"))];
    let purposes = [
        ("marketing", lang.pick("lo comercial", "what is commercial")),
        ("service", lang.pick("lo de servicio", "what is service")),
        ("all", lang.pick("todo", "everything")),
    ];
    let states = [
        ("denied", lang.pick("no lo quiere", "not welcome")),
        ("granted", lang.pick("sí lo quiere", "welcome")),
    ];
    let wording = Field {
        hint: Some(
            lang.pick("En sus palabras, si las dijo.", "In the own words, if there were any."),
        ),
        ..field(ask, wrong, "wording", lang.pick("Qué dijo", "What was said"))
    };
    let form = html! {
        form.stack method="post" action={ (path(&customer.id)) "/consent" } {
            (once(&ask.once()))
            (summary(&named(wrong), lang))
            p {
                (lang.pick(
                    "Un no vale desde este momento, y para la dirección o el número con cualquier id.",
                    "A no holds from this moment, and for the address or the number under any id.",
                ))
            }
            (field(ask, wrong, "channel", lang.pick("Por", "By")).choice(&channels))
            (field(ask, wrong, "purpose", lang.pick("De qué", "What")).choice(&purposes))
            (field(ask, wrong, "state", lang.pick("Dijo que", "It is")).choice(&states))
            (wording.line("text"))
            div.row {
                button.btn.go { (lang.pick("Anotar lo que acepta", "Note what is welcome")) }
                a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
            }
        }
    };
    form_page(ask, customer, lang.pick("Anotar lo que acepta", "Note what is welcome"), form)
}
