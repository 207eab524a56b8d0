//! One touch goes out, by one call: the executor has no choices left.

use anyhow::Context;
use lazo_domain::calendar;
use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::customer::{Customer, Enrolment};
use lazo_domain::decide::assignee;
use lazo_domain::instant::Instant;
use lazo_domain::message::{Facts, Occasion, Period, SurveyLinks, context};
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{Send, TouchId};
use lazo_domain::view::View;

use crate::shell::app::{App, env};
use crate::shell::aside;
use crate::shell::bus::Message;
use crate::shell::call_list;
use crate::shell::link::token::Claim;
use crate::shell::link::{survey_url, unsubscribe_url};
use crate::shell::mailer::{Letter, Recipient, SendError, Trace, Wait};
use crate::shell::rules::Rules;
use crate::shell::store::{FailureKind, StoreError};

use crate::shell::send_rate::{SendRate, SendSlot};

/// What is known after a touch was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent {
        message_id: String,
    },
    /// Certainly not: it is tried again from `until` on.
    NotSent {
        until: Instant,
    },
    /// A request that is in the table, and of which the bus may not know: it is
    /// told again from behind its fence.
    NotNotified,
    /// Never, as it is.
    Refused {
        why: String,
    },
    /// Nobody knows.
    Unknown,
    /// Nobody knows, and nothing more is to be heard of it.
    Unresolved,
}

/// Publishes a request. The list of calls is in the table already, so somebody may
/// call whatever the bus answers, and telling others twice asks nobody twice: the
/// touch id is the key.
pub async fn request(app: &App, send: &Send) -> Outcome {
    let detail_type = match send.channel {
        Channel::Call => "CallRequested",
        Channel::Email | Channel::Task => "TaskRequested",
        Channel::Event => send.event.as_deref().unwrap_or("OpportunityFound"),
    };
    match app.bus.publish(&[Message::requested(send, detail_type)]).await {
        Ok(()) => Outcome::Sent { message_id: send.touch.to_string() },
        Err(error) => {
            tracing::warn!(%error, rule = send.touch.rule, "a request was not published, it is tried again");
            Outcome::NotNotified
        }
    }
}

/// Hands one mail over, at its turn: written by the rules that decided it, whichever
/// are live meanwhile.
pub async fn mail(
    app: &App,
    customer: &Customer,
    send: &Send,
    (rules, now): (&Rules, Instant),
    (pace, turn): (&SendRate, SendSlot),
) -> Outcome {
    let letter = match write(app, customer, send, rules, now) {
        Ok(letter) => letter,
        Err(error) => {
            let why = format!("{error:#}");
            let TouchId { rule, step, .. } = &send.touch;
            let template = send.template.as_deref().unwrap_or_default();
            let what = format!("{rule}/{step}, template {template}");
            pace.note_unwritten(&what, &why, &send.touch.to_string());
            return Outcome::Refused { why };
        }
    };
    if !pace.wait(app, turn).await {
        return Outcome::NotSent { until: Wait::Minutes.until(now) };
    }
    match app.mailer.send(&send.touch, &letter).await {
        Ok(message_id) => Outcome::Sent { message_id },
        Err(SendError::NotAccepted { refusal, why, wait }) => {
            pace.note_refusal(&refusal, &why);
            tracing::warn!(
                why,
                rule = send.touch.rule,
                "a mail was not accepted, it is tried again"
            );
            Outcome::NotSent { until: wait.until(now) }
        }
        Err(SendError::Refused { refusal, why }) => {
            pace.note_refusal(&refusal, &why);
            tracing::error!(why, rule = send.touch.rule, "a mail was refused");
            Outcome::Refused { why }
        }
        Err(SendError::Unknown(why)) => {
            tracing::error!(why, rule = send.touch.rule, "nobody knows whether a mail went out");
            Outcome::Unknown
        }
    }
}

/// Writes the mail of a touch from what is known of the customer now.
fn write(
    app: &App,
    customer: &Customer,
    send: &Send,
    rules: &Rules,
    now: Instant,
) -> anyhow::Result<Letter> {
    let policy = &rules.book.policy;
    let enrolment = customer.enrolments.iter().find(|e| e.is_at(&send.touch));
    let event = enrolment.and_then(|e| customer.trigger_of(e)).map(|fired| &fired.detail);
    let view = View { event, ..View::of(customer, &rules.book, now) };
    let unsubscribe = match send.purpose {
        Purpose::Service => None,
        Purpose::Marketing => Some(unsubscribe_link(app, &send.touch)?),
    };
    let survey = survey_links(app, send, &rules.book, now)?;
    let facts = Facts {
        rep: &send.assign_to,
        survey: survey.as_ref(),
        unsubscribe: unsubscribe.as_deref(),
        occasion: Occasion::of_touch(&view, &send.touch, &rules.book),
        period: Period::of_touch(&send.touch, &rules.book),
        call: None,
    };
    let template = send.template.as_deref().unwrap_or_default();
    let locale = customer.locale(policy);
    let context = context(&view, &facts);
    let mail = rules.templates.mail(template, locale, &policy.default_locale, &context)?;
    let profile = &customer.profile;
    let email = profile.email.latest().map(|email| email.as_str()).unwrap_or_default();
    let name = [&profile.given, &profile.family].map(|part| part.latest().map(|l| l.as_str()));
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let to = Recipient { email, name: Some(name).filter(|name| !name.is_empty()) };
    Ok(Letter::new(&policy.brand, to, &mail, unsubscribe.as_deref())?)
}

/// Where the customer can say no; without it, marketing mail is not written.
fn unsubscribe_link(app: &App, touch: &TouchId) -> anyhow::Result<String> {
    let needs = "marketing mail needs a link to unsubscribe; set";
    let base = app.links_url.as_deref().with_context(|| format!("{needs} {}", env::LINKS_URL))?;
    let keys = app.link_keys.as_ref().with_context(|| format!("{needs} {}", env::LINK_KEYS))?;
    let token = keys.sign(&Claim::unsubscribe(touch))?;
    Ok(unsubscribe_url(base, &token))
}

/// A link for each score, where the mail asks for one.
fn survey_links(
    app: &App,
    send: &Send,
    book: &RuleBook,
    now: Instant,
) -> anyhow::Result<Option<SurveyLinks>> {
    let step = book.rule(&send.touch.rule).and_then(|rule| rule.step(&send.touch.step));
    let Some(survey) = step.and_then(|step| step.survey.as_ref()) else { return Ok(None) };
    let needs = "a survey needs links to answer it; set";
    let base = app.links_url.as_deref().with_context(|| format!("{needs} {}", env::LINKS_URL))?;
    let keys = app.link_keys.as_ref().with_context(|| format!("{needs} {}", env::LINK_KEYS))?;
    let token = keys.sign(&Claim::survey(&send.touch, survey, now))?;
    let answers = survey.kind.scale().map(|score| (score, survey_url(base, &token, score)));
    Ok(Some(SurveyLinks { kind: survey.kind, answers: answers.collect() }))
}

/// The touch that an enrolment has on its way out, as it was decided.
pub fn send_of(customer: &Customer, enrolment: &Enrolment, book: &RuleBook) -> Option<Send> {
    let rule = book.rule(&enrolment.rule)?;
    let step = rule.step(&enrolment.step)?;
    let zone = customer.zone(&book.default_zone);
    let closed = &book.policy.closed_days;
    let touch = enrolment.touch(&customer.id);
    let (template, _) = step.drawn(&rule.name, &customer.id, enrolment.variant.as_deref());
    Some(Send {
        channel: step.channel,
        purpose: rule.purpose,
        template: template.map(str::to_owned),
        variant: enrolment.variant.clone(),
        assign_to: assignee(customer, book, &touch)?,
        event: step.event.clone(),
        at: enrolment.sending()?.since,
        version: enrolment.sending()?.version,
        due: enrolment.due,
        enrolled_at: enrolment.enrolled_at(),
        expires_at: calendar::later(enrolment.due, step.expiry, &zone, closed),
        touch,
    })
}

/// What became of a touch whose sender is gone. Requests are told again, by
/// the same touch id, but for calls that a no of the customer's has taken off the
/// list; of a mail the mailer may know.
///
/// # Errors
/// [`StoreError`] where the table does not tell what was said of the number.
pub async fn trace(
    app: &App,
    customer: &Customer,
    send: &Send,
    now: Instant,
) -> Result<Outcome, StoreError> {
    let is_made = || {
        let touch = send.touch.to_string();
        customer.call_reports.standing().any(|report| report.touch.as_str() == touch)
    };
    Ok(match send.channel {
        Channel::Call
            if call_list::forbidden(app, customer.clone(), &send.touch, now).await?.is_some()
                && !is_made() =>
        {
            Outcome::NotSent { until: now }
        }
        Channel::Email => match app.mailer.trace(&send.touch) {
            Trace::Accepted { message_id } => Outcome::Sent { message_id },
            Trace::NotAccepted => Outcome::NotSent { until: now },
            Trace::Unknown => Outcome::Unknown,
        },
        Channel::Call | Channel::Task | Channel::Event => request(app, send).await,
    })
}

/// Lists a touch of which nobody knows whether it went out.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn keep_unknown(app: &App, send: &Send, now: Instant) -> Result<(), StoreError> {
    let touch = send.touch.to_string();
    let why = "the mail service did not answer: this mail may or may not have gone out";
    aside::keep(app, FailureKind::UnknownSend, &touch, why, now).await?;
    tracing::error!(
        unknown_sends = 1,
        rule = send.touch.rule,
        "nobody knows whether a mail went out"
    );
    Ok(())
}
