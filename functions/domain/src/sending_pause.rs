//! Sending that somebody paused: what is due waits until it is resumed, and expires
//! as its rule says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::channel::Purpose;
use crate::instant::Instant;

/// How long a paused touch waits until it is looked at again.
pub const LOOK_AGAIN_MILLIS: i64 = 15 * 60_000;

/// What of the sending is paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// All of it.
    All,
    /// The touches of all rules of a purpose.
    Purpose(Purpose),
    /// The touches of one rule, by its name.
    Rule(String),
}

/// A pause, with who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingPause {
    /// What it pauses.
    pub scope: PauseScope,
    /// Since when.
    pub since: Instant,
    /// Who paused it.
    pub by: String,
    /// Why; empty where nobody said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl SendingPause {
    /// Whether it pauses the touches of a rule.
    pub fn covers(&self, rule: &str, purpose: Purpose) -> bool {
        match &self.scope {
            PauseScope::All => true,
            PauseScope::Purpose(paused) => *paused == purpose,
            PauseScope::Rule(paused) => paused == rule,
        }
    }
}

impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PauseScope::All => f.write_str("all"),
            PauseScope::Purpose(Purpose::Marketing) => f.write_str("purpose/marketing"),
            PauseScope::Purpose(Purpose::Service) => f.write_str("purpose/service"),
            PauseScope::Rule(rule) => write!(f, "rule/{rule}"),
        }
    }
}

/// A text that names nothing that can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadScope;

/// As it is displayed.
impl FromStr for PauseScope {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<PauseScope, BadScope> {
        match text {
            "all" => Ok(PauseScope::All),
            "purpose/marketing" => Ok(PauseScope::Purpose(Purpose::Marketing)),
            "purpose/service" => Ok(PauseScope::Purpose(Purpose::Service)),
            text => match text.strip_prefix("rule/") {
                Some(rule) if !rule.is_empty() => Ok(PauseScope::Rule(rule.to_owned())),
                _ => Err(BadScope),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written_and_covers_what_it_names() {
        let rule = PauseScope::Rule("winback".into());
        let marketing = PauseScope::Purpose(Purpose::Marketing);
        let service = PauseScope::Purpose(Purpose::Service);
        for (scope, covers) in [
            (PauseScope::All, [true, true]),
            (marketing, [true, true]),
            (service, [false, false]),
            (rule, [true, false]),
        ] {
            assert_eq!(scope.to_string().parse(), Ok(scope.clone()));
            let (by, why) = (String::new(), String::new());
            let pause = SendingPause { scope, since: Instant::from_millis(0), by, why };
            let found = ["winback", "birthday"].map(|rule| pause.covers(rule, Purpose::Marketing));
            assert_eq!(found, covers);
        }
        for bad in ["", "rule/", "rule", "purpose/", "everything"] {
            assert_eq!(bad.parse::<PauseScope>(), Err(BadScope), "{bad}");
        }
    }
}
