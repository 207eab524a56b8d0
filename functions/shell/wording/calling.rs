//! Whether a call may be made now, and what a report corrects, in words.

use jiff::tz::TimeZone;
use lazo_domain::decide::CallNow;
use lazo_domain::event::CallOutcome;
use lazo_domain::instant::Instant;
use lazo_domain::touch::Reason;

use super::Language;
use crate::shell::call_list::Correction;

impl Language {
    /// Why a call may not be made now, and from when on it may, by the customer's clock;
    /// `None` where it may.
    pub fn not_now(self, may: &CallNow, now: Instant, zone: &TimeZone) -> Option<String> {
        let clock = now.zoned(zone).strftime("%H:%M");
        let there = self.pick("allí son las", "their time is");
        let (reason, opens) = match *may {
            CallNow::Yes => return None,
            CallNow::Never { reason } => return Some(self.no_call(reason).to_owned()),
            CallNow::Later { reason, opens } => (reason, opens),
        };
        let why = self.no_call(reason);
        Some(match opens {
            Some(opens) => format!("{why} ({there} {clock}); {}", self.opens(opens, zone)),
            None if reason == Reason::ComplaintOpen => format!(
                "{why}; {}",
                self.pick("se abre cuando se resuelva", "it opens once that is resolved")
            ),
            None => format!(
                "{why} ({there} {clock}); {}",
                self.pick("vence antes de que se pueda llamar", "it expires before it opens")
            ),
        })
    }

    /// From when on a call may be made, by the customer's clock.
    pub fn opens(self, at: Instant, zone: &TimeZone) -> String {
        let at = at.zoned(zone).strftime("%Y-%m-%d %H:%M (%:Q)");
        format!("{} {at}", self.pick("se abre el", "opens at"))
    }

    /// Why nobody calls now.
    fn no_call(self, reason: Reason) -> &'static str {
        match reason {
            Reason::Suppressed => {
                self.pick("el número es de otra persona", "the number is somebody else's")
            }
            Reason::NoConsent => {
                self.pick("el cliente no quiere llamadas", "the customer wants no calls")
            }
            Reason::NoAddress => self.pick("no hay número", "no number is known"),
            Reason::QuietHours => {
                self.pick("fuera del horario de llamadas", "outside the hours for calls")
            }
            Reason::Expired => self.pick("ya venció", "its time is over"),
            other => self.reason(other),
        }
    }

    /// What a report corrects, what of it has gone out already, and what stays: a line
    /// each.
    pub fn corrected(self, correction: &Correction, zone: &TimeZone) -> Vec<String> {
        let local = |at: Instant| at.zoned(zone).strftime("%Y-%m-%d %H:%M (%:Q)").to_string();
        let Correction { of, gone } = correction;
        let outcome = self.of_contact(of.outcome.as_str());
        let corrects = self.pick("corrige tu reporte", "corrects your report");
        let mut lines = vec![format!("{corrects}: {outcome}, {}", local(of.at))];
        for one in gone {
            let already = self.pick("por él ya salió", "because of it this has gone out");
            lines.push(format!("{already}: {} ({}), {}", one.touch, one.channel, local(one.at)));
        }
        if of.outcome == CallOutcome::DoNotCall {
            lines.push(
                self.pick(
                    "el no a llamadas sigue: solo un evento ConsentChanged lo quita",
                    "the no to calls stays: only a ConsentChanged event takes it back",
                )
                .to_owned(),
            );
        }
        lines
    }
}
