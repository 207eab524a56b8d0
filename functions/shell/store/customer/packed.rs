//! A customer's state that is too large for a plain item: compressed, and where
//! that is still too much for one item, in parts that are written with it.
//!
//! DynamoDB takes 400 KB an item. What a customer's state holds is bounded (see
//! `decide::bounds`), so that its parts fit into one transaction, whatever comes.
//! Only an id under which a whole till is booked is ever that large.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::{Item, StoreError, keys};

/// A larger state, in bytes, is compressed: a write costs by the size.
const PLAIN_BYTES_MAX: usize = 48 * 1024;

/// How many bytes of a compressed state one item takes.
const PART_BYTES: usize = 350 * 1024;

/// How many items a compressed state may take besides the first.
pub const PARTS_MAX: usize = 9;

/// How much a compressed state may hold, in bytes.
const UNPACKED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How hard is compressed, of 0 to 10: more takes longer and gains little.
const LEVEL: u8 = 5;

const PACKED: &str = "packed";
const PARTS: &str = "parts";

/// Where the parts of a customer's state are.
pub fn place(id: &Id, number: usize) -> (String, String) {
    (keys::customer(id), format!("{}#{number:02}", keys::STATE))
}

/// Whether an item is a part of a state.
pub fn is_part(sk: &str) -> bool {
    sk.strip_prefix(keys::STATE).is_some_and(|rest| rest.starts_with('#'))
}

/// Whether a state is stored as it is; it may be changed attribute by attribute.
pub fn is_plain(item: &Item) -> bool {
    !item.contains_key(PACKED)
}

/// How many parts a state has besides the first.
pub fn parts_of(item: &Item) -> usize {
    let count = item.get(PARTS).and_then(|count| count.as_n().ok()?.parse().ok());
    count.unwrap_or_default()
}

/// What to write in the place of a large state: the attributes of the first item,
/// and the further parts; `None` where it may be stored as it is.
pub fn pack(customer: &Customer, plain: &Item) -> Result<Option<(Item, Vec<Item>)>, StoreError> {
    if plain.iter().map(|(name, value)| name.len() + bytes(value)).sum::<usize>() <= PLAIN_BYTES_MAX
    {
        return Ok(None);
    }
    let unwritable = |why: String| StoreError::Unwritable(why);
    let text = serde_json::to_vec(customer).map_err(|error| unwritable(error.to_string()))?;
    let packed = compress_to_vec(&text, LEVEL);
    let mut chunks = packed.chunks(PART_BYTES).map(|chunk| AttributeValue::B(Blob::new(chunk)));
    let first = chunks.next().unwrap_or_else(|| AttributeValue::B(Blob::new([])));
    let parts: Vec<Item> = chunks
        .enumerate()
        .map(|(index, chunk)| {
            let (pk, sk) = place(&customer.id, index + 1);
            let mut item = keys::keyed(pk, sk);
            item.insert(PACKED.into(), chunk);
            item
        })
        .collect();
    if parts.len() > PARTS_MAX {
        return Err(unwritable(format!("a state of {} bytes is too large", packed.len())));
    }
    let mut item = Item::from([(PACKED.to_owned(), first)]);
    if !parts.is_empty() {
        item.insert(PARTS.into(), AttributeValue::N(parts.len().to_string()));
    }
    Ok(Some((item, parts)))
}

/// The state that an item and its further parts hold; `None` where it is stored as
/// it is.
pub fn unpack(item: &Item, parts: &[Item]) -> Option<Result<Customer, String>> {
    let chunk = |item: &Item| item.get(PACKED)?.as_b().ok().map(|blob| blob.as_ref().to_vec());
    let mut packed = chunk(item)?;
    packed.extend(parts.iter().filter_map(chunk).flatten());
    let read = || {
        let text = decompress_to_vec_with_limit(&packed, UNPACKED_BYTES_MAX)
            .map_err(|error| error.to_string())?;
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    };
    Some(read())
}

/// About how many bytes DynamoDB counts for a value.
fn bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len() / 2 + 1,
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + bytes(value)).sum::<usize>(),
        AttributeValue::M(values) => {
            let entries = values.iter();
            3 + entries.map(|(name, value)| 1 + name.len() + bytes(value)).sum::<usize>()
        }
        _ => 1,
    }
}
