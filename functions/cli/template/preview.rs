//! `lazo template preview`: a template as it will be sent.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use lazo::shell::mailer::{Letter, Mailer, Recipient, Refusal, SendError, Ses};
use lazo::shell::rules::{Rules, template_files};
use lazo::shell::timeline;
use lazo::shell::wording::Language;
use lazo_domain::channel::Channel;
use lazo_domain::id::Id;
use lazo_domain::message::{
    Context, NoPreview, context_from_json, context_of, sample_context, sample_notice,
};
use lazo_domain::nearest;
use lazo_domain::notice::NoticeKind;
use lazo_domain::rulebook::Rule;
use lazo_domain::touch::TouchId;
use lazo_domain::view::View;

use crate::Answer;
use crate::clock;
use crate::system::{System, Target, smtp};

#[derive(clap::Args)]
pub struct Args {
    /// The template's name: its folder in infra/templates.
    name: String,
    /// The id of a customer of the shop, in --data or --table; or a file with the
    /// JSON of a customer, or of a whole context with customer, event and purchase.
    /// Without it a made-up customer.
    #[arg(long, value_name = "ID|FILE")]
    customer: Option<String>,
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

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let rules = Rules::from(target.rules.as_deref())?;
    let files = template_files(target.rules.as_deref())?;
    if !rules.templates.names().any(|name| name == args.name) {
        let hint = nearest::hint_or(&args.name, rules.templates.names(), "lazo template list");
        let no = lang.pick("no hay plantilla", "no template");
        bail!("{no} {:?}{}", args.name, lang.said(&hint));
    }
    let policy = &rules.book.policy;
    let context = customer(args, target, &rules, lang).await?;
    let own = context.customer_locale().map(str::to_owned);
    let locale = args.locale.clone().or(own).unwrap_or_else(|| policy.default_locale.clone());
    let is_mail = files.iter().any(|(path, _)| {
        path.starts_with(&format!("{}/", args.name)) && path.ends_with("/body.mjml")
    });
    if !is_mail {
        if args.send_to.is_some() || args.html || args.open {
            let what = lang.pick(
                "es un guion, no un correo: no hay nada que enviar ni que abrir",
                "is a script, not a mail: there is nothing to send or to open",
            );
            bail!("{} {what}", args.name);
        }
        let script =
            rules.templates.script(&args.name, &locale, &policy.default_locale, &context)?;
        out!("[{}]\n{}", script.locale, script.markdown);
        return Ok(Answer::Yes);
    }
    let mail = rules.templates.mail(&args.name, &locale, &policy.default_locale, &context)?;
    if args.html {
        out!("{}", mail.html);
    } else {
        out!("[{}] {}\n\n{}", mail.locale, mail.subject, mail.text);
    }
    if args.open {
        open(&args.name, &mail.html, lang)?;
    }
    let Some(address) = &args.send_to else { return Ok(Answer::Yes) };
    let to = Recipient { email: address, name: None };
    let letter = Letter::new(&policy.brand, to, &mail, None)?;
    send(args, address, &letter, lang).await
}

/// The customer that the template is written for.
async fn customer(
    args: &Args,
    target: &Target,
    rules: &Rules,
    lang: Language,
) -> anyhow::Result<Context> {
    let policy = &rules.book.policy;
    let rule = rule_of(rules, &args.name);
    let notice = NoticeKind::of_template(&args.name);
    let Some(who) = &args.customer else {
        return Ok(match notice {
            Some(kind) => {
                let locale = args.locale.as_deref().unwrap_or(&policy.default_locale);
                sample_notice(policy, kind, locale)
            }
            None => sample_context(policy, rule, &args.name),
        });
    };
    if notice.is_some() {
        bail!(
            "{} {}",
            args.name,
            lang.pick(
                "es correo interno: va al equipo y no a un cliente; quita --customer",
                "is staff mail: it goes to people of the shop; leave --customer out"
            )
        );
    }
    let path = Path::new(who);
    if path.is_file() {
        let text = lazo::shell::text_file::read(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        return context_from_json(&text, policy, rule, &args.name)
            .with_context(|| path.display().to_string());
    }
    of_shop(who, target, rules, rule, &args.name, lang).await
}

/// A customer of the shop, by their id.
async fn of_shop(
    who: &str,
    target: &Target,
    rules: &Rules,
    rule: Option<&Rule>,
    template: &str,
    lang: Language,
) -> anyhow::Result<Context> {
    let nobody = || match lang {
        Language::Es => {
            format!("--customer {who}: no es un archivo, ni un cliente de {}", place(target))
        }
        Language::En => {
            format!("--customer {who}: neither a file, nor a customer of {}", place(target))
        }
    };
    let id = Id::new(who).with_context(nobody)?;
    if target.table.is_none() && !target.data.is_dir() {
        bail!(nobody());
    }
    let system = System::open(target).await?;
    let told = timeline::read(&system.app, &id).await?.with_context(nobody)?;
    let now = clock::now();
    // Judged as the workers judge, by what was learnt of the shop.
    let learnt = system.app.rules();
    let view = View { drift: learnt.book.values(), ..View::of(&told.customer, &rules.book, now) };
    let (context, is_made_up) =
        context_of(&view, &rules.book, rule, template).map_err(|NoPreview::NoOccasion| {
            anyhow::anyhow!(
                "{who} {}",
                lang.pick(
                    "no tiene la fecha que esta regla celebra",
                    "does not have the day that this rule celebrates"
                )
            )
        })?;
    if is_made_up {
        let what = lang.pick(
            "de este cliente no hay a mano un evento que inicie la regla: el evento es inventado",
            "no event of this customer that starts the rule is at hand: the event is made up",
        );
        eprintln!("lazo: {what}");
    }
    Ok(context)
}

fn place(target: &Target) -> String {
    match &target.table {
        Some(table) => format!("--table {table}"),
        None => format!("--data {}", target.data.display()),
    }
}

/// A rule that uses the template: it tells which event starts it.
fn rule_of<'a>(rules: &'a Rules, template: &str) -> Option<&'a Rule> {
    let uses = |rule: &&Rule| {
        rule.all_steps().any(|step| step.uses(template) && step.channel != Channel::Event)
    };
    let mut using = rules.book.rules().iter().filter(uses);
    let first = using.next()?;
    // What is live is what will be sent.
    Some(if first.is_live() { first } else { using.find(|rule| rule.is_live()).unwrap_or(first) })
}

fn open(name: &str, html: &str, lang: Language) -> anyhow::Result<()> {
    let path: PathBuf = std::env::temp_dir().join(format!("lazo-preview-{name}.html"));
    std::fs::write(&path, html)?;
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    match std::process::Command::new(opener).arg(&path).spawn() {
        Ok(_) => out!("{}", path.display()),
        Err(_) => {
            let by_hand = lang.pick("ábrelo a mano, no hay", "open it by hand, there is no");
            out!("{by_hand} {opener}: {}", path.display());
        }
    }
    Ok(())
}

async fn send(
    args: &Args,
    address: &str,
    letter: &Letter,
    lang: Language,
) -> anyhow::Result<Answer> {
    let mailer = match &args.smtp {
        Some(url) => Mailer::Smtp(smtp(url)?),
        None => {
            let sdk = lazo::shell::app::aws().load().await;
            Mailer::Ses(Ses::new(lazo::shell::app::ses_client(&sdk), None))
        }
    };
    let touch = TouchId {
        rule: "preview".into(),
        customer: Id::new("preview")?,
        occurrence: clock::timestamp().to_string(),
        step: "preview".into(),
    };
    match mailer.send(&touch, letter).await {
        Ok(id) => {
            out!("{} {address}: {id}", lang.pick("enviado a", "sent to"));
            Ok(Answer::Yes)
        }
        Err(error) => {
            eprintln!("lazo: {}", not_sent(&error, lang));
            Ok(Answer::No)
        }
    }
}

/// What became of a mail that did not go well: whether it may have gone out, and what
/// to do now.
fn not_sent(error: &SendError, lang: Language) -> String {
    match error {
        SendError::Refused { why, .. } => {
            let said = lang.pick(
                "rechazado: el servidor no acepta este correo y no salió nada",
                "refused: the server does not take this mail, and nothing went out",
            );
            format!("{said} ({why})")
        }
        SendError::NotAccepted { refusal: Refusal::Connection, why, .. } => {
            let said = lang.pick(
                "no se pudo conectar con el servidor de correo y no salió nada; revisa la dirección y que esté en marcha",
                "the mail server cannot be reached, and nothing went out; look at its address and whether it runs",
            );
            format!("{said} ({why})")
        }
        SendError::NotAccepted { why, .. } => {
            let said = lang.pick(
                "el servidor no lo acepta por ahora y no salió nada; inténtalo más tarde",
                "the server does not take it for now, and nothing went out; try again later",
            );
            format!("{said} ({why})")
        }
        SendError::Unknown(why) => {
            let said = lang.pick(
                "sin respuesta: puede haber salido o no; revisa el buzón antes de enviarlo otra vez",
                "no answer: it may have gone out or not; look into the mailbox before you send it again",
            );
            format!("{said} ({why})")
        }
    }
}
