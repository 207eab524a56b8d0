//! `lazo find`: customers by id, mail, phone or name.

use lazo::shell::find::{Found, find};
use lazo::shell::wording::Language;
use lazo_domain::customer::Customer;
use lazo_domain::search;
use serde_json::json;

use super::Answer;
use super::system::{System, Target};

/// Find customers by id, mail, phone or name; the beginning of a name is enough, and
/// accents need not be typed.
#[derive(clap::Args)]
pub struct Args {
    /// What you know: `maria lo`, an address with its @, the last digits of a number, or
    /// an id.
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let text = args.words.join(" ");
    let Found { customers, next, is_too_short } = find(&system.app.store, &text, None).await?;
    if is_too_short {
        eprintln!(
            "lazo: {}",
            lang.pick(
                "escribe al menos dos letras del nombre, tres del correo o cuatro cifras del teléfono",
                "type at least two letters of the name, three of the address or four digits of the number"
            )
        );
        return Ok(Answer::No);
    }
    if customers.is_empty() {
        if !args.json {
            let nobody = "no se encontró a nadie";
            eprintln!("lazo: {}", lang.pick(nobody, "nobody was found"));
        }
        return Ok(Answer::No);
    }
    for customer in &customers {
        match args.json {
            true => out!("{}", as_json(customer)),
            false => out!("{}", line(customer, lang)),
        }
    }
    if next.is_some() && !args.json {
        let more = "puede haber más: escribe más letras, o también el apellido";
        eprintln!(
            "lazo: {}",
            lang.pick(more, "there may be more: type more letters, or the family name too")
        );
    }
    Ok(Answer::Yes)
}

fn line(customer: &Customer, lang: Language) -> String {
    if customer.erased_at.is_some() {
        let erased = lang.pick("pidió que lo olvidáramos", "asked to be forgotten");
        return format!("{:<12}  {erased}", customer.id.as_str());
    }
    let profile = &customer.profile;
    let phone = profile.phone.latest().map_or("—", |phone| phone.as_str());
    let email = profile.email.latest().map_or("—", |email| email.as_str());
    let name = search::name(profile);
    let name = if name.is_empty() { "—" } else { &name };
    format!("{:<12}  {name:<28}  {phone:<16}  {email}", customer.id.as_str())
}

fn as_json(customer: &Customer) -> serde_json::Value {
    let profile = &customer.profile;
    let other_ids: Vec<_> = customer.merged.iter().map(|alias| &alias.id).collect();
    json!({
        "customer_id": customer.id,
        "name": Some(search::name(profile)).filter(|name| !name.is_empty()),
        "email": profile.email.latest(),
        "phone": profile.phone.latest(),
        "stage": customer.stages.last().map(|entered| entered.stage),
        "account_manager": profile.account_manager.latest(),
        "other_ids": other_ids,
        "is_erased": customer.erased_at.is_some(),
    })
}
