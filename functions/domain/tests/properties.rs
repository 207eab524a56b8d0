//! What holds for every shop and every history: see `worlds` for what is drawn.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod worlds;

use std::collections::HashSet;

use jiff::{ToSpan, Zoned};
use lazo_domain::customer::Customer;
use lazo_domain::decide::{Input, decide};
use lazo_domain::draw::fraction;
use lazo_domain::event::{Delivered, EventKind};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::Trigger;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Outcome, Period, simulate};
use lazo_domain::span::{Span, Unit};
use lazo_domain::touch::{TouchId, TouchRecord, TouchStatus};
use proptest::prelude::*;
use worlds::{
    Happening, INTRODUCED, SEGMENTS, Waits, at, book, files, happenings, introduction, kinds,
};

const DAY: i64 = 1440;

fn ana() -> Id {
    Id::new("ana").unwrap()
}

fn run(mut events: Vec<Delivered>, book: &RuleBook, until: Instant) -> Outcome {
    events.push(introduction());
    simulate(ana(), &mut events, &[], book, Period { from: Instant::MIN, until })
}

fn deliver(happenings: &[Happening]) -> Vec<Delivered> {
    happenings.iter().map(Happening::delivered).collect()
}

fn sent(outcome: &Outcome) -> impl Iterator<Item = &TouchRecord> {
    outcome.touches.iter().filter(|record| record.status == TouchStatus::Sent)
}

/// A later local time, reckoned by jiff alone; business days aside.
fn plus(zoned: &Zoned, span: Span) -> Zoned {
    let count = i64::from(span.count);
    let span = match span.unit {
        Unit::Minutes => count.minutes(),
        Unit::Hours => count.hours(),
        Unit::Days | Unit::BusinessDays => count.days(),
        Unit::Weeks => count.weeks(),
        Unit::Months => count.months(),
        Unit::Years => count.years(),
    };
    zoned.checked_add(span).unwrap()
}

/// What a permutation may not change of a customer.
fn essence(customer: &Customer) -> serde_json::Value {
    let mut value = serde_json::to_value(customer).unwrap();
    let fields = value.as_object_mut().unwrap();
    fields.remove("occasions_until");
    for fired in fields.get_mut("fired").and_then(|f| f.as_array_mut()).into_iter().flatten() {
        let fired = fired.as_object_mut().unwrap();
        fired.remove("received_at");
    }
    for told in fields.get_mut("call_reports").and_then(|r| r.as_array_mut()).into_iter().flatten()
    {
        told.as_object_mut().unwrap().remove("received_at");
    }
    for entered in fields.get_mut("stages").and_then(|s| s.as_array_mut()).into_iter().flatten() {
        entered.as_object_mut().unwrap().remove("learnt_at");
    }
    value
}

/// The touches, but not when an exit event arrived.
fn lines(touches: &[TouchRecord]) -> Vec<String> {
    let line = |record: &TouchRecord| {
        let at = (record.status != TouchStatus::Cancelled).then_some(record.at);
        let (touch, status, due, reason) =
            (&record.touch, record.status, record.due, record.reason);
        format!("{touch} {status:?} at {at:?} due {due} {reason:?}")
    };
    touches.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// 1.1: what is told again changes nothing.
    #[test]
    fn duplicates_change_nothing(
        files in files(Waits::Any),
        happenings in happenings(kinds(), 40 * DAY),
        again in proptest::collection::vec((any::<prop::sample::Index>(), 0..30 * DAY), 1..10),
    ) {
        let book = book(&files);
        let until = at(90 * DAY);
        let once = run(deliver(&happenings), &book, until);
        let mut events = deliver(&happenings);
        for (index, later) in again {
            let told = index.get(&happenings);
            // Two events with one key: the first that is delivered counts.
            let same = |h: &&Happening| h.delivered().event.key() == told.delivered().event.key();
            let first = happenings.iter().filter(same).map(|h| h.minute + h.delay).min();
            let arrives = (told.minute + told.delay).max(first.unwrap_or(0)) + later + 1;
            events.push(told.delivered_at(at(arrives)));
        }
        let twice = run(events, &book, until);
        prop_assert_eq!(lines(&once.touches), lines(&twice.touches));
        let settled = |outcome: Outcome| decide(outcome.customer, Input::Due, &book, until).customer;
        prop_assert_eq!(essence(&settled(once)), essence(&settled(twice)));
    }

    /// 2.21: a segment holds where its condition holds, for whoever asks.
    #[test]
    fn a_segment_is_its_condition(
        files in files(Waits::Any),
        happenings in happenings(kinds(), 40 * DAY),
    ) {
        let written_out = |text: &str| {
            SEGMENTS.iter().fold(text.to_owned(), |text, (name, held)| {
                text.replace(&format!("segment(\"{name}\")"), &format!("({held})"))
                    .replace(&format!("(\"{name}\" in customer.segments)"), &format!("({held})"))
            })
        };
        let others: Vec<(String, String)> = files
            .iter()
            .filter(|(name, _)| name != "segments.yaml")
            .map(|(name, text)| (name.clone(), written_out(text)))
            .collect();
        let until = at(90 * DAY);
        let by_name = run(deliver(&happenings), &book(&files), until);
        let by_hand = run(deliver(&happenings), &book(&others), until);
        prop_assert_eq!(lines(&by_name.touches), lines(&by_hand.touches));
    }

    /// 2.19, 2.20: whoever is drawn for a control group hears nothing of its rules, and
    /// a step's variants are one and the same for a customer.
    #[test]
    fn draws_are_the_same_for_every_touch(
        files in files(Waits::Any),
        happenings in happenings(kinds(), 40 * DAY),
    ) {
        let book = book(&files);
        let outcome = run(deliver(&happenings), &book, at(90 * DAY));
        for record in sent(&outcome) {
            let rule = book.rule(&record.touch.rule).unwrap();
            let global = book.policy.global_holdout.as_ref();
            prop_assert!(global.is_none_or(|global| global.purpose != rule.purpose));
            let step = rule.step(&record.touch.step).unwrap();
            let u = fraction(&format!("{}/{}/ana", rule.name, step.id));
            let expected = match step.variants.is_empty() {
                true => None,
                false if u < 0.3 => Some("a"),
                false => Some("b"),
            };
            prop_assert_eq!(record.variant.as_deref(), expected);
        }
    }

    /// 1.2: in any order, as long as nothing has fallen due.
    #[test]
    fn order_does_not_matter(
        files in files(Waits::Long),
        happenings in happenings(kinds(), 300),
        order in any::<u64>(),
    ) {
        let book = book(&files);
        // Of two events with one key the first delivered counts: keep one.
        let mut keys = HashSet::new();
        let mut happenings = happenings;
        happenings.retain(|h| match h.delivered().event.key() {
            Some(key) => keys.insert((h.kind, key.to_string())),
            None => keys.insert((h.kind, h.minute.to_string())),
        });
        let in_order = |happenings: &[Happening]| -> Vec<Delivered> {
            let arrives = |index: usize| at(300 + index as i64);
            happenings.iter().enumerate().map(|(i, h)| h.delivered_at(arrives(i))).collect()
        };
        let mut shuffled = happenings.clone();
        let mut state = order | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(index, (state >> 33) as usize % (index + 1));
        }
        let settled = at(330);
        let (one, other) =
            (run(in_order(&happenings), &book, settled), run(in_order(&shuffled), &book, settled));
        prop_assert_eq!(essence(&one.customer), essence(&other.customer));
        let until = at(60 * DAY);
        let (one, other) =
            (run(in_order(&happenings), &book, until), run(in_order(&shuffled), &book, until));
        prop_assert_eq!(lines(&one.touches), lines(&other.touches));
    }

    /// 2.10, 2.11, 2.13 and the arrow of time, checked from outside.
    #[test]
    fn what_is_sent_keeps_to_the_policy(
        files in files(Waits::Any),
        happenings in happenings(kinds(), 40 * DAY),
    ) {
        let book = book(&files);
        let until = at(120 * DAY);
        let outcome = run(deliver(&happenings), &book, until);
        let zone = outcome.customer.zone(&book.default_zone);
        let purpose = |record: &TouchRecord| book.rule(&record.touch.rule).unwrap().purpose;
        for cap in &book.policy.frequency_caps {
            let covered: Vec<Instant> = sent(&outcome)
                .filter(|record| cap.covers(record.channel, purpose(record)))
                .map(|record| record.at)
                .collect();
            for last in &covered {
                let counts = |at: &&Instant| {
                    **at <= *last && plus(&at.zoned(&zone), cap.per) > last.zoned(&zone)
                };
                let count = covered.iter().filter(counts).count();
                prop_assert!(count <= cap.max as usize, "{count} sent by {last} under {cap:?}");
            }
        }
        for record in sent(&outcome) {
            let step = book.rule(&record.touch.rule).unwrap().step(&record.touch.step).unwrap();
            let gone = plus(&record.due.zoned(&zone), step.expiry);
            prop_assert!(record.at.zoned(&zone) < gone, "{record:?} was sent too late");
            prop_assert!(record.at >= record.due, "{record:?} was sent too early");
            let is_trigger = |h: &&Happening| {
                h.delivered().event.key().is_some_and(|key| key.as_str() == record.touch.occurrence)
            };
            let told = happenings.iter().filter(is_trigger).map(|h| at(h.minute + h.delay)).min();
            prop_assert!(told.is_none_or(|told| record.at >= told), "{record:?} was sent not_notified");
        }
        each_trigger_has_its_line(&book, &happenings, &outcome)?;
    }

    /// Whatever comes in whatever order, even erasure and answers to touches
    /// that were never sent, nothing panics and the state can be stored.
    #[test]
    fn decide_is_total(
        files in files(Waits::Any),
        happenings in happenings(EventKind::ALL.to_vec(), 40 * DAY),
        turns in proptest::collection::vec((any::<u8>(), 0..60 * DAY), 1..40),
    ) {
        let book = book(&files);
        let events = deliver(&happenings);
        let mut customer = Customer::new(ana());
        for (turn, minute) in turns {
            let now = at(minute);
            let event = &events[turn as usize % events.len()].event;
            let touch = customer.enrolments.first().map(|e| TouchId {
                rule: e.rule.clone(),
                customer: ana(),
                occurrence: e.occurrence.clone(),
                step: e.step.clone(),
            });
            let input = match (turn % 8, &touch) {
                (0..3, _) | (4.., None) => Input::Event(event),
                (3, _) => Input::History(event),
                (4, Some(touch)) => Input::Confirmed(touch),
                (5, Some(touch)) => Input::PutBack { touch, until: at(minute + 60) },
                (6, Some(touch)) => Input::Refused(touch),
                (_, Some(_)) => Input::Due,
            };
            customer = decide(customer, input, &book, now).customer;
            let stored = serde_json::to_string(&customer).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Customer>(&stored).unwrap(), &customer);
        }
    }
}

/// Every trigger of a live rule has one line for the first step.
fn each_trigger_has_its_line(
    book: &RuleBook,
    happenings: &[Happening],
    outcome: &Outcome,
) -> Result<(), TestCaseError> {
    for rule in book.rules() {
        let Trigger::Event(kind) = rule.trigger else {
            continue;
        };
        let triggers: HashSet<String> = happenings
            .iter()
            .filter(|h| h.kind == kind)
            .map(|h| match h.delivered().event.key() {
                Some(key) => key.to_string(),
                None => at(h.minute).to_string(),
            })
            .chain((kind == EventKind::CustomerUpdated).then(|| at(INTRODUCED).to_string()))
            .collect();
        let touches = outcome.touches.iter().map(|record| &record.touch);
        let mine = touches.filter(|touch| touch.rule == rule.name);
        let told: HashSet<String> = mine
            .filter(|touch| touch.step == rule.steps[0].id)
            .map(|t| t.occurrence.clone())
            .collect();
        prop_assert_eq!(triggers, told, "of {}", &rule.name);
    }
    Ok(())
}

/// 2.6 over every time zone in the database, through a year of clock changes:
/// nothing is sent outside its window by the clock on the wall, no call on a
/// closed day, and nothing that has a window opening is lost.
#[test]
fn nothing_is_sent_outside_its_window_in_any_time_zone() {
    let policy = r#"
        windows: { email: { mon-sun: "01:30-02:15, 23:00-24:00" }, call: { mon-fri: "00:00-00:45", sat: "02:00-03:10" } }
        closed_days: ["--12-25", "2027-03-29"]
    "#;
    let rule = |name: &str, steps: &str| {
        (
            format!("{name}.yaml"),
            format!(
                "rule: {name}\nstatus: live\npurpose: service\ntrigger: {{ event: PurchaseCompleted }}\nsteps: [{steps}]"
            ),
        )
    };
    let files = [
        ("policy.yaml".to_owned(), policy.to_owned()),
        rule("mail", "{ id: s, channel: email, template: t, wait: 1 hour, expires: 30 days }"),
        rule("call", "{ id: s, channel: call, template: t, wait: 1 day, expires: 30 days }"),
    ];
    let book = book(&files);
    let purchases: Vec<Happening> = (0..40)
        .map(|number| Happening {
            kind: EventKind::PurchaseCompleted,
            // Every nine days and some hours, over a year.
            minute: number as i64 * (9 * DAY + 317),
            delay: 0,
            choice: 1,
            number,
        })
        .collect();
    let mut zones = 0;
    for name in jiff::tz::db().available() {
        zones += 1;
        let update = format!(
            r#"{{"detail-type":"CustomerUpdated","customer_id":"ana","occurred_at":"2026-01-01T00:00:00Z","time_zone":"{name}","email":"a@b.co","phone":"+5255123456"}}"#
        );
        let mut events = deliver(&purchases);
        events.push(lazo_domain::event::from_wire(&update).unwrap());
        let outcome = run(events, &book, at(500 * DAY));
        let zone = outcome.customer.zone(&book.default_zone);
        assert_eq!(sent(&outcome).count(), 80, "{name}");
        for record in sent(&outcome) {
            let local = record.at.zoned(&zone);
            let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
            let is_inside = match (record.touch.rule.as_str(), local.weekday()) {
                ("mail", _) => (90..135).contains(&minute) || minute >= 1380,
                (_, jiff::civil::Weekday::Saturday) => (120..190).contains(&minute),
                (_, jiff::civil::Weekday::Sunday) => false,
                _ => minute < 45,
            };
            let is_closed = matches!((local.month(), local.day()), (12, 25))
                || local.date() == jiff::civil::date(2027, 3, 29);
            let is_call = record.touch.rule == "call";
            assert!(is_inside && !(is_call && is_closed), "{name}: {} {local}", record.touch);
        }
    }
    assert!(zones > 400, "{zones} zones");
}

/// A profile has no key, so the state itself remembers that its instant has
/// triggered: told in two parts, it starts a follow-up once.
#[test]
fn a_profile_told_in_parts_triggers_once() {
    let rule = "rule: hello\nstatus: live\npurpose: service\ntrigger: { event: CustomerUpdated }\nsteps: [{ id: s, channel: task, template: t }]";
    let files = [("policy.yaml", "default_time_zone: UTC"), ("hello.yaml", rule)];
    let book = book(&files.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let part = |choice| Happening {
        kind: EventKind::CustomerUpdated,
        minute: 0,
        delay: 0,
        choice,
        number: 0,
    };
    let (one, other) = (part(0).delivered(), part(5).delivered());
    let told = decide(Customer::new(ana()), Input::Event(&one.event), &book, at(0));
    let sent = decide(told.customer, Input::Due, &book, at(0));
    assert_eq!(sent.sends.len(), 1);
    let done = decide(sent.customer, Input::Confirmed(&sent.sends[0].touch), &book, at(0));
    let told = decide(done.customer, Input::Event(&other.event), &book, at(5));
    assert_eq!((told.customer.next_due(), told.records.len()), (None, 0));
}
