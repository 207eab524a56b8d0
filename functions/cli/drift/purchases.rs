//! Purchases from a CSV file, by customer.

use std::path::Path;

use anyhow::bail;
use jiff::civil::Date;
use lazo::shell::wording::Language;
use lazo_domain::drift::PurchaseDay;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::csv_rows::{CsvArgs, CustomerDeals, Remark, Sheet};
use crate::event_files;
use crate::lang::spoken;

/// How many bad rows are told one by one.
const BAD_SHOWN: usize = 10;

/// A file's customers, in the order in which they first occur.
pub struct Shop {
    pub customers: Vec<Customer>,
    /// How many rows were there before.
    pub duplicates: usize,
}

pub struct Customer {
    pub id: String,
    /// In order of time.
    purchases: Vec<Purchase>,
}

struct Purchase {
    date: Date,
    amount: Decimal,
    refunds: Vec<(Date, Decimal)>,
}

impl Purchase {
    fn refunded(&self, day: Date) -> Decimal {
        let known = self.refunds.iter().filter(|(date, _)| *date <= day);
        known.fold(Decimal::ZERO, |sum, (_, amount)| sum.saturating_add(*amount))
    }

    /// Whether it counts, by what was known at the end of a day.
    fn counts(&self, day: Date) -> bool {
        let is_refunded = self.refunds.iter().any(|(date, _)| *date <= day);
        self.date <= day && !(is_refunded && self.refunded(day) >= self.amount)
    }
}

impl Customer {
    /// The dates of all purchases, refunded or not.
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        self.purchases.iter().map(|purchase| purchase.date)
    }

    /// The purchase days up to a day, as they were known at its end.
    pub fn days_as_of(&self, day: Date) -> Vec<PurchaseDay> {
        let mut days: Vec<PurchaseDay> = Vec::new();
        for purchase in self.purchases.iter().filter(|purchase| purchase.counts(day)) {
            let spent = (purchase.amount - purchase.refunded(day)).to_f64().unwrap_or_default();
            match days.last_mut().filter(|last| last.date == purchase.date) {
                Some(last) => last.spent = last.spent.map(|sum| sum + spent),
                None => days.push(PurchaseDay { date: purchase.date, spent: Some(spent) }),
            }
        }
        days
    }

    /// Whether there was a purchase after a day up to another, as known then.
    pub fn bought_between(&self, after: Date, until: Date) -> bool {
        self.purchases.iter().any(|purchase| purchase.date > after && purchase.counts(until))
    }
}

/// Reads a file in which every row must fit.
///
/// # Errors
/// A file that cannot be read or is empty, columns that are not there, rows that
/// do not fit: the first ten with their lines.
pub fn read(path: &Path, args: &CsvArgs) -> anyhow::Result<Shop> {
    let name = path.display();
    let text = event_files::text(path)?;
    let sheet = Sheet::of(path, &text, args)?;
    let (customers, mut told) = sheet.deals((0, 1), false)?;
    told.sort();
    let bad = &told.rejected;
    if !bad.is_empty() {
        let lang = spoken();
        let (line, and, rest) = match lang {
            Language::Es => ("línea", "y", "más"),
            Language::En => ("line", "and", "more"),
        };
        let shown = bad.iter().take(BAD_SHOWN);
        let shown = shown.map(|(at, why)| format!("  {line} {at}: {}", lang.failure_reason(why)));
        let shown = shown.collect::<Vec<_>>().join("\n");
        let more = match bad.len().checked_sub(BAD_SHOWN) {
            Some(more) if more > 0 => format!("\n  … {and} {more} {rest}"),
            _ => String::new(),
        };
        bail!("{name}: {} rows do not fit; mend or remove them:\n{shown}{more}", bad.len());
    }
    event_files::report(path, &told);
    let is_copy = |remark: &&(usize, Remark)| matches!(remark.1, Remark::Copy { .. });
    let duplicates = told.remarks.iter().filter(is_copy).count();
    let customers = customers.into_iter().filter(|one| !one.deals.is_empty()).map(Customer::of);
    Ok(Shop { customers: customers.collect(), duplicates })
}

impl Customer {
    /// What a customer bought, with what they gave back of it. What they gave back
    /// of no purchase in the file was bought before it begins.
    fn of(one: CustomerDeals) -> Customer {
        let mut purchases: Vec<Purchase> = Vec::with_capacity(one.deals.len());
        let mut places = vec![None; one.deals.len()];
        for (place, deal) in one.deals.iter().enumerate().filter(|(_, deal)| !deal.is_refund()) {
            places[place] = Some(purchases.len());
            let (date, amount) = (deal.when.local.date(), deal.amount);
            purchases.push(Purchase { date, amount, refunds: Vec::new() });
        }
        for deal in one.deals.iter().filter(|deal| deal.is_refund()) {
            if let Some(purchase) = deal.gives_back.and_then(|place| places[place]) {
                purchases[purchase].refunds.push((deal.when.local.date(), -deal.amount));
            }
        }
        Customer { id: one.customer, purchases }
    }
}
