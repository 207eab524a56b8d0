//! Files of the rules and templates: what is live, what would be, what is found in it.

use lazo_domain::instant::Instant;
use lazo_domain::message::Templates;
use lazo_domain::rulebook::{Bundle, Diagnostic, DiagnosticSeverity, RuleBook, VersionNumber};
use maud::{Markup, html};

use crate::console::ask::Ask;
use crate::console::reply::Trouble;
use crate::shell::app::App;
use crate::shell::rules;
use crate::shell::versions::{self, Publication, PublishError, Published};

/// How many lines on a side are compared one by one.
const LINES_COMPARED_MAX: usize = 2_000;
/// How many lines around a change are shown.
const AROUND: usize = 3;

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the rules folder: a rule, the policy, the segments.
    Rules(String),
    /// In the templates folder.
    Templates(String),
}

impl Place {
    /// The place of a path such as `rules/winback.yaml`; `None` where no such file can be.
    pub fn of(path: &str) -> Option<Place> {
        let (folder, file) = path.split_once('/')?;
        let parts: Vec<&str> = file.split('/').collect();
        let is_plain = |part: &&str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.len() <= 80
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if !parts.iter().all(is_plain) {
            return None;
        }
        match folder {
            "rules" if parts.len() == 1 && file.ends_with(".yaml") => {
                Some(Place::Rules(file.to_owned()))
            }
            "rules" if parts.len() == 1 && file.ends_with(".yml") => {
                Some(Place::Rules(file.to_owned()))
            }
            "templates" if (2..=3).contains(&parts.len()) => {
                Some(Place::Templates(file.to_owned()))
            }
            _ => None,
        }
    }

    /// The path, as drafts and findings name it.
    pub fn path(&self) -> String {
        match self {
            Place::Rules(file) => format!("rules/{file}"),
            Place::Templates(file) => format!("templates/{file}"),
        }
    }

    fn of_bundle<'a>(&self, bundle: &'a Bundle) -> &'a [(String, String)] {
        match self {
            Place::Rules(_) => &bundle.rules,
            Place::Templates(_) => &bundle.templates,
        }
    }

    fn file(&self) -> &str {
        match self {
            Place::Rules(file) | Place::Templates(file) => file,
        }
    }
}

/// The text of a file in a bundle.
pub fn text_in(bundle: &Bundle, place: &Place) -> Option<String> {
    let files = place.of_bundle(bundle);
    files.iter().find(|(path, _)| path == place.file()).map(|(_, text)| text.clone())
}

/// The bundle with another text in a file, which need not have been there.
pub fn with_text(bundle: &Bundle, place: &Place, text: &str) -> Bundle {
    let replaced = |files: &[(String, String)], is_here: bool| -> Vec<(String, String)> {
        let others = files.iter().filter(|(path, _)| !is_here || path != place.file()).cloned();
        let new = is_here.then(|| (place.file().to_owned(), text.to_owned()));
        others.chain(new).collect()
    };
    let is_rule = matches!(place, Place::Rules(_));
    Bundle::new(replaced(&bundle.rules, is_rule), replaced(&bundle.templates, !is_rule))
}

/// What is live.
pub struct Live {
    /// Rules and templates, as they were written.
    pub bundle: Bundle,
    /// The version; `None` where none was published.
    pub number: Option<VersionNumber>,
}

/// What is live, as it was written: by some ten reads, as a bundle is stored in parts.
///
/// # Errors
/// [`Trouble`] where the table does not answer.
pub async fn live(app: &App) -> Result<Live, Trouble> {
    let Some(live) = app.store.live_version().await? else {
        return Ok(Live { bundle: rules::bundle(None)?, number: None });
    };
    let bundle = app.store.bundle(&live.digest).await?;
    let bundle = bundle.ok_or_else(|| Trouble::ours("the live bundle is not there"))?;
    Ok(Live { bundle, number: Some(live.number) })
}

/// The text of a file in an earlier version.
///
/// # Errors
/// [`Trouble`] where the table does not answer.
pub async fn text_of_version(
    app: &App,
    number: Option<VersionNumber>,
    place: &Place,
) -> Result<Option<String>, Trouble> {
    let Some(number) = number else { return Ok(text_in(&rules::bundle(None)?, place)) };
    let Some(version) = app.store.version(number).await? else { return Ok(None) };
    let bundle = app.store.bundle(&version.digest).await?;
    Ok(bundle.and_then(|bundle| text_in(&bundle, place)))
}

impl Live {
    /// The text of a file.
    pub fn text(&self, place: &Place) -> Option<String> {
        text_in(&self.bundle, place)
    }

    /// Publishes the live bundle with another text in one file.
    ///
    /// # Errors
    /// [`PublishError`]: then what is live stays.
    pub async fn publish(
        &self,
        ask: &Ask,
        place: &Place,
        text: &str,
        note: &str,
        at: Option<Instant>,
    ) -> Result<Published, PublishError> {
        let bundle = with_text(&self.bundle, place, text);
        let by = &ask.user.name;
        let publication = Publication { by, note, base: self.number, at, restores: None };
        let app = ask.app();
        let done = versions::publish(&app.store, &bundle, &publication, ask.now).await?;
        // This console works by it at once; the workers look within a minute.
        if let Err(error) = app.take_version().await {
            tracing::error!(%error, "the version that was published could not be read");
        }
        Ok(done)
    }
}

/// All that is found in a bundle, errors first, each with its file's path.
pub fn findings(bundle: &Bundle) -> Vec<Diagnostic> {
    let (book, mut found) = RuleBook::check(&bundle.rules);
    for one in &mut found {
        one.file = format!("rules/{}", one.file);
    }
    if let Some(book) = &book {
        let of_templates = Templates::read(&bundle.templates).check(book);
        found.extend(of_templates.into_iter().map(|mut one| {
            if !one.file.starts_with("rules/") && !one.file.starts_with("templates/") {
                one.file = format!("templates/{}", one.file);
            }
            one
        }));
    }
    let is_error = |one: &Diagnostic| one.severity == DiagnosticSeverity::Error;
    found.sort_by(|a, b| (!is_error(a), &a.file, a.place).cmp(&(!is_error(b), &b.file, b.place)));
    found
}

/// A file that says something else.
pub struct Changed {
    /// Its path.
    pub file: String,
    /// What it said; nothing where it is new.
    pub before: String,
    /// What it says; nothing where it is gone.
    pub after: String,
    /// Lines of `before` that are gone, counted from 0.
    pub gone: Vec<usize>,
    /// Lines of `after` that are new.
    pub new: Vec<usize>,
}

/// The files in which two bundles differ.
pub fn differing(before: &Bundle, after: &Bundle) -> Vec<Changed> {
    let mut found = Vec::new();
    for (folder, old, new) in
        [("rules", &before.rules, &after.rules), ("templates", &before.templates, &after.templates)]
    {
        let text = |files: &[(String, String)], path: &str| {
            files.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone())
        };
        let mut paths: Vec<&String> = old.iter().chain(new).map(|(path, _)| path).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let (was, is) = (text(old, path), text(new, path));
            if was != is {
                let (was, is) = (was.unwrap_or_default(), is.unwrap_or_default());
                let (gone, new) = lines_changed(&was, &is);
                let file = format!("{folder}/{path}");
                found.push(Changed { file, before: was, after: is, gone, new });
            }
        }
    }
    found
}

/// The lines of one text that the other has not, and the reverse.
pub fn lines_changed(before: &str, after: &str) -> (Vec<usize>, Vec<usize>) {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (from, to) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    if from.len() > LINES_COMPARED_MAX || to.len() > LINES_COMPARED_MAX {
        return ((start..old.len() - end).collect(), (start..new.len() - end).collect());
    }
    let kept = kept_lines(from, to);
    let is_kept =
        |side: fn(&(usize, usize)) -> usize, at: usize| kept.iter().any(|pair| side(pair) == at);
    let gone = (0..from.len()).filter(|at| !is_kept(|pair| pair.0, *at)).map(|at| at + start);
    let added = (0..to.len()).filter(|at| !is_kept(|pair| pair.1, *at)).map(|at| at + start);
    (gone.collect(), added.collect())
}

/// The longest row of lines that both have, in order.
fn kept_lines(from: &[&str], to: &[&str]) -> Vec<(usize, usize)> {
    let width = to.len() + 1;
    let mut best = vec![0u16; (from.len() + 1) * width];
    for a in (0..from.len()).rev() {
        for b in (0..to.len()).rev() {
            best[a * width + b] = match from[a] == to[b] {
                true => best[(a + 1) * width + b + 1] + 1,
                false => best[(a + 1) * width + b].max(best[a * width + b + 1]),
            };
        }
    }
    let (mut a, mut b, mut kept) = (0, 0, Vec::new());
    while a < from.len() && b < to.len() {
        if from[a] == to[b] {
            kept.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if best[(a + 1) * width + b] >= best[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    kept
}

/// A text with its lines numbered: those that are new, and those with a fault, marked.
pub fn numbered(text: &str, new: &[usize], bad: &[usize]) -> Markup {
    written(text, new, bad, false)
}

/// The same around its marked lines alone.
pub fn folded(text: &str, new: &[usize], bad: &[usize]) -> Markup {
    written(text, new, bad, true)
}

fn written(text: &str, new: &[usize], bad: &[usize], is_folded: bool) -> Markup {
    let is_near = |at: usize| new.iter().chain(bad).any(|marked| marked.abs_diff(at) <= AROUND);
    let class = |at: usize| match () {
        () if bad.contains(&at) => Some("no"),
        () if new.contains(&at) => Some("new"),
        () => None,
    };
    let lines: Vec<(usize, &str)> =
        text.lines().enumerate().filter(|(at, _)| !is_folded || is_near(*at)).collect();
    html! {
        pre class="yaml scroll" tabindex="0" {
            @for (at, line) in &lines {
                code class=[class(*at)] data-n=(at + 1) { (line) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_bundle_have_a_place() {
        for good in [
            "rules/winback.yaml",
            "rules/policy.yaml",
            "templates/winback-mail/es/subject.txt",
            "templates/_brand/colors.json",
        ] {
            assert_eq!(Place::of(good).map(|place| place.path()).as_deref(), Some(good));
        }
        for bad in [
            "rules/../policy.yaml",
            "rules/a/b.yaml",
            "rules/.yaml",
            "rules/x.txt",
            "templates/x",
            "etc/passwd",
            "rules/",
            "templates//es/x",
            "templates/a/../x",
            "/rules/x.yaml",
            "",
        ] {
            assert_eq!(Place::of(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_that_changed_are_told_on_both_sides() {
        let (gone, new) = lines_changed("a\nb\nc\nd", "a\nB\nc\nx\nd");
        assert_eq!((gone, new), (vec![1], vec![1, 3]));
        assert_eq!(lines_changed("a\n", "a\n"), (vec![], vec![]));
        assert_eq!(lines_changed("", "a\nb"), (vec![], vec![0, 1]));
        assert_eq!(lines_changed("a\na\na", "a\na"), (vec![2], vec![]));
    }

    #[test]
    fn another_text_stands_in_its_file_alone() {
        let files = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect()
        };
        let bundle = Bundle::new(
            files(&[("a.yaml", "1"), ("policy.yaml", "{}")]),
            files(&[("m/es/subject.txt", "Hola")]),
        );
        let place = Place::of("rules/a.yaml").unwrap();
        let other = with_text(&bundle, &place, "2");
        assert_eq!(text_in(&other, &place).as_deref(), Some("2"));
        assert_eq!((other.rules.len(), other.templates.len()), (2, 1));
        let new = with_text(&bundle, &Place::of("templates/m/en/subject.txt").unwrap(), "Hello");
        assert_eq!((new.rules.len(), new.templates.len()), (2, 2));
    }
}
