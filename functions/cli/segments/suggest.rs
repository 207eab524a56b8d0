//! Recency, frequency and money groups by the shop's own fifths, as text.

use anyhow::bail;
use lazo::shell::wording::Language;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::segment::{BUYERS_MIN, Buyers};

use super::Answer;

/// Each group's titles, Spanish first.
const TITLES: &[(&str, &str, &str)] = &[
    (
        "rfm-champions",
        "Los mejores: recientes, frecuentes y de buen gasto",
        "Champions: recent, frequent, and they spend",
    ),
    ("rfm-loyal", "Fieles: compran a menudo", "Loyal: they buy often"),
    (
        "rfm-promising",
        "Prometedores: recientes, con pocas compras",
        "Promising: recent, with few purchases",
    ),
    (
        "rfm-cooling",
        "Se enfrían: pocas compras y ya no tan recientes",
        "Cooling: few purchases, and not so recent",
    ),
    (
        "rfm-at-risk",
        "En riesgo: compraban a menudo y hace mucho que no vuelven",
        "At risk: they bought often and stay away",
    ),
    (
        "rfm-dormant",
        "Dormidos: pocas compras y hace mucho tiempo",
        "Dormant: few purchases, long ago",
    ),
    (
        "rfm-big-spenders",
        "Los que más gastan: la quinta parte de arriba",
        "Big spenders: the top fifth",
    ),
];

/// Prints them, for segments.yaml.
///
/// # Errors
/// Where there are too few buyers to speak of fifths.
pub fn print(
    buyers: Buyers,
    book: &RuleBook,
    at: Instant,
    lang: Language,
) -> anyhow::Result<Answer> {
    let count = buyers.count();
    let Some(fifths) = buyers.fifths() else {
        match lang {
            Language::Es => bail!(
                "--suggest: hay {count} clientes con compras, y para hablar de quintiles hacen falta {BUYERS_MIN}"
            ),
            Language::En => bail!(
                "--suggest: {count} customers have bought, and it takes {BUYERS_MIN} to speak of fifths"
            ),
        }
    };
    let day = at.date_in(&book.default_zone);
    match lang {
        Language::Es => out!(
            "# Recencia, frecuencia y monto, por los quintiles de {} clientes con compras al {day}.\n# Se calcularon con `lazo segments --suggest`; vuelve a hacerlo cuando la tienda cambie.",
            fifths.buyers
        ),
        Language::En => out!(
            "# Recency, frequency and money, by the fifths of {} customers who had bought by {day}.\n# Reckoned by `lazo segments --suggest`; do it again when the shop changes.",
            fifths.buyers
        ),
    }
    for (name, condition) in fifths.groups() {
        let title = TITLES.iter().find(|(known, ..)| *known == name);
        out!("{name}:");
        if let Some((_, es, en)) = title {
            out!("  title: {{ es: \"{es}\", en: \"{en}\" }}");
        }
        out!("  if: '{condition}'");
        out!("  counted: true");
    }
    Ok(Answer::Yes)
}
