//! A customer's state in sections, so that a touch does not pay for a history.
//!
//! | section | holds | changes with |
//! |---|---|---|
//! | hot | what is pending and what started it, recent sends, when to look again | each touch |
//! | cold | profile, consents, complaints, the latest purchases | each event |
//! | old | the purchases before those | every few dozen purchases |
//!
//! The hot one is the item `state`, attribute by attribute, with the version that
//! rules all: whoever changes another section writes the hot one in the same
//! transaction. The others are JSON, compressed, each in as many items as it takes;
//! `state` tells which version of them it goes with. Where even the hot one is large,
//! it goes with the cold one. DynamoDB takes 400 KB an item, and what a state holds is
//! bounded (see `decide::bounds`), so that all of it fits into one transaction,
//! whatever comes.

use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde_json::{Map, Value};

use super::{Item, StoreError, keys};

/// The fields that change with each touch.
const HOT: [&str; 11] = [
    "merged_into",
    "erased_at",
    "enrolments",
    "asked_calls",
    "fired",
    "unwritten",
    "sends",
    "forecast",
    "next_review",
    "occasions_until",
    "next_occasion",
];

/// A larger hot section, in bytes of JSON, goes with the cold one.
const HOT_BYTES_MAX: usize = 48 * 1024;

/// How many purchases stay in the cold section at least; older ones move to the old
/// section so many at a time.
const PURCHASES_KEPT: usize = 8;
const PURCHASES_MOVED: usize = 24;

/// How many bytes of a section one item takes.
const PART_BYTES: usize = 350 * 1024;

/// How many items the sections beside the hot one may take.
pub const PARTS_MAX: usize = 11;

/// How much a section may hold, in bytes.
const UNPACKED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How hard is compressed, of 0 to 10: more takes longer and gains little.
const LEVEL: u8 = 5;

const PACKED: &str = "packed";
pub const VERSION: &str = "version";

/// The sections beside the hot one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Cold,
    Old,
}

impl Section {
    const ALL: [Section; 2] = [Section::Cold, Section::Old];

    fn name(self) -> &'static str {
        match self {
            Section::Cold => "cold",
            Section::Old => "old",
        }
    }

    /// Where a part of it is: its sort key.
    pub fn sk(self, number: usize) -> String {
        format!("{}#{}#{number:02}", keys::STATE, self.name())
    }

    /// The attribute of `state` that tells the version in which it was written.
    fn written(self) -> String {
        format!("{}_version", self.name())
    }

    /// The attribute of `state` that tells its parts.
    fn parts(self) -> String {
        format!("{}_parts", self.name())
    }
}

/// A section as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stored {
    text: Arc<str>,
    version: u64,
    parts: usize,
}

/// The sections beside the hot one, as they are stored: what has not changed is not
/// written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sections([Option<Stored>; 2]);

impl Sections {
    fn stored(&self, section: Section) -> Option<&Stored> {
        self.0[section as usize].as_ref()
    }
}

/// What to write of a state: its item `state`, and what goes with it.
#[derive(Debug, Default)]
pub struct Encoded {
    pub hot: Item,
    /// The parts that changed. One that is not needed any more is emptied: so no role
    /// has to be allowed to delete.
    pub puts: Vec<Item>,
    pub sections: Sections,
}

/// A customer's state as it is written in a version, given how it is stored.
pub fn encode(customer: &Customer, version: u64, before: &Sections) -> Result<Encoded, StoreError> {
    let unwritable = |why: serde_json::Error| StoreError::Unwritable(why.to_string());
    let Value::Object(mut fields) = serde_json::to_value(customer).map_err(unwritable)? else {
        return Err(StoreError::Unwritable("a state is an object".into()));
    };
    fields.remove("id");
    let mut hot = Map::new();
    for name in HOT {
        hot.extend(fields.remove_entry(name));
    }
    if serde_json::to_string(&hot).map_err(unwritable)?.len() > HOT_BYTES_MAX {
        fields.append(&mut hot);
    }
    let old = take_old(&mut fields);
    let texts = [Some(Value::Object(fields)), old];
    let mut encoded = Encoded { hot: super::to_item(&hot)?, ..Encoded::default() };
    let mut count = 0;
    for (section, value) in Section::ALL.into_iter().zip(texts) {
        let text = value.map(|value| serde_json::to_string(&value)).transpose();
        let text = text.map_err(unwritable)?;
        let before = before.stored(section);
        let stored = match (text, before) {
            (None, _) => None,
            (Some(text), Some(before)) if *before.text == *text => Some(before.clone()),
            (Some(text), _) => {
                let parts = pack(section, &text, (&customer.id, version));
                let stored = Stored { text: text.into(), version, parts: parts.len() };
                encoded.puts.extend(parts);
                Some(stored)
            }
        };
        let parts = stored.as_ref().map_or(0, |stored| stored.parts);
        let needless = parts + 1..=before.map_or(0, |before| before.parts);
        encoded.puts.extend(needless.map(|number| part(section, number, (&customer.id, version))));
        if let Some(Stored { version, parts, .. }) = &stored {
            let number = |number: String| AttributeValue::N(number);
            encoded.hot.insert(section.written(), number(version.to_string()));
            encoded.hot.insert(section.parts(), number(parts.to_string()));
        }
        count += parts;
        encoded.sections.0[section as usize] = stored;
    }
    match count <= PARTS_MAX {
        true => Ok(encoded),
        false => Err(StoreError::Unwritable(format!("a state of {count} parts is too large"))),
    }
}

/// Takes the purchases that are old out of a state.
fn take_old(fields: &mut Map<String, Value>) -> Option<Value> {
    let purchases = fields.get_mut("history")?.get_mut("purchases")?.as_array_mut()?;
    let old = purchases.len().saturating_sub(PURCHASES_KEPT) / PURCHASES_MOVED * PURCHASES_MOVED;
    (old > 0).then(|| Value::Array(purchases.drain(..old).collect()))
}

fn pack(section: Section, text: &str, (id, version): (&Id, u64)) -> Vec<Item> {
    let packed = compress_to_vec(text.as_bytes(), LEVEL);
    let chunks = packed.chunks(PART_BYTES).enumerate();
    let filled = |(index, chunk): (usize, &[u8])| {
        let mut item = part(section, index + 1, (id, version));
        item.insert(PACKED.into(), AttributeValue::B(Blob::new(chunk)));
        item
    };
    chunks.map(filled).collect()
}

/// A part that holds nothing.
fn part(section: Section, number: usize, (id, version): (&Id, u64)) -> Item {
    let mut item = keys::keyed(keys::customer(id), section.sk(number));
    item.insert(VERSION.into(), AttributeValue::N(version.to_string()));
    item
}

/// Whether an item is a part of a section.
pub fn is_part(sk: &str) -> bool {
    sk.strip_prefix(keys::STATE).is_some_and(|rest| rest.starts_with('#'))
}

/// The sort keys of the parts that most states have, and no other.
pub fn usual_parts() -> [String; 1] {
    [Section::Cold.sk(1)]
}

/// A customer as read: the hot section, and all parts of the others; `None` where
/// these were not written together, as somebody wrote between two reads.
pub fn decode(
    id: &Id,
    state: &Item,
    parts: &[Item],
) -> Result<Option<(Customer, Sections)>, String> {
    let mut fields: Map<String, Value> =
        serde_dynamo::from_item(state.clone()).map_err(|error| error.to_string())?;
    let mut sections = Sections::default();
    for section in Section::ALL {
        let Some(count) = number(state, &section.parts()) else { continue };
        let version = number(state, &section.written());
        let (mut packed, mut found) = (Vec::new(), 0);
        for place in (1..=count).map(|number| section.sk(number as usize)) {
            let part = parts.iter().find(|part| keys::text(part, "sk").is_ok_and(|sk| sk == place));
            let part = part.filter(|part| number(part, VERSION) == version);
            let Some(chunk) = part.and_then(|part| part.get(PACKED)?.as_b().ok()) else {
                return Ok(None);
            };
            packed.extend_from_slice(chunk.as_ref());
            found += 1;
        }
        let text = unpack(&packed)?;
        let value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        put_back(&mut fields, value);
        let version = version.unwrap_or(0).unsigned_abs();
        sections.0[section as usize] = Some(Stored { text: text.into(), version, parts: found });
    }
    fields.insert("id".into(), id.as_str().into());
    let customer = serde_json::from_value(Value::Object(fields));
    customer.map(|customer| Some((customer, sections))).map_err(|error| error.to_string())
}

fn unpack(packed: &[u8]) -> Result<String, String> {
    let text = decompress_to_vec_with_limit(packed, UNPACKED_BYTES_MAX);
    String::from_utf8(text.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}

/// Puts what a section holds back into the fields of a state.
fn put_back(fields: &mut Map<String, Value>, section: Value) {
    match section {
        // What stands in the hot section is newer.
        Value::Object(more) => {
            for (name, value) in more {
                fields.entry(name).or_insert(value);
            }
        }
        Value::Array(mut old) => {
            let history = fields.get_mut("history");
            let purchases =
                history.and_then(|history| history.get_mut("purchases")?.as_array_mut());
            if let Some(purchases) = purchases {
                old.append(purchases);
                *purchases = old;
            }
        }
        _ => {}
    }
}

/// A number that an item holds.
pub fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok())
}

#[cfg(test)]
mod tests {
    use lazo_domain::event::{Body, from_wire};
    use serde_json::json;

    use super::*;

    /// A customer who bought so often, a day apart.
    fn bought(times: i64) -> Customer {
        let mut customer = Customer::new(Id::new("ana").unwrap());
        for number in 0..times {
            buy(&mut customer, number);
        }
        customer
    }

    fn buy(customer: &mut Customer, day: i64) {
        let at = jiff::Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap();
        let detail = json!({
            "customer_id": "ana", "purchase_id": format!("p-{day}"), "occurred_at": at.to_string(),
            "total": { "amount": "10.50", "currency": "MXN" },
        });
        let event = from_wire(&detail.to_string()).unwrap().event;
        let Body::PurchaseCompleted(purchase) = &event.body else { panic!("a purchase") };
        customer.history.add_purchase(purchase);
    }

    fn sks(encoded: &Encoded) -> Vec<&str> {
        encoded.puts.iter().map(|part| keys::text(part, "sk").unwrap()).collect()
    }

    #[test]
    fn a_state_comes_back_as_it_was() {
        for times in [0, 1, 31, 32, 100, 900] {
            let customer = bought(times);
            let encoded = encode(&customer, 7, &Sections::default()).unwrap();
            assert_eq!(encoded.puts.len(), 1 + usize::from(times >= 32), "{times}");
            let read = decode(&customer.id, &encoded.hot, &encoded.puts).unwrap().unwrap();
            assert_eq!(read, (customer, encoded.sections), "{times}");
        }
    }

    #[test]
    fn what_has_not_changed_is_not_written_again() {
        let mut customer = bought(100);
        let first = encode(&customer, 1, &Sections::default()).unwrap();
        assert_eq!(sks(&first), ["state#cold#01", "state#old#01"]);
        customer.next_review = Some(lazo_domain::instant::Instant::from_millis(9));
        let touched = encode(&customer, 2, &first.sections).unwrap();
        assert!(touched.puts.is_empty());
        buy(&mut customer, 100);
        let second = encode(&customer, 3, &touched.sections).unwrap();
        assert_eq!(sks(&second), ["state#cold#01"]);
        // The parts of different versions that go together.
        let parts = [second.puts[0].clone(), first.puts[1].clone()];
        let read = decode(&customer.id, &second.hot, &parts).unwrap().unwrap();
        assert_eq!(read, (customer, second.sections));
    }

    #[test]
    fn parts_that_were_not_written_together_are_read_again() {
        let customer = bought(40);
        let first = encode(&customer, 1, &Sections::default()).unwrap();
        let second = encode(&bought(41), 2, &first.sections).unwrap();
        assert_eq!(decode(&customer.id, &second.hot, &first.puts), Ok(None));
        assert_eq!(decode(&customer.id, &first.hot, &first.puts[..1]), Ok(None));
    }

    #[test]
    fn what_a_state_has_no_more_is_emptied() {
        let first = encode(&bought(40), 1, &Sections::default()).unwrap();
        let second = encode(&bought(3), 2, &first.sections).unwrap();
        assert_eq!(sks(&second), ["state#cold#01", "state#old#01"]);
        assert!(!second.puts[1].contains_key(PACKED));
    }
}
