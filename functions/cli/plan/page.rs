//! A plan as people read it: what changes first, then rule by rule, then the days.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::civil::{Date, Weekday};
use lazo::shell::wording::Language;
use lazo_domain::plan::{Action, Comparison, Day, Effects, SegmentChange, Sent};

use super::bundles::Differences;
use super::{History, Plan};

/// More days than this are told by weeks.
const DAYS_SHOWN: usize = 31;

/// How wide the longest bar is.
const BAR_WIDTH: usize = 36;

/// Prints the page.
pub fn print(plan: &Plan, lang: Language) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", rehearsed(&plan.history, lang))?;
    if plan.is_none() {
        let none = lang.pick("No cambia nada.", "Nothing changes.");
        writeln!(out, "{none}")?;
    } else {
        writeln!(out, "{}", lang.effects(&plan.comparison.effects))?;
        writeln!(out, "{}", lang.pending_effects(&plan.comparison.pending))?;
        if let Some(calls) = calls(plan, lang) {
            writeln!(out, "{calls}")?;
        }
        rules(&mut out, plan, lang)?;
        others(&mut out, plan, lang)?;
        days(&mut out, &plan.comparison, lang)?;
    }
    if !plan.lints.is_empty() {
        writeln!(out, "\n{}", lang.pick("Conviene revisar", "Worth a look"))?;
        for lint in &plan.lints {
            writeln!(out, "  · {}", lang.lint(lint))?;
        }
    }
    Ok(())
}

fn rehearsed(history: &History, lang: Language) -> String {
    let History { from, until, zone, events, customers, .. } = history;
    let (from, until) = (from.date_in(zone), until.date_in(zone));
    match lang {
        Language::Es => format!(
            "Ensayado con {events} eventos de {customers} clientes; seguimientos del {from} al {until}."
        ),
        Language::En => format!(
            "Rehearsed on {events} events of {customers} customers; follow-ups from {from} to {until}."
        ),
    }
}

/// How many calls a day, against what reps did in that time.
fn calls(plan: &Plan, lang: Language) -> Option<String> {
    let days = &plan.comparison.days;
    let of = |pick: fn(&Day) -> Sent| {
        let each = days.values().map(|day| pick(day).calls);
        (each.clone().sum::<usize>(), each.max().unwrap_or_default())
    };
    let ((before, most_before), (after, most_after)) = (of(|day| day.before), of(|day| day.after));
    if before + after == 0 {
        return None;
    }
    let history = &plan.history;
    let span = (history.until.millis() - history.from.millis()) as f64;
    let in_days = (span / lazo_domain::instant::DAY_MILLIS as f64).max(1.0);
    let a_day = |count: usize| format!("{:.1}", count as f64 / in_days);
    let (before, after) = (a_day(before), a_day(after));
    let said = match lang {
        Language::Es => format!(
            "Llamadas: {after} al día en promedio y {most_after} en el día más cargado; hasta ahora {before} y {most_before}."
        ),
        Language::En => format!(
            "Calls: {after} a day on average and {most_after} on the busiest day; so far {before} and {most_before}."
        ),
    };
    let reported = match (history.calls_reported, lang) {
        (0, _) => String::new(),
        (reported, Language::Es) => {
            format!(" En ese tiempo tu equipo reportó {} al día.", a_day(reported))
        }
        (reported, Language::En) => {
            format!(" In that time your team reported {} a day.", a_day(reported))
        }
    };
    Some(said + &reported)
}

fn rules(out: &mut impl Write, plan: &Plan, lang: Language) -> io::Result<()> {
    let effects = plan.comparison.by_rule();
    writeln!(
        out,
        "\n{:<34}{:>9}{:>9}{:>9}{:>10}",
        lang.pick("Regla", "Rule"),
        lang.pick("nuevos", "gained"),
        lang.pick("perdidos", "lost"),
        lang.pick("movidos", "moved"),
        lang.pick("iguales", "unchanged"),
    )?;
    for change in &plan.differences.rules {
        let of_rule: Vec<_> =
            effects.iter().filter(|((rule, _), _)| *rule == change.rule).collect();
        let is_quiet = of_rule.iter().all(|(_, effects)| effects.are_none());
        if change.action == Action::None && is_quiet {
            continue;
        }
        writeln!(out, "{} ({})", change.rule, lang.action(change.action))?;
        for field in &change.changes {
            writeln!(out, "    {}", lang.field_change(field))?;
        }
        for ((_, channel), Effects { gained, lost, moved, unchanged }) in of_rule {
            let channel = channel.as_str();
            writeln!(out, "  {channel:<32}{gained:>9}{lost:>9}{moved:>9}{unchanged:>10}")?;
        }
    }
    Ok(())
}

/// What is written differently, a line each.
pub fn changes_told(differences: &Differences, lang: Language) -> Vec<String> {
    let mut told = Vec::new();
    for change in differences.rules.iter().filter(|change| change.action != Action::None) {
        told.push(format!("{} ({})", change.rule, lang.action(change.action)));
        told.extend(change.changes.iter().map(|field| format!("  {}", lang.field_change(field))));
    }
    if !differences.policy.is_empty() {
        told.push(lang.pick("política", "policy").to_owned());
        told.extend(differences.policy.iter().map(|f| format!("  {}", lang.field_change(f))));
    }
    let templates = differences.templates.iter();
    told.extend(templates.map(|(name, action)| {
        format!("{} {name} ({})", lang.pick("plantilla", "template"), lang.action(*action))
    }));
    told
}

/// What changes besides rules.
fn others(out: &mut impl Write, plan: &Plan, lang: Language) -> io::Result<()> {
    let differences = &plan.differences;
    if !differences.policy.is_empty() {
        writeln!(out, "\n{}", lang.pick("Política", "Policy"))?;
        for field in &differences.policy {
            writeln!(out, "    {}", lang.field_change(field))?;
        }
    }
    segments(out, plan, lang)?;
    if !differences.templates.is_empty() {
        writeln!(out, "\n{}", lang.pick("Plantillas", "Templates"))?;
        for (name, action) in &differences.templates {
            writeln!(out, "    {name} ({})", lang.action(*action))?;
        }
    }
    Ok(())
}

/// Segments that say something else or have other customers in them.
fn segments(out: &mut impl Write, plan: &Plan, lang: Language) -> io::Result<()> {
    let differs = |one: &&SegmentChange| one.action != Action::None || one.before != one.after;
    let all: Vec<&SegmentChange> = plan.differences.segments.iter().filter(differs).collect();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", lang.pick("Segmentos", "Segments"))?;
    for change in all {
        let size = |size: Option<usize>| size.map_or("–".to_owned(), |size| size.to_string());
        let (before, after) = (size(change.before), size(change.after));
        let customers = lang.pick("clientes", "customers");
        let action = lang.segment_action(change.action);
        writeln!(out, "    {} ({action}): {before} → {after} {customers}", change.segment)?;
        for field in &change.changes {
            writeln!(out, "        {}", lang.field_change(field))?;
        }
    }
    Ok(())
}

/// What is sent day by day, or week by week where there are many days.
fn days(out: &mut impl Write, comparison: &Comparison, lang: Language) -> io::Result<()> {
    let by_week = comparison.days.len() > DAYS_SHOWN;
    let mut shown: BTreeMap<Date, (usize, usize)> = BTreeMap::new();
    for (day, Day { before, after }) in &comparison.days {
        let sum = shown.entry(if by_week { monday_of(*day) } else { *day }).or_default();
        sum.0 += before.touches;
        sum.1 += after.touches;
    }
    let most = shown.values().map(|(before, after)| before.max(after)).max();
    let Some(most) = most.filter(|most| **most > 0) else { return Ok(()) };
    let title = match by_week {
        true => lang.pick("Enviados por semana (desde el lunes)", "Sent a week (from Monday)"),
        false => lang.pick("Enviados por día", "Sent a day"),
    };
    writeln!(out, "\n{title}")?;
    let (now, new) = (lang.pick("hoy", "now"), lang.pick("nuevo", "new"));
    for (day, (before, after)) in &shown {
        let bar = |count: &usize| "█".repeat((count * BAR_WIDTH).div_ceil(*most));
        writeln!(out, "  {day}  {now:<6}{before:>7}  {}", bar(before))?;
        writeln!(out, "  {:<10}  {new:<6}{after:>7}  {}", "", bar(after))?;
    }
    Ok(())
}

fn monday_of(day: Date) -> Date {
    let since = day.weekday().since(Weekday::Monday);
    day.saturating_sub(jiff::Span::new().days(since))
}
