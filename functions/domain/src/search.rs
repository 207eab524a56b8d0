//! Finding a customer by what people type: a name, a mail address or a number.
//!
//! Names are compared in small letters and without accents, word by word, and a word
//! may be begun only: `maria lo` finds María López, as `López María` does.
//!
//! | typed | looks for |
//! |---|---|
//! | with an `@` | mail addresses that begin so |
//! | digits, four or more | numbers that end so |
//! | anything else | names that have such words, each at the beginning |
//!
//! What a customer is found by is a few [`Term`]s: each word of the name, each two
//! words of it, so that a common name and the beginning of another one lead to few
//! customers, and the latest addresses and numbers.

use std::collections::BTreeSet;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use crate::address::{self, Address};
use crate::profile::Profile;

/// By how many words of a name a customer is found.
pub const WORDS_MAX: usize = 4;

/// By how many addresses, and by how many numbers: the latest ones.
pub const ADDRESSES_MAX: usize = 2;

/// By how many terms a customer is found at most.
pub const TERMS_MAX: usize = WORDS_MAX + WORDS_MAX * (WORDS_MAX - 1) / 2 + 2 * ADDRESSES_MAX;

/// How many letters of a word, of an address or of a number are needed.
pub const LETTERS_MIN: [usize; 3] = [2, 3, 4];

/// How many digits of a number are compared: what stands before them depends on from
/// where it is called.
const DIGITS_COMPARED: usize = 10;

/// How long a text is looked at, in characters.
const TYPED_MAX: usize = 200;

/// Words that link the others of a name, and that nobody is found by.
const LINKS: [&str; 19] = [
    "a", "da", "das", "de", "del", "der", "di", "do", "dos", "e", "el", "i", "la", "las", "los",
    "van", "von", "y", "zu",
];

/// What a customer is found by. It is personal, so `Debug` is left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// A word of the name, folded.
    Word(String),
    /// Two words of the name, folded, in their alphabetical order.
    Words(String, String),
    /// A mail address, folded.
    Email(String),
    /// The digits of a number, the last one first.
    Phone(String),
}

/// The terms by which somebody is found.
pub fn terms(profile: &Profile) -> BTreeSet<Term> {
    let words = indexed_words(profile);
    let mut terms: BTreeSet<Term> = words.iter().cloned().map(Term::Word).collect();
    for (place, one) in words.iter().enumerate() {
        for other in &words[place + 1..] {
            let (first, second) = (one.min(other), one.max(other));
            terms.insert(Term::Words(first.clone(), second.clone()));
        }
    }
    let latest = |known: Vec<(Address, _)>| known.into_iter().take(ADDRESSES_MAX);
    let emails = latest(address::latest(&profile.email));
    terms.extend(emails.map(|(email, _)| Term::Email(folded(email.as_str()))));
    let phones = latest(address::latest(&profile.phone));
    terms.extend(phones.map(|(phone, _)| Term::Phone(reversed(&digits(phone.as_str())))));
    terms
}

/// Whether anything that terms are made of differs.
pub fn may_differ(before: &Profile, after: &Profile) -> bool {
    before.given != after.given
        || before.family != after.family
        || before.email != after.email
        || before.phone != after.phone
}

/// The words of a name that are looked for: two of the given name and two of the
/// family name, and more of either where the other has fewer.
fn indexed_words(profile: &Profile) -> Vec<String> {
    let of =
        |name: Option<&crate::event::Line>| name.map(|n| words(n.as_str())).unwrap_or_default();
    let (given, family) = (of(profile.given.latest()), of(profile.family.latest()));
    let is_link = |word: &String| LINKS.contains(&word.as_str());
    let has_others = given.iter().chain(&family).any(|word| !is_link(word));
    let usable = |words: Vec<String>| -> Vec<String> {
        words.into_iter().filter(|word| !has_others || !is_link(word)).collect()
    };
    let (given, family) = (usable(given), usable(family));
    let half = WORDS_MAX / 2;
    let first = given.iter().take(half).chain(family.iter().take(half));
    let rest = given.iter().skip(half).chain(family.iter().skip(half));
    let mut chosen: Vec<String> = Vec::new();
    for word in first.chain(rest) {
        if chosen.len() < WORDS_MAX && !chosen.contains(word) {
            chosen.push(word.clone());
        }
    }
    chosen
}

/// What somebody typed.
#[derive(Clone, PartialEq, Eq)]
pub enum Typed {
    /// The beginnings of words of a name; those that link the others are left out.
    Words(Vec<String>),
    /// The beginning of a mail address.
    Email(String),
    /// The last digits of a number, the last one first.
    Phone(String),
}

impl Typed {
    /// What a text asks for; `None` where it is too short to look for anything.
    ///
    /// # Examples
    /// ```
    /// use lazo_domain::search::Typed;
    ///
    /// assert!(Typed::read("x") == None);
    /// assert!(Typed::read("MARÍA de Lo") == Some(Typed::Words(vec!["maria".into(), "lo".into()])));
    /// assert!(Typed::read("(55) 12-34") == Some(Typed::Phone("432155".into())));
    /// ```
    pub fn read(text: &str) -> Option<Typed> {
        let text: String = text.trim().chars().take(TYPED_MAX).collect();
        let [_, email_min, phone_min] = LETTERS_MIN;
        if text.contains('@') {
            let email = folded(&text);
            return (email.chars().count() >= email_min).then_some(Typed::Email(email));
        }
        let is_number = |c: char| c.is_ascii_digit() || "+-(). /".contains(c);
        if text.chars().all(is_number) {
            // Within a country, numbers begin with a 0 that is not theirs abroad.
            let number = reversed(digits(&text).trim_start_matches('0'));
            let number: String = number.chars().take(DIGITS_COMPARED).collect();
            return (number.len() >= phone_min).then_some(Typed::Phone(number));
        }
        let mut words = words(&text);
        if words.iter().any(|word| !LINKS.contains(&word.as_str())) {
            words.retain(|word| !LINKS.contains(&word.as_str()));
        }
        (!words.is_empty() && words.iter().any(|word| is_long_enough(word)))
            .then_some(Typed::Words(words))
    }

    /// The term whose beginning leads to whoever is meant: of words the two longest.
    pub fn looked_up(&self) -> Term {
        match self {
            Typed::Email(email) => Term::Email(email.clone()),
            Typed::Phone(digits) => Term::Phone(digits.clone()),
            Typed::Words(words) => {
                let mut words: Vec<&String> =
                    words.iter().filter(|word| is_long_enough(word)).collect();
                words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
                match words[..] {
                    [] => Term::Word(String::new()),
                    [one] => Term::Word(one.clone()),
                    [one, other, ..] => Term::Words(one.min(other).clone(), one.max(other).clone()),
                }
            }
        }
    }

    /// Whether somebody is who is meant.
    pub fn means(&self, profile: &Profile) -> bool {
        match self {
            Typed::Words(typed) => {
                let mut known = words(&name(profile));
                typed.len() <= known.len() && each_begins_one(typed, &mut known)
            }
            Typed::Email(email) => address::latest(&profile.email)
                .iter()
                .any(|(known, _)| folded(known.as_str()).starts_with(email.as_str())),
            Typed::Phone(digits_back) => {
                address::latest(&profile.phone).iter().any(|(known, _)| {
                    reversed(&digits(known.as_str())).starts_with(digits_back.as_str())
                })
            }
        }
    }

    /// Whether a name has these very words, none of them begun only.
    pub fn is_whole_in(&self, profile: &Profile) -> bool {
        let Typed::Words(typed) = self else { return true };
        let known = words(&name(profile));
        typed.iter().all(|word| known.contains(word))
    }
}

/// Whether each of some words begins another one of a name.
fn each_begins_one(typed: &[String], known: &mut Vec<String>) -> bool {
    let Some((first, rest)) = typed.split_first() else { return true };
    for place in 0..known.len() {
        if known[place].starts_with(first.as_str()) {
            let taken = known.swap_remove(place);
            if each_begins_one(rest, known) {
                return true;
            }
            known.push(taken);
            let last = known.len() - 1;
            known.swap(place, last);
        }
    }
    false
}

/// A customer's name as it is written; empty where none is known.
pub fn name(profile: &Profile) -> String {
    let parts = [&profile.given, &profile.family].into_iter().filter_map(|part| part.latest());
    parts.map(|part| part.as_str()).collect::<Vec<_>>().join(" ")
}

/// A customer's name as names are compared, to list customers by.
pub fn folded_name(profile: &Profile) -> String {
    folded(&name(profile))
}

fn is_long_enough(word: &str) -> bool {
    word.chars().count() >= LETTERS_MIN[0]
}

/// The words of a text, folded.
fn words(text: &str) -> Vec<String> {
    let folded = folded(text);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(2 * WORDS_MAX).map(str::to_owned).collect()
}

/// In small letters, without accents and marks, as people type.
fn folded(text: &str) -> String {
    let (decomposed, marks) =
        (DecomposingNormalizerBorrowed::new_nfkd(), CanonicalCombiningClassMapBorrowed::new());
    let lower = text.chars().flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for letter in decomposed.normalize_iter(lower) {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            // O'Brien is one word, however it is written.
            '\'' | '’' | '‘' | 'ʼ' | '`' | '´' => {}
            letter if marks.get_u8(letter) != 0 || is_invisible(letter) => {}
            letter => folded.push(letter),
        }
    }
    folded
}

/// Signs that only say how text is set: direction, joining, breaking.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Email, Line, Phone};
    use crate::instant::Instant;

    fn person(given: &str, family: &str) -> Profile {
        let mut profile = Profile::default();
        let at = Instant::from_millis(1);
        profile.given.set(at, Line::new(given).ok());
        profile.family.set(at, Line::new(family).ok());
        profile
    }

    fn finds(typed: &str, profile: &Profile) -> bool {
        Typed::read(typed).is_some_and(|typed| typed.means(profile))
    }

    #[test]
    fn names_are_found_by_the_beginnings_of_their_words() {
        let maria = person("María Guadalupe", "López de la Cruz");
        for typed in [
            "maria",
            "MARÍA",
            "mari\u{301}a",
            "lopez mar",
            "guadalupe cruz",
            "maria lo",
            "maria de la cruz",
            "lo mar gua cr",
            "  López,  María ",
            "maria l",
        ] {
            assert!(finds(typed, &maria), "{typed}");
        }
        for typed in ["mario", "maria maria", "lupe", "maria lx", "", "?", "x", "l"] {
            assert!(!finds(typed, &maria), "{typed}");
        }
        assert!(finds("obri", &person("Seán", "O’Brien")));
        assert!(finds("o'brien sean", &person("Seán", "O’Brien")));
        assert!(finds("strasse", &person("Ida", "Straße")));
        assert!(finds("de la", &person("De", "La")));
        assert!(finds("laura", &person("Laura", "")));
        assert!(finds("مريم", &person("مَرْيَم", "حسن")));
        assert!(finds("\u{202b}مريم\u{202c}", &person("مَرْيَم", "حسن")));
    }

    #[test]
    fn the_first_words_may_be_begun_so_that_each_finds_another() {
        let two = person("Mar", "Martínez");
        assert!(finds("mar mart", &two) && finds("mart mar", &two) && finds("ma ma", &two));
        assert!(!finds("mart mart", &two));
    }

    #[test]
    fn numbers_are_found_by_their_ends_and_addresses_by_their_beginning() {
        let mut profile = person("Ana", "Ruiz");
        let at = Instant::from_millis(1);
        profile.phone.set(at, Phone::new("+525512345678").ok());
        profile.email.set(at, Email::new("Ana.Ruiz@example.com").ok());
        for typed in [
            "5678",
            "+52 55 1234 5678",
            "55-1234-5678",
            "(55) 1234 5678",
            "+52 1 55 1234 5678",
            "05512345678",
            "ana.ruiz@",
            "ANA.ruiz@Example.com",
        ] {
            assert!(finds(typed, &profile), "{typed}");
        }
        for typed in ["678", "5512", "ruiz@", "ana.ruiz@example.org", "+52 55 1234 5679"] {
            assert!(!finds(typed, &profile), "{typed}");
        }
        // Who was found by it before the address changed.
        profile.email.set(Instant::from_millis(2), Email::new("ana@example.org").ok());
        assert!(finds("ana.ruiz@example.com", &profile) && finds("ana@ex", &profile));
    }

    #[test]
    fn whatever_leads_to_somebody_is_among_their_terms() {
        let profile = person("Ana María Sofía", "Álvarez Ruiz Pérez");
        let terms = terms(&profile);
        assert_eq!(terms.len(), WORDS_MAX + WORDS_MAX * (WORDS_MAX - 1) / 2);
        for typed in ["an", "mar alv", "ruiz ana", "alvarez ruiz", "maria ana alv"] {
            let led = match Typed::read(typed).map(|typed| typed.looked_up()) {
                Some(Term::Word(word)) => terms.iter().any(
                    |term| matches!(term, Term::Word(known) if known.starts_with(word.as_str())),
                ),
                Some(Term::Words(a, b)) => terms.iter().any(|term| {
                    let Term::Words(x, y) = term else { return false };
                    x.starts_with(&a) && y.starts_with(&b)
                }),
                _ => false,
            };
            assert!(led, "{typed}");
        }
    }

    #[test]
    fn nobody_is_found_by_more_terms_than_there_is_room_for() {
        let mut profile = person("a b c d e f g", "h i j k l m n");
        for second in 1..9 {
            let at = Instant::from_millis(second * 1000);
            profile.email.set(at, Email::new(format!("a{second}@example.com")).ok());
            profile.phone.set(at, Phone::new(format!("+5255123456{second}0")).ok());
        }
        assert_eq!(terms(&profile).len(), TERMS_MAX);
        assert_eq!(terms(&Profile::default()).len(), 0);
    }
}
