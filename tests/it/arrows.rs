//! Who may import whom: worker → shell → domain, and no other way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `functions/` that are no workers.
const NO_WORKERS: [&str; 3] = ["cli", "domain", "shell"];

/// The folders and files in which types of the AWS SDK may be named; `app` makes the
/// clients.
const SDK: [&str; 6] = [
    "shell/store",
    "shell/mailer",
    "shell/bus.rs",
    "shell/queue.rs",
    "shell/secrets.rs",
    "shell/app.rs",
];

/// The clients of AWS's services, as their crates are called.
const SDK_CRATES: [&str; 5] = [
    "aws_sdk_dynamodb",
    "aws_sdk_eventbridge",
    "aws_sdk_secretsmanager",
    "aws_sdk_sesv2",
    "aws_sdk_sqs",
];

fn functions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("functions")
}

fn workers() -> BTreeSet<String> {
    let folders = fs::read_dir(functions()).unwrap().map(Result::unwrap);
    let folders = folders.filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| !NO_WORKERS.contains(&name.as_str())).collect()
}

/// The sources under a folder, by their path in `functions/`.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![functions().join(folder)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path.strip_prefix(functions()).unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    found
}

/// The modules of the crate that a source names, however it does: `crate::a`,
/// `crate::{a, b}`, and the same by the crate's own name.
fn named(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for root in ["crate::", "lazo::"] {
        for (at, _) in source.match_indices(root) {
            let rest = &source[at + root.len()..];
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            match rest.strip_prefix('{') {
                Some(list) => {
                    let mut depth = 0;
                    let mut name = String::new();
                    for c in list.chars() {
                        match c {
                            '{' => depth += 1,
                            '}' if depth == 0 => break,
                            '}' => depth -= 1,
                            ',' if depth == 0 => name.clear(),
                            c if depth == 0 && is_word(c) => name.push(c),
                            ':' if depth == 0 => {
                                found.insert(std::mem::take(&mut name));
                            }
                            _ => {}
                        }
                        if depth == 0 && !name.is_empty() {
                            found.insert(name.clone());
                        }
                    }
                }
                None => {
                    found.insert(rest.chars().take_while(|c| is_word(*c)).collect());
                }
            }
        }
    }
    found
}

#[test]
fn no_worker_imports_another() {
    let workers = workers();
    assert!(workers.len() >= 8, "{workers:?}");
    for worker in &workers {
        for (file, source) in sources(worker) {
            // A `function.rs` names its own worker, as the library's.
            let others = named(&source).into_iter().filter(|name| name != worker);
            let others: Vec<String> = others.filter(|name| workers.contains(name)).collect();
            assert!(others.is_empty(), "{file} imports {others:?}: what both need is the shell's");
        }
    }
}

#[test]
fn the_shell_imports_no_worker() {
    let workers = workers();
    for (file, source) in sources("shell") {
        let named: Vec<String> =
            named(&source).into_iter().filter(|name| workers.contains(name)).collect();
        assert!(
            named.is_empty(),
            "{file} imports {named:?}: arrows run from a worker to the shell"
        );
    }
}

#[test]
fn the_sdk_stays_inside_store_mailer_and_bus() {
    let all = workers().into_iter().chain(["shell".to_owned()]);
    for (file, source) in all.flat_map(|folder| sources(&folder)) {
        let is_inside = SDK.iter().any(|place| file.starts_with(place));
        let named: Vec<_> = SDK_CRATES.iter().filter(|name| source.contains(**name)).collect();
        assert!(is_inside || named.is_empty(), "{file} names {named:?}");
    }
}

/// Whoever stops the clock stops it for all of a command.
#[test]
fn commands_read_the_clock_in_one_place() {
    for (file, source) in sources("cli").iter().filter(|(file, _)| file != "cli/clock.rs") {
        for reads in ["Timestamp::now()", "Zoned::now()", "SystemTime::now()", "now_v7()"] {
            assert!(!source.contains(reads), "{file} reads the clock: take it from crate::clock");
        }
    }
    let workers = workers().into_iter().chain(["shell".to_owned(), "main.rs".to_owned()]);
    for (file, source) in workers.flat_map(|folder| sources(&folder)) {
        assert!(!source.contains("LAZO_CLOCK"), "{file} knows a clock that stands");
    }
}

#[test]
fn the_core_knows_nothing_of_what_is_around_it() {
    let manifest = fs::read_to_string(functions().join("domain/Cargo.toml")).unwrap();
    for name in ["aws", "tokio", "futures", "async", "lazo ", "lazo."] {
        let depends = manifest.lines().any(|line| line.starts_with(name));
        assert!(!depends, "the core depends on {name}");
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let names = |source: &str| named(source).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::ingest::take;"), ["ingest"]);
    assert!(names("use crate::{shell::app, links};").contains(&"links".to_owned()));
    assert!(names("let x = crate::digest::run();").contains(&"digest".to_owned()));
    assert!(names("use lazo::{dispatch::{self, Report}, drift};").contains(&"drift".to_owned()));
}
