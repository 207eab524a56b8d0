//! Links between the READMEs, and what code cites of them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::root;

/// Folders in which nothing of ours lies.
const PASSED_OVER: [&str; 3] = ["target", "node_modules", ".git"];

/// The files below a folder whose names end so.
fn files(folder: &Path, is_wanted: &dyn Fn(&str) -> bool, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !PASSED_OVER.contains(&name.as_str()) && !name.starts_with('.') {
                files(&path, is_wanted, found);
            }
        } else if is_wanted(&name) {
            found.push(path);
        }
    }
}

fn readmes() -> BTreeMap<PathBuf, String> {
    let mut found = Vec::new();
    files(root(), &|name| name.starts_with("README") && name.ends_with(".md"), &mut found);
    found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The lines of a text outside of fenced code, without what stands in backticks
/// where `plain` asks for it.
fn lines(text: &str, plain: bool) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            match plain {
                true => found.push(line.split('`').step_by(2).collect()),
                false => found.push(line.to_owned()),
            }
        }
    }
    found
}

/// A heading's anchor, as GitHub makes it.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.collect::<String>().to_lowercase()
}

/// What stands in `<a id="…">`.
fn ids(text: &str) -> Vec<String> {
    let tags = lines(text, true).join("\n");
    let tags = tags.split("<a id=\"").skip(1);
    tags.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let headings = lines(text, false);
    let headings = headings.iter().filter(|line| line.starts_with('#'));
    let slugs = headings.map(|line| slug(line.trim_start_matches('#')));
    slugs.chain(ids(text)).collect()
}

/// The targets of `[…](target)`.
fn targets(text: &str) -> Vec<String> {
    let text = lines(text, true).join("\n");
    let links = text.split("](").skip(1);
    links.map(|rest| rest.split(')').next().unwrap().trim().to_owned()).collect()
}

/// A path without `..`, so that a file has one name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(tidied.pop()),
            Component::CurDir => {}
            part => tidied.push(part),
        }
    }
    tidied
}

/// Why a link of a file leads nowhere.
fn broken(from: &Path, target: &str, readmes: &BTreeMap<PathBuf, String>) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => from.to_owned(),
        file => tidy(&from.parent().unwrap().join(file)),
    };
    if !path.exists() {
        return Some(format!("{}: {target} leads to no file", from.display()));
    }
    if anchor.is_empty() {
        return None;
    }
    let known = readmes.get(&path).is_some_and(|text| anchors(text).iter().any(|a| a == anchor));
    (!known).then(|| format!("{}: {target} leads to no place in its file", from.display()))
}

#[test]
fn every_link_of_a_readme_leads_somewhere() {
    let readmes = readmes();
    assert!(readmes.len() >= 8, "{:?}", readmes.keys());
    let mut wrong = Vec::new();
    for (path, text) in &readmes {
        let ours = targets(text).into_iter().filter(|to| {
            let is_elsewhere = to.contains("://") || to.starts_with("mailto:");
            !is_elsewhere
        });
        wrong.extend(ours.filter_map(|target| broken(path, &target, &readmes)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of Rust that a text names in backticks.
fn sources(text: &str) -> Vec<String> {
    let spans = lines(text, false).join("\n");
    let spans = spans.split('`').skip(1).step_by(2);
    spans.filter(|span| span.ends_with(".rs")).map(str::to_owned).collect()
}

#[test]
fn every_source_that_a_readme_names_is_there() {
    let mut known = Vec::new();
    files(root(), &|name| name.ends_with(".rs"), &mut known);
    for (readme, text) in readmes() {
        for named in sources(&text) {
            let is_there = known.iter().any(|path| path.ends_with(&named));
            assert!(is_there, "{}: there is no {named}", readme.display());
        }
    }
    assert_eq!(sources("`a/b.rs`, `c` and `d.rs`"), ["a/b.rs", "d.rs"]);
}

#[test]
fn an_anchor_stands_once_in_the_repository() {
    let mut seen = BTreeMap::new();
    for (path, text) in readmes() {
        for id in ids(&text) {
            let is_plain =
                id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(is_plain, "{}: {id} is not in small letters and hyphens", path.display());
            if let Some(other) = seen.insert(id.clone(), path.clone()) {
                panic!("{id} is an anchor in {} and in {}", other.display(), path.display());
            }
        }
    }
}

/// How code cites a README in short.
const SHORT: [(&str, &str); 2] =
    [("rules#", "infra/rules/README.md"), ("events#", "events/README.md")];

/// What a text cites of the READMEs: `events/README.md#once-only`, or in short
/// `events#once-only`.
fn cited(text: &str) -> Vec<String> {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let anchor = |after: &str| {
        let is_anchor = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        after.split(|c| !is_anchor(c)).next().unwrap_or_default().to_owned()
    };
    let mut found = Vec::new();
    for (at, _) in text.match_indices(".md#") {
        let before = text[..at].rfind(|c: char| !is_path(c)).map_or(0, |end| end + 1);
        found.push(format!("{}.md#{}", &text[before..at], anchor(&text[at + ".md#".len()..])));
    }
    for (short, file) in SHORT {
        for (at, _) in text.match_indices(short) {
            let is_whole = text[..at].chars().next_back().is_none_or(|c| !is_path(c));
            let name = anchor(&text[at + short.len()..]);
            if is_whole && !name.is_empty() {
                found.push(format!("{file}#{name}"));
            }
        }
    }
    found
}

#[test]
fn every_clause_that_code_cites_is_there() {
    let readmes = readmes();
    let mut sources = Vec::new();
    let is_source = |name: &str| [".rs", ".yaml", ".py"].iter().any(|end| name.ends_with(end));
    files(root(), &is_source, &mut sources);
    let mut wrong = Vec::new();
    for path in sources.iter().filter(|path| !path.ends_with("tests/it/docs/links.rs")) {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for cited in cited(&text) {
            if broken(&root().join("README.md"), &cited, &readmes).is_some() {
                wrong.push(format!("{} cites {cited}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_seen() {
    let here = root().join("README.md");
    let text = "# A heading, twice\n<a id=\"once\"></a>[x](#once) `[y](z)`\n```\n[a](b)\n```\n";
    let readmes = BTreeMap::from([(here.clone(), text.to_owned())]);
    assert_eq!(targets(text), ["#once"]);
    assert_eq!(
        cited("(rules#none) of events#once."),
        ["infra/rules/README.md#none", "events/README.md#once"]
    );
    for sound in ["#once", "#a-heading-twice", "README.md#once", "infra/../README.md", "events"] {
        assert_eq!(broken(&here, sound, &readmes), None, "{sound}");
    }
    for wrong in ["#twice", "NONE.md", "events/README.none", "README.md#none"] {
        assert!(broken(&here, wrong, &readmes).is_some(), "{wrong}");
    }
}
