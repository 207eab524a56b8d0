//! `lazo template`: see a message before a customer does.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use lazo::shell::mailer::{Letter, Mailer, Recipient, Ses, Smtp};
use lazo::shell::rules::{Rules, template_files};
use lazo_domain::channel::Channel;
use lazo_domain::id::Id;
use lazo_domain::message::{context_from_json, sample_context, sample_notice};
use lazo_domain::nearest;
use lazo_domain::notice::NoticeKind;
use lazo_domain::rulebook::Rule;
use lazo_domain::touch::TouchId;

use super::Answer;
use super::system::Target;

/// Look at templates.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show a template as a customer would see it.
    Preview(Preview),
}

#[derive(clap::Args)]
struct Preview {
    name: String,
    /// JSON of a customer, or of a whole context with customer, event and
    /// purchase; a made-up customer where absent.
    #[arg(long, value_name = "FILE")]
    customer: Option<PathBuf>,
    /// The language, such as es-MX; the customer's own where absent.
    #[arg(long, value_name = "L")]
    locale: Option<String>,
    /// Print the HTML instead of subject and text.
    #[arg(long)]
    html: bool,
    /// Open the HTML in the browser.
    #[arg(long)]
    open: bool,
    /// Send it to this address: through --smtp, or through SES.
    #[arg(long, value_name = "ADDRESS")]
    send_to: Option<String>,
    /// The SMTP server for --send-to.
    #[arg(long, value_name = "URL", requires = "send_to")]
    smtp: Option<String>,
}

pub async fn run(args: &Args, target: &Target) -> anyhow::Result<Answer> {
    let Command::Preview(preview) = &args.command;
    show(preview, target).await
}

async fn show(preview: &Preview, target: &Target) -> anyhow::Result<Answer> {
    let rules = Rules::from(target.rules.as_deref())?;
    let files = template_files(target.rules.as_deref())?;
    if !rules.templates.names().any(|name| name == preview.name) {
        let hint = nearest::hint(&preview.name, rules.templates.names());
        bail!("no template {:?}{hint}", preview.name);
    }
    let policy = &rules.book.policy;
    let rule = rule_of(&rules, &preview.name);
    let context = match &preview.customer {
        None => match NoticeKind::of_template(&preview.name) {
            Some(kind) => sample_notice(policy, kind),
            None => sample_context(policy, rule),
        },
        Some(path) => {
            let text = lazo::shell::text_file::read(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            context_from_json(&text, policy, rule).with_context(|| path.display().to_string())?
        }
    };
    let own = context.customer_locale().map(str::to_owned);
    let locale = preview.locale.clone().or(own).unwrap_or_else(|| policy.default_locale.clone());
    let is_mail = files.iter().any(|(path, _)| {
        path.starts_with(&format!("{}/", preview.name)) && path.ends_with("/body.mjml")
    });
    if !is_mail {
        if preview.send_to.is_some() || preview.html || preview.open {
            bail!("{} is a script, not a mail: there is nothing to send or to open", preview.name);
        }
        let script =
            rules.templates.script(&preview.name, &locale, &policy.default_locale, &context)?;
        out!("[{}]\n{}", script.locale, script.markdown);
        return Ok(Answer::Yes);
    }
    let mail = rules.templates.mail(&preview.name, &locale, &policy.default_locale, &context)?;
    if preview.html {
        out!("{}", mail.html);
    } else {
        out!("[{}] {}\n\n{}", mail.locale, mail.subject, mail.text);
    }
    if preview.open {
        open(&preview.name, &mail.html)?;
    }
    if let Some(address) = &preview.send_to {
        let to = Recipient { email: address, name: None };
        let letter = Letter::new(&policy.brand, to, &mail, None)?;
        let id = send(preview, &letter).await?;
        out!("sent to {address}: {id}");
    }
    Ok(Answer::Yes)
}

/// A rule that uses the template: it tells which event starts it.
fn rule_of<'a>(rules: &'a Rules, template: &str) -> Option<&'a Rule> {
    rules.book.rules().iter().find(|rule| {
        rule.all_steps().any(|step| {
            step.template.as_deref() == Some(template) && step.channel != Channel::Event
        })
    })
}

fn open(name: &str, html: &str) -> anyhow::Result<()> {
    let path = std::env::temp_dir().join(format!("lazo-preview-{name}.html"));
    std::fs::write(&path, html)?;
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = std::process::Command::new(opener).arg(&path).spawn();
    match started {
        Ok(_) => out!("{}", path.display()),
        Err(_) => out!("open it by hand, {opener} is not there: {}", path.display()),
    }
    Ok(())
}

async fn send(preview: &Preview, letter: &Letter) -> anyhow::Result<String> {
    let mailer = match &preview.smtp {
        Some(url) => Mailer::Smtp(Smtp::new(url).with_context(|| format!("--smtp {url}"))?),
        None => {
            let sdk = lazo::shell::app::aws().load().await;
            Mailer::Ses(Ses::new(lazo::shell::app::ses_client(&sdk), None))
        }
    };
    let touch = TouchId {
        rule: "preview".into(),
        customer: Id::new("preview")?,
        occurrence: jiff::Timestamp::now().to_string(),
        step: "preview".into(),
    };
    Ok(mailer.send(&touch, letter).await?)
}
