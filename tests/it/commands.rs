//! The commands as developers and operations meet them: the real program, from an
//! empty folder on, and on a table in an account that has its troubles.

mod accounts;
mod terminal;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::support::program::LOCAL;

/// What a command said and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// The program in a folder, without an account and with nobody at a terminal.
fn lazo(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazo"));
    command.args(words).current_dir(folder).kill_on_drop(true).stdin(Stdio::null());
    for name in ["AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env_remove(name);
    }
    command.env_remove("LAZO_BUS").env_remove("LAZO_RULES").env_remove("LC_ALL");
    command.env("LANG", "en_US.UTF-8").env("HOME", folder).env("NO_PROXY", "127.0.0.1");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

async fn said(mut command: Command) -> Said {
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

async fn run(folder: &Path, words: &[&str]) -> Said {
    said(lazo(folder, words)).await
}

/// The same, which must end well; what it printed.
async fn fine(folder: &Path, words: &[&str]) -> String {
    let Said { code, out, err } = run(folder, words).await;
    assert_eq!(code, Some(0), "{words:?}: {out}{err}");
    out
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_command_in_the_wrong_folder_makes_no_store_and_a_new_one_is_asked_for() {
    let place = folder();
    let place = place.path();
    std::fs::write(place.join("p.csv"), "customer,at,amount\nana,2025-11-13,1\n").unwrap();
    for words in [
        &["send", "--sample", "PurchaseCompleted"][..],
        &["import", "p.csv", "--currency", "MXN"],
        &["erase", "ana", "--yes"],
        &["failures", "redrive", "--all"],
        &["calls", "next", "--by", "ana"],
        &["calls", "list"],
        &["explain", "ana"],
        &["export", "ana"],
    ] {
        let Said { code, err, .. } = run(place, words).await;
        assert_eq!(code, Some(2), "{words:?}: {err}");
        assert!(err.contains("there is no store in") && err.contains("--new"), "{words:?}: {err}");
    }
    assert!(!place.join(".lazo").exists(), "nothing was made");
    // The store that is used is said first.
    let new = ["--data", "shop", "--new", "send", "--sample", "CustomerUpdated"];
    let Said { code, err, .. } = run(place, &new).await;
    assert_eq!(code, Some(0), "{err}");
    let shop = place.canonicalize().unwrap().join("shop");
    let first = err.lines().find(|line| line.starts_with("lazo: ")).unwrap_or_default();
    assert!(first.starts_with("lazo: store /") && first.ends_with("/shop"), "{err} {shop:?}");
    let Said { code, err, .. } = run(place, &new).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("holds a store already"), "{err}");
    // Nor is one made among somebody's files.
    let Said { code, err, .. } = run(place, &["--data", ".", "--new", "failures", "list"]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("is not empty"), "{err}");
    for words in [
        &["import", "p.csv", "--currency", "MXN"][..],
        &["failures", "redrive", "--all"],
        &["erase", "ana", "--yes"],
    ] {
        let Said { err, .. } = run(place, &[&["--data", "shop"], words].concat()).await;
        assert!(err.contains("lazo: store /"), "{words:?}: {err}");
    }
    let spanish = run(place, &["--lang", "es", "explain", "ana"]).await.err;
    assert!(spanish.contains("no hay ningún almacén en"), "{spanish}");
}

#[tokio::test]
async fn a_shop_filled_by_hand_is_told_why_no_sample_shop_comes() {
    let place = folder();
    let place = place.path();
    fine(place, &["--new", "--data", "s", "send", "--sample", "CustomerUpdated"]).await;
    let local: Vec<&str> = LOCAL.into_iter().chain(["--once", "--data", "s"]).collect();
    let told = fine(place, &local).await;
    assert!(told.contains("already holds events, so the sample shop is not added"), "{told}");
    assert!(told.contains("lazo --data ANOTHER_FOLDER"), "{told}");
    let told = fine(place, &[&local[..], &["--empty"]].concat()).await;
    assert!(!told.contains("sample shop"), "{told}");
}

#[tokio::test]
async fn the_first_send_does_something_that_one_sees() {
    let place = folder();
    let place = place.path();
    let send = async |words: &[&str]| {
        run(place, &[&["--data", "s", "send", "--sample"], words].concat()).await
    };
    fine(place, &["--data", "s", "--new", "send", "--sample", "CustomerUpdated"]).await;
    let Said { code, out, .. } = send(&["PurchaseCompleted"]).await;
    assert_eq!(code, Some(0), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("PurchaseCompleted pur-"), "{out}");
    assert!(lines[0].contains(" of cus-00042 → starts thank-you-call (call 2"), "{out}");
    assert!(lines[0].contains("thank-you-mail does not start: "), "{out}");
    assert_eq!(lines[1..], ["all about it: lazo explain cus-00042 --data s", "1 event sent"]);
    // Another one is another purchase.
    send(&["PurchaseCompleted"]).await;
    let told = fine(place, &["--data", "s", "explain", "cus-00042"]).await;
    assert_eq!(told.matches("PurchaseCompleted pur-").count(), 2, "{told}");
    assert!(told.contains(": 6480.00 MXN, "), "{told}");
    assert!(told.contains("Lámpara de pie Jacaranda"), "{told}");
    // A name that is nearly right, and an event that is about nothing yet.
    let Said { code, err, .. } = send(&["PurchaseComplete"]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains(r#"did you mean "PurchaseCompleted"?"#), "{err}");
    let Said { code, err, .. } = send(&["PurchaseDelivered", "--customer", "eva"]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("lazo send --sample PurchaseCompleted --customer eva"), "{err}");
    let Said { code, out, .. } = send(&["PurchaseDelivered"]).await;
    assert_eq!(code, Some(0), "{out}");
}

#[tokio::test]
async fn an_event_s_faults_come_at_once_with_the_line_of_the_file() {
    let place = folder();
    let place = place.path();
    let bad = json!({
        "detail-type": "PurchaseCompleted", "customer_id": 5, "occurred_at": "soon",
        "total": { "amount": 12, "currency": "MXN" }, "purchase_id": "p",
    });
    let text = format!("[\n  {{\"detail-type\":\"OrderPaid\"}},\n\n  {bad}\n]\n");
    std::fs::write(place.join("e.json"), text.replace('\n', "\r\n")).unwrap();
    let words = ["--data", "s", "--new", "send", "e.json"];
    let Said { code, out, err } = run(place, &words).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("lazo: e.json:2: unknown detail-type \"OrderPaid\""), "{err}");
    let line = err.lines().find(|line| line.contains("e.json:4: ")).unwrap();
    for fault in ["customer_id: is a number", "occurred_at: is no RFC 3339", "total.amount: "] {
        assert!(line.contains(fault), "{line}");
    }
    assert!(out.starts_with("2 events sent\n2 of them do not fit and are kept aside"), "{out}");
}

/// A purchase of now.
fn purchase(customer: &str, id: &str, amount: &str) -> String {
    json!({
        "detail-type": "PurchaseCompleted", "customer_id": customer, "purchase_id": id,
        "occurred_at": jiff::Timestamp::now().to_string(), "sold_by": "bruno.ibarra",
        "total": { "amount": amount, "currency": "MXN" },
    })
    .to_string()
}

#[tokio::test]
async fn a_timeline_tells_amounts_scores_notes_who_and_why_with_the_values() {
    let place = folder();
    let place = place.path();
    let now = jiff::Timestamp::now().to_string();
    let of = |kind: &str, more: Value| {
        let mut detail = json!({ "detail-type": kind, "customer_id": "ana", "occurred_at": now });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        detail.to_string()
    };
    let lines = [
        of("CustomerUpdated", json!({ "name": { "given": "Ana" }, "email": "ana@example.com" })),
        purchase("ana", "pur-1", "10.00"),
        of(
            "PurchaseRefunded",
            json!({ "refund_id": "ref-1", "purchase_id": "pur-1", "total": { "amount": "2.50", "currency": "MXN" } }),
        ),
        of(
            "SurveyAnswered",
            json!({ "answer_id": "ans-1", "touchpoint": "delivery", "csat": 4, "comment": "muy\nbonito" }),
        ),
        of(
            "CallReported",
            json!({ "call_id": "cal-1", "outcome": "voicemail", "note": "por la tarde" }),
        ),
        of(
            "ComplaintOpened",
            json!({ "complaint_id": "com-1", "severity": "high", "category": "delivery" }),
        ),
        of(
            "ConsentChanged",
            json!({ "consent_id": "con-1", "channel": "email", "purpose": "marketing", "state": "denied", "source": "web" }),
        ),
    ];
    std::fs::write(place.join("ana.jsonl"), lines.join("\n")).unwrap();
    fine(place, &["--data", "s", "--new", "send", "ana.jsonl"]).await;
    let told = fine(place, &["--data", "s", "explain", "ana"]).await;
    for fact in [
        "CustomerUpdated: email, family, given",
        "PurchaseCompleted pur-1: 10.00 MXN, sold by bruno.ibarra",
        "PurchaseRefunded ref-1: 2.50 MXN, of pur-1",
        "SurveyAnswered ans-1: delivery, CSAT 4/5, “muy bonito”",
        "CallReported cal-1: voicemail, “por la tarde”",
        "ComplaintOpened com-1: delivery, high",
        "ConsentChanged con-1: marketing mail: no",
        "thank-you-call does not start: the rule's filter does not hold (customer.relationship is not known; event.total.currency = \"MXN\"; event.total.amount = 10)",
    ] {
        assert!(told.contains(fact), "{fact}\n{told}");
    }
    let of_programs = fine(place, &["--data", "s", "explain", "ana", "--json"]).await;
    assert!(of_programs.contains("event.total.amount = 10"), "{of_programs}");
    // Each later event decides it again, and says nothing new.
    assert_eq!(told.matches("thank-you-call does not start").count(), 1, "{told}");
    let spanish = fine(place, &["--data", "s", "explain", "ana", "--lang", "es"]).await;
    assert!(spanish.contains("customer.relationship no se conoce; "), "{spanish}");
    assert!(spanish.contains("vendió bruno.ibarra"), "{spanish}");

    // Once they are forgotten, the values are gone as well.
    let raw = async || fine(place, &["--data", "s", "export", "ana", "--raw"]).await;
    assert!(raw().await.contains("event.total.amount"));
    fine(place, &["--data", "s", "erase", "ana", "--yes"]).await;
    let left = raw().await;
    for word in ["event.total", "ana@example.com", "por la tarde", "muy", "bruno.ibarra"] {
        assert!(!left.contains(word), "{word}: {left}");
    }
}

#[tokio::test]
async fn the_running_system_tells_each_event_and_what_it_led_to() {
    let place = folder();
    let place = place.path();
    let words: Vec<&str> = LOCAL.into_iter().chain(["--empty", "--data", "s"]).collect();
    let mut local = lazo(place, &words);
    let mut local = local.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = local.stdout.take().unwrap();
    let mut told = String::new();
    // Once it has told all about itself, it tells what comes.
    while !told.contains("list-tables") {
        let mut bytes = [0; 4096];
        let count = out.read(&mut bytes).await.unwrap();
        assert!(count > 0, "it ended: {told}");
        told += &String::from_utf8_lossy(&bytes[..count]);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    std::fs::write(place.join("p.json"), purchase("ana", "pur-1", "10.00")).unwrap();
    std::fs::write(place.join("bad.json"), r#"{"customer_id":"ana"}"#).unwrap();
    let sent = run(place, &["--data", "s", "send", "p.json", "bad.json"]).await;
    assert!(sent.err.contains("(of the lazo that is running)"), "{}", sent.err);
    run(place, &["--data", "s", "send", "p.json"]).await;
    let pid = local.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).await.unwrap();
    local.wait().await.unwrap();
    let rest = String::from_utf8(rest).unwrap();
    let lines: Vec<&str> = rest.lines().filter(|line| line.contains("pur-1")).collect();
    assert_eq!(lines.len(), 2, "{rest}");
    assert!(lines[0].contains("PurchaseCompleted pur-1 of ana → starts thank-you-mail"), "{rest}");
    assert!(lines[1].contains("counted before: no change"), "{rest}");
}

#[tokio::test]
async fn erasing_asks_refuses_the_unknown_and_says_what_else_holds_the_person() {
    let place = folder();
    let place = place.path();
    std::fs::write(place.join("p.json"), purchase("ana", "pur-1", "10.00")).unwrap();
    fine(place, &["--data", "s", "--new", "send", "p.json"]).await;
    let erase =
        async |words: &[&str]| run(place, &[&["--data", "s", "erase"], words].concat()).await;
    // Nobody can be asked.
    let Said { code, err, .. } = erase(&["ana"]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("nothing was erased; --yes erases without asking"), "{err}");
    // A mistyped id is no customer.
    let Said { code, err, .. } = erase(&["anna", "--yes"]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("nothing is known of \"anna\"") && err.contains("--unknown"), "{err}");
    let Said { code, out, .. } = erase(&["anna", "--yes", "--unknown"]).await;
    assert_eq!(code, Some(0), "{out}");
    let Said { code, out, .. } = erase(&["ana", "--yes"]).await;
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("forgotten: ana\n"), "{out}");
    assert!(out.contains("/s/outbox: the mails that went to this person"), "{out}");
    let known = fine(place, &["--data", "s", "export", "ana"]).await;
    assert!(
        known.contains("You asked to be forgotten on") || known.contains("Pediste que"),
        "{known}"
    );
}

#[tokio::test]
async fn an_export_is_a_page_for_the_person_in_their_language() {
    let place = folder();
    let place = place.path();
    let send = async |sample: &str| fine(place, &["--data", "s", "send", "--sample", sample]).await;
    fine(place, &["--data", "s", "--new", "send", "--sample", "CustomerUpdated"]).await;
    for sample in ["ConsentChanged", "PurchaseCompleted", "InteractionRecorded", "SurveyAnswered"] {
        send(sample).await;
    }
    let page = fine(place, &["--data", "s", "export", "cus-00042"]).await;
    for part in [
        "Lo que Casa Lumbre guarda sobre ti",
        "Quién eres\n----------\n",
        "Nombre: Mariana Ríos Cárdenas",
        "Cumpleaños: 24 de noviembre de 1987",
        "correo con ofertas: sí",
        "$6,480.00",
        "Qué está previsto",
        "encuesta sobre delivery, 2/5: “La lámpara quedó preciosa",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for word in ["null", "thank-you-call", "{", "pending"] {
        assert!(!page.contains(word), "{word}\n{page}");
    }
    let page = fine(place, &["--data", "s", "export", "cus-00042", "--lang", "en"]).await;
    assert!(page.contains("Who you are") && page.contains("November 24, 1987"), "{page}");

    let fields = fine(place, &["--data", "s", "export", "cus-00042", "--json"]).await;
    let fields: Value = serde_json::from_str(&fields).unwrap();
    assert_eq!(fields["profile"]["email"], "mariana.rios@example.com");
    assert_eq!(fields["purchases"][0]["total"]["amount"], "6480.00");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/cli/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    for name in fields.as_object().unwrap().keys() {
        assert!(readme.contains(&format!("| `{name}` |")), "{name} is not described");
    }
    let raw = fine(place, &["--data", "s", "export", "cus-00042", "--raw"]).await;
    assert!(serde_json::from_str::<Value>(&raw).unwrap()["state"].is_object());
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_is_told_at_the_start() {
    let place = folder();
    let place = place.path();
    std::fs::create_dir(place.join("s")).unwrap();
    // Nobody writes there, whoever they are.
    std::os::unix::fs::symlink("/proc/self", place.join("s/outbox")).unwrap();
    let words: Vec<&str> = LOCAL.into_iter().chain(["--once", "--data", "s"]).collect();
    let Said { code, err, .. } = run(place, &words).await;
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("cannot write mails into s/outbox"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    // Nor where a file stands in its place.
    std::fs::remove_file(place.join("s/outbox")).unwrap();
    std::fs::write(place.join("s/outbox"), "a file").unwrap();
    let Said { code, err, .. } = run(place, &words).await;
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("a file stands where a folder is needed"), "{err}");
}

#[tokio::test]
async fn help_says_everything_once() {
    let place = folder();
    let place = place.path();
    for lang in ["en", "es"] {
        let help = fine(place, &["--help", "--lang", lang]).await;
        assert!(!help.contains("--smtp"), "{help}");
        let mut lines: Vec<&str> = help.lines().map(str::trim).collect();
        lines.retain(|line| line.len() > 20);
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count, "{help}");
    }
    let help = fine(place, &["local", "--help"]).await;
    assert!(help.contains("--smtp") && help.contains("lazo local --data shop"), "{help}");
}
