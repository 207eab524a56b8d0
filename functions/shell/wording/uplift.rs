//! What a rule brought, in words that claim no more than is known.

use lazo_domain::uplift::{Arm, Difference, Level};

use super::Language;

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
fn share_of(arm: Arm, lang: Language) -> String {
    let of = lang.pick("de", "of");
    format!("{} ({} {of} {})", percent(arm.rate(), lang), arm.converted, arm.customers)
}

/// A share of one to one decimal, as the language writes it.
fn percent(share: f64, lang: Language) -> String {
    let number = format!("{:.1}", share * 100.0);
    let number = number.strip_suffix(".0").unwrap_or(&number);
    match lang {
        // A space that does not break.
        Language::Es => format!("{number}\u{a0}%"),
        Language::En => format!("{number}%"),
    }
}

/// A difference of shares in percentage points, always with its sign.
fn points(difference: f64) -> String {
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
