use lazo_domain::event::{EventKind, from_wire, schema};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use super::*;

fn in_spanish(kept: &str) -> String {
    Language::Es.failure_reason(kept).into_owned()
}

#[test]
fn a_reason_is_told_with_its_parts() {
    for (kept, told) in [
        (
            "PurchaseCompleted: total: is missing amount; items[3].quantity: is below zero, a \
             quantity is zero or more",
            "PurchaseCompleted: total: no trae amount; items[3].quantity: es menor que cero, y \
             una cantidad es de cero o más",
        ),
        (
            "counted without phone: is no phone number in E.164 form such as +525512345678; and \
             3 more",
            "contó sin phone: no es un teléfono en forma E.164, como +525512345678; y 3 más",
        ),
        (
            "unknown detail-type \"PurchaseComplete\"; did you mean \"PurchaseCompleted\"?",
            "detail-type desconocido \"PurchaseComplete\"; ¿quisiste decir \"PurchaseCompleted\"?",
        ),
        ("customer ana cannot be worked on: DynamoDB: throttled", {
            "no se puede trabajar con el cliente ana: DynamoDB: throttled"
        }),
        (
            "no JSON object: expected value at line 1 column 9",
            "no es un objeto JSON: falta un valor en la línea 1, columna 9",
        ),
        ("a text of tomorrow", "a text of tomorrow"),
    ] {
        assert_eq!(in_spanish(kept), told);
    }
    assert_eq!(Language::En.failure_reason("is empty"), "is empty");
}

#[test]
fn both_sides_of_a_phrase_have_the_same_holes() {
    let holes = |text: &str| {
        text.match_indices('{').map(|(at, _)| text[at..].starts_with(REASON)).collect::<Vec<_>>()
    };
    for (english, spanish) in phrases() {
        assert_eq!(holes(english), holes(spanish), "{english}");
    }
    let lines: usize = PHRASES.iter().map(|part| part.lines().count()).sum();
    assert_eq!(phrases().count(), lines, "a line without a tab");
}

/// Values that fit nowhere, or in few places.
fn odd() -> Vec<Value> {
    let long = "x".repeat(20_000);
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(99),
        json!(5.5),
        json!(1e300),
        json!(""),
        json!("a\nb"),
        json!("a\u{200b}b"),
        json!("ana@1.2"),
        json!("2026-13-45"),
        json!("1899-01-01"),
        json!("2999-01-01"),
        json!(long),
        json!([]),
        json!([1]),
        json!(vec!["x"; 600]),
        json!({}),
        json!({ "amount": "1,5", "currency": "pesos" }),
        json!({ "amount": 5, "currency": "MXN" }),
        json!({ "\n": 1 }),
    ]
}

/// Whatever the decoder finds wrong with an event has a phrase: each field of each kind
/// with each odd value, left out, and what is wrong with the text itself.
#[test]
fn whatever_is_wrong_with_an_event_is_told_in_spanish() {
    let mut untold = std::collections::BTreeSet::new();
    let mut try_out = |text: &str| {
        let told = match from_wire(text) {
            Err(why) => vec![why.to_string()],
            Ok(delivered) => {
                let left_out: Vec<_> = delivered.left_out.iter().map(ToString::to_string).collect();
                let ahead = delivered.arrived(Instant::from_millis(0)).err();
                left_out.into_iter().chain(ahead.map(|why| why.to_string())).collect()
            }
        };
        untold.extend(told.into_iter().filter(|kept| spanish(kept, DEPTH_MAX).is_none()));
    };
    for kind in EventKind::ALL {
        let schema = schema(kind).to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut detail = json!({
            "occurred_at": "2026-11-20T10:00:00-06:00",
            "total": { "amount": "10.00", "currency": "MXN" },
            "channel": "email", "purpose": "all", "state": "granted", "source": "web",
            "phase": "purchase", "touchpoint": "shop", "initiated_by": "brand",
            "kind": "contact", "severity": "low", "category": "late", "outcome": "reached",
            "title": "A", "url": "https://example.com/a", "topics": ["a"], "csat": 5,
        });
        for name in required.iter().filter_map(Value::as_str) {
            let object = detail.as_object_mut().unwrap();
            object.entry(name).or_insert_with(|| json!(format!("{name}-1")));
        }
        if kind != EventKind::InteractionRecorded && kind != EventKind::ConsentChanged {
            let taken = ["channel", "kind", "source"];
            taken.iter().for_each(|name| drop(detail.as_object_mut().unwrap().remove(*name)));
        }
        let tried = |detail: &Value| json!({ "detail-type": kind.as_str(), "detail": detail, "source": "shop" });
        for name in schema["properties"].as_object().unwrap().keys() {
            for value in odd() {
                let mut one = detail.clone();
                one[name] = value.clone();
                try_out(&tried(&one).to_string());
                one[name] = json!([value]);
                try_out(&tried(&one).to_string());
                one[name] = json!([{ "sku": value, "name": value, "quantity": value }]);
                try_out(&tried(&one).to_string());
                one[name] = json!({ "given": value, "a": value, "on": value, "about": value });
                try_out(&tried(&one).to_string());
            }
            let mut without = detail.clone();
            without.as_object_mut().unwrap().remove(name);
            try_out(&tried(&without).to_string());
        }
        let mut both = detail.clone();
        both["birthday"] = json!("x");
        both["phone"] = json!(7);
        both["merged_id"] = both["customer_id"].clone();
        both["call_back_at"] = json!("2026-11-20T09:00:00-06:00");
        try_out(&tried(&both).to_string());
        both["outcome"] = json!("call_back");
        try_out(&tried(&both).to_string());
        both["call_back_at"] = json!("2036-11-20T09:00:00-06:00");
        try_out(&tried(&both).to_string());
    }
    let deep = format!(
        "{{\"detail-type\":\"CustomerUpdated\",\"a\":{}1{}}}",
        "[".repeat(60),
        "]".repeat(60)
    );
    for text in [
        "",
        "ana",
        "[]",
        "7",
        "{",
        "{\"a\":",
        "{\"a\":\"b",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1} {",
        "{\"a\":tru}",
        "{\"a\":1e}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":1,\"a\":2}",
        "{\"detail-type\":7}",
        "{\"detail-type\":\"PurchaseComplete\"}",
        "{\"detail-type\":\"zzz\"}",
        "{\"name\":{\"given\":\"Ana\"},\"email\":\"ana@example.com\"}",
        "{\"colour\":\"red\"}",
        "{\"detail-type\":\"CustomerErased\",\"time\":\"noon\",\"detail\":{\"customer_id\":\"a\",\
         \"request_id\":\"r\",\"occurred_at\":\"2026-11-20T10:00:00-06:00\"}}",
        &format!("{{\"a\":\"{}\"}}", "x".repeat(1_100_000)),
        &deep,
    ] {
        try_out(text);
    }
    assert!(untold.is_empty(), "{} have no phrase:\n{}", untold.len(), {
        untold.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    });
}

/// The texts of errors in a source file: what stands in quotes right behind a macro or a
/// method that makes one. Those in two languages begin with a `match` on the language.
fn errors_in(source: &str) -> Vec<String> {
    let makers = ["bail!(", "anyhow!(", ".context(", ".with_context(|| format!("];
    let starts = makers
        .iter()
        .flat_map(|maker| source.match_indices(maker).map(move |(at, _)| (at, at + maker.len())));
    let mut found = Vec::new();
    for (at, behind) in starts {
        let Some(text) = source[behind..].trim_start().strip_prefix('"') else { continue };
        let line = source[..at].rfind('\n').map_or(0, |line| line);
        let before = source[..line].rfind('\n').unwrap_or(0);
        if source[before..at].contains("Language::") {
            continue;
        }
        let text = text.replace("\\\"", "\u{1}");
        let text = text.split('"').next().unwrap_or_default();
        found.push(
            text.replace('\u{1}', "\"").replace("\\\n", "").replace("{{", "").replace("}}", ""),
        );
    }
    found
}

/// Each hole of a format text filled by a word.
fn filled_in(text: &str) -> String {
    let mut parts = text.split('{');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole += "X";
        whole += part.split_once('}').map_or(part, |(_, rest)| rest);
    }
    whole.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn errors_of_commands_are_told_in_spanish() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("functions/cli");
    let (mut folders, mut untold, mut seen) = (vec![folder], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if !name.ends_with(".rs") || name.ends_with("tests.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            let source = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
            for text in errors_in(source) {
                seen += 1;
                let whole = filled_in(&text);
                let words = whole
                    .split_whitespace()
                    .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()) && word.len() > 1);
                if words.count() > 1 && spanish(&whole, DEPTH_MAX).is_none() {
                    untold.push(format!("{name}: {whole}"));
                }
            }
        }
    }
    assert!(seen > 50, "{seen}");
    assert!(untold.is_empty(), "add these to functions/shell/wording/errors.tsv: {untold:#?}");
}

/// What a mapping says of events that give nothing, or cannot be mapped.
fn said_by(mapping: &str) -> Vec<String> {
    let topics = mapping.split_once("\ntopics:\n").unwrap().1.split("\n\n").next().unwrap();
    let topics = topics.lines().filter_map(|line| line.split_once(": \"")).map(|(_, said)| said);
    let keys = [" as: ", " because: ", " otherwise: "];
    let others = mapping.lines().flat_map(|line| {
        keys.iter().filter_map(move |key| line.split_once(key)).map(|(_, said)| said)
    });
    let bare = |said: &str| said.trim_matches(['"', ' ', '}']).to_owned();
    // `each` names what it goes through by `as` too.
    topics.chain(others).filter(|said| !said.contains(", in: ")).map(bare).collect()
}

#[test]
fn what_the_shipped_sources_say_is_told_in_spanish() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("events/sources");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let said: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .flat_map(|path| said_by(&std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(said.len() > 40, "{said:?}");
    let untold: Vec<_> = said.iter().filter(|said| spanish(said, DEPTH_MAX).is_none()).collect();
    assert!(untold.is_empty(), "add these to functions/shell/wording/sources.tsv: {untold:#?}");
}
