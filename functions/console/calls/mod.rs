//! Calls: who to call, why, what to say; and how it went. One card at a time, the list
//! beside it.

mod act;
mod card;
mod form;
mod queue;
mod view;

pub use act::{assign, more, next, release, report, snooze, take};

use maud::html;

use super::ask::{Ask, Fields};
use super::parts;
use super::reply::{Answer, Page, Trouble};
use super::routes::Section;
use form::Wrong;

/// The list, with a way into it.
pub async fn list(ask: Ask) -> Answer {
    let queue = view::queue(&ask).await?;
    let title = Section::Calls.called(ask.lang);
    let main = html! {
        div class="wrap wide" {
            @if let Some(said) = done(&ask) { (parts::flash(said)) }
            div.call { (queue::side(&queue, None, &ask)) (queue::inside(&queue, &ask)) }
        }
    };
    let mut page = Page::new(Section::Calls, title, main);
    page.calls = Some(queue.ready());
    Ok(page.into())
}

/// One call.
pub async fn show(ask: Ask) -> Answer {
    Ok(shown(&ask, &Fields::default(), &[]).await?.into())
}

/// The page of a call, with what was typed into its form and what is wrong with that.
async fn shown(ask: &Ask, typed: &Fields, wrong: &[Wrong]) -> Result<Page, Trouble> {
    let card = view::card(ask).await?;
    let queue = view::queue(ask).await?;
    let call = &card.listed.call;
    let main = html! {
        div class="wrap wide" {
            @if let Some(said) = done(ask) { (parts::flash(said)) }
            div.call {
                h1.vh { (Section::Calls.called(ask.lang)) }
                (queue::side(&queue, Some(&call.touch), ask))
                (card::article(&card, ask))
                (form::log(&card, &queue, ask, typed, wrong))
                p #aloud role="status" class="vh" {}
            }
        }
    };
    let name = crate::shell::wording::people::name_of(&card.listed.customer);
    let mut page = Page::new(Section::Calls, name, main);
    page.calls = Some(queue.ready());
    page.class = "focus";
    page.tail = Some(card::acts(&card, ask));
    Ok(page)
}

/// What was just done, by its code in the address.
fn done(ask: &Ask) -> Option<maud::Markup> {
    let lang = ask.lang;
    let said = match ask.query.get("done")? {
        "logged" => lang.pick("Registrado.", "Logged."),
        "unhappy" => lang.pick(
            "Registrado. No quedó contento: si hay algo que resolver, abre una queja en su página.",
            "Logged. They were not happy: if something is to be resolved, open a complaint on their page.",
        ),
        "complaint" => lang.pick("Registrado, y la queja quedó abierta.", "Logged, and the complaint is open."),
        "released" => lang.pick("La soltaste: otra persona puede tomarla.", "You let go of it: others may take it."),
        "more" => lang.pick("Es tuya por más tiempo.", "It is yours for longer."),
        "assigned" => lang.pick("Ahora está en otra lista.", "It is on another list now."),
        "snoozed" => lang.pick("La pospusiste: volverá a la lista.", "You put it off: it comes back to the list."),
        "nobody" => lang.pick("No queda ninguna que se pueda hacer ahora.", "None is left that may be made now."),
        _ => return None,
    };
    let kept = ask.query.get("of-call").map(str::to_owned);
    Some(html! { span data-kept=[kept] { (said) } })
}
