//! `lazo`: the local system and the tools of marketing, reps and operations.

mod csv_rows;
mod event_files;
mod simulate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keeps a shop's relationship with its customers alive after the sale.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Simulate(simulate::Args),
}

/// How a command ended, where it could run.
pub enum Answer {
    Yes,
    /// A check failed: the answer is no.
    No,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Simulate(args)) => simulate::run(&args),
        None => Ok(Answer::Yes),
    };
    match result {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lazo: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// `lazo … | head` ends quietly.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
