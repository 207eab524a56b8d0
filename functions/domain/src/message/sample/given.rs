//! Customers to preview templates with.

use serde_json::{Map, Value as Json};

use super::{NAMES, Samples, Use};
use crate::channel::{Channel, Purpose};
use crate::message::context::{Context, localize};
use crate::nearest::hint;
use crate::policy::Policy;
use crate::rulebook::Rule;

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
}

fn use_of(rule: Option<&Rule>) -> Use<'_> {
    let step = rule.and_then(|rule| rule.steps.first());
    let channel = step.map_or(Channel::Email, |step| step.channel);
    Use {
        trigger: rule.map(|rule| &rule.trigger),
        channel,
        purpose: rule.map_or(Purpose::Marketing, |rule| rule.purpose),
        survey: step.and_then(|step| step.survey.as_ref()).map(|survey| survey.kind),
    }
}

/// A made-up customer of whom all is known, to preview a rule's templates with.
pub fn sample_context(policy: &Policy, rule: Option<&Rule>) -> Context {
    Samples::of(policy, &use_of(rule)).full
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
    let Samples { full, bare, .. } = Samples::of(policy, &use_of(rule));
    let mut context = full;
    for (name, part) in parts {
        if !NAMES.contains(&name.as_str()) {
            let hint = hint(&name, NAMES);
            return Err(BadSample::Unknown(name, hint));
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
    let zone = context.0["customer"]["time_zone"].as_str();
    let zone = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok());
    localize(&mut context.0, &zone.unwrap_or_else(|| policy.default_zone()));
    Ok(context)
}

/// A customer's fields from what may be an envelope, or an event's detail.
fn lone_customer(mut given: Map<String, Json>) -> Json {
    if let Some(Json::Object(detail)) = given.remove("detail") {
        given = detail;
    }
    if let Some(id) = given.remove("customer_id") {
        given.insert("id".into(), id);
    }
    if let Some(Json::Object(mut name)) = given.remove("name") {
        for (from, to) in [("given", "given_name"), ("family", "family_name")] {
            name.remove(from).map(|part| given.insert(to.into(), part));
        }
    }
    given.into()
}
