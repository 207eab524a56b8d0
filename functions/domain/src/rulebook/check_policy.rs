//! What is found in the policy beyond its shape.

use super::report::Findings;
use super::yaml::{self, Form, Key};
use super::{Diagnostic, policy_schema};
use crate::bilingual::said;
use crate::codes::{is_country, no_country, no_currency};
use crate::event::Locale;
use crate::policy::{FrequencyCap, Policy};

/// The policy, also where something in it is wrong, so that rules can be checked by
/// the rest; `None` where it cannot be read at all.
pub fn policy(file: &str, text: &str, form: Form, found: &mut Vec<Diagnostic>) -> Option<Policy> {
    let (policy, node) = yaml::read::<Policy>(file, text, policy_schema, form, found)?;
    let policy = policy?;
    let mut report =
        Findings { file, text, node, relationships: Vec::new(), segments: None, found: Vec::new() };
    windows(&policy, &mut report);
    if let Some(why) = policy.currency.and_then(|currency| no_currency(currency.as_str())) {
        report.error(&[Key::Name("currency")], why);
    }
    if let Err(error) = Locale::new(policy.default_locale.as_str()) {
        let message = format!("{:?} {error}", policy.default_locale);
        report.error(&[Key::Name("default_locale")], message);
    }
    if policy.smallest_effect.0 == 0.0 {
        let message = said!(
            "un efecto de 0% no se ve con ningún número de clientes; da el más pequeño que importe, como \"25%\"",
            "an effect of 0% cannot be seen in any number of customers; give the smallest that matters, such as \"25%\""
        );
        report.error(&[Key::Name("smallest_effect")], message);
    }
    caps(&policy.frequency_caps, &[], &mut report);
    for (kind, relationship) in &policy.relationships {
        let path = [Key::Name("relationships"), Key::Name(kind)];
        caps(&relationship.frequency_caps, &path, &mut report);
    }
    let brand = &policy.brand;
    let addresses = [("from", Some(&brand.from)), ("reply_to", brand.reply_to.as_ref())];
    for (key, address) in addresses {
        let Some(address) = address.filter(|address| !address.is_empty()) else { continue };
        if let Err(error) = crate::event::Email::new(address.as_str()) {
            report.error(&[Key::Name("brand"), Key::Name(key)], format!("{address:?} {error}"));
        }
    }
    if brand.name.chars().chain(brand.postal_address.chars()).any(crate::event::breaks_line) {
        report.error(
            &[Key::Name("brand")],
            said!(
                "name y postal_address llevan una sola línea",
                "name and postal_address are one line each"
            ),
        );
    }
    for (path, wrong) in policy.bad_staff() {
        let path: Vec<Key> = path.into_iter().map(Key::Name).collect();
        report.error(&path, wrong.told());
    }
    for (path, doubt) in policy.unheard() {
        let path: Vec<Key> = path.into_iter().map(Key::Name).collect();
        report.warning(&path, doubt);
    }
    found.append(&mut report.found);
    Some(policy)
}

fn caps(caps: &[FrequencyCap], under: &[Key], report: &mut Findings) {
    for (index, cap) in caps.iter().enumerate() {
        let path = [under, &[Key::Name("frequency_caps"), Key::Index(index)]].concat();
        if cap.max == 0 {
            report.error(
                &path,
                said!(
                    "max: 0 no deja pasar nada; mejor pausa las reglas",
                    "max: 0 lets nothing through; pause the rules instead"
                ),
            );
        }
        if cap.per.count == 0 {
            report.error(
                &path,
                said!(
                    "per debe durar algo, por ejemplo \"7 days\"",
                    "per must be longer than nothing, such as \"7 days\""
                ),
            );
        }
    }
}

/// Windows that never open, and countries that there are not.
fn windows(policy: &Policy, report: &mut Findings) {
    for (channel, window) in &policy.windows {
        if window.never_opens() {
            let path = [Key::Name("windows"), Key::Name(channel.as_str())];
            report.error(
                &path,
                said!(
                    "la ventana de {channel} nunca se abre; dale días y horas, o quítala",
                    "the window for {channel} never opens; give it days and hours, or leave it out"
                ),
            );
        }
    }
    for (country, channels) in &policy.by_country {
        if !is_country(country) {
            report
                .error_at_key(&[Key::Name("by_country"), Key::Name(country)], no_country(country));
            continue;
        }
        for channel in channels.keys() {
            if policy.window(*channel, Some(country)).is_some_and(|window| window.never_opens()) {
                let path =
                    [Key::Name("by_country"), Key::Name(country), Key::Name(channel.as_str())];
                report.error(
                    &path,
                    said!(
                        "junto con la ventana general, {channel} nunca se abre en {country}",
                        "together with the general window, {channel} never opens in {country}"
                    ),
                );
            }
        }
    }
}
