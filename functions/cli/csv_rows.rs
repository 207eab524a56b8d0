//! Purchases from a CSV file, with a mapping of its columns on the command line.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, bail};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lazo_domain::event::{BadEvent, Delivered, EventKind, of_kind};
use lazo_domain::money::Currency;
use lazo_domain::nearest;
use lazo_domain::policy::Policy;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};

use super::event_files::Events;
use super::threads;

/// How the columns of a CSV file are read.
#[derive(clap::Args, Clone, Debug)]
pub struct CsvArgs {
    /// For CSV: which column holds which field, as FIELD=COLUMN,… Fields are
    /// customer_id, occurred_at and total (needed), purchase_id, item,
    /// category, channel, sold_by, which need no entry where the column bears
    /// the field's name; and of the profile email, phone, given, family,
    /// locale, country, time_zone, birthday, relationship, account_manager.
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub columns: Option<String>,
    /// For CSV: the currency of its amounts (ISO 4217); by default that of the
    /// policy.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<Currency>,
    /// For CSV: the time zone of its times, where they carry no offset.
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub time_zone: String,
}

const PURCHASE_FIELDS: [&str; 8] = [
    "customer_id",
    "occurred_at",
    "total",
    "purchase_id",
    "item",
    "category",
    "channel",
    "sold_by",
];
const PROFILE_FIELDS: [&str; 10] = [
    "email",
    "phone",
    "given",
    "family",
    "locale",
    "country",
    "time_zone",
    "birthday",
    "relationship",
    "account_manager",
];
/// Column names that stand for a field where no mapping is given.
const SYNONYMS: [(&str, &str); 3] =
    [("occurred_at", "at"), ("total", "amount"), ("customer_id", "customer")];

/// Where each field stands in a row: found once, read by every row.
pub struct Columns {
    pub customer: usize,
    pub at: usize,
    pub total: usize,
    pub id: Option<usize>,
    item: Option<usize>,
    category: Option<usize>,
    channel: Option<usize>,
    sold_by: Option<usize>,
    profile: Vec<(&'static str, usize)>,
}

/// ISO 4217's code where no currency is involved: nobody said which it is.
const NO_CURRENCY: &str = "XXX";

impl CsvArgs {
    /// The same, with the shop's currency where the command line names none.
    pub fn of_shop(&self, policy: &Policy) -> CsvArgs {
        CsvArgs { currency: self.currency.or(policy.currency), ..self.clone() }
    }
}

impl Columns {
    /// # Errors
    /// A field that is needed and has no column; a mapping that does not fit.
    pub fn find(spec: Option<&str>, header: &csv::StringRecord) -> anyhow::Result<Columns> {
        let position = |name: &str| header.iter().position(|column| column.trim() == name);
        let known = || header.iter().collect::<Vec<_>>().join(", ");
        let mut found: HashMap<&'static str, usize> = PURCHASE_FIELDS
            .into_iter()
            .filter_map(|field| Some((field, position(field)?)))
            .collect();
        for entry in spec.iter().flat_map(|spec| spec.split(',')).filter(|entry| !entry.is_empty())
        {
            let Some((field, column)) = entry.split_once('=') else {
                bail!("--columns: {entry:?} is not FIELD=COLUMN");
            };
            let fields = || PURCHASE_FIELDS.into_iter().chain(PROFILE_FIELDS);
            let Some(field) = fields().find(|known| *known == field.trim()) else {
                bail!("--columns: unknown field {field:?}{}", nearest::hint(field, fields()));
            };
            let Some(index) = position(column.trim()) else {
                bail!("--columns: the file has no column {column:?}; it has {}", known());
            };
            found.insert(field, index);
        }
        for (field, synonym) in SYNONYMS {
            if let (false, Some(index)) = (found.contains_key(field), position(synonym)) {
                found.insert(field, index);
            }
        }
        let need = |field: &str| match found.get(field) {
            Some(index) => Ok(*index),
            None => bail!(
                "no column for {field}; say which with --columns {field}=COLUMN (the file has {})",
                known()
            ),
        };
        let may = |field: &str| found.get(field).copied();
        Ok(Columns {
            customer: need("customer_id")?,
            at: need("occurred_at")?,
            total: need("total")?,
            id: may("purchase_id"),
            item: may("item"),
            category: may("category"),
            channel: may("channel"),
            sold_by: may("sold_by"),
            profile: PROFILE_FIELDS.into_iter().filter_map(|f| Some((f, may(f)?))).collect(),
        })
    }
}

/// A cell's text, `None` where it is empty.
pub fn cell(row: &csv::StringRecord, index: impl Into<Option<usize>>) -> Option<&str> {
    row.get(index.into()?).map(str::trim).filter(|text| !text.is_empty())
}

/// A purchase's detail.
#[derive(Serialize)]
struct PurchaseRow<'a> {
    purchase_id: &'a str,
    customer_id: &'a str,
    occurred_at: &'a str,
    total: MoneyCell<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sold_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<[ItemCell<'a>; 1]>,
}

/// A refund's detail.
#[derive(Serialize)]
struct RefundRow<'a> {
    refund_id: &'a str,
    purchase_id: &'a str,
    customer_id: &'a str,
    occurred_at: &'a str,
    total: MoneyCell<'a>,
}

#[derive(Serialize)]
struct MoneyCell<'a> {
    amount: String,
    currency: &'a str,
}

#[derive(Serialize)]
struct ItemCell<'a> {
    sku: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    quantity: u32,
}

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
        let at = self.instant(at).ok_or_else(|| BadEvent::Time(at.to_owned()))?;
        let total = cell(row, columns.total).ok_or_else(|| missing("total"))?;
        let total: Decimal = total
            .parse()
            .map_err(|_| BadEvent::NoJson(format!("total: {total:?} is no amount")))?;
        let id = match cell(row, columns.id) {
            Some(id) => id.to_owned(),
            None => format!("{customer}@{at}"),
        };
        if !columns.profile.is_empty() {
            self.profile(row, customer, &at);
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
        at: &str,
        id: &str,
        total: Decimal,
    ) {
        let columns = &self.columns;
        let category = cell(row, columns.category);
        let item = cell(row, columns.item);
        let detail = PurchaseRow {
            purchase_id: id,
            customer_id: customer,
            occurred_at: at,
            total: MoneyCell { amount: total.to_string(), currency: self.currency },
            channel: cell(row, columns.channel),
            sold_by: cell(row, columns.sold_by),
            items: item.map(|name| [ItemCell { sku: name, name, category, quantity: 1 }]),
        };
        self.tell(EventKind::PurchaseCompleted, &json(&detail));
        let open = match self.open.get_mut(customer) {
            Some(open) => open,
            None => self.open.entry(customer.to_owned()).or_default(),
        };
        open.push(Open { id: id.to_owned(), left: total });
    }

    fn refund(&mut self, customer: &str, at: &str, id: &str, total: Decimal) {
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
            occurred_at: at,
            total: MoneyCell { amount: total.to_string(), currency: self.currency },
        };
        self.tell(EventKind::PurchaseRefunded, &json(&detail));
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
        self.tell(EventKind::CustomerUpdated, &Value::Object(told).to_string());
    }

    fn tell(&mut self, kind: EventKind, detail: &str) {
        (self.tell)(self.line, of_kind(kind, detail));
    }

    /// An instant with offset, or a local date or date-time of the file's zone.
    fn instant(&self, text: &str) -> Option<String> {
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Some(timestamp.to_string());
        }
        let local: DateTime = text.parse().ok()?;
        let zoned = self.zone.to_ambiguous_zoned(local).compatible().ok()?;
        Some(zoned.timestamp().to_string())
    }
}

/// JSON of a row; text and numbers always have one.
fn json(detail: &impl Serialize) -> String {
    serde_json::to_string(detail).unwrap_or_default()
}

#[cfg(test)]
#[path = "csv_rows_tests.rs"]
mod tests;
