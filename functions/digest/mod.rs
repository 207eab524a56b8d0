//! Each morning one mail to each person and team of the shop: what the day
//! brings. Read from lists by person; no customer is searched for.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lazo_domain::calendar;
use lazo_domain::channel::Channel;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{call_facts, celebrated_on};
use lazo_domain::event::Line;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::message::{Facts, Occasion, context};
use lazo_domain::notice::{NoticeId, NoticeKind};
use lazo_domain::policy::{Mailbox, Policy};
use lazo_domain::view::View;

use serde::Serialize;
use serde_json::{Value, json};

use crate::shell::app::App;
use crate::shell::call_list::{self, Listed};
use crate::shell::rules::Rules;
use crate::shell::send_rate::SendRate;
use crate::shell::sending::{self, Sending};
use crate::shell::staff_mail::{Notice, SendStatus, settle_held, tell};
use crate::shell::store::{ComplaintEntry, NoticeEntry, NoticeState, StoreError};

/// How long a morning lasts: what could not be told by then is told tomorrow.
const MORNING_MILLIS: i64 = 5 * 3_600_000;

/// How long behind the morning runs still settle what it left open: by then a
/// mail of unknown fate is listed.
const SETTLING_MILLIS: i64 = 2 * 3_600_000;

/// How many days back a mail tells the news of, where the mornings before had
/// none.
const NEWS_DAYS: usize = 7;

/// How old news must be: by then it is committed.
const SETTLED_MILLIS: i64 = 5 * 60_000;

/// How many of each kind a mail names; of the others it tells how many.
const ITEMS_MAX: usize = 25;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DigestReport {
    /// Mails that went out, or were found to have gone out.
    pub sent: usize,
    /// People and teams whom the day brings nothing.
    pub nothing: usize,
    /// Mails that are to be tried again by the next run.
    pub waiting: usize,
}

/// Sends what is due of this morning's mails; outside of it, nothing.
///
/// # Errors
/// [`StoreError`] where the table does not answer; the next run goes on.
pub async fn run(app: &App, now: Instant) -> Result<DigestReport, StoreError> {
    let mut report = DigestReport::default();
    let rules = app.rules();
    let policy = &rules.book.policy;
    let Some(at) = policy.digest_at else { return Ok(report) };
    let zone = &rules.book.default_zone;
    let today = now.date_in(zone);
    let morning = calendar::instant(today, at, zone);
    let is_morning = now >= morning && now < morning.plus_millis(MORNING_MILLIS);
    if now < morning || now >= morning.plus_millis(MORNING_MILLIS + SETTLING_MILLIS) {
        return Ok(report);
    }
    // Of a restored copy nobody knows yet what was told since.
    if sending::look(app).await? == Sending::OnHold {
        return Ok(report);
    }
    let pace = SendRate::new(now, None);
    // Read once there is a mail to write.
    let mut open: Option<Vec<ComplaintEntry>> = None;
    let names = policy.people.keys().chain(policy.teams.keys());
    for name in names {
        for to in policy.mailboxes(name) {
            let id = id_of(name, to.name, today);
            match app.store.notice(&id).await? {
                None | Some(NoticeEntry { state: NoticeState::PutBack, .. }) if is_morning => {}
                Some(NoticeEntry { state: NoticeState::Fenced, at, .. }) => {
                    // Whether or not there is still something to tell.
                    match settle_held(app, &id, at, now).await? {
                        SendStatus::Yes => report.sent += 1,
                        SendStatus::Never => {}
                        SendStatus::NotYet { .. } => report.waiting += 1,
                    }
                    continue;
                }
                _ => continue,
            }
            let last = settle_earlier(app, name, to.name, today, now).await?;
            let from = calendar::instant(last, at, zone);
            let open = match &mut open {
                Some(open) => open,
                none => none.insert(app.store.open_complaints().await?),
            };
            let day = Day { app, rules: &rules, name, today, from, morning, now, to: &to, open };
            let Some(about) = day.about().await? else {
                report.nothing += 1;
                continue;
            };
            let notice = Notice { id, kind: NoticeKind::DailyDigest, to, about };
            match tell(app, &notice, &pace, now).await? {
                SendStatus::Yes => report.sent += 1,
                SendStatus::Never => {}
                SendStatus::NotYet { .. } => report.waiting += 1,
            }
        }
    }
    pace.tell_troubles(app).await;
    Ok(report)
}

fn id_of(name: &str, to: &str, day: Date) -> NoticeId {
    NoticeId::new(NoticeKind::DailyDigest, &[name, &day.to_string()], to)
}

/// Settles what an earlier morning left open. The last day whose mail went out, as
/// far as anybody knows and as far back as news are kept. A day without a mail
/// brought nothing, or was missed: either way its news are still to be told.
async fn settle_earlier(
    app: &App,
    name: &str,
    to: &str,
    today: Date,
    now: Instant,
) -> Result<Date, StoreError> {
    let before = |day: &Date| day.yesterday().ok();
    let days: Vec<Date> = std::iter::successors(before(&today), before).take(NEWS_DAYS).collect();
    let ids: Vec<NoticeId> = days.iter().map(|day| id_of(name, to, *day)).collect();
    let known = app.store.notices(&ids).await?;
    for (day, id) in days.iter().zip(&ids) {
        let Some(entry) = known.get(&id.to_string()) else { continue };
        if entry.state == NoticeState::Fenced {
            settle_held(app, id, entry.at, now).await?;
        }
        if !matches!(entry.state, NoticeState::PutBack | NoticeState::Refused) {
            return Ok(*day);
        }
    }
    Ok(days.last().copied().unwrap_or(today))
}

/// What one day brings one person or team.
struct Day<'a> {
    app: &'a App,
    rules: &'a Rules,
    name: &'a str,
    today: Date,
    /// The morning of the last mail.
    from: Instant,
    morning: Instant,
    now: Instant,
    to: &'a Mailbox<'a>,
    /// The open complaints of all customers.
    open: &'a [ComplaintEntry],
}

impl Day<'_> {
    fn policy(&self) -> &Policy {
        &self.rules.book.policy
    }

    /// What the mail may name; `None` where the day brings nothing.
    async fn about(&self) -> Result<Option<Value>, StoreError> {
        let parts = [
            ("calls", self.calls().await?),
            ("complaints", self.complaints().await?),
            ("drifting", self.drifting().await?),
            ("birthdays", self.birthdays().await?),
        ];
        let mut digest = json!({ "date": self.today.to_string() });
        let mut is_empty = true;
        for (name, mut items) in parts {
            if items.is_empty() {
                continue;
            }
            is_empty = false;
            let more = items.len().saturating_sub(ITEMS_MAX);
            items.truncate(ITEMS_MAX);
            digest[name] = json!({ "items": items, "more": more });
        }
        Ok((!is_empty).then(|| json!({ "digest": digest })))
    }

    /// The calls and tasks on the list, the most urgent first; what is put off beyond
    /// today is for another morning.
    async fn calls(&self) -> Result<Vec<Value>, StoreError> {
        let zone = &self.rules.book.default_zone;
        let listed = call_list::open(self.app, &[self.name.to_owned()], self.now).await?;
        let is_today = |listed: &&Listed| {
            let until = listed.call.snoozed_until;
            until.is_none_or(|until| until.date_in(zone) <= self.today)
        };
        Ok(listed.iter().filter(is_today).map(|listed| self.call(listed)).collect())
    }

    fn call(&self, listed: &Listed) -> Value {
        let by = listed.call.expires_at_instant.zoned(&self.rules.book.default_zone);
        let mut item = person(&listed.customer);
        item["title"] = self.title(listed).into();
        item["by"] = json!({
            "date": by.date().to_string(), "time": by.strftime("%H:%M").to_string(),
        });
        item
    }

    /// The complaints that are theirs to resolve by tomorrow morning, or should
    /// have been, the earliest deadline first.
    async fn complaints(&self) -> Result<Vec<Value>, StoreError> {
        let book = &self.rules.book;
        let until = self.morning.plus_millis(DAY_MILLIS);
        let is_theirs = |complaint: &&ComplaintEntry| {
            let category = complaint.category.as_ref().map(Line::as_str);
            self.policy().department(category) == self.name
        };
        let due = self.open.iter().filter(is_theirs).filter_map(|complaint| {
            Some((complaint, complaint.deadline.filter(|deadline| *deadline < until)?))
        });
        let due: Vec<(&ComplaintEntry, Instant)> = due.collect();
        let known = self.known(due.iter().map(|(complaint, _)| &complaint.customer)).await?;
        let mut items = Vec::new();
        for (complaint, deadline) in due {
            let Some(customer) = known.get(&complaint.customer) else { continue };
            let by = deadline.zoned(&book.default_zone);
            let mut item = person(customer);
            item["complaint"] = json!(complaint.complaint);
            item["category"] = json!(complaint.category);
            item["severity"] = json!(complaint.severity);
            item["is_late"] = (deadline <= self.now).into();
            item["by"] = json!({
                "date": by.date().to_string(), "time": by.strftime("%H:%M").to_string(),
            });
            items.push(item);
        }
        Ok(items)
    }

    /// The heading of a call's script, in the reader's language.
    fn title(&self, Listed { call, customer }: &Listed) -> String {
        let book = &self.rules.book;
        let fired = customer.fired.iter().find(|f| f.occurrence == call.touch.occurrence);
        let event = fired.map(|fired| &fired.detail);
        let view = View { event, ..View::of(customer, book, self.now) };
        let facts = Facts {
            rep: &call.assigned_to,
            occasion: Occasion::of_touch(&view, &call.touch, book),
            call: Some(call_facts(customer, book, &call.touch, self.now))
                .filter(|_| call.channel == Channel::Call),
            ..Facts::default()
        };
        let templates = &self.rules.templates;
        let (locale, default) = (self.to.locale, self.policy().default_locale.as_str());
        let script = templates.script(&call.template, locale, default, &context(&view, &facts));
        let heading = script.ok().and_then(|script| {
            let first = script.markdown.lines().next()?.trim_start_matches('#').trim().to_owned();
            Some(first).filter(|first| !first.is_empty())
        });
        heading.unwrap_or_else(|| call.touch.rule.clone())
    }

    /// Who began to drift away since the last mail; who has no account
    /// manager is the call team's.
    async fn drifting(&self) -> Result<Vec<Value>, StoreError> {
        let store = &self.app.store;
        let until = self.morning.plus_millis(-SETTLED_MILLIS);
        let from = self.from.plus_millis(-SETTLED_MILLIS);
        let mut ids = store.drifting(Some(self.name), from, until).await?;
        if self.name == self.policy().call_team {
            ids.extend(store.drifting(None, from, until).await?);
        }
        let known = self.known(&ids).await?;
        Ok(ids.iter().filter_map(|id| known.get(id)).map(person).collect())
    }

    /// Whose birthday it is.
    async fn birthdays(&self) -> Result<Vec<Value>, StoreError> {
        let (today, leap_day) = (self.today, self.policy().leap_day);
        let mut days = vec![(today.month(), today.day())];
        // Who was born on 29 February may celebrate on another day.
        if matches!(days[0], (2, 28) | (3, 1)) {
            days.push((2, 29));
        }
        let mut items = Vec::new();
        for day in days {
            let ids = self.app.store.birthdays(self.name, day).await?;
            for customer in self.known(&ids).await?.values() {
                let profile = &customer.profile;
                let is_theirs =
                    profile.account_manager.latest().is_some_and(|m| m.as_str() == self.name);
                let is_today = profile.birthday.latest().is_some_and(|birthday| {
                    !self.policy().birthdays.is_placeholder(*birthday)
                        && celebrated_on(*birthday, today.year(), leap_day) == Some(today)
                        && birthday.year.is_none_or(|born| born < today.year())
                });
                if is_theirs && is_today {
                    items.push(person(customer));
                }
            }
        }
        Ok(items)
    }

    /// Customers who did not ask to be forgotten.
    async fn known(
        &self,
        ids: impl IntoIterator<Item = &Id>,
    ) -> Result<BTreeMap<Id, Customer>, StoreError> {
        let mut known = self.app.store.customers(ids).await?;
        known.retain(|_, customer| customer.erased_at.is_none());
        Ok(known)
    }
}

/// A customer as colleagues name one.
fn person(customer: &Customer) -> Value {
    let profile = &customer.profile;
    let names = [&profile.given, &profile.family];
    let names: Vec<&str> = names.iter().filter_map(|n| Some(n.latest()?.as_str())).collect();
    let name = if names.is_empty() { customer.id.to_string() } else { names.join(" ") };
    json!({ "customer": name, "id": customer.id, "phone": profile.phone.latest() })
}
