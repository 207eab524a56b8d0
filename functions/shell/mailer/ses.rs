//! Mail through SES v2: one request a mail, never repeated by the SDK.

use std::num::NonZeroU32;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};

use super::{Key, Letter, Refusal, SendError, Wait, tags};

/// A client of SES, and the configuration set that every mail goes by.
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

    /// SES's rate for the account, in whole mails a second.
    pub(super) async fn account_rate(&self) -> Result<Option<NonZeroU32>, String> {
        let answer = self.client.get_account().send().await;
        let answer = answer.map_err(|error| DisplayErrorContext(&error).to_string())?;
        let rate = answer.send_quota().map(|quota| quota.max_send_rate());
        Ok(rate.and_then(|rate| NonZeroU32::new(rate as u32)))
    }

    pub(super) async fn send(&self, key: Key<'_>, letter: &Letter) -> Result<String, SendError> {
        let refused = |error: aws_sdk_sesv2::error::BuildError| unsendable(error.to_string());
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
        SdkError::ConstructionFailure(_) => unsendable(text),
        SdkError::DispatchFailure(failure) if failure.is_user() => unsendable(text),
        SdkError::ServiceError(service) => {
            let (status, error) = (service.raw().status(), service.err());
            // Without a code, or with this status, it may be an answer of
            // somebody in between, who cannot know what SES did.
            let is_proof = status.is_client_error() && status.as_u16() != 408;
            match error.code().filter(|code| is_proof && !code.is_empty()) {
                None => SendError::Unknown(text),
                Some(code) => {
                    let message = error.message().unwrap_or_default();
                    let (refusal, why) = (refusal(code, message), format!("{code}: {message}"));
                    match &refusal {
                        Refusal::Mail(_) => SendError::Refused { refusal, why },
                        Refusal::Rate => {
                            SendError::NotAccepted { refusal, why, wait: Wait::Minutes }
                        }
                        _ => SendError::NotAccepted { refusal, why, wait: Wait::Long },
                    }
                }
            }
        }
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(never_connected) =>
        {
            let refusal = Refusal::Connection;
            SendError::NotAccepted { refusal, why: text, wait: Wait::Minutes }
        }
        _ => SendError::Unknown(text),
    }
}

/// A mail of which the client itself says that it is none.
fn unsendable(why: String) -> SendError {
    SendError::Refused { refusal: Refusal::Mail("unsendable".into()), why }
}

/// The codes by which SES says that it does not want this very mail, ever.
const OF_THE_MAIL: [&str; 8] = [
    "MessageRejected",
    "BadRequestException",
    "ValidationException",
    "ValidationError",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "InvalidParameterException",
    "InvalidParameter",
];

/// Why SES did not take a mail, by its code and what it says with it. The same
/// code stands for a bad mail and for an account that may not send: what is wrong
/// with the account is mended there, and the mail goes later.
fn refusal(code: &str, message: &str) -> Refusal {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let code_says = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if says(&["quota"]) || code_says(&["LimitExceeded"]) {
        return Refusal::Quota;
    }
    if code_says(&["Throttl", "TooManyRequests"]) || says(&["sending rate"]) {
        return Refusal::Rate;
    }
    if says(&["not verified", "unverified", "sandbox"]) || code_says(&["NotVerified"]) {
        return Refusal::Identity;
    }
    if says(&["sending paused", "sending is paused", "suspended", "sending has been disabled"])
        || code_says(&["Paused", "Suspended"])
    {
        return Refusal::Paused;
    }
    if code_says(&["AccessDenied", "NotAuthorized", "UnrecognizedClient", "InvalidClientTokenId"])
        || code_says(&["ExpiredToken", "SignatureDoesNotMatch", "OptInRequired", "MissingAuth"])
        || says(&["not authorized"])
    {
        return Refusal::Permission;
    }
    match OF_THE_MAIL.contains(&code) && !says(&["configuration set"]) {
        true => Refusal::Mail(code.to_owned()),
        false => Refusal::Account(code.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ses_never_takes_is_told_from_what_it_may_take_later() {
        let mail = |code: &str| Refusal::Mail(code.to_owned());
        for (code, message, expected) in [
            (
                "MessageRejected",
                "Email address is not verified. The following …",
                Refusal::Identity,
            ),
            ("MessageRejected", "Address is on the suppression list", mail("MessageRejected")),
            ("MessageRejected", "", mail("MessageRejected")),
            ("MessageRejected", "Sending suspended for this account.", Refusal::Paused),
            ("BadRequestException", "Missing final '@domain'", mail("BadRequestException")),
            ("ValidationException", "toAddresses", mail("ValidationException")),
            ("InvalidParameterValue", "Local address contains …", mail("InvalidParameterValue")),
            ("BadRequestException", "Configuration set lazo is …", account("BadRequestException")),
            ("NotFoundException", "Configuration set <lazo> …", account("NotFoundException")),
            ("AccessDeniedException", "User … is not authorized to …", Refusal::Permission),
            ("UnrecognizedClientException", "", Refusal::Permission),
            ("MailFromDomainNotVerifiedException", "", Refusal::Identity),
            ("LimitExceededException", "", Refusal::Quota),
            ("ThrottlingException", "Daily message quota exceeded.", Refusal::Quota),
            ("ThrottlingException", "Maximum sending rate exceeded.", Refusal::Rate),
            ("TooManyRequestsException", "", Refusal::Rate),
            ("SendingPausedException", "", Refusal::Paused),
            ("AccountSuspendedException", "", Refusal::Paused),
            ("SomethingNew", "", account("SomethingNew")),
        ] {
            assert_eq!(refusal(code, message), expected, "{code}: {message}");
        }
    }

    fn account(code: &str) -> Refusal {
        Refusal::Account(code.to_owned())
    }
}
