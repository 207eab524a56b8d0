//! What strangers and tired people write: every reader takes any text without a
//! panic, without hanging, and within its bounds. Texts are drawn from scratch,
//! and made by damaging good ones, which gets further in.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant as Clock};

use lazo_domain::condition::Condition;
use lazo_domain::event::{EventKind, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::message::{Templates, sample_context};
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, simulate};
use proptest::prelude::*;

/// Far more than any one text needs, far less than a function's time limit.
const LONGEST: Duration = Duration::from_secs(10);

/// Pieces that are special to JSON, YAML, CEL, MiniJinja, MJML or a clock.
const PIECES: [&str; 44] = [
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ":",
    ",",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "&a ",
    "*a",
    "!!",
    "|\n",
    ">-\n",
    "- ",
    "{{ ",
    " }}",
    "{% for x in range(99999) %}",
    "{% endfor %}",
    "{% raw %}",
    "<mj-text>",
    "</mj-body>",
    "<!--",
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "0.1",
    "9999-12-31T23:59:60Z",
    "0000-00-00",
    "24:00",
    "2 fortnights",
    "99999 years",
    "customer.",
    "event.",
    " && ",
    "ñ\u{202e}",
    "\u{feff}",
];

#[derive(Clone, Debug)]
enum Damage {
    Cut(f64, f64),
    Double(f64, f64),
    Insert(f64, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || 0.0..1.0f64;
    prop_oneof![
        (place(), place()).prop_map(|(at, length)| Damage::Cut(at, length)),
        (place(), place()).prop_map(|(at, length)| Damage::Double(at, length)),
        (place(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
    ]
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for damage in damages {
        let place = |share: f64| (share * chars.len() as f64) as usize;
        let range = |at: f64, length: f64| {
            let start = place(at);
            // Mostly a few characters, now and then a good part of the text.
            start..(start + (length.powi(6) * chars.len() as f64) as usize + 1).min(chars.len())
        };
        match *damage {
            Damage::Cut(at, length) => drop(chars.drain(range(at, length))),
            Damage::Double(at, length) => {
                let range = range(at, length);
                let copy = chars[range.clone()].to_vec();
                chars.splice(range.end..range.end, copy);
            }
            Damage::Insert(at, piece) => {
                let at = place(at);
                chars.splice(at..at, PIECES[piece].chars());
            }
        }
    }
    chars.into_iter().collect()
}

fn folder(of: &str, ending: &str) -> Vec<(String, String)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut files = Vec::new();
    let mut folders = vec![std::path::Path::new(root).join(of)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(std::path::Path::new(root).join(of)).unwrap();
                let name = name.to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn rules() -> Vec<(String, String)> {
    folder("infra/rules", ".yaml")
}

/// Runs, and fails where it takes too long.
fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Clock::now();
    let done = work();
    assert!(began.elapsed() < LONGEST, "too long: {what}");
    done
}

/// Takes a text as an event, and where it is one, lives through it.
fn take_event(text: &str, book: &RuleBook) {
    let Ok(delivered) = in_time(text, || from_wire(text)) else { return };
    let Some(id) = delivered.event.customer().cloned() else { return };
    let period = Period { from: Instant::MIN, until: Instant::from_millis(4_000_000_000_000) };
    in_time(text, || simulate(id, &mut [delivered], &[], book, period));
}

fn take_rules(files: &[(String, String)]) {
    let (_, found) = in_time(&files[0].1, || RuleBook::check(files));
    for diagnostic in found {
        assert!(!diagnostic.message.is_empty() && diagnostic.place.line > 0, "{diagnostic}");
    }
}

fn take_templates(files: &[(String, String)], book: &RuleBook) {
    let templates = Templates::read(files);
    in_time("check", || templates.check(book));
    let ana = sample_context(&book.policy, None, "");
    for name in ["thank-you-mail", "thank-you-call"] {
        // Whether it can be written is the check's business.
        let _ = in_time(name, || templates.mail(name, "en", "es", &ana).is_ok());
        let _ = in_time(name, || templates.script(name, "en", "es", &ana).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events(text in "\\PC*", kind in 0..12usize, damages in prop::collection::vec(damage(), 1..6)) {
        let book = RuleBook::read(&rules()).unwrap();
        take_event(&text, &book);
        let samples = folder("events/samples", ".json");
        take_event(&damaged(&samples[kind % samples.len()].1, &damages), &book);
    }

    #[test]
    fn rules_and_policy(
        text in "\\PC*",
        which in 0..99usize,
        damages in prop::collection::vec(damage(), 1..6),
    ) {
        let mut files = rules();
        let index = which % files.len();
        files[index].1 = damaged(&files[index].1, &damages);
        take_rules(&files);
        files[index].1 = text;
        take_rules(&files);
    }

    #[test]
    fn conditions(pieces in prop::collection::vec(0..PIECES.len(), 0..30), damages in prop::collection::vec(damage(), 1..4)) {
        let good = "has(customer.last_csat) && customer.categories.exists(c, c == 'tea') || double(event.total.amount) / 2.0 > 5.0 && now > timestamp('2026-01-01T00:00:00Z')";
        let soup: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        for text in [soup, damaged(good, &damages)] {
            let _ = in_time(&text, || Condition::compile(&text, Some(EventKind::PurchaseCompleted)).is_ok());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn templates(which in 0..99usize, damages in prop::collection::vec(damage(), 1..4)) {
        let book = RuleBook::read(&rules()).unwrap();
        let mut files = folder("infra/templates", "");
        let index = which % files.len();
        files[index].1 = damaged(&files[index].1, &damages);
        take_templates(&files, &book);
    }
}

/// Texts made to be expensive: deep, wide, or both.
#[test]
fn bombs() {
    let deep = |open: &str, close: &str| open.repeat(2_000) + &close.repeat(2_000);
    let laughs: String = std::iter::once("a0: &a0 [lol, lol]\n".to_owned())
        .chain((1..40).map(|n| {
            let before = format!("*a{}", n - 1);
            format!("a{n}: &a{n} [{}]\n", [before.as_str(); 9].join(", "))
        }))
        .collect();
    let book = RuleBook::read(&rules()).unwrap();
    for text in [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        deep("(", ")"),
        deep("!", ""),
        deep("-", ""),
        deep("a.", "a"),
        deep("[1].map(x, ", ")"),
        laughs,
        "? ".repeat(5_000),
        "- ".repeat(5_000),
        "customer.purchases > 0 && ".repeat(400) + "true",
    ] {
        take_event(&text, &book);
        let mut files = rules();
        files[0].1 = text.clone();
        take_rules(&files);
        let _ = in_time(&text, || Condition::compile(&text, None).is_ok());
    }
    let loops = "{% for a in range(9999) %}".repeat(4) + "x" + &"{% endfor %}".repeat(4);
    for text in [
        loops,
        "{{ 'a' * 999999999 }}".into(),
        deep("{% if true %}", "{% endif %}"),
        deep("<mj-text>", "</mj-text>"),
    ] {
        let files = ["es/subject.txt", "es/body.mjml", "es/script.md"];
        let files = files.map(|file| (format!("thank-you-mail/{file}"), text.clone()));
        take_templates(&files, &book);
    }
}

/// Ids end up in keys: whatever is taken is short and can be seen.
#[test]
fn ids() {
    for text in ["", " ", "a b", "ñ", "a\n", "\u{202e}", &"x".repeat(129)] {
        assert!(Id::new(text).is_err(), "{text:?}");
    }
}
