//! What a long history is summed up to.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::money::Currency;

/// How many currencies sums of older purchases are kept in.
const CURRENCIES_MAX: usize = 20;

/// Purchases older than the [`PURCHASES_MAX`](super::PURCHASES_MAX) latest, summed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// How many there are; those fully refunded when they were summed up do not count.
    pub purchases: u32,
    /// On how many days in UTC they were made; the days of merged ids are added together.
    pub days: u32,
    /// By currency, in the order of their codes.
    #[serde(default)]
    pub(super) sums: Vec<Sum>,
    /// When the first of them was made.
    pub first_at: Instant,
    /// When the last of them was made.
    pub last_at: Instant,
}

/// What older purchases in one currency come to, net of refunds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub currency: Currency,
    pub purchases: u32,
    #[serde(with = "rust_decimal::serde::str")]
    pub spent: Decimal,
}

impl Earlier {
    pub(super) fn of(&self, currency: Option<Currency>) -> Option<&Sum> {
        self.sums.iter().find(|sum| Some(sum.currency) == currency)
    }

    pub(super) fn add(&mut self, more: Sum) {
        match self.sums.binary_search_by_key(&more.currency, |sum| sum.currency) {
            Ok(index) => {
                self.sums[index].purchases += more.purchases;
                self.sums[index].spent += more.spent;
            }
            Err(index) if self.sums.len() < CURRENCIES_MAX => self.sums.insert(index, more),
            Err(_) => {}
        }
    }
}
