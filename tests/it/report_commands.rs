//! `lazo report` and `lazo simulate --report` as programs.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

async fn run_in(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_lazo"));
    command.args(words).current_dir(folder).env_remove("LAZO_RULES").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

const RULE: &str = "rule: again
status: live
purpose: marketing
trigger: { event: InteractionRecorded }
holdout: 30%
goal: { event: PurchaseCompleted, within: 10 days }
steps: [{ id: team, channel: task, template: again }]
";

/// A folder with a rule, and a history in which each third customer buys behind it.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let policy = "brand: { name: 'Flor & <Canto>', from: hola@example.com }\ncurrency: MXN\ndefault_time_zone: America/Mexico_City\n";
    write("infra/rules/policy.yaml", policy);
    write("infra/rules/again.yaml", RULE);
    write("infra/templates/again/en/script.md", "Say hello.");
    let mut history = String::new();
    for number in 0..300 {
        let day = 1 + number % 20;
        let mut line = |kind: &str, day: i32, more: &str| {
            history += &format!(
                r#"{{"detail-type":"{kind}","detail":{{"customer_id":"c{number}","occurred_at":"2026-03-{day:02}T12:00:00-06:00",{more}}}}}"#
            );
            history.push('\n');
        };
        let met = format!(
            r#""interaction_id":"i{number}","phase":"postpurchase","touchpoint":"shop","channel":"store","initiated_by":"brand","kind":"visit""#
        );
        line("InteractionRecorded", day, &met);
        if number % 3 == 0 {
            let bought = format!(
                r#""purchase_id":"p{number}","total":{{"amount":"100.25","currency":"MXN"}}"#
            );
            line("PurchaseCompleted", day + 4, &bought);
            line("PurchaseCompleted", day + 4, &bought);
        }
    }
    write("history.jsonl", &history);
    folder
}

fn report(text: &str) -> Value {
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1, "{text}");
    serde_json::from_str(lines[0]).unwrap()
}

#[tokio::test]
async fn a_simulation_reports_what_each_rule_brought() {
    let folder = shop();
    let words = ["simulate", "--events", "history.jsonl", "--until", "2026-05-01", "--report"];
    let json = [&words[..], &["--json"]].concat();
    let (code, out, told) = run_in(folder.path(), &json).await;
    assert_eq!(code, Some(0), "{told}");
    let told = report(&out);
    let goal = &told["goal"];
    let count = |value: &Value| value.as_u64().unwrap();
    assert_eq!(told["enrolled"], 300);
    assert_eq!(count(&goal["treated"]["customers"]) + count(&goal["held_out"]["customers"]), 300);
    assert_eq!(count(&goal["treated"]["converted"]) + count(&goal["held_out"]["converted"]), 100);
    assert_eq!(told["held_out"], goal["held_out"]["customers"]);
    let revenue = |arm: &str| goal[arm]["revenue"].as_f64().unwrap();
    assert!((revenue("treated") + revenue("held_out") - 10_025.0).abs() < 1e-6);
    assert_eq!(goal["level"], 0.998);
    assert_eq!(goal["verdict"], "too_early");
    assert!(goal["sample_ratio_p"].as_f64().unwrap() > 0.001);
    assert_eq!(told["window"]["from"], Value::Null);
    assert_eq!(told["window"]["until"], "2026-05-01T00:00:00-06:00");
    assert!(told["sentence"]["en"].as_str().unwrap().contains("too early"), "{told}");
    let arm = |name: &str| format!("{}/{}", goal[name]["converted"], goal[name]["customers"]);
    let (treated, held_out) = (arm("treated"), arm("held_out"));
    let interval = ["report", "interval", &treated, &held_out, "--level", "99.8%", "--json"];
    let (_, out, _) = run_in(folder.path(), &interval).await;
    let interval: Value = serde_json::from_str(&out).unwrap();
    for name in ["difference", "low", "high"] {
        assert_eq!(interval[name], goal[name], "{name}");
    }
    let (_, one, _) = run_in(folder.path(), &[&json[..], &["--threads", "1"]].concat()).await;
    assert_eq!(report(&one), told);
    let (_, page, _) = run_in(folder.path(), &[&["--lang", "es"], &words[..]].concat()).await;
    assert!(page.contains("clientes entraron") && page.contains("veredicto"), "{page}");
}

#[tokio::test]
async fn a_report_of_the_table_and_its_page() {
    let folder = shop();
    let of = |words: &[&'static str]| {
        [words, &["--data", "data"][..]].concat().into_iter().collect::<Vec<&str>>()
    };
    let (code, out, told) = run_in(folder.path(), &of(&["report", "--json", "--new"])).await;
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(report(&out)["enrolled"], 0, "days without data");
    let (code, _, told) = run_in(
        folder.path(),
        &of(&["send", "--sample", "InteractionRecorded", "--customer", "c1"]),
    )
    .await;
    assert_eq!(code, Some(0), "{told}");
    let page = ["report", "--json", "--lang", "es", "--html", "page.html"];
    let (code, out, told) = run_in(folder.path(), &of(&page)).await;
    assert_eq!(code, Some(0), "{told}");
    let told = report(&out);
    assert_eq!(told["enrolled"], 1, "{told}");
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("Flor &amp; &lt;Canto&gt;") && !page.contains("<Canto>"), "{page}");
    assert!(page.contains("lang=\"es\"") && page.contains("<svg") && page.contains("<table>"));
    for from_elsewhere in ["http:", "https:", "src=", "<script", "<link", "url("] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
}

#[tokio::test]
async fn what_cannot_be_reported_is_said_plainly() {
    let folder = shop();
    let (code, _, told) =
        run_in(folder.path(), &["report", "--rule", "agan", "--data", "data", "--new"]).await;
    assert_eq!(code, Some(2));
    assert!(told.contains("there is no rule \"agan\"") && told.contains("again"), "{told}");
    let backwards = ["report", "--from", "2026-03-02", "--until", "2026-03-01", "--data", "data"];
    let (code, _, told) = run_in(folder.path(), &backwards).await;
    assert_eq!(code, Some(2));
    assert!(told.contains("is behind --until"), "{told}");
    // A goal that nobody can reach, and one that is the trigger's own kind.
    let rule = folder.path().join("infra/rules/again.yaml");
    std::fs::write(&rule, RULE.replace("event: PurchaseCompleted", "event: CustomerErased"))
        .unwrap();
    let (code, out, told) = run_in(folder.path(), &["rules", "check"]).await;
    assert_eq!(code, Some(1));
    assert!(format!("{out}{told}").contains("CustomerErased is no goal"), "{out}{told}");
    let own = RULE.replace("event: PurchaseCompleted", "event: InteractionRecorded");
    std::fs::write(&rule, own).unwrap();
    let (_, out, told) = run_in(folder.path(), &["rules", "check"]).await;
    assert!(format!("{out}{told}").contains("trigger's own kind of event"), "{out}{told}");
}
