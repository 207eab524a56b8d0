//! The first hour of five people, as they type it: `tests/journeys/*.txt` are replayed
//! from an empty folder, command by command, and what READMEs quote is in them.

mod quotes;
mod script;
mod spanish;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::{Timestamp, ToSpan};
use script::{Part, Script};

/// When each journey begins; every command comes a minute after the one before.
const BEGINS_AT: &str = "2026-11-30T10:00:00-06:00";

/// With it the journeys are written down anew instead of compared.
const WRITE: &str = "LAZO_WRITE_JOURNEYS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journeys")
}

/// The folder of somebody who has just got the program, and nothing else.
struct Desk {
    root: tempfile::TempDir,
    locale: &'static str,
    now: Timestamp,
}

impl Desk {
    fn new(locale: &'static str) -> Desk {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        fs::create_dir(root.path().join("shop")).unwrap();
        symlink(env!("CARGO_BIN_EXE_lazo"), root.path().join("bin/lazo")).unwrap();
        Desk { root, locale, now: BEGINS_AT.parse().unwrap() }
    }

    /// What a shell prints for a line that is typed here, and how it ends.
    fn type_in(&mut self, line: &str) -> (String, i32) {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.env_clear().arg("-c").arg(format!("exec 2>&1\n{line}"));
        shell.current_dir(self.root.path().join("shop")).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", self.root.path().join("bin").display()));
        shell.env("HOME", self.root.path()).env("LANG", self.locale);
        shell.env("TZ", "America/Mexico_City").env("LAZO_CLOCK", self.now.to_string());
        shell.env("AWS_EC2_METADATA_DISABLED", "true").env("NO_PROXY", "127.0.0.1");
        let Output { status, stdout, .. } = shell.output().unwrap();
        self.now += 1.minute();
        let said = String::from_utf8(stdout).unwrap();
        (self.steady(&said), status.code().unwrap())
    }

    /// What is another on each machine and in each run: where the folder lies, the ports,
    /// secrets, and how long it took.
    fn steady(&self, said: &str) -> String {
        let here = self.root.path().canonicalize().unwrap().join("shop");
        let said = said.replace(&here.display().to_string(), "/home/ana/shop");
        let lines = said.lines().map(|line| {
            let line = without_number(line, "http://127.0.0.1:", "");
            let line = without_number(&line, " in ", " s (");
            let line = without_number(&line, " en ", " s (");
            let line = without_number(&line, " s (", " ");
            let line = without_word(&line, "  secret ");
            without_word(&line, "  secreto ")
        });
        lines.map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

/// A line with `…` for each number between two texts.
fn without_number(line: &str, before: &str, after: &str) -> String {
    let mut parts = line.split(before);
    let mut done = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_number = rest.len() < part.len() && rest.starts_with(after);
        done += before;
        done += if is_number { "…" } else { "" };
        done += if is_number { rest } else { part };
    }
    done
}

/// A line that ends with a word behind a text, with `…` for that word.
fn without_word(line: &str, before: &str) -> String {
    match line.split_once(before) {
        Some((start, word)) if !word.contains(' ') => format!("{start}{before}…"),
        _ => line.to_owned(),
    }
}

/// Replays a journey, and holds what is written down of it to what comes out.
fn replay(name: &str, locale: &'static str) {
    let path = folder().join(format!("{name}.txt"));
    let written = fs::read_to_string(&path).unwrap();
    let mut script = Script::read(&written);
    let mut desk = Desk::new(locale);
    for part in &mut script.parts {
        match part {
            Part::Remark(_) => {}
            Part::Clock(at) => desk.now = at.parse().unwrap(),
            Part::Command { typed, output, ends_with } => {
                let (said, code) = desk.type_in(typed);
                assert_eq!(code, *ends_with, "{name}: $ {typed}\n{said}");
                *output = said.trim_end().to_owned();
            }
        }
    }
    let now = script.to_string();
    if std::env::var_os(WRITE).is_some() {
        fs::write(path, now).unwrap();
        return;
    }
    let differs = written.lines().zip(now.lines()).find(|(written, now)| written != now);
    assert!(
        written == now,
        "tests/journeys/{name}.txt is not what happens: {differs:?}; look at it, and write it \
         down anew with {WRITE}=1"
    );
}

macro_rules! journeys {
    ($($person:ident),*) => {$(
        mod $person {
            #[test]
            fn in_english() {
                super::replay(concat!(stringify!($person), ".en"), "en_US.UTF-8");
            }

            #[test]
            fn in_spanish() {
                super::replay(concat!(stringify!($person), ".es"), "es_MX.UTF-8");
            }
        }
    )*};
}

journeys!(developer, marketing, rep, operations, analyst);

#[test]
fn both_languages_take_the_same_way() {
    for person in ["developer", "marketing", "rep", "operations", "analyst"] {
        let commands = |lang: &str| {
            let text = fs::read_to_string(folder().join(format!("{person}.{lang}.txt"))).unwrap();
            let script = Script::read(&text);
            let words = script.commands().map(|(typed, _)| script::without_texts(typed));
            words.collect::<Vec<_>>()
        };
        assert_eq!(commands("en"), commands("es"), "{person}");
    }
}

#[test]
fn what_varies_is_left_out() {
    assert_eq!(
        without_number("x http://127.0.0.1:4701   y", "http://127.0.0.1:", ""),
        "x http://127.0.0.1:…   y"
    );
    let took = "5 events of 2 customers replayed in 0.36 s (62486 a second)";
    let line = without_number(&without_number(took, " in ", " s ("), " s (", " ");
    assert_eq!(line, "5 events of 2 customers replayed in … s (… a second)");
    assert_eq!(without_number("files in 2 folders", " in ", " s ("), "files in 2 folders");
}

#[test]
fn a_clock_that_stands_is_for_local_stores_alone() {
    let mut lazo = Command::new(env!("CARGO_BIN_EXE_lazo"));
    lazo.args(["--lang", "en", "explain", "cus-1", "--table", "shop"]);
    let output = lazo.env("LAZO_CLOCK", BEGINS_AT).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("LAZO_CLOCK is for local stores alone"), "{said}");
}
