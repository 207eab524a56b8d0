//! Where the relationship stands: what the customer accepts, what they are worth, what is
//! open.

use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::customer::Customer;
use lazo_domain::decide::deadline;
use lazo_domain::event::{EventKind, Line, Severity};
use lazo_domain::history::Until;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::view::View;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Portrait, Telling};

/// Whether a channel is open for a purpose, and since when that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    /// Whether a touch may go.
    pub is_allowed: bool,
    /// When the word was said that decides; `None` where nothing was said.
    pub said_at: Option<Instant>,
    /// Whether it was said under another id of the same address or number.
    pub is_of_address: bool,
}

/// The channels to customers, in the order of the table.
pub const CHANNELS: [Channel; 2] = [Channel::Email, Channel::Call];
/// The purposes, in the order of the table.
pub const PURPOSES: [Purpose; 2] = [Purpose::Marketing, Purpose::Service];

/// Whether a channel is open for a purpose.
pub fn accepts(
    customer: &Customer,
    book: &RuleBook,
    channel: Channel,
    purpose: Purpose,
) -> Accepts {
    let heard = match channel {
        Channel::Email => &customer.heard.email,
        _ => &customer.heard.phone,
    };
    let own = customer.last_word(channel, purpose);
    let no = heard.as_ref().and_then(|words| words.no(purpose));
    let is_allowed = customer.allows(channel, purpose, book.policy.marketing_consent);
    match no.filter(|_| is_allowed) {
        Some(no) => Accepts { is_allowed: false, said_at: Some(no.at), is_of_address: true },
        None => Accepts { is_allowed, said_at: own.map(|word| word.at), is_of_address: false },
    }
}

/// Whether mail to the customer's address came back for good or was called spam, and
/// whether somebody else answered at the number.
pub fn unreachable(customer: &Customer) -> [bool; 2] {
    let email = customer.profile.email.latest();
    let stopped = customer.heard.email.as_ref().is_some_and(|words| words.stop().is_some());
    let email = email.is_some_and(|email| customer.suppressed.covers(email.as_str())) || stopped;
    let phone = customer.profile.phone.latest();
    [email, phone.is_some_and(|phone| customer.wrong_numbers.covers(phone.as_str()))]
}

/// What a customer is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// What they are expected to spend in the coming year; `None` while nobody can tell.
    pub estimate: Option<f64>,
    /// What they have spent, net of refunds, in the shop's currency.
    pub spent: Decimal,
    /// With how many purchases.
    pub purchases: usize,
}

/// What a customer is worth, as of now.
pub fn worth(customer: &Customer, book: &RuleBook, now: Instant) -> Worth {
    let history = &customer.history;
    let view = View::of(customer, book, now);
    let has_bought = history.first_at(Until::ALL).is_some();
    Worth {
        estimate: (book.values().is_some() && has_bought).then(|| view.worth()),
        spent: history.spent(Until::ALL, book.policy.currency),
        purchases: history.count(Until::ALL),
    }
}

/// A complaint that is open.
#[derive(Clone, Debug)]
pub struct OpenComplaint {
    /// Its id.
    pub id: Id,
    /// What it is about, in the shop's own words.
    pub category: Option<Line>,
    /// How bad it is.
    pub severity: Severity,
    /// When it was opened.
    pub opened_at: Option<Instant>,
    /// Until when it is to be resolved; `None` where the policy says nothing.
    pub deadline: Option<Instant>,
    /// Who resolves it, as the policy calls them.
    pub owner: String,
    /// What happened, as it was told.
    pub description: Option<String>,
}

/// The complaints that are open, the oldest first.
pub fn open_complaints(portrait: &Portrait, telling: &Telling) -> Vec<OpenComplaint> {
    let customer = &portrait.told.customer;
    let open = customer.complaints.iter().filter(|(_, complaint)| complaint.is_open());
    let one = |(id, complaint): (&Id, &lazo_domain::complaint::Complaint)| {
        let category = customer.complaints.category(id);
        let owner = telling.book.policy.department(category.as_ref().map(Line::as_str));
        OpenComplaint {
            id: id.clone(),
            severity: customer.complaints.severity(id),
            opened_at: complaint.opened_at,
            deadline: deadline(customer, telling.book, id, 0),
            owner: telling.called(owner),
            description: description(portrait, id),
            category,
        }
    };
    let mut open: Vec<OpenComplaint> = open.map(one).collect();
    open.sort_by_key(|one| one.opened_at);
    open
}

fn description(portrait: &Portrait, id: &Id) -> Option<String> {
    let mut events = portrait.told.events.iter();
    let opened = events
        .find(|event| event.kind == EventKind::ComplaintOpened && event.key == id.as_str())?;
    let detail: Value = serde_json::from_str(&opened.detail.as_ref()?.0).ok()?;
    detail["description"].as_str().map(str::to_owned)
}
