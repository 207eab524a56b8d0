//! `lazo`: the local system and the tools of marketing, reps and operations.

/// A line on standard output. One that nobody reads any more is an error like
/// others, not a panic.
macro_rules! out {
    ($($part:tt)*) => {{
        use std::io::Write;
        writeln!(std::io::stdout().lock(), $($part)*)?
    }};
}

/// As the standard library's, which panics where nobody reads any more: then the
/// program ends quietly, as `lazo … | head` should.
macro_rules! println {
    ($($part:tt)*) => {{
        use std::io::Write;
        $crate::unless_closed(writeln!(std::io::stdout().lock(), $($part)*))
    }};
}

/// As the standard library's, which panics where nobody reads any more: what was
/// begun goes on without a word.
macro_rules! eprintln {
    ($($part:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr().lock(), $($part)*);
    }};
}

mod argument;
mod ask;
mod by_customer;
mod calling;
mod calls;
mod clock;
mod complaints;
mod csv_rows;
mod customer;
mod doctor;
mod drift;
mod effects;
mod erase;
mod event_files;
mod examples;
mod explain;
mod export;
mod failures;
mod fields;
mod find;
mod help;
mod history;
mod import;
mod journey;
mod lang;
mod local;
mod log;
mod new_shop;
mod pause;
mod place;
mod plan;
mod publish;
mod ranked;
mod rejected;
mod remedies;
mod replay;
mod report;
mod restore;
mod rules;
mod sample_shop;
mod samples;
mod schemas;
mod segments;
mod send;
mod simulate;
mod sources;
mod stack;
mod staff;
mod system;
mod template;
mod threads;
mod versions;
mod what_if;
mod when;
mod which_rules;

use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use lazo::shell::wording::Language;
use which_rules::{Told, WhichRules};

/// Replaying a history is mostly small allocations: a third faster with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps a shop's relationship with its customers alive after the sale.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    target: system::Target,
    #[command(flatten)]
    lang: lang::LangArgs,
    /// Tell errors with all details.
    #[arg(long, short, global = true)]
    verbose: bool,
    /// Without a command, the local system runs, with these.
    #[command(flatten)]
    local: local::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Local(local::Args),
    Send(send::Args),
    Import(import::Args),
    New(new_shop::Args),
    Rules(rules::Args),
    Template(template::Args),
    Simulate(simulate::Args),
    Sources(sources::Args),
    History(history::Args),
    Segments(segments::Args),
    Drift(drift::Args),
    Find(find::Args),
    Explain(explain::Args),
    Calls(calls::Args),
    Complaints(complaints::Args),
    Log(log::Args),
    Journey(journey::Args),
    Report(report::Args),
    Failures(failures::Args),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Restore(restore::Args),
    Doctor(doctor::Args),
    Export(export::Args),
    Erase(erase::Args),
    #[command(hide = true)]
    Schemas(schemas::Args),
}

impl Cli {
    fn read() -> Cli {
        let lang = lang::asked_for();
        help::parse(Cli::whole(lang), lang)
    }

    /// The command line with its examples. What `lazo` takes as `lazo local` does is
    /// shown there alone.
    fn whole(lang: Language) -> clap::Command {
        let of_local = local::Args::augment_args(clap::Command::new("local"));
        let command = examples::add_to(Cli::command(), lang);
        of_local.get_arguments().fold(command, |command, of_local| {
            command.mut_arg(of_local.get_id(), |arg| arg.hide(true))
        })
    }
}

/// How a command ended, where it could run.
pub enum Answer {
    /// It did what it was asked to.
    Yes,
    /// A check failed: the answer is no.
    No,
}

fn main() -> ExitCode {
    let mut cli = Cli::read();
    cli.lang.speak();
    lazo::shell::telemetry::init_for_command();
    let (lang, chosen) = (cli.lang.lang(), cli.lang.lang);
    if let Err(error) = clock::set(&cli.target) {
        eprintln!("lazo: {error:#}");
        return ExitCode::from(2);
    }
    let command = cli.command.unwrap_or(Command::Local(cli.local));
    let which = which_rules(&command, &cli.target);
    match command.tells_rules() {
        // What is live in a table is known once that is open.
        told if !command.only_reckons() => cli.target.tells_rules = told,
        Some(told) => told.say(&which.told(lang)),
        None => {}
    }
    cli.target.rules = which.folder().map(Into::into);
    cli.target.which = which;
    let result = match command {
        // These only reckon.
        Command::New(args) => new_shop::run(&args, lang),
        Command::Sources(args) => sources::run(&args, &cli.target, lang),
        Command::Schemas(args) => schemas::run(&args),
        command => on_runtime(command, &cli.target, lang, chosen),
    };
    match result {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lazo: {}", remedies::told(&error, &cli.target, cli.verbose, lang));
            ExitCode::from(2)
        }
    }
}

impl Command {
    /// Whether it works on no system.
    fn only_reckons(&self) -> bool {
        match self {
            Command::Rules(args) => !args.works_on_a_table(),
            Command::Report(args) => args.only_reckons(),
            Command::Template(_) | Command::Simulate(_) | Command::Sources(_) => true,
            Command::Segments(args) => args.reckons(),
            _ => false,
        }
    }

    /// `None` of what goes by no rules, or asks the table alone.
    fn tells_rules(&self) -> Option<Told> {
        let place = match self {
            Command::Rules(args) if !args.go_by_rules() => return None,
            Command::Template(args) if !args.go_by_rules() => return None,
            Command::Report(args) if args.only_reckons() => return None,
            Command::Local(_)
            | Command::Rules(_)
            | Command::Template(_)
            | Command::Simulate(_)
            | Command::Report(_)
            | Command::Segments(_)
            | Command::Explain(_) => Told::Output,
            Command::Send(_) | Command::Import(_) | Command::Drift(_) => Told::Aside,
            Command::History(_)
            | Command::Find(_)
            | Command::Calls(_)
            | Command::Complaints(_)
            | Command::Log(_)
            | Command::Journey(_)
            | Command::New(_)
            | Command::Sources(_)
            | Command::Failures(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Restore(_)
            | Command::Doctor(_)
            | Command::Export(_)
            | Command::Erase(_)
            | Command::Schemas(_) => return None,
        };
        let for_programs = ["--json", "--html", "--touches", "--suggest"];
        let is_for_programs = std::env::args().any(|word| for_programs.contains(&word.as_str()));
        Some(if is_for_programs { Told::Aside } else { place })
    }
}

/// Which rules a command works by. Those that only reckon work on no system.
fn which_rules(command: &Command, target: &system::Target) -> WhichRules {
    let stands_alone = command.only_reckons() || matches!(command, Command::Local(_));
    let data = (!stands_alone && target.table.is_none()).then_some(target.data.as_path());
    let named = match command {
        Command::Rules(args) => args.folder(),
        _ => None,
    };
    WhichRules::of(named.or(target.rules.as_deref()), data)
}

/// `chosen` is the language that the command line names.
fn on_runtime(
    command: Command,
    target: &system::Target,
    lang: Language,
    chosen: Option<Language>,
) -> anyhow::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Local(args) => local::run(&args, target, lang).await,
            Command::Send(args) => send::run(&args, target, lang).await,
            Command::Import(args) => import::run(&args, target, lang).await,
            Command::Simulate(args) => simulate::run(&args, target, lang).await,
            Command::History(args) => history::run(&args, target, lang).await,
            Command::Template(args) => template::run(&args, target, lang).await,
            Command::Rules(args) => rules::run(&args, target, lang).await,
            Command::Find(args) => find::run(&args, target, lang).await,
            Command::Explain(args) => explain::run(&args, target, lang).await,
            Command::Drift(args) => drift::run(&args, target, lang).await,
            Command::Calls(args) => calls::run(&args, target, lang).await,
            Command::Complaints(args) => complaints::run(&args, target, lang).await,
            Command::Log(args) => log::run(&args, target, lang).await,
            Command::Segments(args) => segments::run(&args, target, lang).await,
            Command::Journey(args) => journey::run(&args, target, lang).await,
            Command::Report(args) => report::run(&args, target, lang).await,
            Command::Failures(args) => failures::run(&args, target).await,
            Command::Pause(args) => pause::pause(&args, target, lang).await,
            Command::Resume(args) => pause::resume(&args, target, lang).await,
            Command::Restore(args) => restore::run(&args, target, lang).await,
            Command::Doctor(args) => doctor::run(&args, target, lang).await,
            Command::Export(args) => export::run(&args, target, chosen, lang).await,
            Command::Erase(args) => erase::run(&args, target, lang).await,
            Command::New(_) | Command::Schemas(_) | Command::Sources(_) => Ok(Answer::Yes),
        }
    })
}

/// Ends the program where nobody reads its output any more. Whatever it was doing
/// stands a stop at any moment.
fn unless_closed(written: std::io::Result<()>) {
    if written.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}

/// `lazo … | head` ends quietly.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    /// Each part of the command line that does something, by its words.
    fn leaves(command: &clap::Command, words: &str, found: &mut Vec<(String, clap::Command)>) {
        for part in command.get_subcommands().filter(|part| !part.is_hide_set()) {
            let words = format!("{words} {}", part.get_name()).trim().to_owned();
            match part.has_subcommands() {
                true => leaves(part, &words, found),
                false => found.push((words, part.clone())),
            }
        }
    }

    #[test]
    fn every_command_has_an_example_and_every_argument_its_words() {
        for lang in [Language::Es, Language::En] {
            let whole = Cli::whole(lang);
            let mut all = Vec::new();
            leaves(&whole, "", &mut all);
            assert!(all.len() > 20, "{}", all.len());
            let mut missing = Vec::new();
            for (words, command) in all {
                if !command.get_after_help().is_some_and(|help| help.to_string().contains("lazo")) {
                    missing.push(format!("{words}: an example"));
                }
                let of_it = command.get_arguments().filter(|arg| !arg.is_hide_set());
                let bare = of_it.filter(|arg| arg.get_help().is_none());
                missing.extend(bare.map(|arg| format!("{words}: {}", arg.get_id())));
            }
            assert!(missing.is_empty(), "{missing:#?}");
        }
    }

    #[test]
    fn the_options_of_local_are_under_local() {
        let whole = Cli::whole(Language::En);
        let top = whole.clone().render_long_help().to_string();
        let mut local = whole.find_subcommand("local").unwrap().clone();
        let local = local.render_long_help().to_string();
        for option in ["--empty", "--smtp", "--dynamodb-port", "--once"] {
            assert!(!top.contains(option) && local.contains(option), "{option}");
        }
        // They are taken without it as well.
        let matches = Cli::whole(Language::En).get_matches_from(["lazo", "--empty", "--once"]);
        assert!(Cli::from_arg_matches(&matches).unwrap().command.is_none());
    }

    #[test]
    fn examples_are_command_lines_that_are_understood() {
        let mut all = Vec::new();
        leaves(&Cli::whole(Language::En), "", &mut all);
        for (words, command) in all {
            let help = command.get_after_help().unwrap().to_string();
            for line in help.lines().filter_map(|line| line.strip_prefix("  ")) {
                let line = line.split(" > ").next().unwrap_or_default();
                // What stands in quotes is one word.
                let parts = line.split('"').enumerate();
                let words_of = |(number, part): (usize, &str)| match number % 2 {
                    0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
                    _ => vec![part.to_owned()],
                };
                let typed: Vec<String> = parts.flat_map(words_of).collect();
                let read = Cli::whole(Language::En).try_get_matches_from(typed);
                assert!(read.is_ok(), "{words}: {line}: {}", read.err().unwrap());
            }
        }
    }
}
