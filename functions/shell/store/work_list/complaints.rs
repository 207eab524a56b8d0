//! Complaints beside the customers' state: the list of open ones, the levels
//! that they reached, and what there is to count by month.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::complaint::Escalation;
use lazo_domain::customer::Customer;
use lazo_domain::decide::deadline;
use lazo_domain::event::{Line, Severity};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use serde::{Deserialize, Serialize};

use super::calls::place;
use super::monthly_statistics::{Counted, Month, Subject, mark};
use super::table::{SHARDS, shard_of};
use super::{Item, LedgerEntry, Sk, Store, StoreError, keys, read, to_item};

/// A level that a complaint reached: its permanent once-only key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationEntry {
    /// The id of the complaint that went up.
    pub complaint: Id,
    /// The level that it reached; the first is 1.
    pub level: u8,
    /// The deadline that passed.
    pub at: Instant,
}

impl EscalationEntry {
    /// What is kept of an escalation for ever.
    pub fn new(escalation: &Escalation) -> EscalationEntry {
        let Escalation { complaint, level, at, .. } = escalation.clone();
        EscalationEntry { complaint, level, at }
    }
}

/// A complaint as the list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComplaintEntry {
    /// Whose complaint it is.
    pub customer: Id,
    /// The complaint's id.
    pub complaint: Id,
    /// How severe it is; `Normal` where nobody told.
    pub severity: Severity,
    /// What it is about, in the shop's own words; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Line>,
    /// When it was opened; `None` where only its resolution was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Instant>,
    /// When it was resolved; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// When it is to be resolved, where the policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Instant>,
}

impl ComplaintEntry {
    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        let mut item = to_item(self)?;
        if self.opened_at.is_some() && self.resolved_at.is_none() {
            let by = self.deadline.unwrap_or(Instant::MAX).millis().to_string();
            item.insert("calls_of".into(), AttributeValue::S(list(shard_of(&self.customer))));
            item.insert("calls_by".into(), AttributeValue::N(by));
        }
        Ok(item)
    }
}

/// The index's key of the open complaints of a shard of customers. No person
/// or team has such a name.
fn list(shard: u8) -> String {
    format!("complaints#{shard}")
}

/// What happened to a complaint in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It was opened, or opened again.
    Opened,
    /// It was resolved.
    Resolved,
}

/// A complaint in the month in which it was opened or resolved. It names
/// nobody, and stays when the customer is forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedComplaint {
    /// The month of that moment, in the shop's zone.
    pub month: Month,
    /// Whether it counts as opened or as resolved.
    pub moment: Moment,
    hash: String,
    /// What it is about, in the shop's own words; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Line>,
    /// Why it came about; `None` where it counts as opened, or that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<Line>,
    /// Nobody told of its opening: it counts as opened and closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_never_opened: bool,
}

impl CountedComplaint {
    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        let moment = match self.moment {
            Moment::Opened => "opened",
            Moment::Resolved => "resolved",
        };
        Subject::Complaints.item(self.month, format!("{moment}#{}", self.hash), self)
    }
}

/// What is written of a complaint as it stands in a customer's new state: the
/// same however often, so that each counts once.
pub fn complaint_entries(customer: &Customer, id: &Id, book: &RuleBook) -> Vec<LedgerEntry> {
    let complaints = &customer.complaints;
    let Some(complaint) = complaints.get(id) else { return Vec::new() };
    let category = complaints.category(id);
    let entry = ComplaintEntry {
        customer: customer.id.clone(),
        complaint: id.clone(),
        severity: complaints.severity(id),
        category: category.clone(),
        opened_at: complaint.opened_at,
        resolved_at: complaint.resolved_at,
        deadline: deadline(customer, book, id, 0),
    };
    let counted = |moment, at: Instant| {
        LedgerEntry::Counted(Counted::Complaint(CountedComplaint {
            month: Month::of(at, &book.default_zone),
            moment,
            hash: mark(&customer.id, id),
            category: category.clone(),
            root_cause: complaint.root_cause.clone().filter(|_| moment == Moment::Resolved),
            was_never_opened: complaint.opened_at.is_none(),
        }))
    };
    let opened = complaint.opened_at.map(|at| counted(Moment::Opened, at));
    let resolved = complaint.resolved_at.map(|at| counted(Moment::Resolved, at));
    std::iter::once(LedgerEntry::Complaint(entry)).chain(opened).chain(resolved).collect()
}

impl Store {
    /// The open complaints of all customers, the earliest deadline first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn open_complaints(&self) -> Result<Vec<ComplaintEntry>, StoreError> {
        let mut listed = Vec::new();
        for shard in 0..SHARDS {
            listed.extend(self.on_list(&list(shard), Instant::MIN).await?);
        }
        let open = self.get_all(listed).await?.into_iter().map(read);
        let mut open: Vec<ComplaintEntry> = open.collect::<Result<_, _>>()?;
        open.retain(|entry| entry.resolved_at.is_none());
        open.sort_by_key(|entry| (entry.deadline.is_none(), entry.deadline, entry.opened_at));
        Ok(open)
    }

    /// Those of them whose deadline comes first, so many of each shard: by a number of
    /// requests that does not grow with them.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn first_open_complaints(
        &self,
        of_each: usize,
    ) -> Result<Vec<ComplaintEntry>, StoreError> {
        let asked = (0..SHARDS).map(async |shard| {
            self.first_of(self.listed(&list(shard), Instant::MIN), of_each).await
        });
        let mut listed = Vec::new();
        for found in futures::future::join_all(asked).await {
            listed.extend(found?.iter().map(place).collect::<Result<Vec<_>, _>>()?);
        }
        let open = self.get_all(listed).await?.into_iter().map(read);
        let mut open: Vec<ComplaintEntry> = open.collect::<Result<_, _>>()?;
        open.retain(|entry| entry.resolved_at.is_none());
        open.sort_by_key(|entry| (entry.deadline.is_none(), entry.deadline, entry.opened_at));
        Ok(open)
    }

    /// Takes a customer's complaints off the list of open ones, as the customer
    /// is forgotten.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn withdraw_complaints(&self, id: &Id) -> Result<(), StoreError> {
        for item in self.items_under(id, Sk::Begins(keys::COMPLAINT)).await? {
            if !item.contains_key("calls_of") {
                continue;
            }
            let sk = keys::text(&item, "sk")?;
            let update = self
                .client
                .update_item()
                .set_key(Some(keys::keyed(keys::customer(id), sk)))
                .condition_expression("attribute_exists(pk)")
                .update_expression("REMOVE calls_of, calls_by, category");
            self.update_if(update).await?;
        }
        Ok(())
    }

    /// The levels that a customer's complaints reached.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn escalations(&self, id: &Id) -> Result<Vec<EscalationEntry>, StoreError> {
        self.items_under(id, Sk::Begins(keys::ESCALATION)).await?.into_iter().map(read).collect()
    }

    /// What was opened and resolved in a month.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn complaints_of(&self, month: Month) -> Result<Vec<CountedComplaint>, StoreError> {
        self.counted(Subject::Complaints, month).await
    }
}
