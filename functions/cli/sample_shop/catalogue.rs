//! What Casa Lumbre sells, and what a customer takes home.

use fastrand::Rng;
use serde_json::{Value, json};

use super::draw::{chance, pick, weighted};

#[derive(Clone, Copy)]
pub struct Product {
    pub sku: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    /// In Mexican cents.
    pub price_cents: i64,
}

const fn product(
    sku: &'static str,
    name: &'static str,
    category: &'static str,
    price_pesos: i64,
) -> Product {
    Product { sku, name, category, price_cents: price_pesos * 100 - 10 }
}

/// Every category; customers' interests use the same words, so that rules can
/// match one with the other.
pub const CATEGORIES: &[&str] =
    &["mirrors", "clocks", "kitchen", "lamps", "textiles", "ceramics", "candles", "furniture"];

pub const PRODUCTS: &[Product] = &[
    product("MI-101", "Espejo Coyoacán, hojalata", "mirrors", 1890),
    product("MI-102", "Espejo Coyoacán, negro mate", "mirrors", 1890),
    product("MI-110", "Espejo Tlaquepaque, marco de parota", "mirrors", 2150),
    product("MI-120", "Espejo Lavapiés, latón fino", "mirrors", 2390),
    product("MI-130", "Espejo Zilker, de cuerpo entero", "mirrors", 3290),
    product("MI-140", "Espejo de mano Colibrí", "mirrors", 1150),
    product("MI-190", "Espejo Barragán, hecho a mano", "mirrors", 5950),
    product("CL-201", "Reloj de pared Sayulita", "clocks", 1490),
    product("CL-202", "Reloj de pared Sayulita, talavera", "clocks", 1990),
    product("CL-210", "Reloj de mesa Retiro", "clocks", 1750),
    product("CL-220", "Reloj de mesa Barton Springs", "clocks", 2290),
    product("CL-290", "Reloj Luz de Oro, edición numerada", "clocks", 6400),
    product("KI-301", "Tabla de parota", "kitchen", 890),
    product("KI-302", "Juego de cucharas de madera", "kitchen", 990),
    product("KI-310", "Molcajete de piedra volcánica", "kitchen", 1690),
    product("KI-320", "Cazuela grande de cobre", "kitchen", 2950),
    product("KI-330", "Paño de cocina bordado", "kitchen", 190),
    product("LA-401", "Lámpara de mesa Lumbre", "lamps", 1690),
    product("LA-402", "Lámpara de mesa Lumbre, barro negro", "lamps", 1950),
    product("LA-410", "Lámpara de pie Jacaranda", "lamps", 3890),
    product("LA-420", "Colgante de palma tejida", "lamps", 1390),
    product("LA-430", "Aplique de latón Noche", "lamps", 1250),
    product("LA-440", "Lámpara de lectura Página", "lamps", 1090),
    product("LA-490", "Candil de vidrio soplado Tonalá", "lamps", 8900),
    product("TE-501", "Cobija de lana de Teotitlán", "textiles", 2290),
    product("TE-502", "Cojín bordado Tenango", "textiles", 590),
    product("TE-510", "Camino de mesa Oaxaca", "textiles", 690),
    product("TE-520", "Manta de algodón Rebozo", "textiles", 990),
    product("TE-530", "Juego de toallas Salina", "textiles", 790),
    product("TE-590", "Tapete Zapoteco 170 × 240", "textiles", 7800),
    product("CE-601", "Taza de barro esmaltado", "ceramics", 240),
    product("CE-602", "Plato hondo Mata Ortiz", "ceramics", 380),
    product("CE-610", "Jarrón Talavera", "ceramics", 1290),
    product("CE-620", "Juego de té Dolores", "ceramics", 1590),
    product("CA-701", "Vela de cera de abeja, copal", "candles", 320),
    product("CA-702", "Vela de soya, azahar", "candles", 290),
    product("CA-710", "Difusor Bosque de Niebla", "candles", 490),
    product("CA-720", "Portavelas de latón", "candles", 450),
    product("FU-801", "Banco de parota", "furniture", 2490),
    product("FU-810", "Espejo redondo de hojalata", "furniture", 2190),
    product("FU-890", "Silla Equipal", "furniture", 3900),
    product("FU-895", "Mesa auxiliar de nogal", "furniture", 5600),
];

/// Where a purchase counts as large, in Mexican cents.
pub const LARGE_CENTS: i64 = 500_000;
/// Below this, people take more than one.
const SMALL_CENTS: i64 = 60_000;

/// How much the customer has in mind to spend.
#[derive(Clone, Copy, PartialEq)]
pub enum Size {
    Usual,
    Large,
}

pub struct Line {
    pub product: Product,
    pub quantity: i64,
}

/// One to four lines, no product twice, mostly from the categories that the
/// customer likes. What is large by itself comes only with a `Large` one, as
/// its first line.
pub fn basket(rng: &mut Rng, tastes: &[&str], size: Size) -> Vec<Line> {
    let (grand, usual): (Vec<Product>, Vec<Product>) =
        PRODUCTS.iter().partition(|product| product.price_cents > LARGE_CENTS);
    let liked: Vec<Product> =
        usual.iter().filter(|product| tastes.contains(&product.category)).copied().collect();
    let mut lines: Vec<Line> = Vec::new();
    if size == Size::Large {
        lines.push(Line { product: pick(rng, &grand), quantity: 1 });
    }
    let wanted = 1 + weighted(rng, &[58, 28, 11, 3]);
    for _ in 0..wanted {
        let table = if chance(rng, 0.7) { &liked } else { &usual };
        // Of two pieces that please, usually the cheaper one.
        let (one, other) = (pick(rng, table), pick(rng, table));
        let takes_one = (one.price_cents < other.price_cents) == chance(rng, 0.8);
        let product = if takes_one { one } else { other };
        if lines.len() == 4 || lines.iter().any(|line| line.product.sku == product.sku) {
            continue;
        }
        let quantity = if product.price_cents < SMALL_CENTS {
            1 + weighted(rng, &[45, 30, 10, 15]) as i64
        } else {
            1
        };
        lines.push(Line { product, quantity });
    }
    lines
}

pub fn total_cents(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.quantity * line.product.price_cents).sum()
}

/// Money as events have it, in the shop's currency.
pub fn money(cents: i64) -> Value {
    json!({ "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "MXN" })
}

/// The `items` of a purchase.
pub fn items(lines: &[Line]) -> Value {
    let items = lines.iter().map(|line| {
        json!({
            "sku": line.product.sku,
            "name": line.product.name,
            "category": line.product.category,
            "quantity": line.quantity,
            "unit_price": money(line.product.price_cents),
        })
    });
    items.collect()
}
