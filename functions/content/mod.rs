//! Published content, fanned out to those whom it interests: page by page of
//! the index by interest, with the progress in the table.
//!
//! A run that is stopped goes on where it was: what it had done comes once more
//! and counts as a duplicate. Each customer is an ordinary decision, with the
//! piece as its trigger.

use std::time::{Duration, Instant as Clock};

use futures::StreamExt;
use lazo_domain::event::{Body, Delivered};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::interest::{Topic, topics_of};
use serde::Serialize;

use crate::shell::app::App;
use crate::shell::intake::{IntakeError, Taken, hand_to, read_ahead};
use crate::shell::store::table::INTEREST_SHARDS;
use crate::shell::store::{FanOut, Progress, StoreError};

/// How many customers one read of the index gives.
const PAGE: i32 = 100;

/// How many customers are worked on at a time.
const CUSTOMERS_AT_ONCE: usize = 8;

/// What one run may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// No page is begun after so long.
    pub time: Option<Duration>,
    /// No page is begun after so many customers.
    pub customers: usize,
}

impl Bounds {
    /// Those of a local system, whose runs nobody cuts off.
    pub const NONE: Bounds = Bounds { time: None, customers: usize::MAX };
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FanOutReport {
    /// Pieces that have been fanned out to the end.
    pub finished: usize,
    /// Customers that were looked at.
    pub customers: usize,
    /// Of these, whom a piece reached now.
    pub reached: usize,
    /// Customers that could not be worked on; the next run tries them again.
    pub failed: usize,
}

/// Fans out what was published, as far as the bounds let it.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn run(app: &App, now: Instant, bounds: Bounds) -> Result<FanOutReport, StoreError> {
    let began = Clock::now();
    let mut round = Sweep { app, now, bounds, began, report: FanOutReport::default() };
    for fan_out in app.store.fan_outs().await? {
        if round.is_over() {
            break;
        }
        round.fan_out(fan_out).await?;
    }
    Ok(round.report)
}

struct Sweep<'a> {
    app: &'a App,
    now: Instant,
    bounds: Bounds,
    began: Clock,
    report: FanOutReport,
}

impl Sweep<'_> {
    fn is_over(&self) -> bool {
        self.report.customers >= self.bounds.customers
            || self.bounds.time.is_some_and(|time| self.began.elapsed() >= time)
    }

    /// Goes on with one piece, page by page.
    async fn fan_out(&mut self, fan_out: FanOut) -> Result<(), StoreError> {
        let store = &self.app.store;
        let FanOut { content_id, mut progress } = fan_out;
        let Some(content) = store.content(&content_id).await? else {
            return store.end_fan_out(&content_id).await;
        };
        let Body::ContentPublished(body) = &content.event.body else {
            return store.end_fan_out(&content_id).await;
        };
        let topics = topics_of(body);
        while let Some(topic) = topics.get(progress.topic) {
            if self.is_over() {
                return Ok(());
            }
            let (shard, behind) = (progress.shard, progress.behind.as_ref());
            let page = store.interested(topic, shard, behind, PAGE).await?;
            let Some(last) = page.last().cloned() else {
                progress = behind_shard(&progress);
                continue;
            };
            let is_last = page.len() < PAGE as usize;
            if self.page(&content, topic, page).await > 0 {
                // Their page comes again; what else is on it is known by then.
                return store.note_fan_out(&content_id, &progress).await;
            }
            progress = match is_last {
                true => behind_shard(&progress),
                false => Progress { behind: Some(last), ..progress },
            };
            store.note_fan_out(&content_id, &progress).await?;
        }
        store.end_fan_out(&content_id).await?;
        self.report.finished += 1;
        Ok(())
    }

    /// Hands a piece to the customers of a page; how many could not be worked on.
    async fn page(&mut self, content: &Delivered, topic: &Topic, page: Vec<Id>) -> usize {
        self.report.customers += page.len();
        let (app, now) = (self.app, self.now);
        let mut read = read_ahead(&app.store, &page).await;
        let each = page.into_iter().map(|id| {
            let read = read.remove(&id);
            async move { hand_to(app, &id, read, content, Some(topic), now).await }
        });
        let mut failed = 0;
        let mut done = futures::stream::iter(each).buffer_unordered(CUSTOMERS_AT_ONCE);
        while let Some(taken) = done.next().await {
            match taken {
                Ok(Taken::Counted) => self.report.reached += 1,
                Ok(Taken::Duplicate | Taken::Nobody) => {}
                Err(IntakeError::Store(error)) if error.is_of_the_item() => {
                    // It will be as unreadable tomorrow, and must not stop the others.
                    tracing::error!(%error, "a piece was not handed to a customer");
                }
                Err(error) => {
                    tracing::error!(%error, "a piece was not handed to a customer, it is tried again");
                    failed += 1;
                }
            }
        }
        self.report.failed += failed;
        failed
    }
}

fn behind_shard(progress: &Progress) -> Progress {
    match progress.shard + 1 < INTEREST_SHARDS {
        true => Progress { topic: progress.topic, shard: progress.shard + 1, behind: None },
        false => Progress { topic: progress.topic + 1, shard: 0, behind: None },
    }
}
