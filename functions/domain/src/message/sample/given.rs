//! Customers to preview templates with: made up, told in JSON, or of the shop.

use serde_json::{Map, Value as Json, json};

use super::{NAMES, Samples, Use};
use crate::channel::{Channel, Purpose};
use crate::decide::{CallFacts, assignee, call_facts, period_begin};
use crate::event::{Detail, EventKind};
use crate::message::context::{self, Context, Facts, Occasion, Period, localize};
use crate::nearest::hint;
use crate::policy::Policy;
use crate::rule::Trigger;
use crate::rulebook::{Rule, RuleBook, Step};
use crate::touch::TouchId;
use crate::view::View;

/// A file of a customer to preview with that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSample {
    /// The text is no valid JSON. It holds the parser's message.
    #[error("is no JSON: {0}")]
    Json(String),
    /// The text is JSON of another kind, such as a list or a number.
    #[error("is no JSON object such as {{\"customer\": {{\"given_name\": \"Ana\"}}}}")]
    NoObject,
    /// No template knows a part. It holds its name, and a hint at a near name or nothing.
    #[error("has {0:?}, which no template knows{1}")]
    Unknown(String, String),
    /// A part has a value of another type than customers have: its name, and the two
    /// types in words.
    #[error("has {1} as {0:?}, and templates take {2}")]
    Unfit(String, &'static str, &'static str),
}

/// Why a customer of the shop cannot be previewed with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPreview {
    /// The rule celebrates a day that the customer does not have.
    NoOccasion,
}

/// What a template is used for: by the step of a rule that names it.
fn use_of<'a>(rule: Option<&'a Rule>, template: &str) -> (Use<'a>, Option<&'a Step>) {
    let step = rule.and_then(|rule| {
        let named = rule.all_steps().find(|step| step.uses(template));
        named.or(rule.steps.first())
    });
    let used = Use {
        trigger: rule.map(|rule| &rule.trigger),
        channel: step.map_or(Channel::Email, |step| step.channel),
        purpose: rule.map_or(Purpose::Marketing, |rule| rule.purpose),
        survey: step.and_then(|step| step.survey.as_ref()).map(|survey| survey.kind),
    };
    (used, step)
}

/// The samples of a use, as its mails are sent: without what it does not get.
fn samples(policy: &Policy, used: &Use, step: Option<&Step>) -> Samples {
    let mut samples = Samples::of(policy, used);
    if used.purpose == Purpose::Service {
        samples.full.0["links"] = json!({});
    }
    set_rep(&mut samples.full.0, step, policy);
    samples
}

/// Who acts on the step, by the name that the policy gives them.
fn set_rep(context: &mut Json, step: Option<&Step>, policy: &Policy) {
    let text = |pointer: &str| context.pointer(pointer).and_then(Json::as_str);
    let relationship = text("/customer/relationship");
    let by_type = relationship.and_then(|kind| policy.relationships.get(kind)?.call_by.as_deref());
    let who = match step.and_then(|step| step.assign_to.as_deref()).or(by_type) {
        Some("account_manager") => text("/customer/account_manager"),
        Some("sold_by") => text("/event/sold_by"),
        other => other,
    };
    let name = policy.called(who.unwrap_or(&policy.call_team)).to_owned();
    context["rep"] = json!({ "name": name });
}

/// A made-up customer of whom all is known, to preview a template of a rule with.
pub fn sample_context(policy: &Policy, rule: Option<&Rule>, template: &str) -> Context {
    let (used, step) = use_of(rule, template);
    samples(policy, &used, step).full
}

/// A customer to preview with, from JSON: of a context's own shape
/// (`{"customer": {…}, "event": {…}, "purchase": {…}}`), or a customer alone,
/// also as a `CustomerUpdated` event tells of one.
///
/// A part that is absent comes from [`sample_context`]; one that is given is
/// taken as it is, and only what every customer has is filled in. `null` stands
/// for a part that is not known.
///
/// # Errors
/// [`BadSample`] says what does not fit.
pub fn context_from_json(
    text: &str,
    policy: &Policy,
    rule: Option<&Rule>,
    template: &str,
) -> Result<Context, BadSample> {
    let given: Json = serde_json::from_str(text).map_err(|e| BadSample::Json(e.to_string()))?;
    let Json::Object(given) = given else {
        return Err(BadSample::NoObject);
    };
    let is_part = |(name, part): (&String, &Json)| {
        name != "locale" && NAMES.contains(&name.as_str()) && (part.is_object() || part.is_null())
    };
    let parts = match given.iter().any(is_part) {
        true => given,
        false => Map::from_iter([("customer".to_owned(), lone_customer(given))]),
    };
    let (used, step) = use_of(rule, template);
    let Samples { full, bare, .. } = samples(policy, &used, step);
    let has_rep = parts.contains_key("rep");
    let mut context = full.clone();
    for (name, part) in parts {
        if !NAMES.contains(&name.as_str()) {
            let hint = hint(&name, NAMES);
            return Err(BadSample::Unknown(name, hint.en));
        }
        // Of what this use of the template does not have nothing is known.
        if let Some(known) = full.0.get(&name) {
            fits(&name, &part, known)?;
        }
        let always = bare.0.get(&name);
        context.0[&name] = match (always.or(context.0.get(&name)).cloned(), part) {
            (Some(Json::Object(mut least)), Json::Object(part)) => {
                least.extend(part);
                Json::Object(least)
            }
            (Some(least), Json::Null) if always.is_some() => least,
            (_, part) => part,
        };
    }
    if !has_rep {
        set_rep(&mut context.0, step, policy);
    }
    let zone = context.0["customer"]["time_zone"].as_str();
    let zone = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok());
    localize(&mut context.0, &zone.unwrap_or_else(|| policy.default_zone()));
    Ok(context)
}

/// The parts that the shop, or a kind of event, may add to.
const OPEN: [&str; 3] = ["customer.attributes", "event.attributes", "event.anniversaries"];

/// Whether what is given has the names and the types of a sample of whom all is known.
fn fits(name: &str, given: &Json, known: &Json) -> Result<(), BadSample> {
    match (given, known) {
        (Json::Null, _) | (_, Json::Null) => Ok(()),
        (Json::Object(_), Json::Object(fields)) if fields.is_empty() || OPEN.contains(&name) => {
            Ok(())
        }
        (Json::Object(given), Json::Object(fields)) => {
            given.iter().try_for_each(|(field, part)| {
                let path = format!("{name}.{field}");
                match fields.get(field) {
                    Some(known) => fits(&path, part, known),
                    None => {
                        let hint = hint(field, fields.keys().map(String::as_str));
                        Err(BadSample::Unknown(path, hint.en))
                    }
                }
            })
        }
        (Json::Array(given), Json::Array(known)) => match known.first() {
            Some(one) => given.iter().try_for_each(|part| fits(&format!("{name}[]"), part, one)),
            None => Ok(()),
        },
        (given, known) if in_words(given) == in_words(known) => Ok(()),
        (given, known) => Err(BadSample::Unfit(name.to_owned(), in_words(given), in_words(known))),
    }
}

fn in_words(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// What a `CustomerUpdated` tells that templates do not name of a customer.
const OF_EVENTS: [&str; 3] = ["occurred_at", "birthday", "anniversaries"];

/// A customer's fields from what may be an envelope, or an event's detail.
fn lone_customer(mut given: Map<String, Json>) -> Json {
    if let Some(Json::Object(detail)) = given.remove("detail") {
        given = detail;
    }
    if let Some(id) = given.remove("customer_id") {
        given.insert("id".into(), id);
        OF_EVENTS.iter().for_each(|name| drop(given.remove(*name)));
    }
    if let Some(Json::Object(mut name)) = given.remove("name") {
        for (from, to) in [("given", "given_name"), ("family", "family_name")] {
            name.remove(from).map(|part| given.insert(to.into(), part));
        }
    }
    given.into()
}

/// A customer of the shop, to preview a template of a rule with, as of now; and
/// whether the event is made up, because none of its kind is at hand. Links are made
/// up: a preview asks for nothing and ends nothing.
///
/// # Errors
/// [`NoPreview`] where the rule could never reach this customer.
pub fn context_of(
    view: &View,
    book: &RuleBook,
    rule: Option<&Rule>,
    template: &str,
) -> Result<(Context, bool), NoPreview> {
    let (used, step) = use_of(rule, template);
    let sample = samples(view.policy, &used, step).full;
    let event = match used.trigger {
        Some(Trigger::Event(kind)) => detail_of(view, *kind),
        _ => None,
    };
    let touch = touch_of(view, rule, step);
    let occasion = touch.as_ref().and_then(|touch| Occasion::of_touch(view, touch, book));
    if matches!(used.trigger, Some(Trigger::Occasion { .. })) && occasion.is_none() {
        return Err(NoPreview::NoOccasion);
    }
    let rep = touch.as_ref().and_then(|touch| assignee(view.customer, book, touch));
    let sold_by = step.and_then(|step| step.assign_to.as_deref()) == Some("sold_by");
    let seller = event.as_ref().filter(|_| sold_by).and_then(|event| {
        let detail: Json = serde_json::from_str(&event.0).ok()?;
        Some(detail.get("sold_by")?.as_str()?.to_owned())
    });
    let rep = seller.or(rep).unwrap_or_else(|| view.policy.call_team.clone());
    let call = touch
        .as_ref()
        .map_or(CallFacts::ONCE, |touch| call_facts(view.customer, book, touch, view.now));
    let facts = Facts {
        rep: &rep,
        occasion,
        period: touch.as_ref().and_then(|touch| Period::of_touch(touch, book)),
        call: used.channel.has_attempts().then_some(call),
        ..Facts::default()
    };
    let view = View {
        event: event.as_ref(),
        zone: view.zone.clone(),
        segments: view.segments.anew(),
        ..*view
    };
    let mut context = context::context(&view, &facts);
    let is_made_up = matches!(used.trigger, Some(Trigger::Event(_))) && event.is_none();
    for (name, wanted) in [("event", is_made_up), ("links", true), ("survey", true)] {
        if let Some(made) = sample.0.get(name).filter(|_| wanted) {
            context.0[name] = made.clone();
        }
    }
    Ok((context, is_made_up))
}

/// What the latest event of a kind told, where something of it is kept.
fn detail_of(view: &View, kind: EventKind) -> Option<Detail> {
    let customer = view.customer;
    let fired = customer.fired.iter().rev().find(|fired| fired.kind == kind);
    if let Some(fired) = fired {
        return Some(fired.detail.clone());
    }
    let latest = customer.history.latest().filter(|_| kind == EventKind::PurchaseCompleted)?;
    let detail = json!({
        "customer_id": customer.id,
        "purchase_id": latest.id,
        "occurred_at": latest.at.to_string(),
        "total": { "amount": latest.total.to_string(), "currency": latest.currency },
        "items": latest.items,
        "sold_by": latest.sold_by,
    });
    Some(Detail(detail.to_string().into()))
}

/// The touch that a rule would begin today.
fn touch_of(view: &View, rule: Option<&Rule>, step: Option<&Step>) -> Option<TouchId> {
    let today = view.now.date_in(&view.zone);
    let rule = rule?;
    let occurrence = match &rule.trigger {
        Trigger::Occasion { .. } => today.year().to_string(),
        Trigger::Every { period, on_day } => period_begin(*period, *on_day, today)?.to_string(),
        Trigger::Event(_) | Trigger::Stage(_) => view.now.to_string(),
    };
    Some(TouchId {
        rule: rule.name.clone(),
        customer: view.customer.id.clone(),
        occurrence,
        step: step?.id.clone(),
    })
}
