//! The number of a published version of the rules.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Which version of rules, policy and templates: 1, 2, 3 … in the order of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(NonZeroU32);

impl VersionNumber {
    /// That of the very first version.
    pub const FIRST: VersionNumber = VersionNumber(NonZeroU32::MIN);

    /// `None` for 0, which no version has.
    pub fn new(number: u32) -> Option<VersionNumber> {
        NonZeroU32::new(number).map(VersionNumber)
    }

    /// That of the version published next.
    pub fn next(self) -> VersionNumber {
        VersionNumber(self.0.saturating_add(1))
    }

    /// As a plain number.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
