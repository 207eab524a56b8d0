//! What people are told of a file that was read.

use std::collections::BTreeSet;
use std::fmt;

use rust_decimal::Decimal;

/// What is told of rows, each with its line in the file.
#[derive(Debug, Default)]
pub struct Told {
    /// Rows that do not fit, with the reason.
    pub rejected: Vec<(usize, String)>,
    /// Rows that count, and what was made of them.
    pub remarks: Vec<(usize, Remark)>,
}

/// What was made of a row that counts.
#[derive(Debug)]
pub enum Remark {
    /// The row is the same as another one with its id.
    Copy { of: usize, id: Box<str> },
    /// The amount was blurred by binary floats.
    Noise { written: String, amount: Decimal },
    /// A cell that need not be there did not fit.
    LeftOut { field: String, why: String },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::Copy { of, id } => {
                write!(
                    f,
                    "is the same as line {of} (purchase_id {id:?}) and counts once with it; "
                )?;
                write!(f, "if both are lines of one purchase, import with --lines")
            }
            Remark::Noise { written, amount } => write!(f, "{written} is taken as {amount}"),
            Remark::LeftOut { field, why } => write!(f, "{field} is left out: {why}"),
        }
    }
}

impl Told {
    pub fn add(&mut self, other: Told) {
        self.rejected.extend(other.rejected);
        self.remarks.extend(other.remarks);
    }

    /// How many rows count without some of what they tell.
    pub fn rows_in_part(&self) -> usize {
        let is_in_part = |remark: &Remark| matches!(remark, Remark::LeftOut { .. });
        let in_part = self.remarks.iter().filter(|(_, remark)| is_in_part(remark));
        in_part.map(|(line, _)| line).collect::<BTreeSet<_>>().len()
    }

    /// In the order of the file, each row rejected once.
    pub fn sort(&mut self) {
        self.rejected.sort_by_key(|(line, _)| *line);
        self.rejected.dedup_by_key(|(line, _)| *line);
        self.remarks.sort_by_key(|(line, _)| *line);
    }
}
