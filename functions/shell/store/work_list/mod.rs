//! What waits for somebody in the shop.

pub(super) mod calls;
pub(super) mod complaints;
mod desk;
pub(super) mod staff_index;
pub(super) mod staff_mail;

use super::*;
