//! What each rule brought.

use maud::{Markup, html};

use super::{as_of, kept, nothing, sub};
use crate::console::ask::{Ask, segment};
use crate::console::charts;
use crate::console::parts::{Knot, tag};
use crate::console::reply::{Answer, Page, Trouble};
use crate::console::routes::Section;
use crate::shell::report::kept::{GoalFigures, Kept, RuleFigures};
use crate::shell::rules::Rules;
use crate::shell::wording::Language;
use crate::shell::wording::uplift::percent;

/// All rules together stand under this name.
const EVERY: &str = "*";

/// The table of rules.
pub async fn rules(ask: Ask) -> Answer {
    let kept = kept(&ask).await?;
    let lang = ask.lang;
    let title = lang.pick("Informes", "Reports");
    let rules = ask.rules();
    let main = html! {
        div.wrap {
            header.head {
                h1 { (title) }
                @if let Some(kept) = &kept { p.lead { (lead(kept, lang)) } }
            }
            (sub("/reports", lang))
            @match &kept {
                None => (nothing(&ask)),
                Some(kept) => {
                    (as_of(Some(kept), &ask))
                    (table(kept, &rules, lang))
                }
            }
        }
    };
    Ok(Page::new(Section::Reports, title, main).into())
}

fn lead(kept: &Kept, lang: Language) -> String {
    let of = |verdict: &str| kept.rules.iter().filter(|one| one.goal.verdict == verdict).count();
    let (works, unseen, early) = (of("effect"), of("no_effect_seen"), of("too_early"));
    match lang {
        Language::Es => format!(
            "En 90 días: {} con efecto, {} en que no se vio y {} en que aún es pronto.",
            lang.counted(works, ["regla", "reglas"], ["", ""], true),
            lang.number(unseen, true),
            lang.number(early, true),
        ),
        Language::En => format!(
            "In 90 days: {} with an effect, {} in which none was seen, and {} of which it is too early to say.",
            lang.counted(works, ["", ""], ["rule", "rules"], false),
            lang.number(unseen, false),
            lang.number(early, false),
        ),
    }
}

fn name<'a>(figures: &'a RuleFigures, rules: &'a Rules, lang: Language) -> &'a str {
    match figures.rule.as_str() {
        EVERY => lang.pick("Todas las reglas juntas", "All rules together"),
        rule => rules.book.rule(rule).map_or(rule, |rule| lang.title_of(rule)),
    }
}

fn table(kept: &Kept, rules: &Rules, lang: Language) -> Markup {
    let mut shown: Vec<&RuleFigures> = kept.rules.iter().collect();
    // What is measured first, then what reaches most.
    shown.sort_by_key(|one| (one.goal.difference.is_none(), std::cmp::Reverse(one.enrolled)));
    html! {
        div class="scroll mt6" tabindex="0" role="region" aria-label=(lang.pick("Reglas y lo que lograron", "Rules and what they brought")) {
            table.tcards {
                thead {
                    tr {
                        th scope="col" { (lang.pick("Regla", "Rule")) }
                        th.n scope="col" { (lang.pick("Entraron", "Entered")) }
                        th.n scope="col" { (lang.pick("Control", "Control")) }
                        th.n scope="col" { (lang.pick("Salió", "Went out")) }
                        th.n scope="col" { (lang.pick("No salió", "Did not")) }
                        th scope="col" { (lang.pick("Efecto, en puntos", "Effect, in points")) (charts::whisker_scale(lang)) }
                    }
                }
                tbody {
                    @for one in shown {
                        tr {
                            th scope="row" {
                                a.plain href={ "/reports/rules/" (segment(&one.rule)) } { (name(one, rules, lang)) }
                            }
                            td.n data-l=(lang.pick("Entraron", "Entered")) { (lang.figures(one.enrolled as f64, 0)) }
                            td.n data-l="Control" { (lang.figures(one.held_out as f64, 0)) }
                            td.n data-l=(lang.pick("Salió", "Went out")) { (lang.figures(one.sent as f64, 0)) }
                            td.n data-l=(lang.pick("No salió", "Did not")) { (lang.figures(one.not_sent.values().sum::<u64>() as f64, 0)) }
                            td { (charts::whisker(&one.goal, lang)) }
                        }
                    }
                }
            }
        }
    }
}

/// One rule.
pub async fn rule(ask: Ask) -> Answer {
    let kept = kept(&ask).await?;
    let lang = ask.lang;
    let named = ask.named("rule");
    let rules = ask.rules();
    let is_known = named == EVERY || rules.book.rule(&named).is_some();
    let figures = kept.as_ref().and_then(|kept| kept.rule(&named));
    if !is_known && figures.is_none() {
        return Err(Trouble::NotFound);
    }
    let none = RuleFigures { rule: named.clone(), ..RuleFigures::default() };
    let figures = figures.unwrap_or(&none);
    let title = name(figures, &rules, lang).to_owned();
    let main = html! {
        div.wrap {
            p.crumbs { a href="/reports" { (lang.pick("Informes", "Reports")) } " / " (named) }
            header.head {
                h1 { (title) }
                p.lead { (lang.pick(&figures.sentence.es, &figures.sentence.en)) }
            }
            (super::super::rules::tabs(&named, "report", &ask))
            @match &kept {
                None => (nothing(&ask)),
                Some(kept) => {
                    (as_of(Some(kept), &ask))
                    div class="cols c84 mt6" {
                        div.stack6 { (effect(&figures.goal, lang)) (funnel(figures, lang)) (not_sent(figures, lang)) }
                        div.stack6 { (verdict(figures, lang)) (revenue(&figures.goal, lang)) (is_clean(figures, lang)) }
                    }
                }
            }
        }
    };
    Ok(Page::new(Section::Reports, title, main).into())
}

/// How a rule stands, as a knot and a word.
pub fn verdict_tag(goal: &GoalFigures, lang: Language) -> Markup {
    let (low, high) = (goal.low.unwrap_or_default(), goal.high.unwrap_or_default());
    match goal.verdict.as_str() {
        "effect" if low > 0.0 => tag(Knot::Well, lang.pick("sirve", "it works")),
        "effect" if high < 0.0 => tag(Knot::Bad, lang.pick("perjudica", "it does harm")),
        "no_effect_seen" => tag(Knot::Not, lang.pick("no se vio efecto", "no effect seen")),
        "too_early" => tag(Knot::Waits, lang.pick("aún es pronto", "too early")),
        "withheld" => tag(Knot::Bad, lang.pick("sin veredicto", "withheld")),
        _ => tag(Knot::Planned, lang.pick("no se mide", "not measured")),
    }
}

fn share(arm: crate::shell::report::kept::ArmFigures, lang: Language) -> String {
    let rate = arm.converted.unwrap_or_default() as f64 / arm.customers.max(1) as f64;
    percent(rate, lang)
}

fn effect(goal: &GoalFigures, lang: Language) -> Markup {
    let of = |count: u64| lang.figures(count as f64, 0);
    html! {
        section.card aria-labelledby="h-effect" {
            div class="row between" {
                h2 #h-effect { (lang.pick("Efecto", "Effect")) }
                (verdict_tag(goal, lang))
            }
            @if goal.difference.is_some() {
                div class="nums two" {
                    div { b { (share(goal.treated, lang)) } span { (lang.pick("llegó, de ", "got there, of ")) (of(goal.treated.customers)) (lang.pick(" que entraron", " who entered")) } }
                    div { b { (share(goal.held_out, lang)) } span { (lang.pick("llegó, de ", "got there, of ")) (of(goal.held_out.customers)) (lang.pick(" del grupo de control", " of the control group")) } }
                }
                figure { (charts::interval(goal, lang)) }
                @if goal.verdict == "too_early" {
                    p class="s mute" {
                        (lang.pick(
                            "Mientras no llegue su día, la raya es más larga a propósito (99.8\u{a0}%): quien mira cada semana acaba viendo efectos que no existen.",
                            "Until its day comes the line is longer on purpose (99.8%): whoever looks every week ends up seeing effects that are not there.",
                        ))
                    }
                }
                details.more {
                    summary { (lang.pick("Los números, en tabla", "The numbers, as a table")) }
                    (arms(goal, lang))
                }
            } @else {
                p.mute { (lang.pick("No hay con qué comparar todavía.", "There is nothing to compare with yet.")) }
            }
        }
    }
}

fn arms(goal: &GoalFigures, lang: Language) -> Markup {
    let rows = [
        (lang.pick("Entraron", "Entered"), goal.treated),
        (lang.pick("Control", "Control"), goal.held_out),
    ];
    html! {
        table {
            thead {
                tr {
                    th scope="col" { (lang.pick("Grupo", "Group")) }
                    th.n scope="col" { (lang.pick("Personas", "People")) }
                    th.n scope="col" { (lang.pick("Llegaron", "Got there")) }
                    th.n scope="col" { (lang.pick("Gasto por persona", "Spent per person")) }
                }
            }
            tbody {
                @for (name, arm) in rows {
                    tr {
                        th scope="row" { (name) }
                        td.n { (lang.figures(arm.customers as f64, 0)) }
                        td.n { (lang.figures(arm.converted.unwrap_or_default() as f64, 0)) }
                        td.n { (arm.revenue.map_or("–".to_owned(), |all| lang.figures(all / arm.customers.max(1) as f64, 2))) }
                    }
                }
            }
        }
    }
}

fn funnel(figures: &RuleFigures, lang: Language) -> Markup {
    let most = figures.enrolled.max(figures.sent);
    let some = |count: Option<u64>| count.unwrap_or_default();
    let rows = [
        (lang.pick("Entraron en la regla", "Entered the rule"), figures.enrolled, "f-sent"),
        (lang.pick("Al grupo de control", "To the control group"), figures.held_out, "f-anil"),
        (lang.pick("Recibieron algo", "Were sent something"), figures.reached, "f-sent"),
        (lang.pick("Contactos que salieron", "Touches that went out"), figures.sent, "f-sent"),
        (
            lang.pick("Correos que llegaron", "Mails that arrived"),
            some(figures.delivered),
            "f-sent",
        ),
        (lang.pick("Rebotaron", "Bounced"), some(figures.bounced), "f-past"),
        (lang.pick("Marcados como spam", "Called spam"), some(figures.complained), "f-bad"),
        (
            lang.pick("Llegaron a la meta", "Reached the goal"),
            some(figures.goal.treated.converted),
            "f-sent",
        ),
    ];
    html! {
        section.card aria-labelledby="h-funnel" {
            h2 #h-funnel { (lang.pick("De cuántos a cuántos", "From how many to how many")) }
            table.funnel {
                tbody {
                    @for (name, count, class) in rows.into_iter().filter(|(_, count, _)| *count > 0) {
                        tr {
                            th scope="row" { (name) }
                            td.n { (lang.figures(count as f64, 0)) }
                            td.barcell { (charts::bar(count, most, class)) }
                        }
                    }
                }
            }
        }
    }
}

fn not_sent(figures: &RuleFigures, lang: Language) -> Markup {
    let mut reasons: Vec<_> = figures.not_sent.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let most = reasons.first().map_or(1, |(_, count)| **count);
    html! {
        @if !reasons.is_empty() {
            section.card aria-labelledby="h-not" {
                h2 #h-not { (lang.pick("A quiénes no les llegó, y por qué", "Whom it did not reach, and why")) }
                p.mute { (lang.pick("Ninguno es un fallo.", "None is a fault.")) }
                table class="funnel mt" {
                    tbody {
                        @for (reason, count) in reasons {
                            tr {
                                th scope="row" { (lang.reason(*reason)) }
                                td.n { (lang.figures(*count as f64, 0)) }
                                td.barcell { (charts::bar(*count, most, "f-past")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn verdict(figures: &RuleFigures, lang: Language) -> Markup {
    let goal = &figures.goal;
    let progress = goal.customers_needed.map(|needed| {
        (figures.enrolled.min(needed), needed, figures.enrolled as f64 / needed.max(1) as f64)
    });
    html! {
        section.card aria-labelledby="h-verdict" {
            h2 #h-verdict { (lang.pick("El veredicto", "The verdict")) }
            @match (goal.verdict.as_str(), &goal.verdict_on) {
                ("none", _) | ("", _) => p { (lang.pick("Sin meta o sin grupo de control no hay veredicto.", "Without a goal or a control group there is no verdict.")) },
                ("too_early", Some(day)) => p.say1 { (lang.pick("Llega el ", "It comes on ")) (day) "." },
                ("too_early", None) => p.say1 { (lang.pick("Aún no se sabe de qué día será.", "Its day cannot be told yet.")) },
                (_, Some(day)) => p.say1 { (lang.pick("Fue el ", "It was on ")) (day) "." },
                (_, None) => p.say1 { (verdict_tag(goal, lang)) },
            }
            @if let (Some((now, needed, share)), "too_early") = (progress, goal.verdict.as_str()) {
                @let percent = (share * 100.0).min(100.0).round();
                progress.pr max="100" value=(percent) aria-label=(lang.pick("Avance hacia el veredicto", "Progress to the verdict")) { (percent) " %" }
                p class="s mute mt" {
                    (lang.figures(now as f64, 0)) (lang.pick(" de unas ", " of about "))
                    (lang.figures(needed as f64, 0)) (lang.pick(" personas que hacen falta.", " people whom it takes."))
                }
            }
        }
    }
}

fn revenue(goal: &GoalFigures, lang: Language) -> Markup {
    let (Some(ratio), Some(low), Some(high)) =
        (goal.revenue_ratio, goal.revenue_low, goal.revenue_high)
    else {
        return html! {};
    };
    let change = |ratio: f64| {
        let (more, less) = (lang.pick("más", "more"), lang.pick("menos", "less"));
        format!("{} {}", percent((ratio - 1.0).abs(), lang), if ratio < 1.0 { less } else { more })
    };
    html! {
        section.card aria-labelledby="h-revenue" {
            h2 #h-revenue { (lang.pick("Lo que gastan", "What they spend")) }
            p.say1 {
                (change(ratio)) (lang.pick(" por persona, entre ", " per person, between "))
                (change(low)) (lang.pick(" y ", " and ")) (change(high)) "."
            }
        }
    }
}

fn is_clean(figures: &RuleFigures, lang: Language) -> Markup {
    let goal = &figures.goal;
    let Some(_) = goal.sample_ratio_p else { return html! {} };
    let apart = figures.held_out as f64 / figures.enrolled.max(1) as f64;
    let (apart, drawn) = (percent(apart, lang), percent(goal.holdout, lang));
    let is_clean = goal.verdict != "withheld";
    html! {
        section.card aria-labelledby="h-clean" {
            h2 #h-clean { (lang.pick("¿Es una comparación limpia?", "Is it a clean comparison?")) }
            p {
                (if is_clean { Knot::Well } else { Knot::Bad })
                (if is_clean { lang.pick("Sí. ", "Yes. ") } else { lang.pick("No. ", "No. ") })
                (lang.pick("El sorteo dejó fuera al ", "The draw held out ")) (apart)
                (lang.pick(", y se pidió ", ", and asked for was ")) (drawn) "."
            }
        }
    }
}
