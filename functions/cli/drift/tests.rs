//! The commands on files: what they say, and what they say to bad input.

use std::path::Path;

use clap::Parser;
use serde_json::Value;

use super::{Answer, Language, OnFile};

#[derive(Parser)]
struct Program {
    #[command(subcommand)]
    command: OnFile,
}

/// What a command prints and how it ends: 0 done, 1 no, or the error's text.
fn run(words: &str, file: &Path, lang: Language) -> (String, Result<u8, String>) {
    let words = words.replace("FILE", file.to_str().unwrap());
    let program = match Program::try_parse_from(format!("lazo {words}").split_whitespace()) {
        Ok(program) => program,
        Err(error) => return (String::new(), Err(error.to_string())),
    };
    let mut out = Vec::new();
    let answer = program.command.write(&mut out, lang);
    let end = match answer {
        Ok(Answer::Yes) => Ok(0),
        Ok(Answer::No) => Ok(1),
        Err(error) => Err(format!("{error:#}")),
    };
    (String::from_utf8(out).unwrap(), end)
}

struct Csv(tempfile::TempDir);

impl Csv {
    fn new(text: &str) -> Csv {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.csv"), text).unwrap();
        Csv(folder)
    }

    fn run(&self, words: &str) -> (String, Result<u8, String>) {
        run(words, &self.0.path().join("p.csv"), Language::En)
    }

    fn json(&self, words: &str) -> (Value, Result<u8, String>) {
        let (text, end) = self.run(words);
        (serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {end:?}")), end)
    }
}

/// A shop like the model's story: everybody buys every so often, some leave.
fn shop(customers: u32) -> String {
    let mut text = "customer_id,at,amount\n".to_owned();
    let day =
        |day: u32| format!("{}-{:02}-{:02}", 2024 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    for customer in 0..customers {
        let (first, gap) = (customer % 90, 5 + customer * 7 % 60);
        let purchases = 1 + (customer * 13 % 17) * (customer % 3);
        for i in 0..purchases {
            let at = first + i * gap + i * customer % 5;
            let amount = 10 + (customer * 31 + i * 7) % 90;
            text += &format!("c{customer},{},{amount}.50\n", day(at));
        }
    }
    text
}

/// Beside the repository; a clone alone does not have it.
fn data(file: &str) -> Option<std::path::PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    if !path.exists() {
        println!("left out: ../shared/data/{file} is not there");
    }
    path.exists().then_some(path)
}

#[test]
fn a_fit_prints_what_the_contract_says() {
    let csv = Csv::new(&shop(900));
    let (found, end) = csv.json("fit --purchases FILE --until 2025-06-30 --json");
    assert_eq!(end, Ok(0), "{found}");
    let keys: Vec<&str> = found.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected =
        "model r alpha a b log_likelihood customers unique_histories refused until rhythm spending"
            .split(' ')
            .collect::<Vec<_>>();
    expected.sort_unstable();
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!((&found["model"], &found["refused"]), (&"mbg-nbd".into(), &Value::Null));
    assert_eq!(found["customers"], 900);
    let (text, end) = csv.run("fit --purchases FILE --until 2025-06-30 --model bg-nbd");
    assert!(text.starts_with("bg-nbd up to 2025-06-30: 900 customers") && end.is_ok(), "{text}");
}

#[test]
fn a_stored_model_scores_as_a_fresh_one() {
    let csv = Csv::new(&shop(900));
    let model = csv.0.path().join("model.json");
    let fit = format!("fit --purchases FILE --until 2025-06-30 --out {}", model.display());
    assert_eq!(csv.run(&fit).1, Ok(0));
    let (fresh, end) = csv.run("score --purchases FILE --until 2025-06-30 --json");
    assert_eq!((fresh.lines().count(), end), (900, Ok(0)));
    let stored =
        format!("score --purchases FILE --until 2025-06-30 --json --fitted {}", model.display());
    let stored = csv.run(&stored).0;
    for (fresh, stored) in fresh.lines().zip(stored.lines()) {
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let (fresh, stored) = (read(fresh), read(stored));
        assert_eq!(
            (&fresh["customer_id"], &fresh["crossing_day"]),
            (&stored["customer_id"], &stored["crossing_day"])
        );
        let chance = |of: &Value| of["p_active"].as_f64().unwrap();
        assert!((chance(&fresh) - chance(&stored)).abs() < 1e-12 && chance(&fresh) <= 1.0);
        assert!(fresh["lifetime_value"].as_f64().unwrap() >= 0.0);
    }
    let (table, _) = csv.run("score --purchases FILE --until 2025-06-30 --top 5");
    assert!(
        table.contains("… and 895 more") && table.contains("customers are drifting away"),
        "{table}"
    );
    std::fs::write(&model, "{}").unwrap();
    let broken = format!("score --purchases FILE --until 2025-06-30 --fitted {}", model.display());
    assert!(csv.run(&broken).1.unwrap_err().contains("no drift model"));
}

#[test]
fn an_evaluation_is_printed_and_plotted() {
    let csv = Csv::new(&shop(900));
    let svg = csv.0.path().join("plot.svg");
    let words = format!(
        "evaluate --purchases FILE --split 2024-09-30 --until 2025-06-30 --plot {}",
        svg.display()
    );
    let (text, end) = csv.run(&words);
    assert_eq!(end, Ok(0), "{text}");
    for part in ["ROC-AUC", "Brier", "1 - p_active", "1 - p_alive", "overdue ratio", "recency"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
    assert!(
        svg.contains("<title id=") && svg.contains("<desc id=") && svg.contains("role=\"img\"")
    );
    let (json, _) =
        csv.json("evaluate --purchases FILE --split 2024-09-30 --until 2025-06-30 --json");
    assert_eq!(json["reports"].as_array().unwrap().len(), 4);
    assert_eq!(json["judged_by"], "p_alive");
    let spanish = run(&words, &csv.0.path().join("p.csv"), Language::Es).0;
    assert!(spanish.contains("razón de atraso") && spanish.contains("no volvieron"), "{spanish}");
}

#[test]
fn bad_input_is_told_and_never_panics() {
    let header = "customer_id,at,amount\n";
    let good = format!("{header}a,2024-01-01,5\na,2024-02-01,5\n");
    let of = |rows: &str| format!("{header}{rows}");
    for (text, words, expected) in [
        ("", "", "is empty"),
        (header, "", "holds no purchase"),
        (&of("a,2024-01-01,-5\n"), "", "holds no purchase"),
        ("customer_id,when,amount\na,2024-01-01,5\n", "", "no column for occurred_at"),
        (&good, "--columns totl=amount", "unknown field \"totl\"; did you mean \"total\"?"),
        (&good, "--columns total=price", "the file has no column \"price\""),
        (&good, "--time-zone Mars/Base", "no IANA time zone"),
        (&of("a,2024-01-01,NaN\n"), "", "line 2: amount: \"NaN\" is no amount"),
        (&of("a,2024-01-01,inf\n"), "", "is no amount"),
        (&of("a,2024-01-01,\n"), "", "line 2: amount is empty"),
        (&of("a,2024-02-30,5\n"), "", "line 2: at: \"2024-02-30\" is no date"),
        (&of(",2024-01-01,5\n"), "", "customer_id is empty"),
        (&of("a\n"), "", "at is empty"),
    ] {
        let csv = Csv::new(text);
        for command in ["fit", "score", "evaluate --split 2024-03-01"] {
            let words = format!("{command} --purchases FILE --until 2024-12-31 {words}");
            let error = csv.run(&words).1.expect_err(&words);
            assert!(error.contains(expected), "{words} on {text:?}: {error}");
        }
    }
    let csv = Csv::new(&good);
    for (words, expected) in [
        ("fit --purchases FILE --until 2023-12-31", "the first purchase in"),
        ("score --purchases FILE --until 2023-12-31", "--until 2023-12-31 is before the data"),
        ("score --purchases FILE --until 2024-12-31 --at-risk 2", "between 0 and 1"),
        ("score --purchases FILE --until 2024-12-31 --horizon soon", "not a duration"),
        ("score --purchases FILE --until 2024-12-31 --columns x", "is not FIELD=COLUMN"),
        ("fit --purchases FILE --until tomorrow", "invalid value"),
        ("fit --purchases FILE.missing --until 2024-12-31", "cannot read"),
        ("fit --purchases FILE --until 2024-12-31 --model nbd", "invalid value"),
        ("evaluate --purchases FILE --until 2024-12-31 --split 2024-12-31", "must be before"),
        ("evaluate --purchases FILE --until 2024-12-31 --split 2023-12-31", "--split 2023-12-31"),
    ] {
        let error = csv.run(words).1.expect_err(words);
        assert!(error.contains(expected), "{words}: {error}");
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let once: String = (0..600).map(|i| format!("c{i},2024-01-{:02},9\n", i % 28 + 1)).collect();
    let one: String = (1..20).map(|i| format!("a,2024-01-{i:02},9\n")).collect();
    for (rows, option, expected) in [
        (one.as_str(), "", "too few customers for a fit: 1 of the 500"),
        (one.as_str(), "--min-customers 1", "the fit"),
        (once.as_str(), "", "nobody bought on a second day"),
    ] {
        let csv = Csv::new(&format!("customer_id,at,amount\n{rows}"));
        let (found, end) =
            csv.json(&format!("fit --purchases FILE --until 2024-12-31 --json {option}"));
        assert_eq!(end, Ok(1));
        assert!(found["refused"].as_str().unwrap().contains(expected), "{found}");
        // The ratio judges instead.
        let (text, end) =
            csv.run(&format!("score --purchases FILE --until 2024-12-31 --json {option}"));
        let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((end, &line["p_alive"]), (Ok(0), &Value::Null));
        assert!(line["overdue_ratio"].as_f64().unwrap() > 0.0 && !text.contains("NaN"));
        let words = "evaluate --purchases FILE --until 2024-12-31 --split 2024-06-30";
        for json in ["", " --json"] {
            let (text, end) = csv.run(&format!("{words}{json} {option}"));
            assert!(end == Ok(0) && !text.contains("NaN"), "{text}");
        }
    }
}

/// Rows without ids are purchases each; lines of one purchase are told and summed.
#[test]
fn what_a_day_came_to_is_kept() {
    let worth = |rows: &str, more: &str| {
        let csv = Csv::new(&format!("order,customer,at,amount\n{rows}"));
        let words =
            format!("fit --purchases FILE --until 2024-12-31 --columns purchase_id=order {more}");
        let (text, end) = csv.run(&words);
        end.map(|_| text.lines().last().unwrap().to_owned())
    };
    let spent = |amount: &str| Ok(format!("spent on a purchase day: {amount}"));
    assert_eq!(
        worth(",a,2024-01-01,100\n,a,2024-01-01,250\n,a,2024-01-01,100\n", ""),
        spent("450.00")
    );
    let lines = "p,a,2024-01-01,100\np,a,2024-01-01,900\n";
    assert!(worth(lines, "").unwrap_err().contains("--lines"));
    assert_eq!(worth(lines, "--lines"), spent("1000.00"));
    assert_eq!(worth("p,a,2024-01-01,100\np,a,2024-01-01,100\n", ""), spent("100.00"));
    // Newest first, as people have it: what was given back does not count.
    let newest_first =
        "q,a,13/11/2024,50\nr,a,5/11/2024,\"-1.290,50\"\np,a,4/11/2024,\"1.290,50\"\n";
    assert_eq!(worth(newest_first, ""), spent("50.00"));
}

#[test]
fn order_and_copies_do_not_matter() {
    let text = shop(700);
    let rows = text.lines().skip(1).enumerate();
    let mut lines: Vec<String> = rows.map(|(nth, row)| format!("{row},p{nth}")).collect();
    let words = "fit --purchases FILE --until 2025-06-30 --json";
    let (expected, _) = Csv::new(&text).json(words);
    lines.reverse();
    let doubled = [lines.clone(), lines].concat().join("\n");
    let text = format!("customer_id,at,amount,purchase_id\n{doubled}\n");
    let (found, _) = Csv::new(&text).json(words);
    assert_eq!(found, expected);
}

#[test]
fn what_was_given_back_is_no_purchase() {
    let rows = "customer,at,amount\na,2024-01-01 10:00:00,5\na,2024-03-01 09:00:00,7\n\
                a,2024-03-05 09:00:00,-7\na,2024-04-01T23:30:00-06:00,9\na,2024-04-02,-4\n";
    let csv = Csv::new(rows);
    let days = |until: &str| {
        let words = format!("score --purchases FILE --until {until} --json");
        let line = csv.json(&words).0;
        (line["x"].as_u64().unwrap(), line["t_x"].as_f64().unwrap() * 7.0)
    };
    assert_eq!(days("2024-03-04"), (1, 60.0));
    assert_eq!(days("2024-03-31"), (0, 0.0));
    // In UTC it was the day after, and a part of it was kept.
    assert_eq!(days("2024-04-30"), (1, 92.0));
}

/// The calendar's ends, the largest amounts, and nothing spent at all.
#[test]
fn extremes_stay_finite() {
    let largest = "79228162514264337593543950335";
    let rows = [
        format!("a,0001-01-01,{largest}\na,9999-12-31,{largest}\na,9999-12-31,-{largest}\n"),
        format!("b,9999-12-30,{largest}\nb,9999-12-31,{largest}\n"),
        "c,2024-01-01,0\nc,2024-01-02,0\nc,2024-01-03,-0\nd,2024-01-01,0.00\n".to_owned(),
    ];
    let csv = Csv::new(&format!("customer_id,at,amount\n{}", rows.concat()));
    for words in [
        "fit --purchases FILE --until 9999-12-31 --json --min-customers 1",
        "score --purchases FILE --until 9999-12-31 --json --min-customers 1",
        "evaluate --purchases FILE --split 2024-01-02 --until 9999-12-31 --json --min-customers 1",
    ] {
        let (text, end) = csv.run(words);
        assert!(end.is_ok() && !text.is_empty(), "{words}: {end:?}");
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(!line["lifetime_value"].is_null() || line.get("lifetime_value").is_none());
        }
    }
}

#[test]
fn real_shops() {
    if let Some(cdnow) = data("cdnow-sample.csv") {
        let words = "fit --purchases FILE --until 1997-09-30 --json";
        let (text, end) = run(words, &cdnow, Language::En);
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((end, &found["customers"]), (Ok(0), &2357.into()));
        assert!((found["log_likelihood"].as_f64().unwrap() + 9_582.135_715_55).abs() < 1e-6);
    }
    if let Some(retail) = data("online-retail-invoices.csv") {
        let words = "evaluate --purchases FILE --split 2011-06-07 --until 2011-12-09 --json \
                     --columns purchase_id=invoice --time-zone Europe/London";
        let (text, end) = run(words, &retail, Language::En);
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((end, &found["judged_by"]), (Ok(0), &"overdue_ratio".into()));
        let inactive = &found["reports"][0];
        assert!(inactive["roc_auc"].as_f64().unwrap() >= 0.7255, "{inactive}");
        assert!(inactive["brier"].as_f64().unwrap() <= 0.1885, "{inactive}");
    }
}
