//! Slips of who writes a condition as they would elsewhere, or as they would say it:
//! a single `=`, `and`, quotes of a word processor. Each is told with what to write
//! instead, where it stands.

use super::check::Fault;
use crate::bilingual::{Bilingual, said};

/// A part of a source and the byte that it begins at.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A name or a word.
    Word,
    Number,
    /// A text in quotes.
    Text,
    /// A text whose quote is never closed.
    Unclosed,
    /// Signs of comparison that stand together, such as `>=`; any other sign alone.
    Sign,
}

/// All slips of a source that no parser reads, in their order. None where nothing is
/// known of what went wrong.
pub(super) fn found(source: &str) -> Vec<Fault> {
    let tokens = tokens(source);
    let mut faults: Vec<Fault> = Vec::new();
    // A word that is to be written as a sign: a value may stand behind it.
    let mut is_joined = false;
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let follows = !is_joined && before.is_some_and(Token::ends_value);
        let after = tokens.get(index + 1);
        let message = match token.kind {
            Kind::Sign => of_sign(token.text),
            Kind::Unclosed => Some(said!(
                "la comilla que se abre aquí nunca se cierra",
                "the quote that begins here is never closed"
            )),
            Kind::Word if !token.text.is_ascii() && !follows => Some(said!(
                "ningún nombre lleva acentos ni ñ; si {} es un texto, ponlo entre comillas",
                "no name has accents or ñ; if {} is a text, put it in quotes",
                token.text
            )),
            Kind::Word if !follows => of_negation(token, after),
            Kind::Word | Kind::Number | Kind::Text if follows => of_value(token),
            Kind::Word | Kind::Number | Kind::Text => None,
        };
        let is_sign = if follows { sign_of(token.text).is_some() } else { message.is_some() };
        is_joined = token.kind == Kind::Word && is_sign;
        faults.extend(message.map(|message| Fault { offset: token.at, message }));
    }
    faults.extend(of_brackets(&tokens));
    faults.sort_by_key(|fault| fault.offset);
    faults
}

/// What the parser says, for whoever does not know its words.
pub(super) fn in_words(message: &str) -> Bilingual {
    match message.split('\'').nth(1).unwrap_or_default() {
        _ if !message.starts_with("Syntax error") => message.into(),
        "<EOF>" => said!(
            "la condición termina antes de tiempo: falta algo detrás",
            "the condition ends too early: something is missing behind it"
        ),
        "" => said!("desde aquí no se entiende", "cannot be read from here on"),
        read => said!("no se entiende desde {read:?}", "cannot be read from {read:?} on"),
    }
}

/// Signs of other languages, of spreadsheets and of mathematics.
fn of_sign(sign: &str) -> Option<Bilingual> {
    let instead = match sign {
        "=" | "===" => "==",
        "<>" | "!==" | "=!" | "≠" => "!=",
        "=>" | "≥" => ">=",
        "=<" | "≤" => "<=",
        "&" => "&&",
        "|" => "||",
        "–" | "—" | "−" => "-",
        "×" => "*",
        "÷" => "/",
        "“" | "”" | "„" | "‘" | "’" | "«" | "»" => {
            return Some(said!(
                "{sign} no es comilla aquí; escribe los textos como \"…\"",
                "{sign} is no quote here; write texts as \"…\""
            ));
        }
        "$" | "€" | "£" | "#" | "@" => {
            return Some(said!(
                "{sign} no significa nada aquí; escribe solo el número o el nombre",
                "{sign} has no meaning here; write the bare number or name"
            ));
        }
        _ => return None,
    };
    Some(said!("escribe {instead} en lugar de {sign}", "write {instead} instead of {sign}"))
}

/// `not` and `no` where CEL writes `!`.
fn of_negation(token: &Token, after: Option<&Token>) -> Option<Bilingual> {
    let is_not = matches!(token.text.to_lowercase().as_str(), "not" | "no");
    let is_before_value = after.is_some_and(|after| match after.kind {
        Kind::Word | Kind::Number | Kind::Text => true,
        Kind::Sign | Kind::Unclosed => after.text == "(",
    });
    (is_not && is_before_value)
        .then(|| said!("escribe ! en lugar de {:?}", "write ! instead of {:?}", token.text))
}

/// What stands behind a value with no sign between the two.
fn of_value(token: &Token) -> Option<Bilingual> {
    if token.kind == Kind::Word {
        if token.text == "in" {
            return None;
        }
        if let Some(sign) = sign_of(token.text) {
            return Some(said!(
                "escribe {sign} en lugar de {:?}",
                "write {sign} instead of {:?}",
                token.text
            ));
        }
    }
    Some(said!(
        "nada une {} con lo que está antes; únelos con && (y), || (o) o una comparación, y pon los textos entre comillas",
        "nothing joins {} to what stands before it; join them by && (and), || (or) or a comparison, and put texts in quotes",
        token.text
    ))
}

/// The sign that a word stands for where it follows a value, in both languages.
fn sign_of(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "and" | "y" | "e" => Some("&&"),
        "or" | "o" | "u" => Some("||"),
        "is" | "equals" | "es" | "igual" => Some("=="),
        "not" | "no" => Some("!="),
        "in" | "en" => Some("in"),
        _ => None,
    }
}

/// Brackets that are never closed, those that nothing opened, and a decimal comma.
fn of_brackets(tokens: &[Token]) -> Vec<Fault> {
    let (mut open, mut faults): (Vec<&Token>, Vec<Fault>) = (Vec::new(), Vec::new());
    for (index, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Sign) {
        let mut tell = |message: Bilingual| faults.push(Fault { offset: token.at, message });
        let opens = match token.text {
            "(" | "[" | "{" => {
                open.push(token);
                continue;
            }
            "," if open.is_empty() && is_between_numbers(tokens, index) => {
                tell(said!(
                    "escribe punto decimal en lugar de la coma, como en 12.5",
                    "write a decimal point instead of the comma, as in 12.5"
                ));
                continue;
            }
            ")" => "(",
            "]" => "[",
            "}" => "{",
            _ => continue,
        };
        match open.pop() {
            Some(last) if last.text == opens => {}
            Some(last) => {
                tell(said!("{} no puede cerrar {}", "{} cannot close {}", token.text, last.text))
            }
            None => tell(said!("nada abre este {}", "nothing opens this {}", token.text)),
        }
    }
    let never = |token: &&Token| {
        let message = said!("este {} nunca se cierra", "this {} is never closed", token.text);
        Fault { offset: token.at, message }
    };
    faults.extend(open.iter().map(never));
    faults
}

fn is_between_numbers(tokens: &[Token], index: usize) -> bool {
    let is_number = |index: Option<usize>| {
        let token = index.and_then(|index| tokens.get(index));
        token.is_some_and(|token| token.kind == Kind::Number)
    };
    is_number(index.checked_sub(1)) && is_number(Some(index + 1))
}

impl Token<'_> {
    fn ends_value(&self) -> bool {
        match self.kind {
            Kind::Word => self.text != "in",
            Kind::Number | Kind::Text => true,
            Kind::Unclosed => false,
            Kind::Sign => matches!(self.text, ")" | "]" | "}"),
        }
    }
}

fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, bytes) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '/' if rest.starts_with("//") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '"' | '\'' => quoted(rest, first),
            _ if first.is_ascii_digit() => (Kind::Number, run(rest, is_of_number)),
            _ if is_of_word(first) => (Kind::Word, run(rest, is_of_word)),
            _ if is_of_comparison(first) => (Kind::Sign, run(rest, is_of_comparison)),
            '&' | '|' => (Kind::Sign, run(rest, |c| c == first)),
            _ => (Kind::Sign, first.len_utf8()),
        };
        // What stands right before a quote tells how the text is written: r"\d".
        match tokens.last_mut() {
            Some(last)
                if kind == Kind::Text
                    && last.kind == Kind::Word
                    && last.at + last.text.len() == at
                    && matches!(last.text, "r" | "R" | "b" | "B") =>
            {
                *last = Token { kind, text: &source[last.at..at + bytes], at: last.at };
            }
            _ => tokens.push(Token { kind, text: &rest[..bytes], at }),
        }
        at += bytes;
    }
    tokens
}

/// A text up to its closing quote, or to the end of the source.
fn quoted(rest: &str, quote: char) -> (Kind, usize) {
    let three: String = [quote; 3].iter().collect();
    let mark = if rest.starts_with(&three) { three } else { quote.to_string() };
    let mut at = mark.len();
    while let Some(next) = rest[at..].chars().next() {
        if rest[at..].starts_with(&mark) {
            return (Kind::Text, at + mark.len());
        }
        at += next.len_utf8();
        if next == '\\' {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (Kind::Unclosed, rest.len())
}

/// How many bytes of a text such letters begin it with.
fn run(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_part(letter)).unwrap_or(text.len())
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_of_number(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '.'
}

fn is_of_comparison(letter: char) -> bool {
    matches!(letter, '=' | '<' | '>' | '!' | '≠' | '≥' | '≤')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Condition;
    use crate::event::EventKind;

    fn told(source: &str) -> Vec<String> {
        let refused = Condition::compile(source, Some(EventKind::PurchaseCompleted));
        let faults = refused.err().unwrap_or_default();
        faults.iter().map(|fault| format!("{}: {}", fault.offset, fault.message)).collect()
    }

    #[test]
    fn what_is_written_for_cel_is_told_with_what_cel_wants() {
        for (source, expected) in [
            ("customer.purchases = 3", "19: write == instead of ="),
            ("customer.purchases => 3", "19: write >= instead of =>"),
            ("customer.purchases <> 3", "19: write != instead of <>"),
            ("customer.purchases ≥ 3", "19: write >= instead of ≥"),
            ("customer.purchases > 3 and now > now", "23: write && instead of \"and\""),
            ("customer.purchases > 3 Y now > now", "23: write && instead of \"Y\""),
            ("customer.purchases > 3 or now > now", "23: write || instead of \"or\""),
            ("customer.purchases > 3 o (now > now)", "23: write || instead of \"o\""),
            ("customer.purchases > 3 & now > now", "23: write && instead of &"),
            ("not has(customer.last_nps)", "0: write ! instead of \"not\""),
            ("customer.country es 'MX'", "17: write == instead of \"es\""),
            ("customer.country == “MX”", "20: “ is no quote here; write texts as \"…\""),
            (
                "customer.total_spent > $100",
                "23: $ has no meaning here; write the bare number or name",
            ),
            (
                "customer.total_spent > 12,5",
                "25: write a decimal point instead of the comma, as in 12.5",
            ),
            ("(customer.purchases > 3", "0: this ( is never closed"),
            ("customer.purchases > 3)", "22: nothing opens this )"),
            ("customer.country == 'MX", "20: the quote that begins here is never closed"),
            (
                "customer.stage == \"ended\" customer.purchases > 2",
                "26: nothing joins customer to what stands before it; join them by && (and), || (or) or a comparison, and put texts in quotes",
            ),
            (
                "customer.interests[0] == café",
                "25: no name has accents or ñ; if café is a text, put it in quotes",
            ),
            (
                "customer.purchases >",
                "20: the condition ends too early: something is missing behind it",
            ),
        ] {
            assert!(
                told(source).iter().any(|told| told == expected),
                "{source}: {:?}",
                told(source)
            );
        }
        let all = told("customer.purchases = 3 and not customer.country = 'MX'");
        assert_eq!(all.len(), 4, "{all:?}");
    }

    #[test]
    fn a_text_without_quotes_and_a_field_without_its_owner_are_told() {
        let of = |source: &str| told(source).concat();
        assert!(of("customer.country == MX").contains("a text stands in quotes, \"MX\""));
        assert!(of("purchases > 2").contains("write customer.purchases"));
        assert!(of("has(customer.last_nps) == TRUE").contains("write true"));
        assert!(of("customer.email == 'x'").contains("is for templates alone"));
        let near = of("customer.spent > 2.0");
        assert!(near.contains("\"total_spent\"") && near.contains("`lazo rules fields`"), "{near}");
    }

    #[test]
    fn what_is_well_written_has_no_slip() {
        for source in [
            r#"customer.country in ["MX", 'US'] && !(customer.purchases >= 2.5)"#,
            "event.items.exists(o, o.quantity > 1 && o.name.matches(r\"\\d\"))",
            "customer.stage != \"ended\" // and = or\n || -1 < size(customer.interests)",
            "true ? {'a': 1}.a == 1 : '''it's''' == \"x\"",
        ] {
            assert!(found(source).is_empty(), "{source}: {:?}", found(source));
        }
    }
}
