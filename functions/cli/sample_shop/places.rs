//! The shops, and where their customers live.

use super::names::{AMERICAN, BRITISH, MEXICAN, Names, SPANISH};

/// The zone in which the business as a whole keeps its calendar.
pub const DEFAULT_ZONE: &str = "America/Mexico_City";

pub struct Shop {
    pub id: &'static str,
    pub time_zone: &'static str,
    /// Who sells there, and looks after its personal and dedicated customers.
    pub rep: &'static str,
}

const ROMA: Shop = Shop { id: "cdmx-roma", time_zone: DEFAULT_ZONE, rep: "lucia.ortega" };
const AMERICANA: Shop = Shop { id: "gdl-americana", time_zone: DEFAULT_ZONE, rep: "mateo.rios" };
const SALAMANCA: Shop =
    Shop { id: "mad-salamanca", time_zone: "Europe/Madrid", rep: "ines.campos" };
const SOUTH_CONGRESS: Shop =
    Shop { id: "aus-south-congress", time_zone: "America/Chicago", rep: "grace.hall" };

/// A kind of household: where people live decides what they are called, which
/// language and clock they keep, and at which shop they buy.
pub struct Home {
    pub city: &'static str,
    pub country: &'static str,
    pub locale: &'static str,
    pub time_zone: &'static str,
    pub shop: &'static Shop,
    pub names: &'static Names,
    /// Beginnings of fictional telephone numbers, and how many digits follow.
    pub phones: (&'static [&'static str], u32),
    /// The share of purchases made online: all but everything where no shop
    /// is near.
    pub online: f64,
    /// How many customers live so.
    pub customers: usize,
}

impl Home {
    pub fn is_spanish(&self) -> bool {
        self.locale.starts_with("es")
    }

    /// The text in the customer's language, out of Spanish and English.
    pub fn say(&self, text: (&'static str, &'static str)) -> &'static str {
        if self.is_spanish() { text.0 } else { text.1 }
    }
}

const TEXAS: (&[&str], u32) =
    (&["+151255501", "+173755501", "+121455501", "+171355501", "+121055501"], 2);
const CALIFORNIA: (&[&str], u32) =
    (&["+121355501", "+131055501", "+132355501", "+141555501", "+161955501"], 2);

pub const HOMES: &[Home] = &[
    Home {
        city: "Ciudad de México",
        country: "MX",
        locale: "es-MX",
        time_zone: "America/Mexico_City",
        shop: &ROMA,
        names: &MEXICAN,
        phones: (&["+52555555"], 4),
        online: 0.25,
        customers: 78,
    },
    Home {
        city: "Guadalajara",
        country: "MX",
        locale: "es-MX",
        time_zone: "America/Mexico_City",
        shop: &AMERICANA,
        names: &MEXICAN,
        phones: (&["+52335555"], 4),
        online: 0.25,
        customers: 40,
    },
    Home {
        city: "Monterrey",
        country: "MX",
        locale: "es-MX",
        time_zone: "America/Monterrey",
        shop: &ROMA,
        names: &MEXICAN,
        phones: (&["+52815555"], 4),
        online: 0.9,
        customers: 12,
    },
    Home {
        city: "Tijuana",
        country: "MX",
        locale: "es-MX",
        time_zone: "America/Tijuana",
        shop: &AMERICANA,
        names: &MEXICAN,
        phones: (&["+52664555"], 4),
        online: 0.9,
        customers: 10,
    },
    Home {
        city: "Madrid",
        country: "ES",
        locale: "es-ES",
        time_zone: "Europe/Madrid",
        shop: &SALAMANCA,
        names: &SPANISH,
        phones: (&["+34600000"], 3),
        online: 0.25,
        customers: 24,
    },
    Home {
        city: "Austin",
        country: "US",
        locale: "en-US",
        time_zone: "America/Chicago",
        shop: &SOUTH_CONGRESS,
        names: &AMERICAN,
        phones: TEXAS,
        online: 0.25,
        customers: 84,
    },
    Home {
        city: "Los Angeles",
        country: "US",
        locale: "en-US",
        time_zone: "America/Los_Angeles",
        shop: &SOUTH_CONGRESS,
        names: &AMERICAN,
        phones: CALIFORNIA,
        online: 0.9,
        customers: 30,
    },
    Home {
        city: "Ciudad de México",
        country: "MX",
        locale: "en-US",
        time_zone: "America/Mexico_City",
        shop: &ROMA,
        names: &AMERICAN,
        phones: (&["+52555555"], 4),
        online: 0.3,
        customers: 14,
    },
    Home {
        city: "London",
        country: "GB",
        locale: "en-GB",
        time_zone: "Europe/London",
        shop: &SALAMANCA,
        names: &BRITISH,
        phones: (&["+447700900"], 3),
        online: 0.9,
        customers: 16,
    },
    Home {
        city: "Madrid",
        country: "ES",
        locale: "en-GB",
        time_zone: "Europe/Madrid",
        shop: &SALAMANCA,
        names: &BRITISH,
        phones: (&["+34600000"], 3),
        online: 0.3,
        customers: 12,
    },
];
