//! Which column of a CSV file holds what.

use std::collections::HashMap;

use anyhow::bail;
use lazo_domain::money::Currency;
use lazo_domain::nearest;
use lazo_domain::policy::Policy;

use super::amounts::DecimalSign;
use super::dates::DateOrder;

/// How the columns of a CSV file are read.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct CsvArgs {
    /// For CSV: which column holds which field, as FIELD=COLUMN,… Fields are
    /// customer_id, occurred_at and total (needed), purchase_id, item,
    /// category, channel, sold_by, which need no entry where the column bears
    /// the field's name or a usual one, such as cliente, fecha, importe, folio;
    /// and of the profile email, phone, given, family, locale, country,
    /// time_zone, birthday, relationship, account_manager.
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub columns: Option<String>,
    /// For CSV: the currency of its amounts (ISO 4217); by default that of the
    /// policy.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<Currency>,
    /// For CSV: the time zone of its dates and times, where they carry no
    /// offset; by default that of the policy.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// For CSV: several rows with one purchase_id are the lines of one
    /// purchase: their totals are summed up, their items belong together.
    #[arg(long)]
    pub lines: bool,
    /// For CSV: the decimal sign of its amounts, where the file leaves it open.
    #[arg(long, value_enum, value_name = "SIGN")]
    pub decimal: Option<DecimalSign>,
    /// For CSV: what stands first in dates such as 05/06/2025, where the file
    /// leaves it open.
    #[arg(long, value_enum, value_name = "ORDER")]
    pub date_order: Option<DateOrder>,
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
/// Column names that stand for a field where no mapping is given, as [`plain`]
/// writes them.
const SYNONYMS: [(&str, &str); 8] = [
    (
        "customer_id",
        "customer cliente client id_cliente cliente_id id_de_cliente client_id numero_de_cliente \
         num_cliente no_cliente no_de_cliente customer_number customer_no customerid clave_cliente \
         clave_de_cliente codigo_cliente codigo_de_cliente cod_cliente",
    ),
    (
        "occurred_at",
        "at date fecha datetime date_time timestamp fecha_hora fecha_y_hora fecha_compra \
         fecha_de_compra fecha_de_la_compra fecha_venta fecha_de_venta fecha_pedido \
         fecha_de_pedido fecha_factura purchase_date purchased_at order_date invoice_date \
         invoicedate sale_date sold_at",
    ),
    (
        "total",
        "amount importe monto importe_total monto_total total_amount order_total total_price \
         total_compra total_de_la_compra total_venta total_factura total_pedido",
    ),
    (
        "purchase_id",
        "invoice invoice_no invoice_number invoice_id invoiceno order_id order_no order_number \
         factura num_factura no_factura numero_factura numero_de_factura folio ticket pedido \
         id_pedido pedido_id numero_pedido numero_de_pedido num_pedido no_pedido compra_id \
         id_compra id_de_compra sale_id venta_id id_venta id_de_venta",
    ),
    ("item", "producto product articulo product_name nombre_producto nombre_del_producto"),
    ("category", "categoria product_category"),
    ("channel", "canal canal_de_venta sales_channel"),
    ("sold_by", "vendedor vendedora vendido_por seller salesperson"),
];

/// The names of the columns of purchases (events#import).
const OWN_NAMES: [&str; 3] = ["customer", "at", "amount"];
/// The fields that are worth an answer where several columns may be meant; of the
/// others none is read then.
const ASKED_FOR: [&str; 4] = ["customer_id", "occurred_at", "total", "purchase_id"];

/// Where each field stands in a row: found once, read by every row.
#[derive(Debug)]
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
    /// The same, with the shop's currency and zone where the command line names
    /// none.
    pub fn of_shop(&self, policy: &Policy) -> CsvArgs {
        let zone = || policy.default_time_zone.as_str().to_owned();
        CsvArgs {
            currency: self.currency.or(policy.currency),
            time_zone: Some(self.time_zone.clone().unwrap_or_else(zone)),
            ..self.clone()
        }
    }
}

/// A column's name without case, accents and what stands between its words.
fn plain(name: &str) -> String {
    let letters = name.trim().to_lowercase();
    let letters = letters.chars().filter_map(|c| match c {
        'á' | 'à' | 'ä' | 'â' | 'ã' => Some('a'),
        'é' | 'è' | 'ë' | 'ê' => Some('e'),
        'í' | 'ì' | 'ï' | 'î' => Some('i'),
        'ó' | 'ò' | 'ö' | 'ô' | 'õ' | 'º' | '°' => Some('o'),
        'ú' | 'ù' | 'ü' | 'û' => Some('u'),
        'ñ' => Some('n'),
        'ç' => Some('c'),
        // Accents that are letters of their own.
        '\u{300}'..='\u{36f}' => None,
        other => Some(other),
    });
    let letters: String = letters.collect();
    let words = letters.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// The columns of a file by their names.
struct Names<'a> {
    header: &'a csv::StringRecord,
    plain: Vec<String>,
}

impl Names<'_> {
    /// The column of a name as it is written or, failing that, read plainly.
    ///
    /// # Errors
    /// Several columns of that name.
    fn position(&self, name: &str) -> anyhow::Result<Option<usize>> {
        let written = self.header.iter().map(|column| column.trim() == name);
        let wanted = plain(name);
        let read = self.plain.iter().map(|column| *column == wanted);
        let places = |found: &mut dyn Iterator<Item = bool>| -> Vec<usize> {
            found.enumerate().filter(|(_, is)| *is).map(|(place, _)| place).collect()
        };
        let mut found = places(&mut written.into_iter());
        if found.is_empty() {
            found = places(&mut read.into_iter());
        }
        match found[..] {
            [] => Ok(None),
            [place] => Ok(Some(place)),
            _ => bail!("the file has {} columns {name:?}; rename all but one", found.len()),
        }
    }

    /// The column that a usual name makes a field's.
    ///
    /// # Errors
    /// Several columns of usual names, where it matters.
    fn usual(&self, field: &str, names: &str, taken: &[usize]) -> anyhow::Result<Option<usize>> {
        let mut names = names.split_whitespace().peekable();
        // Our own name comes before the others.
        if let Some(name) = names.next_if(|name| OWN_NAMES.contains(name))
            && let Some(place) = self.position(name)?.filter(|place| !taken.contains(place))
        {
            return Ok(Some(place));
        }
        let mut found = Vec::new();
        for name in names {
            found.extend(self.position(name)?.filter(|place| !taken.contains(place)));
        }
        match found[..] {
            [] => Ok(None),
            [place] => Ok(Some(place)),
            _ if !ASKED_FOR.contains(&field) => Ok(None),
            _ => {
                let names: Vec<&str> = found.iter().map(|place| &self.header[*place]).collect();
                bail!(
                    "{field} may be any of the columns {}; say which with --columns {field}=COLUMN",
                    names.join(", ")
                )
            }
        }
    }
}

impl Columns {
    /// # Errors
    /// A field that is needed and has no column; one that may be in several; a
    /// mapping that does not fit.
    pub fn find(spec: Option<&str>, header: &csv::StringRecord) -> anyhow::Result<Columns> {
        let names = Names { header, plain: header.iter().map(plain).collect() };
        let known = || header.iter().collect::<Vec<_>>().join(", ");
        let mut found: HashMap<&'static str, usize> = HashMap::new();
        for entry in spec.iter().flat_map(|spec| spec.split(',')).filter(|entry| !entry.is_empty())
        {
            let Some((field, column)) = entry.split_once('=') else {
                bail!("--columns: {entry:?} is not FIELD=COLUMN");
            };
            let fields = || PURCHASE_FIELDS.into_iter().chain(PROFILE_FIELDS);
            let Some(field) = fields().find(|known| *known == field.trim()) else {
                bail!(
                    "--columns: unknown field {field:?}{}",
                    crate::lang::spoken().said(&nearest::hint(field, fields()))
                );
            };
            let Some(index) = names.position(column.trim())? else {
                bail!("--columns: the file has no column {column:?}; it has {}", known());
            };
            found.insert(field, index);
        }
        for field in PURCHASE_FIELDS {
            if let (false, Some(index)) = (found.contains_key(field), names.position(field)?) {
                found.insert(field, index);
            }
        }
        for (field, usual) in SYNONYMS {
            let taken: Vec<usize> = found.values().copied().collect();
            if !found.contains_key(field)
                && let Some(index) = names.usual(field, usual, &taken)?
            {
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

    /// The fields that were found, each with its column, in a fixed order.
    pub(super) fn all(&self) -> Vec<(&'static str, usize)> {
        let needed = [("customer_id", self.customer), ("occurred_at", self.at)];
        let optional = [
            ("purchase_id", self.id),
            ("item", self.item),
            ("category", self.category),
            ("channel", self.channel),
            ("sold_by", self.sold_by),
        ];
        let optional = optional.into_iter().filter_map(|(field, place)| Some((field, place?)));
        let purchase = needed.into_iter().chain([("total", self.total)]).chain(optional);
        purchase.chain(self.profile.iter().copied()).collect()
    }
}

/// A cell's text, `None` where it is empty.
pub fn cell(row: &csv::StringRecord, index: impl Into<Option<usize>>) -> Option<&str> {
    row.get(index.into()?).map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(spec: Option<&str>, header: &str) -> Result<Columns, String> {
        let header = csv::StringRecord::from(header.split('|').collect::<Vec<_>>());
        Columns::find(spec, &header).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_read_without_case_and_accents() {
        for header in [
            "customer_id|occurred_at|total|purchase_id|category",
            "Cliente|FECHA|Importe|Folio|Categoría",
            "ID Cliente|Fecha y hora|Monto|N.º factura|categori\u{301}a",
            "Customer ID|Date|Amount|Order-ID|CATEGORY",
        ] {
            let header = header.replace("N.º", "No.");
            let found = find(None, &header).unwrap();
            assert_eq!((found.customer, found.at, found.total), (0, 1, 2), "{header}");
            assert_eq!((found.id, found.category), (Some(3), Some(4)), "{header}");
        }
        let found = find(Some("total=valor neto,email=CORREO"), "cliente|fecha|Valor  Neto|correo");
        assert_eq!(found.unwrap().profile, [("email", 3)]);
    }

    #[test]
    fn of_several_columns_none_is_guessed() {
        let why = find(None, "cliente|fecha|importe|monto").unwrap_err();
        assert!(why.contains("importe, monto") && why.contains("--columns total="), "{why}");
        assert!(find(None, "cliente|fecha|total|importe").is_ok());
        assert!(find(Some("total=monto"), "cliente|fecha|importe|monto").is_ok());
        assert!(find(None, "cliente|fecha|total|Total").is_ok());
        assert!(find(None, "cliente|fecha|total|total").unwrap_err().contains("2 columns"));
        // A column is taken once.
        let found = find(Some("purchase_id=date"), "customer|fecha|amount|date").unwrap();
        assert_eq!((found.at, found.id), (1, Some(3)));
    }
}
