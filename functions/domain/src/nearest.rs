//! The known name that a mistyped one probably meant.

/// `; did you mean "purchases"?`, or nothing where no name is near.
pub fn hint<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(typed, known) {
        Some(name) => format!("; did you mean {name:?}?"),
        None => String::new(),
    }
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
