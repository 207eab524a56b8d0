//! Purchases from a CSV file as people have it: `import`, `simulate` and `drift`
//! read one through here, so that they see the same purchases.

mod amounts;
mod columns;
mod dates;
mod deals;
mod detail;
mod events;
mod preview;
mod records;
mod told;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use lazo_domain::money::Currency;
use serde_json::{Map, Value};

use crate::lang::spoken;
use amounts::Amounts;
use columns::Columns;
pub use columns::{CsvArgs, cell};
use dates::Dates;
pub use deals::Deal;
use deals::{Order, Row, RowDetail};
pub use records::Records;
pub use told::{PartlyTaken, Remark, Told};

/// A CSV file that was looked through: where its fields are and how its cells are
/// to be read, as far as its columns tell.
pub struct Sheet<'a> {
    pub records: Records<'a>,
    columns: Columns,
    amounts: Amounts,
    dates: Dates,
    order: Order,
    zone: String,
    pub currency: Option<Currency>,
    /// What makes some cells ambiguous, for people.
    doubts: Vec<String>,
}

/// A customer's deals, in order of time.
pub struct CustomerDeals {
    pub customer: String,
    pub deals: Vec<Deal>,
}

impl<'a> Sheet<'a> {
    /// Looks through a file; `args` are those of the shop ([`CsvArgs::of_shop`]).
    ///
    /// # Errors
    /// No header, columns that are not there, a time zone that is none.
    pub fn of(path: &Path, text: &'a str, args: &CsvArgs) -> anyhow::Result<Sheet<'a>> {
        let name = || path.display().to_string();
        if text.trim().is_empty() {
            bail!(
                "{} is empty: a header with customer_id, at and amount is needed, and a row a purchase",
                name()
            );
        }
        let records = Records::of(text).with_context(name)?;
        let columns = Columns::find(args.columns.as_deref(), &records.header).with_context(name)?;
        if args.lines && columns.id.is_none() {
            bail!(
                "{}: --lines takes a column for purchase_id; say which with --columns purchase_id=COLUMN",
                name()
            );
        }
        let zone = args.time_zone.clone().unwrap_or_else(|| "UTC".into());
        let time_zone = TimeZone::get(&zone)
            .with_context(|| format!("--time-zone: {zone:?} is no IANA time zone"))?;
        let (mut amounts, mut dates) = (amounts::Seen::default(), dates::Seen::default());
        let mut times = Vec::new();
        records.each(|_, row, why| {
            if why.is_some() {
                return;
            }
            if let Some(text) = cell(row, columns.total) {
                amounts.add(text, args.currency);
            }
            if let Some(written) = cell(row, columns.at).and_then(|at| dates::written(at).ok()) {
                dates.add(&written);
                times.push(written);
            }
        })?;
        let mut doubts = Vec::new();
        let read_amounts = Amounts::new(amounts, args.decimal, args.currency);
        let read_dates = Dates::new(dates, args.date_order, time_zone);
        if amounts.is_mixed() && args.decimal.is_none() {
            doubts.push("some amounts have a decimal point, others a decimal comma".into());
        }
        if dates.is_mixed() && args.date_order.is_none() {
            doubts.push("some dates have the day first, others the month".into());
        }
        if read_amounts.decimal.is_none() && amounts.unclear > 0 {
            doubts.push(format!(
                "{} amounts such as 1.290 may be thousands or decimals: say which with --decimal",
                amounts.unclear
            ));
        }
        if read_dates.order.is_none() && dates.unclear > 0 {
            doubts.push(format!(
                "{} dates such as 05/06/2025 may be of two months: say which with --date-order",
                dates.unclear
            ));
        }
        let order = Order { is_newest_first: read_dates.falls(&times), has_lines: args.lines };
        Ok(Sheet {
            records,
            columns,
            amounts: read_amounts,
            dates: read_dates,
            order,
            zone,
            currency: args.currency,
            doubts,
        })
    }

    /// The deals of one part of the customers, of so many parts, each customer in
    /// the order in which they first occur. What else the rows tell is read where
    /// `with_detail` says so.
    ///
    /// # Errors
    /// A file that is no CSV; rows that do not fit are told.
    pub fn deals(
        &self,
        (part, parts): (usize, usize),
        with_detail: bool,
    ) -> anyhow::Result<(Vec<CustomerDeals>, Told)> {
        let mut customers: Vec<(String, Vec<Row>, bool)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut told = Told::default();
        self.records.each(|line, record, why| {
            let customer = cell(record, self.columns.customer);
            if part_of(customer, parts) != part {
                return;
            }
            let place = customer.map(|id| match places.get(id) {
                Some(place) => *place,
                None => {
                    places.insert(id.to_owned(), customers.len());
                    customers.push((id.to_owned(), Vec::new(), false));
                    customers.len() - 1
                }
            });
            let row = match (why, place) {
                (Some(why), _) => Err(why.to_owned()),
                (None, None) => {
                    let column = self.records.header.get(self.columns.customer);
                    let empty = spoken().pick("está vacío", "is empty");
                    Err(format!("{} {empty}", column.unwrap_or("customer_id")))
                }
                (None, Some(_)) => self.row(line, record, with_detail, &mut told),
            };
            let place = place.map(|place| &mut customers[place]);
            match (row, place) {
                (Ok(row), Some((_, rows, _))) => rows.push(row),
                (Ok(_), None) => {}
                (Err(why), place) => {
                    told.rejected.push((line, why));
                    place.into_iter().for_each(|(_, _, was_rejected)| *was_rejected = true);
                }
            }
        })?;
        let mut all = Vec::with_capacity(customers.len());
        for (customer, rows, was_rejected) in customers {
            let mut of_them = Told::default();
            let deals = deals::settle(&customer, rows, self.order, was_rejected, &mut of_them);
            told.add(of_them);
            all.push(CustomerDeals { customer, deals });
        }
        Ok((all, told))
    }

    /// Reads a row.
    ///
    /// # Errors
    /// Why it does not fit.
    fn row(
        &self,
        line: usize,
        record: &csv::StringRecord,
        with_detail: bool,
        told: &mut Told,
    ) -> Result<Row, String> {
        let name = |place: usize| self.records.header.get(place).unwrap_or_default();
        let need =
            |place: usize| cell(record, place).ok_or_else(|| format!("{} is empty", name(place)));
        let (at, total) = (self.columns.at, self.columns.total);
        let when = self.dates.read(need(at)?).map_err(|why| format!("{}: {why}", name(at)))?;
        let written = need(total)?;
        let amount = self.amounts.read(written).map_err(|why| format!("{}: {why}", name(total)))?;
        if amount.was_noisy {
            let (written, amount) = (written.to_owned(), amount.value);
            told.remarks.push((line, Remark::Noise { written, amount }));
        }
        let id = cell(record, self.columns.id);
        let mut mark = DefaultHasher::new();
        if id.is_some() {
            record.iter().for_each(|cell| cell.hash(&mut mark));
        }
        let detail = match with_detail {
            true => self.detail(record),
            false => None,
        };
        Ok(Row {
            line,
            when,
            amount: amount.value,
            id: id.map(Into::into),
            mark: mark.finish(),
            detail: detail.map(Box::new),
        })
    }

    /// What need not be there, as it is written.
    fn detail(&self, record: &csv::StringRecord) -> Option<RowDetail> {
        let columns = &self.columns;
        let text = |place: Option<usize>| cell(record, place).map(Into::into);
        let mut profile = Map::new();
        for (field, place) in &columns.profile {
            if let Some(value) = cell(record, *place) {
                put(&mut profile, field, value);
            }
        }
        let detail = RowDetail {
            item: text(columns.item),
            category: text(columns.category),
            channel: text(columns.channel),
            sold_by: text(columns.sold_by),
            profile,
        };
        let is_empty =
            detail.item.is_none() && detail.channel.is_none() && detail.sold_by.is_none();
        (!is_empty || !detail.profile.is_empty()).then_some(detail)
    }
}

/// Puts a column's value where a `CustomerUpdated` has it.
fn put(profile: &mut Map<String, Value>, field: &str, value: &str) {
    match field {
        "given" | "family" => {
            let name = profile.entry("name").or_insert_with(|| Map::new().into());
            let name = name.as_object_mut();
            name.into_iter().for_each(|name| drop(name.insert(field.into(), value.into())));
        }
        field => drop(profile.insert(field.into(), value.into())),
    }
}

/// Which of so many parts of the customers one is in.
pub fn part_of(customer: Option<&str>, parts: usize) -> usize {
    let hash = |hash: u32, byte: u8| hash.wrapping_mul(31).wrapping_add(byte.into());
    customer.unwrap_or_default().bytes().fold(0, hash) as usize % parts.max(1)
}

#[cfg(test)]
mod tests;
