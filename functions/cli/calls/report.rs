//! `lazo calls report`: how a call went, and the complaint that may come of it.

use anyhow::bail;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use lazo::shell::call_list::{self, Gone};
use lazo::shell::store::Call;
use lazo_domain::event::CallOutcome;
use serde_json::{Value, json};

use super::{Answer, Desk};
use crate::calling::{Standing, check_call_back, check_outcome};
use crate::clock;
use crate::complaints::{Opening, SeverityArg, is_unhappy, offer};
use crate::system::publish;
use crate::when;

/// Log how a call or a task went.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// The call's id, as the list shows it.
    id: String,
    /// How it went.
    #[arg(long, value_parser = outcomes())]
    outcome: CallOutcome,
    /// When the customer wants to be called back, by their clock: `15:30`,
    /// `2026-12-03 10:00`, or an instant such as 2026-12-03T10:00:00-06:00.
    #[arg(long, value_name = "WHEN")]
    call_back_at: Option<String>,
    /// Who made the call; whoever has taken it where nobody is named.
    #[arg(long, value_name = "REP")]
    by: Option<String>,
    /// How satisfied the customer is, 1 to 5. Of 1 and 2 a complaint may be opened.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
    satisfaction: Option<u8>,
    /// What was said; of a task that was not done, why.
    #[arg(long)]
    note: Option<String>,
    /// Why the customer leaves: needs_changed, competitor, dissatisfied,
    /// price, moved, fraud or other.
    #[arg(long, value_parser = ["needs_changed", "competitor", "dissatisfied", "price", "moved", "fraud", "other"])]
    dissolution_reason: Option<String>,
    /// Open a complaint of this category, too.
    #[arg(long, value_name = "CATEGORY")]
    complaint: Option<String>,
    /// How bad the complaint is.
    #[arg(long, value_enum, requires = "complaint", default_value = "normal")]
    severity: SeverityArg,
}

/// The outcomes by their names in events.
fn outcomes() -> impl TypedValueParser<Value = CallOutcome> {
    let named = CallOutcome::ALL.map(|outcome| {
        PossibleValue::new(outcome.as_str()).help(match outcome {
            CallOutcome::Reached => "Somebody was reached",
            CallOutcome::Voicemail => "A message was left, or could have been",
            CallOutcome::NoAnswer => "Nobody answered",
            CallOutcome::WrongNumber => "The number is not the customer's: it is called no more",
            CallOutcome::DoNotCall => "The customer wants no calls",
            CallOutcome::CallBack => "The customer asked to be called again",
            CallOutcome::Done => "Of a task: it is done",
            CallOutcome::NotDone => "Of a task: it was not done; the note says why",
        })
    });
    PossibleValuesParser::new(named).try_map(|name| {
        let known = CallOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == name);
        known.ok_or("no outcome")
    })
}

pub async fn report(desk: &Desk<'_>, args: &ReportArgs) -> anyhow::Result<Answer> {
    let Desk { app, now, lang, .. } = *desk;
    args.by.iter().try_for_each(|name| desk.check(name))?;
    let call = desk.named(&args.id).await?;
    let rules = app.rules();
    let zone = &rules.book.default_zone;
    let gone = call_list::gone(&call, now);
    let by = args.by.as_deref().or(call.holder(now));
    let standing = Standing::of(app, &call, by, now, lang).await?;
    if let (Some(gone @ Gone::Over(_)), false) = (&gone, standing.corrects()) {
        return desk.over(gone, &call.touch).await;
    }
    let detail = detail(desk, args, &call).await?;
    publish(desk.system, "CallReported", detail, now).await?;
    out!("{}", lang.pick("anotado", "logged"));
    for line in standing.lines(lang) {
        out!("{line}");
    }
    if let Some(gone @ Gone::Expired { .. }) = gone {
        let follows = lang.pick("por eso no se vuelve a intentar", "so it is not tried again");
        out!("{}; {follows}", lang.gone(&gone, zone));
    }
    complaint(desk, args, &call).await
}

/// The report as an event.
async fn detail(desk: &Desk<'_>, args: &ReportArgs, call: &Call) -> anyhow::Result<Value> {
    let Desk { now, lang, .. } = *desk;
    check_outcome(call, args.outcome, args.note.as_deref(), lang)?;
    let at = match &args.call_back_at {
        None => None,
        Some(_) if args.outcome != CallOutcome::CallBack => bail!(
            "--call-back-at: {}",
            lang.pick("solo va con --outcome call_back", "goes with --outcome call_back alone")
        ),
        Some(text) => Some(called_back(desk, text, call).await?),
    };
    let mut detail = json!({
        "call_id": format!("call-{}", clock::fresh_id()),
        "customer_id": call.touch.customer,
        "occurred_at": now.to_string(),
        "touch_id": call.touch.to_string(),
        "outcome": args.outcome.as_str(),
    });
    let holder = || call.holder(now).map(str::to_owned);
    let optional = [
        ("by", args.by.clone().or_else(holder).map(Value::from)),
        ("call_back_at", at.map(Value::from)),
        ("satisfaction", args.satisfaction.map(Value::from)),
        ("note", args.note.clone().map(Value::from)),
        ("dissolution_reason", args.dissolution_reason.clone().map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            detail[name] = value;
        }
    }
    Ok(detail)
}

/// When a customer wants to be called back, by their own clock.
async fn called_back(desk: &Desk<'_>, text: &str, call: &Call) -> anyhow::Result<String> {
    let rules = desk.app.rules();
    let customer = desk.app.store.person(&call.touch.customer).await?.customer;
    let zone = customer.zone(&rules.book.default_zone);
    let at = when::read(text, "--call-back-at", desk.now, &zone, &rules.book.policy, desk.lang)?;
    check_call_back(at, text, &customer, &rules.book, desk.now, desk.lang)?;
    Ok(at.rfc3339_in(&zone))
}

/// Opens the complaint that the report asks for, or offers one of a customer who is
/// not satisfied.
async fn complaint(desk: &Desk<'_>, args: &ReportArgs, call: &Call) -> anyhow::Result<Answer> {
    let Desk { now, lang, .. } = *desk;
    let customer = &call.touch.customer;
    if let Some(category) = &args.complaint {
        let (category, severity) = (category.clone(), args.severity);
        let opening = Opening { category, severity, description: args.note.clone() };
        return opening.open(desk.system, customer, now, lang).await;
    }
    match is_unhappy(args.satisfaction) {
        true => offer(desk.system, customer, args.note.as_ref(), now, lang).await,
        false => Ok(Answer::Yes),
    }
}
