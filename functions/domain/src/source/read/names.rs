//! What a file says of itself: its name, its prefix, and which way its events come.

use regex::Regex;

use super::Reading;
use crate::bilingual::said;
use crate::rule::is_name;
use crate::rulebook::yaml::Key;
use crate::source::Ping;
use crate::source::spec::{PingSpec, SourceSpec};

pub(super) fn check_names(spec: &SourceSpec, reading: &mut Reading<'_>) {
    if !is_name(&spec.source) {
        let message = said!(
            "el nombre de un origen lleva minúsculas, dígitos y guiones, 64 a lo más",
            "a source's name is lower-case letters, digits and hyphens, at most 64"
        );
        reading.error(&[Key::Name("source")], message);
    }
    let stem = reading.file.rsplit('/').next().unwrap_or_default();
    let stem = stem.strip_suffix(".yaml").or_else(|| stem.strip_suffix(".yml")).unwrap_or(stem);
    if stem != spec.source {
        let message = said!(
            "el archivo se llama {stem:?} y el origen {:?}; tienen que llamarse igual",
            "the file is called {stem:?} and the source {:?}; they must be called the same",
            spec.source
        );
        reading.error(&[Key::Name("source")], message);
    }
    let fits = |c: char| c.is_ascii_graphic();
    if spec.prefix.is_empty() || spec.prefix.len() > 32 || !spec.prefix.chars().all(fits) {
        let message = said!(
            "prefix lleva de 1 a 32 letras, dígitos o signos, sin espacios",
            "prefix is 1 to 32 letters, digits or signs, without blanks"
        );
        reading.error(&[Key::Name("prefix")], message);
    }
    if spec.bus.is_none() && spec.webhook.is_none() {
        let message = said!(
            "sin bus ni webhook, nada llega por este origen",
            "without bus and webhook nothing comes from this source"
        );
        reading.error(&[], message);
    }
    if let Some(bus) = spec.bus.as_ref().filter(|bus| !bus.source.starts_with("aws.partner/")) {
        let message = said!(
            "los orígenes de otros sistemas empiezan por aws.partner/; dice {:?}",
            "sources of other systems begin with aws.partner/, found {:?}",
            bus.source
        );
        reading.error(&[Key::Name("bus"), Key::Name("source")], message);
    }
    if let Some(webhook) = &spec.webhook
        && webhook.signature.header != webhook.signature.header.to_ascii_lowercase()
    {
        let message = said!(
            "los nombres de headers van en minúsculas",
            "names of headers are written in small letters"
        );
        let path = [Key::Name("webhook"), Key::Name("signature"), Key::Name("header")];
        reading.error(&path, message);
    }
}

pub(super) fn read_ping(ping: &PingSpec, reading: &mut Reading<'_>) -> Option<Ping> {
    match Regex::new(&format!("^(?:{})$", ping.body)) {
        Ok(body) => Some(Ping { body, without_headers: ping.without_headers.to_ascii_lowercase() }),
        Err(_) => {
            let message = said!("no es una expresión regular", "is no regular expression");
            reading.error(&[Key::Name("webhook"), Key::Name("ping"), Key::Name("body")], message);
            None
        }
    }
}
