//! What happened between a customer and the shop.

use lazo_domain::customer::Customer;
use lazo_domain::event::{
    ConsentChannel, ConsentPurpose, ConsentState, DissolutionReason, Severity,
};

use super::Language;

/// What a customer is called: the id where no name is known.
pub fn name_of(customer: &Customer) -> String {
    let parts = [&customer.profile.given, &customer.profile.family];
    let parts: Vec<&str> =
        parts.into_iter().filter_map(|p| p.latest().map(|l| l.as_str())).collect();
    match parts.is_empty() {
        true => customer.id.to_string(),
        false => parts.join(" "),
    }
}

impl Language {
    /// How bad a complaint is.
    pub fn severity(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Low => self.pick("leve", "low"),
            Severity::Normal => "normal",
            Severity::High => self.pick("grave", "high"),
        }
    }

    /// What a complaint is about: the usual categories in words, others as they are told.
    pub fn category(self, name: &str) -> &str {
        match name {
            "delivery" => self.pick("entrega", "delivery"),
            "product" => self.pick("producto", "product"),
            "billing" => self.pick("cobro", "billing"),
            "service" => self.pick("atención", "service"),
            "" => self.pick("sin categoría", "no category"),
            other => other,
        }
    }

    /// Why a customer left.
    pub fn dissolution(self, reason: DissolutionReason) -> &'static str {
        match reason {
            DissolutionReason::NeedsChanged => {
                self.pick("ya no necesita lo que vendemos", "needs something else now")
            }
            DissolutionReason::Competitor => {
                self.pick("se fue con la competencia", "went to a competitor")
            }
            DissolutionReason::Dissatisfied => self.pick("quedó a disgusto", "was dissatisfied"),
            DissolutionReason::Price => self.pick("por el precio", "for the price"),
            DissolutionReason::Moved => self.pick("se mudó", "moved away"),
            DissolutionReason::Fraud => self.pick("fraude", "fraud"),
            DissolutionReason::Other => self.pick("otro motivo", "another reason"),
        }
    }

    /// What a word of consent is about.
    pub fn consent(self, channel: ConsentChannel, purpose: ConsentPurpose) -> &'static str {
        match (channel, purpose) {
            (ConsentChannel::Email, ConsentPurpose::Marketing) => {
                self.pick("correo con ofertas", "marketing mail")
            }
            (ConsentChannel::Email, ConsentPurpose::Service) => {
                self.pick("correo de servicio", "service mail")
            }
            (ConsentChannel::Email, ConsentPurpose::All) => {
                self.pick("todo correo", "mail of any kind")
            }
            (ConsentChannel::Call, ConsentPurpose::Marketing) => {
                self.pick("llamadas con ofertas", "marketing calls")
            }
            (ConsentChannel::Call, ConsentPurpose::Service) => {
                self.pick("llamadas de servicio", "service calls")
            }
            (ConsentChannel::Call, ConsentPurpose::All) => {
                self.pick("toda llamada", "calls of any kind")
            }
        }
    }

    /// A yes or a no.
    pub fn consent_state(self, state: ConsentState) -> &'static str {
        match state {
            ConsentState::Granted => self.pick("sí", "yes"),
            ConsentState::Denied => "no",
        }
    }

    /// A contact's channel or kind in words; one that the shop made up stays.
    pub fn of_contact(self, name: &str) -> &str {
        let (es, en) = match name {
            "email" => ("correo", "email"),
            "call" => ("llamada", "call"),
            "store" | "shop" => ("en tienda", "in the shop"),
            "web" => ("sitio web", "website"),
            "phone" => ("teléfono", "phone"),
            "online" => ("en línea", "online"),
            "contact" => ("contacto", "contact"),
            "visit" => ("visita", "visit"),
            "meeting" => ("reunión", "meeting"),
            "review" => ("reseña", "review"),
            "support" => ("ayuda", "support"),
            "community" => ("comunidad", "community"),
            "survey" => ("encuesta", "survey"),
            "reached" => ("contestó", "reached"),
            "voicemail" => ("buzón de voz", "voicemail"),
            "no_answer" => ("no contestó", "no answer"),
            "wrong_number" => ("número equivocado", "wrong number"),
            "do_not_call" => ("pidió que no le llamen", "asked not to be called"),
            "call_back" => ("pidió que le llamen después", "asked to be called back"),
            "done" => ("hecho", "done"),
            "not_done" => ("no se hizo", "not done"),
            "task" => ("tarea", "task"),
            other => return other,
        };
        self.pick(es, en)
    }
}
