//! Which call somebody means: by its touch id, or by the few letters that the list
//! shows. Read from the indexes of the lists alone.

use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::touch::TouchId;

use super::short_id::ShortIds;
use super::staff;
use crate::shell::app::App;
use crate::shell::store::{Call, StoreError};

/// How long a reported call is known by its short id: a report can be corrected.
const MADE_MILLIS: i64 = DAY_MILLIS;

/// What an id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One call.
    One(Box<Call>),
    /// Several calls whose short ids begin so.
    Several(Vec<TouchId>),
    /// None.
    Nothing,
}

/// The short ids of all open calls, and of those that were made within a day.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn short_ids(app: &App, now: Instant) -> Result<ShortIds, StoreError> {
    let rules = app.rules();
    let mut names = app.store.assignees().await?;
    names.extend(staff::names(&rules.book.policy).map(str::to_owned));
    names.sort_unstable();
    names.dedup();
    let since = now.plus_millis(-MADE_MILLIS);
    let mut touches = Vec::new();
    for name in names {
        touches.extend(app.store.listed_touches(&name, now).await?);
        touches.extend(app.store.made_touches(&name, since).await?);
    }
    Ok(ShortIds::new(touches))
}

/// The call that a touch id or a short id names.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn named(app: &App, text: &str, now: Instant) -> Result<Named, StoreError> {
    if let Some(call) = super::find(app, text).await? {
        return Ok(Named::One(Box::new(call)));
    }
    let short = short_ids(app, now).await?;
    let found = short.beginning(text);
    Ok(match found[..] {
        [] => Named::Nothing,
        [touch] => match app.store.call(touch).await? {
            Some(call) => Named::One(Box::new(call)),
            None => Named::Nothing,
        },
        _ => Named::Several(found.into_iter().cloned().collect()),
    })
}
