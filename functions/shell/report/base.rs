//! Who the shop's customers are, in figures: of a sample, so that what is read does not
//! grow with the shop.

use std::collections::BTreeMap;

use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::customer::Customer;
use lazo_domain::history::Until;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::segment::Tally;
use lazo_domain::stage::Stage;
use lazo_domain::view::View;
use serde::{Deserialize, Serialize};

use crate::shell::app::App;
use crate::shell::store::StoreError;
use crate::shell::store::table::{Alarm, SHARDS};

/// How many customers of each of 16 parts are looked at.
const OF_EACH: usize = 64;

/// A group of customers, and what it says of them.
pub type Count = (String, u64);

/// What was counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseFigures {
    /// How many customers were looked at.
    pub customers: u64,
    /// There are more than were looked at: the figures are those of a sample.
    pub is_sample: bool,
    /// In each stage, in the order of stages.
    pub stages: Vec<(Stage, u64)>,
    /// In each segment, in the order of names.
    pub segments: Vec<Count>,
    /// Of each type of relationship.
    pub relationships: BTreeMap<String, u64>,
    /// Customers who bought and kept something.
    pub buyers: u64,
    /// Those who did on more than one day.
    pub repeat_buyers: u64,
    /// What all are worth together.
    pub worth: f64,
    /// What the tenth of them that is worth most is worth together.
    pub worth_of_top_tenth: f64,
    /// Whether that is what they are expected to spend, or what they have spent.
    pub is_expected: bool,
    /// Customers with an address for mail.
    pub with_mail: u64,
    /// Customers with a number.
    pub with_phone: u64,
    /// Customers who may get marketing mail.
    pub marketing_mail: u64,
    /// Customers with somebody of the shop who looks after them.
    pub looked_after: u64,
    /// Customers whose latest score says that they would recommend the shop, cannot say,
    /// or would not.
    pub recommend: [u64; 3],
    /// Customers who said how satisfied they are.
    pub said_satisfaction: u64,
}

/// Counts.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn figures(app: &App, now: Instant) -> Result<BaseFigures, StoreError> {
    let rules = app.rules();
    let book = &rules.book;
    let mut found = BaseFigures { is_expected: book.values().is_some(), ..BaseFigures::default() };
    let mut stages: BTreeMap<Stage, u64> = BTreeMap::new();
    let (mut tally, mut worths) = (Tally::default(), Vec::new());
    for shard in 0..SHARDS {
        // One more than is looked at tells whether there are more.
        let mut ids = app.store.sample(Alarm::Occasion, shard, OF_EACH + 1).await?;
        found.is_sample |= ids.len() > OF_EACH;
        ids.truncate(OF_EACH);
        for customer in app.store.customers(&ids).await?.into_values() {
            if customer.merged_into.is_some() || customer.erased_at.is_some() {
                continue;
            }
            let view = View::of(&customer, book, now);
            tally.take(book.segments(), &view);
            *stages.entry(view.stage()).or_default() += 1;
            worths.push(view.worth());
            found.take(&customer, book);
        }
    }
    found.stages = stages.into_iter().collect();
    let sizes = book.segments().iter().enumerate();
    let sizes = sizes.map(|(at, segment)| (segment.name.clone(), tally.of(at).size as u64));
    found.segments = sizes.collect();
    worths.sort_by(|a, b| b.total_cmp(a));
    found.worth = worths.iter().sum();
    found.worth_of_top_tenth = worths.iter().take(worths.len().div_ceil(10)).sum();
    Ok(found)
}

impl BaseFigures {
    fn take(&mut self, customer: &Customer, book: &RuleBook) {
        let profile = &customer.profile;
        let zone = customer.zone(&book.default_zone);
        let days = customer.history.days(Until::ALL, &zone);
        self.customers += 1;
        self.buyers += u64::from(days > 0);
        self.repeat_buyers += u64::from(days > 1);
        self.with_mail += u64::from(profile.email.latest().is_some());
        self.with_phone += u64::from(profile.phone.latest().is_some());
        self.looked_after += u64::from(profile.account_manager.latest().is_some());
        self.said_satisfaction += u64::from(customer.csat.latest().is_some());
        let may = book.policy.marketing_consent;
        let may =
            customer.consents.allow(std::iter::empty(), Channel::Email, Purpose::Marketing, may);
        self.marketing_mail += u64::from(may && profile.email.latest().is_some());
        let kind = profile.relationship.latest().map_or("", |kind| kind.as_str());
        *self.relationships.entry(kind.to_owned()).or_default() += 1;
        if let Some(score) = customer.nps.latest() {
            let place = match score {
                9.. => 0,
                7..9 => 1,
                _ => 2,
            };
            self.recommend[place] += 1;
        }
    }

    /// How many are in a segment.
    pub fn segment(&self, name: &str) -> Option<u64> {
        self.segments.iter().find(|(known, _)| known == name).map(|(_, count)| *count)
    }

    /// The share of a count.
    pub fn share(&self, count: u64) -> f64 {
        if self.customers == 0 { 0.0 } else { count as f64 / self.customers as f64 }
    }
}
