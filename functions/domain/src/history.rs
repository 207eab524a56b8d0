//! What a customer bought and gave back.

mod earlier;
mod purchase;

use std::collections::{BTreeSet, HashMap};
use std::ops::Add;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::drift::{PurchaseDay, Spent};
use crate::event::{Line, PurchaseCompleted, PurchaseRefunded};
use crate::id::Id;
use crate::instant::Instant;
use crate::money::Currency;
use crate::ordered;
pub use earlier::Earlier;
use earlier::Sum;
pub use purchase::{Purchase, Refund};

/// How many purchases are kept one by one; older ones are kept as a sum.
pub const PURCHASES_MAX: usize = 2_500;

/// How many items of the latest purchase are kept, for scripts and templates.
pub const ITEMS_MAX: usize = 5;

/// How many refunds, and how many deliveries, may wait for a purchase that has
/// not arrived.
const EARLY_MAX: usize = 2_000;

/// How many refunds are kept one by one, beside one a purchase.
const REFUNDS_MAX: usize = 2_000;

/// On how many of its latest purchases a category is kept.
const CATEGORY_USES_MAX: usize = 20;

/// How many bytes the names of a customer's categories may have in all; those
/// bought last are kept.
const CATEGORY_BYTES_MAX: usize = 24_000;

/// A customer's purchases, with their refunds and deliveries.
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
    /// Purchases older than those in `purchases`, summed up; `None` where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// Up to which point of the history a question is asked: purchases before
/// `at`, and at that very instant those whose id is not greater than `id`.
#[derive(Clone, Copy, Debug)]
pub struct Until<'a> {
    /// Purchases before this instant count, and refunds up to it.
    pub at: Instant,
    /// The greatest id that counts at that very instant; `None` counts all of it.
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
    /// Notes a purchase, with its refunds and its delivery where they arrived before.
    pub fn add_purchase(&mut self, event: &PurchaseCompleted) {
        let categories: BTreeSet<Line> =
            event.items.iter().filter_map(|item| item.category.clone()).collect();
        self.take(Purchase {
            at: event.occurred_at.into(),
            id: event.purchase_id.clone(),
            total: event.total.amount,
            currency: event.total.currency,
            categories: categories.into_iter().collect(),
            refunds: Vec::new(),
            delivered_at: None,
            items: event.items.iter().take(ITEMS_MAX).cloned().collect(),
            sold_by: event.sold_by.clone(),
        });
    }

    /// Puts a purchase where it belongs, with what was told of it before.
    fn take(&mut self, mut purchase: Purchase) {
        if let Some(known) = self.purchases.iter().position(|p| p.id == purchase.id) {
            // Told under two ids: the earlier one holds, with what was told of both.
            let known = self.purchases.remove(known);
            let (first, second) = match (known.at, known.total) <= (purchase.at, purchase.total) {
                true => (known, purchase),
                false => (purchase, known),
            };
            purchase = first;
            purchase.delivered_at =
                purchase.delivered_at.into_iter().chain(second.delivered_at).min();
            second.refunds.into_iter().for_each(|refund| purchase.give_back(refund));
        }
        let id = purchase.id.clone();
        let early = self.early_refunds.extract_if(.., |(of, _)| *of == id);
        early.for_each(|(_, refund)| purchase.give_back(refund));
        let delivered = |(_, id): &(Instant, Id)| *id == purchase.id;
        if let Some(index) = self.early_deliveries.iter().position(delivered) {
            purchase.delivered_at = Some(self.early_deliveries.remove(index).0);
        }
        let key = (purchase.at, &purchase.id);
        let place = self.purchases.binary_search_by(|p| (p.at, &p.id).cmp(&key));
        let (Ok(index) | Err(index)) = place;
        if index < self.purchases.len() {
            purchase.is_latest_no_more();
        } else if let Some(before) = self.purchases.last_mut() {
            before.is_latest_no_more();
        }
        self.purchases.insert(index, purchase);
        if self.purchases.len() > PURCHASES_MAX {
            self.sum_up_oldest();
        }
        self.bound_categories();
        self.bound_refunds();
    }

    /// Takes over what was bought and given back under another id. A purchase that
    /// was told under both is one.
    pub fn merge(&mut self, other: History) {
        for purchase in other.purchases {
            self.take(purchase);
        }
        for (purchase_id, refund) in other.early_refunds {
            self.take_refund(&purchase_id, refund);
        }
        for (at, purchase_id) in other.early_deliveries {
            self.add_delivery(&purchase_id, at);
        }
        let Some(other) = other.earlier else { return };
        match &mut self.earlier {
            None => self.earlier = Some(other),
            Some(earlier) => {
                earlier.purchases += other.purchases;
                earlier.days += other.days;
                earlier.first_at = earlier.first_at.min(other.first_at);
                earlier.last_at = earlier.last_at.max(other.last_at);
                other.sums.into_iter().for_each(|sum| earlier.add(sum));
            }
        }
    }

    /// Keeps each category on its latest purchases, and the names of those bought
    /// last. What is dropped would be dropped whatever the order of arrival: more
    /// purchases never bring it back.
    fn bound_categories(&mut self) {
        let bytes = |line: &Line| line.as_str().len();
        let all = self.purchases.iter().flat_map(|p| &p.categories);
        if self.purchases.len() <= CATEGORY_USES_MAX
            && all.map(bytes).sum::<usize>() <= CATEGORY_BYTES_MAX
        {
            return;
        }
        let mut uses: HashMap<Line, usize> = HashMap::new();
        let mut room = CATEGORY_BYTES_MAX;
        for purchase in self.purchases.iter_mut().rev() {
            purchase.categories.retain(|category| match uses.get_mut(category) {
                Some(count) => {
                    *count += 1;
                    *count <= CATEGORY_USES_MAX
                }
                None if bytes(category) <= room => {
                    room -= bytes(category);
                    uses.insert(category.clone(), 1);
                    true
                }
                None => {
                    // Nothing older comes in its place.
                    room = 0;
                    false
                }
            });
        }
    }

    /// Of very many refunds those of the oldest purchases are summed up.
    fn bound_refunds(&mut self) {
        let mut count: usize = self.purchases.iter().map(|p| p.refunds.len()).sum();
        for purchase in self.purchases.iter_mut().filter(|p| p.refunds.len() > 1) {
            if count <= REFUNDS_MAX {
                return;
            }
            count -= purchase.refunds.len() - 1;
            purchase.sum_up_refunds();
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
            sums: Vec::new(),
            first_at: oldest.at,
            last_at: Instant::MIN,
        });
        let utc = TimeZone::UTC;
        earlier.purchases += 1;
        earlier.days += u32::from(earlier.last_at.date_in(&utc) != oldest.at.date_in(&utc));
        earlier.add(Sum { currency: oldest.currency, purchases: 1, spent: net });
        earlier.first_at = earlier.first_at.min(oldest.at);
        earlier.last_at = earlier.last_at.max(oldest.at);
    }

    /// Notes a refund; it waits where its purchase has not arrived.
    pub fn add_refund(&mut self, event: &PurchaseRefunded) {
        let refund = Refund {
            at: event.occurred_at.into(),
            id: event.refund_id.clone(),
            total: event.total.map(|total| total.amount.to_string()),
            currency: event.total.map(|total| total.currency),
        };
        self.take_refund(&event.purchase_id, refund);
    }

    fn take_refund(&mut self, purchase_id: &Id, refund: Refund) {
        match self.purchases.iter_mut().rev().find(|p| p.id == *purchase_id) {
            Some(purchase) => {
                purchase.give_back(refund);
                self.bound_refunds();
            }
            None => {
                let early = &mut self.early_refunds;
                let (Ok(index) | Err(index)) =
                    early.binary_search_by(|(_, known)| known.cmp(&refund));
                early.insert(index, (purchase_id.clone(), refund));
                ordered::keep_latest(early, EARLY_MAX);
            }
        }
    }

    /// Notes when a purchase was delivered; it waits where the purchase has not arrived.
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

    /// How many purchases [`History::kept`] gives, and all that are summed up.
    pub fn count(&self, until: Until) -> usize {
        let earlier = self.earlier.as_ref().map_or(0, |earlier| earlier.purchases as usize);
        earlier + self.kept(until).count()
    }

    /// How many of them were in one currency: that of [`History::spent`].
    pub fn count_in(&self, until: Until, currency: Option<Currency>) -> usize {
        let currency = self.currency(currency);
        let earlier = self.earlier.as_ref().and_then(|earlier| earlier.of(currency));
        let kept = self.kept(until).filter(|p| Some(p.currency) == currency).count();
        earlier.map_or(0, |sum| sum.purchases as usize) + kept
    }

    /// Refunds that give nothing back since they are in another currency than
    /// their purchase, each with it.
    pub fn foreign_refunds(&self) -> impl Iterator<Item = (&Refund, &Purchase)> {
        self.purchases.iter().flat_map(|p| p.foreign_refunds().map(move |refund| (refund, p)))
    }

    /// What was spent, net of refunds, in one currency: the shop's, or where
    /// the policy names none that of the customer's first purchase.
    pub fn spent(&self, until: Until, currency: Option<Currency>) -> Decimal {
        let currency = self.currency(currency);
        let earlier = self.earlier.as_ref().and_then(|earlier| earlier.of(currency));
        let earlier = earlier.map_or(Decimal::ZERO, |sum| sum.spent);
        let counted = self.purchases.iter().filter(|p| until.includes(p));
        let counted = counted.filter(|p| Some(p.currency) == currency);
        earlier + counted.map(|p| p.total - p.refunded(until.at)).sum::<Decimal>()
    }

    /// In which currency the customer's amounts are: the shop's, or that of the
    /// first purchase where the shop names none.
    pub fn currency(&self, of_shop: Option<Currency>) -> Option<Currency> {
        of_shop.or_else(|| self.purchases.first().map(|p| p.currency))
    }

    /// When the first purchase was made that was not fully refunded, or the first that is
    /// summed up; `None` where there is neither.
    pub fn first_at(&self, until: Until) -> Option<Instant> {
        match &self.earlier {
            Some(earlier) => Some(earlier.first_at),
            None => self.kept(until).next().map(|p| p.at),
        }
    }

    /// When the last that [`History::kept`] gives was made; `None` where it gives none.
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

    /// What drift is forecast by: each purchase day with what was spent on it, net
    /// of refunds, in one currency; nothing is known of a day on which all was
    /// bought in others.
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
            let spent = counts.then(|| net.to_f64().unwrap_or_default());
            match days.last_mut().filter(|day| day.date == date) {
                Some(day) => day.spent = [day.spent, spent].into_iter().flatten().reduce(Add::add),
                None => days.push(PurchaseDay { date, spent }),
            }
        }
        days
    }

    /// What was spent in one currency, and on how many purchase days.
    pub fn spending(&self, until: Until, zone: &TimeZone, currency: Option<Currency>) -> Spent {
        let days = self.purchase_days(until, zone, currency);
        let earlier = self.earlier.as_ref().filter(|e| e.of(self.currency(currency)).is_some());
        let earlier = earlier.map_or(0, |earlier| earlier.days);
        let count = days.iter().filter(|day| day.spent.is_some()).count();
        let total = self.spent(until, currency).to_f64().unwrap_or_default();
        Spent { days: earlier.saturating_add(u32::try_from(count).unwrap_or(u32::MAX)), total }
    }

    /// The categories of the purchases that [`History::kept`] gives, each once.
    pub fn categories<'a>(&'a self, until: Until<'a>) -> BTreeSet<&'a Line> {
        self.kept(until).flat_map(|p| &p.categories).collect()
    }

    /// Whether all of a purchase has been given back by an instant. Of one that is
    /// not known yet, a refund without an amount tells.
    pub fn is_refunded(&self, purchase: &Id, until: Instant) -> bool {
        match self.purchases.iter().rev().find(|known| known.id == *purchase) {
            Some(known) => known.is_fully_refunded(until),
            None => self
                .early_refunds
                .iter()
                .any(|(id, refund)| id == purchase && refund.at <= until && refund.total.is_none()),
        }
    }

    /// The latest purchase, refunded or not.
    pub fn latest(&self) -> Option<&Purchase> {
        self.purchases.last()
    }
}

#[cfg(test)]
mod tests;
