//! `lazo sources`: how the events of other systems become the shop's, checked and
//! tried before a shop relies on it.

mod cases;
mod check;
mod tries;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use lazo::shell::rules::{Files, RulesError, source_files, source_files_of};
use lazo::shell::wording::Language;

use super::Answer;
use super::system::Target;

/// Check and try out how the events of other systems become the shop's.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Try(tries::Args),
    Test(cases::Args),
}

/// The folder of the clone in which one stands.
const HERE: &str = "events/sources";

/// Which mappings a command works by.
#[derive(clap::Args)]
pub struct Which {
    /// The folder with the mappings; without it events/sources of the folder that you
    /// are in, or those beside the rules, or those built into the program.
    #[arg(long, value_name = "DIR")]
    mappings: Option<PathBuf>,
}

impl Which {
    /// The folder, where it is not the program itself.
    fn folder(&self) -> Option<PathBuf> {
        let here = Path::new(HERE);
        self.mappings.clone().or_else(|| here.is_dir().then(|| here.to_owned()))
    }

    fn files(&self, target: &Target) -> Result<Files, RulesError> {
        match (self.folder(), &target.rules) {
            (Some(folder), _) if self.mappings.is_some() || target.rules.is_none() => {
                source_files_of(&folder)
            }
            (folder, rules) => match (rules, folder) {
                (Some(rules), _) => source_files(Some(rules)),
                (None, Some(folder)) => source_files_of(&folder),
                (None, None) => source_files(None),
            },
        }
    }
}

pub fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    match &args.command {
        Command::Check(args) => check::run(args, target, lang),
        Command::Try(args) => tries::run(args, target, lang),
        Command::Test(args) => cases::run(args, target, lang),
    }
}
