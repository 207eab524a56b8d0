//! What went out of a shop, as its mailbox and its bus saw it.

/// A touch that went out: a mail that was taken, or a call that was asked for.
#[derive(Clone, Debug)]
pub struct Gone {
    pub touch: String,
    pub at: i64,
    /// The address; `None` for a call.
    pub to: Option<String>,
    /// Whether it went out to the guest that the customer was.
    pub is_of_guest: bool,
}

/// A complaint that went up to a level, as it was published.
#[derive(Clone, Debug)]
pub struct Escalated {
    pub complaint: String,
    pub level: u64,
    pub at: i64,
}

/// A mail in the morning, and of how many complaints it told.
#[derive(Clone, Copy, Debug)]
pub struct Morning {
    pub at: i64,
    pub complaints: usize,
}
