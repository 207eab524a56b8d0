//! `lazo rules`: what marketing's rules are, and what is wrong with them.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use lazo::shell::rules::{rule_files, template_files};
use lazo_domain::message::Templates;
use lazo_domain::rulebook::{DiagnosticSeverity, RuleBook, is_read};

use super::Answer;

/// Check and list rules.
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
        /// in ../templates. Without it that of `--rules`, or infra/rules.
        folder: Option<PathBuf>,
        /// Leave the templates out.
        #[arg(long)]
        no_templates: bool,
        /// One JSON object a line per finding.
        #[arg(long)]
        json: bool,
    },
    /// The rules of a folder, by priority.
    List {
        /// Without it the folder of `--rules`, or infra/rules.
        folder: Option<PathBuf>,
    },
}

pub fn run(args: &Args, rules: Option<&Path>) -> anyhow::Result<Answer> {
    let or_usual = |folder: &Option<PathBuf>| {
        let folder = folder.as_deref().or(rules);
        folder.unwrap_or(Path::new("infra/rules")).to_owned()
    };
    match &args.command {
        Command::Check { folder, no_templates, json } => {
            check(&or_usual(folder), *no_templates, *json)
        }
        Command::List { folder } => list(&or_usual(folder)),
    }
}

fn check(folder: &Path, no_templates: bool, json: bool) -> anyhow::Result<Answer> {
    let files = rule_files(Some(folder))?;
    let (book, mut found) = RuleBook::check(&files);
    let count = files.iter().filter(|(name, _)| is_read(name)).count();
    for diagnostic in &mut found {
        diagnostic.file = folder.join(&diagnostic.file).display().to_string();
    }
    if let (Some(book), false) = (&book, no_templates) {
        let base = folder.parent().unwrap_or(Path::new("."));
        let templates = Templates::read(&template_files(Some(folder))?);
        for mut diagnostic in templates.check(book) {
            let path = match diagnostic.file.strip_prefix("rules/") {
                Some(rule) => folder.join(rule),
                None => base.join(&diagnostic.file),
            };
            diagnostic.file = path.display().to_string();
            found.push(diagnostic);
        }
    }
    found.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
    let errors = found.iter().filter(|d| d.severity == DiagnosticSeverity::Error).count();
    for diagnostic in &found {
        if json {
            out!(
                "{}",
                serde_json::json!({
                    "file": diagnostic.file,
                    "line": diagnostic.place.line,
                    "column": diagnostic.place.column,
                    "severity": match diagnostic.severity {
                        DiagnosticSeverity::Error => "error",
                        DiagnosticSeverity::Warning => "warning",
                    },
                    "message": diagnostic.message,
                })
            );
        } else {
            out!("{diagnostic}");
        }
    }
    if !json {
        let warnings = found.len() - errors;
        out!("{count} files checked: {errors} errors, {warnings} warnings");
    }
    Ok(if errors == 0 { Answer::Yes } else { Answer::No })
}

fn list(folder: &Path) -> anyhow::Result<Answer> {
    let book = RuleBook::read(&rule_files(Some(folder))?)
        .map_err(lazo::shell::rules::RulesError::Wrong)?;
    let mut rules: Vec<_> = book.rules().iter().collect();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.priority), &rule.name));
    for rule in rules {
        let status = format!("{:?}", rule.status).to_lowercase();
        out!("{:>3}  {:<9} {:<28} {}", rule.priority, status, rule.name, rule.description);
    }
    Ok(Answer::Yes)
}
