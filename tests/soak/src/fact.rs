//! What happened to a customer, in words of the soak's own: what the oracle
//! goes by. Times are milliseconds since 1970.

/// A time that never comes.
pub const NEVER: i64 = i64::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Email,
    Call,
    /// Somebody of the shop is asked to do something.
    Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    Marketing,
    Service,
    All,
}

/// A birthday: the year where it is known, month and day.
pub type Birthday = (Option<i16>, i8, i8);

/// What interests somebody, or what is written about.
pub type Topic = u8;

/// What a profile tells; what it does not tell stays.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub zone: Option<String>,
    pub country: Option<String>,
    pub is_transactional: Option<bool>,
    pub birthday: Option<Birthday>,
    pub interest: Option<Topic>,
}

#[derive(Clone, Debug)]
pub enum What {
    Profile(Told),
    Consent {
        line: Line,
        purpose: For,
        denied: bool,
    },
    Purchase {
        cents: i64,
    },
    Delivered,
    /// All of a purchase was given back.
    Refunded,
    /// Some of it was.
    RefundedPart,
    ComplaintOpened,
    ComplaintResolved,
    /// A survey, a call report, an interaction, by the event's name.
    Heard {
        kind: &'static str,
        is_bad: bool,
        calls: Calls,
    },
    /// Somebody of the shop met the customer.
    Met,
    /// Something was published that interests the customer.
    Published,
    Erased,
    /// Customer and guest are one.
    Merged,
    /// The mail service told that mail to an address must stop.
    Suppressed {
        address: String,
    },
}

impl Told {
    /// The address or the number that it tells, as a line needs it, in small
    /// letters.
    pub fn address(&self, line: Line) -> Option<String> {
        let told = match line {
            Line::Email => &self.email,
            Line::Call => &self.phone,
            Line::Task => &None,
        };
        told.as_ref()?.as_ref().map(|address| address.to_lowercase())
    }
}

/// What was heard of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    Nothing,
    /// Nobody was reached.
    Unanswered,
    /// The customer wants to be called back, at a time that they named if any.
    CallBack(Option<i64>),
    /// The customer wants none.
    Denied,
    /// The number is somebody else's.
    WrongNumber,
}

/// Something that happened, and since when the product knows.
#[derive(Clone, Debug)]
pub struct Fact {
    pub what: What,
    /// The event's own key: a purchase's, a complaint's.
    pub key: String,
    /// The purchase that it is about, where it is about one.
    pub purchase: Option<String>,
    /// The touch that it reports of, where it is a report.
    pub touch: Option<String>,
    pub occurred: i64,
    /// Since when the product may know it: it was handed over.
    pub maybe: i64,
    /// Since when it must: the handover was acknowledged.
    pub sure: i64,
    /// The same of what was told of the guest.
    pub of_guest: Known,
}

/// Since when something may be known, and since when it must.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub maybe: i64,
    pub sure: i64,
}

impl Known {
    pub const NEVER: Known = Known { maybe: NEVER, sure: NEVER };
}

impl Fact {
    pub fn new(what: What, key: impl Into<String>, occurred: i64) -> Fact {
        let key = key.into();
        let (maybe, sure, of_guest) = (NEVER, NEVER, Known::NEVER);
        Fact { what, key, purchase: None, touch: None, occurred, maybe, sure, of_guest }
    }

    pub fn about(self, touch: &str) -> Fact {
        Fact { touch: Some(touch.to_owned()), ..self }
    }

    pub fn of(self, purchase: &str) -> Fact {
        Fact { purchase: Some(purchase.to_owned()), ..self }
    }

    /// Notes that it was handed over, as told of the customer or of the guest.
    pub fn hand_over(&mut self, is_of_guest: bool, now: i64) {
        let maybe = if is_of_guest { &mut self.of_guest.maybe } else { &mut self.maybe };
        *maybe = now.min(*maybe);
    }

    /// Notes that it was acknowledged.
    pub fn acknowledge(&mut self, is_of_guest: bool, now: i64) {
        let sure = if is_of_guest { &mut self.of_guest.sure } else { &mut self.sure };
        *sure = now.min(*sure);
    }

    /// The event's name; `None` for what comes by no event.
    pub fn kind(&self) -> Option<&'static str> {
        Some(match &self.what {
            What::Profile(_) => "CustomerUpdated",
            What::Consent { .. } => "ConsentChanged",
            What::Purchase { .. } => "PurchaseCompleted",
            What::Delivered => "PurchaseDelivered",
            What::Refunded | What::RefundedPart => "PurchaseRefunded",
            What::ComplaintOpened => "ComplaintOpened",
            What::ComplaintResolved => "ComplaintResolved",
            What::Heard { kind, .. } => kind,
            What::Met => "InteractionRecorded",
            What::Published => "ContentPublished",
            What::Erased => "CustomerErased",
            What::Merged => "CustomerMerged",
            What::Suppressed { .. } => return None,
        })
    }
}
