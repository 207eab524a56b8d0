//! `lazo template`: see a message before a customer does.

mod preview;

use std::collections::BTreeSet;

use clap::Subcommand;
use lazo::shell::rules::{Rules, template_files};
use lazo::shell::wording::Language;
use lazo_domain::notice::NoticeKind;

use super::system::Target;
use super::{Answer, fields};

/// Look at templates, and at what they may name.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show a template as a customer would see it.
    Preview(preview::Args),
    /// All templates: mail or script, in which languages, and who uses them.
    List,
    /// All variables, filters and tests that templates may name.
    Fields(fields::Args),
}

impl Args {
    /// Whether the answer depends on which rules there are.
    pub fn go_by_rules(&self) -> bool {
        !matches!(self.command, Command::Fields(_))
    }
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    match &args.command {
        Command::Preview(args) => preview::run(args, target, lang).await,
        Command::List => list(target, lang),
        Command::Fields(args) => fields::of_templates(args, lang),
    }
}

fn list(target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let rules = Rules::from(target.rules.as_deref())?;
    let files = template_files(target.rules.as_deref())?;
    for name in rules.templates.names() {
        let of = |path: &str| path.strip_prefix(name)?.strip_prefix('/').map(str::to_owned);
        let paths: Vec<String> = files.iter().filter_map(|(path, _)| of(path)).collect();
        let locales: BTreeSet<&str> =
            paths.iter().filter_map(|path| Some(path.split_once('/')?.0)).collect();
        let is_mail = paths.iter().any(|path| path.ends_with("/body.mjml"));
        let kind = if is_mail { lang.pick("correo", "mail") } else { lang.pick("guion", "script") };
        let users =
            rules.book.rules().iter().filter(|rule| rule.all_steps().any(|step| step.uses(name)));
        let mut users: Vec<String> = users.map(|rule| rule.name.clone()).collect();
        if NoticeKind::of_template(name).is_some() {
            users.push(lang.pick("correo interno", "staff mail").into());
        }
        if users.is_empty() {
            users.push(lang.pick("nadie lo usa", "nobody uses it").into());
        }
        let locales = locales.into_iter().collect::<Vec<_>>().join(" ");
        out!("{name:<26} {kind:<7} {locales:<8} {}", users.join(", "));
    }
    Ok(Answer::Yes)
}
