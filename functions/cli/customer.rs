//! The customer that somebody names on the command line.

use anyhow::{Context, bail};
use lazo::shell::app::App;
use lazo::shell::store::keys;
use lazo::shell::wording::Language;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;

/// The customer of an id, who must be known: a mistyped id would make another.
///
/// # Errors
/// Where the text is no id, nobody is known by it, or they asked to be forgotten.
pub async fn known(app: &App, text: &str, lang: Language) -> anyhow::Result<Customer> {
    let id = Id::new(text).context("CUSTOMER")?;
    if !app.store.has(&id, keys::STATE).await? {
        bail!(
            "{} {text:?}; {}",
            lang.pick("no hay ningún cliente", "there is no customer"),
            lang.pick(
                "lazo calls list --search TEXTO busca en la lista de llamadas",
                "lazo calls list --search TEXT looks on the call list"
            )
        );
    }
    let customer = app.store.person(&id).await?.customer;
    if customer.erased_at.is_some() {
        bail!("{text}: {}", lang.pick("pidió que lo olvidáramos", "asked to be forgotten"));
    }
    Ok(customer)
}
