//! `lazo erase`: forgets a customer, for ever.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail};
use lazo::shell::intake;
use lazo::shell::wording::Language;
use lazo_domain::event::from_wire;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::json;
use uuid::Uuid;

use super::Answer;
use super::system::{System, Target};

/// Forget a customer for ever: all personal data go, pending touches end. What
/// keeps things from happening twice stays, as ids.
#[derive(clap::Args)]
pub struct Args {
    customer: String,
    /// The request by which the customer asked for it; the same one counts once.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let id = Id::new(&args.customer).context("CUSTOMER")?;
    let request = match &args.request_id {
        Some(request) => Id::new(request).context("--request-id")?.to_string(),
        None => format!("erase-{}", Uuid::now_v7()),
    };
    let system = System::open(target).await?;
    system.needs_bus()?;
    let store = &system.app.store;
    let before = store.person(&id).await?.customer;
    let is_known = !store.everything_on(&id).await?.is_empty();
    if !args.yes && !is_agreed(&id, lang)? {
        out!("{}", lang.pick("no se borró nada", "nothing was erased"));
        return Ok(Answer::No);
    }
    let now = Instant::from(jiff::Timestamp::now());
    let event = json!({
        "detail-type": "CustomerErased",
        "detail": { "customer_id": id, "request_id": request, "occurred_at": now.to_string() },
    });
    let delivered = from_wire(&event.to_string())?;
    intake::take(&system.app, &delivered, now).await?;
    if store.person(&id).await?.customer.erased_at.is_none() {
        bail!(
            "{id} is not erased: the request {request:?} was counted before; leave --request-id out"
        );
    }
    let said = match (before.erased_at, is_known) {
        (Some(_), _) => lang.pick("ya se había olvidado a", "was forgotten before:"),
        (None, true) => lang.pick("se ha olvidado a", "forgotten:"),
        (None, false) => lang.pick(
            "nada se sabía, y nada se guardará, de",
            "nothing was known, and nothing will be kept, of",
        ),
    };
    out!("{said} {id}");
    Ok(Answer::Yes)
}

/// Asks whoever sits at the terminal; a program is taken at its word.
fn is_agreed(id: &Id, lang: Language) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    let question = lang.pick("¿Olvidar para siempre a", "Forget for ever:");
    let hint = lang.pick("? Escriba su id para confirmar: ", "? Type the id to confirm: ");
    let mut out = std::io::stdout().lock();
    write!(out, "{question} {id}{hint}")?;
    out.flush()?;
    drop(out);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == id.as_str())
}
