//! A report as one file that opens without a network: a chart and a table beside each.

use std::fmt::Write;

use lazo::shell::wording::{Language, uplift};
use lazo_domain::uplift::{ArmReport, GoalReport, RuleReport};

use super::{Shown, chart, page};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d1d1f;--paper:#fff;--soft:#6b7280;--line:#d1d5db;--mark:#0f6b5c;--band:#0f6b5c33}\
@media(prefers-color-scheme:dark){:root{--ink:#f3f4f6;--paper:#111827;--soft:#9ca3af;--line:#374151;--mark:#5eead4;--band:#5eead433}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:52rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}\
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.25rem 1rem .25rem 0;border-bottom:1px solid var(--line)}\
td.n{text-align:right;font-variant-numeric:tabular-nums}\
svg{width:100%;height:auto}svg text{font:13px system-ui,sans-serif;fill:var(--ink)}\
.bar,.dot{fill:var(--mark)}.range,.line{stroke:var(--mark);stroke-width:3;fill:none}.band{fill:var(--band)}\
.zero{stroke:var(--soft);stroke-dasharray:4 3}p.small{color:var(--soft)}";

/// The page.
pub fn page(shown: &Shown, shop: &str, lang: Language) -> String {
    let title = lang.pick("Qué aportan las reglas", "What the rules bring");
    let title = match shop {
        "" => title.to_owned(),
        shop => format!("{title} · {shop}"),
    };
    let title = escape(&title);
    let head = escape(&page::head(shown, lang));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<p>{head}</p>\n",
        lang.tag()
    );
    for report in shown.reports {
        html += &section(report, lang);
    }
    html + "</body>\n</html>\n"
}

fn section(report: &RuleReport, lang: Language) -> String {
    let name = escape(&page::name(report, lang));
    let sentence = escape(&uplift::of_rule(report, lang));
    let mut html = format!("<section>\n<h2>{name}</h2>\n<p>{sentence}</p>\n");
    if report.enrolled + report.held_out_of_all == 0 {
        return html + "</section>\n";
    }
    let mut rows = page::counts(report, lang);
    let goal = &report.goal;
    let converted = lang.pick("llegaron al objetivo", "reached the goal");
    let sum = [goal.treated, goal.held_out].iter().filter_map(|arm| arm.converted).sum();
    rows.extend(goal.event.map(|_| (sum, converted)));
    let title = lang.pick("De la entrada al objetivo", "From enrolment to the goal");
    html += &figure(title, &chart::funnel(&rows, title));
    let cells = rows.iter().map(|(count, what)| vec![(*what).to_owned(), count.to_string()]);
    html += &table(&[lang.pick("qué", "what"), lang.pick("cuántos", "how many")], cells);
    html += &unsent(report, lang);
    html += &arms(goal, lang);
    html += &variants(report, lang);
    html += &weeks(report, lang);
    html + "</section>\n"
}

fn unsent(report: &RuleReport, lang: Language) -> String {
    if report.not_sent.is_empty() {
        return String::new();
    }
    let cells = report
        .not_sent
        .iter()
        .map(|(reason, count)| vec![lang.reason(*reason).to_owned(), count.to_string()]);
    table(
        &[
            lang.pick("por qué no se envió", "why it was not sent"),
            lang.pick("contactos", "touches"),
        ],
        cells,
    )
}

fn arms(goal: &GoalReport, lang: Language) -> String {
    if goal.event.is_none() {
        return String::new();
    }
    let mut html = String::new();
    if let Some(found) = goal.rates.interval() {
        let title = lang.pick(
            "Diferencia en puntos, con su intervalo",
            "The difference in points, with its interval",
        );
        html += &figure(title, &chart::interval(&found, title));
    }
    let row = |name: &str, arm: &ArmReport| {
        vec![
            name.to_owned(),
            arm.customers.to_string(),
            uplift::share_of(arm.counts(), lang),
            arm.revenue.map(|sum| format!("{sum:.2}")).unwrap_or_default(),
        ]
    };
    let rows = [
        row(lang.pick("con la regla", "with the rule"), &goal.treated),
        row(lang.pick("apartados", "held out"), &goal.held_out),
    ];
    let heads = [
        lang.pick("grupo", "group"),
        lang.pick("clientes", "customers"),
        lang.pick("llegaron al objetivo", "reached the goal"),
        lang.pick("ingreso", "revenue"),
    ];
    html += &table(&heads, rows.into_iter());
    if let (Some(found), Some(level)) = (goal.rates.interval(), goal.rates.level) {
        let [difference, low, high] = [found.difference, found.low, found.high].map(uplift::points);
        let rows = [vec![difference, low, high, uplift::percent(level, lang)]];
        let heads = [
            lang.pick("diferencia (puntos)", "difference (points)"),
            lang.pick("de", "from"),
            lang.pick("a", "to"),
            lang.pick("confianza", "confidence"),
        ];
        html += &table(&heads, rows.into_iter());
    }
    html
}

fn variants(report: &RuleReport, lang: Language) -> String {
    if report.variants.is_empty() {
        return String::new();
    }
    let rows = report
        .variants
        .iter()
        .map(|one| vec![one.step.clone(), one.variant.clone(), uplift::of_variant(one, lang)]);
    let heads = [
        lang.pick("paso", "step"),
        lang.pick("variante", "variant"),
        lang.pick("llegaron al objetivo", "reached the goal"),
    ];
    table(&heads, rows)
}

fn weeks(report: &RuleReport, lang: Language) -> String {
    if report.trend.is_empty() {
        return String::new();
    }
    let mut html = String::new();
    if report.trend.iter().filter(|week| week.so_far.interval().is_some()).count() > 1 {
        let title = lang.pick(
            "Diferencia acumulada por semana, en puntos (99.8 %)",
            "The difference so far, week by week, in points (99.8%)",
        );
        html += &figure(title, &chart::trend(&report.trend, title));
    }
    let rows = report.trend.iter().map(|week| {
        let found = week.so_far.interval();
        let range =
            found.map(|f| format!("{} – {}", uplift::points(f.low), uplift::points(f.high)));
        vec![
            week.week.to_string(),
            uplift::share_of(week.treated.counts(), lang),
            uplift::share_of(week.held_out.counts(), lang),
            range.unwrap_or_default(),
        ]
    });
    let heads = [
        lang.pick("semana del", "week of"),
        lang.pick("con la regla", "with the rule"),
        lang.pick("apartados", "held out"),
        lang.pick("diferencia hasta ahí", "difference so far"),
    ];
    html + &table(&heads, rows)
}

fn figure(title: &str, svg: &str) -> String {
    format!("<h3>{}</h3>\n{svg}\n", escape(title))
}

/// A table; what is behind the first column is set to the right.
fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut html = "<table>\n<thead><tr>".to_owned();
    for head in heads {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(head));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in rows {
        html += "<tr>";
        for (place, cell) in row.iter().enumerate() {
            let (cell, class) = (escape(cell), if place == 0 { "" } else { " class=\"n\"" });
            let _ = write!(html, "<td{class}>{cell}</td>");
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table>\n"
}

/// A text as it stands in a page.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}
