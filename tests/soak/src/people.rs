//! Who the customers are: each by the seed and a number, alike on every run.

use fastrand::Rng;
use lazo_domain::event::ZoneName;

use super::fact::{Birthday, Topic};

/// A customer of whom everything is known.
#[derive(Clone, Debug)]
pub struct Person {
    pub number: usize,
    pub id: String,
    /// The id under which a shop knew them before it saw who they are.
    pub guest: Option<String>,
    pub zone: String,
    pub country: Option<&'static str>,
    pub locale: &'static str,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub birthday: Option<Birthday>,
    pub is_transactional: bool,
    pub interest: Option<Topic>,
}

/// What ids begin with: a customer's, and a guest's.
pub const CUSTOMER: &str = "cus-";
pub const GUEST: &str = "gst-";

/// Of how many things somebody may be interested in one.
pub const TOPICS: Topic = 20;

/// Every time zone of the database that a profile may name.
pub fn zones() -> Vec<String> {
    let mut zones: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| ZoneName::new(name.as_str()).is_ok())
        .collect();
    zones.sort_unstable();
    zones
}

/// The dice of one customer.
pub fn dice(seed: u64, number: usize) -> Rng {
    let number = (number as u64).wrapping_add(1);
    Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Whether something befalls one of so many in a thousand.
pub fn of_thousand(rng: &mut Rng, share: u32) -> bool {
    rng.u32(..1000) < share
}

pub fn person(rng: &mut Rng, number: usize, zones: &[String]) -> Person {
    let id = format!("{CUSTOMER}{number:06}");
    let is_spanish = rng.bool();
    Person {
        number,
        guest: is_guest(number).then(|| format!("{GUEST}{number:06}")),
        zone: zones[number % zones.len()].clone(),
        country: [None, Some("MX"), Some("ES"), Some("US")][rng.usize(..4)],
        locale: if is_spanish { ["es", "es-MX", "es-ES"][rng.usize(..3)] } else { "en" },
        email: (!of_thousand(rng, 50)).then(|| email(number)),
        phone: (!of_thousand(rng, 150)).then(|| phone(number)),
        birthday: (!of_thousand(rng, 400)).then(|| birthday(rng)),
        is_transactional: of_thousand(rng, 60),
        interest: of_thousand(rng, 300).then(|| rng.u8(..TOPICS)),
        id,
    }
}

/// Whether somebody came as a guest first. None of them shares an address or a
/// number with others.
fn is_guest(number: usize) -> bool {
    number.is_multiple_of(12)
}

/// The number of the customer whom an id means, be it a guest's.
pub fn number_of(id: &str) -> Option<usize> {
    id.strip_prefix(CUSTOMER).or_else(|| id.strip_prefix(GUEST))?.parse().ok()
}

/// Somebody's address. Some came before, under another id, and write it in other
/// letters now.
fn email(number: usize) -> String {
    match number % 8 == 3 {
        true => format!("Cus-{:06}@Mail.example", number - 1),
        false => format!("cus-{number:06}@mail.example"),
    }
}

/// Somebody's number, the same.
fn phone(number: usize) -> String {
    let of = if number % 6 == 4 { number - 1 } else { number };
    format!("+5255{of:08}")
}

pub fn birthday(rng: &mut Rng) -> Birthday {
    let year = [None, Some(rng.i16(1940..2008)), Some(rng.i16(1940..2008))][rng.usize(..3)];
    if of_thousand(rng, 40) {
        // Those of 29 February were born in a leap year.
        return (year.map(|year| year / 4 * 4), 2, 29);
    }
    (year, rng.i8(1..=12), rng.i8(1..=28))
}
