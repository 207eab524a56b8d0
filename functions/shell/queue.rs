//! The queue of events in. The worker `webhooks` puts messages on it, and `ingest` takes
//! them, as it takes those that the bus puts there.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;

/// The largest message that SQS takes, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Why a message did not reach the queue. Holds the SDK's error.
#[derive(Debug, thiserror::Error)]
#[error("SQS: {0}")]
pub struct QueueError(String);

/// A queue, by its client.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at this URL, reached by the client.
    pub fn new(client: Client, url: impl Into<String>) -> Queue {
        Queue { client, url: url.into() }
    }

    /// Puts a message, which is JSON, on the queue. It is there once this returns.
    ///
    /// # Errors
    /// [`QueueError`] where SQS does not answer, or refuses it.
    pub async fn put(&self, message: &str) -> Result<(), QueueError> {
        // Two characters that JSON may hold as they are, and a message of SQS's may not.
        let message = message.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        let request = self.client.send_message().queue_url(&self.url).message_body(message);
        let sent = request.send().await;
        sent.map(drop).map_err(|error| QueueError(DisplayErrorContext(error).to_string()))
    }
}
