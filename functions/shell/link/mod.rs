//! The public links of mails: where they lead, and what makes them act.

pub mod token;

/// What stands before the token in a link to unsubscribe.
pub const UNSUBSCRIBE: &str = "/u/";

/// What stands before the token in a link to answer a survey.
pub const SURVEY: &str = "/s/";

/// The link of a mail, by the address of the links worker.
pub fn unsubscribe_url(base: &str, token: &str) -> String {
    format!("{}{UNSUBSCRIBE}{token}", base.trim_end_matches('/'))
}

/// The link that answers a survey with a score.
pub fn survey_url(base: &str, token: &str, score: u8) -> String {
    format!("{}{SURVEY}{token}/{score}", base.trim_end_matches('/'))
}
