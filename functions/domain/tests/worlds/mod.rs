//! Shops at random: a policy, rules and a customer's history, as texts.

use std::fmt::Write;

use lazo_domain::event::{Delivered, EventKind, from_wire};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use proptest::prelude::*;
use proptest::sample::select;

/// 2026-10-20T12:00:00Z: clocks go back in Europe and America soon after.
const BEGIN_MILLIS: i64 = 1_792_497_600_000;

const MINUTE: i64 = 60_000;

pub fn at(minute: i64) -> Instant {
    Instant::from_millis(BEGIN_MILLIS + minute * MINUTE)
}

/// How wild the rules and the policy may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Waits {
    Any,
    /// Nothing falls due within two days of its trigger.
    Long,
}

/// What happened, and how many minutes later the bus delivers it.
#[derive(Clone, Copy, Debug)]
pub struct Happening {
    pub kind: EventKind,
    pub minute: i64,
    pub delay: i64,
    /// What the event says, and about which purchase or complaint.
    pub choice: u8,
    pub number: usize,
}

pub fn happenings(kinds: Vec<EventKind>, minutes: i64) -> impl Strategy<Value = Vec<Happening>> {
    let delay = prop_oneof![4 => Just(0), 1 => 1..600i64, 1 => 600..9000i64];
    let one = (select(kinds), 0..minutes, delay, any::<u8>());
    proptest::collection::vec(one, 1..25).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(number, (kind, minute, delay, choice))| Happening {
                kind,
                minute,
                delay,
                choice,
                number,
            })
            .collect()
    })
}

/// All that concerns a customer, erasure aside.
pub fn kinds() -> Vec<EventKind> {
    let not = [EventKind::CustomerErased, EventKind::ContentPublished];
    EventKind::ALL.into_iter().filter(|kind| !not.contains(kind)).collect()
}

/// What a profile may tell.
const PROFILES: [&str; 8] = [
    r#""country":"ES""#,
    r#""email":null"#,
    r#""email":"ana@example.com","relationship":"transactional""#,
    r#""relationship":null,"locale":"es""#,
    r#""birthday":"1990-11-03""#,
    r#""birthday":"--12-01","attributes":{"tier":"gold"}"#,
    r#""phone":null"#,
    r#""phone":"+525512345678","country":"MX""#,
];

impl Happening {
    pub fn delivered(&self) -> Delivered {
        self.delivered_at(at(self.minute + self.delay))
    }

    pub fn delivered_at(&self, arrives: Instant) -> Delivered {
        let text = format!(
            r#"{{"detail-type":"{}","time":"{arrives}","detail":{{"customer_id":"ana","occurred_at":"{}",{}}}}}"#,
            self.kind,
            at(self.minute),
            self.fields()
        );
        from_wire(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn fields(&self) -> String {
        let (n, c) = (self.number, self.choice);
        let few = c % 3;
        match self.kind {
            EventKind::CustomerUpdated => PROFILES[c as usize % PROFILES.len()].to_owned(),
            EventKind::ConsentChanged => {
                let channel = ["email", "call"][c as usize % 2];
                let purpose = ["marketing", "service", "all"][c as usize / 2 % 3];
                let state = if c < 200 { "granted" } else { "denied" };
                format!(
                    r#""consent_id":"y{n}","channel":"{channel}","purpose":"{purpose}","state":"{state}","source":"form""#
                )
            }
            EventKind::PurchaseCompleted => {
                format!(r#""purchase_id":"p{n}","total":{{"amount":"{c}.50","currency":"MXN"}}"#)
            }
            EventKind::PurchaseDelivered => format!(r#""purchase_id":"p{}""#, c % 8),
            EventKind::PurchaseRefunded => match c % 2 {
                0 => format!(r#""refund_id":"r{n}","purchase_id":"p{}""#, c % 8),
                _ => format!(
                    r#""refund_id":"r{n}","purchase_id":"p{}","total":{{"amount":"20","currency":"MXN"}}"#,
                    c % 8
                ),
            },
            EventKind::InteractionRecorded => format!(
                r#""interaction_id":"i{n}","phase":"postpurchase","touchpoint":"shop","channel":"shop","initiated_by":"{}","kind":"visit","satisfaction":{}"#,
                ["brand", "customer"][c as usize % 2],
                1 + c % 5
            ),
            EventKind::ComplaintOpened => {
                format!(r#""complaint_id":"c{few}","severity":"high","category":"quality""#)
            }
            EventKind::ComplaintResolved => format!(r#""complaint_id":"c{few}""#),
            EventKind::CallReported => {
                let outcome = match c {
                    255 => "do_not_call",
                    254 => "wrong_number",
                    _ => ["no_answer", "voicemail", "reached", "call_back"][c as usize / 2 % 4],
                };
                let occurrence = [format!("p{}", c % 8), format!("c{few}")][c as usize % 2].clone();
                let attempt = ["", "", ".2", ".3"][c as usize / 16 % 4];
                let touch =
                    format!("rule-{}/ana/{occurrence}/s{}{attempt}", c % 4, c as usize / 4 % 2);
                let by = ["", r#","by":"eva""#][c as usize / 64 % 2];
                format!(
                    r#""call_id":"k{n}","outcome":"{outcome}","touch_id":"{touch}","satisfaction":{}{by}"#,
                    1 + c % 5
                )
            }
            EventKind::SurveyAnswered => {
                format!(
                    r#""answer_id":"a{n}","touchpoint":"shop","csat":{},"nps":{}"#,
                    1 + c % 5,
                    c % 11
                )
            }
            EventKind::ContentPublished => {
                format!(r#""content_id":"t{n}","title":"x","url":"https://x.example","topics":[]"#)
            }
            EventKind::CustomerErased => format!(r#""request_id":"e{n}""#),
            EventKind::CustomerMerged => format!(r#""merge_id":"m{n}","merged_id":"guest{n}""#),
        }
    }
}

/// What the shop told of the customer a day before all else.
pub fn introduction() -> Delivered {
    let text = format!(
        r#"{{"detail-type":"CustomerUpdated","customer_id":"ana","occurred_at":"{}","email":"ana@example.com","phone":"+525512345678"}}"#,
        at(INTRODUCED)
    );
    from_wire(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The minute of the introduction.
pub const INTRODUCED: i64 = -1440;

fn option(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

fn step(waits: Waits) -> impl Strategy<Value = String> {
    let channel = option(&[
        "channel: email, template: t",
        "channel: call, template: t",
        "channel: call, template: t, attempts: { max: 3, gap: 1 business day, then: email, template: t }",
        "channel: call, template: t, attempts: { max: 2, gap: 5 hours }",
        "channel: task, template: t",
        "channel: email, variants: { a: { template: t, share: 30% }, b: { template: u, share: 70% } }",
        "channel: event, event: Done",
    ]);
    let wait = match waits {
        Waits::Any => option(&[
            "",
            ", wait: 0 days",
            ", wait: 1 day",
            ", wait: 90 minutes",
            ", wait: 26 hours",
            ", wait: 2 business days",
            ", wait: 1 week",
            ", wait: 1 month",
        ]),
        Waits::Long => option(&[
            ", wait: 3 days",
            ", wait: 72 hours",
            ", wait: 3 business days",
            ", wait: 1 month",
        ]),
    };
    let at = option(&["", ", at: '00:00'", ", at: '02:30'", ", at: '10:00'", ", at: '23:30'"]);
    let expires = option(&["", ", expires: 5 hours", ", expires: 2 days", ", expires: 20 days"]);
    let condition = option(&[
        "",
        "",
        ", if: customer.purchases < 3",
        ", if: customer.last_nps > 2",
        ", if: has(customer.country)",
        ", if: segment(\"keen\") || segment(\"calm\")",
    ]);
    (channel, wait, at, expires, condition)
        .prop_map(|(channel, wait, at, expires, if_)| format!("{channel}{wait}{at}{expires}{if_}"))
}

fn rule(waits: Waits) -> impl Strategy<Value = String> {
    let head = option(&[
        "purpose: marketing\npriority: 90",
        "purpose: marketing\npriority: 10",
        "purpose: service",
    ]);
    let trigger = option(&[
        "event: PurchaseCompleted",
        "event: PurchaseCompleted",
        "event: PurchaseDelivered",
        "event: SurveyAnswered",
        "event: CustomerUpdated",
        "event: ComplaintResolved",
        "event: InteractionRecorded",
        "occasion: birthday",
        "occasion: customer_since",
    ]);
    let filter = option(&[
        "",
        "",
        "filter: customer.purchases == 2",
        "filter: customer.country == 'ES'",
        "filter: customer.open_complaints == 0",
        "filter: '!trigger.refunded'",
        "filter: customer.stage != 'exploration'",
        "filter: segment(\"keen\")",
        "filter: '!(\"keen\" in customer.segments) && segment(\"calm\")'",
        "filter: customer.total_spent > 90.0 || customer.last_csat > 2",
    ]);
    let rest = option(&[
        "",
        "",
        "holdout: 100%",
        "reentry: once",
        "reentry: { cooldown: 5 days }",
        "exit_on: [PurchaseRefunded, ComplaintOpened]",
        "exit_on: [PurchaseCompleted]",
        "during_complaint: send",
        "exit_on: [CustomerUpdated, SurveyAnswered]",
        "exit_on: [{ event: PurchaseRefunded, if: trigger.refunded }]",
        "exit_on: [{ event: PurchaseCompleted, if: segment(\"keen\") }]",
        "exit_on: [{ event: SurveyAnswered, if: event.csat > 3 }, { event: PurchaseRefunded, if: trigger.refunded && has(event.total) }]",
    ]);
    (head, trigger, filter, rest, proptest::collection::vec(step(waits), 1..4)).prop_map(
        |(head, trigger, filter, rest, steps)| {
            let mut text = format!(
                "status: live\n{head}\ntrigger: {{ {trigger} }}\n{filter}\n{rest}\nsteps:\n"
            );
            for (index, step) in steps.iter().enumerate() {
                let _ = writeln!(text, "  - {{ id: s{index}, {step} }}");
            }
            text
        },
    )
}

fn policy() -> impl Strategy<Value = String> {
    let zone =
        option(&["America/Mexico_City", "Europe/Madrid", "America/New_York", "Asia/Kathmandu"]);
    let caps = option(&[
        "",
        "frequency_caps: [{ max: 1, per: 1 day }]",
        "frequency_caps: [{ purpose: marketing, max: 1, per: 7 days }, { max: 3, per: 7 days }]",
        "frequency_caps: [{ channel: email, max: 2, per: 1 month }, { max: 2, per: 6 hours }]",
    ]);
    let windows = option(&[
        "",
        "windows: { email: { mon-sun: '08:00-21:00' }, call: { mon-fri: '09:00-14:00, 16:00-19:00' } }",
        "windows: { email: { mon-fri: '01:30-02:15' }, task: { sun: '00:00-24:00' } }",
    ]);
    let rest = option(&[
        "",
        "closed_days: ['2026-11-02', '--12-01']",
        "relationships: { transactional: { channels: [email, task], purposes: [service] } }",
        "by_country: { ES: { email: { mon-sat: '01:45-12:00' } } }",
        "global_holdout: { share: 100%, purpose: marketing, epoch: x }",
    ]);
    let complaints = option(&[
        "",
        "complaints: { resume_after: 1 day, bad_experience_pause: 2 business days }",
        "complaints: { escalate_after: { high: 72 hours } }",
    ]);
    (zone, caps, windows, rest, complaints).prop_map(|(zone, caps, windows, rest, complaints)| {
        format!("default_time_zone: {zone}\nmarketing_consent: opt_out\n{caps}\n{windows}\n{rest}\n{complaints}\n")
    })
}

/// Segments of which each customer either is or is not: no value is ever missing.
pub const SEGMENTS: [(&str, &str); 2] =
    [("keen", "customer.purchases > 1"), ("calm", "customer.open_complaints == 0")];

/// The files of a rules folder.
pub fn files(waits: Waits) -> impl Strategy<Value = Vec<(String, String)>> {
    (policy(), proptest::collection::vec(rule(waits), 1..6)).prop_map(|(policy, rules)| {
        let rules = rules.into_iter().enumerate().map(|(index, rule)| {
            (format!("rule-{index}.yaml"), format!("rule: rule-{index}\n{rule}"))
        });
        let segments =
            SEGMENTS.map(|(name, held)| format!("{name}: {{ if: {held}, counted: true }}\n"));
        let own = [("policy.yaml", policy), ("segments.yaml", segments.concat())];
        own.map(|(name, text)| (name.to_owned(), text)).into_iter().chain(rules).collect()
    })
}

pub fn book(files: &[(String, String)]) -> RuleBook {
    RuleBook::read(files).unwrap_or_else(|found| panic!("{found:?}\n{files:?}"))
}
