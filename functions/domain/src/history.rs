//! What a customer bought and gave back.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::drift::PurchaseDay;
use crate::event::{Item, Line, PurchaseCompleted, PurchaseRefunded};
use crate::id::Id;
use crate::instant::Instant;
use crate::money::{Currency, amount};
use crate::ordered;

/// How many purchases are kept one by one; older ones are kept as a sum.
pub const PURCHASES_MAX: usize = 1_000;

/// How many items of the latest purchase are kept, for scripts and templates.
pub const ITEMS_MAX: usize = 5;

/// How many refunds, and how many deliveries, may wait for a purchase that has
/// not arrived.
const EARLY_MAX: usize = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    pub at: Instant,
    pub id: Id,
    #[serde(with = "amount")]
    pub total: Decimal,
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Line>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Instant>,
    /// Only the latest purchase keeps these two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refund {
    pub at: Instant,
    pub id: Id,
    /// `None` gives all back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
}

impl Refund {
    fn amount(&self, of: Decimal) -> Decimal {
        match &self.total {
            None => of,
            Some(total) => total.parse().unwrap_or_default(),
        }
    }
}

impl Purchase {
    /// What was given back up to an instant, at most the total.
    pub fn refunded(&self, until: Instant) -> Decimal {
        let refunds = self.refunds.iter().filter(|refund| refund.at <= until);
        refunds.map(|refund| refund.amount(self.total)).sum::<Decimal>().min(self.total)
    }

    pub fn is_fully_refunded(&self, until: Instant) -> bool {
        let any = self.refunds.iter().any(|refund| refund.at <= until);
        any && self.refunded(until) >= self.total
    }
}

/// Purchases older than the [`PURCHASES_MAX`] latest, summed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    pub purchases: u32,
    pub days: u32,
    #[serde(with = "amount")]
    pub spent: Decimal,
    pub first_at: Instant,
    pub last_at: Instant,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// In order of (instant, id).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purchases: Vec<Purchase>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    early_refunds: Vec<(Id, Refund)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    early_deliveries: Vec<(Instant, Id)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// Up to which point of the history a question is asked: purchases before
/// `at`, and at that very instant those whose id is not greater than `id`.
#[derive(Clone, Copy, Debug)]
pub struct Until<'a> {
    pub at: Instant,
    pub purchase: Option<&'a Id>,
}

impl Until<'_> {
    /// Everything that is known.
    pub const ALL: Until<'static> = Until { at: Instant::MAX, purchase: None };

    fn includes(&self, purchase: &Purchase) -> bool {
        purchase.at < self.at
            || purchase.at == self.at && self.purchase.is_none_or(|id| purchase.id <= *id)
    }
}

impl History {
    pub fn add_purchase(&mut self, event: &PurchaseCompleted) {
        let at = Instant::from(event.occurred_at);
        let key = (at, &event.purchase_id);
        let place = self.purchases.binary_search_by(|p| (p.at, &p.id).cmp(&key));
        let (Ok(index) | Err(index)) = place;
        let is_latest = index == self.purchases.len();
        let early = self.early_refunds.extract_if(.., |(id, _)| *id == event.purchase_id);
        let refunds: Vec<Refund> = early.map(|(_, refund)| refund).collect();
        let delivered = |(_, id): &(Instant, Id)| *id == event.purchase_id;
        let early = self.early_deliveries.iter().position(delivered);
        let delivered_at = early.map(|index| self.early_deliveries.remove(index).0);
        let categories: BTreeSet<Line> =
            event.items.iter().filter_map(|item| item.category.clone()).collect();
        if let (true, Some(before)) = (is_latest, self.purchases.last_mut()) {
            before.items = Vec::new();
            before.sold_by = None;
        }
        let purchase = Purchase {
            at,
            id: event.purchase_id.clone(),
            total: event.total.amount,
            currency: event.total.currency,
            categories: categories.into_iter().collect(),
            refunds,
            delivered_at,
            items: match is_latest {
                true => event.items.iter().take(ITEMS_MAX).cloned().collect(),
                false => Vec::new(),
            },
            sold_by: event.sold_by.clone().filter(|_| is_latest),
        };
        self.purchases.insert(index, purchase);
        if self.purchases.len() > PURCHASES_MAX {
            self.sum_up_oldest();
        }
    }

    /// Keeps the item bounded: the oldest purchase becomes part of a sum.
    fn sum_up_oldest(&mut self) {
        let oldest = self.purchases.remove(0);
        if oldest.is_fully_refunded(Instant::MAX) {
            return;
        }
        let net = oldest.total - oldest.refunded(Instant::MAX);
        let earlier = self.earlier.get_or_insert(Earlier {
            purchases: 0,
            days: 0,
            spent: Decimal::ZERO,
            first_at: oldest.at,
            last_at: Instant::MIN,
        });
        let utc = TimeZone::UTC;
        earlier.purchases += 1;
        earlier.days += u32::from(earlier.last_at.date_in(&utc) != oldest.at.date_in(&utc));
        earlier.spent += net;
        earlier.first_at = earlier.first_at.min(oldest.at);
        earlier.last_at = earlier.last_at.max(oldest.at);
    }

    pub fn add_refund(&mut self, event: &PurchaseRefunded) {
        let refund = Refund {
            at: event.occurred_at.into(),
            id: event.refund_id.clone(),
            total: event.total.map(|total| total.amount.to_string()),
        };
        match self.purchases.iter_mut().rev().find(|p| p.id == event.purchase_id) {
            Some(purchase) => ordered::insert(&mut purchase.refunds, refund),
            None => {
                let early = &mut self.early_refunds;
                let (Ok(index) | Err(index)) =
                    early.binary_search_by(|(_, known)| known.cmp(&refund));
                early.insert(index, (event.purchase_id.clone(), refund));
                ordered::keep_latest(early, EARLY_MAX);
            }
        }
    }

    pub fn add_delivery(&mut self, purchase_id: &Id, at: Instant) {
        match self.purchases.iter_mut().rev().find(|p| p.id == *purchase_id) {
            Some(purchase) => purchase.delivered_at = Some(at),
            None => {
                ordered::insert(&mut self.early_deliveries, (at, purchase_id.clone()));
                ordered::keep_latest(&mut self.early_deliveries, EARLY_MAX);
            }
        }
    }

    /// The purchases up to a point that were not fully refunded by then.
    pub fn kept<'a>(&'a self, until: Until<'a>) -> impl DoubleEndedIterator<Item = &'a Purchase> {
        self.purchases.iter().filter(move |p| until.includes(p) && !p.is_fully_refunded(until.at))
    }

    pub fn count(&self, until: Until) -> usize {
        let earlier = self.earlier.as_ref().map_or(0, |earlier| earlier.purchases as usize);
        earlier + self.kept(until).count()
    }

    /// What was spent, net of refunds, in one currency: the shop's, or where
    /// the policy names none that of the customer's first purchase.
    pub fn spent(&self, until: Until, currency: Option<Currency>) -> Decimal {
        let currency = self.currency(currency);
        let earlier = self.earlier.as_ref().map_or(Decimal::ZERO, |earlier| earlier.spent);
        let counted = self.purchases.iter().filter(|p| until.includes(p));
        let counted = counted.filter(|p| Some(p.currency) == currency);
        earlier + counted.map(|p| p.total - p.refunded(until.at)).sum::<Decimal>()
    }

    /// In which currency the customer's amounts are: the shop's, or that of the
    /// first purchase where the shop names none.
    pub fn currency(&self, of_shop: Option<Currency>) -> Option<Currency> {
        of_shop.or_else(|| self.purchases.first().map(|p| p.currency))
    }

    pub fn first_at(&self, until: Until) -> Option<Instant> {
        match &self.earlier {
            Some(earlier) => Some(earlier.first_at),
            None => self.kept(until).next().map(|p| p.at),
        }
    }

    pub fn last_at(&self, until: Until) -> Option<Instant> {
        self.kept(until).next_back().map(|p| p.at)
    }

    /// Distinct local days with a purchase that was not fully refunded.
    pub fn days(&self, until: Until, zone: &TimeZone) -> usize {
        let mut last = None;
        let mut days = self.earlier.as_ref().map_or(0, |earlier| earlier.days as usize);
        for purchase in self.kept(until) {
            let day = Some(purchase.at.date_in(zone));
            days += usize::from(day != last);
            last = day;
        }
        days
    }

    /// What drift is judged by: each purchase day with what was spent on it, net
    /// of refunds, in one currency.
    pub fn purchase_days(
        &self,
        until: Until,
        zone: &TimeZone,
        currency: Option<Currency>,
    ) -> Vec<PurchaseDay> {
        let currency = self.currency(currency);
        let mut days: Vec<PurchaseDay> = Vec::new();
        for purchase in self.kept(until) {
            let date = purchase.at.date_in(zone);
            let counts = Some(purchase.currency) == currency;
            let net = purchase.total - purchase.refunded(until.at);
            let spent = if counts { net.to_f64().unwrap_or_default() } else { 0.0 };
            match days.last_mut().filter(|day| day.date == date) {
                Some(day) => day.spent += spent,
                None => days.push(PurchaseDay { date, spent }),
            }
        }
        days
    }

    pub fn categories<'a>(&'a self, until: Until<'a>) -> BTreeSet<&'a Line> {
        self.kept(until).flat_map(|p| &p.categories).collect()
    }

    /// The latest purchase, refunded or not.
    pub fn latest(&self) -> Option<&Purchase> {
        self.purchases.last()
    }
}

#[cfg(test)]
mod tests;
