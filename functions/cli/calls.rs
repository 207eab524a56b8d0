//! `lazo calls`: who to call, why, what to say; and how it went.

use anyhow::bail;
use clap::{Subcommand, ValueEnum};
use lazo::shell::app::App;
use lazo::shell::call_list::{self, Claim, Gone, Listed};
use lazo::shell::rules::Rules;
use lazo::shell::store::Call;
use lazo::shell::wording::{Language, call_card};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use super::Answer;
use super::system::{System, Target, publish};

/// The call list.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Who to call, why, and what to say; the most urgent first.
    List {
        /// Only the calls of one person or team.
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// Leave the scripts out.
        #[arg(long)]
        brief: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Take a call from the list: for a while nobody else gets it.
    Claim {
        /// The touch id, as the list shows it.
        touch_id: String,
        /// Who makes the call.
        #[arg(long, value_name = "REP")]
        by: String,
    },
    /// Take the most urgent call that nobody has, and show it.
    Next {
        /// Who makes the call.
        #[arg(long, value_name = "REP")]
        by: String,
        /// Only the calls of one person or team; otherwise REP's own, and those
        /// of REP's teams.
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// Leave the script out.
        #[arg(long)]
        brief: bool,
        /// As a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Log how a call went.
    Report(ReportArgs),
}

#[derive(clap::Args)]
struct ReportArgs {
    /// The touch id, as the list shows it.
    touch_id: String,
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// How satisfied the customer is, 1 to 5.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
    satisfaction: Option<u8>,
    #[arg(long)]
    note: Option<String>,
    /// Why the customer leaves: needs_changed, competitor, dissatisfied,
    /// price, moved, fraud or other.
    #[arg(long, value_parser = ["needs_changed", "competitor", "dissatisfied", "price", "moved", "fraud", "other"])]
    dissolution_reason: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Outcome {
    Reached,
    Voicemail,
    NoAnswer,
    WrongNumber,
    DoNotCall,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Reached => "reached",
            Outcome::Voicemail => "voicemail",
            Outcome::NoAnswer => "no_answer",
            Outcome::WrongNumber => "wrong_number",
            Outcome::DoNotCall => "do_not_call",
        }
    }
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    match &args.command {
        Command::List { of, brief, json } => {
            list(&system.app, of.as_deref(), *brief, *json, lang).await
        }
        Command::Claim { touch_id, by } => claim(&system.app, touch_id, by, lang).await,
        Command::Next { by, of, brief, json } => {
            next(&system.app, by, of.as_deref(), (*brief, *json), lang).await
        }
        Command::Report(report) => log(&system, report, lang).await,
    }
}

async fn list(
    app: &App,
    of: Option<&str>,
    brief: bool,
    as_json: bool,
    lang: Language,
) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    let calls = match of {
        Some(name) => call_list::open(app, &[name.to_owned()], now).await?,
        None => call_list::open_of_all(app, now).await?,
    };
    let rules = app.rules();
    for listed in &calls {
        show(listed, &rules, now, (brief, as_json), lang)?;
    }
    if calls.is_empty() && !as_json {
        out!("{}", lang.pick("no hay llamadas pendientes", "no calls are waiting"));
    }
    Ok(Answer::Yes)
}

fn show(
    listed: &Listed,
    rules: &Rules,
    now: Instant,
    (brief, as_json): (bool, bool),
    lang: Language,
) -> anyhow::Result<()> {
    match as_json {
        true => out!("{}", call_card::as_value(listed, rules, now)),
        false => out!("{}", call_card::card(listed, rules, now, brief, lang)),
    }
    Ok(())
}

async fn claim(app: &App, touch_id: &str, by: &str, lang: Language) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    let call = find(app, touch_id, lang).await?;
    let clock = |at: Instant| at.zoned(&jiff::tz::TimeZone::system()).strftime("%H:%M").to_string();
    match call_list::claim(app, &call.touch, by, now).await? {
        Claim::Yours { until } => {
            out!("{} {}", lang.pick("es tuya hasta las", "it is yours until"), clock(until));
            Ok(Answer::Yes)
        }
        Claim::Taken { by, until } => {
            let has = lang.pick("la tiene hasta las", "has it until");
            out!("{by} {has} {}", clock(until));
            Ok(Answer::No)
        }
        Claim::Gone(gone) => {
            out!("{}", over(&gone, lang));
            Ok(Answer::No)
        }
    }
}

/// Why a call is on the list no more.
fn over(gone: &Gone, lang: Language) -> String {
    match gone {
        Gone::Over(how) => {
            let over = lang.pick("ya no está en la lista", "it is on the list no more");
            format!("{over}: {how}")
        }
        Gone::Expired { at } => {
            let at = at.zoned(&jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M");
            format!("{} {at}", lang.pick("venció el", "it expired on"))
        }
    }
}

/// The most urgent call that somebody may take: one that they have already
/// comes first.
async fn next(
    app: &App,
    by: &str,
    of: Option<&str>,
    look: (bool, bool),
    lang: Language,
) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    let rules = app.rules();
    let names = match of {
        Some(name) => vec![name.to_owned()],
        None => call_list::lists_of(&rules.book, by),
    };
    let mut calls = call_list::open(app, &names, now).await?;
    calls.retain(|one| one.call.holder(now).is_none_or(|holder| holder == by));
    calls.sort_by_key(|one| one.call.holder(now).is_none());
    for mut listed in calls {
        if let Claim::Yours { until } = call_list::claim(app, &listed.call.touch, by, now).await? {
            listed.call.claimed_by = Some(by.to_owned());
            listed.call.claimed_until = Some(until);
            show(&listed, &rules, now, look, lang)?;
            return Ok(Answer::Yes);
        }
    }
    if !look.1 {
        out!("{}", lang.pick("no hay llamadas pendientes", "no calls are waiting"));
    }
    Ok(Answer::No)
}

async fn log(system: &System, report: &ReportArgs, lang: Language) -> anyhow::Result<Answer> {
    let app = &system.app;
    let now = Instant::from(jiff::Timestamp::now());
    let call = find(app, &report.touch_id, lang).await?;
    let gone = call_list::gone(&call, now);
    if let Some(Gone::Over(_)) = &gone {
        out!("{}", over(&Gone::Over(call.outcome.unwrap_or_default()), lang));
        return Ok(Answer::No);
    }
    let mut detail = json!({
        "call_id": format!("call-{}", uuid::Uuid::now_v7()),
        "customer_id": call.touch.customer,
        "occurred_at": now.to_string(),
        "touch_id": report.touch_id,
        "outcome": report.outcome.as_str(),
    });
    let optional = [
        ("satisfaction", report.satisfaction.map(Value::from)),
        ("note", report.note.clone().map(Value::from)),
        ("dissolution_reason", report.dissolution_reason.clone().map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            detail[name] = value;
        }
    }
    publish(system, "CallReported", detail, now).await?;
    out!("{}", lang.pick("anotado", "logged"));
    if let Some(gone) = gone {
        let follows = lang.pick("por eso no se vuelve a intentar", "so it is not tried again");
        out!("{}; {follows}", over(&gone, lang));
    }
    Ok(Answer::Yes)
}

/// The call that a touch id names.
async fn find(app: &App, touch_id: &str, lang: Language) -> anyhow::Result<Call> {
    let Some(call) = call_list::find(app, touch_id).await? else {
        bail!(
            "{} {touch_id:?}; {}",
            lang.pick("no hay ninguna llamada", "there is no call"),
            lang.pick("lazo calls list las muestra", "lazo calls list shows them")
        );
    };
    Ok(call)
}
