//! The rules and the policy of `../rules`, in words of its own.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::clock::{business_day_after, date, days_later, instant, later};
use crate::fact::{Fact, For, Line, What};
use crate::life::HOUR;

pub const DEFAULT_ZONE: &str = "America/Mexico_City";

/// For how many days a trigger may come late.
pub const TRIGGER_DAYS: i64 = 3;

/// For how many days touches wait behind a resolved complaint, and behind a bad
/// answer.
pub const RESUME_DAYS: i64 = 7;
pub const BAD_DAYS: i64 = 14;

/// How many touches in how many days, and how many of marketing.
pub const CAP_DAYS: i64 = 7;
pub const CAP: usize = 4;
pub const CAP_MARKETING: usize = 2;

#[derive(Clone, Copy, Debug)]
pub enum Wait {
    None,
    Hours(i64),
    Days(i64),
    BusinessDay,
    /// Whenever the product thinks best.
    Any,
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub id: &'static str,
    pub line: Line,
    pub wait: Wait,
    pub at: Option<Time>,
    pub expiry_days: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub rule: &'static str,
    /// The event that starts it; empty for the birthday.
    pub trigger: &'static str,
    pub purpose: For,
    pub cooldown_days: Option<i64>,
    pub holdout: f64,
    pub exit_on: &'static [&'static str],
    pub waits_for_complaints: bool,
    pub steps: &'static [Step],
    /// Whether it is a call that is tried again, and no beginning.
    pub is_further: bool,
}

const fn mail(id: &'static str, wait: Wait, at: Option<Time>, expiry_days: i64) -> Step {
    Step { id, line: Line::Email, wait, at, expiry_days }
}

const fn clock(hour: i8, minute: i8) -> Option<Time> {
    Some(Time::constant(hour, minute, 0, 0))
}

const FLOW: Flow = Flow {
    rule: "",
    trigger: "",
    purpose: For::Service,
    cooldown_days: None,
    holdout: 0.0,
    exit_on: &[],
    waits_for_complaints: true,
    steps: &[],
    is_further: false,
};

pub const FLOWS: [Flow; 13] = [
    Flow {
        rule: "thanks-mail",
        trigger: "PurchaseCompleted",
        exit_on: &["PurchaseRefunded"],
        steps: &[mail("mail", Wait::Days(1), clock(10, 0), 3)],
        ..FLOW
    },
    Flow {
        rule: "thanks-call",
        trigger: "PurchaseCompleted",
        exit_on: &["PurchaseRefunded"],
        steps: &[Step { line: Line::Call, ..mail("call", Wait::BusinessDay, clock(11, 0), 5) }],
        ..FLOW
    },
    Flow {
        rule: "check-in",
        trigger: "PurchaseDelivered",
        holdout: 0.5,
        exit_on: &["SurveyAnswered", "PurchaseRefunded"],
        steps: &[
            mail("mail", Wait::Days(2), clock(12, 0), 3),
            mail("again", Wait::Days(3), clock(18, 0), 2),
        ],
        ..FLOW
    },
    Flow {
        rule: "news",
        trigger: "PurchaseDelivered",
        purpose: For::Marketing,
        cooldown_days: Some(20),
        holdout: 0.3,
        steps: &[mail("mail", Wait::Days(3), clock(17, 0), 3)],
        ..FLOW
    },
    Flow {
        rule: "sorry",
        trigger: "ComplaintResolved",
        waits_for_complaints: false,
        steps: &[mail("mail", Wait::Hours(2), None, 3)],
        ..FLOW
    },
    Flow {
        rule: "welcome",
        trigger: "ConsentChanged",
        purpose: For::Marketing,
        cooldown_days: Some(90),
        steps: &[mail("mail", Wait::None, None, 3)],
        ..FLOW
    },
    Flow {
        rule: "birthday",
        purpose: For::Marketing,
        steps: &[mail("mail", Wait::None, clock(9, 30), 3)],
        ..FLOW
    },
    Flow {
        rule: "winback",
        purpose: For::Marketing,
        exit_on: &["PurchaseCompleted"],
        steps: &[mail("mail", Wait::None, clock(11, 0), 3)],
        ..FLOW
    },
    Flow {
        rule: "lead",
        trigger: "PurchaseCompleted",
        steps: &[Step { line: Line::Task, ..mail("tell", Wait::None, None, 4) }],
        ..FLOW
    },
    Flow { rule: "digest", steps: &[mail("mail", Wait::None, clock(14, 0), 3)], ..FLOW },
    Flow {
        rule: "note",
        trigger: "InteractionRecorded",
        steps: &[Step { line: Line::Task, ..mail("note", Wait::None, None, 4) }],
        ..FLOW
    },
    Flow {
        rule: "article",
        trigger: "ContentPublished",
        purpose: For::Marketing,
        steps: &[mail("mail", Wait::Days(1), clock(15, 0), 4)],
        ..FLOW
    },
    Flow {
        rule: "rate",
        trigger: "PurchaseDelivered",
        exit_on: &["PurchaseRefunded"],
        steps: &[mail("mail", Wait::Days(1), clock(13, 0), 3)],
        ..FLOW
    },
];

/// The share of customers who get no marketing at all.
const GLOBAL_HOLDOUT: f64 = 0.12;

/// The share of customers who are thanked by the first of two texts.
const FIRST_VARIANT: f64 = 0.4;

/// The share of deliveries that is asked about.
const SAMPLE: f64 = 0.2;

const AGAIN: Step = Step { line: Line::Call, ..mail("", Wait::Any, None, 5) };

const FURTHER: Flow = Flow { is_further: true, ..FLOWS[1] };

/// What follows a large purchase's call where nobody is reached, one after the
/// other.
pub const ATTEMPTS: [Flow; 3] = [
    Flow { steps: &[Step { id: "call.2", ..AGAIN }], ..FURTHER },
    Flow { steps: &[Step { id: "call.3", ..AGAIN }], ..FURTHER },
    Flow { steps: &[mail("call.then", Wait::Any, None, 3)], ..FURTHER },
];

pub fn flow(rule: &str) -> Option<&'static Flow> {
    FLOWS.iter().find(|flow| flow.rule == rule)
}

/// Whether a rule starts on a day of the calendar, and by no event.
pub fn is_of_a_day(rule: &str) -> bool {
    flow(rule).is_some_and(|flow| flow.trigger.is_empty())
}

/// The flow and the step that a touch's names mean.
pub fn flow_of(rule: &str, step: &str) -> Option<(&'static Flow, &'static Step)> {
    let named = FLOWS.iter().chain(&ATTEMPTS).filter(|flow| flow.rule == rule);
    named
        .flat_map(|flow| flow.steps.iter().map(move |step| (flow, step)))
        .find(|(_, s)| s.id == step)
}

/// A number from 0 to 1 that a text stands for, always the same.
fn drawn(text: &str) -> f64 {
    let digest = Sha256::digest(text);
    let number = digest.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    number as f64 / 2f64.powi(64)
}

impl Flow {
    /// Whether it is for such a trigger.
    pub fn is_for(&self, fact: &Fact) -> bool {
        match (self.rule, &fact.what) {
            ("thanks-mail", What::Purchase { cents }) => *cents < 500_000,
            ("thanks-call", What::Purchase { cents }) => *cents >= 500_000,
            ("lead", What::Purchase { cents }) => *cents >= 1_500_000,
            ("note", what) => matches!(what, What::Met),
            ("welcome", What::Consent { purpose, denied, .. }) => {
                *purpose == For::Marketing && !denied
            }
            _ => true,
        }
    }

    /// Whether a customer is among those who get nothing of this rule, to compare with.
    pub fn holds_out(&self, id: &str) -> bool {
        drawn(&format!("{}/{id}", self.rule)) < self.holdout
    }

    /// Whether a customer is among those who get nothing of any rule of its purpose.
    pub fn is_kept_from(&self, id: &str) -> bool {
        self.purpose == For::Marketing && drawn(&format!("global/soak/{id}")) < GLOBAL_HOLDOUT
    }

    /// Which of two texts a customer gets in a step, where it has two.
    pub fn variant(&self, step: &str, id: &str) -> Option<&'static str> {
        let is_first = drawn(&format!("thanks-mail/mail/{id}")) < FIRST_VARIANT;
        (self.rule == "thanks-mail" && step == "mail").then_some(if is_first { "a" } else { "b" })
    }

    /// Whether an event of a kind that ends it is one that does.
    pub fn is_ended_by(&self, what: &What) -> bool {
        match (self.rule, what) {
            // What is kept in part is thanked for by mail, and asked about.
            ("thanks-mail" | "check-in" | "rate", What::RefundedPart) => false,
            ("check-in", What::Heard { is_bad, .. }) => !is_bad,
            _ => true,
        }
    }

    /// Whether what happened is among what is asked about.
    pub fn draws(&self, occurrence: &str) -> bool {
        self.rule != "rate" || drawn(&format!("rate/{occurrence}")) < SAMPLE
    }

    pub fn touch(&self, id: &str, occurrence: &str, step: &Step) -> String {
        format!("{}/{id}/{occurrence}/{}", self.rule, step.id)
    }
}

impl Step {
    /// When it falls due, counted from a base.
    pub fn due(&self, base: i64, zone: &TimeZone) -> i64 {
        match (self.wait, self.at) {
            (Wait::Hours(hours), _) => base + hours * HOUR,
            (Wait::Days(days), Some(at)) => instant(later(date(base, zone), days), at, zone),
            (Wait::BusinessDay, Some(at)) => {
                instant(business_day_after(date(base, zone)), at, zone)
            }
            (Wait::None, Some(at)) => instant(date(base, zone), at, zone),
            (Wait::Any, _) | (_, None) => base,
        }
    }

    pub fn expires(&self, due: i64, zone: &TimeZone) -> i64 {
        days_later(due, self.expiry_days, zone)
    }
}
