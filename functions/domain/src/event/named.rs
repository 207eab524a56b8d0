//! Whom a text is about, whatever is wrong with it.
//!
//! What is kept aside has to be found again by the customer that it is about: for
//! an export, and to be forgotten with them. It was kept because something is
//! wrong with it, so nothing is taken for granted: an id may be a number or
//! padded, the event may be a JSON text inside JSON (as SNS and SQS wrap it), or
//! cut off, or no JSON at all.

use std::collections::BTreeSet;

use crate::id::Id;
use crate::touch::TouchId;

/// How deep JSON texts inside JSON texts are looked into.
const DEPTH_MAX: usize = 8;

/// How many keys above a value are looked at.
const KEYS_NEAR: usize = 4;

/// How many names of each kind are told of one text.
const NAMES_MAX: usize = 1_000;

/// By so many last digits telephone numbers are compared: whoever leaves the
/// country's code out means the same number.
const PHONE_DIGITS: usize = 9;

/// What keys contain whose values may be a customer's id.
const CUSTOMER_WORDS: [&str; 11] = [
    "customer", "client", "merged", "user", "person", "guest", "member", "contact", "buyer",
    "account", "touch",
];

/// What keys contain whose values may be a telephone number.
const PHONE_WORDS: [&str; 7] = ["phone", "tel", "mobile", "movil", "cel", "whatsapp", "number"];

/// Whom a text names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Whom it says that it is about: the values of `customer_id` and `merged_id`.
    pub about: BTreeSet<Id>,
    /// The same, and whatever else may be a customer's id.
    pub ids: BTreeSet<Id>,
    /// Mail addresses, in lower case.
    pub addresses: BTreeSet<String>,
    /// The last digits of telephone numbers.
    pub phones: BTreeSet<String>,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let People { about, ids, addresses, phones } = self;
        let counts = [about.len(), ids.len(), addresses.len(), phones.len()];
        write!(f, "People {counts:?}")
    }
}

impl People {
    /// Whom a text names.
    ///
    /// ```
    /// use lazo_domain::event::People;
    /// let wrapped = r#"{"Message": "{\"customer_id\": 12345, \"email\": \"Ana@example.com\"}"}"#;
    /// let people = People::named_in(wrapped);
    /// assert_eq!(people.about.iter().next().unwrap().as_str(), "12345");
    /// assert!(people.addresses.contains("ana@example.com"));
    /// ```
    pub fn named_in(text: &str) -> People {
        let mut people = People::default();
        Scan { people: &mut people, depth: 0 }.text(text, &[]);
        people
    }

    /// Adds a mail address or a telephone number, as it is told of texts.
    pub fn add_address(&mut self, address: &str) {
        match address.contains('@') {
            true => self.addresses.extend([address.trim().to_lowercase()]),
            false => self.phones.extend(last_digits(address)),
        }
    }

    fn may_be_about(&mut self, keys: &[String], value: &str) {
        let value = value.trim();
        let Some(key) = keys.last() else { return };
        if matches!(value, "null" | "true" | "false") {
            return;
        }
        let is_told = |key: &String| key == "customerid" || key == "mergedid";
        let own = Id::new(value).ok();
        if (is_told(key) || keys.iter().rev().nth(1).is_some_and(is_told))
            && self.about.len() < NAMES_MAX
        {
            self.about.extend(own.clone());
        }
        let is_like = |key: &String| CUSTOMER_WORDS.iter().any(|word| key.contains(word));
        if keys.iter().rev().take(2).any(is_like) && self.ids.len() < NAMES_MAX {
            self.ids.extend(own);
        }
        if key.contains("touch") && self.ids.len() < NAMES_MAX {
            // Whomever it may name: ids may hold slashes.
            self.ids.extend(TouchId::readings(value).into_iter().map(|touch| touch.customer));
        }
    }

    fn find_addresses(&mut self, text: &str) {
        let decoded = text.replace("%40", "@");
        let is_part = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        for (place, _) in decoded.match_indices('@') {
            let before = &decoded[..place];
            let begins = before
                .rfind(|c: char| !is_part(c))
                .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let behind = &decoded[place + 1..];
            let is_of_domain = |c: char| c.is_alphanumeric() || "-._".contains(c);
            let ends = behind.find(|c: char| !is_of_domain(c)).unwrap_or(behind.len());
            let (local, domain) = (&before[begins..], behind[..ends].trim_end_matches(['.', '-']));
            if local.is_empty() || domain.is_empty() || self.addresses.len() >= NAMES_MAX {
                continue;
            }
            let mut add = |local: &str| {
                self.addresses.insert(format!("{local}@{domain}").to_lowercase());
            };
            add(local);
            // As in `?email=ana@example.com` or `'ana@example.com'`.
            if let Some((_, last)) =
                local.rsplit_once(['=', '/', '\'', '`', '{', '|', '&', '?', '#'])
                && !last.is_empty()
            {
                add(last);
            }
        }
    }

    fn find_phones(&mut self, keys: &[String], text: &str) {
        let is_phone = |key: &String| PHONE_WORDS.iter().any(|word| key.contains(word));
        if !text.contains('+') && !keys.iter().rev().take(2).any(is_phone) {
            return;
        }
        let is_part = |c: char| c.is_ascii_digit() || " +-.()/\u{a0}".contains(c);
        for run in text.split(|c: char| !is_part(c)) {
            if self.phones.len() < NAMES_MAX {
                self.phones.extend(last_digits(run));
            }
        }
    }
}

/// The digits by which a telephone number is known; `None` where it has too few.
fn last_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let fits = (7..=20).contains(&digits.len()) && !text.contains('@');
    fits.then(|| digits[digits.len().saturating_sub(PHONE_DIGITS)..].to_owned())
}

/// A key as keys are compared: letters and digits, in lower case.
fn simple(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).take(64).collect::<String>().to_lowercase()
}

struct Scan<'p> {
    people: &'p mut People,
    depth: usize,
}

impl Scan<'_> {
    /// Goes through a text token by token. `outer` are the keys above it.
    fn text(&mut self, text: &str, outer: &[String]) {
        let mut above: Vec<String> = outer.to_vec();
        let mut key: Option<String> = None;
        let mut rest = text;
        let mut last = '{';
        while let Some(char) = rest.chars().next() {
            match char {
                '\\' => {
                    // The inside of a JSON string without its quotes.
                    let near = &above[above.len().saturating_sub(KEYS_NEAR)..];
                    return self.deeper(&unescaped(rest), near);
                }
                '"' | '\'' if char == '"' || "{[,:(=".contains(last) => {
                    let (inner, behind) = quoted(&rest[1..], char);
                    rest = behind;
                    if is_key(rest) {
                        self.people.find_addresses(&inner);
                        key = Some(simple(&inner));
                    } else {
                        self.value(&inner, &above, key.take());
                    }
                    last = char;
                    continue;
                }
                '{' | '[' => above.push(key.take().unwrap_or_default()),
                '}' | ']' => {
                    if above.len() > outer.len() {
                        above.pop();
                    }
                    key = None;
                }
                ',' | '\n' | '&' | ';' => key = None,
                c if is_bare(c) => {
                    let end = rest.find(|c: char| !is_bare(c)).unwrap_or(rest.len());
                    let (word, behind) = rest.split_at(end);
                    rest = behind;
                    match is_key(rest) {
                        true => key = Some(simple(word)),
                        false => self.value(word, &above, key.take()),
                    }
                    last = 'a';
                    continue;
                }
                _ => {}
            }
            if !char.is_whitespace() {
                last = char;
            }
            rest = &rest[char.len_utf8()..];
        }
    }

    fn value(&mut self, value: &str, above: &[String], key: Option<String>) {
        // The nearest tell what it is, however deep it stands.
        let near = &above[above.len().saturating_sub(KEYS_NEAR)..];
        let mut keys: Vec<String> = near.iter().filter(|key| !key.is_empty()).cloned().collect();
        keys.extend(key);
        self.people.may_be_about(&keys, value);
        self.people.find_addresses(value);
        self.people.find_phones(&keys, value);
        if value.contains(['"', '{', '\\', '=', ':']) {
            self.deeper(value, &keys);
        }
    }

    fn deeper(&mut self, text: &str, keys: &[String]) {
        if self.depth < DEPTH_MAX {
            Scan { people: &mut *self.people, depth: self.depth + 1 }.text(text, keys);
        }
    }
}

/// Whether what stood before was a key.
fn is_key(behind: &str) -> bool {
    behind.trim_start().starts_with([':', '='])
}

/// What a word without quotes is made of.
fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || "_-+.@%#/".contains(c)
}

/// The inside of a quoted text, without its escapes, and what is behind it. One
/// that is cut off ends with the text.
fn quoted(text: &str, mark: char) -> (String, &str) {
    let mut is_escaped = false;
    let end = text.char_indices().find_map(|(place, char)| {
        let ends = !is_escaped && char == mark;
        is_escaped = !is_escaped && char == '\\';
        ends.then_some(place)
    });
    match end {
        Some(end) => (unescaped(&text[..end]), &text[end + 1..]),
        None => (unescaped(text), ""),
    }
}

/// A text without one level of JSON's escapes; what is none stays as it is.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let code = rest.strip_prefix("\\u").and_then(|code| code.get(..4));
        if let Some(unit) = code.and_then(|code| u16::from_str_radix(code, 16).ok()) {
            units.push(unit);
            rest = &rest[6..];
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
        rest = &rest[char.len_utf8()..];
        let escaped = rest.chars().next().filter(|_| char == '\\');
        let Some(escaped) = escaped else {
            plain.push(char);
            continue;
        };
        rest = &rest[escaped.len_utf8()..];
        plain.push(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' | 'f' => ' ',
            other => other,
        });
    }
    plain.push_str(&String::from_utf16_lossy(&units));
    plain
}

#[cfg(test)]
mod tests;
