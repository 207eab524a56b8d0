//! `lazo report`: what follow-ups brought.

mod interval;

use lazo::shell::wording::Language;

use super::Answer;

/// What follow-ups brought, measured on customers who were held out of them.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Interval(interval::Args),
}

pub fn run(args: &Args, lang: Language) -> anyhow::Result<Answer> {
    match &args.command {
        Command::Interval(args) => interval::run(args, lang),
    }
}
