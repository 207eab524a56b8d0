//! Why the mail service takes no mail: for a fault of this one mail, for good; or
//! for something that is mended elsewhere, and then the mail goes.

use std::fmt;

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// This mail is never taken as it is, by the service's code for it: an address
    /// that is none or that it has suppressed, a part that it does not allow.
    Mail(String),
    /// Nothing may be sent by who asks.
    Permission,
    /// The sender is not verified; or the recipient, while the account is in SES's
    /// sandbox.
    Identity,
    /// As many mails were sent as may be in a day.
    Quota,
    /// Sending is paused or the account is suspended.
    Paused,
    /// Another setting of the account, by the service's code for it.
    Account(String),
    /// The service cannot be reached.
    Connection,
    /// Too many at a time: it takes the mail a little later.
    Rate,
}

impl Refusal {
    /// Whether somebody has to do something about it. A rate mends itself.
    pub fn is_told(&self) -> bool {
        *self != Refusal::Rate
    }

    /// What is to be done.
    pub fn advice(&self) -> &'static str {
        match self {
            Refusal::Mail(_) => {
                "this mail is never taken as it is, and its touch has ended; see `lazo explain`"
            }
            Refusal::Permission => {
                "the function may not send by this address; look at its role and at MailFrom"
            }
            Refusal::Identity => {
                "the sender is not verified in this region, or the account is in SES's sandbox"
            }
            Refusal::Quota => "the daily quota is used up; ask AWS for a larger one",
            Refusal::Paused => "sending is paused or the account is suspended; look at SES",
            Refusal::Account(_) => "the account or its settings do not allow it; look at SES",
            Refusal::Connection => "the mail service cannot be reached",
            Refusal::Rate => "too many mails at a time",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Mail(code) => write!(f, "mail {code}"),
            Refusal::Permission => f.write_str("permission"),
            Refusal::Identity => f.write_str("identity"),
            Refusal::Quota => f.write_str("quota"),
            Refusal::Paused => f.write_str("paused"),
            Refusal::Account(code) => write!(f, "account {code}"),
            Refusal::Connection => f.write_str("connection"),
            Refusal::Rate => f.write_str("rate"),
        }
    }
}
