//! Which column of a CSV file holds what.

use std::collections::HashMap;

use anyhow::bail;
use lazo_domain::money::Currency;
use lazo_domain::nearest;
use lazo_domain::policy::Policy;

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
    pub(super) item: Option<usize>,
    pub(super) category: Option<usize>,
    pub(super) channel: Option<usize>,
    pub(super) sold_by: Option<usize>,
    pub(super) profile: Vec<(&'static str, usize)>,
}

/// ISO 4217's code where no currency is involved: nobody said which it is.
pub(super) const NO_CURRENCY: &str = "XXX";

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
