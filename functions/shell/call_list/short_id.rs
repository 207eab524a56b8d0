//! Short ids of calls: a few letters that are easy to read out and to type. They are
//! made of the touch id alone, so that a call keeps its own; how many letters are
//! needed depends on what else is on the list.

use std::collections::BTreeMap;

use lazo_domain::digest::sha256_hex;
use lazo_domain::touch::TouchId;

/// No vowels, so that no words come of it, and no letter that looks like a digit.
const LETTERS: &[u8; 16] = b"bcdfghjkmnpqrstw";

/// How many letters are shown at least: a list of 200 calls has rarely two alike.
const SHOWN_MIN: usize = 4;

/// How many letters a short id has at most.
const LETTERS_MAX: usize = 12;

/// The letters of a touch, all of them.
fn letters(touch: &TouchId) -> String {
    let hash = sha256_hex(touch.to_string(), LETTERS_MAX.div_ceil(2));
    let letter = |digit: char| digit.to_digit(16).map(|at| char::from(LETTERS[at as usize]));
    hash.chars().filter_map(letter).take(LETTERS_MAX).collect()
}

/// Whether a text may be a short id, or the beginning of one.
fn is_short(text: &str) -> bool {
    (1..=LETTERS_MAX).contains(&text.len()) && text.bytes().all(|letter| LETTERS.contains(&letter))
}

/// The short ids of all calls on the lists.
#[derive(Clone, Debug, Default)]
pub struct ShortIds {
    by_letters: BTreeMap<String, TouchId>,
}

impl ShortIds {
    /// The short ids of these calls.
    pub fn new(touches: impl IntoIterator<Item = TouchId>) -> ShortIds {
        let by_letters = touches.into_iter().map(|touch| (letters(&touch), touch)).collect();
        ShortIds { by_letters }
    }

    /// The letters by which a call is known: as few as tell it from all others.
    pub fn of(&self, touch: &TouchId) -> String {
        let own = letters(touch);
        let shared =
            |other: &String| own.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        // Of all others, those beside it share the most letters.
        let before = self.by_letters.range(..own.clone()).next_back();
        let after = self.by_letters.range(own.clone()..).find(|(other, _)| **other != own);
        let most = before.into_iter().chain(after).map(|(other, _)| shared(other)).max();
        let length = most.map_or(0, |most| most + 1).clamp(SHOWN_MIN, own.len());
        own[..length].to_owned()
    }

    /// The calls whose letters begin with a text, in whatever case it is typed.
    pub fn beginning(&self, text: &str) -> Vec<&TouchId> {
        let text = text.trim().to_ascii_lowercase();
        if !is_short(&text) {
            return Vec::new();
        }
        let from = self.by_letters.range(text.clone()..);
        from.take_while(|(letters, _)| letters.starts_with(&text)).map(|(_, touch)| touch).collect()
    }
}

#[cfg(test)]
mod tests {
    use lazo_domain::id::Id;

    use super::*;

    fn touch(number: usize) -> TouchId {
        TouchId {
            rule: "thank-you-call".into(),
            customer: Id::new(&format!("cus-{number}")).unwrap(),
            occurrence: format!("pur-{number}"),
            step: "call".into(),
        }
    }

    #[test]
    fn each_is_told_from_all_others_by_as_few_letters_as_that_takes() {
        let all = ShortIds::new((0..5_000).map(touch));
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..5_000 {
            let short = all.of(&touch(number));
            assert!((4..=7).contains(&short.len()), "{short}");
            assert_eq!(all.beginning(&short.to_uppercase()), [&touch(number)]);
            assert!(seen.insert(short));
        }
        assert!(seen.iter().any(|short| short.len() > 4), "some share four letters");
        let few = ShortIds::new((0..3).map(touch));
        assert!((0..3).all(|number| few.of(&touch(number)).len() == 4));
        // What is on the list does not change the letters of a call.
        assert!(all.of(&touch(0)).starts_with(&few.of(&touch(0))));
    }

    #[test]
    fn fewer_letters_name_several_and_other_texts_none() {
        let all = ShortIds::new((0..200).map(touch));
        let first = all.of(&touch(0))[..1].to_owned();
        assert!(all.beginning(&first).len() > 1);
        for text in ["", "a", "cus-0", "thank-you-call/cus-0/pur-0/call", "bbbbbbbbbbbbb"] {
            assert!(all.beginning(text).is_empty(), "{text}");
        }
    }
}
