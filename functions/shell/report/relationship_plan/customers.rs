//! The questions on customers: who, what they want, what they are worth, which
//! relationship, how they trade.

use super::super::base::BaseFigures;
use super::{Known, Question, listed};
use crate::shell::wording::Language;
use crate::shell::wording::uplift::percent;

/// How many groups an answer names.
const NAMED: usize = 5;
/// From which share on something is missing so often that the plan says so.
const OFTEN: f64 = 0.2;

impl Known<'_> {
    fn base(&self) -> Option<&BaseFigures> {
        self.kept.base.as_ref().filter(|base| base.customers > 0)
    }

    fn nobody(&self, question: Question) -> Question {
        let lang = self.lang;
        question.lacks(
            lang.pick("No hay clientes todavía.", "There are no customers yet."),
            lang.pick(
                "Importa tu historia con `lazo import`, o conecta tu tienda a la cola de eventos.",
                "Import your history by `lazo import`, or connect your shop to the bus.",
            ),
        )
    }

    /// Who our customers are.
    pub(super) fn who(&self) -> Question {
        let lang = self.lang;
        let question =
            Question::new(lang.pick("¿Quiénes son nuestros clientes?", "Who are our customers?"));
        let Some(base) = self.base() else { return self.nobody(question) };
        let count = usize::try_from(base.customers).unwrap_or(usize::MAX);
        let all = lang.count(count, ["cliente", "clientes"], ["customer", "customers"]);
        let looked = match (base.is_sample, lang) {
            (true, Language::Es) => {
                format!("Se miró una muestra de {all}; las partes son de ella.")
            }
            (true, Language::En) => format!("A sample of {all} was looked at; shares are of it."),
            (false, Language::Es) => format!("Son {all}."),
            (false, Language::En) => format!("There are {all}."),
        };
        let stages = base.stages.iter().map(|(stage, count)| {
            format!("{} {}", lang.stage(*stage), percent(base.share(*count), lang))
        });
        let stages = listed(&stages.collect::<Vec<_>>(), lang);
        let said = lang.pick("Según su etapa", "By stage");
        question.says(looked).says(format!("{said}: {stages}.")).says(self.segments(base))
    }

    /// The largest segments, the stages aside.
    fn segments(&self, base: &BaseFigures) -> String {
        let lang = self.lang;
        let book = &self.rules.book;
        let is_stage = |name: &str| {
            ["exploring", "aware", "growing", "committed", "drifting", "ended"].contains(&name)
        };
        let mut sizes: Vec<_> = base.segments.iter().filter(|(name, _)| !is_stage(name)).collect();
        sizes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let named = sizes.into_iter().filter(|(_, count)| *count > 0).take(NAMED);
        let named: Vec<String> = named
            .map(|(name, count)| {
                let title = book.segments().get(name).and_then(|one| lang.pick_text(&one.title));
                let (open, close) = (lang.pick("«", "“"), lang.pick("»", "”"));
                let (title, share) = (title.unwrap_or(name), percent(base.share(*count), lang));
                format!("{open}{title}{close} {share}")
            })
            .collect();
        let said = lang.pick("Los segmentos más grandes", "The largest segments");
        match named.is_empty() {
            true => lang.pick("Nadie está en un segmento.", "Nobody is in a segment.").to_owned(),
            false => format!("{said}: {}.", listed(&named, lang)),
        }
    }

    /// What they want and expect.
    pub(super) fn wants(&self) -> Question {
        let lang = self.lang;
        let mut question = Question::new(
            lang.pick("¿Qué quieren y qué esperan?", "What do they want and expect?"),
        );
        let worst = self.kept.journey.iter().filter(|stop| stop.unhappy > 0);
        let worst = worst.max_by(|a, b| a.unhappy_share.low.total_cmp(&b.unhappy_share.low));
        if let Some(stop) = worst {
            let rule = self.rules.book.rule(&stop.touchpoint).map(|rule| lang.title_of(rule));
            let name =
                rule.unwrap_or_else(|| lang.touchpoint(&self.rules.book.policy, &stop.touchpoint));
            let share = percent(stop.unhappy_share.share, lang);
            question = question.says(match lang {
                Language::Es => format!("Donde más les falla lo que esperan es en «{name}»: {share} de {} quedó a disgusto.", stop.answers),
                Language::En => format!("Where we fall short most is “{name}”: {share} of {} were unhappy.", stop.answers),
            });
        }
        let mut about: Vec<(&str, u64)> = Vec::new();
        for one in &self.kept.complaints {
            match about.iter_mut().find(|(name, _)| *name == one.category) {
                Some((_, count)) => *count += one.opened,
                None => about.push((&one.category, one.opened)),
            }
        }
        about.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let about = about.into_iter().filter(|(_, count)| *count > 0).take(NAMED);
        let about: Vec<String> =
            about.map(|(name, count)| format!("{} ({count})", lang.category(name))).collect();
        let said = lang.pick("En doce meses se quejaron de", "In twelve months they complained of");
        question = match about.is_empty() {
            true => question.says(
                lang.pick("Nadie se quejó en doce meses.", "Nobody complained in twelve months."),
            ),
            false => question.says(format!("{said}: {}.", listed(&about, lang))),
        };
        let silent = self.base().map_or(1.0, |base| 1.0 - base.share(base.said_satisfaction));
        question.lacks_if(
            silent > OFTEN,
            &format!(
                "{} {}",
                percent(silent, lang),
                lang.pick(
                    "nunca dijo qué tan satisfecho está.",
                    "have never said how satisfied they are."
                )
            ),
            lang.pick(
                "La encuesta tras la entrega y la calificación en cada llamada.",
                "The survey after delivery, and the score in each call.",
            ),
        )
    }

    /// What they may be worth.
    pub(super) fn worth(&self) -> Question {
        let lang = self.lang;
        let question = Question::new(lang.pick("¿Cuánto pueden valer?", "What may they be worth?"));
        let Some(base) = self.base() else { return self.nobody(question) };
        let currency = self.rules.book.policy.currency;
        let mean = lang.estimate(base.worth / base.customers as f64, currency);
        let top = percent(
            if base.worth > 0.0 { base.worth_of_top_tenth / base.worth } else { 0.0 },
            lang,
        );
        let answer = match (base.is_expected, lang) {
            (true, Language::Es) => {
                format!("En el año que viene se espera que cada uno gaste {mean}, en promedio.")
            }
            (true, Language::En) => {
                format!("In the coming year each is expected to spend {mean} on average.")
            }
            (false, Language::Es) => format!("Hasta hoy cada uno ha gastado {mean}, en promedio."),
            (false, Language::En) => format!("Each has spent {mean} so far, on average."),
        };
        let tenth = match lang {
            Language::Es => format!("La décima parte que más vale reúne {top} del total."),
            Language::En => format!("The tenth that is worth most has {top} of the total."),
        };
        question
            .says(answer)
            .says(tenth)
            .lacks_if(
                !base.is_expected,
                lang.pick(
                    "No se sabe cuánto gastarán: no hay modelo ajustado.",
                    "What they will spend is not known: no model is fitted.",
                ),
                lang.pick(
                    "Una historia con bastantes compras: `lazo drift fit` dice cuánto falta.",
                    "A history with enough purchases: `lazo drift fit` tells how much is missing.",
                ),
            )
            .lacks(
                lang.pick(
                    "El margen y lo que cuesta atenderlos.",
                    "The margin, and what it costs to serve them.",
                ),
                lang.pick(
                    "La contabilidad de la tienda; Lazo solo ve las ventas.",
                    "The shop’s books; Lazo sees sales alone.",
                ),
            )
    }

    /// Which relationship we want with them.
    pub(super) fn kind(&self) -> Question {
        let lang = self.lang;
        let question = Question::new(lang.pick(
            "¿Qué relación queremos a corto, mediano y largo plazo?",
            "Which relationship do we want in the short, middle and long term?",
        ));
        let types: Vec<String> = self.rules.book.policy.relationships.keys().cloned().collect();
        let offered =
            lang.pick("La política distingue estos tipos", "The policy knows these types");
        let question = match types.is_empty() {
            true => question.lacks(
                lang.pick(
                    "La política no distingue tipos de relación.",
                    "The policy knows no types of relationship.",
                ),
                lang.pick("`relationships` en policy.yaml.", "`relationships` in policy.yaml."),
            ),
            false => question.says(format!("{offered}: {}.", listed(&types, lang))),
        };
        let Some(base) = self.base() else { return self.nobody(question) };
        let shares = base.relationships.iter().filter(|(name, _)| !name.is_empty());
        let shares: Vec<String> = shares
            .map(|(name, count)| format!("{name} {}", percent(base.share(*count), lang)))
            .collect();
        let untold = base.share(base.relationships.get("").copied().unwrap_or_default());
        let question = match shares.is_empty() {
            true => question,
            false => {
                question.says(format!("{}: {}.", lang.pick("Hoy", "Today"), listed(&shares, lang)))
            }
        };
        question
            .says(lang.pick(
                "A corto plazo, que la primera compra lleve a una segunda; a mediano, que vuelvan por costumbre; a largo, que nadie se aleje sin que alguien le llame.",
                "In the short term, that a first purchase leads to a second; in the middle, that coming back is a habit; in the long term, that nobody drifts away without a call.",
            ))
            .lacks_if(
                untold > OFTEN,
                &format!("{} {}", lang.pick("No se sabe qué relación quiere", "The relationship is not known of"), percent(untold, lang)),
                lang.pick("Pregúntalo en la llamada de gracias, y mándalo en CustomerUpdated.", "Ask in the thank-you call, and send it by CustomerUpdated."),
            )
    }

    /// How we trade.
    pub(super) fn trade(&self) -> Question {
        let lang = self.lang;
        let question =
            Question::new(lang.pick("¿Cómo comerciamos con ellos?", "How do we trade with them?"));
        let Some(base) = self.base() else { return self.nobody(question) };
        let (bought, again) =
            (percent(base.share(base.buyers), lang), percent(base.share(base.repeat_buyers), lang));
        question
            .says(match lang {
                Language::Es => {
                    format!("{bought} ha comprado alguna vez, y {again} en más de un día.")
                }
                Language::En => format!("{bought} have bought, and {again} on more than one day."),
            })
            .lacks(
                lang.pick(
                    "Por qué canal compran, y con qué condiciones.",
                    "Where they buy, and on which terms.",
                ),
                lang.pick(
                    "El punto de venta y la tienda en línea, si lo mandan en cada compra.",
                    "The till and the online shop, where they send it with each purchase.",
                ),
            )
    }
}
