//! The help and the usage errors of the command line in Spanish. The English words stand
//! beside each argument, the Spanish ones in `help.es.tsv`: a line for each command and
//! each argument, by its path (`rules check --no-templates`, `import FILES`); `*` stands
//! for every command that has an argument of that name. A test holds the two together.

use clap::builder::{Resettable, StyledStr};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, ArgAction, Command, FromArgMatches};
use lazo::shell::wording::Language;

static SPANISH: &str = include_str!("help.es.tsv");

/// Each path with its words.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    SPANISH.lines().filter_map(|line| line.split_once('\t'))
}

/// The Spanish words of a command, by its path.
fn spanish(path: &str) -> Option<&'static str> {
    rows().find(|(known, _)| *known == path).map(|(_, words)| words)
}

/// The Spanish words of an argument: its command's own, or those of every command.
fn spanish_of(arg: &Arg, command: &str) -> Option<&'static str> {
    let any = format!("* {}", name_of(arg));
    spanish(&path_of(arg, command)).or_else(|| spanish(&any))
}

/// Reads the words of the command line, and ends the program where they are a question
/// for help or cannot be understood.
pub fn parse<T: FromArgMatches>(command: Command, lang: Language) -> T {
    let command = in_language(command, lang);
    let read = command.try_get_matches_from(std::env::args_os());
    match read.and_then(|matches| T::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) if lang == Language::Es && error.use_stderr() => {
            eprintln!("{}", told(&error));
            std::process::exit(2);
        }
        Err(error) => error.exit(),
    }
}

fn in_language(command: Command, lang: Language) -> Command {
    match lang {
        Language::En => command,
        Language::Es => translated(command, ""),
    }
}

const TEMPLATE: &str = "{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}";

/// A command with all its words in Spanish; `path` is empty for the program itself.
fn translated(command: Command, path: &str) -> Command {
    let below = |name: &str| if path.is_empty() { name.into() } else { format!("{path} {name}") };
    let mut command = command
        .help_template(TEMPLATE)
        .subcommand_help_heading("Comandos")
        .subcommand_value_name("COMANDO")
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .mut_args(|arg| translated_arg(arg, path))
        .arg(own("help", 'h', "Muestra esta ayuda.", ArgAction::Help));
    if path.is_empty() {
        command = command.disable_version_flag(true).arg(own(
            "version",
            'V',
            "Muestra la versión.",
            ArgAction::Version,
        ));
    }
    if let Some(words) = spanish(if path.is_empty() { "lazo" } else { path }) {
        command = command.about(words).long_about(Resettable::<StyledStr>::Reset);
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().into()).collect();
    for name in names {
        let path = below(&name);
        command = command.mut_subcommand(&name, |sub| translated(sub, &path));
    }
    command
}

fn own(name: &'static str, short: char, words: &'static str, action: ArgAction) -> Arg {
    Arg::new(name).short(short).long(name).help(words).action(action).help_heading("Opciones")
}

fn name_of(arg: &Arg) -> String {
    match arg.get_long() {
        Some(long) => format!("--{long}"),
        None => arg.get_id().as_str().to_uppercase(),
    }
}

/// An argument's path: that of its command and its own name.
fn path_of(arg: &Arg, command: &str) -> String {
    let name = name_of(arg);
    let command = if command.is_empty() { "lazo" } else { command };
    format!("{command} {name}")
}

fn translated_arg(arg: Arg, command: &str) -> Arg {
    let mut words = spanish_of(&arg, command).unwrap_or_default().to_owned();
    let heading = if arg.is_positional() { "Argumentos" } else { "Opciones" };
    let takes_value = arg.get_action().takes_values();
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into()).collect();
    if takes_value && !defaults.is_empty() {
        words += &format!(" [si no se da: {}]", defaults.join(" "));
    }
    let values: Vec<String> = match takes_value {
        true => arg.get_possible_values().iter().map(|value| value.get_name().into()).collect(),
        false => Vec::new(),
    };
    if !values.is_empty() {
        words += &format!(" [valores: {}]", values.join(", "));
    }
    if let Some(variable) = arg.get_env() {
        words += &format!(" [entorno: {}]", variable.to_string_lossy());
    }
    let arg = arg
        .help(words)
        .long_help(Resettable::<StyledStr>::Reset)
        .help_heading(heading)
        .hide_env(true);
    match takes_value {
        true => arg.hide_default_value(true).hide_possible_values(true),
        false => arg,
    }
}

/// A usage error in Spanish.
fn told(error: &Error) -> String {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (arg, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let wrong = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("falta el valor de {arg}"),
        ErrorKind::InvalidValue => {
            format!("{value:?} no es un valor de {arg}; son {}", text(ContextKind::ValidValue))
        }
        ErrorKind::UnknownArgument => format!("no existe la opción {arg}"),
        ErrorKind::InvalidSubcommand => {
            format!("no existe el comando {}", text(ContextKind::InvalidSubcommand))
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            let why = Language::Es.failure_reason(&why);
            format!("{value:?} no sirve para {arg}: {why}")
        }
        ErrorKind::TooManyValues => format!("{value:?} sobra en {arg}"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{arg} lleva otro número de valores")
        }
        ErrorKind::ArgumentConflict => {
            format!("{arg} no se combina con {}", text(ContextKind::PriorArg))
        }
        ErrorKind::MissingRequiredArgument => format!("falta {arg}"),
        ErrorKind::MissingSubcommand => {
            format!("falta el comando; son {}", text(ContextKind::ValidSubcommand))
        }
        ErrorKind::InvalidUtf8 => "hay un texto que no es UTF-8".into(),
        _ => return error.to_string(),
    };
    let near =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let near = near.map(text).concat();
    let near = if near.is_empty() { near } else { format!("; ¿querías decir {near}?") };
    format!("lazo: {wrong}{near}\nCon --help se ve la ayuda.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Cli;

    /// Goes through the program and all that is below it, with the path of each.
    fn walk(command: &Command, path: &str, visit: &mut impl FnMut(&Command, &str)) {
        visit(command, path);
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let name = sub.get_name();
            let below = if path.is_empty() { name.into() } else { format!("{path} {name}") };
            walk(sub, &below, visit);
        }
    }

    #[test]
    fn each_command_and_each_argument_has_its_spanish_words() {
        let (mut missing, mut used) = (Vec::new(), BTreeSet::new());
        walk(&Cli::whole(Language::Es), "", &mut |command, path| {
            let own = if path.is_empty() { "lazo" } else { path };
            used.insert(own.to_owned());
            if spanish(own).is_none() {
                missing.push(own.to_owned());
            }
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                used.extend([path_of(arg, path), format!("* {}", name_of(arg))]);
                if spanish_of(arg, path).is_none() {
                    missing.push(path_of(arg, path));
                }
            }
        });
        assert!(missing.is_empty(), "add these to functions/cli/help.es.tsv: {missing:#?}");
        for (path, words) in rows() {
            assert!(!words.trim().is_empty(), "{path} has no words");
            assert!(used.contains(path), "take {path} out of functions/cli/help.es.tsv");
        }
    }

    /// Words that no Spanish text has; names of commands and options are left aside.
    const ENGLISH: [&str; 34] = [
        "the",
        "and",
        "with",
        "without",
        "of",
        "which",
        "that",
        "this",
        "what",
        "when",
        "where",
        "file",
        "files",
        "folder",
        "customer",
        "customers",
        "events",
        "rules",
        "template",
        "call",
        "calls",
        "mail",
        "show",
        "print",
        "usage",
        "options",
        "commands",
        "arguments",
        "default",
        "possible",
        "values",
        "unknown",
        "missing",
        "error",
    ];

    #[test]
    fn the_spanish_help_has_no_english_word() {
        walk(&translated(Cli::whole(Language::Es), ""), "", &mut |command, path| {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Uso: "), "{path}: {help}");
            for line in help.lines() {
                // The first column names commands and options.
                let words = line.trim_start().split("  ").skip(1).collect::<Vec<_>>().join(" ");
                let is_name = |word: &str| {
                    word.starts_with(['-', '`', '[', '$']) || word.contains(['_', '/', '.', '='])
                };
                let plain = words.split_whitespace().filter(|word| !is_name(word));
                for word in plain.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())) {
                    let lower = word.to_lowercase();
                    assert!(!ENGLISH.contains(&lower.as_str()), "{path}: {word:?} in {line:?}");
                }
            }
        });
    }

    #[test]
    fn usage_errors_are_told_in_spanish() {
        let told_of = |words: &[&str]| {
            let command = translated(Cli::whole(Language::Es), "");
            let words = ["lazo"].iter().chain(words);
            told(&command.try_get_matches_from(words).unwrap_err())
        };
        for (words, expected) in [
            (&["rulez"][..], "no existe el comando rulez; ¿querías decir rules?"),
            (&["rules", "check", "--jsn"], "no existe la opción --jsn; ¿querías decir --json?"),
            (&["simulate", "--events", "a.jsonl"], "falta --until <T>"),
            (&["journey", "--months", "900"], "no sirve para --months"),
            (&["--lang", "fr", "journey"], "\"fr\" no es un valor de --lang"),
        ] {
            let told = told_of(words);
            assert!(told.contains(expected), "{words:?}: {told}");
            assert!(told.ends_with("Con --help se ve la ayuda."), "{told}");
        }
    }
}
