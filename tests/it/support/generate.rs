//! Made-up histories, the same for the same seed: what a shop's systems
//! publish about one customer, with late, doubled and contradicting events.

use fastrand::Rng;
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use super::events::envelope;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const ZONES: [&str; 6] = [
    "America/Mexico_City",
    "Europe/Madrid",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
];
const RELATIONSHIPS: [&str; 5] =
    ["transactional", "long_term", "personal", "dedicated", "community"];

/// How a history is made.
#[derive(Clone, Copy)]
pub struct Plan {
    pub from: Instant,
    pub days: i64,
    /// How late an event may be delivered, at most.
    pub late: i64,
}

/// One event: delivered when, which kind, what it says.
#[derive(Clone)]
pub struct Made {
    pub at: Instant,
    pub kind: &'static str,
    pub detail: Value,
}

impl Made {
    /// The text on the wire, under an EventBridge id of its own each time.
    pub fn text(&self) -> String {
        envelope(self.kind, self.at, self.detail.clone())
    }
}

struct Maker {
    rng: Rng,
    plan: Plan,
    customer: String,
    made: Vec<Made>,
    keys: usize,
}

/// One customer's history, in no particular order.
pub fn history(seed: u64, customer: &str, plan: Plan) -> Vec<Made> {
    let rng = Rng::with_seed(seed);
    let mut maker = Maker { rng, plan, customer: customer.to_owned(), made: Vec::new(), keys: 0 };
    maker.profile(plan.from, true);
    if maker.rng.f64() < 0.8 {
        maker.consent();
    }
    let encounters = maker.rng.usize(2..9);
    for _ in 0..encounters {
        match maker.rng.u8(0..20) {
            0..=9 => maker.purchase(),
            10..=11 => maker.complaint(),
            12..=13 => maker.survey(),
            14..=15 => maker.interaction(),
            16 => maker.consent(),
            17 => maker.call(),
            _ => {
                let at = maker.moment();
                maker.profile(at, false);
            }
        }
    }
    if maker.rng.u8(0..25) == 0 {
        let at = maker.moment();
        maker.push("CustomerErased", at, json!({ "request_id": "forget-me" }));
    }
    maker.double();
    maker.made
}

impl Maker {
    fn moment(&mut self) -> Instant {
        self.plan.from.plus_millis(MINUTE + self.rng.i64(0..self.plan.days * DAY))
    }

    fn key(&mut self, what: &str) -> String {
        self.keys += 1;
        format!("{}-{what}-{}", self.customer, self.keys)
    }

    fn push(&mut self, kind: &'static str, occurred_at: Instant, mut detail: Value) {
        detail["customer_id"] = self.customer.as_str().into();
        detail["occurred_at"] = occurred_at.to_string().into();
        let late = match self.rng.u8(0..10) {
            0 if self.plan.late > 0 => self.rng.i64(0..self.plan.late),
            _ => self.rng.i64(0..5_000),
        };
        self.made.push(Made { at: occurred_at.plus_millis(late), kind, detail });
    }

    fn profile(&mut self, at: Instant, is_first: bool) {
        let mut told = json!({});
        let rng = &mut self.rng;
        let mut maybe = |field: &str, chance: f64, value: Value| {
            if rng.f64() < chance {
                told[field] = value;
            }
        };
        let share = if is_first { 0.85 } else { 0.3 };
        maybe("email", share, format!("{}@example.com", self.customer).into());
        let number = self.customer.bytes().fold(0u64, |sum, byte| sum * 31 + u64::from(byte));
        maybe("phone", share, format!("+52{:010}", number % 10_000_000_000).into());
        let zone = ZONES[self.keys % ZONES.len()];
        let mut pick = Rng::with_seed(at.millis() as u64 ^ u64::from(is_first));
        maybe(
            "time_zone",
            share,
            if is_first { ZONES[pick.usize(..ZONES.len())] } else { zone }.into(),
        );
        maybe("relationship", share * 0.7, RELATIONSHIPS[pick.usize(..RELATIONSHIPS.len())].into());
        maybe("country", share * 0.6, if pick.bool() { "ES" } else { "MX" }.into());
        maybe("account_manager", 0.4, "sofia.leal".into());
        maybe("locale", share, "es-MX".into());
        maybe("name", 0.5, json!({ "given": "Marisol" }));
        maybe("interests", 0.3, json!(["lentes", "velas"]));
        let birthday = format!("1984-{:02}-{:02}", pick.u8(1..=12), pick.u8(1..=28));
        maybe(
            "birthday",
            share * 0.8,
            if pick.u8(0..12) == 0 { "1988-02-29".into() } else { birthday.into() },
        );
        let wedding = format!("2010-{:02}-{:02}", pick.u8(1..=12), pick.u8(1..=28));
        maybe("anniversaries", share * 0.5, json!({ "wedding": wedding }));
        self.push("CustomerUpdated", at, told);
    }

    fn consent(&mut self) {
        let (at, key) = (self.moment(), self.key("consent"));
        let channel = if self.rng.u8(0..4) == 0 { "call" } else { "email" };
        let purpose = ["marketing", "service", "all"][self.rng.usize(..3)];
        let state = if self.rng.u8(0..4) == 0 { "denied" } else { "granted" };
        let detail = json!({
            "consent_id": key, "channel": channel, "purpose": purpose, "state": state, "source": "till",
        });
        self.push("ConsentChanged", at, detail);
    }

    fn purchase(&mut self) {
        let (at, key) = (self.moment(), self.key("purchase"));
        let amount = format!("{}.{:02}", self.rng.u32(10..9_000), self.rng.u32(0..100));
        let category = ["lentes", "velas", "mesas"][self.rng.usize(..3)];
        let detail = json!({
            "purchase_id": key,
            "total": { "amount": amount, "currency": "MXN" },
            "items": [{ "sku": "a-1", "name": "Armazón Alba", "category": category, "quantity": 1 }],
            "sold_by": "bruno.ibarra",
        });
        self.push("PurchaseCompleted", at, detail);
        if self.rng.u8(0..3) == 0 {
            let later = at.plus_millis(self.rng.i64(HOUR..6 * DAY));
            self.push("PurchaseDelivered", later, json!({ "purchase_id": key }));
        }
        if self.rng.u8(0..5) == 0 {
            let later = at.plus_millis(self.rng.i64(MINUTE..4 * DAY));
            let refund = self.key("refund");
            let mut detail = json!({ "refund_id": refund, "purchase_id": key });
            if self.rng.bool() {
                detail["total"] = json!({ "amount": "9.50", "currency": "MXN" });
            }
            self.push("PurchaseRefunded", later, detail);
        }
    }

    fn complaint(&mut self) {
        let (at, key) = (self.moment(), self.key("complaint"));
        let severity = ["low", "normal", "high"][self.rng.usize(..3)];
        let detail = json!({ "complaint_id": key, "severity": severity, "category": "delivery" });
        self.push("ComplaintOpened", at, detail);
        if self.rng.u8(0..4) != 0 {
            let later = at.plus_millis(self.rng.i64(HOUR..5 * DAY));
            self.push("ComplaintResolved", later, json!({ "complaint_id": key }));
        }
    }

    fn survey(&mut self) {
        let (at, key) = (self.moment(), self.key("answer"));
        let mut detail = json!({ "answer_id": key, "touchpoint": "delivery" });
        match self.rng.bool() {
            true => detail["csat"] = self.rng.u8(1..=5).into(),
            false => detail["nps"] = self.rng.u8(0..=10).into(),
        }
        self.push("SurveyAnswered", at, detail);
    }

    fn interaction(&mut self) {
        let (at, key) = (self.moment(), self.key("contact"));
        let by = if self.rng.bool() { "customer" } else { "brand" };
        let mut detail = json!({
            "interaction_id": key, "phase": "postpurchase", "touchpoint": "shop", "channel": "store",
            "initiated_by": by, "kind": "visit",
        });
        if self.rng.bool() {
            detail["satisfaction"] = self.rng.u8(1..=5).into();
        }
        self.push("InteractionRecorded", at, detail);
    }

    fn call(&mut self) {
        let (at, key) = (self.moment(), self.key("call"));
        let outcome = ["reached", "voicemail", "do_not_call"][self.rng.usize(..3)];
        self.push("CallReported", at, json!({ "call_id": key, "outcome": outcome }));
    }

    /// Some events come twice, the second time a little or much later.
    fn double(&mut self) {
        for index in 0..self.made.len() {
            if self.rng.u8(0..6) == 0 {
                let mut again = self.made[index].clone();
                let later = if self.rng.bool() { 2 * HOUR } else { 12 * DAY };
                again.at = again.at.plus_millis(self.rng.i64(0..later));
                self.made.push(again);
            }
        }
    }
}
