//! What was paused when, and what that holds back.

use super::Surroundings;
use super::flows::Flow;

impl Surroundings {
    /// Whether somebody had paused the touches of a flow at an instant.
    pub(super) fn is_paused(&self, flow: &Flow, at: i64) -> bool {
        self.pauses.iter().filter(|pause| (pause.from..pause.until).contains(&at)).any(|pause| {
            pause.purpose.is_none_or(|purpose| purpose == flow.purpose)
                && pause.rule.is_none_or(|rule| rule == flow.rule)
        })
    }
}
