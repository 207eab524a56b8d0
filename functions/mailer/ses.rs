//! Mail through SES v2: one request a mail, never repeated by the SDK.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo_domain::touch::TouchId;
use sha2::{Digest, Sha256};

use super::{Letter, SendError};

/// The tag by which SES's own events tell which touch they are about.
pub const TOUCH_TAG: &str = "touch";

/// How long a tag's value may be.
const TAG_CHARS_MAX: usize = 256;

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

    pub(super) async fn send(&self, touch: &TouchId, letter: &Letter) -> Result<String, SendError> {
        let refused =
            |error: aws_sdk_sesv2::error::BuildError| SendError::Refused(error.to_string());
        let raw = RawMessage::builder().data(Blob::new(letter.message.formatted()));
        let tag = MessageTag::builder().name(TOUCH_TAG).value(tag_value(touch));
        let answer = self
            .client
            .send_email()
            .from_email_address(letter.from.to_string())
            .destination(Destination::builder().to_addresses(letter.to.to_string()).build())
            .content(EmailContent::builder().raw(raw.build().map_err(refused)?).build())
            .email_tags(tag.build().map_err(refused)?)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.message_id().unwrap_or_default().to_owned()),
            Err(error) => Err(classify(&error)),
        }
    }
}

/// Touch ids in the alphabet of tags; one too long to be told is hashed.
fn tag_value(touch: &TouchId) -> String {
    let encoded = URL_SAFE_NO_PAD.encode(touch.to_string());
    match encoded.len() <= TAG_CHARS_MAX {
        true => encoded,
        false => {
            let digest = Sha256::digest(touch.to_string().as_bytes());
            format!("sha256-{}", URL_SAFE_NO_PAD.encode(digest))
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
        SdkError::ServiceError(service) if service.raw().status().is_client_error() => {
            let error = service.err();
            let code = error.code().unwrap_or_default();
            let is_final = error.is_message_rejected()
                || error.is_bad_request_exception()
                || error.is_mail_from_domain_not_verified_exception();
            match is_final && !code.contains("Throttl") {
                true => SendError::Refused(text),
                false => SendError::NotAccepted(text),
            }
        }
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(never_connected) =>
        {
            SendError::NotAccepted(text)
        }
        _ => SendError::Unknown(text),
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
