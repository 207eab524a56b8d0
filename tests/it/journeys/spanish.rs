//! The Spanish journeys walk every command, and no English word comes out of one.

use std::fs;
use std::process::Command;

use super::folder;
use super::script::Script;

/// Words that no Spanish text has.
const ENGLISH: [&str; 42] = [
    "the",
    "and",
    "with",
    "without",
    "of",
    "which",
    "that",
    "this",
    "what",
    "when",
    "where",
    "file",
    "files",
    "folder",
    "customers",
    "events",
    "rules",
    "unknown",
    "missing",
    "is",
    "are",
    "was",
    "were",
    "not",
    "write",
    "there",
    "must",
    "cannot",
    "some",
    "others",
    "did",
    "you",
    "mean",
    "step",
    "names",
    "policy",
    "sent",
    "before",
    "after",
    "because",
    "lists",
    "left",
];

/// Where English may stand, by the words that tell such a line: what somebody of the shop
/// wrote, and commands. Rules are described in the one language of their author, and why
/// an event does not fit is kept as it was found, in English.
const ALLOWED: [&str; 10] = [
    "  │",
    "  contacto ",
    "  lazo ",
    "promised and forgotten",
    " activa  ",
    "bad.json:",
    "worse.jsonl:",
    "PurchaseCompleted: total.amount:",
    "unknown detail-type",
    "  resulta: events",
];

/// Commands of which the output is a page for a customer, in that customer's language.
const PAGES: [&str; 2] = ["cat cus-00226.txt", "template preview"];

fn spanish() -> Vec<(String, String)> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.to_string_lossy().ends_with(".es.txt"));
    let scripts = files.map(|path| Script::read(&fs::read_to_string(path).unwrap()));
    let commands = scripts.flat_map(|script| {
        let all = script.commands().map(|(typed, output)| (typed.to_owned(), output.to_owned()));
        all.collect::<Vec<_>>()
    });
    commands.collect()
}

/// A line without what stands in quotes: names, and words of the shop.
fn without_quoted(line: &str) -> String {
    let mut text = line.replace(['“', '”'], "\"");
    for quote in ['"', '`'] {
        text = text.split(quote).step_by(2).collect::<Vec<_>>().join(" ");
    }
    text
}

#[test]
fn no_english_word_comes_out_of_a_command() {
    let mut found = Vec::new();
    for (typed, output) in spanish() {
        if PAGES.iter().any(|page| typed.contains(page)) {
            continue;
        }
        for line in output.lines().filter(|line| !ALLOWED.iter().any(|is| line.contains(is))) {
            let plain = without_quoted(line);
            // Options and paths are the same in both languages.
            let is_plain = |word: &&str| !word.starts_with("--") && !word.starts_with("(--");
            let words = plain.split_whitespace().filter(is_plain);
            let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
            let english = words.filter(|word| ENGLISH.contains(word)).collect::<Vec<_>>();
            if !english.is_empty() {
                found.push(format!("$ {typed}\n{line}\n  {english:?}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What `lazo … --help` lists under its commands.
fn commands_of(words: &[&str]) -> Vec<String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_lazo"));
    let help = program.args(["--lang", "en"]).args(words).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let Some((_, behind)) = help.split_once("Commands:\n") else { return Vec::new() };
    let listed = behind.split("\n\n").next().unwrap_or_default().lines();
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    // `lazo` by itself is `lazo local`.
    names.filter(|name| !["", "help", "local"].contains(name)).map(str::to_owned).collect()
}

#[test]
fn every_command_is_walked() {
    let typed = spanish();
    let walked: Vec<Vec<&str>> = typed
        .iter()
        .filter_map(|(typed, _)| {
            let words: Vec<&str> = typed.split_whitespace().collect();
            (words.first() == Some(&"lazo")).then_some(words)
        })
        .collect();
    let commands = commands_of(&[]);
    assert!(commands.len() > 10, "{commands:?}");
    for name in &commands {
        let is_walked = walked.iter().any(|words| words.contains(&name.as_str()));
        assert!(is_walked, "no Spanish journey types lazo {name}: add it to tests/journeys");
        for sub in commands_of(&[name]) {
            let is_walked = walked
                .iter()
                .any(|words| words.windows(2).any(|pair| pair == [name.as_str(), sub.as_str()]));
            assert!(
                is_walked,
                "no Spanish journey types lazo {name} {sub}: add it to tests/journeys"
            );
        }
    }
}
