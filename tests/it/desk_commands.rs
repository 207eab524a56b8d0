//! The commands of a rep on a table in an account: names, short ids, what is put off
//! and given away, complaints and contacts.

use std::path::Path;
use std::process::Output;

use lazo::shell::call_list::lookup;
use lazo::shell::store::{Call, Deployed};
use lazo_domain::instant::DAY_MILLIS;
use serde_json::{Value, json};

use crate::support::events::{envelope, profile, purchase};
use crate::support::id;
use crate::table_commands::{Account, listed, now, said};

/// Ana, who bought, and whose call is on the list of the care team.
async fn desk() -> Account {
    let account = Account { rules: Some(always_open()), ..Account::new().await };
    let told =
        Deployed { bus: "tienda".into(), source: Some("shop.pos".into()), configuration_set: None };
    account.world.app.store.keep_deployed(&told).await.unwrap();
    let at = now().plus_millis(-3 * DAY_MILLIS);
    let bought = purchase("ana", "ana-1", at, "129.90");
    let zone = json!({ "time_zone": "America/Chicago" });
    account.put(&[profile("ana", at, zone), bought]).await;
    listed(&account, "ana", now().plus_millis(2 * DAY_MILLIS)).await;
    account
}

/// The shipped rules of a shop that calls at any hour of any day: these tests run by
/// the real clock.
fn always_open() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra");
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    for file in std::fs::read_dir(shipped.join("rules")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let closes = |line: &&str| {
            ["  call:", "closed_days:", "  - \""].iter().any(|begin| line.starts_with(begin))
        };
        let is_policy = path.ends_with("policy.yaml");
        let open = text.lines().filter(|line| !is_policy || !closes(line));
        let open = open.collect::<Vec<_>>().join("\n");
        std::fs::write(folder.path().join("rules").join(path.file_name().unwrap()), open).unwrap();
    }
    std::os::unix::fs::symlink(shipped.join("templates"), folder.path().join("templates")).unwrap();
    folder
}

async fn call(account: &Account) -> Call {
    account.world.app.store.open_calls("care", now()).await.unwrap().remove(0)
}

async fn short(account: &Account) -> String {
    let short = lookup::short_ids(&account.world.app, now()).await.unwrap();
    short.of(&call(account).await.touch)
}

/// A command that did what it was asked to: what it said.
async fn done(account: &Account, words: &[&str]) -> String {
    expect(account, words, 0).await
}

async fn expect(account: &Account, words: &[&str], code: i32) -> String {
    let output: Output = account.run(words).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    // Which store a command that writes has used, is told apart.
    said.lines()
        .filter(|line| !line.starts_with("lazo: table "))
        .map(|l| format!("{l}\n"))
        .collect()
}

/// Takes what is put on the bus, as the workers of the account do.
fn taking(account: &Account) -> tokio::task::JoinHandle<()> {
    let (app, recorder) = (account.world.app.clone(), account.world.recorder.clone());
    tokio::spawn(async move {
        let mut taken = 0;
        loop {
            let sent = crate::table_commands::of_shop(&recorder);
            for entry in &sent[taken..] {
                let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
                let kind = entry["DetailType"].as_str().unwrap();
                crate::table_commands::take(&app, &[envelope(kind, now(), detail)]).await;
            }
            taken = sent.len();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
}

/// The details of what was put on the bus, with their types.
fn sent(account: &Account) -> Vec<(String, Value)> {
    let entries = crate::table_commands::of_shop(&account.world.recorder);
    let detail = |entry: &Value| serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    entries.iter().map(|e| (e["DetailType"].as_str().unwrap().to_owned(), detail(e))).collect()
}

#[tokio::test]
async fn a_name_that_nobody_has_is_refused_with_the_nearest() {
    let account = desk().await;
    let short = short(&account).await;
    let told = expect(&account, &["calls", "list", "--of", "nadie", "--lang", "es"], 2).await;
    assert!(told.contains("no existe \"nadie\""), "{told}");
    assert!(told.contains("existen: accounts, care, director"), "{told}");
    let near = "did you mean \"lucia.ortega\"?";
    let refused: [&[&str]; 7] = [
        &["calls", "list", "--of", "lucia.ortgea"],
        &["calls", "next", "--by", "lucia"],
        &["calls", "claim", &short, "--by", "luciaortega"],
        &["calls", "assign", &short, "--to", "lucia.ortga"],
        &["calls", "report", &short, "--outcome", "reached", "--by", "lucia.otega"],
        &["calls", "today", "--by", "lucia.ortegaa"],
        &["complaints", "list", "--of", "lucia.orteg"],
    ];
    for words in refused {
        let told = expect(&account, words, 2).await;
        assert!(told.contains(near), "{words:?}: {told}");
    }
    assert!(sent(&account).is_empty());
    assert_eq!(call(&account).await.claimed_by, None);
    // The names of those who may have calls without a mailbox of their own.
    done(&account, &["calls", "list", "--of", "care", "--brief"]).await;
}

#[tokio::test]
async fn a_call_is_taken_put_off_and_given_away_by_its_short_id() {
    let account = desk().await;
    let short = short(&account).await;
    let listed = done(&account, &["calls", "list", "--brief"]).await;
    let touch = call(&account).await.touch.to_string();
    assert!(listed.contains(&format!("{short}  {touch}")), "{listed}");
    assert!(listed.contains("(America/Chicago), their time is"), "{listed}");
    assert!(listed.contains("Spanish (es-MX)"), "{listed}");

    let told = done(&account, &["calls", "claim", &short, "--by", "grace.hall"]).await;
    assert!(told.starts_with("it is yours until"), "{told}");
    assert!(told.trim_end().ends_with("(America/Mexico_City)"), "{told}");
    let told = expect(&account, &["calls", "release", &short, "--by", "mateo.rios"], 1).await;
    assert!(told.starts_with("grace.hall has it until"), "{told}");
    let told = expect(&account, &["calls", "snooze", &short, "--until", "2 hours"], 1).await;
    assert!(told.starts_with("grace.hall has it until"), "{told}");

    let off = ["calls", "snooze", &short, "--until", "2 hours", "--by", "grace.hall"];
    assert!(done(&account, &off).await.starts_with("snoozed to "));
    let told = expect(&account, &["calls", "next", "--by", "grace.hall"], 1).await;
    assert_eq!(told, "no calls are waiting\n");
    let today = done(&account, &["calls", "today", "--by", "grace.hall"]).await;
    let parts: Vec<&str> = today.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(parts, ["to call (0)", "snoozed (1)", "reported today (0)"]);
    let told = expect(&account, &["calls", "snooze", &short, "--until", "3 days"], 1).await;
    assert!(
        told.starts_with("it expires on ") && told.contains("choose an earlier time"),
        "{told}"
    );
    let told = expect(&account, &["calls", "snooze", &short, "--until", "pronto"], 2).await;
    assert!(told.contains("--until \"pronto\""), "{told}");

    let told = done(&account, &["calls", "assign", &short, "--to", "sales"]).await;
    assert_eq!(told, "it is now on the list of sales\n");
    let of_care = done(&account, &["calls", "list", "--of", "care"]).await;
    assert_eq!(of_care, "no calls are waiting\n");
    let told = expect(&account, &["calls", "claim", "zzzz", "--by", "grace.hall"], 2).await;
    assert!(told.contains("there is no call \"zzzz\""), "{told}");
}

#[tokio::test]
async fn the_list_is_searched() {
    let account = desk().await;
    let of =
        async |text: &str| done(&account, &["calls", "list", "--brief", "--search", text]).await;
    for text in ["nandu", "+52 55 5555 0142", "marisol.nandu@example.com", "ana"] {
        assert!(of(text).await.contains("thank-you-call/ana"), "{text}");
    }
    assert_eq!(of("luis").await, "no call on the list is of \"luis\"\n");
}

#[tokio::test]
async fn a_report_says_who_called_and_offers_a_complaint() {
    let account = desk().await;
    let workers = taking(&account);
    let short = short(&account).await;
    done(&account, &["calls", "claim", &short, "--by", "grace.hall"]).await;
    let report = ["calls", "report", &short, "--outcome", "reached", "--satisfaction", "1"];
    let told = done(&account, &report).await;
    let offered = "lazo complaints open ana --category CATEGORY --severity normal";
    assert!(told.starts_with("logged\n") && told.contains(offered), "{told}");
    let (kind, detail) = sent(&account).remove(0);
    assert_eq!((kind.as_str(), &detail["by"]), ("CallReported", &json!("grace.hall")));
    let today = done(&account, &["calls", "today", "--by", "grace.hall", "--lang", "es"]).await;
    assert!(today.contains("anotadas hoy (1)") && today.contains("contestó"), "{today}");
    // By its short id it is known for a day; how it went is told in words.
    let told =
        expect(&account, &["calls", "claim", &short, "--by", "mateo.rios", "--lang", "es"], 1)
            .await;
    let who = "ya no está en la lista: contestó; la anotó grace.hall, 20";
    assert!(told.starts_with(who), "{told}");
    workers.abort();
}

#[tokio::test]
async fn a_complaint_is_opened_by_its_command_from_the_list_and_with_a_report() {
    let account = desk().await;
    let workers = taking(&account);
    let short = short(&account).await;
    let by_command = ["complaints", "open", "ana", "--category", "delivery", "--severity", "high"];
    let told = done(&account, &by_command).await;
    assert!(told.contains("logistics resolves it before ") && told.contains("(America/"), "{told}");
    let from_list = ["calls", "complaint", &short, "--category", "delivry", "--severity", "low"];
    let told = done(&account, &from_list).await;
    assert!(told.contains("to nobody; did you mean \"delivery\"?"), "{told}");
    let with_report = [
        "calls",
        "report",
        &short,
        "--outcome",
        "reached",
        "--satisfaction",
        "2",
        "--complaint",
        "product",
        "--note",
        "The vase came broken.",
    ];
    let told = done(&account, &with_report).await;
    assert!(told.starts_with("logged\n") && told.contains("complaint opened: com-"), "{told}");
    workers.abort();
    let opened: Vec<Value> = sent(&account)
        .into_iter()
        .filter(|(kind, _)| kind == "ComplaintOpened")
        .map(|(_, d)| d)
        .collect();
    let of = |name: &str| opened.iter().map(|one| one[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("category"), [json!("delivery"), json!("delivry"), json!("product")]);
    assert_eq!(of("severity"), [json!("high"), json!("low"), json!("normal")]);
    assert_eq!(of("description"), [Value::Null, Value::Null, json!("The vase came broken.")]);
    assert_eq!(account.world.app.store.open_complaints().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_contact_is_logged_with_all_that_is_said_of_it() {
    let account = desk().await;
    let workers = taking(&account);
    let soon = now().plus_millis(5 * DAY_MILLIS).timestamp().strftime("%Y-%m-%d").to_string();
    let words = [
        "log",
        "ana",
        "--touchpoint",
        "boutique",
        "--channel",
        "store",
        "--kind",
        "visit",
        "--satisfaction",
        "5",
        "--note",
        "Likes the lamps.",
        "--follow-up",
        &soon,
        "--about",
        "the new lamps",
    ];
    assert_eq!(done(&account, &words).await, "logged\n");
    workers.abort();
    let (kind, mut detail) = sent(&account).remove(0);
    assert_eq!(kind, "InteractionRecorded");
    for name in ["interaction_id", "occurred_at"] {
        assert!(detail.as_object_mut().unwrap().remove(name).is_some());
    }
    let expected = json!({
        "customer_id": "ana", "phase": "postpurchase", "touchpoint": "boutique",
        "channel": "store", "initiated_by": "brand", "kind": "visit", "satisfaction": 5,
        "note": "Likes the lamps.", "follow_up": { "on": soon, "about": "the new lamps" },
    });
    assert_eq!(detail, expected);
    assert_eq!(account.world.customer(&id("ana")).await.contacts.len(), 1);
}

#[tokio::test]
async fn of_a_customer_whom_nobody_knows_nothing_is_logged() {
    let account = desk().await;
    let log = ["log", "anna", "--touchpoint", "boutique", "--channel", "store"];
    let open = ["complaints", "open", "anna", "--category", "delivery", "--severity", "low"];
    for words in [&log[..], &open[..]] {
        let told = expect(&account, words, 2).await;
        assert!(told.contains("there is no customer \"anna\""), "{told}");
    }
    let late = [
        "log",
        "ana",
        "--touchpoint",
        "boutique",
        "--channel",
        "store",
        "--follow-up",
        "2020-01-01",
        "--about",
        "lamps",
    ];
    let told = expect(&account, &late, 2).await;
    assert!(told.contains("--follow-up 2020-01-01: is over; today is "), "{told}");
    assert!(sent(&account).is_empty());
}
