//! What happens to a customer over the years, and how the bus brings it.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fact::{Calls, Fact, For, Line, Told, Topic, What};
use super::happening::{Happening, Of};
use super::people::{Person, birthday, of_thousand};

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// From when on and until when a soak runs.
#[derive(Clone, Copy, Debug)]
pub struct Years {
    pub from: i64,
    pub until: i64,
}

/// A life under way.
struct Life<'a> {
    rng: &'a mut Rng,
    person: &'a Person,
    years: Years,
    count: usize,
    happenings: Vec<Happening>,
}

/// Everything that befalls a customer, in the order of time, no two things at
/// one instant.
pub fn life(rng: &mut Rng, person: &Person, years: Years, zones: &[String]) -> Vec<Happening> {
    let mut life = Life { rng, person, years, count: 0, happenings: Vec::new() };
    let joined = life.join();
    life.buy(joined);
    life.visit(joined);
    life.change(joined, zones);
    life.come_as_guest();
    let mut happenings = life.happenings;
    happenings.retain(|happening| happening.fact.occurred < years.until);
    happenings.sort_by_key(|happening| happening.fact.occurred);
    let mut last = i64::MIN;
    for happening in &mut happenings {
        let occurred = &mut happening.fact.occurred;
        *occurred = (*occurred).max(last + SECOND);
        last = *occurred;
    }
    happenings
}

impl Life<'_> {
    fn key(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}-{}-{}", self.person.number, self.count)
    }

    fn add(&mut self, fact: Fact, fields: Value) {
        self.happenings.push(Happening::new(fact, fields));
    }

    /// Some time behind an instant, by days.
    fn after(&mut self, at: i64, days: std::ops::Range<i64>) -> i64 {
        at + self.rng.i64(days.start * DAY..days.end * DAY) / SECOND * SECOND
    }

    fn join(&mut self) -> i64 {
        let Years { from, until } = self.years;
        let early = (until - from) / 10;
        let within = if of_thousand(self.rng, 450) { early } else { (until - from) * 9 / 10 };
        let at = from + self.rng.i64(0..within) / SECOND * SECOND;
        let person = self.person;
        let mut fields = json!({
            "name": { "given": "Ana", "family": format!("Soak {}", person.number) },
            "locale": person.locale, "time_zone": person.zone,
        });
        for (name, value) in [
            ("email", person.email.clone().map(Value::from)),
            ("phone", person.phone.clone().map(Value::from)),
            ("country", person.country.map(Value::from)),
            ("birthday", person.birthday.map(|birthday| written(birthday).into())),
            ("relationship", person.is_transactional.then(|| "transactional".into())),
            ("interests", person.interest.map(|topic| json!([topic_name(topic)]))),
        ] {
            if let Some(value) = value {
                fields[name] = value;
            }
        }
        let told = Told {
            email: Some(person.email.clone()),
            phone: Some(person.phone.clone()),
            zone: Some(person.zone.clone()),
            country: person.country.map(str::to_owned),
            is_transactional: Some(person.is_transactional),
            birthday: person.birthday,
            interest: person.interest,
        };
        self.profile(at, told, fields);
        if of_thousand(self.rng, 700) {
            self.consent(at + MINUTE, Line::Email, For::Marketing, false);
        }
        at
    }

    fn profile(&mut self, at: i64, told: Told, fields: Value) {
        let key = self.key("pro");
        self.add(Fact::new(What::Profile(told), key, at), fields);
    }

    fn consent(&mut self, at: i64, line: Line, purpose: For, denied: bool) {
        let key = self.key("con");
        let fields = json!({
            "consent_id": key, "source": "shop",
            "channel": match line {
                Line::Email => "email", Line::Call => "call", Line::Task => "task",
            },
            "purpose": match purpose {
                For::Marketing => "marketing", For::Service => "service", For::All => "all",
            },
            "state": if denied { "denied" } else { "granted" },
        });
        self.add(Fact::new(What::Consent { line, purpose, denied }, key, at), fields);
    }

    fn buy(&mut self, joined: i64) {
        let rng = &mut *self.rng;
        let mut count = 1;
        while count < 20 && of_thousand(rng, 450) {
            count += 1;
        }
        let span = (self.years.until - joined).max(DAY);
        for number in 0..count {
            let mut at = joined + self.rng.i64(0..span) / SECOND * SECOND;
            if number == 0 {
                at = self.after(joined, 0..3);
            } else if of_thousand(self.rng, 60) {
                // The sale of the year: more mail than the quota takes.
                at = sale_of(at) + self.rng.i64(0..4 * HOUR);
            }
            self.purchase(at);
        }
    }

    fn purchase(&mut self, at: i64) {
        let purchase = self.key("pur");
        let cents = match of_thousand(self.rng, 80) {
            true => self.rng.i64(500_000..2_000_000),
            false => self.rng.i64(5_000..499_999),
        };
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let fields =
            json!({ "purchase_id": purchase, "total": { "amount": amount, "currency": "MXN" } });
        let fact = Fact::new(What::Purchase { cents }, &purchase, at).of(&purchase);
        self.add(fact, fields);
        if of_thousand(self.rng, 70) {
            let key = self.key("ref");
            let at = self.after(at, 0..10) + 3 * HOUR;
            let fields = json!({ "refund_id": key, "purchase_id": purchase });
            self.add(Fact::new(What::Refunded, key, at).of(&purchase), fields);
        } else if of_thousand(self.rng, 70) {
            let key = self.key("ref");
            let at = self.after(at, 0..6) + 3 * HOUR;
            let part = format!("{}.00", cents / 300);
            let fields = json!({
                "refund_id": key, "purchase_id": purchase,
                "total": { "amount": part, "currency": "MXN" },
            });
            self.add(Fact::new(What::RefundedPart, key, at).of(&purchase), fields);
        }
        if of_thousand(self.rng, 950) {
            let at = self.after(at, 1..5);
            let fact = Fact::new(What::Delivered, &purchase, at).of(&purchase);
            self.add(fact, json!({ "purchase_id": purchase }));
            self.answer(at);
        }
        if of_thousand(self.rng, 50) {
            self.complain(at);
        }
    }

    fn answer(&mut self, delivered: i64) {
        if of_thousand(self.rng, 200) {
            let (key, csat) = (self.key("ans"), [5, 5, 4, 4, 3, 2, 1][self.rng.usize(..7)]);
            let at = self.after(delivered, 1..6);
            let fields = json!({ "answer_id": key, "touchpoint": "delivery", "csat": csat });
            let what =
                What::Heard { kind: "SurveyAnswered", is_bad: csat <= 2, calls: Calls::Nothing };
            self.add(Fact::new(what, key, at), fields);
        }
        if of_thousand(self.rng, 100) {
            let (key, score) = (self.key("int"), self.rng.u8(1..=5));
            let at = self.after(delivered, 0..30);
            let fields = json!({
                "interaction_id": key, "phase": "postpurchase", "touchpoint": "store",
                "channel": "store", "initiated_by": "customer", "kind": "visit",
                "satisfaction": score,
            });
            let what = What::Heard {
                kind: "InteractionRecorded",
                is_bad: score <= 2,
                calls: Calls::Nothing,
            };
            self.add(Fact::new(what, key, at), fields);
        }
    }

    fn complain(&mut self, bought: i64) {
        let (key, at) = (self.key("cmp"), self.after(bought, 0..20));
        let fields = json!({ "complaint_id": key, "severity": "normal", "category": "damage" });
        self.add(Fact::new(What::ComplaintOpened, &key, at), fields);
        if of_thousand(self.rng, 980) {
            let at = self.after(at, 0..15) + HOUR;
            self.add(Fact::new(What::ComplaintResolved, &key, at), json!({ "complaint_id": key }));
        }
    }

    /// Visits of which nobody makes anything, and meetings.
    fn visit(&mut self, joined: i64) {
        let span = (self.years.until - joined).max(DAY);
        for _ in 0..self.rng.u8(2..=7) {
            let (key, at) = (self.key("vis"), joined + self.rng.i64(0..span) / SECOND * SECOND);
            let is_meeting = of_thousand(self.rng, 120);
            let fields = json!({
                "interaction_id": key, "phase": "prepurchase", "touchpoint": "store",
                "channel": "store", "initiated_by": "customer",
                "kind": if is_meeting { "meeting" } else { "visit" },
            });
            let kind = "InteractionRecorded";
            let heard = What::Heard { kind, is_bad: false, calls: Calls::Nothing };
            let what = if is_meeting { What::Met } else { heard };
            self.add(Fact::new(what, key, at), fields);
        }
    }

    /// What changes in the person: their mind, address, place; and the end.
    fn change(&mut self, joined: i64, zones: &[String]) {
        let span = (self.years.until - joined).max(DAY);
        let some_time = |life: &mut Self| joined + HOUR + life.rng.i64(0..span) / SECOND * SECOND;
        let words = [
            (100, Line::Email, For::Marketing, true),
            (40, Line::Email, For::Marketing, false),
            (20, Line::Email, For::All, true),
            (15, Line::Email, For::Service, true),
            (20, Line::Call, For::All, true),
        ];
        for (share, line, purpose, denied) in words {
            if of_thousand(self.rng, share) {
                let at = some_time(self);
                self.consent(at, line, purpose, denied);
            }
        }
        if of_thousand(self.rng, 60) {
            let at = some_time(self);
            let email = (!of_thousand(self.rng, 200))
                .then(|| format!("{}.new@mail.example", self.person.id));
            let fields = json!({ "email": email });
            self.profile(at, Told { email: Some(email), ..Told::default() }, fields);
        }
        if of_thousand(self.rng, 40) {
            let (at, zone) = (some_time(self), zones[self.rng.usize(..zones.len())].clone());
            let fields = json!({ "time_zone": zone });
            self.profile(at, Told { zone: Some(zone), ..Told::default() }, fields);
        }
        if of_thousand(self.rng, 30) {
            let (at, is_transactional) = (some_time(self), !self.person.is_transactional);
            let fields = json!({ "relationship": is_transactional.then_some("transactional") });
            let told = Told { is_transactional: Some(is_transactional), ..Told::default() };
            self.profile(at, told, fields);
        }
        if of_thousand(self.rng, 10) {
            let (at, birthday) = (some_time(self), birthday(self.rng));
            let fields = json!({ "birthday": written(birthday) });
            self.profile(at, Told { birthday: Some(birthday), ..Told::default() }, fields);
        }
        if of_thousand(self.rng, 30) {
            let (key, at) = (self.key("era"), some_time(self));
            self.add(Fact::new(What::Erased, &key, at), json!({ "request_id": key }));
        }
    }
}

/// How long before somebody is known to be a guest things are told of the guest.
const AS_GUEST: i64 = 2 * DAY;

impl Life<'_> {
    /// Some time about a purchase the shop sees that a guest is this customer; what
    /// happens from shortly before on may be told of either, a few things of both.
    fn come_as_guest(&mut self) {
        let Some(guest) = &self.person.guest else { return };
        let bought = |one: &&Happening| matches!(one.fact.what, What::Purchase { .. });
        let purchases: Vec<i64> =
            self.happenings.iter().filter(bought).map(|one| one.fact.occurred).collect();
        let about = purchases[self.rng.usize(..purchases.len())];
        let merged_at = about + self.rng.i64(-2 * HOUR..AS_GUEST) / SECOND * SECOND;
        for one in self.happenings.iter_mut().filter(|o| o.fact.occurred >= merged_at - AS_GUEST) {
            one.of = of(self.rng, &one.fact.what);
        }
        // A complaint is resolved for whom it was opened.
        let opened: Vec<(String, Of)> = self
            .happenings
            .iter()
            .filter(|one| matches!(one.fact.what, What::ComplaintOpened))
            .map(|one| (one.fact.key.clone(), one.of))
            .collect();
        for one in &mut self.happenings {
            if let What::ComplaintResolved = one.fact.what {
                let of = opened.iter().find(|(key, _)| *key == one.fact.key);
                one.of = of.map_or(one.of, |(_, of)| *of);
            }
        }
        let guest = guest.clone();
        let key = self.key("mrg");
        let fields = json!({ "merge_id": key, "merged_id": guest });
        self.add(Fact::new(What::Merged, key, merged_at), fields);
    }
}

/// Draws of whom something is told that happens to somebody who came as a guest.
fn of(rng: &mut Rng, what: &What) -> Of {
    let is_asked_for_at_once = matches!(what, What::Purchase { cents: 1_500_000.. });
    match what {
        What::Purchase { .. } | What::Delivered | What::Refunded | What::RefundedPart => {
            match rng.u8(..10) {
                0..4 => Of::Guest,
                4 if !is_asked_for_at_once => Of::Both,
                _ => Of::Customer,
            }
        }
        What::ComplaintOpened
        | What::Met
        | What::Heard { .. }
        | What::Consent { denied: true, .. }
            if rng.u8(..10) < 4 =>
        {
            Of::Guest
        }
        _ => Of::Customer,
    }
}

pub fn topic_name(topic: Topic) -> String {
    format!("topic {topic}")
}

fn written((year, month, day): super::fact::Birthday) -> String {
    let year = year.map_or("-".to_owned(), |year| format!("{year:04}"));
    format!("{year}-{month:02}-{day:02}")
}

/// The afternoon of 27 November of the year that an instant is in.
fn sale_of(at: i64) -> i64 {
    let year = Timestamp::from_millisecond(at).unwrap_or_default().to_string();
    let sale: Result<Timestamp, _> = format!("{}-11-27T16:00:00Z", &year[..4]).parse();
    sale.map_or(at, Timestamp::as_millisecond)
}
