//! What customers are interested in, and which published content that is.
//!
//! A piece reaches a customer where one of its topics was among the customer's
//! interests when it came out. Interests learnt of late count as of when they
//! were told; what somebody comes to like later brings no older piece.

use crate::customer::Customer;
use crate::event::{ContentPublished, Line};
use crate::instant::Instant;

/// How many interests of one customer count: the first ones.
pub const INTERESTS_MAX: usize = 20;

/// How many topics of a piece count: the first ones.
const TOPICS_MAX: usize = 50;

/// A topic as it is compared: case, accents and blanks make no difference.
///
/// # Examples
/// ```
/// use lazo_domain::{event::Line, interest::Topic};
/// let topic = |text: &str| Topic::of(&Line::new(text).unwrap());
/// assert_eq!(topic("Lámparas de  PIE"), topic("lamparas de pie"));
/// assert_ne!(topic("año"), topic("ano"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(String);

impl Topic {
    /// The topic that a line names.
    pub fn of(line: &Line) -> Topic {
        let words: Vec<String> = line.as_str().split_whitespace().map(plain).collect();
        Topic(words.join(" "))
    }

    /// The form that is compared: lower case, vowels without accents, single blanks.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A word in lower case and without the accents that people leave out.
fn plain(word: &str) -> String {
    let letters = word.chars().flat_map(char::to_lowercase);
    let plain = letters.filter_map(|letter| match letter {
        'á' | 'à' | 'â' | 'ä' => Some('a'),
        'é' | 'è' | 'ê' | 'ë' => Some('e'),
        'í' | 'ì' | 'î' | 'ï' => Some('i'),
        'ó' | 'ò' | 'ô' | 'ö' => Some('o'),
        'ú' | 'ù' | 'û' | 'ü' => Some('u'),
        // The same accents, written as characters of their own.
        '\u{300}' | '\u{301}' | '\u{302}' | '\u{308}' => None,
        letter => Some(letter),
    });
    plain.collect()
}

/// Lines as topics, each once, in their order.
fn topics(lines: &[Line], most: usize) -> Vec<Topic> {
    let mut topics = Vec::new();
    for topic in lines.iter().map(Topic::of) {
        if topics.len() == most {
            break;
        }
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics
}

/// A piece's topics, each once, in its order.
pub fn topics_of(content: &ContentPublished) -> Vec<Topic> {
    topics(&content.topics, TOPICS_MAX)
}

impl Customer {
    /// The customer's interests as they are now.
    pub fn interests(&self) -> Vec<Topic> {
        let told = self.profile.interests.latest().map_or(&[][..], Vec::as_slice);
        topics(told, INTERESTS_MAX)
    }

    /// The topic by which a piece that came out at an instant reaches the
    /// customer: the first of its topics that was an interest then. `None`
    /// where none was, or the customer asked to be forgotten.
    pub fn topic_of(&self, content: &ContentPublished, at: Instant) -> Option<Topic> {
        if self.erased_at.is_some() {
            return None;
        }
        let interests = topics(self.profile.interests.as_of(at)?, INTERESTS_MAX);
        topics_of(content).into_iter().find(|topic| interests.contains(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::instant::Instant;

    #[test]
    fn interests_are_what_was_told_last_each_once() {
        let mut customer = Customer::new(Id::new("ana").unwrap());
        assert!(customer.interests().is_empty());
        let lines = |names: &[&str]| names.iter().map(|name| Line::new(*name).unwrap()).collect();
        let told = lines(&["Café", "cafe", "Té  verde"]);
        customer.profile.interests.set(Instant::from_millis(1), Some(told));
        let interests = customer.interests();
        let names: Vec<&str> = interests.iter().map(Topic::as_str).collect();
        assert_eq!(names, ["cafe", "te verde"]);
    }
}
