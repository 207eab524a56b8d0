//! What of the sending somebody paused, as decisions see it.

use super::{Rule, RuleBook};
use crate::sending_pause::SendingPause;

impl RuleBook {
    /// The same where this much of the sending is paused.
    pub fn with_pauses(self, pauses: Vec<SendingPause>) -> RuleBook {
        RuleBook { pauses, ..self }
    }

    /// What of the sending is paused.
    pub fn pauses(&self) -> &[SendingPause] {
        &self.pauses
    }

    /// Whether the touches of a rule wait since somebody paused them.
    pub fn is_paused(&self, rule: &Rule) -> bool {
        self.pauses.iter().any(|pause| pause.covers(&rule.name, rule.purpose))
    }
}
