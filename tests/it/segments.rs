//! Segments and variants from the outside: what the commands tell of them, and which mail
//! goes out.

use std::path::Path;
use std::process::{Command, Output};

use lazo::shell::rules::Rules;
use lazo::shell::store::TouchState;
use lazo::shell::timeline;
use lazo::shell::wording::Language;
use lazo::{dispatch, ingest};
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::Reason;
use serde_json::{Value, json};

use crate::support::events::{batch, profile, purchase};
use crate::support::program::Shop;
use crate::support::recorder::Service;
use crate::support::{BODY, World, at, id};

fn lazo(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazo"));
    command.current_dir(folder).args(["--lang", "en"]).args(words);
    command.env_remove("LAZO_RULES").output().unwrap()
}

fn said(output: &Output) -> String {
    let of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    of(&output.stdout) + &of(&output.stderr)
}

const SEGMENTS: &str = "
again: { title: { es: Vuelven, en: They come back }, if: customer.purchases > 1 }
big: { description: Over 100., if: customer.total_spent > 100.0, counted: true }
nobody: { if: customer.purchases > 99, counted: true }
";

const RULE: &str = "rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: segment(\"again\")
steps: [{ id: mail, channel: email, variants: { a: { template: one, share: 50% }, b: { template: two, share: 50% } } }]
";

/// A folder of rules with these segments, and a history: customer `n` of thirty buys `n`
/// times for 30 each, on one day of October after the other.
fn folder(segments: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("now/rules/policy.yaml", "currency: MXN\ndefault_locale: es\n");
    write("now/rules/thanks.yaml", RULE);
    write("now/rules/segments.yaml", segments);
    let mut lines = String::new();
    for customer in 1..=30 {
        for n in 1..=customer {
            let day = format!("2026-10-{n:02}T12:00:00Z");
            let purchase = json!({ "detail-type": "PurchaseCompleted", "occurred_at": day,
                "customer_id": format!("cus-{customer:02}"), "purchase_id": format!("p-{customer}-{n}"),
                "total": { "amount": "30.00", "currency": "MXN" } });
            lines += &format!("{purchase}\n");
        }
    }
    write("history.jsonl", &lines);
    folder
}

fn lines(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn segments_are_counted_on_a_history() {
    let folder = folder(SEGMENTS);
    let count = |more: &[&str]| {
        let words = ["segments", "--rules", "now/rules", "--events", "history.jsonl"];
        lazo(folder.path(), &[&words[..], more].concat())
    };
    let told = lines(&count(&["--json"]));
    let of = |at: usize, key: &str| told[at][key].clone();
    assert_eq!((of(0, "segment"), of(0, "size")), (json!("again"), json!(29)));
    assert_eq!(
        (of(0, "title"), of(0, "customers")),
        (json!({ "es": "Vuelven", "en": "They come back" }), json!(30))
    );
    assert_eq!((of(1, "size"), of(1, "share")), (json!(27), json!(0.9)));
    assert_eq!(of(1, "overlaps"), json!({ "again": 27, "nobody": 0 }));
    assert_eq!((of(2, "size"), of(2, "examples")), (json!(0), json!([])));
    assert_eq!(of(0, "examples").as_array().unwrap().len(), 3);
    // The same for any number of threads.
    assert_eq!(
        count(&["--json", "--threads", "1"]).stdout,
        count(&["--json", "--threads", "7"]).stdout
    );
    // As of the third day, each but the first two had bought three times.
    let early = lines(&count(&["--json", "--at", "2026-10-04"]));
    assert_eq!((&early[0]["size"], &early[1]["size"]), (&json!(29), &json!(0)));
    let none = lines(&count(&["--json", "--at", "2026-10-01"]));
    assert_eq!(
        (&none[0]["customers"], &none[0]["size"], &none[0]["share"]),
        (&json!(0), &json!(0), &json!(0.0))
    );
    let people = said(&count(&[]));
    assert!(people.contains("30 customers, 2026-10-30"), "{people}");
    assert!(people.contains("They come back") && people.contains("also in big 27"), "{people}");
    let at = lazo(folder.path(), &["segments", "--at", "2026-10-04"]);
    assert_eq!(at.status.code(), Some(2), "{}", said(&at));
}

#[test]
fn groups_by_fifths_part_the_buyers() {
    let folder = folder(SEGMENTS);
    let words =
        ["segments", "--rules", "now/rules", "--events", "history.jsonl", "--at", "2026-11-30"];
    let suggested = lazo(folder.path(), &[&words[..], &["--suggest"]].concat());
    assert_eq!(suggested.status.code(), Some(0), "{}", said(&suggested));
    let text = String::from_utf8(suggested.stdout).unwrap();
    assert!(
        text.starts_with("# Recency, frequency and money, by the fifths of 30 customers"),
        "{text}"
    );
    let path = folder.path().join("now/rules/segments.yaml");
    std::fs::write(&path, format!("{SEGMENTS}{text}")).unwrap();
    let check = lazo(folder.path(), &["rules", "check", "now/rules", "--no-templates"]);
    assert!(said(&check).contains("0 errors, 0 warnings"), "{}", said(&check));
    let told = lines(&lazo(folder.path(), &[&words[..], &["--json"]].concat()));
    let parts = ["champions", "loyal", "promising", "cooling", "at-risk", "dormant"];
    let of = |part: &str| {
        let name = format!("rfm-{part}");
        told.iter().find(|one| one["segment"] == name.as_str()).unwrap()
    };
    let sizes = parts.map(|part| of(part)["size"].as_u64().unwrap());
    assert_eq!(sizes.iter().sum::<u64>(), 30, "{sizes:?}");
    for part in parts {
        for other in parts.iter().filter(|other| **other != part) {
            assert_eq!(of(part)["overlaps"][format!("rfm-{other}")], 0, "{part} and {other}");
        }
    }
    assert_eq!(of("big-spenders")["size"], 6, "a fifth");
    // Of few buyers nobody can speak of fifths.
    let few = lazo(
        folder.path(),
        &[
            "segments",
            "--rules",
            "now/rules",
            "--events",
            "history.jsonl",
            "--at",
            "2026-09-30",
            "--suggest",
        ],
    );
    assert_eq!(few.status.code(), Some(2));
    assert!(said(&few).contains("0 customers have bought, and it takes 25"), "{}", said(&few));
}

#[test]
fn a_plan_tells_which_segments_change_and_their_sizes() {
    let folder = folder(SEGMENTS);
    let path = folder.path();
    let rules = path.join("next/rules");
    std::fs::create_dir_all(&rules).unwrap();
    for name in ["policy.yaml", "thanks.yaml"] {
        std::fs::copy(path.join("now/rules").join(name), rules.join(name)).unwrap();
    }
    let next = SEGMENTS.replace("purchases > 1 ", "purchases > 10 ").replace("nobody", "none");
    std::fs::write(rules.join("segments.yaml"), next).unwrap();
    let plan = |of: &str, more: &[&str]| {
        let words =
            ["rules", "plan", "--base", "now/rules", "--events", "history.jsonl", "--rules", of];
        lazo(path, &[&words[..], more].concat())
    };
    let told = &lines(&plan("next/rules", &["--json"]))[0];
    assert_eq!(
        told["segments"],
        json!([
            { "segment": "again", "action": "update", "before": 29, "after": 20, "changes": [
                { "field": "if", "before": "customer.purchases > 1", "after": "customer.purchases > 10" }] },
            { "segment": "big", "action": "none", "before": 27, "after": 27, "changes": [] },
            { "segment": "nobody", "action": "delete", "before": 0, "after": null, "changes": [] },
            { "segment": "none", "action": "create", "before": null, "after": 0, "changes": [] },
        ])
    );
    assert_eq!(told["no_changes"], false);
    let warnings = told["warnings"].as_array().unwrap();
    let empty = warnings.iter().find(|lint| lint["lint"] == "empty_segments").unwrap();
    assert!(empty["message"]["en"].as_str().unwrap().ends_with("in these segments: none"));
    let people = said(&plan("next/rules", &[]));
    assert!(people.contains("again (changed): 29 → 20 customers"), "{people}");
    assert!(people.contains("if: customer.purchases > 1 → customer.purchases > 10"), "{people}");
    let same = plan("now/rules", &["--fail-on", "changes"]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
}

#[test]
fn a_simulation_names_the_variant_of_each_touch() {
    let folder = folder(SEGMENTS);
    let words = [
        "simulate",
        "--rules",
        "now/rules",
        "--events",
        "history.jsonl",
        "--until",
        "2026-11-01",
        "--json",
    ];
    let told = lines(&lazo(folder.path(), &words));
    let mut seen = std::collections::BTreeSet::new();
    for line in &told {
        if line["reason"] == "filter_false" {
            assert!(line.get("variant").is_none(), "{line}");
            continue;
        }
        let customer = line["customer_id"].as_str().unwrap();
        let u = lazo_domain::draw::fraction(&format!("thanks/mail/{customer}"));
        let expected = if u < 0.5 { "a" } else { "b" };
        assert_eq!(line["variant"], expected, "{line}");
        seen.insert(expected);
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn rules_are_told_by_their_titles_in_each_language() {
    let folder = folder(SEGMENTS);
    let path = folder.path().join("now/rules/thanks.yaml");
    let of = |title: &str| {
        std::fs::write(&path, RULE.replacen("status:", &format!("{title}status:"), 1)).unwrap();
        let list =
            |lang| said(&lazo(folder.path(), &["rules", "list", "now/rules", "--lang", lang]));
        [list("es"), list("en")]
    };
    let [es, en] = of("title: { es: Gracias, en: Thank them }\ndescription: Why.\n");
    assert!(es.contains("thanks                       Gracias"), "{es}");
    assert!(en.contains("thanks                       Thank them"), "{en}");
    let [es, en] = of("title: { es: Gracias }\n");
    assert!(es.contains(" Gracias") && en.contains(" Gracias"), "{es}{en}");
    let [es, en] = of("description: { es: Por qué, en: Why }\n");
    assert!(es.contains(" Por qué") && en.contains(" Why"), "{es}{en}");
    let [_, en] = of("");
    assert!(en.contains("thanks                       thanks"), "{en}");
}

#[test]
fn the_segments_that_are_shipped_part_the_buyers_and_are_sound() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/rules");
    let shipped = shipped.to_str().unwrap();
    let check = lazo(folder.path(), &["rules", "check", shipped]);
    assert!(said(&check).contains("0 errors, 0 warnings"), "{}", said(&check));
    let text = std::fs::read_to_string(Path::new(shipped).join("segments.yaml")).unwrap();
    let files = [("policy.yaml".into(), "{}".into()), ("segments.yaml".into(), text)];
    let book = RuleBook::read(&files).unwrap();
    for segment in book.segments().iter() {
        for lang in [Language::Es, Language::En] {
            assert!(lang.pick_text(&segment.title).is_some(), "{}", segment.name);
        }
        assert_ne!(segment.title.es(), segment.title.en(), "{}", segment.name);
    }
    let names: Vec<&str> = book.segments().iter().map(|one| one.name.as_str()).collect();
    for name in
        ["promoters", "detractors", "new-this-month", "drifting-and-valuable", "rfm-champions"]
    {
        assert!(names.contains(&name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_of_the_shop_s_own_customers() {
    let shop = Shop::new();
    let rule = std::fs::read_to_string(shop.path("rules/thanks.yaml")).unwrap();
    std::fs::write(
        shop.path("rules/thanks.yaml"),
        rule.replace("steps:", "filter: segment(\"again\")\nsteps:"),
    )
    .unwrap();
    std::fs::write(shop.path("rules/segments.yaml"), SEGMENTS).unwrap();
    let mut events = String::new();
    for (customer, key) in [("ana", "p1"), ("ana", "p2"), ("eva", "p3"), ("luz", "p4")] {
        let purchase = json!({ "detail-type": "PurchaseCompleted", "customer_id": customer,
            "purchase_id": key, "occurred_at": "2026-10-01T12:00:00Z",
            "total": { "amount": "90.00", "currency": "MXN" } });
        events += &format!("{purchase}\n");
    }
    let erased = json!({ "detail-type": "CustomerErased", "customer_id": "luz", "request_id": "r1", "occurred_at": "2026-10-02T12:00:00Z" });
    std::fs::write(shop.path("events.jsonl"), format!("{events}{erased}\n")).unwrap();
    let file = shop.path("events.jsonl");
    let sent = shop.with_rules(&["import", file.to_str().unwrap()]).output().await.unwrap();
    assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
    let counted = shop.with_rules(&["segments", "--json"]).output().await.unwrap();
    let told = lines(&counted);
    assert_eq!((&told[0]["customers"], &told[0]["size"]), (&json!(2), &json!(1)));
    assert_eq!(told[0]["examples"], json!(["ana"]));
}

fn world_rules(shares: [u8; 2]) -> Rules {
    let [a, b] = shares;
    let rule = RULE.replacen("50%", &format!("{a}%"), 1).replacen("50%", &format!("{b}%"), 1);
    let policy = "brand: { name: Casa, from: hola@casa.example }\ndefault_locale: es\nglobal_holdout: { share: 100%, purpose: marketing, epoch: x }\n";
    let news = "rule: news\nstatus: live\npurpose: marketing\ntrigger: { event: PurchaseCompleted }\nsteps: [{ id: mail, channel: email, template: one }]\n";
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let files = [
        ("policy.yaml", policy),
        ("segments.yaml", "again: { if: customer.purchases > 0 }"),
        ("thanks.yaml", rule.as_str()),
        ("news.yaml", news),
    ];
    let templates = [
        ("one/es/subject.txt", "Uno"),
        ("one/es/body.mjml", BODY),
        ("two/es/subject.txt", "Dos"),
        ("two/es/body.mjml", BODY),
    ];
    Rules::read(&files.map(own).to_vec(), &templates.map(own).to_vec()).unwrap()
}

#[tokio::test]
async fn the_drawn_template_goes_out_and_the_ledger_names_its_variant() {
    // Ana draws 0.3698.
    for (shares, expected, variant) in [([36, 64], "Dos", "b"), ([37, 63], "Uno", "a")] {
        let world = World::new(world_rules(shares)).await;
        let noon = at("2026-11-18T12:00:00-06:00");
        let events = [profile("ana", noon, json!({})), purchase("ana", "p1", noon, "129.90")];
        let response = ingest::handle(&world.app, batch(&events), noon).await;
        assert!(response.batch_item_failures.is_empty());
        dispatch::run(&world.app, noon).await.unwrap();
        let mails = world.recorder.requests(Service::Ses);
        assert_eq!(mails.len(), 1);
        use base64::Engine;
        let raw = mails[0]["Content"]["Raw"]["Data"].as_str().unwrap();
        let mail = base64::engine::general_purpose::STANDARD.decode(raw).unwrap();
        let mail = String::from_utf8(mail).unwrap();
        assert!(mail.contains(&format!("Subject: {expected}\r\n")), "{mail}");
        let told = timeline::read(&world.app, &id("ana")).await.unwrap().unwrap();
        let sent = told.touches.iter().find(|one| one.state == TouchState::Sent).unwrap();
        assert_eq!(sent.variant.as_deref(), Some(variant));
        let rules = world.app.rules();
        let lines = told.lines(&rules.book, Language::En);
        let said = |part: &str| lines.iter().any(|line| line.text.contains(part));
        assert!(said(&format!("sent, variant {variant}")), "{lines:#?}");
        assert!(said("control group of all rules of this purpose"), "{lines:#?}");
        assert!(lines.iter().any(|line| line.json["variant"] == variant));
        let refused = told.events.iter().flat_map(|event| &event.refused);
        let refused: Vec<Reason> = refused.map(|one| one.reason).collect();
        assert_eq!(refused, [Reason::GlobalHoldout]);
    }
}
