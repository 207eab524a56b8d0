//! The customer that somebody names on the command line.

use anyhow::{Context, bail};
use lazo::shell::app::App;
use lazo::shell::find::{self, One};
use lazo::shell::store::keys;
use lazo::shell::wording::Language;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;

/// The id of whoever a text names: an id, or a mail address or a number that nobody else
/// has. An id of which nothing is known stays as it is.
///
/// # Errors
/// Where the text is neither, or several customers have the address or the number.
pub async fn id_of(app: &App, text: &str, lang: Language) -> anyhow::Result<Id> {
    let id = Id::new(text).ok();
    if let Some(id) = id
        && (!find::is_address(text) || app.store.has(&id, keys::STATE).await?)
    {
        return Ok(id);
    }
    match find::one(&app.store, text).await? {
        One::Known(customer) => Ok(customer.id),
        One::Nobody => Id::new(text).context("CUSTOMER"),
        One::Several(count) => bail!(
            "{text:?}: {} {count} {}",
            lang.pick("son", "they are"),
            lang.pick(
                "clientes; lazo find dice quiénes",
                "customers; lazo find tells who they are"
            )
        ),
    }
}

/// The customer whom a text names, who must be known: a mistyped id would make another.
///
/// # Errors
/// Where nobody is known by it, several customers are, or they asked to be forgotten.
pub async fn known(app: &App, text: &str, lang: Language) -> anyhow::Result<Customer> {
    let id = id_of(app, text, lang).await?;
    if !app.store.has(&id, keys::STATE).await? {
        bail!(
            "{} {text:?}; {}",
            lang.pick("no hay ningún cliente", "there is no customer"),
            lang.pick(
                "lazo find PALABRAS busca por nombre, correo o teléfono",
                "lazo find WORDS looks by name, mail or phone"
            )
        );
    }
    let customer = app.store.person(&id).await?.customer;
    if customer.erased_at.is_some() {
        bail!("{text}: {}", lang.pick("pidió que lo olvidáramos", "asked to be forgotten"));
    }
    Ok(customer)
}
