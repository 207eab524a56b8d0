//! `lazo pause` and `lazo resume`: sending stops, at once, and goes on again.

use anyhow::bail;
use clap::ValueEnum;
use lazo::shell::app::App;
use lazo::shell::sending::{self, Changed, PauseError};
use lazo::shell::store::AuditEntry;
use lazo::shell::wording::Language;
use lazo_domain::channel::Purpose;
use lazo_domain::nearest::hint;
use lazo_domain::sending_pause::{PauseScope, SendingPause};
use serde_json::{Value, json};

use super::Answer;
use super::system::{System, Target};
use super::versions::who;
use crate::clock;

/// The longest reason, in characters.
const WHY_CHARS_MAX: usize = 500;

/// Stop sending, at once: all of it, or what is named. What is due waits, and expires as
/// its rule says; calls that are on the list stay there.
#[derive(clap::Args)]
pub struct PauseArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Why, for those who look later.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    why: String,
    /// Who pauses it; without it the name of the terminal's user.
    #[arg(long, value_name = "NAME", env = "LAZO_BY")]
    by: Option<String>,
    /// Change nothing, and list what is paused.
    #[arg(long, conflicts_with_all = ["purpose", "rule", "why", "by"])]
    list: bool,
    /// With --list, one JSON object a line.
    #[arg(long, requires = "list")]
    json: bool,
}

/// Go on sending: what was paused by the same words. What waited goes within a quarter of
/// an hour.
#[derive(clap::Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Who resumes it; without it the name of the terminal's user.
    #[arg(long, value_name = "NAME", env = "LAZO_BY")]
    by: Option<String>,
}

/// Of what; without an option, all of it.
#[derive(clap::Args)]
struct ScopeArgs {
    /// The touches of all rules of this purpose.
    #[arg(long, value_name = "PURPOSE", conflicts_with = "rule")]
    purpose: Option<PurposeArg>,
    /// The touches of this rule.
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PurposeArg {
    Marketing,
    Service,
}

impl ScopeArgs {
    fn scope(&self) -> PauseScope {
        match (self.purpose, &self.rule) {
            (Some(PurposeArg::Marketing), _) => PauseScope::Purpose(Purpose::Marketing),
            (Some(PurposeArg::Service), _) => PauseScope::Purpose(Purpose::Service),
            (None, Some(rule)) => PauseScope::Rule(rule.clone()),
            (None, None) => PauseScope::All,
        }
    }
}

pub async fn pause(args: &PauseArgs, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    if args.list {
        let system = System::open(target).await?;
        let paused = sending::pauses(&system.app.store).await?;
        return list(&system, &paused, args.json, lang);
    }
    if args.why.chars().count() > WHY_CHARS_MAX {
        bail!("--why: {} {WHY_CHARS_MAX}", lang.pick("caben", "characters taken:"));
    }
    let system = System::open_to_write(target).await?;
    let (app, scope, by) = (&system.app, args.scope.scope(), who(args.by.as_deref(), lang));
    is_known(app, &scope, lang)?;
    let pause = sending::new_pause(scope, &by, args.why.trim(), clock::now());
    match told(sending::pause(&app.store, &pause).await, lang)? {
        Changed::Done(_) => {
            audit(app, "sending.pause", &pause, &by).await?;
            out!("{}", lang.paused(&pause.scope));
        }
        Changed::Same(paused) => {
            let known = paused.iter().find(|known| known.scope == pause.scope).unwrap_or(&pause);
            let already = lang.pick("ya estaba así", "it was so already");
            out!("{already}: {}", lang.sending_pause(known, &app.rules().book.default_zone));
        }
    }
    Ok(Answer::Yes)
}

pub async fn resume(args: &ResumeArgs, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open_to_write(target).await?;
    let (app, scope, by) = (&system.app, args.scope.scope(), who(args.by.as_deref(), lang));
    let paused = match told(sending::resume(&app.store, &scope).await, lang)? {
        Changed::Done(left) => {
            let pause = sending::new_pause(scope, &by, "", clock::now());
            audit(app, "sending.resume", &pause, &by).await?;
            out!("{}", lang.resumed(&pause.scope));
            left
        }
        Changed::Same(paused) => {
            let scope = lang.pause_scope(&scope);
            eprintln!("lazo: {scope}: {}", lang.pick("no está en pausa", "is not paused"));
            list(&system, &paused, false, lang)?;
            return Ok(Answer::No);
        }
    };
    if !paused.is_empty() {
        out!("{}", lang.pick("Sigue en pausa:", "Still paused:"));
        list(&system, &paused, false, lang)?;
    }
    Ok(Answer::Yes)
}

fn list(
    system: &System,
    paused: &[SendingPause],
    json: bool,
    lang: Language,
) -> anyhow::Result<Answer> {
    for pause in paused {
        match json {
            true => out!("{}", serde_json::to_string(pause)?),
            false => {
                out!("{}", lang.sending_pause(pause, &system.app.rules().book.default_zone));
                out!("  lazo resume{}", options(&pause.scope));
            }
        }
    }
    if paused.is_empty() && !json {
        out!("{}", lang.pick("nada está en pausa", "nothing is paused"));
    }
    Ok(Answer::Yes)
}

/// The options by which a pause is named.
fn options(scope: &PauseScope) -> String {
    match scope {
        PauseScope::All => String::new(),
        PauseScope::Purpose(Purpose::Marketing) => " --purpose marketing".to_owned(),
        PauseScope::Purpose(Purpose::Service) => " --purpose service".to_owned(),
        PauseScope::Rule(rule) => format!(" --rule {rule}"),
    }
}

/// Refuses a rule that is not there: a slip of the pen would pause nothing.
fn is_known(app: &App, scope: &PauseScope, lang: Language) -> anyhow::Result<()> {
    let PauseScope::Rule(name) = scope else { return Ok(()) };
    let rules = app.rules();
    if rules.book.rule(name).is_some() {
        return Ok(());
    }
    let near = hint(name, rules.book.rules().iter().map(|rule| rule.name.as_str()));
    let no = lang.pick("no hay ninguna regla", "there is no rule");
    bail!("{no} {name:?}{}", lang.said(&near))
}

fn told(changed: Result<Changed, PauseError>, lang: Language) -> anyhow::Result<Changed> {
    match changed {
        Err(PauseError::Store(error)) => Err(error.into()),
        Err(error) => bail!("{}", lang.unpaused(&error)),
        Ok(changed) => Ok(changed),
    }
}

/// Leaves an entry of the change, as the console does.
async fn audit(app: &App, what: &str, pause: &SendingPause, by: &str) -> anyhow::Result<()> {
    let scope = json!(pause.scope);
    let (before, after) = match what {
        "sending.pause" => (Value::Null, json!(pause)),
        _ => (scope, Value::Null),
    };
    let entry = AuditEntry {
        at: pause.since,
        by: by.to_owned(),
        role: "operations".to_owned(),
        what: what.to_owned(),
        about: String::new(),
        before,
        after,
    };
    let mark = format!("{}#{what}", clock::fresh_id().simple());
    Ok(app.store.keep_audit(&mark, &entry).await?)
}
