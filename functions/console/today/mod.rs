//! Today: what waits for whoever looks, what went out and what did not, and what needs
//! somebody. One page for all roles; each sees what they may act on.

mod chart;
mod day;
mod page;
mod view;

use super::ask::Ask;
use super::reply::{Answer, Page};
use super::routes::Section;

/// The page.
pub async fn show(ask: Ask) -> Answer {
    let view = view::read(&ask).await?;
    let title = ask.lang.pick("Hoy", "Today");
    let mut page = Page::new(Section::Today, title, page::page(&view, &ask));
    page.calls = view.calls.as_ref().map(|calls| calls.ready());
    Ok(page.into())
}
