//! The index by which customers are found: an item for each term of a customer
//! ([`lazo_domain::search`]), kept in step with the profile by the same transaction.
//!
//! **Keys** tell nothing of a person. The beginning of a term stands in the partition
//! key as a keyed hash. Of what follows, each letter stands in the sort key as a few
//! bits of a keyed hash of all that leads up to it. So what begins alike stands
//! together, and one query finds everybody whose name begins so; and without the key,
//! which is that of the addresses, nobody can tell what it is. Every term is as long as
//! the others: what is missing is filled up with hashes.
//!
//! Two terms may share a few bits, and what is listed may be out of date. So whoever
//! reads loads the customers, and looks whether they are meant.
//!
//! **An entry that goes** is marked, and DynamoDB drops it: no role has to be allowed to
//! delete. A state tells by which form of the index its customer is found; one that
//! tells none, of an earlier version, is indexed at its next write, and the tour of
//! the calendar sees to it that there is one.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo_domain::customer::Customer;
use lazo_domain::digest::hex;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::search::{self, LETTERS_MIN, Term, Typed};

use super::addresses::{AddressKey, HASH_BYTES};
use super::table::TTL_ATTRIBUTE;
use super::{Item, Loaded, Store, StoreError, keys, transact_put};

/// The form of the index. Whoever changes what stands in it gives it the next number:
/// then everybody is indexed anew.
pub const SEARCH_FORMAT: i64 = 1;

/// The attribute of a state that tells by which form its customer is found.
pub(in crate::shell::store) const SEARCHABLE: &str = "searchable";

/// Keeps these hashes apart from those of addresses.
const CONTEXT: &[u8] = b"lazo search 1\n";

/// How many letters of a word, of an address and of a number tell customers apart.
/// Whoever types more gets those who share these, and is shown who is meant.
const LETTERS_MAX: [usize; 3] = [12, 24, 12];

/// How many characters of a sort key a letter takes: 12 bits.
const CODE_CHARS: usize = 2;

/// Where a term is: its partition, and the codes of its sort key.
struct Place {
    partition: String,
    /// Of two words, those of the first and those of the second.
    codes: [String; 2],
}

/// Customers who may be meant, and where the next ones begin.
#[derive(Debug, Default)]
pub struct SearchPage {
    /// Each with the place in the index at which it stands, in the order of places.
    pub listed: Vec<(String, Id)>,
    /// Whether there may be more behind the last one that was read.
    pub next: Option<String>,
}

/// How much of a term must be as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it: nothing follows.
    Whole,
    /// Its beginning.
    Beginning,
}

impl AddressKey {
    fn search_hash(&self, kind: &str, parts: [&str; 2]) -> [u8; 32] {
        let [one, other] = parts.map(str::as_bytes);
        self.hash(&[CONTEXT, kind.as_bytes(), b"\n", one, b"\n", other])
    }

    /// The codes of the letters of a text behind its head; with what fills it up where
    /// nothing may follow.
    fn codes(&self, kind: &str, text: &[char], [head, most]: [usize; 2], part: Part) -> String {
        let mut codes = String::with_capacity((most - head) * CODE_CHARS);
        let until = if part == Part::Whole { most } else { text.len().min(most) };
        for place in head..until {
            let known: String = text.iter().take(place + 1).collect();
            let filling = if place < text.len() { String::new() } else { place.to_string() };
            let hash = self.search_hash(kind, [&known, &filling]);
            let code = URL_SAFE_NO_PAD.encode(&hash[..CODE_CHARS]);
            codes.push_str(&code[..CODE_CHARS]);
        }
        codes
    }

    fn place(&self, term: &Term, part: Part) -> Place {
        let [of_word, of_email, of_phone] = [0, 1, 2].map(|n| [LETTERS_MIN[n], LETTERS_MAX[n]]);
        let place = |kind: &str, texts: [&str; 2], sizes: [usize; 2]| {
            let texts = texts.map(|text| text.chars().collect::<Vec<char>>());
            let heads = texts.each_ref().map(|text| text.iter().take(sizes[0]).collect::<String>());
            let hash = self.search_hash(kind, [&heads[0], &heads[1]]);
            let codes = texts.each_ref().map(|text| match text.is_empty() {
                true => String::new(),
                false => self.codes(kind, text, sizes, part),
            });
            Place { partition: keys::search(&hex(&hash[..HASH_BYTES])), codes }
        };
        match term {
            Term::Word(word) => place("word", [word, ""], of_word),
            Term::Words(one, other) => place("words", [one, other], of_word),
            Term::Email(email) => place("email", [email, ""], of_email),
            Term::Phone(phone) => place("phone", [phone, ""], of_phone),
        }
    }
}

impl Store {
    /// What a change of a customer writes into the index.
    pub(in crate::shell::store) async fn put_search(
        &self,
        before: &Loaded,
        after: &Customer,
        now: Instant,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let known = &before.customer;
        if before.is_searchable && !search::may_differ(&known.profile, &after.profile) {
            return Ok(Vec::new());
        }
        let (had, has) = (search::terms(&known.profile), search::terms(&after.profile));
        let is_new = |term: &&Term| !before.is_searchable || !had.contains(term);
        let new = has.iter().filter(is_new).map(|term| (term, false));
        let gone = had.iter().filter(|term| !has.contains(term)).map(|term| (term, true));
        let changed: Vec<(&Term, bool)> = new.chain(gone).collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.address_key().await?;
        let put = |(term, is_gone): (&Term, bool)| {
            let item = entry(&key.place(term, Part::Whole), &after.id, is_gone.then_some(now));
            transact_put(Put::builder().table_name(&self.table).set_item(Some(item)))
        };
        changed.into_iter().map(put).collect()
    }

    /// Customers who may be meant by what was typed, behind a place of the index, read
    /// consistently by one request. Load and check before showing: others may share
    /// their letters, and terms change.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn searched(
        &self,
        typed: &Typed,
        part: Part,
        behind: Option<&str>,
        limit: i32,
    ) -> Result<SearchPage, StoreError> {
        let place = self.address_key().await?.place(&typed.looked_up(), part);
        let [first, second] = &place.codes;
        // Two beginnings that are the same may be those of either word.
        let is_ambiguous = match typed.looked_up() {
            Term::Words(one, other) => one.chars().take(2).eq(other.chars().take(2)),
            _ => false,
        };
        let start = if is_ambiguous { "" } else { first.as_str() };
        let behind = behind.filter(|behind| behind.starts_with(start) && !behind.is_empty());
        let behind = behind.map(|behind| keys::keyed(&place.partition, behind));
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(limit)
            .set_exclusive_start_key(behind)
            .expression_attribute_values(":pk", AttributeValue::S(place.partition.clone()));
        let query = match start {
            "" => query.key_condition_expression("pk = :pk"),
            start => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :start)")
                .expression_attribute_values(":start", AttributeValue::S(start.to_owned())),
        };
        let answer = query.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let mut page = SearchPage::default();
        for item in answer.items() {
            let sk = keys::text(item, "sk")?;
            let of_second = sk.split_once('.').map_or("", |(_, rest)| rest);
            let is_meant = is_ambiguous || second.is_empty() || of_second.starts_with(second);
            let id = sk.split_once('#').and_then(|(_, id)| Id::new(id).ok());
            if let Some(id) = id.filter(|_| is_meant && !item.contains_key(TTL_ATTRIBUTE)) {
                page.listed.push((sk.to_owned(), id));
            }
        }
        let last = answer.last_evaluated_key.as_ref();
        page.next = last.map(|key| keys::text(key, "sk").map(str::to_owned)).transpose()?;
        Ok(page)
    }
}

/// The item of a customer at a place; with since when it is gone, where it is.
fn entry(place: &Place, id: &Id, gone_at: Option<Instant>) -> Item {
    let [first, second] = &place.codes;
    let between = if second.is_empty() { "" } else { "." };
    let mut item = keys::keyed(&place.partition, format!("{first}{between}{second}#{id}"));
    if let Some(at) = gone_at {
        let seconds = at.millis() / 1000;
        item.insert(TTL_ATTRIBUTE.into(), AttributeValue::N(seconds.to_string()));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AddressKey {
        AddressKey::given([7; 32])
    }

    fn sk(term: &Term, part: Part) -> String {
        let place = key().place(term, part);
        format!("{} {}", place.partition, place.codes.join("."))
    }

    #[test]
    fn what_begins_alike_stands_together_and_tells_nothing() {
        let word = |text: &str| Term::Word(text.to_owned());
        let whole = sk(&word("maria"), Part::Whole);
        for begun in ["ma", "mar", "mari", "maria"] {
            let begun = sk(&word(begun), Part::Beginning);
            assert!(whole.starts_with(begun.trim_end_matches('.')), "{begun} {whole}");
        }
        assert!(!whole.starts_with(sk(&word("mart"), Part::Beginning).trim_end_matches('.')));
        assert!(!whole.contains("maria"));
        // No key tells how long a word is.
        let lengths = ["li", "maria", "guadalupe", "maximilianoooooo"]
            .map(|text| sk(&word(text), Part::Whole).len());
        assert_eq!(lengths, [lengths[0]; 4]);
    }

    #[test]
    fn another_key_and_another_kind_give_other_places() {
        let (word, phone) = (Term::Word("5678".into()), Term::Phone("5678".into()));
        let other = AddressKey::given([8; 32]).place(&word, Part::Whole);
        let own = key().place(&word, Part::Whole);
        assert_ne!(own.partition, other.partition);
        assert_ne!(own.codes, other.codes);
        assert_ne!(own.partition, key().place(&phone, Part::Whole).partition);
    }
}
