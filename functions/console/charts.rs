//! Charts as SVG of our own: classes for colour, no inline style; each has the sentence as
//! its name, and a table beside it says the same in numbers.

use maud::{Markup, html};

use crate::shell::report::kept::{GoalFigures, ShareFigures, WeekFigures};
use crate::shell::wording::Language;
use crate::shell::wording::uplift::points;

/// A number as an attribute.
pub fn one(number: f64) -> String {
    format!("{number:.1}")
}

/// What may be seen of an interval: its colour is a verdict, so it has one only where
/// there is one.
fn tone(goal: &GoalFigures, low: f64, high: f64) -> (&'static str, &'static str) {
    let is_decided = matches!(goal.verdict.as_str(), "effect" | "no_effect_seen");
    match () {
        () if is_decided && low > 0.0 => ("l-ok", "f-ok"),
        () if is_decided && high < 0.0 => ("l-bad", "f-bad"),
        () => ("l-ink", "f-ink"),
    }
}

/// The widest difference that the small scale shows, in shares.
const SMALL_MOST: f64 = 0.12;

/// The difference of a rule as a small interval; the vertical thread is no effect.
pub fn whisker(goal: &GoalFigures, lang: Language) -> Markup {
    let (Some(difference), Some(low), Some(high)) = (goal.difference, goal.low, goal.high) else {
        return html! { span.mute { "–" } };
    };
    let x = |share: f64| 100.0 + (share / SMALL_MOST).clamp(-1.0, 1.0) * 92.0;
    let (line, dot) = tone(goal, low, high);
    html! {
        svg.chart viewBox="0 0 200 24" role="img" aria-label=(said(difference, low, high, lang)) {
            line.gr x1="8" x2="192" y1="12" y2="12" {}
            line.ax stroke-width="1.5" x1="100" x2="100" y1="2" y2="22" {}
            line class=(line) stroke-width="3" x1=(one(x(low))) x2=(one(x(high))) y1="12" y2="12" {}
            circle class=(dot) cx=(one(x(difference))) cy="12" r="5" {}
        }
    }
}

/// The scale above small intervals.
pub fn whisker_scale(lang: Language) -> Markup {
    html! {
        svg.chart viewBox="0 0 200 14" aria-hidden="true" {
            text x="8" y="12" { "−12" }
            text x="100" y="12" text-anchor="middle" { (lang.pick("ninguno", "none")) }
            text x="192" y="12" text-anchor="end" { "+12" }
        }
    }
}

fn said(difference: f64, low: f64, high: f64, lang: Language) -> String {
    let (difference, low, high) = (points(difference), points(low), points(high));
    match lang {
        Language::Es => format!("{difference} puntos, entre {low} y {high}"),
        Language::En => format!("{difference} points, between {low} and {high}"),
    }
}

/// The difference of a rule as a large interval, in two sizes.
pub fn interval(goal: &GoalFigures, lang: Language) -> Markup {
    let (Some(difference), Some(low), Some(high)) = (goal.difference, goal.low, goal.high) else {
        return html! {};
    };
    let drawn = |width: f64| drawn(goal, (difference, low, high), width, lang);
    html! { div.only-l { (drawn(640.0)) } div.only-s { (drawn(330.0)) } }
}

fn drawn(
    goal: &GoalFigures,
    (difference, low, high): (f64, f64, f64),
    width: f64,
    lang: Language,
) -> Markup {
    let most = low.abs().max(high.abs()).max(0.01);
    let step = step_of(most);
    let most = (most / step).ceil() * step;
    let middle = width / 2.0;
    let x = |share: f64| middle + share / most * (middle - 40.0);
    let (line, dot) = tone(goal, low, high);
    let ticks = (most / step).round() as i32;
    html! {
        svg.chart viewBox={ "0 0 " (width) " 104" } role="img" aria-label=(said(difference, low, high, lang)) {
            line.gr x1="20" x2=(one(width - 20.0)) y1="46" y2="46" {}
            @for tick in (-ticks..=ticks).filter(|tick| *tick != 0) {
                @let at = one(x(f64::from(tick) * step));
                line.gr x1=(at) x2=(at) y1="40" y2="52" {}
                text x=(at) y="80" text-anchor="middle" { (whole(f64::from(tick) * step)) }
            }
            line.ax x1=(one(middle)) x2=(one(middle)) y1="33" y2="64" {}
            text.b x=(one(middle)) y="80" text-anchor="middle" { "0" }
            text x="20" y="100" { (lang.pick("menos", "fewer")) }
            text x=(one(width - 20.0)) y="100" text-anchor="end" { (lang.pick("más", "more")) }
            line class=(line) stroke-width="2" x1=(one(x(low))) x2=(one(x(high))) y1="46" y2="46" {}
            circle class=(dot) cx=(one(x(difference))) cy="46" r="7" {}
            text.b x=(one(x(difference))) y="24" text-anchor="middle" {
                (points(difference)) (lang.pick(" puntos", " points"))
            }
        }
    }
}

/// A step between ticks that leaves at most four on a side.
fn step_of(most: f64) -> f64 {
    let steps = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
    steps.into_iter().find(|step| most / step <= 4.0).unwrap_or(1.0)
}

/// A difference in whole points, or in halves where it is small.
fn whole(share: f64) -> String {
    let text = points(share);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Thirteen weeks: above the thread who entered, below it who is held out.
pub fn weeks(trend: &[WeekFigures], lang: Language) -> Markup {
    const SHOWN: usize = 13;
    let shown = &trend[trend.len().saturating_sub(SHOWN)..];
    let entered: u64 = shown.iter().map(|week| week.treated.customers).sum();
    let apart: u64 = shown.iter().map(|week| week.held_out.customers).sum();
    if entered + apart == 0 {
        return html! { span.mute { (lang.pick("todavía nada", "nothing yet")) } };
    }
    let said = match lang {
        Language::Es => {
            format!("Últimas {SHOWN} semanas: entraron {entered}, al grupo de control {apart}")
        }
        Language::En => {
            format!("Last {SHOWN} weeks: {entered} entered, {apart} are in the control group")
        }
    };
    let most = shown.iter().map(|week| week.treated.customers.max(week.held_out.customers)).max();
    let most = most.unwrap_or(1).max(1) as f64;
    html! {
        svg.chart viewBox="0 0 168 44" role="img" aria-label=(said) {
            @for (at, week) in shown.iter().enumerate() {
                @let x = 1.5 + (at + SHOWN - shown.len()) as f64 * 12.92;
                @let up = week.treated.customers as f64 / most * 25.3;
                @let down = week.held_out.customers as f64 / most * 14.7;
                @if up > 0.0 { rect.f-sent x=(one(x)) y=(one(27.3 - up)) width="9.9" height=(one(up)) {} }
                @if down > 0.0 { rect.f-anil x=(one(x)) y="28.8" width="9.9" height=(one(down)) {} }
            }
            line.ax stroke-width="1.5" x1="0" x2="168" y1="27.3" y2="27.3" {}
        }
    }
}

/// A bar of a funnel: its part of the longest.
pub fn bar(count: u64, most: u64, class: &str) -> Markup {
    let width = count as f64 / most.max(1) as f64 * 260.0;
    html! {
        svg.chart viewBox="0 0 260 16" aria-hidden="true" {
            rect class=(class) x="0" y="2" width=(one(width)) height="12" rx="2" {}
        }
    }
}

/// A share with its interval, on a scale of 0 to 100 %.
pub fn share(share: ShareFigures, said: &str) -> Markup {
    let x = |part: f64| 8.0 + part.clamp(0.0, 1.0) * 344.0;
    html! {
        svg.chart viewBox="0 0 360 26" role="img" aria-label=(said) {
            @for at in [8.0, 94.0, 180.0, 266.0, 352.0] { line.gr x1=(at) x2=(at) y1="0" y2="26" {} }
            line.l-ink stroke-width="3" x1=(one(x(share.low))) x2=(one(x(share.high))) y1="13" y2="13" {}
            circle.f-ink cx=(one(x(share.share))) cy="13" r="5.5" {}
        }
    }
}

/// Happy, in between, unhappy: one bar of three parts.
pub fn moods(happy: u64, between: u64, unhappy: u64, said: &str) -> Markup {
    let all = (happy + between + unhappy).max(1) as f64;
    let parts = [(happy, "f-ok"), (between, "f-past"), (unhappy, "f-bad")];
    let mut at = 0.0;
    let placed = parts.map(|(count, class)| {
        let width = count as f64 / all * 148.0;
        let from = at;
        at += width + if count > 0 { 1.0 } else { 0.0 };
        (from, width, class)
    });
    html! {
        svg.chart viewBox="0 0 150 14" role="img" aria-label=(said) {
            @for (x, width, class) in placed {
                @if width > 0.0 { rect class=(class) x=(one(x)) y="1" width=(one(width)) height="12" rx="2" {} }
            }
        }
    }
}
