//! Customers: the search among all of them, one customer's page, and what is done there.

mod chart;
mod complaints;
mod consent;
mod contact;
mod data;
mod history;
mod list;
mod page;
mod rehearse;
mod side;
mod view;

pub use complaints::{open_form, open_sent, resolve_form, resolve_sent};
pub use consent::{form as consent_form, sent as consent_sent};
pub use contact::{form as contact_form, sent as contact_sent};
pub use data::{erase_form, erase_sent, export, merge_form, merge_sent};

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use maud::{Markup, html};

use super::ask::{Ask, segment};
use super::reply::{Answer, Page, Trouble};
use super::routes::Section;
use crate::shell::find;

/// The search, with who was found.
///
/// # Errors
/// [`Trouble`] where the table does not answer.
pub async fn search(ask: Ask) -> Answer {
    let typed = ask.query.get("q").unwrap_or_default().to_owned();
    let found = match typed.trim().is_empty() {
        true => None,
        false => Some(find::find(&ask.app().store, &typed, ask.query.get("behind")).await?),
    };
    let title = ask.lang.pick("Clientes", "Customers");
    Ok(Page::new(Section::Customers, title, list::page(&ask, &typed, found.as_ref())).into())
}

/// One customer's page.
///
/// # Errors
/// [`Trouble::NotFound`] where nothing is stored of them.
pub async fn show(ask: Ask) -> Answer {
    let view = view::read(&ask).await?;
    let title = view.name().to_owned();
    Ok(Page::new(Section::Customers, title, page::page(&ask, &view)).into())
}

/// The path of a customer's page.
fn path(id: &Id) -> String {
    format!("/customers/{}", segment(id.as_str()))
}

/// The customer whom a path names; one who asked to be forgotten is there no more.
///
/// # Errors
/// [`Trouble::NotFound`] where nothing is stored of them.
async fn known(ask: &Ask) -> Result<Customer, Trouble> {
    let id = ask.id("id")?;
    let person = ask.app().store.person(&id).await?;
    match person.is_stored() && person.customer.erased_at.is_none() {
        true => Ok(person.customer),
        false => Err(Trouble::NotFound),
    }
}

/// A page with one form about a customer, and the way back.
fn form_page(ask: &Ask, customer: &Customer, title: &str, form: Markup) -> Page {
    let name = view::called(customer);
    let main = html! {
        div.wrap.narrow {
            p.crumbs {
                a href="/customers" { (ask.lang.pick("Clientes", "Customers")) } " / "
                a href=(path(&customer.id)) { (name) }
            }
            h1 { (title) }
            div.mt6 { (form) }
        }
    };
    Page::new(Section::Customers, format!("{title} · {name}"), main)
}
