//! The mail service: whether it would take the shop's mails, and tells what becomes of them.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{DkimStatus, EventDestination, EventType};

use super::{Findings, why};
use crate::system::System;

/// What SES must tell for bounces, complaints, lost answers and a restore.
const TOLD: [EventType; 5] = [
    EventType::Send,
    EventType::Reject,
    EventType::Bounce,
    EventType::Complaint,
    EventType::Delivery,
];

/// How much of the day's quota may be used up.
const QUOTA_SHARE: f64 = 0.9;

/// Looks at the account's SES.
pub(super) async fn look(system: &System, found: &mut Findings) {
    let sdk = lazo::shell::app::aws().load().await;
    let client = Client::new(&sdk);
    let rules = system.app.rules();
    let policy = &rules.book.policy;
    account(&client, policy.mails_per_second.map(|rate| rate.get()), found).await;
    let from = policy.brand.from.rsplit_once('<').map_or(policy.brand.from.as_str(), |(_, a)| a);
    let from = from.trim().trim_end_matches('>');
    identity(&client, from, found).await;
    let told = system.app.store.deployed().await;
    let Ok(Some(set)) = told.map(|told| told.and_then(|told| told.configuration_set)) else {
        return found.unknown(
            ("el conjunto de configuración", "the configuration set"),
            found.lang.pick(
                "dispatch todavía no lo dijo a la tabla",
                "dispatch has not told the table yet",
            ),
        );
    };
    destinations(&client, &set, found).await;
}

async fn account(client: &Client, wanted: Option<u32>, found: &mut Findings) {
    let account = match client.get_account().send().await {
        Ok(account) => account,
        Err(error) => {
            return found.unknown(("la cuenta de SES", "SES's account"), why(&error));
        }
    };
    if !account.production_access_enabled() {
        found.error(
            "sandbox",
            (
                "SES está en el entorno de pruebas: solo acepta correo a direcciones verificadas",
                "SES is in its sandbox: it takes mail to verified addresses only",
            ),
            (
                "pide acceso de producción en la consola de SES (infra/README.md)",
                "ask for production access in SES's console (infra/README.md)",
            ),
        );
    }
    if !account.sending_enabled() {
        found.error(
            "sending-disabled",
            ("SES no envía para esta cuenta", "SES sends nothing for this account"),
            (
                "mira por qué en la consola de SES; suele ser por rebotes o quejas",
                "look why in SES's console; as a rule it is for bounces or complaints",
            ),
        );
    }
    let status = account.enforcement_status().unwrap_or("HEALTHY");
    if status != "HEALTHY" {
        let (es, en) = (
            format!("SES vigila esta cuenta: {status}"),
            format!("SES watches this account: {status}"),
        );
        found.error("reputation", (&es, &en), ("baja los rebotes y las quejas antes de seguir: lazo pause --purpose marketing", "bring bounces and complaints down before you go on: lazo pause --purpose marketing"));
    }
    let Some(quota) = account.send_quota() else { return };
    if let Some(wanted) = wanted.filter(|wanted| f64::from(*wanted) > quota.max_send_rate()) {
        let (es, en) = (
            format!(
                "la política envía {wanted} correos por segundo, y SES acepta {}",
                quota.max_send_rate()
            ),
            format!(
                "the policy sends {wanted} mails a second, and SES takes {}",
                quota.max_send_rate()
            ),
        );
        found.warning(
            "rate",
            (&es, &en),
            (
                "baja mails_per_second, o pide más en Service Quotas",
                "lower mails_per_second, or ask for more in Service Quotas",
            ),
        );
    }
    let most = quota.max24_hour_send();
    if most > 0.0 && quota.sent_last24_hours() >= most * QUOTA_SHARE {
        let (es, en) = (
            format!("se usaron {} de los {most} correos de un día", quota.sent_last24_hours()),
            format!("{} of the {most} mails of a day are used up", quota.sent_last24_hours()),
        );
        found.error(
            "quota",
            (&es, &en),
            (
                "pide más en Service Quotas; lo que toque salir espera",
                "ask for more in Service Quotas; what is due waits",
            ),
        );
    }
}

/// Whether the sender, or a domain of it, is verified.
async fn identity(client: &Client, from: &str, found: &mut Findings) {
    let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
    // The address itself, its domain, and the domains above that.
    let above = domain.match_indices('.').map(|(at, _)| &domain[at + 1..]);
    let above = above.filter(|name| name.contains('.'));
    for name in [from, domain].into_iter().chain(above) {
        match client.get_email_identity().email_identity(name).send().await {
            Ok(told) if told.verified_for_sending_status() => {
                let dkim = told.dkim_attributes().and_then(|dkim| dkim.status());
                if !name.contains('@') && dkim != Some(&DkimStatus::Success) {
                    let (es, en) = (
                        format!("{name} no firma con DKIM: muchos buzones lo tomarán por spam"),
                        format!(
                            "{name} does not sign with DKIM: many mailboxes will take it for spam"
                        ),
                    );
                    found.warning(
                        "dkim",
                        (&es, &en),
                        (
                            "pon los registros DNS que muestra SES",
                            "set the DNS records that SES shows",
                        ),
                    );
                }
                return;
            }
            Ok(_) => {}
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {
            }
            Err(error) => {
                return found
                    .unknown(("la identidad del remitente", "the sender's identity"), why(&error));
            }
        }
    }
    let (es, en) = (
        format!("SES no tiene verificado al remitente {from}, ni su dominio"),
        format!("SES has verified neither the sender {from} nor its domain"),
    );
    found.error(
        "identity",
        (&es, &en),
        (
            "verifica la identidad en SES, o cambia brand.from y MailFrom",
            "verify the identity in SES, or change brand.from and MailFrom",
        ),
    );
}

/// Whether the configuration set is there, and tells EventBridge all that is needed.
async fn destinations(client: &Client, set: &str, found: &mut Findings) {
    let told = client.get_configuration_set_event_destinations().configuration_set_name(set);
    let destinations = match told.send().await {
        Ok(told) => told.event_destinations.unwrap_or_default(),
        Err(error)
            if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) =>
        {
            let (es, en) = (
                format!("el conjunto de configuración {set} no existe: SES rechaza cada correo"),
                format!("there is no configuration set {set}: SES refuses every mail"),
            );
            return found.error(
                "configuration-set",
                (&es, &en),
                ("despliega la plantilla otra vez", "deploy the template again"),
            );
        }
        Err(error) => {
            return found
                .unknown(("el conjunto de configuración", "the configuration set"), why(&error));
        }
    };
    let is_ours =
        |one: &&EventDestination| one.enabled() && one.event_bridge_destination().is_some();
    let told: Vec<&EventType> =
        destinations.iter().filter(is_ours).flat_map(|one| one.matching_event_types()).collect();
    let missing: Vec<&str> =
        TOLD.iter().filter(|kind| !told.contains(kind)).map(EventType::as_str).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        let (es, en) = (
            format!("SES no cuenta esto de los correos: {missing}"),
            format!("SES does not tell this of the mails: {missing}"),
        );
        found.error(
            "mail-events",
            (&es, &en),
            (
                "despliega la plantilla: su conjunto de configuración los manda a EventBridge",
                "deploy the template: its configuration set sends them to EventBridge",
            ),
        );
    }
}
