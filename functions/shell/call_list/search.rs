//! Finding somebody on the call list: by name, mail, phone or id. The calls of the
//! list and their customers are read as for showing it; no other customer is.

use lazo_domain::customer::Customer;

use super::Listed;

/// How many digits of a number are needed to search for it.
const DIGITS_MIN: usize = 3;

/// Whether a call is one that somebody searches for: each word of the text is in the
/// customer's name, mail or id, or in the call's id; or the digits are in the number.
pub fn finds(listed: &Listed, short: &str, text: &str) -> bool {
    let Listed { call, customer } = listed;
    let profile = &customer.profile;
    let phone = profile.phone.latest().map(|phone| digits(phone.as_str()));
    // Within a country, numbers begin with a 0 that is not theirs abroad.
    let wanted = digits(text).trim_start_matches('0').to_owned();
    if is_number(text) && wanted.len() >= DIGITS_MIN && phone.is_some_and(|p| p.contains(&wanted)) {
        return true;
    }
    let email = profile.email.latest().map(|email| email.as_str());
    let ids = customer.ids().map(|id| id.as_str().to_owned());
    let mut known: Vec<String> = ids.collect();
    known.extend([name(customer), call.touch.to_string(), short.to_owned()]);
    known.extend(email.map(str::to_owned));
    let known: Vec<String> = known.iter().map(|text| folded(text)).collect();
    let folded = folded(text);
    let mut words = folded.split_whitespace().peekable();
    words.peek().is_some() && words.all(|word| known.iter().any(|text| text.contains(word)))
}

fn name(customer: &Customer) -> String {
    let parts = [&customer.profile.given, &customer.profile.family];
    let parts = parts.into_iter().filter_map(|part| part.latest());
    parts.map(|part| part.as_str()).collect::<Vec<_>>().join(" ")
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || "+-(). /".contains(c))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// In small letters and without accents, as people type.
fn folded(text: &str) -> String {
    let plain = |letter: char| match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => Some('a'),
        'é' | 'è' | 'ê' | 'ë' => Some('e'),
        'í' | 'ì' | 'î' | 'ï' => Some('i'),
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => Some('o'),
        'ú' | 'ù' | 'û' | 'ü' => Some('u'),
        'ñ' => Some('n'),
        'ç' => Some('c'),
        // An accent that stands behind its letter.
        '\u{300}'..='\u{36f}' => None,
        other => Some(other),
    };
    text.to_lowercase().chars().filter_map(plain).collect()
}
