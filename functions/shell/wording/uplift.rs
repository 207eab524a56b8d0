//! What a rule brought, in words that claim no more than is known.

use lazo_domain::event::EventKind;
use lazo_domain::uplift::{
    Arm, ArmReport, Difference, GoalReport, Level, RevenueRatio, RuleReport, VariantReport, Verdict,
};

use super::Language;

/// What a rule brought: what is known, how sure, and what it takes to know more.
pub fn of_rule(report: &RuleReport, lang: Language) -> String {
    let goal = &report.goal;
    if goal.verdict == Verdict::None {
        return not_measured(goal, lang).to_owned();
    }
    if report.enrolled == 0 {
        let nobody = lang.pick(
            "En estos días no entró nadie a la regla: no hay nada que medir.",
            "Nobody was enrolled in these days: there is nothing to measure.",
        );
        return nobody.to_owned();
    }
    let mut sentences = vec![rates(goal, lang), said(goal, report.enrolled, lang)];
    if goal.event == Some(EventKind::PurchaseCompleted) && goal.verdict != Verdict::Withheld {
        sentences.push(revenue(goal, lang));
    }
    sentences.join(" ")
}

fn not_measured(goal: &GoalReport, lang: Language) -> &'static str {
    match goal.event {
        None => lang.pick(
            "La regla no tiene objetivo, así que no se mide qué logra: agrégale un goal.",
            "The rule has no goal, so what it brings is not measured: give it a goal.",
        ),
        Some(_) => lang.pick(
            "La regla no aparta a nadie, así que no se sabe qué habría pasado sin ella: agrégale holdout: 10%.",
            "The rule holds nobody out, so nobody knows what would have happened without it: give it holdout: 10%.",
        ),
    }
}

/// How many of each arm reached the goal.
fn rates(goal: &GoalReport, lang: Language) -> String {
    let [treated, held_out] = [goal.treated, goal.held_out].map(|arm| share_of(arm.counts(), lang));
    let is_purchase = goal.event == Some(EventKind::PurchaseCompleted);
    match (lang, is_purchase) {
        (Language::Es, true) => format!(
            "De los clientes de la regla compró el {treated}; de los apartados, a quienes no se les envía nada, el {held_out}."
        ),
        (Language::Es, false) => format!(
            "De los clientes de la regla llegó al objetivo el {treated}; de los apartados, a quienes no se les envía nada, el {held_out}."
        ),
        (Language::En, true) => format!(
            "{treated} of the rule's customers bought, and {held_out} of those held out, who are sent nothing."
        ),
        (Language::En, false) => format!(
            "{treated} of the rule's customers reached the goal, and {held_out} of those held out, who are sent nothing."
        ),
    }
}

/// The verdict, or why there is none.
fn said(goal: &GoalReport, enrolled: u64, lang: Language) -> String {
    match (goal.verdict, goal.decided_by) {
        (Verdict::Withheld, _) => withheld(goal, enrolled, lang),
        (Verdict::Effect | Verdict::NoEffectSeen, Some(by)) => {
            let found = Difference { difference: by.difference, low: by.low, high: by.high };
            decided(goal, &found, lang)
        }
        _ => too_early(goal, enrolled, lang),
    }
}

fn withheld(goal: &GoalReport, enrolled: u64, lang: Language) -> String {
    let (held_out, drawn) = (goal.held_out.customers, percent(goal.holdout, lang));
    match lang {
        Language::Es => format!(
            "No se da veredicto: quedaron apartados {held_out} de {enrolled}, y se sorteó el {drawn}; el azar casi nunca da eso. Algo metió o sacó clientes de un grupo: revisa si el porcentaje cambió en estos días o si faltan eventos."
        ),
        Language::En => format!(
            "The verdict is withheld: {held_out} of {enrolled} are held out where {drawn} was drawn, which chance hardly ever does. Something put customers into one group or took them out of it: see whether the share was changed in these days, or whether events are missing."
        ),
    }
}

fn decided(goal: &GoalReport, found: &Difference, lang: Language) -> String {
    let day = goal.verdict_on.map(|day| day.to_string()).unwrap_or_default();
    let (low, high) = (points(found.low), points(found.high));
    let verdict = match (found.low > 0.0, found.high < 0.0) {
        (true, _) => lang.pick(
            "la regla funciona: llegan más que sin ella",
            "the rule works: more get there than without it",
        ),
        (_, true) => lang.pick(
            "la regla perjudica: llegan menos que sin ella",
            "the rule does harm: fewer get there than without it",
        ),
        _ => lang.pick(
            "no se distingue de que no haya efecto; para ver uno más chico hacen falta más clientes apartados o más tiempo",
            "it cannot be told from no effect; to see a smaller one takes a larger holdout or more time",
        ),
    };
    match lang {
        Language::Es => format!(
            "Veredicto del {day}: {verdict}. De quienes ya habían cumplido su plazo, la diferencia es de {} puntos, entre {low} y {high} con un 95\u{a0}% de confianza.",
            points(found.difference)
        ),
        Language::En => format!(
            "Verdict of {day}: {verdict}. Of those who had had their time by then, the difference is {} points, between {low} and {high} with 95% confidence.",
            points(found.difference)
        ),
    }
}

fn too_early(goal: &GoalReport, enrolled: u64, lang: Language) -> String {
    let when = match (goal.customers_needed, goal.verdict_on, lang) {
        (Some(needed), Some(day), Language::Es) => format!(
            "Es pronto para un veredicto: hacen falta unos {needed} clientes con su plazo cumplido y van {enrolled}; a este paso, el {day}."
        ),
        (Some(needed), Some(day), Language::En) => format!(
            "It is too early for a verdict: it takes about {needed} customers who have had their time, and so far {enrolled} are in; at this pace, on {day}."
        ),
        (Some(needed), None, Language::Es) => format!(
            "Es pronto para un veredicto: hacen falta unos {needed} clientes con su plazo cumplido y van {enrolled}; a este paso no se llega en años. Aparta a más clientes."
        ),
        (Some(needed), None, Language::En) => format!(
            "It is too early for a verdict: it takes about {needed} customers who have had their time, and so far {enrolled} are in; at this pace it takes many years. Hold more customers out."
        ),
        (None, _, Language::Es) => {
            "Es pronto para un veredicto, y aún no se sabe de qué día será: faltan clientes que lleguen al objetivo y ya hayan cumplido su plazo.".to_owned()
        }
        (None, _, Language::En) => {
            "It is too early for a verdict, and its day cannot be told yet: too few customers have had their time and reached the goal.".to_owned()
        }
    };
    let Some(found) = goal.rates.interval() else { return when };
    let (low, high) = (points(found.low), points(found.high));
    match lang {
        Language::Es => format!(
            "{when} Hasta hoy la diferencia puede estar entre {low} y {high} puntos (99.8\u{a0}% de confianza)."
        ),
        Language::En => format!(
            "{when} As of today the difference may lie between {low} and {high} points (99.8% confidence)."
        ),
    }
}

fn revenue(goal: &GoalReport, lang: Language) -> String {
    let bought = goal.treated.counts().converted + goal.held_out.counts().converted;
    let is_nothing = |arm: ArmReport| arm.revenue.unwrap_or_default() == 0.0;
    if bought > 0 && is_nothing(goal.treated) && is_nothing(goal.held_out) {
        let foreign = lang.pick(
            "De cuánto gastan no se dice nada: nadie compró en la moneda de la tienda.",
            "Of what they spend nothing is said: nobody bought in the shop's currency.",
        );
        return foreign.to_owned();
    }
    let Some(RevenueRatio { ratio, low, high }) = goal.revenue.interval() else {
        let few = lang.pick(
            "De cuánto gastan todavía no se puede decir nada: compraron muy pocos.",
            "Of what they spend nothing can be said yet: too few bought.",
        );
        return few.to_owned();
    };
    let [ratio, low, high] = [ratio, low, high].map(|of| change(of, lang));
    match lang {
        Language::Es => {
            format!("Ingreso por cliente frente a los apartados: {ratio}, entre {low} y {high}.")
        }
        Language::En => {
            format!(
                "Revenue per customer against those held out: {ratio}, between {low} and {high}."
            )
        }
    }
}

/// What a variant brought against the first one.
pub fn of_variant(variant: &VariantReport, lang: Language) -> String {
    let share = share_of(variant.arm.counts(), lang);
    let Some((against, found)) = variant.against.as_ref().zip(variant.rates.interval()) else {
        return share;
    };
    let (low, high) = (points(found.low), points(found.high));
    let (difference, verdict) = (points(found.difference), verdict(&found, lang));
    match lang {
        Language::Es => format!(
            "{share}; {difference} puntos frente a {against}, entre {low} y {high}. {verdict}"
        ),
        Language::En => format!(
            "{share}; {difference} points against {against}, between {low} and {high}. {verdict}"
        ),
    }
}

/// A ratio as a change, such as `+12%`.
fn change(ratio: f64, lang: Language) -> String {
    let rounded = ((ratio - 1.0) * 100.0).round();
    let sign = if rounded < 0.0 { "−" } else { "+" };
    format!("{sign}{}", percent(rounded.abs() / 100.0, lang))
}

/// Two arms, their difference and how sure it is: in sentences.
pub fn of_rates(
    (treated, held_out): (Arm, Arm),
    found: &Difference,
    level: Level,
    lang: Language,
) -> String {
    let [treated, held_out] = [treated, held_out].map(|arm| share_of(arm, lang));
    let (low, high) = (points(found.low), points(found.high));
    let sure = percent(level.get(), lang);
    let verdict = verdict(found, lang);
    match lang {
        Language::Es => format!(
            "De los contactados convirtió el {treated}; de los apartados, el {held_out}.\n\
             La diferencia es de {} puntos, con un {sure} de confianza entre {low} y {high}.\n{verdict}",
            points(found.difference)
        ),
        Language::En => format!(
            "{treated} of the treated converted, and {held_out} of those held out.\n\
             The difference is {} points, between {low} and {high} with {sure} confidence.\n{verdict}",
            points(found.difference)
        ),
    }
}

fn verdict(found: &Difference, lang: Language) -> &'static str {
    if found.low > 0.0 {
        lang.pick("Se ve un efecto: convierten más.", "An effect is seen: more convert.")
    } else if found.high < 0.0 {
        lang.pick("Se ve un efecto: convierten menos.", "An effect is seen: fewer convert.")
    } else {
        lang.pick(
            "No se distingue de que no haya efecto.",
            "It cannot be told from no effect at all.",
        )
    }
}

/// Such as `6.7 % (30 of 450)`.
pub fn share_of(arm: Arm, lang: Language) -> String {
    let of = lang.pick("de", "of");
    format!("{} ({} {of} {})", percent(arm.rate(), lang), arm.converted, arm.customers)
}

/// A share of one to one decimal, as the language writes it.
pub fn percent(share: f64, lang: Language) -> String {
    let number = format!("{:.1}", share * 100.0);
    let number = number.strip_suffix(".0").unwrap_or(&number);
    match lang {
        // A space that does not break.
        Language::Es => format!("{number}\u{a0}%"),
        Language::En => format!("{number}%"),
    }
}

/// A difference of shares in percentage points, always with its sign.
pub fn points(difference: f64) -> String {
    let rounded = (difference * 1_000.0).round() / 10.0;
    match rounded {
        0.0 => "0.0".to_owned(),
        rounded if rounded < 0.0 => format!("−{:.1}", -rounded),
        rounded => format!("+{rounded:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use lazo_domain::uplift::difference;

    use super::*;

    fn said(treated: (u64, u64), held_out: (u64, u64), lang: Language) -> String {
        let arm = |(converted, customers)| Arm { customers, converted };
        let arms = (arm(treated), arm(held_out));
        let found = difference(arms.0, arms.1, Level::VERDICT).unwrap();
        of_rates(arms, &found, Level::VERDICT, lang)
    }

    #[test]
    fn nothing_is_claimed_that_is_not_known() {
        assert_eq!(
            said((30, 450), (2, 50), Language::En),
            "6.7% (30 of 450) of the treated converted, and 4% (2 of 50) of those held out.\n\
             The difference is +2.7 points, between −7.0 and +6.8 with 95% confidence.\n\
             It cannot be told from no effect at all."
        );
        assert!(said((5000, 45_000), (500, 5000), Language::Es).ends_with("convierten más."));
        assert!(said((0, 90), (3, 10), Language::Es).ends_with("convierten menos."));
    }
}
