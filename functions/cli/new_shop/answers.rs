//! What a shop says of itself: by options, or asked for on a terminal.

use std::fmt::Display;
use std::io::{self, BufRead, Write};

use anyhow::{Context, bail};
use lazo::shell::wording::Language;
use lazo_domain::event::Email;
use lazo_domain::money::Currency;

use super::Args;
use crate::ask;

/// What a new folder needs to know.
pub struct Answers {
    pub name: String,
    pub currency: String,
    pub time_zone: String,
    /// At least one; the usual one first.
    pub languages: Vec<Language>,
    pub from: String,
    pub address: String,
}

impl Answers {
    /// Takes the options, and asks for what they leave out.
    ///
    /// # Errors
    /// All options that are missing where nobody can be asked; a language that there
    /// are no texts for.
    pub fn of(args: &Args, lang: Language) -> anyhow::Result<Answers> {
        let languages = args.languages.as_ref().map(|list| list.join(","));
        let which = lang.pick(
            "¿En qué idiomas hablan sus clientes? (es, en; primero el usual)",
            "Which languages do its customers speak? (es, en; the usual one first)",
        );
        let asked = questions(args, lang).into_iter().chain([(&languages, "--languages", which)]);
        let asked: Vec<_> = asked.collect();
        let missing: Vec<&str> = asked
            .iter()
            .filter(|(given, ..)| given.is_none())
            .map(|(_, option, _)| *option)
            .collect();
        if !missing.is_empty() && !ask::is_possible() {
            let why = lang.pick("falta decir", "these are missing:");
            bail!("{why} {}", missing.join(", "));
        }
        let mut given = Vec::with_capacity(asked.len());
        for (answer, option, question) in asked {
            given.push(match answer {
                Some(answer) => said(answer, option, lang)?,
                None => ask(&mut io::stdin().lock(), &mut io::stderr(), (question, option), lang)?,
            });
        }
        let [name, currency, time_zone, from, address, languages] =
            <[String; 6]>::try_from(given).map_err(|_| anyhow::anyhow!("six answers"))?;
        let languages = read_languages(&languages, lang)?;
        let currency = currency.to_uppercase();
        let wrong = |option: &str, why: &dyn Display| anyhow::anyhow!("{option}: {why}");
        currency.parse::<Currency>().map_err(|why| wrong("--currency", &why))?;
        jiff::tz::TimeZone::get(&time_zone).map_err(|_| {
            let why = lang.pick(
                "no es una zona horaria como America/Mexico_City",
                "is not a time zone such as America/Mexico_City",
            );
            wrong("--time-zone", &format!("{time_zone:?} {why}"))
        })?;
        Email::new(&from).map_err(|why| wrong("--from", &format!("{from:?} {why}")))?;
        Ok(Answers { name, currency, time_zone, languages, from, address })
    }
}

/// What there is to know besides the languages: what was given, by which option, and
/// how it is asked for.
fn questions(args: &Args, lang: Language) -> [(&Option<String>, &'static str, &'static str); 5] {
    [
        (&args.name, "--name", lang.pick("¿Cómo se llama la tienda?", "What is the shop called?")),
        (
            &args.currency,
            "--currency",
            lang.pick(
                "¿En qué moneda cobra? (MXN, EUR, USD…)",
                "In which currency does it sell? (MXN, EUR, USD …)",
            ),
        ),
        (
            &args.time_zone,
            "--time-zone",
            lang.pick(
                "¿En qué zona horaria? (America/Mexico_City…)",
                "In which time zone? (America/Mexico_City …)",
            ),
        ),
        (
            &args.from,
            "--from",
            lang.pick("¿Desde qué dirección escribe?", "From which address does it write?"),
        ),
        (
            &args.address,
            "--address",
            lang.pick("¿Cuál es su dirección postal?", "What is its postal address?"),
        ),
    ]
}

/// Asks until there is an answer; the end of input is none.
fn ask(
    answers: &mut dyn BufRead,
    questions: &mut dyn Write,
    (question, option): (&str, &str),
    lang: Language,
) -> anyhow::Result<String> {
    loop {
        let answer = ask::line_from(answers, questions, question).context(option.to_owned())?;
        if let Ok(answer) = said(&answer, option, lang) {
            return Ok(answer);
        }
    }
}

/// An answer that says something, on one line.
fn said(answer: &str, option: &str, lang: Language) -> anyhow::Result<String> {
    let answer = answer.trim();
    if answer.is_empty() || answer.chars().any(char::is_control) {
        let why = lang.pick("necesita un texto de una línea", "needs a text of one line");
        bail!("{option} {why}");
    }
    Ok(answer.to_owned())
}

fn read_languages(text: &str, lang: Language) -> anyhow::Result<Vec<Language>> {
    let mut languages: Vec<Language> = Vec::new();
    for tag in text.split([',', ' ']).filter(|tag| !tag.is_empty()) {
        match Language::of(tag) {
            Some(language) if languages.contains(&language) => {}
            Some(language) => languages.push(language),
            None => {
                let why = lang.pick(
                    "no tiene textos; hay es y en, y los demás se agregan en templates/",
                    "has no texts; there are es and en, and you can add others in templates/",
                );
                bail!("--languages: {tag:?} {why}");
            }
        }
    }
    if languages.is_empty() {
        bail!(
            "--languages: {}",
            lang.pick("di al menos una: es o en", "name at least one: es or en")
        );
    }
    Ok(languages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_answered_is_asked_again() {
        let mut questions = Vec::new();
        let question = ("Name?", "--name");
        let answer =
            ask(&mut "\n  \nCasa Azul\n".as_bytes(), &mut questions, question, Language::En);
        assert_eq!(answer.unwrap(), "Casa Azul");
        assert_eq!(String::from_utf8(questions).unwrap(), "Name? Name? Name? ");
        assert!(ask(&mut "".as_bytes(), &mut Vec::new(), question, Language::En).is_err());
    }

    #[test]
    fn languages_are_those_that_have_texts() {
        let read = |text| read_languages(text, Language::En);
        assert_eq!(read("en,es-MX,en").unwrap(), [Language::En, Language::Es]);
        assert!(read("fr").unwrap_err().to_string().contains("\"fr\""));
        assert!(read(" , ").is_err());
    }
}
