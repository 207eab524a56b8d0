//! Who the customers are, and the temper by which they will live.

use fastrand::Rng;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::catalogue::CATEGORIES;
use super::draw::{self, Hours, beta_one, chance, deck, gamma, pick};
use super::names::in_ascii;
use super::places::{DEFAULT_ZONE, HOMES, Home};

/// How many customers first come within the last two days.
const NEWCOMERS: usize = 6;
/// How many, the last to arrive, have no rep of their own yet.
const NOT_YET_CLOSE: usize = 20;
/// The first of them came this many days ago: half a day's margin below two
/// years, since arrivals move to opening hours.
const SHOP_AGE_DAYS: f64 = 728.5;
/// What else than the catalogue customers like to read about.
const TOPICS: &[&str] = &["design", "travel", "architecture", "sustainability", "gifts"];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relationship {
    Transactional,
    LongTerm,
    Personal,
    Dedicated,
}

impl Relationship {
    pub fn name(self) -> &'static str {
        match self {
            Relationship::Transactional => "transactional",
            Relationship::LongTerm => "long_term",
            Relationship::Personal => "personal",
            Relationship::Dedicated => "dedicated",
        }
    }

    /// Whether a rep looks after the customer.
    pub fn is_close(self) -> bool {
        matches!(self, Relationship::Personal | Relationship::Dedicated)
    }
}

/// What may be mailed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Email {
    Granted,
    Silent,
    NoAddress,
    MarketingDenied,
    AllDenied,
}

#[derive(Clone, Copy, PartialEq)]
enum Phone {
    Welcome,
    Denied,
    None,
}

#[derive(Clone, Copy)]
enum Day {
    /// Within the next days, so that greetings can be watched.
    Soon,
    /// 29 February.
    Leap,
    Ordinary,
    Unknown,
}

pub struct Customer {
    /// Counts from 1 in the order of arrival.
    pub number: usize,
    pub id: String,
    pub given: &'static str,
    pub family: String,
    pub home: &'static Home,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub birthday: Option<String>,
    pub wedding: Option<String>,
    pub relationship: Relationship,
    /// Two categories of the catalogue.
    pub tastes: [&'static str; 2],
    /// What else they like to read about.
    pub topic: &'static str,
    pub email_consent: Email,
    pub call_denied: bool,
    pub signed_up: Timestamp,
    /// Left their details at a visit, without buying.
    pub is_prospect: bool,
    pub mean_gap_days: f64,
    /// The probability to stay away for good after a purchase.
    pub dropout: f64,
}

impl Customer {
    /// Whether a rep may call and has a number to dial.
    pub fn is_callable(&self) -> bool {
        self.phone.is_some() && !self.call_denied
    }
}

/// The customers, in the order of their arrival.
pub fn draw(rng: &mut Rng, now: Timestamp) -> Vec<Customer> {
    let arrivals = arrivals(rng, now);
    let relationships = relationships(rng);
    let emails = deck(
        rng,
        &[
            (Email::Granted, 192),
            (Email::Silent, 82),
            (Email::NoAddress, 20),
            (Email::MarketingDenied, 13),
            (Email::AllDenied, 13),
        ],
    );
    let phones = deck(rng, &[(Phone::Welcome, 280), (Phone::Denied, 16), (Phone::None, 24)]);
    let birthdays =
        deck(rng, &[(Day::Soon, 12), (Day::Leap, 4), (Day::Ordinary, 256), (Day::Unknown, 48)]);
    let weddings = deck(rng, &[(Day::Soon, 6), (Day::Ordinary, 58), (Day::Unknown, 256)]);
    let today = now.to_zoned(draw::zone(DEFAULT_ZONE)).date();
    let close_calls = |relationship: Relationship, phone| {
        // A rep cannot look after somebody without a number.
        if relationship.is_close() && phone == Phone::None { Phone::Welcome } else { phone }
    };

    let settled = arrivals.len().saturating_sub(NOT_YET_CLOSE);
    let mut customers = Vec::with_capacity(arrivals.len());
    for (index, (signed_up, home)) in arrivals.into_iter().enumerate() {
        let person = Deal {
            number: index + 1,
            signed_up,
            home,
            relationship: relationships[index],
            email: emails[index],
            phone: close_calls(relationships[index], phones[index]),
            birthday: birthdays[index],
            wedding: weddings[index],
            is_young: index >= settled,
        };
        customers.push(customer(&mut rng.fork(), person, today));
    }
    customers
}

/// When each customer came, and from where: some more in the early months than
/// in the late ones, and a few in the last two days.
fn arrivals(rng: &mut Rng, now: Timestamp) -> Vec<(Timestamp, &'static Home)> {
    let counts: Vec<(&'static Home, usize)> =
        HOMES.iter().map(|home| (home, home.customers)).collect();
    let mut arrivals = Vec::new();
    for (index, home) in deck(rng, &counts).into_iter().enumerate() {
        let at = if index < NEWCOMERS {
            let window = if index % 2 == 0 { draw::yesterday(now) } else { draw::today(now) };
            draw::between(rng, window, home.shop.time_zone, Hours::Store)
        } else {
            let age_days = 5.0 + (SHOP_AGE_DAYS - 5.0) * (1.0 - rng.f64().powf(1.25));
            let day = draw::plus(now, SignedDuration::from_secs_f64(-age_days * 86_400.0));
            draw::on_day(rng, day, 0..=0, home.shop.time_zone, Hours::Store)
        };
        arrivals.push((at, home));
    }
    arrivals.sort_by_key(|(at, _)| *at);
    arrivals
}

/// 60, 25, 10 and 5 per cent.
fn relationships(rng: &mut Rng) -> Vec<Relationship> {
    let mut relationships = deck(
        rng,
        &[
            (Relationship::Transactional, 192 - NOT_YET_CLOSE),
            (Relationship::LongTerm, 80),
            (Relationship::Personal, 32),
            (Relationship::Dedicated, 16),
        ],
    );
    relationships.extend([Relationship::Transactional; NOT_YET_CLOSE]);
    relationships
}

/// What the decks dealt to one customer.
struct Deal {
    number: usize,
    signed_up: Timestamp,
    home: &'static Home,
    relationship: Relationship,
    email: Email,
    phone: Phone,
    birthday: Day,
    wedding: Day,
    /// Among the last to arrive: all of these buy at once.
    is_young: bool,
}

fn customer(rng: &mut Rng, deal: Deal, today: Date) -> Customer {
    let Deal { number, home, .. } = deal;
    let given = pick(rng, home.names.given);
    let surname = pick(rng, home.names.family);
    let family = if home.names.two_surnames {
        format!("{surname} {}", pick(rng, home.names.family))
    } else {
        surname.to_owned()
    };
    let address = format!("{}.{}.{number}@example.com", in_ascii(given), in_ascii(surname));
    let age = rng.i16(24..=76);
    let birth_year = today.year() - age;
    let wedding_year = rng.i16(birth_year + 22..=today.year() - 1);
    let first_taste = rng.usize(..CATEGORIES.len());
    let second_taste = first_taste + rng.usize(1..CATEGORIES.len());
    let (loyalty, dropout_b) = match deal.relationship {
        Relationship::Transactional => (0.8, 5.0),
        Relationship::LongTerm => (1.3, 9.0),
        Relationship::Personal => (1.6, 12.0),
        Relationship::Dedicated => (2.0, 16.0),
    };
    // Rates are gamma over customers, purchases Poisson within one, dropouts
    // beta: the population that the drift model assumes.
    let purchases_per_day = loyalty * gamma(rng, 1.6) / 1.6 / 85.0;
    Customer {
        number,
        id: format!("cus-{number:05}"),
        given,
        family,
        home,
        email: (deal.email != Email::NoAddress).then_some(address),
        phone: (deal.phone != Phone::None).then(|| phone(home, number)),
        birthday: day(rng, deal.birthday, birth_year, today),
        wedding: day(rng, deal.wedding, wedding_year, today),
        relationship: deal.relationship,
        tastes: [CATEGORIES[first_taste], CATEGORIES[second_taste % CATEGORIES.len()]],
        topic: pick(rng, TOPICS),
        email_consent: deal.email,
        call_denied: deal.phone == Phone::Denied,
        signed_up: deal.signed_up,
        is_prospect: !deal.relationship.is_close() && !deal.is_young && chance(rng, 0.06),
        mean_gap_days: (1.0 / purchases_per_day).max(6.0),
        dropout: beta_one(rng, dropout_b),
    }
}

/// A number out of the home's fictional range. Distinct for distinct numbers
/// of customers: 37 has no divisor in common with 10.
fn phone(home: &Home, number: usize) -> String {
    let (beginnings, digits) = home.phones;
    let (round, area) = (number / beginnings.len(), number % beginnings.len());
    let beginning = beginnings[area];
    let line = (round * 37 + area * 23 + 11) % 10_usize.pow(digits);
    format!("{beginning}{line:0width$}", width = digits as usize)
}

/// A day to celebrate, as `YYYY-MM-DD` or, from one in five, `--MM-DD`.
fn day(rng: &mut Rng, kind: Day, year: i16, today: Date) -> Option<String> {
    let (year, month, day) = match kind {
        Day::Unknown => return None,
        Day::Leap => (year - year % 4, 2, 29),
        Day::Soon => {
            let date = today.saturating_add(rng.i64(0..10).days());
            (year, date.month(), date.day())
        }
        Day::Ordinary => (year, rng.i8(1..=12), rng.i8(1..=28)),
    };
    if chance(rng, 0.2) {
        return Some(format!("--{month:02}-{day:02}"));
    }
    // Soon may be a 29 February that the year does not have.
    let date = Date::new(year, month, day).or_else(|_| Date::new(year, month, 28));
    date.ok().map(|date| date.to_string())
}
