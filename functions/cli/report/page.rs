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
    let known = |count: Option<u64>, es, en| count.map(|count| (count, lang.pick(es, en)));
    let some = |count: u64, es, en| (count > 0).then(|| (count, lang.pick(es, en)));
    let rows = [
        Some((report.enrolled, lang.pick("clientes entraron", "customers enrolled"))),
        some(
            report.held_out,
            "de ellos, apartados para comparar",
            "of them held out, to compare with",
        ),
        some(
            report.held_out_of_all,
            "clientes más, apartados de todas las reglas",
            "more customers, held out of all rules",
        ),
        Some((report.reached, lang.pick("recibieron algo", "were sent something"))),
        Some((report.sent, lang.pick("contactos enviados", "touches sent"))),
        known(report.delivered, "correos entregados", "mails delivered"),
        known(report.bounced, "correos devueltos", "mails bounced"),
        known(report.complained, "correos marcados como spam", "mails reported as spam"),
        some(report.pending, "contactos pendientes", "touches still pending"),
    ];
    rows.into_iter().flatten().collect()
}
