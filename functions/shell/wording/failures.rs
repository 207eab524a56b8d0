//! What could not be processed, in words.

use super::Language;
use crate::shell::store::FailureKind;

impl Language {
    /// What sort of thing failed.
    pub fn failure(self, kind: FailureKind) -> &'static str {
        match kind {
            FailureKind::Event => {
                self.pick("Un evento no se pudo leer", "An event could not be read")
            }
            FailureKind::PartlyTaken => self.pick(
                "Un evento contó sin uno de sus datos",
                "An event counted without one of its fields",
            ),
            FailureKind::Waiting => {
                self.pick("Un evento espera su compra", "An event waits for its purchase")
            }
            FailureKind::UnknownSend => {
                self.pick("No se sabe si un correo salió", "Nobody knows whether a mail went out")
            }
            FailureKind::UnknownNotice => self.pick(
                "No se sabe si un aviso al equipo salió",
                "Nobody knows whether a mail to staff went out",
            ),
            FailureKind::MailEvent => self.pick(
                "No se entendió lo que dijo el servicio de correo",
                "What the mail service told was not understood",
            ),
            FailureKind::MailRefused => self
                .pick("El servicio de correo no acepta correos", "The mail service takes no mail"),
            FailureKind::MailUnwritten => {
                self.pick("Un correo no se pudo escribir", "A mail could not be written")
            }
            FailureKind::Customer => {
                self.pick("Con un cliente no se puede trabajar", "A customer cannot be worked on")
            }
            FailureKind::SuspendedVersion => self.pick(
                "Una versión de las reglas no entró en vigor",
                "A version of the rules did not go live",
            ),
        }
    }
}
