//! Published pieces, and whom they interest.

pub(super) mod contents;
pub(super) mod interests;

use super::*;
