//! What a customer's state tells besides the ledger: refunds that give nothing back,
//! other ids, complaints, and what was said of an address.

use lazo_domain::channel::Purpose;
use lazo_domain::customer::{Alias, Customer};
use lazo_domain::history::{Purchase, Refund};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::json;

use super::Line;
use crate::shell::store::EscalationEntry;
use crate::shell::wording::Language;

/// Refunds that give nothing back, since nobody told a rate.
pub(super) fn of_foreign_refunds(customer: &Customer, lang: Language) -> Vec<Line> {
    let line = |(refund, purchase): (&Refund, &Purchase)| {
        let of = refund.currency.map(|currency| currency.to_string()).unwrap_or_default();
        let (id, bought, currency) = (&refund.id, &purchase.id, purchase.currency);
        let text = match lang {
            Language::Es => {
                format!("  {id} no se resta: es en {of}, y la compra {bought} fue en {currency}")
            }
            Language::En => format!(
                "  {id} is not subtracted: it is in {of}, and the purchase {bought} was in {currency}"
            ),
        };
        let json = json!({ "not_subtracted": id, "currency": of, "purchase_id": bought, "purchase_currency": currency });
        Line { at: refund.at, text, json }
    };
    customer.history.foreign_refunds().map(line).collect()
}

/// The other ids of this person.
pub(super) fn of_merges(customer: &Customer, lang: Language) -> Vec<Line> {
    let line = |alias: &Alias| {
        let (id, goes) = (&customer.id, &alias.id);
        let text = match lang {
            Language::Es => format!("  {goes} y {id} son la misma persona: desde aquí, {id}"),
            Language::En => format!("  {goes} and {id} are one person: from here on {id}"),
        };
        Line { at: alias.at, text, json: json!({ "merged": goes, "into": id }) }
    };
    customer.merged.iter().map(line).collect()
}

/// Complaints that went up a level, and those that were opened again.
pub(super) fn of_complaints(
    customer: &Customer,
    reached: &[EscalationEntry],
    lang: Language,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for escalation in reached {
        let (complaint, level) = (&escalation.complaint, escalation.level);
        let text = match lang {
            Language::Es => {
                format!("  la queja {complaint} no se resolvió a tiempo: sube al nivel {level}")
            }
            Language::En => {
                format!("  complaint {complaint} was not resolved in time: up to level {level}")
            }
        };
        let json = json!({ "escalated": complaint, "level": level });
        lines.push(Line { at: escalation.at, text, json });
    }
    for (complaint, one) in customer.complaints.iter() {
        let (Some(before), Some(at)) = (&one.reopens, one.opened_at) else { continue };
        let text = match lang {
            Language::Es => {
                format!("  la queja {before} se abre otra vez como {complaint}: no quedó resuelta")
            }
            Language::En => {
                format!("  complaint {before} is open again as {complaint}: it was not solved")
            }
        };
        lines.push(Line { at, text, json: json!({ "reopened": before, "as": complaint }) });
    }
    lines
}

/// What was said of the customer's address and number under other ids, where it
/// keeps touches back. An id is told, and nothing else of whose it is.
pub(super) fn of_addresses(customer: &Customer, lang: Language) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut tell = |at: Instant, by: &Id, what: &str, es: &str, en: &str| {
        if *by == customer.id {
            return;
        }
        let text = match lang {
            Language::Es => format!("  {es}, con otra identificación: {by}"),
            Language::En => format!("  {en}, under another id: {by}"),
        };
        lines.push(Line { at, text, json: json!({ "said_of_address": what, "by": by }) });
    };
    if let Some(words) = &customer.heard.email {
        if let Some(stop) = words.stop() {
            let es = "el correo a esta dirección rebotó o se marcó como no deseado";
            let en = "mail to this address bounced for good or was called spam";
            tell(stop.at, &stop.by, "suppressed", es, en);
        }
        if let Some(no) = words.no(Purpose::Marketing) {
            let es = "esta dirección no quiere correo comercial";
            tell(no.at, &no.by, "no_marketing_mail", es, "this address wants no marketing mail");
        }
        if let Some(no) = words.no(Purpose::Service) {
            let es = "esta dirección no quiere correo de servicio";
            tell(no.at, &no.by, "no_service_mail", es, "this address wants no service mail");
        }
    }
    if let Some(words) = &customer.heard.phone {
        if let Some(no) = words.no(Purpose::Marketing) {
            let es = "a este número no se llama con ofertas";
            tell(no.at, &no.by, "no_marketing_calls", es, "this number wants no marketing calls");
        }
        if let Some(no) = words.no(Purpose::Service) {
            let es = "a este número no se llama";
            tell(no.at, &no.by, "no_service_calls", es, "this number wants no service calls");
        }
    }
    lines
}
