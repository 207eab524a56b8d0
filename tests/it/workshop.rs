//! Marketing's workshop on the command line: a folder of one's own, what other rules
//! would change, and what a difference is worth.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn lazo(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazo"));
    command.current_dir(folder).args(["--lang", "en"]).args(words);
    command.env_remove("LAZO_RULES").output().unwrap()
}

fn said(output: &Output) -> String {
    let of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    of(&output.stdout) + &of(&output.stderr)
}

const ANSWERS: [&str; 12] = [
    "--name",
    "Casa \"Azul\" & <Hijos>",
    "--currency",
    "eur",
    "--time-zone",
    "Europe/Madrid",
    "--languages",
    "en,es",
    "--from",
    "hola@casaazul.example",
    "--address",
    "Calle Mayor 1: Madrid",
];

#[test]
fn a_new_folder_passes_the_check_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let made = lazo(path, &[&["new", "shop"], &ANSWERS[..]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let check = lazo(path, &["rules", "check", "shop/rules"]);
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
    assert!(said(&check).contains("0 errors"), "{}", said(&check));
    let policy = std::fs::read_to_string(path.join("shop/rules/policy.yaml")).unwrap();
    for line in ["currency: \"EUR\"", "default_time_zone: \"Europe/Madrid\"", "default_locale: en"]
    {
        assert!(policy.contains(line), "{line}");
    }
    assert!(!policy.contains("casalumbre") && !policy.contains("lucia.ortega"));
    assert!(path.join("shop/templates/birthday-mail/es/subject.txt").exists());
    // What somebody has written since is never written over.
    let again = lazo(path, &[&["new", "shop"], &ANSWERS[..]].concat());
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("is not empty"), "{}", said(&again));
}

#[test]
fn a_new_folder_speaks_the_languages_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut words = [&["new", "shop"], &ANSWERS[..]].concat();
    words[9] = "es";
    let made = lazo(folder.path(), &words);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let mail = folder.path().join("shop/templates/birthday-mail");
    assert!(mail.join("es").exists() && !mail.join("en").exists());
    let check = lazo(folder.path(), &["rules", "check", "shop/rules"]);
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
}

#[test]
fn a_new_folder_is_not_made_of_wrong_answers() {
    let folder = tempfile::tempdir().unwrap();
    let none = lazo(folder.path(), &["new", "shop", "--name", "Azul"]);
    let told = said(&none);
    assert!(told.contains("--currency, --time-zone, --from, --address, --languages"), "{told}");
    for (place, wrong, told) in [
        (3, "EURO", "--currency: "),
        (5, "Europe/Madird", "--time-zone: \"Europe/Madird\" is not a time zone"),
        (7, "fr", "--languages: \"fr\" has no texts"),
        (9, "no address", "--from: \"no address\" is no e-mail address"),
    ] {
        let mut answers = ANSWERS;
        answers[place] = wrong;
        let made = lazo(folder.path(), &[&["new", "shop"], &answers[..]].concat());
        assert_eq!(made.status.code(), Some(2), "{wrong}: {}", said(&made));
        assert!(said(&made).contains(told), "{wrong}: {}", said(&made));
        assert!(!folder.path().join("shop").exists(), "{wrong}");
    }
}

#[test]
fn an_interval_for_counts_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let found = lazo(folder.path(), &["report", "interval", "30/450", "2/50", "--json"]);
    let value: Value = serde_json::from_slice(&found.stdout).unwrap();
    let near = |name: &str, expected: f64| {
        let found = value[name].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-4, "{name}: {found}");
    };
    near("difference", 0.0267);
    near("low", -0.0696);
    near("high", 0.0681);
    let words = lazo(folder.path(), &["report", "interval", "30/450", "2/50", "--level", "99%"]);
    assert!(said(&words).contains("99% confidence"), "{}", said(&words));
    for wrong in ["3/2", "1/0", "x", "-1/5"] {
        let output = lazo(folder.path(), &["report", "interval", wrong, "2/50"]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

/// A history of three customers who bought, ten days apart.
fn history(folder: &Path) {
    let mut lines = String::new();
    for (customer, day) in [("ana", 1), ("eva", 11), ("luz", 21)] {
        let at = format!("2026-10-{day:02}T12:00:00-06:00");
        let profile = json!({ "detail-type": "CustomerUpdated", "customer_id": customer,
            "occurred_at": at, "email": format!("{customer}@example.com") });
        let purchase = json!({ "detail-type": "PurchaseCompleted", "customer_id": customer,
            "occurred_at": at, "purchase_id": format!("p-{customer}"),
            "total": { "amount": "500.00", "currency": "MXN" } });
        lines += &format!("{profile}\n{purchase}\n");
    }
    std::fs::write(folder.join("history.jsonl"), lines).unwrap();
}

/// A rules folder with one rule that thanks by mail after some days.
fn rules(folder: &Path, name: &str, rule: &str, wait: &str) {
    let (rules, mail) =
        (folder.join(name).join("rules"), folder.join(name).join("templates/thanks/es"));
    std::fs::create_dir_all(&rules).unwrap();
    std::fs::create_dir_all(&mail).unwrap();
    let policy = "brand: { name: Tienda, from: hola@example.com }\ncurrency: MXN\ndefault_locale: es\ndefault_time_zone: America/Mexico_City\n";
    std::fs::write(rules.join("policy.yaml"), policy).unwrap();
    std::fs::write(mail.join("subject.txt"), "Gracias").unwrap();
    let text = format!(
        "rule: {rule}\nstatus: live\npurpose: service\ntrigger: {{ event: PurchaseCompleted }}\n\
         steps: [{{ id: mail, channel: email, template: thanks, wait: {wait} }}]\n"
    );
    std::fs::write(rules.join(format!("{rule}.yaml")), text).unwrap();
}

#[test]
fn a_plan_is_the_difference_of_two_simulations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    history(path);
    rules(path, "now", "thanks", "1 day");
    rules(path, "next", "thanks", "3 days");
    rules(path, "renamed", "gracias", "1 day");
    let plan = |rules: &str, more: &[&str]| {
        let words =
            ["rules", "plan", "--base", "now/rules", "--rules", rules, "--events", "history.jsonl"];
        lazo(path, &[&words[..], &["--until", "2026-11-10"], more].concat())
    };
    let of = |rules: &str| -> Value {
        let output = plan(rules, &["--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let moved = of("next/rules");
    assert_eq!(moved["effects"], json!({ "gained": 0, "lost": 0, "moved": 3, "unchanged": 0 }));
    assert_eq!(moved["rules"][0]["action"], "update");
    assert_eq!(moved["rules"][0]["changes"][0]["field"], "steps.mail.wait");
    assert_eq!(moved["history"]["customers"], 3);
    assert_eq!(moved["no_changes"], false);
    let renamed = of("renamed/rules");
    assert_eq!(renamed["effects"], json!({ "gained": 3, "lost": 3, "moved": 0, "unchanged": 0 }));
    assert_eq!(renamed["warnings"][0]["lint"], "renamed_rule");
    let told = renamed["warnings"][0]["message"]["en"].as_str().unwrap();
    assert!(told.contains("3 of the history would go out again"), "{told}");
    let touches = plan("next/rules", &["--touches"]);
    let lines = said(&touches);
    let lines: Vec<Value> =
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["touch_id"], "thanks/ana/p-ana/mail");
    assert_eq!(lines[0]["before"]["at"], "2026-10-02T12:00:00-06:00");
    assert_eq!(lines[0]["after"]["at"], "2026-10-04T12:00:00-06:00");
}

#[test]
fn a_plan_of_the_same_rules_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    history(path);
    rules(path, "now", "thanks", "1 day");
    rules(path, "next", "thanks", "3 days");
    let words = ["rules", "plan", "--base", "now/rules", "--events", "history.jsonl"];
    let plan = |rules: &str| {
        lazo(
            path,
            &[&words[..], &["--rules", rules, "--fail-on", "changes", "--out", "plan.json"]]
                .concat(),
        )
    };
    let same = plan("now/rules");
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    assert!(said(&same).contains("Nothing changes."), "{}", said(&same));
    let written: Value =
        serde_json::from_slice(&std::fs::read(path.join("plan.json")).unwrap()).unwrap();
    assert_eq!(written["no_changes"], true);
    assert_eq!(written["base"]["digest"], written["proposed"]["digest"]);
    let other = plan("next/rules");
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
}

/// A shop's folder with a store beside it, in which no version is published yet.
fn shop_with_a_store(path: &Path) {
    let made = lazo(path, &[&["new", "shop"], &ANSWERS[..]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
}

fn edit(path: &Path, from: &str, to: &str) {
    let rule = path.join("shop/rules/thank-you-mail.yaml");
    let text = std::fs::read_to_string(&rule).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(rule, text.replacen(from, to, 1)).unwrap();
}

/// What a command answers: its exit status and all that it said.
fn answer(path: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = lazo(path, words);
    (output.status.code(), said(&output))
}

#[test]
fn rules_are_published_shown_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    shop_with_a_store(path);
    let publish = |words: &[&str]| {
        let head = ["rules", "publish", "--rules", "shop/rules", "--by", "ana"];
        answer(path, &[&head[..], words].concat())
    };
    let (status, told) = publish(&["--note", "the beginning", "--new"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("version 1 is published"), "{told}");
    let (status, told) = publish(&["--note", "again"]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("version 1, which is live, says just that already"), "{told}");
    edit(path, "priority: 50", "priority: 51");
    let (status, told) = publish(&["--note", "more of it"]);
    assert!(status == Some(0) && told.contains("version 2 is published"), "{told}");
    let (_, told) = answer(path, &["rules", "list"]);
    assert!(told.contains("live since") && told.contains("ana: more of it"), "{told}");
    let (_, told) = answer(path, &["rules", "show"]);
    assert!(told.contains("version 2: live") && told.contains("Against version 1:"), "{told}");
    assert!(told.contains("thank-you-mail") && told.contains("priority"), "{told}");
    let (status, told) =
        answer(path, &["rules", "rollback", "1", "--note", "too much", "--by", "beto"]);
    assert!(status == Some(0) && told.contains("version 3 is published"), "{told}");
    let (_, told) = answer(path, &["rules", "show", "--json"]);
    let live: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&live["version"], &live["restores"], &live["by"]),
        (&json!(3), &json!(1), &json!("beto"))
    );
    let (status, told) = answer(path, &["rules", "show", "2", "--out", "second"]);
    assert_eq!(status, Some(0), "{told}");
    let written = std::fs::read_to_string(path.join("second/rules/thank-you-mail.yaml")).unwrap();
    assert_eq!(
        written,
        std::fs::read_to_string(path.join("shop/rules/thank-you-mail.yaml")).unwrap()
    );
    for (words, why) in [
        (&["rules", "show", "9"][..], "there is no version 9"),
        (&["rules", "rollback", "9", "--note", "?"], "there is no version 9"),
        (&["rules", "rollback", "1", "--note", " "], "say why"),
        (&["rules", "show", "0"], "versions are counted from 1"),
    ] {
        let (status, told) = answer(path, words);
        assert!(status == Some(2) && told.contains(why), "{words:?}: {told}");
    }
    let (status, told) = publish(&["--note", "late", "--at", "2020-01-01"]);
    assert!(status == Some(2) && told.contains("is over"), "{told}");
    std::fs::write(path.join("shop/rules/broken.yaml"), "rule: broken\n").unwrap();
    let (status, told) = publish(&["--note", "broken"]);
    assert!(status == Some(1) && told.contains("broken.yaml:"), "{told}");
}

#[test]
fn a_plan_is_published_while_its_base_is_live() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    shop_with_a_store(path);
    let history = json!({
        "detail-type": "PurchaseCompleted", "customer_id": "ana", "purchase_id": "p1",
        "occurred_at": "2026-11-18T12:00:00Z", "total": { "amount": "10.00", "currency": "EUR" },
    });
    std::fs::write(path.join("history.jsonl"), history.to_string()).unwrap();
    let head = ["rules", "publish", "--rules", "shop/rules", "--by", "ana", "--note", "n"];
    let (status, told) = answer(path, &[&head[..], &["--new"]].concat());
    assert_eq!(status, Some(0), "{told}");
    edit(path, "priority: 50", "priority: 51");
    let plan = |out: &str| {
        let words = ["rules", "plan", "--rules", "shop/rules", "--events", "history.jsonl"];
        let (status, told) = answer(path, &[&words[..], &["--out", out]].concat());
        assert_eq!(status, Some(0), "{told}");
        let plan = std::fs::read_to_string(path.join(out)).unwrap();
        serde_json::from_str::<Value>(&plan).unwrap()
    };
    // The base is what is live.
    assert_eq!(plan("one.json")["base"]["version"], 1);
    // Another one is published meanwhile.
    edit(path, "priority: 51", "priority: 52");
    let (status, _) = answer(path, &head);
    assert_eq!(status, Some(0));
    edit(path, "priority: 52", "priority: 51");
    let with = |plan: &'static str| [&head[..], &[plan]].concat();
    let (status, told) = answer(path, &with("one.json"));
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("version 2 is live now") && told.contains("ana: n"), "{told}");
    assert_eq!(plan("two.json")["base"]["version"], 2);
    edit(path, "priority: 51", "priority: 53");
    let (status, told) = answer(path, &with("two.json"));
    assert!(status == Some(2) && told.contains("does not say what was planned"), "{told}");
    edit(path, "priority: 53", "priority: 51");
    let (status, told) = answer(path, &with("two.json"));
    assert!(status == Some(0) && told.contains("version 3 is published"), "{told}");
}
