//! One purchase, with what was given back of it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::event::{Item, Line};
use crate::id::Id;
use crate::instant::Instant;
use crate::money::{Currency, amount};
use crate::ordered;

/// One purchase, with what was told of it later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    /// When it was made.
    pub at: Instant,
    /// The shop's id for it.
    pub id: Id,
    /// What it cost, in `currency`, with nothing taken off for refunds.
    #[serde(with = "amount")]
    pub total: Decimal,
    /// That of `total`.
    pub currency: Currency,
    /// Those of its items, each once; a purchase that is not recent may have lost some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Line>,
    /// The earliest first; where there are very many, an old purchase has one with their sum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// When it was delivered; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Instant>,
    /// Only the latest purchase keeps these two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// Who sold it; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<Line>,
}

/// Something given back of a purchase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refund {
    /// When it was given back.
    pub at: Instant,
    /// The shop's id for the refund; a purchase counts each id once.
    pub id: Id,
    /// `None` gives all back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// That of `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

impl Refund {
    /// What is given back of a purchase: nothing where the refund is in another
    /// currency, since nobody told a rate.
    fn amount(&self, of: &Purchase) -> Option<Decimal> {
        match &self.total {
            None => Some(of.total),
            Some(_) if self.is_foreign_to(of) => None,
            Some(total) => Some(total.parse().unwrap_or_default()),
        }
    }

    fn is_foreign_to(&self, purchase: &Purchase) -> bool {
        self.currency.is_some_and(|currency| currency != purchase.currency)
    }
}

impl Purchase {
    /// The amounts that were given back up to an instant.
    pub(super) fn given_back(&self, until: Instant) -> impl Iterator<Item = Decimal> {
        let refunds = self.refunds.iter().filter(move |refund| refund.at <= until);
        refunds.filter_map(|refund| refund.amount(self))
    }

    /// What was given back up to an instant, at most the total.
    pub fn refunded(&self, until: Instant) -> Decimal {
        self.given_back(until).sum::<Decimal>().min(self.total)
    }

    /// Whether refunds up to an instant give all of it back; never so without a refund.
    pub fn is_fully_refunded(&self, until: Instant) -> bool {
        !self.refunds.is_empty()
            && self.given_back(until).next().is_some()
            && self.refunded(until) >= self.total
    }

    /// Notes a refund; one that was told under two ids counts once.
    pub(super) fn give_back(&mut self, refund: Refund) {
        if !self.refunds.iter().any(|known| known.id == refund.id) {
            ordered::insert(&mut self.refunds, refund);
        }
    }

    pub(super) fn is_latest_no_more(&mut self) {
        self.items = Vec::new();
        self.sold_by = None;
    }

    /// Puts one refund in the place of several: it gives back as much, on the day
    /// of the last.
    pub(super) fn sum_up_refunds(&mut self) {
        let amount = self.given_back(Instant::MAX).sum::<Decimal>().min(self.total);
        let Some(last) = self.refunds.pop() else { return };
        let (total, currency) = (Some(amount.to_string()), Some(self.currency));
        self.refunds = vec![Refund { total, currency, ..last }];
    }

    /// Refunds in another currency than the purchase: they give nothing back.
    pub fn foreign_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| refund.total.is_some() && refund.is_foreign_to(self))
    }
}
