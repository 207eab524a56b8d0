//! A condition's source as a tree, by the `cel` crate's two parsers, which make the
//! same of it. One is quick. The other also tells where each part stands, and fills
//! large tables first, so it reads what there is something to tell of.

use std::sync::{Mutex, PoisonError};

use cel::parser::PrattParser;
use cel::{IdedExpr, Program};

use super::check::Fault;
use super::slips;
use crate::bilingual::said;

/// The longest condition taken, in bytes.
pub(super) const SOURCE_BYTES_MAX: usize = 4_096;

/// How deep brackets and signs may be nested: the parser recurses.
pub(super) const NESTING_MAX: usize = 24;

/// How many fields and operators a condition may have: their tree may lean to
/// one side, and whoever walks it recurses as well.
pub(super) const OPERATORS_MAX: usize = 200;

/// The parser that tells places fills tables that all threads share, and loses its
/// way for good where two do so at once.
static PARSER: Mutex<()> = Mutex::new(());

/// What a parser made of a source.
pub(crate) enum Parsed {
    /// The tree alone.
    Tree(IdedExpr),
    /// With the place of each part.
    Placed(Program),
}

impl Parsed {
    pub(crate) fn root(&self) -> &IdedExpr {
        match self {
            Parsed::Tree(root) => root,
            Parsed::Placed(program) => program.expression(),
        }
    }

    /// Which byte of the source a part begins at, so many bytes further on. The tree
    /// alone does not tell.
    pub(crate) fn offset(&self, source: &str, id: u64, behind: usize) -> usize {
        let Parsed::Placed(program) = self else { return 0 };
        let start = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
        // The parser counts bytes here, and characters where it cannot read on.
        source.floor_char_boundary(start + behind)
    }
}

/// The tree, where the source is one.
///
/// # Errors
/// The [`Fault`] of a source that is too long or too deep to be parsed.
pub(crate) fn tree(source: &str) -> Result<Option<Parsed>, Fault> {
    bound(source)?;
    Ok(PrattParser::new().parse(source).ok().map(Parsed::Tree))
}

/// The same, with the place of each part.
///
/// # Errors
/// Every [`Fault`] that the parser finds.
pub(crate) fn placed(source: &str) -> Result<Parsed, Vec<Fault>> {
    bound(source).map_err(|fault| vec![fault])?;
    let parsed = {
        let _alone = PARSER.lock().unwrap_or_else(PoisonError::into_inner);
        Program::compile(source)
    };
    parsed.map(Parsed::Placed).map_err(|errors| {
        let slips = slips::found(source);
        if !slips.is_empty() {
            return slips;
        }
        let faults = errors.errors.iter().map(|error| Fault {
            offset: offset(source, error.pos.0, error.pos.1 - 1),
            message: slips::in_words(error.msg.lines().next().unwrap_or_default()),
        });
        faults.collect()
    })
}

/// Which byte of a text a line (from 1) and a character of it (from 0) are at.
fn offset(source: &str, line: isize, column: isize) -> usize {
    let mut lines = source.split_inclusive('\n');
    let before = lines.by_ref().take((line - 1).max(0) as usize).map(str::len).sum::<usize>();
    let line = lines.next().unwrap_or_default();
    let within = line.char_indices().nth(column.max(0) as usize).map(|(byte, _)| byte);
    before + within.unwrap_or(line.len())
}

/// Refuses what is too long to be read or too deep to be walked.
fn bound(source: &str) -> Result<(), Fault> {
    if source.len() > SOURCE_BYTES_MAX {
        let message = said!(
            "tiene {} bytes; caben {SOURCE_BYTES_MAX}",
            "has {} bytes, at most {SOURCE_BYTES_MAX} are taken",
            source.len()
        );
        return Err(Fault { offset: 0, message });
    }
    let (mut brackets, mut signs, mut operators) = (0usize, 0usize, 0usize);
    for (offset, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'.' | b'?' | b'&' | b'|' | b'+' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' => {
                operators += 1;
            }
            _ => {}
        }
        match byte {
            b'!' | b'-' => signs += 1,
            b' ' => {}
            _ => signs = 0,
        }
        if brackets + signs > NESTING_MAX {
            let message = said!(
                "tiene más de {NESTING_MAX} niveles anidados; divide la regla",
                "is nested deeper than {NESTING_MAX} levels; split the rule"
            );
            return Err(Fault { offset, message });
        }
        if operators > OPERATORS_MAX {
            let message = said!(
                "tiene más de {OPERATORS_MAX} campos y operadores; divide la regla",
                "has more than {OPERATORS_MAX} fields and operators; split the rule"
            );
            return Err(Fault { offset, message });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
