//! Where customers fare worst, for those who bring most.

use maud::{Markup, html};

use super::{as_of, kept, nothing, sub};
use crate::console::ask::Ask;
use crate::console::charts;
use crate::console::reply::{Answer, Page};
use crate::console::routes::Section;
use crate::shell::report::kept::{Kept, StopFigures};
use crate::shell::rules::Rules;
use crate::shell::wording::Language;
use crate::shell::wording::uplift::percent;

const PHASES: [&str; 3] = ["prepurchase", "purchase", "postpurchase"];

/// The page.
pub async fn journey(ask: Ask) -> Answer {
    let kept = kept(&ask).await?;
    let lang = ask.lang;
    let title = lang.pick("Recorrido del cliente", "The customer’s journey");
    let rules = ask.rules();
    let main = html! {
        div.wrap {
            header.head {
                h1 { (title) }
                @if let Some(kept) = &kept { p.lead { (lead(kept, &rules, lang)) } }
            }
            (sub("/reports/journey", lang))
            @match &kept {
                None => (nothing(&ask)),
                Some(kept) => {
                    (as_of(Some(kept), &ask))
                    @for phase in PHASES {
                        @let stops: Vec<&StopFigures> = kept.journey.iter().filter(|stop| stop.phase == phase).collect();
                        @if !stops.is_empty() { (table(phase, &stops, &rules, lang)) }
                    }
                }
            }
        }
    };
    Ok(Page::new(Section::Reports, title, main).into())
}

/// How bad a touchpoint certainly is, for those who bring most where that is known.
fn badness(stop: &StopFigures) -> f64 {
    stop.unhappy_by_value.unwrap_or(stop.unhappy_share).low
}

fn called<'a>(stop: &'a StopFigures, rules: &'a Rules, lang: Language) -> &'a str {
    let rule = rules.book.rule(&stop.touchpoint).map(|rule| lang.title_of(rule));
    rule.unwrap_or_else(|| lang.touchpoint(&rules.book.policy, &stop.touchpoint))
}

fn lead(kept: &Kept, rules: &Rules, lang: Language) -> String {
    let worst = kept.journey.iter().max_by(|a, b| badness(a).total_cmp(&badness(b)));
    let Some(worst) = worst.filter(|stop| stop.unhappy > 0) else {
        return lang
            .pick("Nadie ha dicho que le fuera mal.", "Nobody has said that they fared badly.")
            .to_owned();
    };
    let share = percent(worst.unhappy_by_value.unwrap_or(worst.unhappy_share).share, lang);
    let name = called(worst, rules, lang);
    match lang {
        Language::Es => format!(
            "Donde peor nos va con quienes más valen es en «{name}»: el {share} de lo que aportan quienes opinaron viene de alguien que quedó a disgusto."
        ),
        Language::En => format!(
            "Where we do worst for those who bring most is “{name}”: {share} of what those who answered bring comes from somebody who was unhappy."
        ),
    }
}

fn phase_name(phase: &str, lang: Language) -> &'static str {
    match phase {
        "prepurchase" => lang.pick("Antes de la compra", "Before the purchase"),
        "purchase" => lang.pick("En la compra", "At the purchase"),
        _ => lang.pick("Después de la compra", "After the purchase"),
    }
}

fn table(phase: &str, stops: &[&StopFigures], rules: &Rules, lang: Language) -> Markup {
    let unhappy = lang.pick("A disgusto", "Unhappy");
    html! {
        section class="card mt6" aria-labelledby=(phase) {
            h2 id=(phase) { (phase_name(phase, lang)) }
            table class="journey tcards" {
                thead {
                    tr {
                        th scope="col" { (lang.pick("Dónde", "Where")) }
                        th.n scope="col" { (unhappy) }
                        th scope="col" {
                            span.vh { (lang.pick("De 0 a 100 %", "From 0 to 100 %")) }
                            span.scale aria-hidden="true" { span { "0" } span { "25" } span { "50" } span { "75" } span { "100 %" } }
                        }
                        th scope="col" { (lang.pick("Contentos, regular, a disgusto", "Happy, in between, unhappy")) }
                        th.n scope="col" { (lang.pick("Aportan quienes quedaron a disgusto", "What the unhappy bring")) }
                    }
                }
                tbody { @for stop in stops { (row(stop, rules, lang)) } }
            }
        }
    }
}

fn row(stop: &StopFigures, rules: &Rules, lang: Language) -> Markup {
    let share = stop.unhappy_by_value.unwrap_or(stop.unhappy_share);
    let between = stop.answers.saturating_sub(stop.happy + stop.unhappy);
    let (low, high) = (percent(share.low, lang), percent(share.high, lang));
    let said = match lang {
        Language::Es => format!("{} a disgusto, entre {low} y {high}", percent(share.share, lang)),
        Language::En => format!("{} unhappy, between {low} and {high}", percent(share.share, lang)),
    };
    let moods = match lang {
        Language::Es => {
            format!("{} contentos, {between} regular, {} a disgusto", stop.happy, stop.unhappy)
        }
        Language::En => {
            format!("{} happy, {between} in between, {} unhappy", stop.happy, stop.unhappy)
        }
    };
    html! {
        tr {
            th scope="row" { (called(stop, rules, lang)) br; code.faint { (stop.touchpoint) } }
            td class="n big" data-l=(lang.pick("A disgusto, por lo que valen", "Unhappy, by their value")) { (percent(share.share, lang)) }
            td.w { (charts::share(share, &said)) }
            td.m data-l=(lang.pick("Cómo les fue", "How they fared")) {
                (charts::moods(stop.happy, between, stop.unhappy, &moods))
                span class="xs mute" { (stop.answers) ": " (stop.happy) ", " (between) ", " (stop.unhappy) }
            }
            td.n data-l=(lang.pick("Aportan", "They bring")) { (lang.estimate(stop.worth_unhappy, rules.book.policy.currency)) }
        }
    }
}
