//! Versions of the rules, in words.

use jiff::tz::TimeZone;
use lazo_domain::rulebook::VersionNumber;

use super::{Language, moment};
use crate::shell::store::{LiveVersion, Version, VersionState};
use crate::shell::versions::PublishError;

impl Language {
    /// How a version stands, given which one is live.
    pub fn version_state(self, version: &Version, live: VersionNumber, zone: &TimeZone) -> String {
        let at = |at| moment(at, zone);
        match (version.state, version.number == live) {
            (VersionState::Published { since }, true) => {
                format!("{} {}", self.pick("vigente desde", "live since"), at(since))
            }
            (VersionState::Published { since }, false) => {
                format!("{} {}", self.pick("anterior, desde", "earlier, from"), at(since))
            }
            (VersionState::Scheduled { at: when }, _) => {
                format!("{} {}", self.pick("entra en vigor el", "goes live at"), at(when))
            }
            (VersionState::Suspended { at: when }, _) => {
                format!("{} {}", self.pick("suspendida el", "suspended at"), at(when))
            }
        }
    }

    /// Which version's content a version has again.
    pub fn restored(self, number: VersionNumber) -> String {
        match self {
            Language::Es => format!("repite la versión {number}"),
            Language::En => format!("restores version {number}"),
        }
    }

    /// What a publication led to.
    pub fn published(self, version: &Version, zone: &TimeZone) -> String {
        let number = version.number;
        match (version.state, self) {
            (VersionState::Scheduled { at }, Language::Es) => format!(
                "versión {number}: programada para el {}; entra en vigor si hasta entonces no se publica otra",
                moment(at, zone)
            ),
            (VersionState::Scheduled { at }, Language::En) => format!(
                "version {number}: scheduled for {}; it goes live unless another one is published before",
                moment(at, zone)
            ),
            (_, Language::Es) => {
                format!("versión {number} publicada; todo trabaja con ella en menos de un minuto")
            }
            (_, Language::En) => {
                format!("version {number} is published; everything works by it within a minute")
            }
        }
    }

    /// That just this content is live already.
    pub fn published_before(self, number: VersionNumber) -> String {
        match self {
            Language::Es => {
                format!(
                    "la versión {number}, que está vigente, ya dice justo eso: no se publica nada"
                )
            }
            Language::En => {
                format!(
                    "version {number}, which is live, says just that already: nothing is published"
                )
            }
        }
    }

    /// That what was planned against is not live any more.
    pub fn moved(self, live: &LiveVersion, since: &[Version], zone: &TimeZone) -> String {
        let head = match self {
            Language::Es => format!(
                "ahora está vigente la versión {}, y esto se planeó con otra; desde entonces se publicó:",
                live.number
            ),
            Language::En => format!(
                "version {} is live now, and this was planned against another one; published since:",
                live.number
            ),
        };
        let told = since.iter().map(|version| {
            let Version { number, at, by, note, .. } = version;
            format!("\n  {number}  {}  {by}: {note}", moment(*at, zone))
        });
        let tail =
            self.pick("Planea de nuevo y publica ese plan.", "Plan again and publish that plan.");
        format!("{head}{}\n{tail}", told.collect::<String>())
    }

    /// Why nothing was published.
    pub fn unpublished(self, error: &PublishError) -> String {
        use crate::shell::store::BUNDLE_BYTES_MAX as MAX;
        use crate::shell::versions::SCHEDULED_MAX;
        match (error, self) {
            (PublishError::TooLarge(bytes), Language::Es) => format!(
                "las reglas y plantillas ocupan {bytes} bytes y caben {MAX}: quita lo que no se usa, como imágenes o archivos viejos"
            ),
            (PublishError::TooLarge(bytes), Language::En) => format!(
                "the rules and templates hold {bytes} bytes, and {MAX} are taken: leave out what is not used, such as pictures or old files"
            ),
            (PublishError::TooManyScheduled, Language::Es) => {
                format!("ya hay {SCHEDULED_MAX} versiones programadas")
            }
            (PublishError::NoSuch(number), Language::Es) => {
                format!("no hay ninguna versión {number}; `lazo rules list` muestra las que hay")
            }
            (PublishError::NoSuch(number), Language::En) => {
                format!(
                    "there is no version {number}; `lazo rules list` shows those that there are"
                )
            }
            (PublishError::Past, Language::Es) => "--at ya pasó".to_owned(),
            (PublishError::Past, Language::En) => "--at is over".to_owned(),
            (error, _) => error.to_string(),
        }
    }
}
