//! `lazo sources check`: what is wrong in mappings, with its place.

use lazo::shell::wording::Language;
use lazo_domain::source::read_sources;

use super::{HERE, Which};
use crate::Answer;
use crate::rules::as_json;
use crate::system::Target;

/// Find all that is wrong in the mappings of other systems' events, in one go.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// One JSON object a line per finding.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let files = args.which.files(target)?;
    let folder = args.which.folder().unwrap_or_else(|| HERE.into());
    let (_, mut found) = read_sources(&files);
    for diagnostic in &mut found {
        diagnostic.file = folder.join(&diagnostic.file).display().to_string();
    }
    found.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
    for diagnostic in &found {
        match args.json {
            true => out!("{}", as_json(diagnostic, lang)),
            false => out!("{}", lang.finding(diagnostic)),
        }
    }
    let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    if !args.json {
        let parts = [
            lang.count(
                files.len(),
                ["archivo revisado", "archivos revisados"],
                ["file checked", "files checked"],
            ),
            lang.count(errors, ["error", "errores"], ["error", "errors"]),
            lang.count(found.len() - errors, ["aviso", "avisos"], ["warning", "warnings"]),
        ];
        out!("{}: {}, {}", parts[0], parts[1], parts[2]);
    }
    Ok(if errors == 0 { Answer::Yes } else { Answer::No })
}
