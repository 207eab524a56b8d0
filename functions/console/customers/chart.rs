//! The chart of drift: a curve with its threshold, purchases on it, touches on the thread
//! below; the same as a table beside.

use jiff::civil::Date;
use maud::{Markup, html};

use super::super::ask::Ask;
use super::super::parts::{Knot, tag};
use super::view::View;
use crate::shell::portrait::drift::{Drift, Measure};
use crate::shell::wording::Language;

/// How a size of the chart is laid out.
struct Layout {
    width: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    thread: f64,
    height: f64,
    months_apart: i8,
    class: &'static str,
}

const LARGE: Layout = Layout {
    width: 720.0,
    left: 44.0,
    right: 708.0,
    top: 26.0,
    bottom: 238.0,
    thread: 284.0,
    height: 330.0,
    months_apart: 1,
    class: "only-l",
};
const SMALL: Layout = Layout {
    width: 340.0,
    left: 34.0,
    right: 328.0,
    top: 26.0,
    bottom: 208.0,
    thread: 254.0,
    height: 300.0,
    months_apart: 3,
    class: "only-s",
};

/// The card.
pub fn card(ask: &Ask, view: &View, drift: &Drift) -> Markup {
    let lang = ask.lang;
    let (title, how) = match drift.measure {
        Measure::Chance(_) => (
            lang.pick("¿Sigue siendo cliente?", "Still a customer?"),
            lang.pick("Probabilidad, según su propio ritmo", "Chance, by the own rhythm"),
        ),
        Measure::Overdue(_) => (
            lang.pick("¿Cuánto se ha retrasado?", "How far behind?"),
            lang.pick("Frente a su propio ritmo", "Against the own rhythm"),
        ),
    };
    html! {
        section.card aria-labelledby="h-drift" {
            div class="row between" { h2 #h-drift { (title) } p class="s mute" { (how) } }
            figure {
                @for layout in [&LARGE, &SMALL] {
                    div class=(layout.class) { (svg(ask, view, drift, layout)) }
                }
                figcaption.legend {
                    (tag(Knot::Event, lang.pick("compra", "purchase")))
                    (tag(Knot::Sent, lang.pick("contacto que salió", "touch that went out")))
                    (tag(Knot::Not, lang.pick("contacto que no salió", "touch that did not")))
                }
            }
            details.more {
                summary { (lang.pick("Los números, en tabla", "The numbers as a table")) }
                (table(drift, lang))
            }
        }
    }
}

/// The sentence that the chart says.
fn said(drift: &Drift, lang: Language) -> String {
    let day = |day: Date| lang.date(day, drift.today);
    let now = drift.past.last().map(|(_, value)| value_said(drift, *value, lang));
    let now = now.unwrap_or_default();
    let since = drift.drifted.last().filter(|(_, until)| until.is_none()).map(|(from, _)| *from);
    match (since, drift.begins, lang) {
        (Some(from), _, Language::Es) => format!("Hoy {now}; se aleja desde el {}.", day(from)),
        (Some(from), _, Language::En) => format!("Today {now}; drifting since {}.", day(from)),
        (None, Some(at), Language::Es) => {
            format!("Hoy {now}; si no compra, empezaría a alejarse el {}.", day(at))
        }
        (None, Some(at), Language::En) => {
            format!("Today {now}; without a purchase drift would begin on {}.", day(at))
        }
        (None, None, Language::Es) => format!("Hoy {now}; no se aleja en lo que se ve."),
        (None, None, Language::En) => format!("Today {now}; no drift as far as is shown."),
    }
}

fn value_said(drift: &Drift, value: f64, lang: Language) -> String {
    match drift.measure {
        Measure::Chance(_) => format!("{:.0}\u{a0}%", value * 100.0),
        Measure::Overdue(_) => match lang {
            Language::Es => format!("{value:.1} veces su ritmo"),
            Language::En => format!("{value:.1} times the rhythm"),
        },
    }
}

struct Scale<'a> {
    drift: &'a Drift,
    layout: &'a Layout,
    most: f64,
}

impl Scale<'_> {
    fn x(&self, day: Date) -> f64 {
        let [from, until] = self.drift.days;
        let whole = days(from, until).max(1.0);
        let part = (days(from, day) / whole).clamp(0.0, 1.0);
        self.layout.left + part * (self.layout.right - self.layout.left)
    }

    fn y(&self, value: f64) -> f64 {
        let part = (value / self.most).clamp(0.0, 1.0);
        self.layout.bottom - part * (self.layout.bottom - self.layout.top)
    }

    fn path(&self, points: &[(Date, f64)]) -> String {
        let mut path = String::new();
        for (at, (day, value)) in points.iter().enumerate() {
            let letter = if at == 0 { "M" } else { " " };
            path += &format!("{letter}{:.1} {:.1}", self.x(*day), self.y(*value));
        }
        path
    }
}

fn days(from: Date, until: Date) -> f64 {
    f64::from((until - from).get_days())
}

fn svg(ask: &Ask, view: &View, drift: &Drift, layout: &Layout) -> Markup {
    let lang = ask.lang;
    let threshold = threshold(drift);
    let highest = drift.past.iter().chain(&drift.future).map(|(_, value)| *value);
    let most = match drift.measure {
        Measure::Chance(_) => 1.0,
        Measure::Overdue(_) => highest.fold(threshold * 1.25, f64::max).min(threshold * 3.0),
    };
    let scale = Scale { drift, layout, most };
    let Layout { left, right, top, bottom, thread, .. } = *layout;
    let (today, name) = (scale.x(drift.today), layout.class);
    let label = |value: f64| match drift.measure {
        Measure::Chance(_) => format!("{:.0}\u{a0}%", value * 100.0),
        Measure::Overdue(_) => format!("{value:.1}"),
    };
    let title = match lang {
        Language::Es => format!("{}: día a día", view.name()),
        Language::En => format!("{}, day by day", view.name()),
    };
    html! {
        svg.chart viewBox={ "0 0 " (layout.width) " " (layout.height) } role="img"
            aria-labelledby={ "t-" (name) " d-" (name) } {
            title id={ "t-" (name) } { (title) }
            desc id={ "d-" (name) } { (said(drift, lang)) }
            @for (from, until) in &drift.drifted {
                @let x = scale.x(*from);
                @let width = scale.x(until.unwrap_or(drift.today)) - x;
                rect.f-soft x=(num(x)) y=(num(top)) width=(num(width)) height=(num(thread - top)) {}
            }
            line.gr x1=(left) x2=(right) y1=(bottom) y2=(bottom) {}
            line.gr x1=(left) x2=(right) y1=(top) y2=(top) {}
            line.thr x1=(left) x2=(right) y1=(num(scale.y(threshold))) y2=(num(scale.y(threshold))) {}
            @for value in [most, threshold, 0.0] {
                text x=(left - 8.0) y=(num(scale.y(value) + 4.0)) text-anchor="end" { (label(value)) }
            }
            path class="l-ink draw" pathLength="1" d=(scale.path(&drift.past)) {}
            path.l-fc d=(scale.path(&drift.future)) {}
            (points(&scale, lang))
            line.ax x1=(left) x2=(num(today)) y1=(thread) y2=(thread) {}
            line.ax stroke-dasharray="2 5" x1=(num(today)) x2=(right) y1=(thread) y2=(thread) {}
            (touches(&scale))
            text x=(left - 8.0) y=(thread - 6.0) text-anchor="end" { (lang.pick("sí", "yes")) }
            text x=(left - 8.0) y=(thread + 15.0) text-anchor="end" { "no" }
            (months(&scale, lang))
            line.l-now x1=(num(today)) x2=(num(today)) y1=(top) y2=(thread + 24.0) {}
        }
    }
}

fn threshold(drift: &Drift) -> f64 {
    match drift.measure {
        Measure::Chance(threshold) | Measure::Overdue(threshold) => threshold,
    }
}

/// With one decimal, as much as can be seen.
fn num(value: f64) -> String {
    format!("{value:.1}")
}

/// Purchases on the curve, and the days on which drift began or would begin.
fn points(scale: &Scale, lang: Language) -> Markup {
    let drift = scale.drift;
    let on_curve = |day: Date| drift.past.iter().find(|(known, _)| *known == day);
    let began = drift.drifted.iter().map(|(from, _)| *from);
    let crossings: Vec<Date> = began.chain(drift.begins).collect();
    let y = scale.y(threshold(drift));
    let middle = (scale.layout.left + scale.layout.right) / 2.0;
    html! {
        @for (day, value) in drift.purchases.iter().filter_map(|day| on_curve(*day)) {
            rect.f-ink x=(num(scale.x(*day) - 4.0)) y=(num(scale.y(*value) - 4.0)) width="8" height="8" rx="1.5" {}
        }
        @for day in &crossings {
            circle.f-bg cx=(num(scale.x(*day))) cy=(num(y)) r="6" {}
            circle.f-sent cx=(num(scale.x(*day))) cy=(num(y)) r="4" {}
        }
        @if let Some(day) = crossings.last() {
            @let x = scale.x(*day);
            @let is_right = x > middle;
            text.b x=(num(if is_right { x - 10.0 } else { x + 10.0 })) y=(num(y + 20.0))
                text-anchor=(if is_right { "end" } else { "start" }) {
                (lang.date(*day, drift.today)) ": "
                (match (drift.begins == Some(*day), lang) {
                    (true, Language::Es) => "se alejaría",
                    (true, Language::En) => "drift would begin",
                    (false, Language::Es) => "empieza a alejarse",
                    (false, Language::En) => "drift begins",
                })
            }
        }
    }
}

/// What went out above the thread, what did not below.
fn touches(scale: &Scale) -> Markup {
    let thread = scale.layout.thread;
    html! {
        @for (day, went) in &scale.drift.touches {
            @let x = scale.x(*day);
            @if *went {
                circle.f-sent cx=(num(x)) cy=(num(thread - 10.0)) r="5" {}
            } @else {
                circle.f-no cx=(num(x)) cy=(num(thread + 11.0)) r="4.4" {}
                path.s-no d={ "M" (num(x - 2.6)) " " (num(thread + 13.6)) " " (num(x + 2.6)) " " (num(thread + 8.4)) } {}
            }
        }
    }
}

/// The months below, each at its first day.
fn months(scale: &Scale, lang: Language) -> Markup {
    let [from, until] = scale.drift.days;
    let y = scale.layout.height - 4.0;
    let every = scale.layout.months_apart * if days(from, until) > 400.0 { 2 } else { 1 };
    let mut all = Vec::new();
    let mut day = from.first_of_month();
    while day <= until {
        if day >= from && (day.month() - 1) % every == 0 {
            all.push(day);
        }
        day = day.saturating_add(jiff::Span::new().months(1));
    }
    html! {
        @for day in all {
            text x=(num(scale.x(day))) y=(num(y)) {
                (lang.month(day.month()).chars().take(3).collect::<String>())
            }
        }
    }
}

/// The same numbers: purchases, the days on which drift began, and today.
fn table(drift: &Drift, lang: Language) -> Markup {
    let value = |day: Date| {
        let known = drift.past.iter().chain(&drift.future).rev().find(|(known, _)| *known <= day);
        known.map(|(_, value)| value_said(drift, *value, lang)).unwrap_or_default()
    };
    let mut rows: Vec<(Date, &str)> =
        drift.purchases.iter().map(|day| (*day, lang.pick("Compra", "Purchase"))).collect();
    rows.extend(
        drift
            .drifted
            .iter()
            .map(|(day, _)| (*day, lang.pick("Empieza a alejarse", "Drift begins"))),
    );
    rows.push((drift.today, lang.pick("Hoy", "Today")));
    let would =
        lang.pick("Empezaría a alejarse si no compra", "Drift would begin without a purchase");
    rows.extend(drift.begins.map(|day| (day, would)));
    rows.sort_by_key(|(day, _)| *day);
    let shown = rows.len().saturating_sub(24);
    html! {
        table {
            thead {
                tr {
                    th scope="col" { (lang.pick("Día", "Day")) }
                    th scope="col" { (lang.pick("Qué pasó", "What happened")) }
                    th.n scope="col" { (lang.pick("Valor", "Value")) }
                }
            }
            tbody {
                @for (day, what) in rows.into_iter().skip(shown) {
                    tr { td { (lang.date(day, drift.today)) } td { (what) } td.n { (value(day)) } }
                }
            }
        }
    }
}
