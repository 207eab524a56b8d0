//! What READMEs show of `lazo` was printed by it: each `$ lazo …` in a block of code is
//! in a journey, with that output. `…` stands for what is left out, of a line or of all.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder;
use super::script::Script;

/// What no journey can run, by a word of the command: data and a table that are not in
/// the repository.
const ELSEWHERE: [&str; 3] = ["cdnow-sample.csv", "invoices.csv", "--table"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file of the repository but what tools leave.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = ["README.md", "functions", "infra", "events", "tests", ".github"]
        .map(|name| root().join(name))
        .into();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The commands of a page's blocks, each with the output that is shown.
fn quoted(page: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let (mut in_block, mut is_told, mut indent) = (false, false, 0);
    for line in page.lines().map(str::trim_end) {
        let bare = line.trim_start();
        if bare.starts_with("```") {
            (in_block, is_told, indent) = (!in_block, false, line.len() - bare.len());
            continue;
        }
        if !in_block {
            continue;
        }
        // Blocks within a list are indented.
        let line = line.get(indent..).unwrap_or_default();
        if let Some(command) = line.strip_prefix("$ ") {
            is_told = true;
            found.push((command.to_owned(), Vec::new()));
        } else if let (true, Some((command, output))) = (is_told, found.last_mut()) {
            match command.ends_with('\\') {
                true => *command = format!("{command}\n{line}"),
                false => output.push(line.to_owned()),
            }
        }
    }
    found.retain(|(command, _)| {
        let is_lazo = command == "lazo" || command.starts_with("lazo ");
        is_lazo && !ELSEWHERE.iter().any(|word| command.contains(word))
    });
    found
}

/// A command on one line.
fn joined(command: &str) -> String {
    let words = command.replace("\\\n", " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line is what is shown of it.
fn shows(shown: &str, line: &str) -> bool {
    let (shown, line) = (shown.trim_end(), line.trim_end());
    let mut parts = shown.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether what is shown is the output, but for what `…` leaves out.
fn is_of(shown: &[String], output: &[&str]) -> bool {
    match shown.split_first() {
        None => output.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=output.len()).any(|skip| is_of(rest, &output[skip..]))
        }
        Some((line, rest)) => output
            .split_first()
            .is_some_and(|(first, others)| shows(line, first) && is_of(rest, others)),
    }
}

/// The journeys of one language, in one list of commands.
fn recorded(lang: &str) -> Vec<(String, String)> {
    let ending = format!(".{lang}.txt");
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.to_string_lossy().ends_with(&ending));
    files
        .flat_map(|path| {
            let script = Script::read(&fs::read_to_string(path).unwrap());
            let all = script.commands().map(|(typed, output)| (joined(typed), output.to_owned()));
            all.collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn what_readmes_show_was_printed() {
    let (en, es) = (recorded("en"), recorded("es"));
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in pages() {
        let is_spanish = path.to_string_lossy().ends_with(".es.md");
        let recorded = if is_spanish { &es } else { &en };
        let page = path.strip_prefix(root()).unwrap().display().to_string();
        for (command, shown) in quoted(&fs::read_to_string(&path).unwrap()) {
            count += 1;
            let command = joined(&command);
            let mut same = recorded.iter().filter(|(typed, _)| *typed == command).peekable();
            if same.peek().is_none() {
                wrong.push(format!("{page}: no journey types: {command}"));
                continue;
            }
            let end = shown.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
            let shown = &shown[..end];
            let is_printed = |output: &str| is_of(shown, &output.lines().collect::<Vec<_>>());
            // A command whose answer is not shown is but typed.
            if !shown.is_empty() && !same.any(|(_, output)| is_printed(output)) {
                wrong.push(format!(
                    "{page}: this is not what comes of: {command}\n{}",
                    shown.join("\n")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count >= 35, "READMEs show {count} commands");
}

#[test]
fn what_is_shown_may_leave_out_and_nothing_else() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let output = ["one", "two of 5", "three"];
    assert!(is_of(&shown("one\n…\nthree"), &output));
    assert!(is_of(&shown("…\ntwo of …\n…"), &output));
    assert!(!is_of(&shown("one\nthree"), &output));
    assert!(!is_of(&shown("one\ntwo of 6\nthree"), &output));
    assert!(!is_of(&shown("one\n…"), &["zero", "one"]));
    let listed = "1. so\n\n   ```\n   $ lazo c\n     out\n   ```\n";
    assert_eq!(quoted(listed), [("lazo c".to_owned(), vec!["  out".to_owned()])]);
    let page = "```\n$ lazo a \\\n  b\nout\n$ ls\n```\ntext\n```\nnot told\n```\n";
    assert_eq!(quoted(page), [("lazo a \\\n  b".to_owned(), vec!["out".to_owned()])]);
    assert_eq!(joined("lazo a \\\n  b"), "lazo a b");
}
