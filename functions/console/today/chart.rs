//! The day on a thread: above it what went out, below it what did not; solid is past,
//! dotted is to come.

use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use maud::{Markup, html};

use super::day::Day;
use crate::shell::wording::Language;

/// An hour of the day, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Touches that went out.
    pub sent: usize,
    /// Touches that did not.
    pub not: usize,
    /// Touches that fall due.
    pub coming: usize,
}

/// The hours of a day, by the shop's clock.
pub fn hours(day: &Day, zone: &TimeZone) -> [Hour; 24] {
    let mut hours = [Hour::default(); 24];
    let at = |at: Instant| usize::from(at.zoned(zone).hour().unsigned_abs()).min(23);
    for touch in &day.ended {
        let hour = &mut hours[at(touch.at)];
        match touch.went_out {
            true => hour.sent += 1,
            false => hour.not += 1,
        }
    }
    for due in &day.coming {
        hours[at(*due)].coming += 1;
    }
    hours
}

/// Up to how many knots stand one on another; more are a bar with its count.
const KNOTS_MAX: usize = 9;
const HEIGHT: f64 = 168.0;
const THREAD: f64 = 104.5;
const STEP: f64 = 14.9;
/// How many knots fit below the thread.
const BELOW_MAX: usize = 2;

/// A size of the chart.
struct Size {
    width: f64,
    /// The first hour that is shown.
    first: usize,
    /// A label at each of so many hours.
    label_every: usize,
}

const LARGE: Size = Size { width: 1060.0, first: 0, label_every: 2 };
const SMALL: Size = Size { width: 358.0, first: 3, label_every: 3 };

impl Size {
    fn x(&self, hour: f64) -> f64 {
        let span = 24.0 - self.first as f64;
        10.0 + (hour - self.first as f64) / span * (self.width - 20.0)
    }
}

/// The chart in both sizes, with its legend.
pub fn chart(hours: &[Hour; 24], now: (f64, &str), said: &str, lang: Language) -> Markup {
    html! {
        div.only-l { (drawn(hours, now, said, &LARGE, lang)) }
        div.only-s { (drawn(hours, now, said, &SMALL, lang)) }
    }
}

fn drawn(
    hours: &[Hour; 24],
    (now, clock): (f64, &str),
    said: &str,
    size: &Size,
    lang: Language,
) -> Markup {
    let at = size.x(now.max(size.first as f64));
    let is_late = now > 19.0;
    html! {
        svg.chart viewBox={ "0 0 " (size.width) " " (HEIGHT) } role="img" aria-label=(said) {
            line.ax x1="0" x2=(one(at)) y1=(THREAD) y2=(THREAD) {}
            line.ax stroke-dasharray="2 5" x1=(one(at)) x2=(size.width) y1=(THREAD) y2=(THREAD) {}
            @for (hour, count) in hours.iter().enumerate().skip(size.first) {
                (column(size.x(hour as f64 + 0.5), *count))
            }
            @for hour in (size.first..=24).filter(|hour| hour % size.label_every == 0) {
                text x=(one(size.x(hour as f64))) y="164" text-anchor="middle" { (hour) }
            }
            line.l-now x1=(one(at)) x2=(one(at)) y1="14" y2="146" {}
            text.b.over x=(one(if is_late { at - 6.0 } else { at + 6.0 })) y="20"
                text-anchor=[is_late.then_some("end")] { (lang.pick("ahora, ", "now, ")) (clock) }
        }
    }
}

fn column(x: f64, hour: Hour) -> Markup {
    let above = hour.sent + hour.coming;
    html! {
        @if above > KNOTS_MAX {
            (bar(x, hour.sent.max(hour.coming), hour.sent >= hour.coming))
        } @else {
            @for at in 0..hour.sent { circle.f-sent cx=(one(x)) cy=(one(above_thread(at))) r="6.2" {} }
            @for at in hour.sent..above { circle.f-plan cx=(one(x)) cy=(one(above_thread(at))) r="5.4" {} }
        }
        @if hour.not > BELOW_MAX {
            rect.f-past x=(one(x - 6.0)) y=(THREAD + 4.0) width="12" height="18" {}
            text x=(one(x)) y=(THREAD + 36.0) text-anchor="middle" { (hour.not) }
        } @else {
            @for at in 0..hour.not { (not_sent(x, THREAD + 12.5 + at as f64 * STEP)) }
        }
    }
}

fn above_thread(at: usize) -> f64 {
    THREAD - 10.5 - at as f64 * STEP * 0.66
}

fn bar(x: f64, count: usize, is_past: bool) -> Markup {
    html! {
        rect class=(if is_past { "f-sent" } else { "f-past" })
            x=(one(x - 6.0)) y="38" width="12" height=(one(THREAD - 41.0)) {}
        text x=(one(x)) y="32" text-anchor="middle" { (count) }
    }
}

fn not_sent(x: f64, y: f64) -> Markup {
    let cut = format!("M{:.1} {:.1} {:.1} {:.1}", x - 3.1, y + 3.1, x + 3.1, y - 3.1);
    html! {
        circle.f-no cx=(one(x)) cy=(one(y)) r="5.4" {}
        path.s-no d=(cut) {}
    }
}

fn one(number: f64) -> String {
    format!("{number:.1}")
}
