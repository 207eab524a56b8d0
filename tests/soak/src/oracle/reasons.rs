//! Whether a reason that the product gives holds.

use super::clock::{date, days_later, is_open};
use super::fate::Expected;
use super::flows::{CAP, CAP_DAYS, CAP_MARKETING};
use super::view::View;
use super::{Case, Deferred, Seen};
use crate::fact::{For, Line};
use crate::shop::TICK;

impl Case<'_> {
    /// Whether the reason that ended a touch holds.
    pub(super) fn holds(&self, expected: &Expected, seen: &Seen) -> bool {
        let (flow, step) = (expected.flow, expected.step());
        let facts = self.facts_of(seen.is_of_guest);
        View::both(facts, seen.at).into_iter().any(|view| match seen.reason {
            "erased" => view.is_erased(),
            "no_address" if step.line == Line::Call => !view.has_phone(),
            "no_address" => view.email().is_none(),
            "suppressed" => {
                view.is_suppressed(step.line) || view.is_stopped_by(self.kin, step.line)
            }
            "no_consent" => {
                !view.consents(step.line, flow.purpose)
                    || view.is_denied_by(self.kin, step.line, flow.purpose)
            }
            "relationship" => view.is_transactional(),
            "exited" => self.has_exited(expected, view),
            "not_sampled" => !flow.draws(&expected.occurrence),
            "expired" => self.had_to_expire(expected, seen),
            _ => false,
        })
    }

    pub(super) fn has_exited(&self, expected: &Expected, view: View) -> bool {
        let (flow, occurrence) = (expected.flow, &expected.occurrence);
        expected.zones.iter().any(|zone| {
            let began = self.began(flow, occurrence, expected.trigger, zone);
            began.is_some_and(|began| view.has_exited(flow, began))
        })
    }

    /// What expires does so on time, and something kept it back before.
    pub(super) fn had_to_expire(&self, expected: &Expected, seen: &Seen) -> bool {
        let step = expected.step();
        let is_on_time = expected.zones.iter().any(|zone| step.expires(seen.due, zone) == seen.at);
        let came_late = expected.known > seen.at - 2 * TICK;
        let is_kept_back = !seen.defers.is_empty() || self.around.had_trouble(seen.due, seen.at);
        is_on_time && (came_late || is_kept_back || self.was_settled_late(expected))
    }

    pub(super) fn had_to_wait(&self, expected: &Expected, deferred: &Deferred) -> bool {
        let step = expected.step();
        // What waited for a guest may go to the customer.
        let of_guest = self.guest.map(|_| self.of_guest);
        let known = std::iter::once(self.facts).chain(of_guest);
        let mut views = known.flat_map(|facts| View::both(facts, deferred.at));
        views.any(|view| match deferred.reason {
            "complaint_open" => view.is_paused(),
            "quiet_hours" => !is_open(step.line, view.country(), view.at, &view.zone()),
            "frequency_cap" => self.has_no_room(expected, view),
            "sending_paused" => self.around.is_paused(expected.flow, view.at),
            "throttled" => self.around.had_trouble(view.at, view.at),
            "unanswered" => self.around.listed.contains(&expected.touch),
            _ => false,
        })
    }

    /// Whether as many touches count as may, or another goes first today.
    pub(super) fn has_no_room(&self, expected: &Expected, view: View) -> bool {
        let zone = view.zone();
        let is_marketing = expected.flow.purpose == For::Marketing;
        let gone =
            self.observed.gone.iter().filter(|gone| {
                gone.at <= view.at && days_later(gone.at, CAP_DAYS, &zone) > view.at
            });
        // What may have gone counts, as long as nobody knows better.
        let unknown = self.around.listed.iter().filter(|touch| {
            self.due_of(touch).is_some_and(|due| due <= view.at) && !self.went(touch)
        });
        let mut counted: Vec<&str> = gone.map(|gone| gone.touch.as_str()).collect();
        counted.extend(unknown.map(String::as_str));
        let of_marketing = counted.iter().filter(|touch| self.is_marketing(touch)).count();
        if counted.len() >= CAP || is_marketing && of_marketing >= CAP_MARKETING {
            return true;
        }
        let today = date(view.at, &zone);
        let is_rival = |due: i64, until: i64| date(due, &zone) <= today && until >= view.at;
        let touches = self.observed.touches.iter();
        touches
            .filter(|(touch, _)| **touch != expected.touch)
            .any(|(_, seen)| is_rival(seen.due, seen.at))
            || self.observed.pending.values().any(|pending| is_rival(pending.due, pending.next))
    }
}
