//! Purchases from a CSV file, with a mapping of its columns on the command line.

mod columns;
mod detail;

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lazo_domain::event::{BadEvent, Body, Delivered, EventKind, of_body, of_kind};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::event_files::Events;
use super::threads;
use columns::NO_CURRENCY;
pub use columns::{Columns, CsvArgs, cell};
use detail::{ItemCell, MoneyCell, PurchaseRow, RefundRow, json};

/// A purchase that a later negative row may refund.
struct Open {
    id: String,
    left: Decimal,
}

/// Takes what a row tells: each event, or why it is none, with its line.
type Tell<'a> = &'a mut dyn FnMut(usize, Result<Delivered, BadEvent>);

/// The rows of some of a file's customers.
struct Rows<'a> {
    columns: Columns,
    currency: &'a str,
    zone: TimeZone,
    open: HashMap<String, Vec<Open>>,
    profiles: HashMap<String, Map<String, Value>>,
    tell: Tell<'a>,
    line: usize,
}

/// Reads a CSV file: a row with a positive total is a purchase, one with a
/// negative total a refund of the customer's latest purchase that has as much
/// left. Rows are read in the file's order, each thread those of its customers.
///
/// # Errors
/// Columns that are not there; a row that does not fit is among `bad`.
pub fn read(path: &Path, text: &str, args: &CsvArgs, threads: usize) -> anyhow::Result<Events> {
    let parts = threads::in_parts(threads, |part| {
        let mut told = Vec::new();
        read_part(path, text, args, (part, threads), &mut |line, event| told.push((line, event)))?;
        anyhow::Ok(told)
    })?;
    let mut told = Vec::new();
    for part in parts {
        told.extend(part?);
    }
    told.sort_by_key(|(line, _)| *line);
    Ok(Events::sorted_out(path, told))
}

/// Reads the rows of one part of the customers, of so many parts.
///
/// # Errors
/// Columns that are not there.
pub fn read_part(
    path: &Path,
    text: &str,
    args: &CsvArgs,
    (part, parts): (usize, usize),
    tell: Tell,
) -> anyhow::Result<()> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().with_context(|| format!("{}: no CSV", path.display()))?.clone();
    let columns = Columns::find(args.columns.as_deref(), &header)
        .with_context(|| path.display().to_string())?;
    let zone = TimeZone::get(&args.time_zone)
        .with_context(|| format!("--time-zone: {:?} is no IANA time zone", args.time_zone))?;
    let currency = args.currency.map_or(NO_CURRENCY.to_owned(), |currency| currency.to_string());
    let mut rows = Rows {
        columns,
        currency: &currency,
        zone,
        open: HashMap::new(),
        profiles: HashMap::new(),
        tell,
        line: 0,
    };
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).with_context(|| path.display().to_string())? {
        if part_of(cell(&row, rows.columns.customer), parts) != part {
            continue;
        }
        rows.line = row.position().map_or(0, csv::Position::line) as usize;
        if let Err(why) = rows.take(&row) {
            (rows.tell)(rows.line, Err(why));
        }
    }
    Ok(())
}

/// Which of so many parts of the customers one is in.
pub fn part_of(customer: Option<&str>, parts: usize) -> usize {
    let hash = |hash: u32, byte: u8| hash.wrapping_mul(31).wrapping_add(byte.into());
    customer.unwrap_or_default().bytes().fold(0, hash) as usize % parts.max(1)
}

impl Rows<'_> {
    fn take(&mut self, row: &csv::StringRecord) -> Result<(), BadEvent> {
        let missing = |what: &str| BadEvent::NoJson(format!("{what} is empty"));
        let columns = &self.columns;
        let customer = cell(row, columns.customer).ok_or_else(|| missing("customer_id"))?;
        let at = cell(row, columns.at).ok_or_else(|| missing("occurred_at"))?;
        let instant = self.instant(at).ok_or_else(|| BadEvent::Time(at.to_owned()))?;
        let at = (instant, instant.to_string());
        let total = cell(row, columns.total).ok_or_else(|| missing("total"))?;
        let total: Decimal = total
            .parse()
            .map_err(|_| BadEvent::NoJson(format!("total: {total:?} is no amount")))?;
        let id = match cell(row, columns.id) {
            Some(id) => id.to_owned(),
            None => format!("{customer}@{}", at.1),
        };
        if !columns.profile.is_empty() {
            self.profile(row, customer, &at.1);
        }
        if total.is_sign_negative() && !total.is_zero() {
            self.refund(customer, &at, &id, -total);
        } else {
            self.purchase(row, customer, &at, &id, total);
        }
        Ok(())
    }

    fn purchase(
        &mut self,
        row: &csv::StringRecord,
        customer: &str,
        (at, occurred_at): &(Timestamp, String),
        id: &str,
        total: Decimal,
    ) {
        let columns = &self.columns;
        let category = cell(row, columns.category);
        let item = cell(row, columns.item);
        let detail = PurchaseRow {
            purchase_id: id,
            customer_id: customer,
            occurred_at,
            total: MoneyCell { amount: total.to_string(), currency: self.currency },
            channel: cell(row, columns.channel),
            sold_by: cell(row, columns.sold_by),
            items: item.map(|name| [ItemCell { sku: name, name, category, quantity: 1 }]),
        };
        self.tell(EventKind::PurchaseCompleted, *at, detail.body(*at), &json(&detail));
        let open = match self.open.get_mut(customer) {
            Some(open) => open,
            None => self.open.entry(customer.to_owned()).or_default(),
        };
        open.push(Open { id: id.to_owned(), left: total });
    }

    fn refund(
        &mut self,
        customer: &str,
        (at, occurred_at): &(Timestamp, String),
        id: &str,
        total: Decimal,
    ) {
        let open = self.open.entry(customer.to_owned()).or_default();
        let purchase = match open.iter_mut().rev().find(|open| open.left >= total) {
            Some(open) => {
                open.left -= total;
                open.id.clone()
            }
            // Bought before the file begins: it counts as given back once the
            // purchase is known.
            None => format!("before-{id}"),
        };
        let detail = RefundRow {
            refund_id: id,
            purchase_id: &purchase,
            customer_id: customer,
            occurred_at,
            total: MoneyCell { amount: total.to_string(), currency: self.currency },
        };
        self.tell(EventKind::PurchaseRefunded, *at, detail.body(*at), &json(&detail));
    }

    /// The profile's columns, where they tell something new.
    fn profile(&mut self, row: &csv::StringRecord, customer: &str, at: &str) {
        let mut told = Map::new();
        let mut name = Map::new();
        for (field, index) in &self.columns.profile {
            let Some(value) = cell(row, *index) else { continue };
            match *field {
                "given" | "family" => name.insert((*field).into(), value.into()),
                field => told.insert(field.into(), value.into()),
            };
        }
        if name.contains_key("given") {
            told.insert("name".into(), name.into());
        }
        if told.is_empty() || self.profiles.get(customer) == Some(&told) {
            return;
        }
        self.profiles.insert(customer.to_owned(), told.clone());
        told.insert("customer_id".into(), customer.into());
        told.insert("occurred_at".into(), at.into());
        (self.tell)(
            self.line,
            of_kind(EventKind::CustomerUpdated, &Value::Object(told).to_string()),
        );
    }

    /// Where the row has no body that fits, reading its detail tells why.
    fn tell(&mut self, kind: EventKind, at: Timestamp, body: Option<Body>, detail: &str) {
        let event = match body {
            Some(body) => Ok(of_body(at, body, detail)),
            None => of_kind(kind, detail),
        };
        (self.tell)(self.line, event);
    }

    /// An instant with offset, or a local date or date-time of the file's zone.
    fn instant(&self, text: &str) -> Option<Timestamp> {
        text.parse().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            self.zone.to_ambiguous_timestamp(local).compatible().ok()
        })
    }
}

#[cfg(test)]
mod tests;
