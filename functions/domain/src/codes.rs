//! The codes of countries and currencies that there are.
//!
//! A code that nobody has is never found in a customer or an event: whatever
//! hangs on it is silently left undone. So it is told, with the one that was meant.

use crate::bilingual::{Bilingual, said};

use std::sync::LazyLock;

use crate::nearest::nearest;

/// Countries (ISO 3166-1): code, three-letter code, English and Spanish name.
static COUNTRIES: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    include_str!("codes/countries.tsv").lines().map(|line| line.split('\t').collect()).collect()
});

/// What people write for a country that has another code.
const MEANT: [(&str, &str); 9] = [
    ("uk", "GB"),
    ("england", "GB"),
    ("inglaterra", "GB"),
    ("great britain", "GB"),
    ("el", "GR"),
    ("holland", "NL"),
    ("holanda", "NL"),
    ("eeuu", "US"),
    ("america", "US"),
];

/// Kosovo has no code of ISO's; this one is what everybody uses.
const KOSOVO: &str = "XK";

/// Currencies (ISO 4217), what is no money left out.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND \
    BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF \
    DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS \
    INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL \
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL \
    THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD \
    XCG XOF XPF YER ZAR ZMW ZWG ZWL";

/// Whether there is such a country: an ISO 3166-1 alpha-2 code, in capitals.
pub fn is_country(code: &str) -> bool {
    code == KOSOVO || COUNTRIES.binary_search_by(|country| country[0].cmp(code)).is_ok()
}

/// A pattern of every country's code, for JSON Schemas: in capitals or small
/// letters, as they are taken.
pub fn country_pattern() -> String {
    let codes = COUNTRIES.iter().map(|country| country[0]).chain([KOSOVO]);
    let either = |letter: char| format!("[{letter}{}]", letter.to_ascii_lowercase());
    let codes = codes.map(|code| code.chars().map(either).collect::<String>());
    format!("^ *({}) *$", codes.collect::<Vec<_>>().join("|"))
}

/// The code that was meant by something that is none: `es`, `UK`, `Spain`.
pub fn country_meant(typed: &str) -> Option<&'static str> {
    let typed = folded(typed);
    if let Some((_, code)) = MEANT.iter().find(|(other, _)| *other == typed) {
        return Some(code);
    }
    let words = || COUNTRIES.iter().flat_map(|words| words.iter().map(|word| (words[0], *word)));
    if let Some((code, _)) = words().find(|(_, word)| folded(word) == typed) {
        return Some(code);
    }
    // A slip in so short a word as a code may mean any of many.
    let names: Vec<(&str, String)> = words()
        .filter(|(_, word)| word.len() > 3)
        .map(|(code, word)| (code, folded(word)))
        .collect();
    let near = nearest(&typed, names.iter().map(|(_, name)| name.as_str()))?;
    names.iter().find(|(_, name)| name == near).map(|(code, _)| *code)
}

/// Why a code is no country's, with the one that was meant.
pub fn no_country(typed: &str) -> Bilingual {
    let meant = match country_meant(typed) {
        Some(code) => said!("; ¿quisiste decir {code:?}?", "; did you mean {code:?}?"),
        None => said!(", como \"MX\"", " such as \"MX\""),
    };
    said!(
        "{typed:?} no es un código de país (ISO 3166, dos mayúsculas)",
        "{typed:?} is no country code (ISO 3166, two capitals)"
    )
    .then(&meant)
}

/// Why there is no such currency; `None` where there is.
pub fn no_currency(code: &str) -> Option<Bilingual> {
    let known = || CURRENCIES.split_whitespace();
    match known().any(|known| known == code) {
        true => None,
        false => {
            let hint = crate::nearest::hint(code, known());
            let none = said!(
                "no existe la moneda {code:?} (ISO 4217)",
                "there is no currency {code:?} (ISO 4217)"
            );
            Some(none.then(&hint))
        }
    }
}

/// Without capitals, accents and dots.
fn folded(text: &str) -> String {
    let plain = |letter: char| match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    };
    text.trim().to_lowercase().chars().filter(|letter| *letter != '.').map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_its_code_alone() {
        assert!(["MX", "ES", "GB", "US", "AD", "ZW", "XK"].iter().all(|code| is_country(code)));
        for none in ["", "UK", "es", "Es", "Spain", "ESP", "ZZ", "EU", "MX "] {
            assert!(!is_country(none), "{none}");
        }
        let codes: Vec<&str> = COUNTRIES.iter().map(|words| words[0]).collect();
        assert!(codes.len() == 249 && codes.is_sorted());
    }

    #[test]
    fn what_was_meant_is_told() {
        for (typed, code) in [
            ("es", "ES"),
            (" mx", "MX"),
            ("UK", "GB"),
            ("U.K.", "GB"),
            ("Spain", "ES"),
            ("España", "ES"),
            ("espana", "ES"),
            ("Espanna", "ES"),
            ("MEX", "MX"),
            ("USA", "US"),
            ("Alemania", "DE"),
            ("EEUU", "US"),
            ("Grmany", "DE"),
        ] {
            assert_eq!(country_meant(typed), Some(code), "{typed}");
        }
        for nothing in ["ZZ", "Atlantis und mehr", ""] {
            assert_eq!(country_meant(nothing), None, "{nothing}");
        }
        assert_eq!(no_currency("MXN"), None);
        assert!(no_currency("MXM").is_some_and(|why| why.en.contains("did you mean")));
        assert!(no_currency("ZZZ").is_some());
    }
}
