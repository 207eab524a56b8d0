//! Purchases from a CSV file, by customer.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use lazo_domain::drift::PurchaseDay;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::csv_rows::{Columns, CsvArgs, cell};

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
        self.refunds.iter().filter(|(date, _)| *date <= day).map(|(_, amount)| *amount).sum()
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

/// A row that was understood.
struct Row {
    at: DateTime,
    amount: Decimal,
}

/// Reads a file in which every row must fit.
///
/// # Errors
/// A file that cannot be read or is empty, columns that are not there, rows that
/// do not fit: the first ten with their lines.
pub fn read(path: &Path, args: &CsvArgs) -> anyhow::Result<Shop> {
    let name = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{name} is not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        bail!(
            "{name} is empty: a header with customer_id, at and amount is needed, and a row a purchase"
        );
    }
    let zone = TimeZone::get(&args.time_zone)
        .with_context(|| format!("--time-zone: {:?} is no IANA time zone", args.time_zone))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().with_context(|| format!("{name}: no CSV"))?.clone();
    let columns =
        Columns::find(args.columns.as_deref(), &header).with_context(|| name.to_string())?;
    let bar = progress(text.len());
    let mut rows = Rows::default();
    let mut bad = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).with_context(|| name.to_string())? {
        let line = record.position().map_or(0, csv::Position::line);
        if let Err(why) = rows.take(&record, &columns, &zone) {
            bad.push(format!("  line {line}: {why}"));
        }
        if line.is_multiple_of(8_192) {
            bar.set_position(record.position().map_or(0, csv::Position::byte));
        }
    }
    bar.finish_and_clear();
    if !bad.is_empty() {
        let more = match bad.len().checked_sub(BAD_SHOWN) {
            Some(more) if more > 0 => format!("\n  … and {more} more"),
            _ => String::new(),
        };
        let shown = bad[..bad.len().min(BAD_SHOWN)].join("\n");
        bail!("{name}: {} rows do not fit; mend or remove them:\n{shown}{more}", bad.len());
    }
    Ok(rows.finish())
}

/// A bar on a terminal, for what takes more than a second.
fn progress(bytes: usize) -> ProgressBar {
    let bar =
        ProgressBar::with_draw_target(Some(bytes as u64), ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

#[derive(Default)]
struct Rows {
    index: HashMap<String, usize>,
    customers: Vec<(String, Vec<Row>)>,
    /// What tells a row from a copy of it, with the customer's place.
    seen: HashSet<(usize, String)>,
    duplicates: usize,
}

impl Rows {
    fn take(
        &mut self,
        record: &csv::StringRecord,
        columns: &Columns,
        zone: &TimeZone,
    ) -> Result<(), String> {
        let need = |index: usize, what: &str| {
            cell(record, index).ok_or_else(|| format!("{what} is empty"))
        };
        let customer = need(columns.customer, "customer_id")?;
        let at_text = need(columns.at, "at")?;
        let at = local(at_text, zone).ok_or_else(|| {
            format!("at: {at_text:?} is no date or time such as 2027-01-31 or 2027-01-31 10:30:00")
        })?;
        let amount_text = need(columns.total, "amount")?;
        let amount: Decimal = amount_text
            .parse()
            .map_err(|_| format!("amount: {amount_text:?} is no amount such as 129.90"))?;
        let place = match self.index.get(customer) {
            Some(place) => *place,
            None => {
                self.index.insert(customer.to_owned(), self.customers.len());
                self.customers.push((customer.to_owned(), Vec::new()));
                self.customers.len() - 1
            }
        };
        let mark = match cell(record, columns.id) {
            Some(id) => id.to_owned(),
            None => format!("{at} {amount}"),
        };
        if self.seen.insert((place, mark)) {
            self.customers[place].1.push(Row { at, amount });
        } else {
            self.duplicates += 1;
        }
        Ok(())
    }

    fn finish(self) -> Shop {
        let customers = self.customers.into_iter();
        let customers = customers.map(|(id, rows)| Customer { id, purchases: purchases(rows) });
        Shop { customers: customers.collect(), duplicates: self.duplicates }
    }
}

/// What a customer bought, with what they gave back of it. What they gave back
/// of no purchase in the file was bought before it begins.
fn purchases(mut rows: Vec<Row>) -> Vec<Purchase> {
    rows.sort_by_key(|row| row.at);
    let mut purchases: Vec<Purchase> = Vec::with_capacity(rows.len());
    for Row { at, amount } in rows {
        let date = at.date();
        if amount >= Decimal::ZERO {
            purchases.push(Purchase { date, amount, refunds: Vec::new() });
            continue;
        }
        let left = |p: &Purchase| p.amount - p.refunds.iter().map(|(_, r)| *r).sum::<Decimal>();
        if let Some(purchase) = purchases.iter_mut().rev().find(|p| left(p) >= -amount) {
            purchase.refunds.push((date, -amount));
        }
    }
    purchases
}

/// A date or time as it is written, or one with an offset in the shop's zone.
fn local(text: &str, zone: &TimeZone) -> Option<DateTime> {
    match text.parse::<Timestamp>() {
        Ok(timestamp) => Some(zone.to_datetime(timestamp)),
        Err(_) => text.parse().ok(),
    }
}
