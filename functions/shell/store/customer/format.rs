//! The format of items that are read, changed and written as a whole.
//!
//! Functions are updated one after another. One of the old version that met an
//! item of a newer format would write it back without what it does not know. So
//! each such item tells its format, and whoever does not know it leaves the item
//! alone: messages come again, alarms ring on, until the new version takes over.
//!
//! Whoever changes what such an item holds so that the version before would lose
//! something of it gives [`FORMAT`] the next number.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Item, StoreError, keys};

/// The format that is written. Items without a number are of the first.
pub(in crate::shell::store) const FORMAT: u32 = 6;

/// The attribute that holds it.
const ATTRIBUTE: &str = "format";

/// Notes the format in an item that is to be written.
pub(in crate::shell::store) fn stamp(item: &mut Item) {
    item.insert(ATTRIBUTE.into(), AttributeValue::N(FORMAT.to_string()));
}

/// Whether an item may be read, to be written again.
///
/// # Errors
/// [`StoreError::Newer`] where a newer version wrote it.
pub(in crate::shell::store) fn check(item: &Item) -> Result<(), StoreError> {
    let found = item.get(ATTRIBUTE).and_then(|format| format.as_n().ok()?.parse::<u32>().ok());
    match found {
        Some(found) if found > FORMAT => Err(StoreError::Newer { key: keys::place(item), found }),
        _ => Ok(()),
    }
}
