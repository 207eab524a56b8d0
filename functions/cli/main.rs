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

mod ask;
mod by_customer;
mod calls;
mod complaints;
mod csv_rows;
mod customer;
mod drift;
mod erase;
mod event_files;
mod explain;
mod export;
mod failures;
mod fields;
mod help;
mod import;
mod journey;
mod lang;
mod local;
mod log;
mod ranked;
mod rejected;
mod report;
mod rules;
mod sample_shop;
mod schemas;
mod send;
mod simulate;
mod staff;
mod system;
mod template;
mod threads;
mod when;
mod which_rules;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lazo::shell::wording::Language;
use which_rules::WhichRules;

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
    Rules(rules::Args),
    Template(template::Args),
    Simulate(simulate::Args),
    Drift(drift::Args),
    Explain(explain::Args),
    Calls(calls::Args),
    Complaints(complaints::Args),
    Log(log::Args),
    Journey(journey::Args),
    Report(report::Args),
    Failures(failures::Args),
    Export(export::Args),
    Erase(erase::Args),
    #[command(hide = true)]
    Schemas(schemas::Args),
}

/// How a command ended, where it could run.
pub enum Answer {
    /// It did what it was asked to.
    Yes,
    /// A check failed: the answer is no.
    No,
}

fn main() -> ExitCode {
    let asked = lang::LangArgs { lang: help::asked(std::env::args_os()) };
    let mut cli: Cli = help::parse(asked.lang());
    lazo::shell::telemetry::init_for_command();
    let (command, lang) = (cli.command.unwrap_or(Command::Local(cli.local)), cli.lang.lang());
    let which = which_rules(&command, &cli.target);
    if let Some(place) = command.tells_rules() {
        tell(place, &which.told(lang));
    }
    cli.target.rules = which.folder().map(Into::into);
    let result = match command {
        // These only reckon.
        Command::Simulate(args) => simulate::run(&args, cli.target.rules.as_deref(), lang),
        Command::Rules(args) => rules::run(&args, cli.target.rules.as_deref(), lang),
        Command::Report(args) => report::run(&args, lang),
        Command::Schemas(args) => schemas::run(&args),
        command => on_runtime(command, &cli.target, lang),
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

/// Where a command says which rules it works by.
#[derive(Clone, Copy)]
enum Place {
    /// As the first line of what it prints.
    Output,
    /// On standard error: what it prints is taken by programs, or is no answer of rules.
    Aside,
}

impl Command {
    /// `None` of what goes by no rules, or asks the table alone.
    fn tells_rules(&self) -> Option<Place> {
        let place = match self {
            Command::Rules(args) if !args.go_by_rules() => return None,
            Command::Template(args) if !args.go_by_rules() => return None,
            Command::Local(_)
            | Command::Rules(_)
            | Command::Template(_)
            | Command::Simulate(_)
            | Command::Explain(_) => Place::Output,
            Command::Send(_) | Command::Import(_) | Command::Drift(_) => Place::Aside,
            Command::Calls(_)
            | Command::Complaints(_)
            | Command::Log(_)
            | Command::Journey(_)
            | Command::Report(_)
            | Command::Failures(_)
            | Command::Export(_)
            | Command::Erase(_)
            | Command::Schemas(_) => return None,
        };
        let is_for_programs = std::env::args().any(|word| word == "--json" || word == "--html");
        Some(if is_for_programs { Place::Aside } else { place })
    }
}

/// Which rules a command works by. Those that only reckon work on no system.
fn which_rules(command: &Command, target: &system::Target) -> WhichRules {
    let reckons = matches!(
        command,
        Command::Local(_) | Command::Rules(_) | Command::Template(_) | Command::Simulate(_)
    );
    let data = (!reckons && target.table.is_none()).then_some(target.data.as_path());
    let named = match command {
        Command::Rules(args) => args.folder(),
        _ => None,
    };
    WhichRules::of(named.or(target.rules.as_deref()), data)
}

fn tell(place: Place, line: &str) {
    match place {
        Place::Output => println!("{line}"),
        Place::Aside => eprintln!("{line}"),
    }
}

fn on_runtime(command: Command, target: &system::Target, lang: Language) -> anyhow::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Local(args) => local::run(&args, target, lang).await,
            Command::Send(args) => send::run(&args, target).await,
            Command::Import(args) => import::run(&args, target, lang).await,
            Command::Template(args) => template::run(&args, target, lang).await,
            Command::Explain(args) => explain::run(&args, target, lang).await,
            Command::Drift(args) => drift::run(&args, target, lang).await,
            Command::Calls(args) => calls::run(&args, target, lang).await,
            Command::Complaints(args) => complaints::run(&args, target, lang).await,
            Command::Log(args) => log::run(&args, target, lang).await,
            Command::Journey(args) => journey::run(&args, target, lang).await,
            Command::Failures(args) => failures::run(&args, target).await,
            Command::Export(args) => export::run(&args, target, lang).await,
            Command::Erase(args) => erase::run(&args, target, lang).await,
            Command::Simulate(_)
            | Command::Rules(_)
            | Command::Report(_)
            | Command::Schemas(_) => Ok(Answer::Yes),
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
