//! Those in charge are told that a complaint was not resolved in time: by an
//! event, and by a mail to each, once.

use lazo_domain::complaint::Escalation;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{Decision, Input, deadline, decide};
use lazo_domain::history::Until;
use lazo_domain::instant::Instant;
use lazo_domain::notice::{NoticeId, NoticeKind};
use lazo_domain::rulebook::RuleBook;
use serde_json::{Value, json};

use crate::shell::app::App;
use crate::shell::bus::Message;
use crate::shell::commit::{CommitError, Plan, Planned, Read, Written, decide_and_commit};
use crate::shell::mailer::Wait;
use crate::shell::send_rate::SendRate;
use crate::shell::staff_mail::{self, Notice, SendStatus};
use crate::shell::store::{EscalationEntry, Ledger, LedgerEntry, Loaded, StoreError};

/// How it went with telling of one level.
struct Outcome {
    /// When it is tried again, where not everybody was told.
    again: Option<Instant>,
    is_published: bool,
}

/// Tells of every level that a customer's complaints have reached and of which
/// nobody was told. A crash on the way tells again what has a key: the event
/// by customer, complaint and level, each mail by its fence.
pub(super) async fn tell(
    app: &App,
    mut loaded: Loaded,
    pace: &SendRate,
    now: Instant,
) -> Result<Loaded, StoreError> {
    let not_notified = loaded.customer.complaints.not_notified.clone();
    for escalation in not_notified.iter().filter(|escalation| escalation.next <= now) {
        let outcome = tell_one(app, &loaded.customer, escalation, pace, now).await?;
        loaded = write(app, loaded, escalation, outcome, now).await?;
    }
    Ok(loaded)
}

async fn tell_one(
    app: &App,
    customer: &Customer,
    escalation: &Escalation,
    pace: &SendRate,
    now: Instant,
) -> Result<Outcome, StoreError> {
    let rules = app.rules();
    let policy = &rules.book.policy;
    let category = customer.complaints.category(&escalation.complaint);
    let owner = policy.department(category.as_ref().map(|line| line.as_str()));
    let to = policy.in_charge(escalation.level, owner).unwrap_or(owner);
    if !escalation.is_published
        && let Err(error) = app.bus.publish(&[Message::escalated(customer, escalation, to)]).await
    {
        tracing::warn!(%error, "an escalation was not published, it is tried again");
        return Ok(Outcome { again: Some(Wait::Minutes.until(now)), is_published: false });
    }
    let mut again: Option<Instant> = None;
    let level = escalation.level.to_string();
    for mailbox in policy.mailboxes(to) {
        let kind = NoticeKind::ComplaintEscalated;
        let parts = [customer.id.as_str(), escalation.complaint.as_str(), level.as_str()];
        let id = NoticeId::new(kind, &parts, mailbox.name);
        let about = about(customer, escalation, owner, &rules.book);
        let notice = Notice { id, kind, to: mailbox, about };
        if let SendStatus::NotYet { until } = staff_mail::tell(app, &notice, pace, now).await? {
            again = Some(again.map_or(until, |known| known.min(until)));
        }
    }
    Ok(Outcome { again, is_published: true })
}

/// What the mail may name, by the shop's clock.
fn about(customer: &Customer, escalation: &Escalation, owner: &str, book: &RuleBook) -> Value {
    let zone = &book.default_zone;
    let complaints = &customer.complaints;
    let id = &escalation.complaint;
    let moment = |at: Instant| {
        let local = at.zoned(zone);
        json!({ "date": local.date().to_string(), "time": local.strftime("%H:%M").to_string() })
    };
    let opened_at = complaints.get(id).and_then(|complaint| complaint.opened_at);
    let first = deadline(customer, book, id, 0).unwrap_or(escalation.at);
    let profile = &customer.profile;
    json!({
        "complaint": {
            "id": id,
            "category": complaints.category(id),
            "severity": complaints.severity(id),
            "owner": book.policy.called(owner),
            "level": escalation.level,
            "opened": moment(opened_at.unwrap_or(escalation.at)),
            "deadline": moment(first),
        },
        "customer": {
            "id": customer.id,
            "given_name": profile.given.latest(),
            "family_name": profile.family.latest(),
            "phone": profile.phone.latest(),
            "purchases": customer.history.count(Until::ALL),
        },
    })
}

/// Writes down how it went, unless somebody did meanwhile.
async fn write(
    app: &App,
    loaded: Loaded,
    escalation: &Escalation,
    outcome: Outcome,
    now: Instant,
) -> Result<Loaded, StoreError> {
    let (complaint, level) = (&escalation.complaint, escalation.level);
    let input = match outcome {
        Outcome { again: None, .. } => Input::EscalationNotified { complaint, level },
        Outcome { again: Some(until), is_published } => {
            Input::EscalationNotNotified { complaint, level, until, is_published }
        }
    };
    let id = &loaded.customer.id.clone();
    let plan = async |loaded: Loaded| -> Planned<(), CommitError> {
        let rules = app.rules();
        let customer = decide(loaded.customer.clone(), input, &rules.book, now).customer;
        if customer == loaded.customer {
            return Ok((loaded, Plan::Leave(())));
        }
        Ok((
            loaded,
            Plan::Write {
                customer: Box::new(customer),
                ledger: Ledger::default(),
                about: 0,
                value: (),
            },
        ))
    };
    match decide_and_commit(app, Read::Id(id), Some(loaded), now, plan).await {
        Ok(Written::Left(loaded, ()) | Written::Done(loaded, ())) => Ok(loaded),
        Ok(Written::AlreadyRecorded(loaded, _)) => Ok(loaded),
        Err(CommitError::Store(error)) => Err(error),
        // It is told once more, under the same keys.
        Err(CommitError::Contention(_)) => app.store.load(id).await,
    }
}

/// Levels that the ledger has as reached, by a state that was lost since: those
/// in charge were told then.
pub(super) fn leave_out(
    mut decision: Decision,
    ledger: &mut Ledger,
    reached: &[EscalationEntry],
    book: &RuleBook,
    now: Instant,
) -> Decision {
    let is_known = |entry: &EscalationEntry| {
        reached.iter().any(|r| r.complaint == entry.complaint && r.level == entry.level)
    };
    ledger
        .entries
        .retain(|entry| !matches!(entry, LedgerEntry::Escalation(entry) if is_known(entry)));
    for EscalationEntry { complaint, level, .. } in reached {
        let input = Input::EscalationNotified { complaint, level: *level };
        decision.customer = decide(decision.customer, input, book, now).customer;
    }
    decision
}
