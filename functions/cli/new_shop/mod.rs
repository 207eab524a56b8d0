//! `lazo new`: a folder of a shop's own, from what it answers in a minute.

mod answers;
mod files;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lazo::shell::rules::RulesError;
use lazo::shell::wording::Language;
use lazo_domain::message::Templates;
use lazo_domain::rulebook::{DiagnosticSeverity, RuleBook};

use super::Answer;
use answers::Answers;

/// Make a folder of a shop's own: rules, policy, templates and what explains them.
/// What is not given is asked for.
#[derive(clap::Args)]
pub struct Args {
    /// The folder; it must be empty or not be there.
    dir: PathBuf,
    /// The shop's name, as customers know it.
    #[arg(long)]
    name: Option<String>,
    /// The currency of the shop's amounts, such as MXN.
    #[arg(long)]
    currency: Option<String>,
    /// The shop's time zone, such as America/Mexico_City.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// The languages of its customers, the usual one first: es, en or both.
    #[arg(long, value_delimiter = ',')]
    languages: Option<Vec<String>>,
    /// The address that mail comes from.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// The postal address that marketing mail must show.
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
}

pub fn run(args: &Args, lang: Language) -> anyhow::Result<Answer> {
    refuse_what_is_used(&args.dir, lang)?;
    let answers = Answers::of(args, lang)?;
    let made = files::of_shop(&answers)?;
    check(&made)?;
    for (path, text) in &made {
        let path = args.dir.join(path);
        let folder = path.parent().unwrap_or(&args.dir);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let dir = args.dir.display();
    let rules = made.iter().filter(|(path, _)| files::is_rule(path)).count();
    match lang {
        Language::Es => out!(
            "{dir}: {rules} reglas, su política y sus plantillas.\n\
             Sigue así:\n  lazo rules check {dir}/rules\n  lazo --rules {dir}/rules\n\
             y lee {dir}/README.md."
        ),
        Language::En => out!(
            "{dir}: {rules} rules, their policy and their templates.\n\
             Go on with:\n  lazo rules check {dir}/rules\n  lazo --rules {dir}/rules\n\
             and read {dir}/README.md."
        ),
    }
    Ok(Answer::Yes)
}

/// A folder that holds something is somebody's work.
fn refuse_what_is_used(dir: &Path, lang: Language) -> anyhow::Result<()> {
    let is_used = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => dir.exists(),
    };
    if is_used {
        let why = lang.pick(
            "ya existe y no está vacía; da el nombre de una carpeta nueva",
            "is there already and is not empty; give the name of a new folder",
        );
        bail!("{} {why}", dir.display());
    }
    Ok(())
}

/// Nothing is written that `lazo rules check` would refuse.
fn check(made: &[(String, String)]) -> anyhow::Result<()> {
    let below = |folder: &str| -> Vec<(String, String)> {
        let files = made
            .iter()
            .filter_map(|(path, text)| Some((path.strip_prefix(folder)?.to_owned(), text.clone())));
        files.collect()
    };
    let (book, mut found) = RuleBook::check(&below("rules/"));
    if let Some(book) = &book {
        found.extend(Templates::read(&below("templates/")).check(book));
    }
    found.retain(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error);
    match found.is_empty() {
        true => Ok(()),
        false => Err(RulesError::Wrong(found).into()),
    }
}
