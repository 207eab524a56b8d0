//! How a touch reaches somebody, and what for; all that is true of a channel.
//!
//! Every question that is asked of a channel is a method here, with a match that
//! names each channel: a new one does not compile until all are answered.
#![allow(
    missing_docs,
    reason = "published in schemas; infra/rules/README.md describes the channels"
)]

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::span::Span;

/// What a touch is for. Marketing may need a *yes*; service goes until a *no*.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Marketing,
    Service,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Call,
    Task,
    Event,
}

/// The field of a profile that a channel needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressField {
    Email,
    Phone,
}

impl AddressField {
    /// The field's name in a profile and in templates.
    pub fn as_str(self) -> &'static str {
        match self {
            AddressField::Email => "email",
            AddressField::Phone => "phone",
        }
    }
}

/// Who carries a touch out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoneBy {
    /// The mail service, by one call that is fenced.
    MailService,
    /// A person of the shop, from the call list.
    Person,
    /// Another system, which listens on the bus.
    System,
}

impl Channel {
    pub const ALL: [Channel; 4] = [Channel::Email, Channel::Call, Channel::Task, Channel::Event];

    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Call => "call",
            Channel::Task => "task",
            Channel::Event => "event",
        }
    }

    /// Whether its touches reach the customer. The others are the shop's own: no
    /// consent is asked, and a cap of `contact` does not count them.
    pub fn reaches_customer(self) -> bool {
        match self {
            Channel::Email | Channel::Call => true,
            Channel::Task | Channel::Event => false,
        }
    }

    /// The address that it needs; `None` where it reaches no customer.
    pub fn address(self) -> Option<AddressField> {
        match self {
            Channel::Email => Some(AddressField::Email),
            Channel::Call => Some(AddressField::Phone),
            Channel::Task | Channel::Event => None,
        }
    }

    /// Whether marketing needs a *yes* where the policy says `opt_in`; otherwise it
    /// goes until a *no*.
    pub fn needs_opt_in(self) -> bool {
        match self {
            Channel::Email => true,
            Channel::Call | Channel::Task | Channel::Event => false,
        }
    }

    pub fn done_by(self) -> DoneBy {
        match self {
            Channel::Email => DoneBy::MailService,
            Channel::Call | Channel::Task => DoneBy::Person,
            Channel::Event => DoneBy::System,
        }
    }

    /// Whether a person of the shop carries it out.
    pub fn is_for_a_person(self) -> bool {
        self.done_by() == DoneBy::Person
    }

    /// Whether it rests on the policy's closed days.
    pub fn rests_on_closed_days(self) -> bool {
        match self {
            Channel::Call => true,
            Channel::Email | Channel::Task | Channel::Event => false,
        }
    }

    /// What its template is made of; `None` where it has none.
    pub fn content(self) -> Option<Content> {
        match self {
            Channel::Email => Some(Content::Mail),
            Channel::Call | Channel::Task => Some(Content::Script),
            Channel::Event => None,
        }
    }

    /// Whether it can follow the last attempt at a call.
    pub fn can_follow_calls(self) -> bool {
        match self {
            Channel::Email | Channel::Task => true,
            Channel::Call | Channel::Event => false,
        }
    }

    /// Whether it is tried again where nobody was reached.
    pub fn has_attempts(self) -> bool {
        match self {
            Channel::Call => true,
            Channel::Email | Channel::Task | Channel::Event => false,
        }
    }

    /// Whether a survey can go by it.
    pub fn carries_surveys(self) -> bool {
        match self {
            Channel::Email => true,
            Channel::Call | Channel::Task | Channel::Event => false,
        }
    }

    /// How long after its due time a touch is given up where its step does not
    /// say (rules#expiry).
    pub fn expiry(self) -> Span {
        match self {
            Channel::Email | Channel::Call => Span::days(3),
            Channel::Task | Channel::Event => Span::days(30),
        }
    }
}

/// What a template writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A subject and a body.
    Mail,
    /// What a person of the shop says or does.
    Script,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_the_customer_has_an_address_and_nothing_else_has() {
        for channel in Channel::ALL {
            assert_eq!(channel.reaches_customer(), channel.address().is_some(), "{channel}");
            let is_asked = channel.needs_opt_in();
            assert!(!is_asked || channel.reaches_customer(), "{channel}");
        }
    }
}
