//! A calibration plot: what was said against what came true, as SVG.

use std::fmt::Write;

use lazo::shell::wording::Language;
use lazo_domain::drift::{Evaluation, EvaluationReport};

use super::name;

const LEFT: f64 = 84.0;
const TOP: f64 = 76.0;
const SIDE: f64 = 480.0;
/// Blue and vermilion of Okabe and Ito, told apart by everybody.
const COLOURS: [&str; 2] = ["#0072b2", "#d55e00"];

/// The plot of the model's probabilities; `None` where there are none.
pub fn calibration(found: &Evaluation, lang: Language) -> Option<String> {
    let of = |report: &&EvaluationReport| {
        report.measure.is_probability() && !report.calibration.is_empty()
    };
    let reports: Vec<&EvaluationReport> = found.reports.iter().filter(of).collect();
    if reports.is_empty() {
        return None;
    }
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = write_plot(&mut svg, found, &reports, lang);
    Some(svg)
}

fn x(share: f64) -> f64 {
    LEFT + share.clamp(0.0, 1.0) * SIDE
}

fn y(share: f64) -> f64 {
    TOP + (1.0 - share.clamp(0.0, 1.0)) * SIDE
}

fn write_plot(
    svg: &mut String,
    found: &Evaluation,
    reports: &[&EvaluationReport],
    lang: Language,
) -> std::fmt::Result {
    let title = lang.pick("Calibración: quién no vuelve", "Calibration: who does not come back");
    let (width, height) = (LEFT + SIDE + 36.0, TOP + SIDE + 76.0);
    write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="13" fill="#333">
<title id="title">{title}</title>
<desc id="desc">{}</desc>
<rect width="100%" height="100%" fill="#fff"/>
<text x="{LEFT}" y="30" font-size="18" font-weight="600">{title}</text>
<text x="{LEFT}" y="52" fill="#666">{}{} · {} → {} · {} {}</text>
"##,
        description(found, reports, lang),
        found.model.kind.as_str(),
        match found.model.refused {
            None => "",
            Some(_) => lang.pick(", ajuste rechazado", ", fit refused"),
        },
        found.split,
        found.until,
        found.customers,
        lang.pick("clientes", "customers"),
    )?;
    write_axes(svg, lang)?;
    for (report, colour) in reports.iter().zip(COLOURS) {
        write_series(svg, report, colour, found.customers)?;
    }
    for (row, (report, colour)) in reports.iter().zip(COLOURS).enumerate() {
        let at = TOP + 24.0 + 22.0 * row as f64;
        let brier = report.brier.unwrap_or_default();
        writeln!(
            svg,
            r#"<circle cx="{}" cy="{}" r="5" fill="{colour}"/><text x="{}" y="{}">{} (Brier {brier:.3})</text>"#,
            LEFT + 20.0,
            at - 4.5,
            LEFT + 34.0,
            at,
            name(lang, report.measure),
        )?;
    }
    writeln!(svg, "</svg>")
}

/// What the plot shows, for who cannot see it.
fn description(found: &Evaluation, reports: &[&EvaluationReport], lang: Language) -> String {
    let intro = lang.pick(
        "Por décimas de clientes, la probabilidad media de no volver y la parte que no volvió.",
        "By tenths of the customers, the mean probability not to come back, and the share that did not.",
    );
    let mut text = format!("{intro} {} → {}.", found.split, found.until);
    for report in reports {
        let _ = write!(text, " {}:", name(lang, report.measure));
        for decile in &report.calibration {
            let _ = write!(text, " {:.2} → {:.2};", decile.mean_score, decile.observed);
        }
    }
    text
}

fn write_axes(svg: &mut String, lang: Language) -> std::fmt::Result {
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        let percent = tick * 20;
        writeln!(
            svg,
            r##"<path d="M{} {TOP}V{}M{LEFT} {}H{}" stroke="#e6e6e6"/><text x="{}" y="{}" text-anchor="middle" fill="#666">{percent} %</text><text x="{}" y="{}" text-anchor="end" fill="#666">{percent} %</text>"##,
            x(share),
            y(0.0),
            y(share),
            x(1.0),
            x(share),
            y(0.0) + 22.0,
            LEFT - 10.0,
            y(share) + 4.5,
        )?;
    }
    let (said, true_share) = match lang {
        Language::Es => ("probabilidad prevista de no volver", "parte que no volvió"),
        Language::En => {
            ("predicted probability of not coming back", "share that did not come back")
        }
    };
    let middle = TOP + SIDE / 2.0;
    writeln!(
        svg,
        r##"<path d="M{} {}L{} {}" stroke="#999" stroke-dasharray="5 5"/><text x="{}" y="{}" text-anchor="middle">{said}</text><text transform="translate(24 {middle}) rotate(-90)" text-anchor="middle">{true_share}</text>"##,
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0),
        LEFT + SIDE / 2.0,
        y(0.0) + 50.0,
    )
}

/// A dot for each tenth, as large as it has customers, joined by a line.
fn write_series(
    svg: &mut String,
    report: &EvaluationReport,
    colour: &str,
    all: usize,
) -> std::fmt::Result {
    let points: Vec<String> = report
        .calibration
        .iter()
        .map(|d| format!("{:.1},{:.1}", x(d.mean_score), y(d.observed)))
        .collect();
    writeln!(
        svg,
        r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2" stroke-opacity=".55"/>"#,
        points.join(" ")
    )?;
    for decile in &report.calibration {
        let share = decile.customers as f64 / all.max(1) as f64;
        writeln!(
            svg,
            r#"<circle cx="{:.1}" cy="{:.1}" r="{:.1}" fill="{colour}" fill-opacity=".85" stroke="white"><title>{:.3} → {:.3} ({})</title></circle>"#,
            x(decile.mean_score),
            y(decile.observed),
            3.0 + 8.0 * share.sqrt(),
            decile.mean_score,
            decile.observed,
            decile.customers,
        )?;
    }
    Ok(())
}
