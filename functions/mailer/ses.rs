//! Mail through SES v2: one request a mail, never repeated by the SDK.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};

use super::{Key, Letter, SendError, Wait, tags};

#[derive(Clone, Debug)]
pub struct Ses {
    client: Client,
    configuration_set: Option<String>,
}

impl Ses {
    /// The client must have its retries off: SES knows no idempotency token.
    pub fn new(client: Client, configuration_set: Option<String>) -> Ses {
        Ses { client, configuration_set }
    }

    /// The configuration set that every mail goes by, and so its events.
    pub(super) fn configuration_set(&self) -> Option<&str> {
        self.configuration_set.as_deref()
    }

    pub(super) async fn send(&self, key: Key<'_>, letter: &Letter) -> Result<String, SendError> {
        let refused =
            |error: aws_sdk_sesv2::error::BuildError| SendError::Refused(error.to_string());
        let raw = RawMessage::builder().data(Blob::new(letter.message.formatted()));
        let tags = tags::of(key)
            .into_iter()
            .map(|(name, value)| MessageTag::builder().name(name).value(value).build())
            .collect::<Result<Vec<_>, _>>();
        let answer = self
            .client
            .send_email()
            .from_email_address(letter.from.to_string())
            .destination(Destination::builder().to_addresses(letter.to.to_string()).build())
            .content(EmailContent::builder().raw(raw.build().map_err(refused)?).build())
            .set_email_tags(Some(tags.map_err(refused)?))
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.message_id().unwrap_or_default().to_owned()),
            Err(error) => Err(classify(&error)),
        }
    }
}

/// What an error proves. Only an answer that SES modelled, or a connection
/// that was never made, proves that nothing was accepted.
fn classify(error: &SdkError<SendEmailError>) -> SendError {
    let text = DisplayErrorContext(error).to_string();
    match error {
        SdkError::ConstructionFailure(_) => SendError::Refused(text),
        SdkError::DispatchFailure(failure) if failure.is_user() => SendError::Refused(text),
        SdkError::ServiceError(service) => {
            let (status, error) = (service.raw().status(), service.err());
            // Without a code, or with this status, it may be an answer of
            // somebody in between, who cannot know what SES did.
            let is_proof = status.is_client_error() && status.as_u16() != 408;
            match error.code().filter(|code| is_proof && !code.is_empty()) {
                None => SendError::Unknown(text),
                Some(_) if is_fault_of_the_mail(error) => SendError::Refused(text),
                Some(_) => SendError::NotAccepted { why: text, wait: wait(error) },
            }
        }
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(never_connected) =>
        {
            SendError::NotAccepted { why: text, wait: Wait::Minutes }
        }
        _ => SendError::Unknown(text),
    }
}

/// Whether it is this very mail that SES does not want, ever. What is wrong
/// with the account (rate, quota, sandbox, pause, a domain not verified, a
/// missing permission) is mended there, and the mail goes later.
fn is_fault_of_the_mail(error: &SendEmailError) -> bool {
    let message = error.message().unwrap_or_default();
    let is_unverified = message.contains("not verified");
    (error.is_message_rejected() && !is_unverified) || error.is_bad_request_exception()
}

/// How long until SES may take the mail: a rate is for seconds, a daily quota
/// and whatever a person must mend for long.
fn wait(error: &SendEmailError) -> Wait {
    let message = error.message().unwrap_or_default();
    let is_quota = message.contains("quota") || error.is_limit_exceeded_exception();
    let is_rate = error.is_too_many_requests_exception()
        || error.code().is_some_and(|code| code.contains("Throttl"));
    match is_rate && !is_quota {
        true => Wait::Minutes,
        false => Wait::Long,
    }
}

/// Whether the connection itself was never made.
fn never_connected(failure: &aws_sdk_sesv2::error::ConnectorError) -> bool {
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(failure);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        source = error.source();
    }
    false
}
