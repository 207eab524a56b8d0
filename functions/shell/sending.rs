//! Whether anything goes out, asked before it does: what somebody paused waits, and a
//! table that was restored from a copy sends nothing at all.

use std::sync::Mutex;
use std::time::Duration;

use lazo_domain::instant::Instant;
use lazo_domain::sending_pause::{PauseScope, SendingPause};
use tokio::time::Instant as Clock;

use crate::shell::app::App;
use crate::shell::store::{SendingState, Store, StoreError};

/// For how long what was read is gone by: so soon a pause holds within a run.
const READ_EVERY: Duration = Duration::from_secs(5);

/// How many pauses there may be at once.
pub const PAUSES_MAX: usize = 100;

/// How often a change is tried where others change the same.
const ATTEMPTS_MAX: u32 = 8;

/// Whether anything may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// What is not paused goes.
    Open,
    /// The table is a restored copy: nobody knows what went out since it was made.
    OnHold,
}

/// What was read last, and when.
#[derive(Debug, Default)]
pub struct LastLook(Mutex<Option<(Clock, Sending)>>);

impl LastLook {
    /// What was read, where that is not too long ago.
    fn fresh(&self) -> Option<Sending> {
        let last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        last.filter(|(at, _)| at.elapsed() < READ_EVERY).map(|(_, sending)| sending)
    }

    fn note(&self, sending: Sending) {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = Some((Clock::now(), sending));
    }
}

/// Looks what is paused, and has the rules decide by it. One read, and none where
/// somebody looked a moment ago.
///
/// # Errors
/// [`StoreError`] where the table does not tell: then nothing may go out.
pub async fn look(app: &App) -> Result<Sending, StoreError> {
    match app.sending.fresh() {
        Some(sending) => Ok(sending),
        None => look_now(app).await,
    }
}

/// The same, whenever somebody looked last.
///
/// # Errors
/// [`StoreError`] where the table does not tell: then nothing may go out.
pub async fn look_now(app: &App) -> Result<Sending, StoreError> {
    let state = state(&app.store).await?;
    app.set_pauses(state.pauses);
    let sending = match state.table == app.store.table() {
        true => Sending::Open,
        false => Sending::OnHold,
    };
    app.sending.note(sending);
    Ok(sending)
}

/// How the sending stands. A table that is new, or older than this item, is the one in
/// which mails go out.
async fn state(store: &Store) -> Result<SendingState, StoreError> {
    if let Some(state) = store.sending_state().await? {
        return Ok(state);
    }
    let (table, pauses) = (store.table().to_owned(), Vec::new());
    let first = SendingState { table, pauses, revision: 1 };
    match store.move_sending(None, &first).await? {
        true => Ok(first),
        // Somebody else was first.
        false => Ok(store.sending_state().await?.unwrap_or(first)),
    }
}

/// How a change of what is paused ended that the table took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is as it was asked for. What is paused from here on.
    Done(Vec<SendingPause>),
    /// It was so already, or there was no such pause. What is paused.
    Same(Vec<SendingPause>),
}

/// Why nothing was paused.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    /// There are enough.
    #[error("{PAUSES_MAX} pauses are in force already; pause a purpose, or all")]
    TooMany,
    /// The table does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Pauses the sending from the next look on, which is within seconds of a run.
///
/// # Errors
/// [`PauseError`]: then what was paused stays so.
pub async fn pause(store: &Store, pause: &SendingPause) -> Result<Changed, PauseError> {
    change(store, |pauses| {
        if pauses.iter().any(|known| known.scope == pause.scope) {
            return Ok(false);
        }
        if pauses.len() == PAUSES_MAX {
            return Err(PauseError::TooMany);
        }
        pauses.push(pause.clone());
        pauses.sort_by(|a, b| a.scope.cmp(&b.scope));
        Ok(true)
    })
    .await
}

/// Takes one pause back. What waited goes within a quarter of an hour, where nothing
/// else keeps it.
///
/// # Errors
/// [`PauseError`] where the table does not answer.
pub async fn resume(store: &Store, scope: &PauseScope) -> Result<Changed, PauseError> {
    change(store, |pauses| {
        let before = pauses.len();
        pauses.retain(|known| known.scope != *scope);
        Ok(pauses.len() < before)
    })
    .await
}

async fn change(
    store: &Store,
    mut how: impl FnMut(&mut Vec<SendingPause>) -> Result<bool, PauseError>,
) -> Result<Changed, PauseError> {
    for _ in 0..ATTEMPTS_MAX {
        let seen = state(store).await?;
        let mut next = seen.clone();
        if !how(&mut next.pauses)? {
            return Ok(Changed::Same(seen.pauses));
        }
        next.revision += 1;
        if store.move_sending(Some(&seen), &next).await? {
            return Ok(Changed::Done(next.pauses));
        }
    }
    Err(StoreError::Service("others change what is paused all the time; try again".into()).into())
}

/// Whether the table is a restored copy that waits: then the name of the table that it
/// was copied from.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn copied_from(store: &Store) -> Result<Option<String>, StoreError> {
    let state = store.sending_state().await?;
    Ok(state.map(|state| state.table).filter(|table| table != store.table()))
}

/// Ends the wait of a restored copy: from the next look on it sends. What is paused stays
/// so.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn begin_anew(store: &Store) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(seen) = store.sending_state().await? else { return Ok(()) };
        let (table, revision) = (store.table().to_owned(), seen.revision + 1);
        let next = SendingState { table, revision, ..seen.clone() };
        if seen.table == next.table || store.move_sending(Some(&seen), &next).await? {
            return Ok(());
        }
    }
    Err(StoreError::Service("others change what is paused all the time; try again".into()))
}

/// What is paused.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn pauses(store: &Store) -> Result<Vec<SendingPause>, StoreError> {
    Ok(store.sending_state().await?.map(|state| state.pauses).unwrap_or_default())
}

/// A pause that begins now.
pub fn new_pause(scope: PauseScope, by: &str, why: &str, now: Instant) -> SendingPause {
    SendingPause { scope, since: now, by: by.to_owned(), why: why.to_owned() }
}
