//! `lazo sources test`: a file of cases against the mappings.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use lazo::shell::wording::Language;
use lazo_domain::source::{CaseFile, run_cases};

use super::Which;
use crate::Answer;
use crate::event_files::text;
use crate::system::Target;

/// Run a file of cases: what arrives, and what should become of it.
#[derive(clap::Args)]
pub struct Args {
    /// The file; what it names lies relative to it.
    cases: PathBuf,
    #[command(flatten)]
    which: Which,
    /// One JSON object a line per case that differs.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let mappings = args.which.files(target)?;
    let path = &args.cases;
    let file: CaseFile =
        serde_json::from_str(&text(path)?).with_context(|| path.display().to_string())?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let load = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))
    };
    let differs =
        run_cases(&mappings, &file, &load).map_err(|why| anyhow!("{}: {why}", path.display()))?;
    for one in &differs {
        if args.json {
            out!("{}", serde_json::to_string(one)?);
            continue;
        }
        let (expected, found) = match lang {
            Language::Es => ("se espera", "resulta"),
            Language::En => ("expected", "found"),
        };
        out!(
            "{} ({})\n  {expected}: {}\n  {found}: {}",
            one.case,
            check(one.check, lang),
            one.expected,
            lang.failure_reason(&one.found)
        );
    }
    if !args.json {
        let all = file.cases.len();
        let held = all
            - differs.iter().map(|one| &one.case).collect::<std::collections::BTreeSet<_>>().len();
        match lang {
            Language::Es => out!("{held} de {all} casos resultan como se espera"),
            Language::En => out!("{held} of {all} cases come out as expected"),
        }
    }
    Ok(if differs.is_empty() { Answer::Yes } else { Answer::No })
}

/// How a case was run when it came out otherwise.
fn check(name: &'static str, lang: Language) -> &'static str {
    match (lang, name) {
        (Language::En, _) => name,
        (Language::Es, "alone") => "solo",
        (Language::Es, "thrice") => "tres veces",
        (Language::Es, "order") => "en otro orden",
        (Language::Es, _) => "por dos caminos",
    }
}
