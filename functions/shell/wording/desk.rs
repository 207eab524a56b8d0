//! What reps are told of the calls on their lists.

use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use lazo_domain::touch::Reason;

use super::{Language, moment};
use crate::shell::call_list::Gone;
use crate::shell::call_list::desk::Moved;
use crate::shell::call_list::staff::Unknown;
use crate::shell::store::Call;

impl Language {
    /// How a call went, or why it was withdrawn, by its code; one that nobody knows
    /// stays.
    pub fn outcome(self, code: &str) -> &str {
        match serde_json::from_value::<Reason>(code.into()) {
            Ok(reason) => self.reason(reason),
            Err(_) => self.of_contact(code),
        }
    }

    /// Why a call is on the list no more.
    pub fn gone(self, gone: &Gone, zone: &TimeZone) -> String {
        match gone {
            Gone::Over(how) => {
                let over = self.pick("ya no está en la lista", "it is on the list no more");
                match how.is_empty() {
                    true => over.to_owned(),
                    false => format!("{over}: {}", self.outcome(how)),
                }
            }
            Gone::Expired { at } => {
                format!("{} {}", self.pick("venció el", "it expired on"), moment(*at, zone))
            }
        }
    }

    /// Who reported a call and when it was made, where somebody said so.
    pub fn reported(self, call: &Call, zone: &TimeZone) -> Option<String> {
        let (by, at) = (call.reported_by.as_ref()?, moment(call.reported_at?, zone));
        Some(match self {
            Language::Es => format!("la anotó {by}, {at}"),
            Language::En => format!("reported by {by}, {at}"),
        })
    }

    /// That somebody has a call.
    pub fn taken(self, by: &str, until: Instant, zone: &TimeZone) -> String {
        let has = self.pick("la tiene hasta las", "has it until");
        format!("{by} {has} {}", clock(until, zone))
    }

    /// That a call is theirs who asked.
    pub fn yours(self, until: Instant, zone: &TimeZone) -> String {
        let yours = self.pick("es tuya hasta las", "it is yours until");
        format!("{yours} {}", clock(until, zone))
    }

    /// Why nothing was done with a call; `None` where it was.
    pub fn unmoved(self, moved: &Moved, zone: &TimeZone) -> Option<String> {
        match moved {
            Moved::Done => None,
            // Somebody let go of it at this very moment.
            Moved::Taken { by, .. } if by.is_empty() => Some(
                self.pick("alguien la tenía; intenta otra vez", "somebody had it; try again")
                    .to_owned(),
            ),
            Moved::Taken { by, until } => Some(self.taken(by, *until, zone)),
            Moved::TooLate { expires_at } => {
                let expires_at = moment(*expires_at, zone);
                Some(match self {
                    Language::Es => format!("vence el {expires_at}: elige un momento anterior"),
                    Language::En => format!("it expires on {expires_at}: choose an earlier time"),
                })
            }
            Moved::Gone(gone) => Some(self.gone(gone, zone)),
        }
    }

    /// That nobody has a name, with the nearest one, or all that there are.
    pub fn nobody(self, name: &str, unknown: &Unknown) -> String {
        let nobody = match self {
            Language::Es => {
                format!("no existe {name:?} entre las personas y equipos de policy.yaml")
            }
            Language::En => {
                format!("there is no {name:?} among the people and teams of policy.yaml")
            }
        };
        match (&unknown.nearest, &unknown.known[..]) {
            (Some(nearest), _) => {
                let meant = self.pick("¿quisiste decir", "did you mean");
                format!("{nobody}; {meant} {nearest:?}?")
            }
            (None, []) => nobody,
            (None, known) => {
                let are = self.pick("existen", "there are");
                format!("{nobody}; {are}: {}", known.join(", "))
            }
        }
    }

    /// A language by its tag, where it has a name here.
    pub fn language(self, tag: &str) -> String {
        let name = match Language::of(tag) {
            Some(Language::Es) => self.pick("español", "Spanish"),
            Some(Language::En) => self.pick("inglés", "English"),
            None => return tag.to_owned(),
        };
        format!("{name} ({tag})")
    }
}

/// A time of day with its zone.
fn clock(at: Instant, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%H:%M (%:Q)").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_in_the_persons_language() {
        let all = ["reached", "voicemail", "no_answer", "wrong_number", "do_not_call", "call_back"];
        for code in all.into_iter().chain(["done", "not_done", "suppressed", "erased"]) {
            let (es, en) = (Language::Es.outcome(code), Language::En.outcome(code));
            assert!(es != en && !es.contains('_') && !en.contains('_'), "{code}: {es}, {en}");
        }
        assert_eq!(Language::En.outcome("told by a neighbour"), "told by a neighbour");
    }

    #[test]
    fn a_deadline_says_in_which_zone_it_is() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let at: Instant = "2026-11-28T17:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
        assert_eq!(moment(at, &zone), "2026-11-28 11:00 (America/Chicago)");
        assert_eq!(Language::Es.yours(at, &zone), "es tuya hasta las 11:00 (America/Chicago)");
        let expired = Gone::Expired { at };
        let offset = TimeZone::fixed(jiff::tz::offset(-6));
        assert_eq!(Language::En.gone(&expired, &offset), "it expired on 2026-11-28 11:00 (-06:00)");
    }

    #[test]
    fn a_name_that_nobody_has_is_told_with_the_nearest_or_with_all() {
        let known = vec!["care".to_owned(), "luis".to_owned()];
        let near = Unknown { nearest: Some("luis".into()), known: known.clone() };
        let es = Language::Es.nobody("luiz", &near);
        assert!(es.ends_with("; ¿quisiste decir \"luis\"?"), "{es}");
        let far = Unknown { nearest: None, known };
        assert!(Language::En.nobody("nadie", &far).ends_with("; there are: care, luis"));
    }
}
