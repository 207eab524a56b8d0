//! Commands that ask somebody at a terminal, answered at a real one (a pseudo-terminal).

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{Said, fine, folder, lazo};

/// Runs the program with somebody at a terminal who types `answers`: questions and
/// remarks go there, what the command prints goes out as ever.
fn at_a_terminal(folder: &Path, words: &[&str], answers: &str) -> Said {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let screen = || {
        let mut file = std::fs::OpenOptions::new();
        Stdio::from(file.read(true).write(true).open(name.to_str().unwrap()).unwrap())
    };
    // The terminal holds what was typed until somebody reads it.
    let mut command: Command = lazo(folder, words).into_std();
    command.stdin(screen()).stderr(screen()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(command);
    rustix::io::write(&keyboard, answers.as_bytes()).unwrap();
    let mut shown = std::fs::File::from(keyboard);
    let reading = std::thread::spawn(move || {
        let (mut all, mut part) = (Vec::new(), [0; 4096]);
        // It ends, on Linux with an error, when nobody holds the terminal any more.
        while let Ok(read @ 1..) = shown.read(&mut part) {
            all.extend_from_slice(&part[..read]);
        }
        String::from_utf8(all).unwrap()
    });
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let code = child.wait().unwrap().code();
    Said { code, out, err: reading.join().unwrap() }
}

const ANA: &str = r#"{"detail-type":"CustomerUpdated","customer_id":"ana","occurred_at":"2026-11-20T10:00:00-06:00","name":{"given":"Ana"},"phone":"+525512345678"}"#;

/// A folder whose store knows Ana.
async fn with_ana() -> tempfile::TempDir {
    let place = folder();
    std::fs::write(place.path().join("ana.json"), ANA).unwrap();
    fine(place.path(), &["send", "ana.json", "--data", "data", "--new"]).await;
    place
}

#[tokio::test]
async fn erase_asks_for_the_id_and_takes_nothing_else_for_a_yes() {
    let place = with_ana().await;
    let place = place.path();
    for (lang, wrong, question, kept) in [
        ("en", "yes\n", "Type the id to confirm:", "nothing was erased"),
        ("es", "sí\n", "Escribe su id para confirmar:", "no se borró nada"),
        ("en", "\n", "Type the id to confirm:", "nothing was erased"),
    ] {
        let words = ["--lang", lang, "--data", "data", "erase", "ana"];
        let Said { code, out, err } = at_a_terminal(place, &words, wrong);
        assert_eq!(code, Some(1), "{out}{err}");
        assert!(err.contains(question) && out.contains(kept), "{out}{err}");
    }
    assert!(fine(place, &["--data", "data", "export", "ana"]).await.contains("Ana"));

    let words = ["--data", "data", "erase", "ana"];
    let Said { code, out, err } = at_a_terminal(place, &words, "ana\n");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("forgotten: ana"), "{out}");
}

#[tokio::test]
async fn a_bad_score_offers_a_complaint_and_asks_what_it_is_about() {
    let place = with_ana().await;
    let place = place.path();
    let log = |score: &'static str| {
        [
            "--data",
            "data",
            "log",
            "ana",
            "--touchpoint",
            "shop",
            "--channel",
            "store",
            "--kind",
            "visit",
            "--satisfaction",
            score,
        ]
    };
    // Nothing said is no.
    let Said { code, out, err } = at_a_terminal(place, &log("2"), "\n");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(err.contains("[y/N]"), "{err}");
    assert!(!fine(place, &["--data", "data", "explain", "ana"]).await.contains("complaint opened"));

    let Said { code, out, err } =
        at_a_terminal(place, &log("1"), "y\nlate\nhigh\nThe box was wet\n");
    assert_eq!(code, Some(0), "{out}{err}");
    let told = fine(place, &["--data", "data", "explain", "ana"]).await;
    assert!(told.contains("late"), "{told}");

    // Nobody is asked about a good one.
    let Said { err, .. } = at_a_terminal(place, &log("5"), "");
    assert!(!err.contains("[y/N]"), "{err}");
}

#[tokio::test]
async fn an_import_shows_what_it_understood_and_asks() {
    let place = folder();
    let place = place.path();
    std::fs::write(place.join("sales.csv"), "customer_id,at,amount\nana,2026-11-13,100.00\n")
        .unwrap();
    let words = ["--data", "data", "import", "sales.csv", "--new"];
    let Said { code, out, err } = at_a_terminal(place, &words, "n\n");
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.contains("Import?"), "{out}{err}");
    let Said { code, out, err } = at_a_terminal(place, &words, "y\n");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(fine(place, &["--data", "data", "explain", "ana"]).await.contains("100"), "{out}{err}");
}
