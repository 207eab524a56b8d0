//! `lazo failures`: what could not be processed, and trying it again.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use lazo::ingest;
use lazo::store::{Failure, FailureKind};
use lazo_domain::event::from_wire;
use lazo_domain::instant::Instant;

use super::Answer;
use super::system::{System, Target};

/// What could not be processed.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what failed, and why.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print the text of one failure, to mend it.
    Show { id: String },
    /// Try again: one failure, mended in a file or as it is, or all.
    Redrive {
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// The mended text that stands in for the failed one.
        #[arg(long, value_name = "FILE", requires = "id")]
        with: Option<PathBuf>,
        #[arg(long)]
        all: bool,
    },
}

pub async fn run(args: &Args, target: &Target) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let now = Instant::from(jiff::Timestamp::now());
    let failures = system.app.store.failures(now).await?;
    match &args.command {
        Command::List { json } => list(&failures, *json),
        Command::Show { id } => {
            let failure = find(&failures, id)?;
            println!("{}", system.app.store.failed_text(failure).await?);
            Ok(Answer::Yes)
        }
        Command::Redrive { id, with, .. } => {
            let chosen: Vec<&Failure> = match id {
                Some(id) => vec![find(&failures, id)?],
                None => failures.iter().filter(|f| f.kind == FailureKind::Event).collect(),
            };
            let (mut done, mut left) = (0, 0);
            for failure in chosen {
                match redrive(&system, failure, with.as_ref(), now).await? {
                    None => done += 1,
                    Some(why) => {
                        left += 1;
                        eprintln!("lazo: {}: still not: {why}", failure.id);
                    }
                }
            }
            println!("{done} processed, {left} left");
            Ok(if left == 0 { Answer::Yes } else { Answer::No })
        }
    }
}

fn list(failures: &[Failure], json: bool) -> anyhow::Result<Answer> {
    for failure in failures {
        if json {
            println!("{}", serde_json::to_string(failure)?);
        } else {
            println!(
                "{}  {}  {} bytes  {}",
                failure.id, failure.failed_at, failure.bytes, failure.why
            );
        }
    }
    if failures.is_empty() && !json {
        println!("nothing failed");
    }
    Ok(Answer::Yes)
}

fn find<'a>(failures: &'a [Failure], id: &str) -> anyhow::Result<&'a Failure> {
    let mut found = failures.iter().filter(|failure| failure.id.starts_with(id));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => bail!("several failures begin with {id:?}; give more of the id"),
        (None, _) => bail!("no failure {id:?}; lazo failures list shows them"),
    }
}

/// Why it fails still, `None` where it was processed.
async fn redrive(
    system: &System,
    failure: &Failure,
    with: Option<&PathBuf>,
    now: Instant,
) -> anyhow::Result<Option<String>> {
    if failure.kind == FailureKind::UnknownSend {
        return Ok(Some("whether this mail went out must be looked up at the mail service".into()));
    }
    let text = match with {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?,
        None => system.app.store.failed_text(failure).await?,
    };
    match from_wire(text.trim()) {
        Err(why) => Ok(Some(why.to_string())),
        Ok(delivered) => {
            ingest::take(&system.app, &delivered, now).await?;
            system.app.store.drop_failure(failure).await?;
            Ok(None)
        }
    }
}
