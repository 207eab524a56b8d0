//! An expression taken apart into its words.

use super::{Unknown, unknown};

/// The words of an expression, read from left to right.
pub struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    pub fn of(text: &'a str) -> Words<'a> {
        let mut words = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = match first {
                '(' | ')' | ',' | '+' | '=' => 1,
                '<' | '>' => 1 + usize::from(rest[1..].starts_with(['=', '>'])),
                _ => rest
                    .find(|c: char| c.is_whitespace() || "(),+=<>".contains(c))
                    .unwrap_or(rest.len()),
            };
            words.push(&rest[..end]);
            rest = rest[end..].trim_start();
        }
        Words { words, at: 0 }
    }

    pub fn peek(&self) -> &'a str {
        self.words.get(self.at).copied().unwrap_or_default()
    }

    pub fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.at += 1;
        word
    }

    pub fn eat(&mut self, word: &str) -> bool {
        let is_it = self.peek().eq_ignore_ascii_case(word);
        self.at += usize::from(is_it);
        is_it
    }

    pub fn expect(&mut self, word: &str) -> Result<(), Unknown> {
        match self.eat(word) {
            true => Ok(()),
            false => unknown(format!("{:?} where {word:?} was expected", self.peek())),
        }
    }

    pub fn end(&self) -> Result<(), Unknown> {
        match self.at >= self.words.len() {
            true => Ok(()),
            false => unknown(format!("{:?} at the end", self.peek())),
        }
    }
}
