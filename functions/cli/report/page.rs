//! A report as people read it on a terminal: rule by rule, what was sent and what it
//! brought.

use std::io::{self, Write};

use lazo::shell::wording::{Language, uplift};
use lazo_domain::uplift::{EVERY_RULE, RuleReport};

use super::Shown;

/// Prints the page.
pub fn print(shown: &Shown, lang: Language) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", head(shown, lang))?;
    let is_idle = |report: &&RuleReport| report.enrolled + report.held_out_of_all == 0;
    for report in shown.reports.iter().filter(|report| !is_idle(report)) {
        writeln!(out, "\n{}", name(report, lang))?;
        for (count, what) in counts(report, lang) {
            writeln!(out, "  {count:>8} {what}")?;
        }
        for (reason, count) in &report.not_sent {
            let not_sent = lang.pick("sin enviar", "not sent");
            writeln!(out, "  {count:>8} {not_sent}: {}", lang.reason(*reason))?;
        }
        writeln!(out, "  {}", uplift::of_rule(report, lang))?;
        for variant in &report.variants {
            let told = uplift::of_variant(variant, lang);
            writeln!(out, "  {} {}: {told}", variant.step, variant.variant)?;
        }
    }
    let idle: Vec<&str> =
        shown.reports.iter().filter(is_idle).map(|report| report.rule.as_str()).collect();
    if !idle.is_empty() {
        let nobody = lang.pick("Sin clientes en estos días:", "Nobody in these days:");
        writeln!(out, "\n{nobody} {}", idle.join(", "))?;
    }
    Ok(())
}

/// Which days it is of.
pub fn head(shown: &Shown, lang: Language) -> String {
    match (shown.days(), lang) {
        ((Some(from), until), Language::Es) => {
            format!("Clientes que entraron a las reglas del {from} al {until}.")
        }
        ((Some(from), until), Language::En) => {
            format!("Customers who were enrolled in the rules from {from} to {until}.")
        }
        ((None, until), Language::Es) => {
            format!("Clientes que entraron a las reglas hasta el {until}.")
        }
        ((None, until), Language::En) => {
            format!("Customers who were enrolled in the rules until {until}.")
        }
    }
}

/// What a rule is called; all of them together have words for a name.
pub fn name(report: &RuleReport, lang: Language) -> String {
    match report.rule.as_str() {
        EVERY_RULE => {
            let all = lang.pick("todas las reglas juntas", "all rules together");
            format!("{EVERY_RULE} ({all})")
        }
        rule => rule.to_owned(),
    }
}

/// The counts of a rule, each with what is counted.
pub fn counts(report: &RuleReport, lang: Language) -> Vec<(u64, &'static str)> {
    // One or several, Spanish first.
    let row = |count: u64, es: [&'static str; 2], en: [&'static str; 2]| {
        let several = usize::from(count != 1);
        (count, lang.pick(es[several], en[several]))
    };
    let known = |count: Option<u64>, es, en| count.map(|count| row(count, es, en));
    let some = |count: u64, es, en| (count > 0).then(|| row(count, es, en));
    let rows = [
        Some(row(
            report.enrolled,
            ["cliente entró", "clientes entraron"],
            ["customer enrolled", "customers enrolled"],
        )),
        some(
            report.held_out,
            ["de ellos, apartado para comparar", "de ellos, apartados para comparar"],
            ["of them held out, to compare with"; 2],
        ),
        some(
            report.held_out_of_all,
            [
                "cliente más, apartado de todas las reglas",
                "clientes más, apartados de todas las reglas",
            ],
            ["more customer, held out of all rules", "more customers, held out of all rules"],
        ),
        Some(row(
            report.reached,
            ["recibió algo", "recibieron algo"],
            ["was sent something", "were sent something"],
        )),
        Some(row(
            report.sent,
            ["contacto enviado", "contactos enviados"],
            ["touch sent", "touches sent"],
        )),
        known(
            report.delivered,
            ["correo entregado", "correos entregados"],
            ["mail delivered", "mails delivered"],
        ),
        known(
            report.bounced,
            ["correo devuelto", "correos devueltos"],
            ["mail bounced", "mails bounced"],
        ),
        known(
            report.complained,
            ["correo marcado como spam", "correos marcados como spam"],
            ["mail reported as spam", "mails reported as spam"],
        ),
        some(
            report.pending,
            ["contacto pendiente", "contactos pendientes"],
            ["touch still pending", "touches still pending"],
        ),
    ];
    rows.into_iter().flatten().collect()
}
