//! `lazo rules`: what marketing's rules are, and what is wrong with them.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use lazo::shell::rules::{Files, rule_files, template_files};
use lazo::shell::wording::Language;
use lazo_domain::message::Templates;
use lazo_domain::rulebook::{Diagnostic, DiagnosticSeverity, RuleBook, is_read};

use super::system::Target;
use super::which_rules::{Told, WhichRules};
use super::{Answer, fields, place, plan, versions};

/// Check and list rules, and what they may name.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find all that is wrong in rules, policy and templates, in one go.
    Check {
        /// The folder with the rules and policy.yaml; templates lie beside it,
        /// in ../templates. Without it as `--rules`.
        folder: Option<PathBuf>,
        /// Leave the templates out.
        #[arg(long)]
        no_templates: bool,
        /// One JSON object a line per finding.
        #[arg(long)]
        json: bool,
    },
    Plan(plan::Args),
    Publish(versions::PublishArgs),
    Rollback(versions::RollbackArgs),
    /// The versions that were published: who, when and why, the newest first. With a
    /// folder, its rules by priority.
    List {
        /// A rules folder; without it the versions of the store or table.
        folder: Option<PathBuf>,
        /// How many versions at most.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// One JSON object a line and version.
        #[arg(long)]
        json: bool,
    },
    Show(versions::ShowArgs),
    /// All variables and functions that conditions may name.
    Fields(fields::Args),
}

impl Args {
    /// The folder that is named for the command alone.
    pub fn folder(&self) -> Option<&Path> {
        match &self.command {
            Command::Check { folder, .. } | Command::List { folder, .. } => folder.as_deref(),
            _ => None,
        }
    }

    /// Whether it works on the versions of a store or a table.
    pub fn works_on_a_table(&self) -> bool {
        matches!(self.command, Command::Rollback(_) | Command::Show(_))
    }

    /// Whether the answer depends on which rules there are.
    pub fn go_by_rules(&self) -> bool {
        matches!(self.command, Command::Check { .. } | Command::Plan(_) | Command::Publish(_))
    }
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    // `None` for the rules of the program.
    let folder = target.rules.as_deref();
    match &args.command {
        Command::Check { no_templates, json, .. } => check(folder, *no_templates, *json, lang),
        Command::Plan(args) => plan::run(args, target, lang).await,
        Command::Publish(args) => versions::publish(args, target, lang).await,
        Command::Rollback(args) => versions::roll_back(args, target, lang).await,
        Command::Show(args) => versions::show(args, target, lang).await,
        Command::List { limit, json, .. } => {
            // Where nothing can be published there are but the rules.
            let has_versions = target.table.is_some() || place::has_store(&target.data);
            match &target.which {
                WhichRules::Named(_) => list(target, lang),
                _ if !has_versions => list(target, lang),
                _ => versions::list(target, *limit, *json, lang).await,
            }
        }
        Command::Fields(args) => fields::of_conditions(args, folder, lang),
    }
}

fn check(
    folder: Option<&Path>,
    no_templates: bool,
    json: bool,
    lang: Language,
) -> anyhow::Result<Answer> {
    let files = rule_files(folder)?;
    let found = findings(folder, &files, no_templates)?;
    let count = files.iter().filter(|(name, _)| is_read(name)).count();
    let errors = found.iter().filter(|d| d.severity == DiagnosticSeverity::Error).count();
    for diagnostic in &found {
        match json {
            true => out!("{}", as_json(diagnostic, lang)),
            false => out!("{}", lang.finding(diagnostic)),
        }
    }
    if !json {
        let warnings = found.len() - errors;
        let parts = [
            lang.count(
                count,
                ["archivo revisado", "archivos revisados"],
                ["file checked", "files checked"],
            ),
            lang.count(errors, ["error", "errores"], ["error", "errors"]),
            lang.count(warnings, ["aviso", "avisos"], ["warning", "warnings"]),
        ];
        out!("{}: {}, {}", parts[0], parts[1], parts[2]);
    }
    Ok(if errors == 0 { Answer::Yes } else { Answer::No })
}

/// Whether nothing in a folder must be mended before it is published; tells what must.
pub fn is_sound(folder: Option<&Path>, lang: Language) -> anyhow::Result<bool> {
    let found = findings(folder, &rule_files(folder)?, false)?;
    let errors = found.iter().filter(|d| d.severity == DiagnosticSeverity::Error);
    errors.clone().for_each(|error| eprintln!("{}", lang.finding(error)));
    Ok(errors.count() == 0)
}

/// All that is wrong or doubtful, by file and place. Files are named so that they can
/// be opened.
fn findings(
    folder: Option<&Path>,
    files: &Files,
    no_templates: bool,
) -> anyhow::Result<Vec<Diagnostic>> {
    // Those of the program stand in its source.
    let at = folder.unwrap_or(Path::new("infra/rules"));
    let (book, mut found) = RuleBook::check(files);
    for diagnostic in &mut found {
        diagnostic.file = at.join(&diagnostic.file).display().to_string();
    }
    if let (Some(book), false) = (&book, no_templates) {
        let base = match at.parent() {
            Some(parent) if at != Path::new(".") => parent.to_owned(),
            _ => at.join(".."),
        };
        let templates = Templates::read(&template_files(folder)?);
        let is_named = |one: &Diagnostic| {
            one.idle_segment.as_ref().is_some_and(|name| templates.names_segment(name))
        };
        found.retain(|one| !is_named(one));
        for mut diagnostic in templates.check(book) {
            let path = match diagnostic.file.strip_prefix("rules/") {
                Some(rule) => at.join(rule),
                None => base.join(&diagnostic.file),
            };
            diagnostic.file = path.display().to_string();
            found.push(diagnostic);
        }
    }
    found.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
    Ok(found)
}

/// A finding for programs.
pub fn as_json(diagnostic: &Diagnostic, lang: Language) -> serde_json::Value {
    serde_json::json!({
        "file": diagnostic.file,
        "line": diagnostic.place.line,
        "column": diagnostic.place.column,
        "severity": match diagnostic.severity {
            DiagnosticSeverity::Error => "error",
            DiagnosticSeverity::Warning => "warning",
        },
        "message": lang.said(&diagnostic.message),
    })
}

fn list(target: &Target, lang: Language) -> anyhow::Result<Answer> {
    Told::Output.say(&target.which.told(lang));
    let book = RuleBook::read(&rule_files(target.rules.as_deref())?)
        .map_err(lazo::shell::rules::RulesError::Wrong)?;
    by_priority(&book, lang)?;
    Ok(Answer::Yes)
}

/// Prints the rules of a book, a line each.
pub fn by_priority(book: &RuleBook, lang: Language) -> anyhow::Result<()> {
    let mut rules: Vec<_> = book.rules().iter().collect();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.priority), &rule.name));
    for rule in rules {
        let status = lang.rule_status(rule.status);
        out!("{:>3}  {:<10} {:<28} {}", rule.priority, status, rule.name, lang.title_of(rule));
    }
    Ok(())
}
