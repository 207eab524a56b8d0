//! What operations do with a customer's data: all of it for the customer, none of it any
//! more, and two ids that are one person.

use lazo_domain::customer::Customer;
use lazo_domain::decide::merge_refusal;
use lazo_domain::id::Id;
use maud::html;
use serde_json::{Value, json};

use super::super::acts::{self, Change};
use super::super::ask::Ask;
use super::super::parts::{Field, Tone, note, once, summary};
use super::super::reply::{Answer, Page, Reply, Trouble};
use super::contact::{Wrong, field, named};
use super::{form_page, known, path, view};
use crate::shell::wording::Language;

/// All that is kept, as a file for the customer in their language.
///
/// # Errors
/// [`Trouble::NotFound`] where nothing is kept, or the table does not answer.
pub async fn export(ask: Ask) -> Answer {
    let id = ask.id("id")?;
    let whole = crate::shell::export::read(ask.app(), &id, ask.now).await?;
    let whole = whole.ok_or(Trouble::NotFound)?;
    let rules = ask.rules();
    let lang = whole.language(&rules.book).unwrap_or(ask.lang);
    let text = whole.page(&rules.book, lang);
    let change = Change {
        what: "customer.export",
        about: id.as_str(),
        before: Value::Null,
        after: Value::Null,
    };
    acts::audit(&ask, change).await?;
    let kind = "text/plain; charset=utf-8";
    Ok(Reply::File { name: format!("{id}.txt"), kind, text })
}

/// Asks whether somebody is to be forgotten for good.
///
/// # Errors
/// Where the customer is not there.
pub async fn erase_form(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    Ok(erasing(&ask, &customer, &Vec::new()).into())
}

/// Forgets them, where the id was typed.
///
/// # Errors
/// Where the customer is not there, or the table does not answer.
pub async fn erase_sent(ask: Ask) -> Answer {
    let id = ask.id("id")?;
    let person = ask.app().store.person(&id).await?;
    if !person.is_stored() {
        return Err(Trouble::NotFound);
    }
    let customer = person.customer;
    let done = Reply::go(format!("{}?done=erased", path(&customer.id)));
    // The same form once more.
    if customer.erased_at.is_some() {
        return Ok(done);
    }
    let typed = ask.form.text("confirm");
    if typed.is_none_or(|typed| typed != customer.id.as_str()) {
        let why = match ask.lang {
            Language::Es => format!("Escribe {} tal cual.", customer.id),
            Language::En => format!("Type {} exactly.", customer.id),
        };
        return Ok(erasing(&ask, &customer, &vec![("confirm", why)]).refused().into());
    }
    let detail = json!({
        "request_id": format!("era-{}", ask.once()),
        "customer_id": customer.id,
        "occurred_at": ask.now.to_string(),
    });
    acts::tell(&ask, "CustomerErased", detail).await.map_err(Trouble::from)?;
    let (before, after) = (json!({ "is_erased": false }), json!({ "is_erased": true }));
    let about = customer.id.as_str();
    acts::audit(&ask, Change { what: "customer.erase", about, before, after }).await?;
    Ok(done)
}

fn erasing(ask: &Ask, customer: &Customer, wrong: &Wrong) -> Page {
    let lang = ask.lang;
    let label = match lang {
        Language::Es => format!("Escribe {} para confirmarlo", customer.id),
        Language::En => format!("Type {} to confirm", customer.id),
    };
    let confirm = Field { is_required: true, ..field(ask, wrong, "confirm", &label) };
    let form = html! {
        form.stack method="post" action={ (path(&customer.id)) "/erase" } autocomplete="off" {
            (once(&ask.once()))
            (summary(&named(wrong), lang))
            (note(Tone::Bad, html! {
                h2 { (lang.pick("No se puede deshacer", "This cannot be undone")) }
                p {
                    (lang.pick(
                        "Se borran su nombre, sus direcciones, lo que compró y lo que dijo, con todos sus ids. Quedan números de referencia, para no volver a escribirle, y su no, si lo dijo.",
                        "The name, addresses, purchases and words go, under every id. Reference numbers stay, so that nobody writes again, and a no, if one was said.",
                    ))
                }
            }))
            (confirm.line("text"))
            div.row {
                button.btn.danger { (lang.pick("Olvidar para siempre", "Forget for good")) }
                a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
            }
        }
    };
    form_page(ask, customer, lang.pick("Olvidar a este cliente", "Forget this customer"), form)
}

/// Asks with whom somebody is one person.
///
/// # Errors
/// Where the customer is not there.
pub async fn merge_form(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    Ok(merging(&ask, &customer, None, &Vec::new()).into())
}

/// Shows who the other is first; joins them once that is confirmed.
///
/// # Errors
/// Where the customer is not there, or the table does not answer.
pub async fn merge_sent(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    let lang = ask.lang;
    let refused = |why: &str| {
        let wrong = vec![("other", why.to_owned())];
        Ok(merging(&ask, &customer, None, &wrong).refused().into())
    };
    let Some(other) = ask.form.text("other").and_then(|text| Id::new(text).ok()) else {
        return refused(lang.pick("Escribe el otro id.", "Type the other id."));
    };
    let person = ask.app().store.person(&other).await?;
    if !person.is_stored() {
        return refused(
            lang.pick("No hay ningún cliente con ese id.", "There is no customer of that id."),
        );
    }
    let other_person = person.customer;
    if other_person.id == customer.id {
        // The same form once more, or an id that is the customer's already.
        let is_done = ask.form.text("sure").is_some();
        return match is_done {
            true => Ok(Reply::go(format!("{}?done=merged", path(&customer.id)))),
            false => refused(lang.pick("Ya son la misma persona.", "They are one person already.")),
        };
    }
    if other_person.erased_at.is_some() {
        return refused(lang.pick(
            "Ese cliente pidió que lo olvidáramos.",
            "That customer asked to be forgotten.",
        ));
    }
    if merge_refusal(&customer, &other_person).is_some() {
        return refused(lang.pick(
            "Juntos tendrían demasiados ids o contactos pendientes.",
            "Together they would have too many ids or pending touches.",
        ));
    }
    if ask.form.text("sure").is_none() {
        return Ok(merging(&ask, &customer, Some(&other_person), &Vec::new()).into());
    }
    let detail = json!({
        "merge_id": format!("mer-{}", ask.once()),
        "customer_id": customer.id,
        "merged_id": other_person.id,
        "occurred_at": ask.now.to_string(),
    });
    acts::tell(&ask, "CustomerMerged", detail).await.map_err(Trouble::from)?;
    let after = json!({ "merged_id": other_person.id });
    let about = customer.id.as_str();
    let change = Change { what: "customer.merge", about, before: Value::Null, after };
    acts::audit(&ask, change).await?;
    Ok(Reply::go(format!("{}?done=merged", path(&customer.id))))
}

fn merging(ask: &Ask, customer: &Customer, other: Option<&Customer>, wrong: &Wrong) -> Page {
    let lang = ask.lang;
    let id = Field {
        hint: Some(lang.pick(
            "El que deja de usarse: desde ahora será de este cliente.",
            "The one that goes: from now on it is this customer’s.",
        )),
        is_required: true,
        ..field(ask, wrong, "other", lang.pick("El otro id", "The other id"))
    };
    let form = html! {
        form.stack method="post" action={ (path(&customer.id)) "/merge" } autocomplete="off" {
            (once(&ask.once()))
            (summary(&named(wrong), lang))
            @match other {
                None => {
                    (id.line("text"))
                    div.row {
                        button.btn.go { (lang.pick("Ver quién es", "See who it is")) }
                        a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
                    }
                }
                Some(other) => {
                    input type="hidden" name="other" value=(other.id);
                    input type="hidden" name="sure" value="yes";
                    (note(Tone::Bad, html! {
                        h2 { (lang.pick("No se puede deshacer", "This cannot be undone")) }
                        p {
                            b dir="auto" { (view::called(other)) } " (" code { (other.id) } ") "
                            (lang.pick("pasará a ser", "will be")) " "
                            b dir="auto" { (view::called(customer)) } " (" code { (customer.id) } "). "
                            (lang.pick(
                                "Sus compras, quejas y permisos se cuentan juntos; un no sigue valiendo.",
                                "Purchases, complaints and consents count together; a no holds on.",
                            ))
                        }
                    }))
                    div.row {
                        button.btn.danger { (lang.pick("Son la misma persona", "They are one person")) }
                        a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
                    }
                }
            }
        }
    };
    form_page(
        ask,
        customer,
        lang.pick("Unir con otro cliente", "Merge with another customer"),
        form,
    )
}
