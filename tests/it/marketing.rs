//! Marketing at the command line: which rules a command works by, what is wrong in
//! them, what may be named, whom they reach, and what a message looks like.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::program::{LOCAL, Shop};

/// Runs the program in a folder to its end.
async fn run_in(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_lazo"));
    command.args(words).current_dir(folder).env_remove("LAZO_RULES").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const RULE: &str = "rule: greet
description: Greets whoever buys.
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: customer.purchases >= 1
steps: [{ id: mail, channel: email, template: greet }]
";

/// A shop's folder with a rule and its template.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policy =
        "brand: { name: Tienda, from: hola@example.com }\ndefault_locale: es\ncurrency: MXN\n";
    write(folder.path(), "infra/rules/policy.yaml", policy);
    write(folder.path(), "infra/rules/greet.yaml", RULE);
    write(folder.path(), "infra/templates/greet/es/subject.txt", "Gracias");
    write(folder.path(), "infra/templates/greet/es/body.mjml", crate::support::BODY);
    folder
}

fn purchase(customer: &str, key: &str, at: &str) -> String {
    format!(
        r#"{{"detail-type":"PurchaseCompleted","source":"shop","time":"{at}","detail":{{"customer_id":"{customer}","purchase_id":"{key}","occurred_at":"{at}","total":{{"amount":"10.00","currency":"MXN"}}}}}}"#
    )
}

fn profile(customer: &str, at: &str) -> String {
    format!(
        r#"{{"detail-type":"CustomerUpdated","source":"shop","time":"{at}","detail":{{"customer_id":"{customer}","occurred_at":"{at}","email":"{customer}@example.com","name":{{"given":"Eva"}}}}}}"#
    )
}

#[tokio::test]
async fn every_command_says_by_which_rules_it_works() {
    let shop = shop();
    let elsewhere = tempfile::tempdir().unwrap();
    write(shop.path(), "h.jsonl", &purchase("ana", "p-1", "2026-10-01T12:00:00Z"));
    write(elsewhere.path(), "h.jsonl", "");
    let rules = shop.path().join("infra/rules");
    let named = rules.to_str().unwrap();
    let simulate = ["simulate", "--events", "h.jsonl", "--until", "2026-12-01"];
    let preview = ["template", "preview", "thank-you-mail"];
    let commands: [&[&str]; 4] =
        [&["rules", "list"], &["rules", "check"], &["template", "list"], &simulate];
    for words in commands {
        let (_, out, err) = run_in(shop.path(), words).await;
        let here = "rules: infra/rules (the folder that you are in)\n";
        assert!(out.starts_with(here), "{words:?}: {out}{err}");
        if words != simulate {
            let (_, out, _) = run_in(&rules, words).await;
            assert!(out.starts_with("rules: ./ (the folder that you are in)\n"), "{out}");
        }
        let (_, out, _) = run_in(elsewhere.path(), &[words, &["--rules", named]].concat()).await;
        assert!(out.starts_with(&format!("rules: {named} (--rules)\n")), "{words:?}: {out}");
        let (_, out, _) = run_in(elsewhere.path(), &[words, &["--lang", "es"]].concat()).await;
        let built_in = "reglas: las del programa (aquí no hay infra/rules)\n";
        assert!(out.starts_with(built_in), "{words:?}: {out}");
    }
    let (_, out, _) = run_in(elsewhere.path(), &preview).await;
    assert!(out.starts_with("rules: those built into the program"), "{out}");
    // What is for programs begins with the answer.
    for words in [&["rules", "check", "--json"][..], &[&simulate[..], &["--json"]].concat()] {
        let (_, out, err) = run_in(shop.path(), words).await;
        assert!(!out.contains("rules: "), "{words:?}: {out}");
        assert!(err.starts_with("rules: infra/rules ("), "{words:?}: {err}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_found_in_one_go() {
    let shop = shop();
    let bad = "rule: oops
status: paused
purpose: service
trigger: { event: PurchaseCompleted }
filter: customer.purchses > 1 and event.total.amount > 5
steps:
  - id: mail
    chanel: email
    template: gret
    wait: 3 dais
  - { id: call, channel: cal, template: greet }
  - { id: task, channel: task, template: greet, if: customer.country == MX, wait: 2 dais }
";
    write(shop.path(), "infra/rules/oops.yaml", bad);
    let policy = "brand: { nme: Tienda, from: hola@example.com }\ndefault_locale: es\n";
    write(shop.path(), "infra/rules/policy.yaml", policy);
    let (code, out, _) = run_in(shop.path(), &["rules", "check"]).await;
    assert_eq!(code, Some(1));
    for told in [
        "oops.yaml:5:31: error: write && instead of \"and\"",
        "oops.yaml:8:5: error: unknown key \"chanel\"; did you mean \"channel\"?",
        "oops.yaml:10:11: error: \"3 dais\" is not a duration",
        "oops.yaml:11:26: error: unknown value \"cal\"; did you mean \"call\"?",
        "oops.yaml:12:83: error: \"2 dais\" is not a duration",
        "unknown variable \"MX\"; a text stands in quotes, \"MX\"",
        "policy.yaml:1:10: error: unknown key \"nme\"; did you mean \"name\"?",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    let mended = bad.replace(" and ", " && ").replace("cal,", "call,");
    let mended = mended.replace("dais", "days").replace("== MX", "== \\\"MX\\\"");
    let mended =
        mended.replace("if: customer.country == \\\"MX\\\"", "if: 'customer.country == \"MX\"'");
    write(shop.path(), "infra/rules/oops.yaml", &mended);
    let (_, out, _) = run_in(shop.path(), &["rules", "check"]).await;
    // A mistyped key keeps nothing from sight: not the filter, not the template.
    for told in [
        "customer has no field \"purchses\"; did you mean \"purchases\"?",
        "unknown key \"chanel\"",
        "there is no folder templates/gret; did you mean \"greet\"?",
        "oops.yaml:2:9: warning: paused: what falls due meanwhile ends as rule_not_live",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
}

#[tokio::test]
async fn all_that_may_be_named_is_listed_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    for (words, es, en) in [
        (["rules", "fields"], "Cuántas compras ha hecho", "How many purchases they made"),
        (
            ["template", "fields"],
            "un importe como se escribe",
            "an amount as the language writes it",
        ),
    ] {
        let of = |lang| [&words[..], &["--lang", lang]].concat();
        let (code, out, _) = run_in(folder.path(), &of("es")).await;
        assert!(code == Some(0) && out.contains(es), "{out}");
        let (code, out, _) = run_in(folder.path(), &of("en")).await;
        assert!(code == Some(0) && out.contains(en), "{out}");
    }
    let words = ["rules", "fields", "purchase", "--json"];
    let (_, out, err) = run_in(folder.path(), &words).await;
    let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(err.is_empty() && rows.len() > 5, "{err}{out}");
    let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    let since = of("customer.days_since_purchase");
    assert_eq!((&since["type"], &since["missing"]), (&"number".into(), &"before_buying".into()));
    assert_eq!(of("event.purchase_id")["list"], "event_field");
    let (code, out, _) = run_in(folder.path(), &["template", "fields", "nothing-so-named"]).await;
    assert!(code == Some(1) && out.contains("no name has this in it"), "{out}");
}

#[tokio::test]
async fn a_rehearsal_tells_how_many_are_reached() {
    let shop = shop();
    let history: Vec<String> = [
        profile("ana", "2026-09-01T12:00:00Z"),
        purchase("ana", "p-1", "2026-09-20T12:00:00Z"),
        purchase("ana", "p-2", "2026-10-02T12:00:00Z"),
        purchase("ana", "p-3", "2026-10-09T12:00:00Z"),
        purchase("eva", "p-4", "2026-10-09T12:00:00Z"),
    ]
    .into();
    write(shop.path(), "h.jsonl", &(history.join("\n") + "\n"));
    write(
        shop.path(),
        "infra/rules/later.yaml",
        &RULE.replace("greet", "later").replace("live", "draft"),
    );
    let words = ["simulate", "--events", "h.jsonl", "--until", "2026-12-01"];
    let (code, out, err) = run_in(shop.path(), &words).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("greet (live)\n         3 sent, to 1 customer\n"), "{out}");
    assert!(out.contains("2026-10        2  to 1 customer\n"), "{out}");
    assert!(out.contains("1 not sent: no address or number is known"), "{out}");
    assert!(out.contains("it sends nothing for the past"), "{out}");
    let one = [&words[..], &["--rule", "greet", "--lang", "es"]].concat();
    let (_, out, _) = run_in(shop.path(), &one).await;
    assert!(out.contains("3 enviados, a 1 cliente\n") && !out.contains("later"), "{out}");
    assert!(out.contains("sin enviar: no hay dirección ni número"), "{out}");
    let wrong = [&words[..], &["--rule", "gret"]].concat();
    let (code, _, err) = run_in(shop.path(), &wrong).await;
    assert!(code == Some(2) && err.contains("did you mean \"greet\"?"), "{err}");
}

#[tokio::test]
async fn a_customer_of_the_shop_is_shown_what_they_would_get() {
    let shop = Shop::new();
    let rules = shop.path("rules");
    let body = crate::support::BODY;
    let greeting = body.replacen(
        "</mj-text>",
        " {{ customer.given_name | default(\"\") }} {{ event.purchase_id }}</mj-text>",
        1,
    );
    assert_ne!(greeting, body);
    std::fs::write(shop.path("templates/thanks/es/body.mjml"), greeting).unwrap();
    let history =
        [profile("eva", "2026-09-01T12:00:00Z"), purchase("eva", "p-77", "2026-09-20T12:00:00Z")];
    std::fs::write(shop.path("h.jsonl"), history.join("\n")).unwrap();
    let run = |words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = shop.command(&words);
        command.arg("--rules").arg(&rules);
        async move { command.output().await.unwrap() }
    };
    let file = shop.path("h.jsonl").to_string_lossy().into_owned();
    let imported = run(vec!["import".into(), file]).await;
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let preview = |who: &str| {
        ["template", "preview", "thanks", "--customer", who].map(str::to_owned).to_vec()
    };
    let shown = run(preview("eva")).await;
    let out = String::from_utf8(shown.stdout).unwrap();
    assert!(out.contains("Eva p-77"), "{out}{}", String::from_utf8_lossy(&shown.stderr));
    let nobody = run(preview("evo")).await;
    let err = String::from_utf8(nobody.stderr).unwrap();
    assert!(err.contains("neither a file, nor a customer of --data"), "{err}");
    std::fs::write(shop.path("c.json"), r#"{"customer":{"given_nam":"Eva"}}"#).unwrap();
    let wrong = run(preview(&shop.path("c.json").to_string_lossy())).await;
    let err = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        err.contains(
            "\"customer.given_nam\", which no template knows; did you mean \"given_name\"?"
        ),
        "{err}"
    );
}

/// A mail server that answers each line so, and the letter's end with `last`; `None`
/// goes away instead.
async fn mail_server(last: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 here\r\n").await.unwrap();
        let mut is_letter = false;
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match (is_letter, line.as_str()) {
                (true, ".") => match last {
                    Some(answer) => answer,
                    None => return,
                },
                (true, _) => continue,
                (false, "DATA") => {
                    is_letter = true;
                    "354 go on"
                }
                (false, _) => "250 fine",
            };
            is_letter &= line != ".";
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    });
    url
}

#[tokio::test]
async fn a_letter_that_is_refused_is_told_from_one_without_an_answer() {
    let folder = shop();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("smtp://{}", listener.local_addr().unwrap())
    };
    for (url, code, es, en) in [
        (mail_server(Some("250 taken")).await, 0, "", "sent to"),
        (mail_server(Some("550 no such mailbox")).await, 1, "", "refused: the server does not"),
        (mail_server(Some("451 later")).await, 1, "", "does not take it for now"),
        (mail_server(None).await, 1, "", "no answer: it may have gone out or not"),
        (closed.clone(), 1, "", "cannot be reached, and nothing went out"),
        (closed, 1, "no se pudo conectar", ""),
    ] {
        let lang = if es.is_empty() { "en" } else { "es" };
        let words = ["template", "preview", "greet", "--lang", lang];
        let send = ["--send-to", "eva@example.com", "--smtp", &url];
        let (ended, out, err) = run_in(folder.path(), &[&words[..], &send].concat()).await;
        assert_eq!(ended, Some(code), "{url}: {out}{err}");
        assert!((out + &err).contains(if es.is_empty() { en } else { es }), "{en}{es}: {err}");
    }
}

#[tokio::test]
async fn templates_are_listed_with_who_uses_them() {
    let folder = shop();
    let (code, out, _) = run_in(folder.path(), &["template", "list"]).await;
    assert!(code == Some(0) && out.contains("greet"), "{out}");
    let line = out.lines().find(|line| line.starts_with("greet")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["greet", "mail", "es", "greet"]);
    let (_, out, _) = run_in(folder.path(), &["template", "list", "--lang", "es"]).await;
    assert!(out.contains("greet                      correo  es       greet"), "{out}");
}

#[tokio::test]
async fn a_running_lazo_tells_others_its_rules() {
    let shop = Shop::new();
    let words: Vec<&str> = LOCAL.into_iter().chain(["--empty"]).collect();
    let mut running = shop.with_rules(&words).spawn().unwrap();
    let mut told = String::new();
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        if !shop.path("data/running.json").exists() {
            continue;
        }
        let output = shop.command(&["explain", "nobody"]).output().await.unwrap();
        told = String::from_utf8(output.stdout).unwrap();
        if told.contains("the live one") {
            break;
        }
    }
    running.start_kill().unwrap();
    running.wait().await.unwrap();
    assert!(told.starts_with("rules: version 1 (the live one)\n"), "{told}");
}

#[tokio::test]
async fn what_marketing_reads_in_spanish_has_no_english_word() {
    const ENGLISH: [&str; 17] = [
        "the",
        "of",
        "and",
        "with",
        "sent",
        "customer",
        "customers",
        "rules",
        "events",
        "files",
        "errors",
        "warnings",
        "live",
        "mail",
        "script",
        "missing",
        "where",
    ];
    let shop = shop();
    write(shop.path(), "h.jsonl", &purchase("ana", "p-1", "2026-10-01T12:00:00Z"));
    let simulate = ["simulate", "--events", "h.jsonl", "--until", "2026-12-01"];
    let commands: [&[&str]; 5] = [
        &["rules", "check"],
        &simulate,
        &["template", "list"],
        &["rules", "fields"],
        &["template", "fields"],
    ];
    for words in commands {
        let spanish = [words, &["--lang", "es"]].concat();
        let (_, out, err) = run_in(shop.path(), &spanish).await;
        assert!(!out.is_empty() && err.is_empty(), "{words:?}: {err}");
        // Names, code and examples are the same in every language.
        let is_plain = |line: &&str| !line.trim_start().starts_with("p. ej.");
        for line in out.lines().filter(is_plain) {
            let mut text = line.to_owned();
            while let Some((before, rest)) = text.split_once('`') {
                let behind = rest.split_once('`').map_or("", |(_, behind)| behind);
                text = format!("{before} {behind}");
            }
            let plain = text.split_whitespace().filter(|word| !word.contains(['/', '.', '_', '{']));
            for word in plain.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())) {
                assert!(!ENGLISH.contains(&word), "{words:?}: {word:?} in {line:?}");
            }
        }
    }
}
