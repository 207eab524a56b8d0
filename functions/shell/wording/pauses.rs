//! What of the sending is paused, in words.

use jiff::tz::TimeZone;
use lazo_domain::channel::Purpose;
use lazo_domain::sending_pause::{PauseScope, SendingPause};

use super::{Language, moment};
use crate::shell::sending::{PAUSES_MAX, PauseError};

impl Language {
    /// What a pause is of.
    pub fn pause_scope(self, scope: &PauseScope) -> String {
        match (scope, self) {
            (PauseScope::All, _) => self.pick("todo el envío", "all sending").to_owned(),
            (PauseScope::Purpose(Purpose::Marketing), _) => {
                self.pick("lo comercial", "marketing").to_owned()
            }
            (PauseScope::Purpose(Purpose::Service), _) => {
                self.pick("lo de servicio", "service").to_owned()
            }
            (PauseScope::Rule(rule), Language::Es) => format!("la regla {rule}"),
            (PauseScope::Rule(rule), Language::En) => format!("the rule {rule}"),
        }
    }

    /// A pause on one line: of what, since when, who and why.
    pub fn sending_pause(self, pause: &SendingPause, zone: &TimeZone) -> String {
        let SendingPause { scope, since, by, why } = pause;
        let (scope, since) = (self.pause_scope(scope), moment(*since, zone));
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        match self {
            Language::Es => format!("{scope}, en pausa desde {since}, {by}{why}"),
            Language::En => format!("{scope}, paused since {since}, {by}{why}"),
        }
    }

    /// What follows from a pause that was just made.
    pub fn paused(self, scope: &PauseScope) -> String {
        let scope = self.pause_scope(scope);
        match self {
            Language::Es => format!(
                "{scope}: en pausa en unos segundos. Lo que toque salir espera, y vence cuando dice su regla"
            ),
            Language::En => format!(
                "{scope}: paused within seconds. What is due waits, and expires when its rule says"
            ),
        }
    }

    /// What follows from a pause that was just taken back.
    pub fn resumed(self, scope: &PauseScope) -> String {
        let scope = self.pause_scope(scope);
        match self {
            Language::Es => {
                format!("{scope}: se reanuda. Lo que esperaba sale en un cuarto de hora")
            }
            Language::En => {
                format!("{scope}: resumed. What waited goes within a quarter of an hour")
            }
        }
    }

    /// Why nothing was paused.
    pub fn unpaused(self, error: &PauseError) -> String {
        match (error, self) {
            (PauseError::TooMany, Language::Es) => {
                format!("ya hay {PAUSES_MAX} pausas: pausa un propósito, o todo")
            }
            (PauseError::TooMany | PauseError::Store(_), _) => error.to_string(),
        }
    }
}
