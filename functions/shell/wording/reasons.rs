//! Reasons that are kept in English, such as why an event does not fit, and errors of
//! commands, in Spanish: a line of `reasons.tsv`, `errors.tsv` or `sources.tsv` each. A
//! reason is written down long before somebody reads it, by a worker that does not know
//! who will.
//!
//! `{}` stands for what is the same in both languages, such as a path, a number or a
//! name; `{…}` for a reason inside a reason, which is told in Spanish too.

use std::borrow::Cow;

use super::Language;

/// What the shipped sources say, why something is kept aside, and what a command cannot do.
static PHRASES: [&str; 3] =
    [include_str!("sources.tsv"), include_str!("reasons.tsv"), include_str!("errors.tsv")];

/// How many reasons may stand inside each other.
const DEPTH_MAX: usize = 6;

/// How many places are tried at which a part of a reason may end.
const TRIES_MAX: usize = 4;

/// What stands between two reasons.
const SEAM: &str = "; ";

/// What stands for a part that both languages share.
const SAME: &str = "{}";
/// What stands for a reason inside a reason.
const REASON: &str = "{…}";

impl Language {
    /// A reason that is kept in English, in this language. A part for which nobody wrote
    /// a phrase stays as it is.
    pub fn failure_reason(self, kept: &str) -> Cow<'_, str> {
        match self {
            Language::En => Cow::Borrowed(kept),
            Language::Es => Cow::Owned(spanish(kept, DEPTH_MAX).unwrap_or_else(|| kept.to_owned())),
        }
    }
}

/// Each phrase: English, Spanish.
fn phrases() -> impl Iterator<Item = (&'static str, &'static str)> {
    PHRASES.iter().flat_map(|part| part.lines()).filter_map(|line| line.split_once('\t'))
}

/// A reason in Spanish; `None` where no phrase fits it.
fn spanish(kept: &str, depth: usize) -> Option<String> {
    if depth == 0 {
        return None;
    }
    let one = phrases().find_map(|(english, spanish)| filled(english, spanish, kept, depth));
    one.or_else(|| joined(kept, depth))
}

/// Several reasons, told one after the other.
fn joined(kept: &str, depth: usize) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    let mut rest = kept;
    loop {
        let one = |text: &str| {
            phrases().find_map(|(english, spanish)| filled(english, spanish, text, depth - 1))
        };
        // What stands behind a `; ` may belong to the reason before it.
        let seams = rest.match_indices(SEAM).map(|(at, _)| at).chain([rest.len()]);
        let (end, first) = seams.take(TRIES_MAX).find_map(|at| Some((at, one(&rest[..at])?)))?;
        told.push(first);
        match rest.get(end + SEAM.len()..) {
            Some(behind) => rest = behind,
            None => return Some(told.join(SEAM)),
        }
    }
}

/// The Spanish phrase with the parts of a reason that the English one fits.
fn filled(english: &str, spanish_phrase: &str, kept: &str, depth: usize) -> Option<String> {
    let mut told = String::new();
    let mut parts = matched(english, kept, depth)?.into_iter();
    let mut rest = spanish_phrase;
    while let Some(at) = rest.find('{') {
        let hole = if rest[at..].starts_with(REASON) { REASON } else { SAME };
        told += &rest[..at];
        told += &parts.next()?;
        rest = &rest[at + hole.len()..];
    }
    told += rest;
    Some(told)
}

/// What stands in the holes of a phrase, in their order; `None` where it does not fit.
fn matched(phrase: &str, kept: &str, depth: usize) -> Option<Vec<String>> {
    let Some(at) = phrase.find('{') else {
        return (phrase == kept).then(Vec::new);
    };
    let kept = kept.strip_prefix(&phrase[..at])?;
    let is_reason = phrase[at..].starts_with(REASON);
    let rest = &phrase[at + if is_reason { REASON.len() } else { SAME.len() }..];
    // The text up to the next hole: where it is found, this one may end.
    let next = &rest[..rest.find('{').unwrap_or(rest.len())];
    let ends: Vec<usize> = match next.is_empty() {
        true => vec![kept.len()],
        false => kept.match_indices(next).map(|(end, _)| end).collect(),
    };
    ends.into_iter().take(TRIES_MAX).find_map(|end| {
        let part = &kept[..end];
        let behind = matched(rest, &kept[end..], depth)?;
        let told = match is_reason {
            true => spanish(part, depth.saturating_sub(1))?,
            false if part.contains(SEAM) => return None,
            false => part.to_owned(),
        };
        Some(std::iter::once(told).chain(behind).collect())
    })
}

#[cfg(test)]
mod tests;
