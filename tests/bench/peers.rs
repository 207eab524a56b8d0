//! Functions as processes of their own, as Lambda runs them: how long from a process's
//! start to its first question for work, how much memory, how fast then.
//!
//! ```text
//! tests/peers/run
//! ```
//!
//! A function that does nothing tells what the runtime alone costs. With `LAZO_PYTHON`
//! the same work in Python stands beside, and with `LAZO_PROGRAMS` the programs are
//! taken from that folder instead of those of the profile of benchmarks. All in one
//! run, in turns, on an embedded DynamoDB and a server that stands where SES stands.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "peers/aws.rs"]
mod aws;
#[path = "peers/runtime.rs"]
mod runtime;
#[path = "../it/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Clock};

use lazo_domain::instant::Instant;
use runtime::{Function, Program};
use serde_json::{Value, json};

/// How often each is started.
const STARTS: usize = 15;

/// How many customers buy, so many a batch.
const CUSTOMERS: usize = 100;
const BATCH: usize = 10;

const HOUR: i64 = 3_600_000;

/// Of what is measured: by how much more than the function that does nothing a
/// function may take to start, and hold; and how far ahead of Python it is to be.
const START_MAX: f64 = 4.0;
const MEMORY_MAX: f64 = 4.0;

struct Measured {
    name: String,
    starts: Vec<Duration>,
    memory_kb: u64,
}

impl Measured {
    fn start(&self) -> Duration {
        let mut starts = self.starts.clone();
        starts.sort();
        starts[starts.len() / 2]
    }
}

#[tokio::main]
async fn main() {
    let aws = aws::start().await;
    let programs = programs();
    let mut measured: Vec<Measured> = programs
        .iter()
        .map(|program| Measured { name: program.name(), starts: Vec::new(), memory_kb: 0 })
        .collect();
    for _ in 0..STARTS {
        for (program, measured) in programs.iter().zip(&mut measured) {
            let function = Function::start(program, &aws).await;
            measured.starts.push(function.started_in);
            measured.memory_kb = measured.memory_kb.max(function.peak_kb());
        }
    }
    starts(&measured);
    let find = |name: &str| programs.iter().find(|program| program.name() == name);
    for pair in [["ingest", "ingest in Python"], ["dispatch", "dispatch in Python"]] {
        for program in pair.into_iter().filter_map(find) {
            work(program, &aws).await;
        }
    }
}

/// The function that does nothing first.
fn programs() -> Vec<Program> {
    let folder = std::env::var_os("LAZO_PROGRAMS").map(PathBuf::from);
    let at = |name: &str, built: &str| match &folder {
        Some(folder) => folder.join(name),
        None => PathBuf::from(built),
    };
    let functions = at("functions", env!("CARGO_BIN_EXE_functions"));
    let mut all = vec![Program::new("", &at("empty", env!("CARGO_BIN_EXE_empty")), "empty")];
    all.extend(["ingest", "dispatch", "links"].map(|name| Program::new("", &functions, name)));
    if let Some(python) = std::env::var_os("LAZO_PYTHON") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
        let peer = |name| Program::python(Path::new(&python), &folder, name);
        all.extend(["ingest", "dispatch"].map(peer));
    }
    all
}

fn starts(measured: &[Measured]) {
    let empty = &measured[0];
    println!("{:<20} {:>10} {:>8} {:>10} {:>8}", "", "start", "×", "memory", "×");
    for one in measured {
        let (start, memory) = (one.start().as_secs_f64(), one.memory_kb as f64);
        println!(
            "{:<20} {:>7.2} ms {:>8.1} {:>7.1} MB {:>8.1}",
            one.name,
            start * 1e3,
            start / empty.start().as_secs_f64(),
            memory / 1024.0,
            memory / empty.memory_kb as f64,
        );
    }
    println!("bars: {START_MAX} × the start and {MEMORY_MAX} × the memory of the empty function\n");
}

/// What a function does once it runs: batches of events, or the mails that are due.
async fn work(program: &Program, aws: &aws::Aws) {
    let function = Function::start(program, aws).await;
    let (begun, before) = (Clock::now(), aws.mails());
    let done = match program.handler() {
        "ingest" => {
            for batch in batches() {
                let answer = function.invoke(&batch).await;
                assert_eq!(answer["batchItemFailures"], json!([]), "{}", program.name());
            }
            format!("{} events in batches of {BATCH}", 2 * CUSTOMERS)
        }
        _ => {
            function.invoke(&json!({})).await;
            format!("{} mails", aws.mails() - before)
        }
    };
    let took = begun.elapsed().as_secs_f64() * 1e3;
    let memory = function.peak_kb() as f64 / 1024.0;
    println!("{:<20} {took:>7.0} ms, {memory:.1} MB: {done}", program.name());
}

/// The profiles of customers for whom it is one in the afternoon, and what they bought
/// thirty hours ago: their mails are due.
fn batches() -> Vec<Value> {
    let now = Instant::from(jiff::Timestamp::now());
    let hour = i64::from(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour());
    // The sign of these names is the other way round.
    let zone = match 13 - hour {
        east if east > 0 => format!("Etc/GMT-{east}"),
        west => format!("Etc/GMT+{}", -west),
    };
    let bought = now.plus_millis(-30 * HOUR);
    let customers: Vec<usize> = (0..CUSTOMERS).collect();
    let texts = |number: usize| {
        let customer = format!("cus-{number:04}");
        let known = json!({ "time_zone": zone, "email": format!("{customer}@example.com") });
        [
            support::events::profile(&customer, bought, known),
            support::events::purchase(&customer, &format!("pur-{number}"), bought, "129.90"),
        ]
    };
    let batch = |customers: &[usize]| {
        let records = customers.iter().flat_map(|number| texts(*number)).enumerate();
        let record = |(index, body)| {
            json!({
                "messageId": format!("m{index}"), "receiptHandle": "r", "body": body,
                "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
                "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:ingest",
            })
        };
        json!({ "Records": records.map(record).collect::<Vec<_>>() })
    };
    customers.chunks(BATCH / 2).map(batch).collect()
}
