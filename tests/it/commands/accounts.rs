//! Commands on a table in an account, and what stands in their way there.

use std::path::Path;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

use super::{Said, folder, lazo, purchase, said};
use crate::support::World;
use crate::support::events::envelope;

/// A parameter of the template and its default.
fn default_of(parameter: &str) -> String {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/template.yaml");
    let text = std::fs::read_to_string(template).unwrap();
    let (_, rest) = text.split_once(&format!("\n  {parameter}:\n")).unwrap();
    let (_, rest) = rest.split_once("Default: ").unwrap();
    rest.lines().next().unwrap().trim().to_owned()
}

/// A command on a table that answers at an endpoint.
fn on_table(place: &Path, endpoint: &str, words: &[&str]) -> Command {
    let mut command = lazo(place, words);
    command.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
    command
}

#[tokio::test]
async fn in_an_account_it_says_until_when_the_archive_and_the_logs_hold_the_person() {
    let place = folder();
    let world = World::shipped().await;
    let at = lazo_domain::instant::Instant::from(jiff::Timestamp::now());
    let detail = serde_json::from_str(&purchase("ana", "pur-1", "10.00")).unwrap();
    let event = envelope("PurchaseCompleted", at, detail);
    let taken = lazo::shell::intake::receive(&world.app, &event, at).await.unwrap();
    assert_eq!(taken, None);
    let words = ["--table", "lazo", "--bus", "lazo", "erase", "ana", "--yes"];
    let Said { code, out, err } = said(on_table(place.path(), &world.dynamodb, &words)).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert_eq!(err, "lazo: table \"lazo\", us-east-1\n");
    let archive = format!("(ArchiveDays, {} days", default_of("ArchiveDays"));
    assert!(out.contains(&archive), "{archive}: {out}");
    let logs = format!("(LogDays, {} days", default_of("LogDays"));
    assert!(out.contains(&logs), "{logs}: {out}");
    assert!(out.contains("mailboxes: ") && out.contains("after a restore, erase again"), "{out}");
}

/// Answers every request as DynamoDB answers one that it refuses.
async fn refusing(code: &'static str, message: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 8192];
                let _ = connection.read(&mut bytes).await;
                let body = json!({ "__type": format!("x#{code}"), "message": message }).to_string();
                let answer = format!(
                    "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    url
}

#[tokio::test]
async fn troubles_of_an_account_come_in_one_line_with_the_remedy() {
    let place = folder();
    let place = place.path();
    let explain = ["--table", "tienda", "explain", "ana"];
    let world = World::shipped().await;
    let denial = "User: arn:aws:iam::1:user/ana is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:1:table/tienda";
    let refused = refusing("AccessDeniedException", denial).await;
    let unknown = refusing("UnrecognizedClientException", "The security token is invalid.").await;
    let nobody = "http://127.0.0.1:9";
    let mut without_keys = lazo(place, &explain);
    without_keys.env("AWS_REGION", "us-east-1");
    let mut without_region = on_table(place, nobody, &explain);
    without_region.env_remove("AWS_REGION").env_remove("AWS_ENDPOINT_URL_DYNAMODB");
    for (command, expected) in [
        (without_keys, "no AWS credentials were found: set AWS_PROFILE"),
        (without_region, "AWS region is not known: set AWS_REGION"),
        (on_table(place, &world.dynamodb, &explain), "there is no table \"tienda\" in us-east-1"),
        (
            on_table(place, &refused, &explain),
            "AWS does not allow dynamodb:GetItem on table \"tienda\" (arn:aws:iam::1:user/ana)",
        ),
        (on_table(place, &unknown, &explain), "AWS does not know these credentials"),
        (on_table(place, nobody, &explain), "AWS could not be reached (us-east-1)"),
    ] {
        let Said { code, err, .. } = said(command).await;
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(expected), "{expected}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.ends_with("(-v for details)\n"), "{err}");
    }
    let words = [&explain[..], &["-v"]].concat();
    let Said { err, .. } = said(on_table(place, &refused, &words)).await;
    assert!(err.lines().count() > 1 && err.contains("AccessDeniedException"), "{err}");
}
