//! The known names that a mistyped one probably meant.

use crate::bilingual::{Bilingual, said};

/// `; did you mean "purchases"?`, or nothing where no name is near.
pub fn hint<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Bilingual {
    match nearest(typed, known) {
        Some(name) => said!("; ¿quisiste decir {name:?}?", "; did you mean {name:?}?"),
        None => Bilingual::default(),
    }
}

/// How many names are told where none is near.
const RELATED_MAX: usize = 3;

/// The shortest word that makes two names related.
const WORD_CHARS_MIN: usize = 4;

/// As [`hint`]; where no name is near, those that share a word with what was typed,
/// and the command that lists them all.
pub fn hint_or<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
    command: &str,
) -> Bilingual {
    let known: Vec<&str> = known.into_iter().collect();
    let near = hint(typed, known.iter().copied());
    if !near.is_empty() {
        return near;
    }
    let names: Vec<String> =
        related(typed, &known).into_iter().map(|name| format!("{name:?}")).collect();
    match names.is_empty() {
        true => said!("; `{command}` muestra la lista", "; `{command}` lists all"),
        false => {
            let (es, en) = (names.join(" o "), names.join(" or "));
            let all = said!("? `{command}` muestra la lista", "? `{command}` lists all");
            Bilingual { es: format!("; ¿quisiste decir {es}"), en: format!("; did you mean {en}") }
                .then(&all)
        }
    }
}

/// The names that share a word with what was typed, those with most in common first.
fn related<'a>(typed: &str, known: &[&'a str]) -> Vec<&'a str> {
    let asked = words(typed);
    let shared = |name: &str| {
        let own = words(name);
        asked.iter().filter(|asked| own.iter().any(|own| is_kin(asked, own))).count()
    };
    let of_name = |name: &&'a str| (shared(name), edits(typed, name), *name);
    let mut found: Vec<_> = known.iter().map(of_name).filter(|(count, ..)| *count > 0).collect();
    found.sort_by_key(|(count, edits, name)| (std::cmp::Reverse(*count), *edits, *name));
    found.into_iter().take(RELATED_MAX).map(|(.., name)| name).collect()
}

/// The words of a name: `daysSincePurchase` and `days_since_purchase` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars().take(64) {
        if letter.is_uppercase() || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            last.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| word.chars().count() >= WORD_CHARS_MIN);
    words
}

/// Whether one of two words begins as the other: `complaint` and `complaints`.
fn is_kin(a: &str, b: &str) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// The known name with the fewest edits, at most a third of its letters.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (edits(typed, name), name))
        .filter(|(edits, name)| {
            *edits <= (name.chars().count().max(typed.chars().count()) / 3).max(1)
        })
        .min()
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn edits(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().take(64).collect();
    let b: Vec<char> = b.to_lowercase().chars().take(64).collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["channel", "template", "wait", "at", "expires"];
        assert_eq!(nearest("chanel", known), Some("channel"));
        assert_eq!(nearest("tempalte", known), Some("template"));
        assert_eq!(nearest("colour", known), None);
        // A third of the letters of the longer one, and one of short words.
        assert_eq!(nearest("tem", known), None);
        assert_eq!(nearest("it", known), Some("at"));
        assert_eq!(nearest("ti", known), None);
        assert_eq!(nearest("chanl", known), Some("channel"));
        assert_eq!(nearest("chal", known), None);
    }

    #[test]
    fn names_that_share_a_word_are_told_where_none_is_near() {
        let known = ["total_spent", "average_spent", "last_purchase_at", "purchases", "id"];
        let told = |typed| hint_or(typed, known, "lazo rules fields").en;
        assert_eq!(told("purchses"), "; did you mean \"purchases\"?");
        let of_spent =
            "; did you mean \"total_spent\" or \"average_spent\"? `lazo rules fields` lists all";
        assert_eq!(told("spent"), of_spent);
        let of_count =
            "; did you mean \"purchases\" or \"last_purchase_at\"? `lazo rules fields` lists all";
        assert_eq!(told("purchaseCount"), of_count);
        assert_eq!(told("shoe"), "; `lazo rules fields` lists all");
    }

    #[test]
    fn edits_insert_delete_replace_or_swap() {
        let counts = [
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "xabc", 1),
            ("xabc", "abc", 1),
            ("abcd", "badc", 2),
            ("ab", "ba", 1),
            ("abcdef", "abdcef", 1),
            ("abc", "cab", 2),
            ("aabb", "abab", 1),
            ("kitten", "sitting", 3),
            ("Waits", "WAIT", 1),
        ];
        for (a, b, count) in counts {
            assert_eq!((edits(a, b), edits(b, a)), (count, count), "{a} {b}");
        }
    }
}
