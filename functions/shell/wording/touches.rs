//! What became of a touch, and why.

use lazo_domain::touch::{Reason, TouchStatus};

use super::Language;

impl Language {
    /// What became of a touch.
    pub fn status(self, status: TouchStatus) -> &'static str {
        match status {
            TouchStatus::Sent => self.pick("enviado", "sent"),
            TouchStatus::Skipped => self.pick("no enviado", "not sent"),
            TouchStatus::Cancelled => self.pick("cancelado", "cancelled"),
            TouchStatus::HeldOut => self.pick("grupo de control", "held out"),
            TouchStatus::Pending => self.pick("pendiente", "pending"),
        }
    }

    /// A reason as a sentence.
    pub fn reason(self, reason: Reason) -> &'static str {
        let (es, en) = why(reason);
        self.pick(es, en)
    }

    /// The same with the values that the condition met, where it was one.
    pub fn reason_met(self, reason: Reason, met: Option<&str>) -> String {
        match met {
            None => self.reason(reason).to_owned(),
            Some(met) => {
                let met = met.replace(" = ?", self.pick(" no se conoce", " is not known"));
                format!("{} ({met})", self.reason(reason))
            }
        }
    }
}

/// A reason in Spanish and in English.
fn why(reason: Reason) -> (&'static str, &'static str) {
    use Reason as R;
    match reason {
        R::TooOld => (
            "el evento llegó demasiado tiempo después de ocurrir",
            "the event arrived too long after it happened",
        ),
        R::FilterFalse => ("el filtro de la regla no se cumple", "the rule's filter does not hold"),
        R::FilterMissingValue => (
            "falta un dato que la condición necesita, o no es del tipo que hace falta (texto en lugar de número, división entre cero)",
            "a value that the condition needs is not known, or does not fit (text for a number, a division by zero)",
        ),
        R::Reentry => ("el cliente ya pasó por esta regla", "the customer was in this rule before"),
        R::Holdout => (
            "el cliente está en el grupo de control, que no recibe nada",
            "the customer is in the control group, which gets nothing",
        ),
        R::GlobalHoldout => (
            "el cliente está en el grupo de control general, que no recibe nada de este tipo",
            "the customer is in the control group of all rules of this purpose, which gets nothing",
        ),
        R::PendingLimit => (
            "hay demasiados mensajes pendientes para este cliente",
            "too much is pending for this customer",
        ),
        R::Erased => ("el cliente pidió que lo olvidáramos", "the customer asked to be forgotten"),
        R::NoAddress => ("no hay dirección ni número", "no address or number is known"),
        R::Suppressed => (
            "el correo rebotó o se marcó como spam",
            "mail to this address bounced or was reported as spam",
        ),
        R::NoConsent => {
            ("el cliente no ha aceptado, o dijo que no", "the customer has not agreed, or said no")
        }
        R::Relationship => {
            ("este tipo de relación no lo permite", "this type of relationship does not allow it")
        }
        R::RuleNotLive => ("la regla no está activa", "the rule is not live"),
        R::Exited => (
            "ocurrió algo que termina este seguimiento",
            "something happened that ends this follow-up",
        ),
        R::Expired => ("venció antes de poder salir", "it expired before it could go"),
        R::ComplaintOpen => (
            "hay una queja abierta, o la hubo hace poco",
            "a complaint is open, or was until a short while ago",
        ),
        R::IfFalse => ("la condición del paso no se cumple", "the step's condition does not hold"),
        R::NotSampled => ("la encuesta va solo a una muestra", "the survey goes to a sample only"),
        R::QuietHours => ("fuera del horario de contacto", "outside the hours of contact"),
        R::FrequencyCap => (
            "el cliente ya recibió suficientes mensajes",
            "the customer has heard from us often enough",
        ),
        R::SendingPaused => ("el envío está en pausa", "the sending is paused"),
        R::Throttled => {
            ("el servicio no aceptó más por ahora", "the service takes no more for now")
        }
        R::Unanswered => (
            "el servicio no respondió; sale una vez más",
            "the service did not answer; it goes once more",
        ),
        R::Undeliverable => (
            "el mensaje no se pudo escribir o fue rechazado",
            "the message could not be written or was refused",
        ),
    }
}
