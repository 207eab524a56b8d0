//! What a rep does with a call: takes it, keeps it, lets go of it, puts it off, gives it
//! away, logs how it went. The rules of the list are the same as for `lazo calls`.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use lazo_domain::calendar;
use lazo_domain::channel::Channel;
use lazo_domain::decide::call_opening;
use lazo_domain::event::CallOutcome;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::journey::Feeling;
use lazo_domain::touch::TouchId;
use serde_json::{Value, json};

use super::form::Wrong;
use super::shown;
use crate::console::acts::{Change, NotTold, audit, tell};
use crate::console::ask::{Ask, segment};
use crate::console::reply::{Answer, Reply, Trouble};
use crate::shell::call_list::desk::{self, Moved};
use crate::shell::call_list::reporting::{CallBackFault, call_back_fault};
use crate::shell::call_list::{self, Claim, Gone, Listed};
use crate::shell::intake::Taken;
use crate::shell::store::Call;

/// How many calls of each list are looked at for the next one.
const LOOKED_AT: usize = 60;
const HOUR_MILLIS: i64 = 3_600_000;

fn path(touch: &TouchId) -> String {
    format!("/calls/{}", segment(&touch.to_string()))
}

async fn named(ask: &Ask) -> Result<Call, Trouble> {
    let call = call_list::find(ask.app(), &ask.named("touch")).await?;
    call.ok_or(Trouble::NotFound)
}

/// Takes the most urgent call that may be made, and shows it.
pub async fn next(ask: Ask) -> Answer {
    go_on(&ask, "").await
}

/// The next call, with what was just done; the list where there is none.
async fn go_on(ask: &Ask, done: &str) -> Answer {
    let names = call_list::lists_of(&ask.rules().book, &ask.user.name);
    let (listed, _) = Box::pin(call_list::first(ask.app(), &names, ask.now, LOOKED_AT)).await?;
    let next = Box::pin(desk::next(ask.app(), listed, &ask.user.name, ask.now)).await?;
    let Some(Listed { call, .. }) = next else {
        let done = if done.is_empty() { "nobody" } else { done };
        return Ok(Reply::go(format!("/calls?done={done}")));
    };
    take_note(ask, "call.take", &call.touch, Value::Null).await?;
    let done = if done.is_empty() { String::new() } else { format!("?done={done}") };
    Ok(Reply::go(format!("{}{done}", path(&call.touch))))
}

async fn take_note(ask: &Ask, what: &str, touch: &TouchId, after: Value) -> Result<(), Trouble> {
    let about = touch.to_string();
    audit(ask, Change { what, about: &about, before: Value::Null, after }).await
}

/// Takes one call. Whether it may be made is asked again.
pub async fn take(ask: Ask) -> Answer {
    claim(ask, "").await
}

/// Keeps it for as long again.
pub async fn more(ask: Ask) -> Answer {
    claim(ask, "?done=more").await
}

async fn claim(ask: Ask, done: &str) -> Answer {
    let call = named(&ask).await?;
    let claimed =
        Box::pin(call_list::claim(ask.app(), &call.touch, &ask.user.name, ask.now)).await?;
    if let Claim::Yours { until } = claimed {
        take_note(&ask, "call.take", &call.touch, json!({ "until": until.to_string() })).await?;
    }
    // Whatever stands against it, the page of the call says it.
    Ok(Reply::go(format!("{}{done}", path(&call.touch))))
}

/// Lets go of it.
pub async fn release(ask: Ask) -> Answer {
    let call = named(&ask).await?;
    let moved = desk::release(ask.app(), &call.touch, &ask.user.name, ask.now).await?;
    moved_to(&ask, &call.touch, moved, "call.release", "released", Value::Null).await
}

/// Puts it off.
pub async fn snooze(ask: Ask) -> Answer {
    let call = named(&ask).await?;
    let zone = ask.zone();
    let until = later(ask.form.get("until").unwrap_or_default(), ask.now, &zone);
    let until = until.ok_or(Trouble::NotUnderstood)?;
    // One that ends before then comes back in time for that.
    let last = call.expires_at_instant.plus_millis(-HOUR_MILLIS);
    let until = if until >= call.expires_at_instant { last } else { until };
    let me = Some(ask.user.name.as_str());
    let moved = desk::snooze(ask.app(), &call.touch, until, me, ask.now).await?;
    let after = json!({ "until": until.to_string() });
    moved_to(&ask, &call.touch, moved, "call.snooze", "snoozed", after).await
}

/// Gives it to another person or team.
pub async fn assign(ask: Ask) -> Answer {
    let call = named(&ask).await?;
    let to = ask.form.text("to").unwrap_or_default().to_owned();
    let rules = ask.rules();
    if call_list::staff::somebody(&rules.book.policy, &to).is_err() {
        return Err(Trouble::NotUnderstood);
    }
    let me = Some(ask.user.name.as_str());
    let moved = desk::hand_over(ask.app(), &call.touch, &to, me, ask.now).await?;
    moved_to(&ask, &call.touch, moved, "call.assign", "assigned", json!({ "to": to })).await
}

async fn moved_to(
    ask: &Ask,
    touch: &TouchId,
    moved: Moved,
    what: &str,
    done: &str,
    after: Value,
) -> Answer {
    if moved == Moved::Done {
        take_note(ask, what, touch, after).await?;
        return Ok(Reply::go(format!("/calls?done={done}")));
    }
    Ok(Reply::go(path(touch)))
}

/// A moment by its name: in an hour, tomorrow or in a week at ten, by a clock.
fn later(name: &str, now: Instant, zone: &TimeZone) -> Option<Instant> {
    let days = match name {
        "hour" => return Some(now.plus_millis(HOUR_MILLIS)),
        "tomorrow" => 1,
        "week" => 7,
        _ => return None,
    };
    let day = now.plus_millis(days * DAY_MILLIS).date_in(zone);
    Some(calendar::instant(day, Time::constant(10, 0, 0, 0), zone))
}

/// What was read of the form.
struct Report {
    outcome: CallOutcome,
    back_at: Option<Instant>,
}

/// Logs how a call went, and goes on with the next.
pub async fn report(ask: Ask) -> Answer {
    let call = named(&ask).await?;
    let is_over = matches!(call_list::gone(&call, ask.now), Some(Gone::Over(_)));
    let call_id = format!("call-{}", ask.once());
    if is_over && !is_told(&ask, &call, &call_id).await? {
        let correction =
            Box::pin(call_list::correction(ask.app(), &call, &ask.user.name, ask.now)).await?;
        if correction.is_none() {
            return Ok(Reply::go(path(&call.touch)));
        }
    }
    let report = match read(&ask, &call).await? {
        Ok(report) => report,
        Err(wrong) => return again(&ask, wrong).await,
    };
    let detail = detail(&ask, &call, &call_id, &report);
    let taken = match tell(&ask, "CallReported", detail).await {
        Ok(taken) => taken,
        Err(NotTold::Field(why)) => return again(&ask, vec![("note", unfit(&ask, &why))]).await,
        Err(NotTold::Ours(trouble)) => return Err(trouble),
    };
    let done = match complain(&ask, &call).await {
        Ok(done) => done,
        Err(NotTold::Field(why)) => {
            return again(&ask, vec![("complaint", unfit(&ask, &why))]).await;
        }
        Err(NotTold::Ours(trouble)) => return Err(trouble),
    };
    if taken == Taken::Counted {
        let after = json!({ "outcome": report.outcome.as_str(), "call_id": call_id });
        take_note(&ask, "call.report", &call.touch, after).await?;
    }
    match ask.form.get("then") {
        Some("stop") => Ok(Reply::go(format!("/calls?done={done}"))),
        _ => go_on(&ask, done).await,
    }
}

/// Whether this very report was told before: the same form, sent once more.
async fn is_told(ask: &Ask, call: &Call, call_id: &str) -> Result<bool, Trouble> {
    let key =
        crate::shell::store::keys::event(lazo_domain::event::EventKind::CallReported, call_id);
    Ok(ask.app().store.has(&call.touch.customer, &key).await?)
}

fn unfit(ask: &Ask, why: &str) -> String {
    format!("{}: {why}", ask.lang.pick("No cabe así", "It does not fit so"))
}

/// The page again, with what was typed and what is wrong with it.
async fn again(ask: &Ask, wrong: Vec<Wrong>) -> Answer {
    Ok(shown(ask, &ask.form, &wrong).await?.refused().into())
}

/// What the form says, or what is wrong with it.
async fn read(ask: &Ask, call: &Call) -> Result<Result<Report, Vec<Wrong>>, Trouble> {
    let lang = ask.lang;
    let mut wrong = Vec::new();
    let named = ask.form.get("outcome").unwrap_or_default();
    let outcome = CallOutcome::ALL.into_iter().find(|one| one.as_str() == named);
    let outcome = outcome.filter(|one| one.of_channel(call.channel) == *one);
    let back_at = match ask.form.text("again") {
        Some(_) if call.channel == Channel::Call => match call_back(ask, call).await? {
            Ok(at) => Some(at),
            Err(said) => {
                wrong.push(("again", said));
                None
            }
        },
        _ => None,
    };
    let is_back = ask.form.text("again").is_some() && call.channel == Channel::Call;
    let outcome = match (outcome, is_back) {
        (_, true) => Some(CallOutcome::CallBack),
        (outcome, false) => outcome,
    };
    if outcome.is_none() {
        wrong.push(("outcome", lang.pick("Elige cómo te fue", "Choose how it went").to_owned()));
    }
    if outcome == Some(CallOutcome::NotDone) && ask.form.text("note").is_none() {
        wrong.push((
            "note",
            lang.pick("Di por qué no se hizo", "Say why it was not done").to_owned(),
        ));
    }
    Ok(match outcome {
        Some(outcome) if wrong.is_empty() => Ok(Report { outcome, back_at }),
        _ => Err(wrong),
    })
}

/// When the customer wants to be called back, by their own clock; why it cannot be then.
async fn call_back(ask: &Ask, call: &Call) -> Result<Result<Instant, String>, Trouble> {
    let lang = ask.lang;
    let rules = ask.rules();
    let customer = Box::pin(ask.app().store.person(&call.touch.customer)).await?.customer;
    let shop = ask.zone();
    let zone = customer.zone(&shop);
    let named = ask.form.get("again").unwrap_or_default();
    if let Some(at) = later(named, ask.now, &zone) {
        // Somebody said "tomorrow": the first hour at which one may call then.
        let opens = call_opening(&customer, &rules.book, at);
        return Ok(opens
            .ok_or_else(|| lang.pick("nunca se puede llamar", "nobody may ever call").to_owned()));
    }
    let day = ask.form.get("day").and_then(|text| Date::strptime("%Y-%m-%d", text).ok());
    let hour = ask.form.get("hour").and_then(|text| Time::strptime("%H:%M", text.get(..5)?).ok());
    let (Some(day), Some(hour)) = (day, hour) else {
        return Ok(Err(lang
            .pick("Di qué día y a qué hora", "Say which day and what time")
            .to_owned()));
    };
    let at = calendar::instant(day, hour, &zone);
    if at <= ask.now {
        return Ok(Err(lang.pick("Ese momento ya pasó", "That time is over").to_owned()));
    }
    Ok(match call_back_fault(at, &customer, &rules.book, ask.now) {
        None => Ok(at),
        Some(CallBackFault::TooFar) => {
            Err(lang.pick("Falta más de un año", "It is more than a year ahead").to_owned())
        }
        Some(CallBackFault::Closed(Some(opens))) => Err(format!(
            "{} {}",
            lang.pick(
                "A esa hora no se puede llamar; se puede desde",
                "Nobody may call at that time; one may from"
            ),
            lang.time(opens, ask.now, &zone)
        )),
        Some(CallBackFault::Closed(None)) => {
            Err(lang.pick("Nunca se puede llamar", "Nobody may ever call").to_owned())
        }
    })
}

/// The report as an event.
fn detail(ask: &Ask, call: &Call, call_id: &str, report: &Report) -> Value {
    let mut detail = json!({
        "call_id": call_id,
        "customer_id": call.touch.customer,
        "occurred_at": ask.now.to_string(),
        "touch_id": call.touch.to_string(),
        "outcome": report.outcome.as_str(),
        "by": ask.user.name,
    });
    let score: Option<u8> = ask.form.get("satisfaction").and_then(|score| score.parse().ok());
    let optional = [
        ("call_back_at", report.back_at.map(|at| Value::from(at.to_string()))),
        ("satisfaction", score.filter(|score| (1..=5).contains(score)).map(Value::from)),
        ("note", ask.form.text("note").map(Value::from)),
        ("dissolution_reason", ask.form.text("leaves").map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            detail[name] = value;
        }
    }
    detail
}

/// Opens the complaint that the form asks for. What was done, by its code.
async fn complain(ask: &Ask, call: &Call) -> Result<&'static str, NotTold> {
    let score: Option<u8> = ask.form.get("satisfaction").and_then(|score| score.parse().ok());
    let Some(category) = ask.form.text("complaint") else {
        let is_unhappy =
            score.is_some_and(|score| Feeling::of_satisfaction(score) == Feeling::Unhappy);
        return Ok(if is_unhappy { "unhappy" } else { "logged" });
    };
    let severity = ask.form.get("severity").filter(|one| ["low", "normal", "high"].contains(one));
    let mut detail = json!({
        "complaint_id": format!("com-{}", ask.once()),
        "customer_id": call.touch.customer,
        "occurred_at": ask.now.to_string(),
        "severity": severity.unwrap_or("normal"),
        "category": category,
    });
    if let Some(note) = ask.form.text("note") {
        detail["description"] = note.into();
    }
    tell(ask, "ComplaintOpened", detail).await?;
    Ok("complaint")
}
