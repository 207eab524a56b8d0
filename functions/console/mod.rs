//! The console: where reps call, marketing steers, and operations look after it. The same
//! code behind a function URL and in `lazo local`.
//!
//! - **A page** is a folder with `mod.rs` (its handlers), `view.rs` (a *view*: what is read
//!   for the page, by a number of requests that does not grow with the shop) and `page.rs`
//!   (from the view to markup: no reading, no clock). Add its rows to `routes::ROUTES`;
//!   menus, the router and the test of every route by every role follow from that table.
//! - **A handler** is `async fn(Ask) -> Answer`. `ask::Ask` has who asks, the language,
//!   the time, path, query and form. It ends with a `reply::Page`, with
//!   `reply::Reply::go` after an action, or with a `reply::Trouble`, which becomes a
//!   page of its own. Only `Console::clock` tells the time; it is `ask.now` everywhere.
//! - **Ids in paths** are written by `ask::segment` and read by `ask.id("id")`.
//! - **An action** is a plain form: `method=post`, `parts::once` in it, a row in the
//!   table with its roles. It reads `ask.form`, acts (an event goes in by
//!   `acts::tell`, and counts before the page answers), leaves an entry by
//!   `acts::audit`, and goes to a page, so that a reload repeats nothing. What comes
//!   twice does nothing twice: ids of events are made of `ask.once()`, which is the same
//!   for both. Where something typed does not do, the same page comes again by
//!   `Page::refused()`, with what was typed and why beside the field (`parts::Field`).
//! - **What was done** is told by `?done=<code>` of the page that an action goes to; the
//!   page has the words of its codes (`parts::flash`). No text comes from an address.
//! - **Words**: Spanish first, as `ask.lang.pick("español", "English")`; days, money and
//!   numbers by `crate::shell::wording`, which the command line and mails use too. Spanish says *tú*.
//! - **Markup** by maud; no inline style, no inline script (the CSP forbids both). Classes
//!   are those of `assets/lazo.css`; parts that pages share are in `parts`.

pub mod access;
mod acts;
mod ask;
mod assets;
mod calls;
mod charts;
mod customers;
mod edit;
mod frame;
pub mod function_url;
mod look;
mod markdown;
mod parts;
mod reply;
mod reports;
pub mod routes;
mod rules;
mod serve;
mod settings;
mod templates;
mod today;

use std::sync::Arc;

use lazo_domain::instant::Instant;
use uuid::Uuid;

use access::provider::{Provider, ProviderError, Settings};
pub use serve::router;

use crate::shell::app::{App, ConfigError, env};

/// The largest form that is taken, in bytes: a rule with its templates fits.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Where the console runs.
#[derive(Debug)]
pub enum Place {
    /// On this machine, for whoever sits here.
    Local {
        /// The port that it listens on: requests to another host's name are refused.
        port: u16,
    },
    /// Behind a function URL, for those who sign in at the shop's provider.
    Deployed {
        /// The provider.
        provider: Box<Provider>,
        /// Where visitors find it, where that is not the function URL itself.
        url: Option<String>,
    },
}

/// Why the console cannot start where it is deployed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A variable is missing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The provider cannot be asked.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl Place {
    /// The place that the environment tells of.
    ///
    /// # Errors
    /// [`PlaceError`] where something of it is missing or wrong.
    pub fn from_env() -> Result<Place, PlaceError> {
        let read = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let need = |name| read(name).ok_or(ConfigError::Missing(name));
        let settings = Settings {
            issuer: need(env::CONSOLE_ISSUER)?,
            client: need(env::CONSOLE_CLIENT)?,
            secret: need(env::CONSOLE_SECRET)?,
            claim: need(env::CONSOLE_CLAIM)?,
        };
        let provider = Box::new(Provider::new(settings)?);
        Ok(Place::Deployed { provider, url: read(env::CONSOLE_URL) })
    }
}

/// What tells the time.
pub type Clock = Box<dyn Fn() -> Instant + Send + Sync>;

/// What the console works with.
pub struct Console {
    /// Clients, store and rules.
    pub app: Arc<App>,
    /// Where it runs, and so who comes in how.
    pub place: Place,
    /// Tells the time, once for each request.
    pub clock: Clock,
    /// Draws an id that nobody else draws.
    pub fresh: fn() -> Uuid,
}

impl Console {
    /// Whether it runs on this machine.
    pub fn is_local(&self) -> bool {
        matches!(self.place, Place::Local { .. })
    }
}
