//! Files that people hand to the program: other encodings, rows that do not fit,
//! exports of other systems, and a reader that goes away.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::support::program::Shop;

/// Runs the program on a shop's files to its end.
async fn run(shop: &Shop, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = shop.command(words);
    command.current_dir(shop.path("."));
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn write(shop: &Shop, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(shop.path(name), text).unwrap();
}

fn read(shop: &Shop, name: &str) -> String {
    std::fs::read_to_string(shop.path(name)).unwrap()
}

fn exists(shop: &Shop, name: &str) -> bool {
    Path::new(&shop.path(name)).exists()
}

const PROFILE: &str = r#"{"detail-type":"CustomerUpdated","customer_id":"ana","occurred_at":"2026-01-02T10:00:00Z","name":{"given":"José"}}"#;

#[tokio::test]
async fn rows_that_do_not_fit_are_kept_beside_the_file_and_mended_there() {
    let shop = Shop::new();
    let text = "cliente;fecha;importe;reason\nana;13/11/2025;100,00;gift\n\
        eva;soon;250,00;\"for her; and him\"\n;13/11/2025;7,50;\n";
    write(&shop, "ventas.csv", text);
    let (code, out, err) = run(&shop, &["import", "ventas.csv"]).await;
    assert_eq!(code, Some(1), "{err}");
    let summary = "1 event of 1 customer counted, 0 were counted before, 2 do not fit";
    assert!(out.contains(summary) && out.contains("2 that do not fit are in ventas.rejected.csv"));
    let kept = read(&shop, "ventas.rejected.csv");
    let lines: Vec<&str> = kept.lines().collect();
    assert_eq!(lines[0], "cliente;fecha;importe;reason;rejected_reason");
    assert!(lines[1].starts_with("eva;soon;250,00;\"for her; and him\";"), "{kept}");
    assert!(lines[2].starts_with(";13/11/2025;7,50;;") && lines[2].contains("cliente is empty"));
    // The same once more leaves the file as it is; other rows go into another one.
    run(&shop, &["import", "ventas.csv"]).await;
    assert!(!exists(&shop, "ventas.rejected-2.csv"));
    write(&shop, "ventas.csv", text.replace("soon", "later"));
    let (_, out, _) = run(&shop, &["import", "ventas.csv"]).await;
    assert!(out.contains("ventas.rejected-2.csv"), "{out}");
    assert_eq!(read(&shop, "ventas.rejected.csv"), kept);
    // What stands in two files is one purchase, and told.
    write(&shop, "a.csv", "customer,at,amount\nida,2025-11-13,5\n");
    let (_, out, _) = run(&shop, &["import", "a.csv", "./a.csv"]).await;
    assert!(out.contains("1 was there twice"), "{out}");
    // Mended, the rows are as others; the column behind them is passed over.
    write(
        &shop,
        "ventas.rejected.csv",
        kept.replace("soon", "14/11/2025").replace("\n;", "\nleo;"),
    );
    let (code, out, err) = run(&shop, &["import", "ventas.rejected.csv"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("2 events of 2 customers counted, 0 were counted before, 0 do"));
}

#[tokio::test]
async fn json_lines_that_do_not_fit_are_kept_too() {
    let shop = Shop::new();
    let bad = r#"{"customer_id":"ana","purchase_id":"p-1","occurred_at":"2026-01-02T10:00:00Z","total":{"amount":9,"currency":"MXN"}}"#;
    write(&shop, "h.jsonl", format!("{PROFILE}\nno json\n{bad}\n"));
    let (code, out, _) = run(&shop, &["import", "h.jsonl"]).await;
    assert_eq!(code, Some(1));
    assert!(out.contains("2 that do not fit are in h.rejected.jsonl"), "{out}");
    let kept = read(&shop, "h.rejected.jsonl");
    assert!(kept.contains("\nno json\n") && kept.contains(bad) && kept.contains("# "), "{kept}");
    let mended = kept.replace("no json\n", "").replace(":9,", ":\"9\",");
    write(&shop, "h.rejected.jsonl", mended);
    let (code, out, _) = run(&shop, &["import", "h.rejected.jsonl"]).await;
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("1 event of 1 customer counted"), "{out}");
}

#[tokio::test]
async fn content_is_no_history_and_import_says_so() {
    let shop = Shop::new();
    let content = r#"{"detail-type":"ContentPublished","content_id":"c-1","occurred_at":"2026-01-02T10:00:00Z","title":"Rugs","url":"https://example.com/rugs","topics":["rugs"]}"#;
    write(&shop, "h.jsonl", format!("{PROFILE}\n{content}\n"));
    let (code, out, err) = run(&shop, &["import", "h.jsonl"]).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.starts_with("1 event of 1 customer counted"), "{out}");
    assert!(out.contains("1 ContentPublished is left out: "), "{out}");
    assert!(out.contains("lazo send"), "{out}");
}

#[tokio::test]
async fn cells_that_are_left_out_are_told_by_every_command_alike() {
    let shop = Shop::new();
    let text = "customer,at,amount,email,birthday\nana,2025-11-13,100,no address,1990-02-30\n\
        eva,2025-11-13,100,eva@example.com,1990-02-28\n";
    write(&shop, "p.csv", text);
    let columns = ["--currency", "MXN", "--columns", "email=email,birthday=birthday"];
    let import = [&["import", "p.csv"], &columns[..]].concat();
    let (code, out, told) = run(&shop, &import).await;
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("1 event counts without fields that do not fit"), "{out}");
    let of_cells: Vec<&str> = told.lines().filter(|line| line.contains("p.csv")).collect();
    assert_eq!(of_cells.len(), 3, "{told}");
    assert!(of_cells[0].contains("p.csv:2: birthday is left out: "), "{told}");
    assert!(of_cells[1].contains("p.csv:2: email is left out: "), "{told}");
    assert!(of_cells[2].contains("1 event counts without fields"), "{told}");
    // Listed with all that was told, to be mended.
    let (_, listed, _) = run(&shop, &["failures", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(listed.trim()).unwrap();
    assert!(listed["why"].as_str().unwrap().contains("email"), "{listed}");
    let failure = listed["id"].as_str().unwrap();
    let (_, text, _) = run(&shop, &["failures", "show", failure]).await;
    assert!(text.contains(r#""birthday":"1990-02-30""#), "{text}");
    let mended = text.replace("1990-02-30", "1990-03-02").replace("no address", "ana@example.com");
    write(&shop, "mended.json", mended);
    let redrive = ["failures", "redrive", failure, "--with", "mended.json"];
    let (code, _, err) = run(&shop, &redrive).await;
    assert_eq!(code, Some(0), "{err}");
    let (_, known, _) = run(&shop, &["export", "ana"]).await;
    assert!(known.contains("ana@example.com"), "{known}");
    let simulate = ["simulate", "--events", "p.csv", "--until", "2026-01-01"];
    let (code, _, err) = run(&shop, &[&simulate[..], &columns].concat()).await;
    assert_eq!(code, Some(0), "{err}");
    let of_simulate: Vec<&str> = err.lines().filter(|line| line.contains("p.csv")).collect();
    assert_eq!(of_simulate, of_cells);
}

#[tokio::test]
async fn a_dry_run_shows_what_was_understood_and_writes_nothing() {
    let shop = Shop::new();
    write(&shop, "v.csv", "Cliente\tFecha\tImporte\nana\t11/13/2025\t1,290.50\nana\tsoon\t1\n");
    let (code, out, _) = run(&shop, &["import", "--dry-run", "v.csv", "--currency", "MXN"]).await;
    assert_eq!(code, Some(1));
    for part in ["tab", "Cliente", "month first", "decimal point, MXN", "1290.50 MXN", "--dry-run"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!exists(&shop, "data") && !exists(&shop, "v.rejected.csv"));
}

#[tokio::test]
async fn what_is_not_utf8_is_refused_everywhere_and_a_mark_nowhere() {
    let shop = Shop::new();
    let latin: Vec<u8> = PROFILE.chars().map(|c| c as u8).collect();
    write(&shop, "latin.jsonl", latin);
    let wide: Vec<u8> = PROFILE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    write(&shop, "wide.json", wide);
    write(&shop, "latin.csv", b"customer,at,amount,item\nana,2026-01-02,1,Jarr\xf3n\n");
    write(&shop, "good.json", PROFILE);
    for (words, mend) in [
        (&["send", "good.json", "latin.jsonl"][..], "line 1 is not UTF-8"),
        (&["send", "wide.json"], "UTF-16"),
        (&["import", "latin.jsonl"], "line 1 is not UTF-8"),
        (&["import", "latin.csv", "--currency", "MXN"], "line 2 is not UTF-8"),
        (&["simulate", "--events", "latin.csv", "--until", "2026-02-01"], "line 2 is not UTF-8"),
        (&["drift", "fit", "--purchases", "latin.csv", "--until", "2026-02-01"], "line 2"),
        (&["template", "preview", "thank-you-mail", "--customer", "latin.jsonl"], "line 1"),
    ] {
        let (code, out, err) = run(&shop, words).await;
        let told = out.lines().filter(|line| !line.starts_with("rules: ")).count();
        assert_eq!((code, told), (Some(2), 0), "{words:?}: {err}");
        assert!(err.contains(mend) && err.contains("save it as UTF-8"), "{words:?}: {err}");
    }
    let (_, out, _) = run(&shop, &["failures", "list"]).await;
    assert_eq!(out, "nothing failed\n");
    write(&shop, "marked.jsonl", format!("\u{feff}{PROFILE}\n"));
    write(&shop, "marked.json", format!("\u{feff}{PROFILE}"));
    write(&shop, "ana.json", "\u{feff}{\"locale\":\"es-MX\"}");
    for words in [
        &["send", "marked.jsonl", "marked.json"][..],
        &["import", "marked.jsonl", "marked.json"],
        &["template", "preview", "thank-you-mail", "--customer", "ana.json"],
    ] {
        let (code, _, err) = run(&shop, words).await;
        assert_eq!(code, Some(0), "{words:?}: {err}");
    }
    // What stands in for a failed event.
    write(&shop, "bad.jsonl", "{\"purchase_id\":\"p-1\"}\n");
    run(&shop, &["send", "bad.jsonl"]).await;
    let (_, list, _) = run(&shop, &["failures", "list"]).await;
    let id = list.split_whitespace().next().unwrap();
    let (code, _, err) = run(&shop, &["failures", "redrive", id, "--with", "latin.jsonl"]).await;
    assert!(code == Some(2) && err.contains("not UTF-8"), "{err}");
    let (code, _, err) = run(&shop, &["failures", "redrive", id, "--with", "marked.json"]).await;
    assert_eq!(code, Some(0), "{err}");
}

/// Days of a file are the shop's, in all that reads one.
#[tokio::test]
async fn a_day_of_a_file_is_a_day_of_the_shop() {
    let shop = Shop::new();
    let policy = "brand: { name: Tienda, from: hola@example.com }\ndefault_locale: es\n\
        default_time_zone: America/Mexico_City\ncurrency: MXN\n\
        windows: { email: { mon-sun: \"08:00-21:00\" } }\n";
    let rule = "rule: anniversary\ndescription: A year.\nstatus: live\npurpose: service\n\
        priority: 50\ntrigger: { occasion: customer_since }\n\
        steps: [{ id: tell, channel: event }]\n";
    write(&shop, "rules/policy.yaml", policy);
    write(&shop, "rules/anniversary.yaml", rule);
    std::fs::remove_file(shop.path("rules/thanks.yaml")).unwrap();
    write(&shop, "p.csv", "customer,at,amount\nana,2025-11-13,100.00\n");
    let words =
        ["simulate", "--rules", "rules", "--events", "p.csv", "--until", "2026-12-01", "--json"];
    let (code, out, err) = run(&shop, &words).await;
    assert_eq!(code, Some(0), "{err}");
    let touch: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert!(touch["due"].as_str().unwrap().starts_with("2026-11-13T"), "{touch}");
    // A time with an offset is a day by the shop's clock in `drift` as well.
    write(&shop, "p.csv", "customer,at,amount\nana,2025-11-13,1\nana,2025-11-15T03:00:00Z,1\n");
    let words = [
        "drift",
        "score",
        "--rules",
        "rules",
        "--purchases",
        "p.csv",
        "--until",
        "2025-12-01",
        "--json",
    ];
    let (code, out, err) = run(&shop, &words).await;
    assert_eq!(code, Some(0), "{err}");
    let line: Value = serde_json::from_str(&out).unwrap();
    assert!((line["t_x"].as_f64().unwrap() * 7.0 - 1.0).abs() < 1e-9, "{line}");
}

/// `lazo … | head`: no panic, and nothing said.
#[tokio::test]
async fn a_reader_that_goes_away_ends_the_program_quietly() {
    let shop = Shop::new();
    let rows: String = (0..300).map(|i| format!("c{i},2025-11-13,{i}\n")).collect();
    write(&shop, "p.csv", format!("customer,at,amount\n{rows}"));
    let drift = ["drift", "score", "--purchases", "p.csv", "--until", "2026-01-01", "--json"];
    let simulate = ["simulate", "--events", "p.csv", "--until", "2026-12-01", "--json"];
    let rules = ["rules", "list", "rules"];
    let failures = ["failures", "list"];
    let import = ["import", "--dry-run", "p.csv", "--currency", "MXN"];
    let local = [
        "local",
        "--dynamodb-port",
        "0",
        "--bus-port",
        "0",
        "--links-port",
        "0",
        "--console-port",
        "0",
    ];
    for words in [&drift[..], &simulate, &rules, &failures, &import, &local] {
        let mut command = shop.command(words);
        command.current_dir(shop.path(".")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        let wait =
            tokio::time::timeout(std::time::Duration::from_secs(300), child.wait_with_output());
        let ended = wait.await.expect("it goes on without a reader").unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{words:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("pipe"), "{words:?}: {said}");
    }
}

/// Nor does one who reads no errors.
#[tokio::test]
async fn a_reader_of_errors_that_goes_away_stops_nothing() {
    let shop = Shop::new();
    write(&shop, "p.csv", "customer,at,amount\nana,soon,1\nana,2025-11-13,1\n");
    let mut command = shop.command(&["import", "p.csv", "--currency", "MXN"]);
    command.current_dir(shop.path(".")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    drop(child.stderr.take());
    let ended = child.wait_with_output().await.unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    assert!(out.starts_with("1 event of 1 customer counted"), "{out}");
    assert_eq!(ended.status.code(), Some(1));
}

/// A model is read as `fit` wrote it and as `fit` printed it.
#[tokio::test]
async fn a_model_that_was_printed_is_read() {
    let shop = Shop::new();
    let mut text = "customer,at,amount\n".to_owned();
    for customer in 0..600 {
        for nth in 0..=customer % 5 {
            let (month, day) = (1 + nth * 2, 1 + (customer + nth * 3) % 28);
            text += &format!("c{customer},2025-{month:02}-{day:02},{}\n", 10 + customer % 90);
        }
    }
    write(&shop, "p.csv", text);
    let fit = ["drift", "fit", "--purchases", "p.csv", "--until", "2025-12-31", "--json", "--out"];
    let (_, printed, err) = run(&shop, &[&fit[..], &["stored.json"]].concat()).await;
    assert!(printed.contains("\"model\":\"mbg-nbd\""), "{err}");
    write(&shop, "printed.json", &printed);
    let mut bare: Value = serde_json::from_str(&printed).unwrap();
    for more in ["until", "rhythm", "spending"] {
        bare.as_object_mut().unwrap().remove(more).unwrap();
    }
    write(&shop, "bare.json", bare.to_string());
    let score =
        ["drift", "score", "--purchases", "p.csv", "--until", "2025-12-31", "--json", "--fitted"];
    let simulate = ["simulate", "--events", "p.csv", "--until", "2026-06-01", "--json", "--model"];
    for words in [&score[..], &simulate] {
        let (code, stored, err) = run(&shop, &[words, &["stored.json"]].concat()).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(!stored.is_empty());
        let (code, printed, err) = run(&shop, &[words, &["printed.json"]].concat()).await;
        assert!(code == Some(0) && printed == stored, "{err}");
        // Rhythm and spending are then those of the file at hand.
        let (code, bare, err) = run(&shop, &[words, &["bare.json"]].concat()).await;
        assert_eq!((code, bare.lines().count()), (Some(0), stored.lines().count()), "{err}");
        for (found, expected) in bare.lines().zip(stored.lines()) {
            let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
            let (found, expected) = (read(found), read(expected));
            assert_eq!(found["crossing_day"], expected["crossing_day"]);
            assert_eq!(found["at"], expected["at"]);
            let worth = |line: &Value| line["lifetime_value"].as_f64().unwrap_or_default();
            assert!((worth(&found) - worth(&expected)).abs() < 1e-9);
        }
        let (code, _, err) = run(&shop, &[words, &["p.csv"]].concat()).await;
        assert!(code == Some(2) && err.contains("no drift model"), "{err}");
    }
}
