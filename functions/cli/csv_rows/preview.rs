//! How a file was understood, for people to look at before anything is written.

use lazo::shell::wording::Language;
use std::fmt::Write;

use super::amounts::DecimalSign;
use super::dates::DateOrder;
use super::{Sheet, Told, cell};

/// How many rows are shown.
const ROWS_SHOWN: usize = 5;

impl Sheet<'_> {
    /// Which column is what, how its cells are read, and the first rows.
    ///
    /// # Errors
    /// A file that is no CSV.
    pub fn preview(&self, lang: Language) -> anyhow::Result<String> {
        let between = match self.records.delimiter {
            '\t' => lang.pick("tabulador", "tab").to_owned(),
            sign => format!("\"{sign}\""),
        };
        let mut text = format!("  {} {between}\n", lang.pick("celdas entre", "cells between"));
        let fields = self.columns.all();
        let header = &self.records.header;
        for (field, place) in &fields {
            let how = self.how(field, lang);
            let column = header.get(*place).unwrap_or_default();
            let row = format!("  {field:<16} {column:<24} {how}");
            let _ = writeln!(text, "{}", row.trim_end());
        }
        let is_read = |place: usize| fields.iter().any(|(_, of)| *of == place);
        let others = header.iter().enumerate().filter(|(place, _)| !is_read(*place));
        let others: Vec<&str> = others.map(|(_, name)| name).collect();
        if !others.is_empty() {
            let label = lang.pick("no se leen", "not read");
            let _ = writeln!(text, "  {label}: {}", others.join(", "));
        }
        for doubt in &self.doubts {
            let _ = writeln!(text, "  {}: {doubt}", lang.pick("atención", "beware"));
        }
        self.rows(&mut text, lang)?;
        Ok(text)
    }

    fn how(&self, field: &str, lang: Language) -> String {
        match field {
            "occurred_at" => {
                let order = match self.dates.order {
                    Some(DateOrder::Day) => lang.pick("día primero, ", "day first, "),
                    Some(DateOrder::Month) => lang.pick("mes primero, ", "month first, "),
                    None => "",
                };
                format!("{order}{} {}", lang.pick("hora de", "time of"), self.zone)
            }
            "total" => {
                let sign = match self.amounts.decimal {
                    Some(DecimalSign::Point) => lang.pick("punto decimal", "decimal point"),
                    Some(DecimalSign::Comma) => lang.pick("coma decimal", "decimal comma"),
                    None => lang.pick("sin signo decimal", "no decimal sign"),
                };
                match self.currency {
                    Some(currency) => format!("{sign}, {currency}"),
                    None => sign.to_owned(),
                }
            }
            "purchase_id" if self.order.has_lines => lang
                .pick("varias filas son líneas de una compra", "several rows are one purchase's")
                .to_owned(),
            _ => String::new(),
        }
    }

    /// The first rows as they are read.
    fn rows(&self, text: &mut String, lang: Language) -> anyhow::Result<()> {
        let mut shown = 0;
        self.records.each(|line, record, why| {
            shown += 1;
            if shown > ROWS_SHOWN {
                return;
            }
            let label = lang.pick("línea", "line");
            let row = match why {
                Some(why) => Err(why.to_owned()),
                None => self.row(line, record, true, &mut Told::default()),
            };
            let row = match row {
                Err(why) => format!("{}: {why}", lang.pick("no sirve", "does not fit")),
                Ok(row) => {
                    let customer = cell(record, self.columns.customer).unwrap_or("?");
                    let when = row.when.local.to_string().replace('T', " ");
                    let code = self.currency.map_or(String::new(), |code| format!(" {code}"));
                    let item = row.detail.and_then(|detail| detail.item).unwrap_or_default();
                    let id = row.id.unwrap_or_default();
                    format!("{customer}  {when}  {}{code}  {id}  {item}", row.amount)
                }
            };
            let _ = writeln!(text, "  {label} {line}: {}", row.trim_end());
        })?;
        Ok(())
    }
}
