//! A batch of a queue: what could not be done is given back, and comes again.

use std::future::Future;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::StreamExt;

/// A message of a batch.
#[derive(Debug)]
pub struct Message {
    /// SQS's id of the message; empty where it has none.
    pub id: String,
    /// The text of the message; empty where it has none.
    pub body: String,
}

/// The messages of a batch.
pub fn messages(batch: SqsEvent) -> impl Iterator<Item = Message> {
    batch.records.into_iter().map(|record| Message {
        id: record.message_id.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
    })
}

/// Does the work of a batch, so many at a time. Each gives the ids of the messages
/// that could not be done.
pub async fn work_off<W>(at_once: usize, work: impl Iterator<Item = W>) -> SqsBatchResponse
where
    W: Future<Output = Vec<String>>,
{
    let mut response = SqsBatchResponse::default();
    let failed: Vec<Vec<String>> =
        futures::stream::iter(work).buffer_unordered(at_once).collect().await;
    failed.into_iter().flatten().for_each(|message| response.add_failure(message));
    response
}
