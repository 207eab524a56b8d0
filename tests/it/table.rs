//! What operations deploy is what the code works with: table, functions,
//! environment, events.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate,
};
use lazo::shell::app::env;
use lazo::shell::rules::RULES_VAR;
use lazo::shell::store::table::{
    ENROLLED, HASH, INDEXES, KeyPart, RANGE, TTL_ATTRIBUTE, create_whole,
};
use lazo_domain::event::EventKind;
use serde_json::{Value, json};

use crate::support::World;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The template as plain YAML: a CloudFormation tag such as `!Ref` goes, its
/// value stays.
fn template() -> Value {
    let text = read("infra/template.yaml");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(place) = rest.find('!') {
        let (before, tagged) = rest.split_at(place);
        plain.push_str(before);
        let name = tagged[1..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(0);
        let is_tag =
            before.ends_with([' ', '[']) && name > 0 && tagged[1 + name..].starts_with(' ');
        rest = &tagged[if is_tag { name + 2 } else { 1 }..];
        if !is_tag {
            plain.push('!');
        }
    }
    plain.push_str(rest);
    serde_saphyr::from_str(&plain).unwrap()
}

pub fn resources(of_type: &str) -> BTreeMap<String, Value> {
    let template = template();
    let all = template["Resources"].as_object().unwrap().clone();
    all.into_iter().filter(|(_, resource)| resource["Type"] == of_type).collect()
}

fn key_schema(hash: KeyPart, range: KeyPart) -> Value {
    json!([
        { "AttributeName": hash.attribute, "KeyType": "HASH" },
        { "AttributeName": range.attribute, "KeyType": "RANGE" },
    ])
}

fn attribute(part: KeyPart) -> (String, String) {
    let kind = if part.is_number { "N" } else { "S" };
    (part.attribute.to_owned(), kind.to_owned())
}

#[test]
fn the_template_has_the_very_table_of_the_code() {
    let tables = resources("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 1);
    let table = &tables["Table"]["Properties"];
    assert_eq!(table["KeySchema"], key_schema(HASH, RANGE));
    let indexes: Vec<Value> = INDEXES
        .iter()
        .map(|index| {
            json!({
                "IndexName": index.name,
                "KeySchema": key_schema(index.hash, index.range),
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            })
        })
        .collect();
    assert_eq!(table["GlobalSecondaryIndexes"], Value::Array(indexes));
    let attributes: BTreeMap<String, String> = [HASH, RANGE]
        .into_iter()
        .chain(INDEXES.iter().flat_map(|index| [index.hash, index.range]))
        .map(attribute)
        .collect();
    let defined: BTreeMap<String, String> = table["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            (
                d["AttributeName"].as_str().unwrap().into(),
                d["AttributeType"].as_str().unwrap().into(),
            )
        })
        .collect();
    assert_eq!(defined, attributes);
    let ttl = json!({ "AttributeName": TTL_ATTRIBUTE, "Enabled": true });
    assert_eq!(table["TimeToLiveSpecification"], ttl);
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
}

#[tokio::test]
async fn the_created_table_is_the_one_of_the_definition() {
    let world = World::shipped().await;
    let client = world.app.store.client();
    let answer = client.describe_table().table_name(world.app.store.table()).send().await.unwrap();
    let table = answer.table.unwrap();
    let mut names: Vec<&str> =
        table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    names.sort_unstable();
    let mut defined = INDEXES.map(|index| index.name);
    defined.sort_unstable();
    assert_eq!(names, defined);
}

/// The functions of the template, by the handler that each is.
fn functions() -> BTreeMap<String, Value> {
    let functions = resources("AWS::Serverless::Function").into_values();
    let handler = |function: &Value| {
        let properties = &function["Properties"];
        // Where cargo-lambda writes the program of all of them.
        assert_eq!(properties["CodeUri"], "../target/lambda/functions/bootstrap.zip");
        properties["Handler"].as_str().unwrap().to_owned()
    };
    functions.map(|function| (handler(&function), function)).collect()
}

#[test]
fn every_folder_of_a_function_is_in_the_template_and_in_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions");
    let folders = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders.filter(|folder| folder.join("function.rs").is_file());
    let names: BTreeSet<String> =
        folders.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(functions().into_keys().collect::<BTreeSet<_>>(), names);
    let program = read("functions/main.rs");
    for name in names {
        assert!(program.contains(&format!("\"{name}\" => {name}::serve()")), "{name}");
    }
}

#[test]
fn every_variable_that_the_code_reads_is_set_and_none_besides() {
    // What the code reads by its own names; the others are for the runtime.
    let of_the_runtime = BTreeSet::from(["SSL_CERT_FILE"]);
    let everywhere = BTreeSet::from([env::TABLE, env::BUS, env::LOG]);
    let by_function = BTreeMap::from([
        ("ingest", BTreeSet::new()),
        ("occasions", BTreeSet::new()),
        ("drift", BTreeSet::new()),
        ("content", BTreeSet::new()),
        ("digest", BTreeSet::from([env::CONFIGURATION_SET, env::MAIL_FROM])),
        (
            "dispatch",
            BTreeSet::from([
                env::CONFIGURATION_SET,
                env::MAIL_FROM,
                env::SHOP_SOURCE,
                env::LINKS_URL,
                env::LINK_KEYS,
            ]),
        ),
        ("links", BTreeSet::from([env::LINK_KEYS])),
        (
            "console",
            BTreeSet::from([
                env::CONSOLE_ISSUER,
                env::CONSOLE_CLIENT,
                env::CONSOLE_SECRET,
                env::CONSOLE_CLAIM,
                env::CONSOLE_URL,
                // The provider may chain up to any root.
                "SSL_CERT_FILE",
            ]),
        ),
        ("feedback", BTreeSet::from([env::CONFIGURATION_SET])),
        ("webhooks", BTreeSet::from([env::INGEST_QUEUE, env::WEBHOOK_SECRETS, env::WEBHOOKS_URL])),
    ]);
    let names = |variables: &Value| -> BTreeSet<String> {
        variables.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let template = template();
    let globals = names(&template["Globals"]["Function"]["Environment"]["Variables"]);
    let expected: BTreeSet<String> =
        everywhere.union(&of_the_runtime).map(|name| (*name).to_owned()).collect();
    assert_eq!(globals, expected);
    for (name, function) in functions() {
        let own = names(&function["Properties"]["Environment"]["Variables"]);
        let expected = &by_function[name.as_str()];
        assert_eq!(own, expected.iter().map(|name| (*name).to_owned()).collect(), "{name}");
    }
    assert!(!globals.contains(RULES_VAR), "functions run the embedded rules");
}

#[test]
fn no_other_variable_is_read_by_the_functions() {
    let mut found = BTreeSet::new();
    let folders = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    // The local program, the core, and what runs while they are built.
    let others = ["cli", "domain", "build.rs"];
    let is_another = |path: &PathBuf| others.iter().any(|other| path.ends_with(other));
    let mut left: Vec<PathBuf> = folders.filter(|path| !is_another(path)).collect();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy();
        if !name.ends_with(".rs") || name.ends_with("tests.rs") {
            continue;
        }
        let (file, text) = (path.display(), std::fs::read_to_string(&path).unwrap());
        let constants = text.match_indices("const ").filter_map(|(place, _)| {
            let line = text[place..].lines().next()?;
            let value = line.split_once(": &str = \"")?.1;
            value.strip_suffix("\";").filter(|value| value.starts_with("LAZO_"))
        });
        found.extend(constants.map(str::to_owned));
        assert!(!text.contains("env::var(\""), "{file}: a variable has its name in app::env");
    }
    let known = [
        env::TABLE,
        env::BUS,
        env::CONFIGURATION_SET,
        env::LINKS_URL,
        env::LINK_KEYS,
        env::MAIL_FROM,
        env::SHOP_SOURCE,
        env::CONSOLE_ISSUER,
        env::CONSOLE_CLIENT,
        env::CONSOLE_SECRET,
        env::CONSOLE_CLAIM,
        env::CONSOLE_URL,
        env::INGEST_QUEUE,
        env::WEBHOOK_SECRETS,
        env::WEBHOOKS_URL,
        env::LOG,
        RULES_VAR,
    ];
    assert_eq!(found, known.map(str::to_owned).into());
}

#[test]
fn the_rule_of_the_bus_lets_every_event_through() {
    let rules = resources("AWS::Events::Rule");
    let types: Vec<&str> = rules["ShopEvents"]["Properties"]["EventPattern"]["detail-type"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(types, EventKind::ALL.map(EventKind::as_str));
}

/// The names that a resource's property refers to, as `FunctionName` does.
fn of_function(alarm: &Value, metric: &str) -> Option<String> {
    let properties = &alarm["Properties"];
    let is_asked = properties["MetricName"] == metric;
    let dimension = properties["Dimensions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|d| d["Name"] == "FunctionName")?;
    is_asked.then(|| dimension["Value"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn every_function_is_watched() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let filters = resources("AWS::Logs::MetricFilter");
    let dashboard = resources("AWS::CloudWatch::Dashboard")["Dashboard"].to_string();
    let has_alarm = |function: &str, metric: &str| {
        alarms.values().any(|a| of_function(a, metric).as_deref() == Some(function))
    };
    let counts = |function: &str, field: &str| {
        filters.values().any(|filter| {
            let properties = &filter["Properties"];
            properties["LogGroupName"] == format!("{function}Logs")
                && properties["FilterPattern"] == format!("{{ $.fields.{field} > 0 }}")
        })
    };
    let mut wrong = Vec::new();
    for (function, resource) in resources("AWS::Serverless::Function") {
        let mut check = |is: bool, what: &str| {
            if !is {
                wrong.push(format!("{function}: {what}"));
            }
        };
        let by_url = resource["Properties"]["FunctionUrlConfig"].is_object();
        let errors = if by_url { "Url5xxCount" } else { "Errors" };
        check(has_alarm(&function, errors), "no alarm on errors");
        for metric in [errors, "Duration"] {
            let shown = format!("\\\"{metric}\\\", \\\"FunctionName\\\", \\\"${{{function}}}\\\"");
            check(dashboard.contains(&shown), &format!("the dashboard lacks its {metric}"));
        }
        let is_scheduled = resource["Properties"]["Events"]["Tick"].is_object();
        check(
            !is_scheduled || has_alarm(&function, "Invocations"),
            "nobody hears that it never runs",
        );
        let role = &resources("AWS::IAM::Role")[&format!("{function}Role")].to_string();
        let publishes = role.contains("events:PutEvents");
        check(
            publishes == counts(&function, "lost_events"),
            "lost events: counted where it publishes",
        );
        // The console sends tests of templates alone, and its page tells what became of them.
        let mails = role.contains("ses:SendEmail") && function != "Console";
        for field in ["unknown_sends", "refused_mails", "unwritten_mails"] {
            check(mails == counts(&function, field), &format!("{field}: counted where it sends"));
        }
        let checks_sender = resource.to_string().contains(env::MAIL_FROM);
        check(mails == checks_sender, "it starts only with the sender that its role allows");
        for field in ["quarantined_events", "partly_taken_events"] {
            let is_told = function != "Ingest" || counts(&function, field);
            check(is_told, &format!("{field}: not counted, though it takes the shop's events"));
        }
        let sweeps = ["due", "occasion", "review"]
            .iter()
            .any(|index| role.contains(&format!("${{TableInUse.Value}}/index/{index}")));
        check(
            sweeps == counts(&function, "failed_customers"),
            "customers who cannot be worked on: counted where it goes by alarms",
        );
    }
    // Whatever the logs count, somebody hears of.
    for (name, filter) in &filters {
        let metric = &filter["Properties"]["MetricTransformations"][0]["MetricName"];
        if !alarms.values().any(|alarm| alarm["Properties"]["MetricName"] == *metric) {
            wrong.push(format!("{name}: no alarm on {metric}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A store of an earlier version, which knew no enrolments, gets their index and keeps what
/// it holds.
#[tokio::test]
async fn a_table_that_lacks_an_index_gets_it_and_loses_nothing() {
    let world = World::shipped().await;
    let (client, name) = (world.app.store.client(), world.app.store.table());
    let now = crate::support::at("2026-03-01T12:00:00-06:00");
    let bought = crate::support::events::purchase("ana", "p1", now, "90.00");
    let bought = crate::support::events::delivered(&bought);
    lazo::shell::intake::take(&world.app, &bought, now).await.unwrap();
    let before = world.items().await;
    let delete = DeleteGlobalSecondaryIndexAction::builder().index_name(ENROLLED.name);
    let update = GlobalSecondaryIndexUpdate::builder().delete(delete.build().unwrap()).build();
    let request = client.update_table().table_name(name).global_secondary_index_updates(update);
    request.send().await.unwrap();
    let index = || {
        client
            .query()
            .table_name(name)
            .index_name(ENROLLED.name)
            .key_condition_expression("enrolled_shard = :shard")
            .expression_attribute_values(":shard", AttributeValue::S("enrolled#1".into()))
            .send()
    };
    assert!(index().await.is_err());
    create_whole(client, name).await.unwrap();
    assert!(index().await.is_ok());
    assert_eq!(world.items().await, before);
}
