//! What people are told of a file that was read.

use std::fmt;

use lazo::shell::wording::Language;
use lazo_domain::event::{Delivered, LeftOut};
use rust_decimal::Decimal;

use crate::lang::spoken;

/// What is told of rows, each with its line in the file.
#[derive(Debug, Default)]
pub struct Told {
    /// Rows that do not fit, with the reason.
    pub rejected: Vec<(usize, String)>,
    /// Rows that count, and what was made of them.
    pub remarks: Vec<(usize, Remark)>,
    /// What counts without some of its fields.
    pub partly: Vec<PartlyTaken>,
}

/// An event that counts without some of its fields.
#[derive(Debug)]
pub struct PartlyTaken {
    /// All that was told, to be mended.
    pub text: String,
    pub left_out: Vec<LeftOut>,
}

/// What was made of a row that counts.
#[derive(Debug)]
pub enum Remark {
    /// The row is the same as another one with its id.
    Copy { of: usize, id: Box<str> },
    /// The amount was blurred by binary floats.
    Noise { written: String, amount: Decimal },
    /// What need not be there did not fit.
    LeftOut(LeftOut),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::Copy { of, id } => match spoken() {
                Language::Es => write!(
                    f,
                    "es igual a la línea {of} (purchase_id {id:?}) y cuenta una vez con ella; \
                     si ambas son renglones de una compra, importa con --lines"
                ),
                Language::En => write!(
                    f,
                    "is the same as line {of} (purchase_id {id:?}) and counts once with it; \
                     if both are lines of one purchase, import with --lines"
                ),
            },
            Remark::Noise { written, amount } => {
                write!(f, "{written} {} {amount}", spoken().pick("se toma como", "is taken as"))
            }
            Remark::LeftOut(LeftOut { path, why }) => {
                let (path, why) = (spoken().failure_reason(path), spoken().failure_reason(why));
                write!(f, "{path} {}: {why}", spoken().pick("queda fuera", "is left out"))
            }
        }
    }
}

impl Told {
    pub fn add(&mut self, other: Told) {
        self.rejected.extend(other.rejected);
        self.remarks.extend(other.remarks);
        self.partly.extend(other.partly);
    }

    /// Notes what was left out of an event that counts, if anything; `text` gives
    /// all that was told.
    pub fn note_left_out(
        &mut self,
        line: usize,
        delivered: &Delivered,
        text: impl FnOnce() -> String,
    ) {
        let left_out = delivered.left_out.clone();
        if !left_out.is_empty() {
            let remarks = left_out.iter().cloned().map(|one| (line, Remark::LeftOut(one)));
            self.remarks.extend(remarks);
            self.partly.push(PartlyTaken { text: text(), left_out });
        }
    }

    /// In the order of the file, each row rejected once.
    pub fn sort(&mut self) {
        self.rejected.sort_by_key(|(line, _)| *line);
        self.rejected.dedup_by_key(|(line, _)| *line);
        self.remarks.sort_by_key(|(line, _)| *line);
    }
}
