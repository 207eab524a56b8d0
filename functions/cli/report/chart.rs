//! Charts of a report as inline SVG, in the page's own colours.

use std::fmt::Write;

use lazo::shell::wording::uplift::points;
use lazo_domain::uplift::{Difference, Week};

const WIDTH: f64 = 640.0;

/// Bars of counts, the first of which is the longest.
pub fn funnel(rows: &[(u64, &str)], title: &str) -> String {
    const ROW: f64 = 26.0;
    const LABEL: f64 = 300.0;
    let most = rows.iter().map(|(count, _)| *count).max().unwrap_or_default().max(1);
    let mut svg = open(rows.len() as f64 * ROW, title);
    for (place, (count, label)) in rows.iter().enumerate() {
        let (y, width) = (place as f64 * ROW, (WIDTH - LABEL - 80.0) * *count as f64 / most as f64);
        let middle = y + ROW * 0.65;
        let label = super::html::escape(label);
        let _ = write!(
            svg,
            "<text x=\"{:.0}\" y=\"{middle:.0}\" text-anchor=\"end\">{label}</text>\
             <rect class=\"bar\" x=\"{LABEL}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"{:.0}\"/>\
             <text x=\"{:.1}\" y=\"{middle:.0}\">{count}</text>",
            LABEL - 8.0,
            y + 4.0,
            ROW - 8.0,
            LABEL + width + 6.0
        );
    }
    svg + "</svg>"
}

/// An interval on a line, with where no effect would be.
pub fn interval(found: &Difference, title: &str) -> String {
    let most = found.low.abs().max(found.high.abs()).max(0.001) * 1.15;
    let x = |value: f64| WIDTH / 2.0 + value / most * (WIDTH / 2.0 - 60.0);
    let (low, middle, high) = (x(found.low), x(found.difference), x(found.high));
    let mut svg = open(84.0, title);
    let _ = write!(
        svg,
        "<line class=\"zero\" x1=\"{zero:.1}\" y1=\"4\" x2=\"{zero:.1}\" y2=\"58\"/>\
         <line class=\"range\" x1=\"{low:.1}\" y1=\"32\" x2=\"{high:.1}\" y2=\"32\"/>\
         <circle class=\"dot\" cx=\"{middle:.1}\" cy=\"32\" r=\"6\"/>",
        zero = x(0.0)
    );
    for (at, y, value) in
        [(low, 58.0, found.low), (high, 58.0, found.high), (middle, 18.0, found.difference)]
    {
        let text = points(value);
        let _ = write!(svg, "<text x=\"{at:.1}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>");
    }
    let _ = write!(svg, "<text x=\"{:.1}\" y=\"78\" text-anchor=\"middle\">0</text>", x(0.0));
    svg + "</svg>"
}

/// How the difference of all customers so far went, week by week, with its interval.
pub fn trend(weeks: &[Week], title: &str) -> String {
    const HEIGHT: f64 = 180.0;
    let found: Vec<(usize, Difference)> = weeks
        .iter()
        .enumerate()
        .filter_map(|(place, week)| Some((place, week.so_far.interval()?)))
        .collect();
    let most = found.iter().map(|(_, d)| d.low.abs().max(d.high.abs())).fold(0.001, f64::max);
    let step = (WIDTH - 80.0) / weeks.len().saturating_sub(1).max(1) as f64;
    let x = |place: usize| 60.0 + place as f64 * step;
    let y = |value: f64| HEIGHT / 2.0 - value / most * (HEIGHT / 2.0 - 14.0);
    let line = |of: &dyn Fn(&Difference) -> f64| {
        found
            .iter()
            .map(|(place, d)| format!("{:.1},{:.1}", x(*place), y(of(d))))
            .collect::<Vec<_>>()
    };
    let mut band = line(&|d| d.high);
    let mut below = line(&|d| d.low);
    below.reverse();
    band.extend(below);
    let mut svg = open(HEIGHT + 24.0, title);
    let _ = write!(
        svg,
        "<line class=\"zero\" x1=\"60\" y1=\"{0:.1}\" x2=\"{1}\" y2=\"{0:.1}\"/>\
         <polygon class=\"band\" points=\"{2}\"/><polyline class=\"line\" points=\"{3}\"/>",
        y(0.0),
        WIDTH - 20.0,
        band.join(" "),
        line(&|d| d.difference).join(" ")
    );
    for value in [most, 0.0, -most] {
        let text = points(value);
        let _ = write!(
            svg,
            "<text x=\"54\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            y(value) + 4.0
        );
    }
    for place in [0, weeks.len().saturating_sub(1)] {
        let Some(week) = weeks.get(place) else { continue };
        let anchor = if place == 0 { "start" } else { "end" };
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
            x(place),
            HEIGHT + 18.0,
            week.week
        );
    }
    svg + "</svg>"
}

fn open(height: f64, title: &str) -> String {
    let title = super::html::escape(title);
    format!(
        "<svg viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>"
    )
}
