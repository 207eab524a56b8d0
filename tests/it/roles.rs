//! Least privilege, both ways: what each function's role allows is what its code
//! asks for, request by request, and nothing besides.
//!
//! The functions run on the fake AWS, which keeps what each request was,
//! through whatever makes them ask for more than usual.

mod runs;

use std::collections::BTreeSet;

use lazo_fake_aws::Service;
use lazo_fake_aws::faults::Step;
use serde_json::{Value, json};

use crate::table::resources;

use runs::{
    of_console, of_content, of_digest, of_dispatch, of_drift, of_feedback, of_ingest, of_links,
    of_occasions, of_webhooks,
};

/// What the console alone lets go of, by the partitions.
const OF_CONSOLE: [&str; 3] = ["drafts", "sessions", "sign_ins"];

/// What AWS asks a role for where it gets such a request: the action and what it
/// is done to.
fn needs(step: &Step) -> Vec<(String, String)> {
    let one = |action: &str, on: &str| vec![(action.to_owned(), on.to_owned())];
    match (step.service, step.operation.as_str()) {
        (Service::DynamoDb, "Query") => match step.index {
            Some(index) => one("dynamodb:Query", &format!("Table.Arn/index/{index}")),
            None => one("dynamodb:Query", "Table.Arn"),
        },
        // Every part of a transaction is authorised by itself; ours are puts and checks.
        (Service::DynamoDb, "TransactWriteItems") => {
            let checks = step.has_checks.then_some("dynamodb:ConditionCheckItem");
            let each = ["dynamodb:PutItem"].into_iter().chain(checks);
            each.flat_map(|action| one(action, "Table.Arn")).collect()
        }
        (Service::DynamoDb, "DeleteItem")
            if step.partitions.iter().all(|pk| pk.starts_with("failure")) =>
        {
            one("dynamodb:DeleteItem", "Table.Arn, failures")
        }
        (Service::DynamoDb, "DeleteItem")
            if step.partitions.iter().all(|pk| OF_CONSOLE.contains(&pk.as_str())) =>
        {
            one("dynamodb:DeleteItem", "Table.Arn, console")
        }
        (Service::DynamoDb, operation) => one(&format!("dynamodb:{operation}"), "Table.Arn"),
        (Service::EventBridge, operation) => one(&format!("events:{operation}"), "Bus.Arn"),
        (Service::Ses, "GetAccount") => one("ses:GetAccount", "*"),
        (Service::Sqs, operation) => one(&format!("sqs:{operation}"), "IngestQueue.Arn"),
        (Service::SecretsManager, operation) => {
            one(&format!("secretsmanager:{operation}"), "WebhookSecretsArn")
        }
        // Mail of ours is raw MIME.
        (Service::Ses, _) => [one("ses:SendEmail", "SES"), one("ses:SendRawEmail", "SES")].concat(),
    }
}

/// The table that the functions work on, whether it is the stack's own or a restored one.
const TABLE_IN_USE: &str =
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableInUse.Value}";

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        one => vec![one.as_str().unwrap_or_default().to_owned()],
    }
}

/// What a role allows, besides the log and what Lambda itself does in its name.
fn allows(role: &str) -> BTreeSet<(String, String)> {
    let roles = resources("AWS::IAM::Role");
    let policies = roles[role]["Properties"]["Policies"].as_array().unwrap().clone();
    let mut allowed = BTreeSet::new();
    for policy in policies {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow");
            let actions = texts(&statement["Action"]);
            // Lambda's poller fetches messages, and Lambda itself tells of lost ticks.
            let is_lost_tick = statement["Resource"] == "LostTicks.Arn";
            let is_of_lambda = |action: &String| {
                let is_post = action == "sqs:SendMessage" && !is_lost_tick;
                action.starts_with("logs:") || action.starts_with("sqs:") && !is_post
            };
            if actions.iter().all(is_of_lambda) {
                continue;
            }
            let leading = &statement["Condition"]["ForAllValues:StringLike"];
            let leading = &leading["dynamodb:LeadingKeys"];
            for resource in texts(&statement["Resource"]) {
                let resource = match resource.replace(TABLE_IN_USE, "Table.Arn") {
                    resource if leading.is_array() => {
                        let of_console = *leading == json!(OF_CONSOLE);
                        assert!(of_console || *leading == json!(["failure#*", "failures#*"]));
                        format!("{resource}, {}", if of_console { "console" } else { "failures" })
                    }
                    resource if resource.contains(":ses:") => "SES".to_owned(),
                    resource => resource,
                };
                allowed.extend(actions.iter().map(|action| (action.clone(), resource.clone())));
            }
        }
    }
    allowed
}

#[tokio::test(start_paused = true)]
async fn every_role_allows_what_its_function_asks_for_and_nothing_besides() {
    let mut wrong = Vec::new();
    let known = [
        ("IngestRole", of_ingest().await),
        ("DispatchRole", of_dispatch().await),
        ("FeedbackRole", of_feedback().await),
        ("OccasionsRole", of_occasions().await),
        ("DriftRole", of_drift().await),
        ("ContentRole", of_content().await),
        ("DigestRole", of_digest().await),
        ("LinksRole", of_links().await),
        ("ConsoleRole", Box::pin(of_console()).await),
        ("WebhooksRole", of_webhooks().await),
    ];
    // Roles of the functions; TickRole is the schedule's.
    let of_functions = resources("AWS::IAM::Role").into_keys().filter(|role| role != "TickRole");
    let listed: BTreeSet<String> = known.iter().map(|(role, _)| (*role).to_owned()).collect();
    assert_eq!(listed, of_functions.collect());
    for (role, steps) in known {
        let asked: BTreeSet<(String, String)> = steps.iter().flat_map(needs).collect();
        let allowed = allows(role);
        wrong.extend(asked.difference(&allowed).map(|asked| format!("{role} lacks {asked:?}")));
        wrong
            .extend(allowed.difference(&asked).map(|more| format!("{role}: {more:?} is not used")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
