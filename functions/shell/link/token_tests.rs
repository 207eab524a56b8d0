//! Tokens hold what was signed, and nothing else passes for one.

use fastrand::Rng;
use lazo_domain::rule::Share;

use super::*;

/// How many mutated tokens the test tries where the environment names no other
/// number: `LAZO_MUTATED_TOKENS=10000000 cargo test --release --lib mutated`.
const MUTATIONS: u64 = 200_000;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

fn key(id: &str, seed: u8) -> String {
    format!("{id}:{}", STANDARD.encode([seed; 32]))
}

fn keys() -> Keys {
    Keys::parse(&format!("{},{}", key("k2", 2), key("k1", 1))).unwrap()
}

fn touch(number: u64) -> TouchId {
    TouchId {
        rule: "birthday-offer".into(),
        customer: Id::new(&format!("cus-{number:05}")).unwrap(),
        occurrence: "2026".into(),
        step: "mail".into(),
    }
}

fn survey(kind: SurveyKind, number: u64) -> Claim {
    let touchpoint = "entrega a domicilio".to_owned();
    let survey = Survey { kind, sample: Share(1.0), touchpoint };
    Claim::survey(&touch(number), &survey, now())
}

fn now() -> Instant {
    Instant::from_millis(1_795_000_000_000)
}

#[test]
fn a_token_says_what_was_signed() {
    let undo = Claim {
        purpose: Purpose::Undo { said_at: now() },
        expires_at: Some(now().plus_millis(1)),
        touch: touch(1),
    };
    let surveys = [SurveyKind::Csat, SurveyKind::Nps].map(|kind| survey(kind, 1));
    for claim in [Claim::unsubscribe(&touch(1)), undo.clone()].into_iter().chain(surveys) {
        let token = keys().sign(&claim).unwrap();
        assert_eq!(keys().verify(&token, now()), Ok(claim));
        assert!(token.bytes().all(|byte| ALPHABET.contains(&byte)), "{token}");
    }
    let token = keys().sign(&undo).unwrap();
    assert_eq!(keys().verify(&token, now().plus_millis(1)), Err(BadToken::Expired));
    let token = keys().sign(&Claim::unsubscribe(&touch(1))).unwrap();
    assert!(keys().verify(&token, Instant::MAX).is_ok(), "a link to unsubscribe never ends");
    assert!(token.len() < 100, "{} characters: {token}", token.len());
    let survey = keys().sign(&survey(SurveyKind::Nps, 1)).unwrap();
    let month = now().plus_millis(SURVEY_MILLIS);
    assert!(keys().verify(&survey, month.plus_millis(-1)).is_ok());
    assert_eq!(keys().verify(&survey, month), Err(BadToken::Expired));
    assert!(keys().read(&survey).is_ok_and(|claim| claim.has_expired(month)));
}

/// Ids may hold any visible character, and be long: the token still fits.
#[test]
fn the_longest_ids_fit() {
    let long = TouchId {
        rule: "r".repeat(64),
        customer: Id::new(&"~".repeat(128)).unwrap(),
        occurrence: "./#?".repeat(32),
        step: "s".repeat(64),
    };
    let token = keys().sign(&Claim::unsubscribe(&long)).unwrap();
    assert!(token.len() <= TOKEN_CHARS_MAX && token.len() < 600, "{}", token.len());
    assert_eq!(keys().verify(&token, now()).unwrap().touch, long);
    let touchpoint = "ñ".repeat(Survey::TOUCHPOINT_CHARS_MAX);
    let asks = Survey { kind: SurveyKind::Nps, sample: Share(1.0), touchpoint };
    let token = keys().sign(&Claim::survey(&long, &asks, now())).unwrap();
    assert!(token.len() <= TOKEN_CHARS_MAX, "{}", token.len());
    assert_eq!(keys().verify(&token, now()).unwrap().touch, long);
    let broken = TouchId { step: "a\nb".into(), ..touch(1) };
    assert!(keys().sign(&Claim::unsubscribe(&broken)).is_err());
}

#[test]
fn keys_rotate_without_killing_links() {
    let old = Keys::parse(&key("k1", 1)).unwrap();
    let token = old.sign(&Claim::unsubscribe(&touch(1))).unwrap();
    assert!(token.starts_with("k1."));
    assert!(keys().verify(&token, now()).is_ok(), "the second key still verifies");
    assert!(keys().sign(&Claim::unsubscribe(&touch(1))).unwrap().starts_with("k2."));
    let new = Keys::parse(&key("k2", 2)).unwrap();
    assert_eq!(new.verify(&token, now()), Err(BadToken::UnknownKey));
    let same_id = Keys::parse(&key("k1", 3)).unwrap();
    assert_eq!(same_id.verify(&token, now()), Err(BadToken::Forged));
}

#[test]
fn bad_keys_are_refused_and_never_shown() {
    let fault = |text: &str| Keys::parse(text).unwrap_err();
    assert_eq!(fault(""), BadKeys::Form(1));
    assert_eq!(fault(&key("k.1", 1)), BadKeys::KeyId(1));
    assert_eq!(fault(&key("123456789", 1)), BadKeys::KeyId(1));
    assert_eq!(fault("k1:***"), BadKeys::Base64(1));
    assert_eq!(fault(&format!("{},k2:AAAA", key("k1", 1))), BadKeys::TooShort(2));
    let twice = format!("{},{}", key("k1", 1), key("k1", 2));
    assert_eq!(fault(&twice), BadKeys::Twice("k1".into()));
    let nine: Vec<String> = (1..=9).map(|n| key(&n.to_string(), n)).collect();
    assert_eq!(fault(&nine.join(",")), BadKeys::Count(9));
    assert_eq!(format!("{:?}", keys()), r#"Keys(["k2", "k1"])"#);
}

/// A tag cut short is not compared as far as it goes.
#[test]
fn every_shorter_tag_is_refused() {
    let token = keys().sign(&Claim::unsubscribe(&touch(1))).unwrap();
    let (signed, tag) = token.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    for length in 0..TAG_BYTES {
        let cut = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&tag[..length]));
        assert_eq!(keys().verify(&cut, now()), Err(BadToken::Form), "{length}");
    }
}

/// One of the ways in which somebody might try.
fn mutate(rng: &mut Rng, token: &str, other: &str) -> Vec<u8> {
    let mut bytes = token.as_bytes().to_vec();
    let place = rng.usize(..bytes.len());
    match rng.u8(..10) {
        0 => bytes[place] ^= 1 << rng.u8(..8),
        1 => bytes[place] = ALPHABET[rng.usize(..ALPHABET.len())],
        2 => bytes.truncate(place),
        3 => drop(bytes.drain(..place + 1)),
        4 => drop(bytes.remove(place)),
        5 => bytes.insert(place, ALPHABET[rng.usize(..ALPHABET.len())]),
        6 => bytes.extend((0..=rng.usize(..8)).map(|_| ALPHABET[rng.usize(..ALPHABET.len())])),
        7 => return swapped(rng, token, other).into_bytes(),
        8 => return another_claim(rng, token).into_bytes(),
        _ => {
            for _ in 0..rng.usize(1..6) {
                let place = rng.usize(..bytes.len());
                bytes[place] = rng.u8(..);
            }
        }
    }
    bytes
}

/// Segments in another order, or of another token.
fn swapped(rng: &mut Rng, token: &str, other: &str) -> String {
    let own: Vec<&str> = token.split('.').collect();
    let others: Vec<&str> = other.split('.').collect();
    let mut parts: Vec<&str> =
        own.iter().zip(&others).map(|(a, b)| if rng.bool() { *a } else { *b }).collect();
    if rng.u8(..3) == 0 {
        rng.shuffle(&mut parts);
    }
    parts.join(".")
}

/// A claim of the holder's own under a tag that was given for another: another
/// purpose, key, customer or expiry.
fn another_claim(rng: &mut Rng, token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let [id, claim, tag] = parts[..] else { return String::new() };
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(claim).unwrap()).unwrap();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let mut id = id.to_owned();
    match rng.u8(..6) {
        0 => lines[0] = format!("r{}", rng.u64(..2_000_000_000_000)),
        1 => lines[0] = "u".into(),
        5 => lines[0] = ["cstore", "nstore", "c", "n"][rng.usize(..4)].into(),
        2 => lines[1] = rng.u64(..4_000_000_000_000).to_string(),
        3 => lines[2] = format!("cus-{:05}", rng.u64(..100_000)),
        _ => id = ["k1", "k2", "k3", ""][rng.usize(..4)].into(),
    }
    format!("{id}.{}.{tag}", URL_SAFE_NO_PAD.encode(lines.join("\n")))
}

/// 0 of 200,000; with `LAZO_MUTATED_TOKENS` of as many as one likes.
#[test]
fn no_mutated_token_is_accepted() {
    let named = std::env::var("LAZO_MUTATED_TOKENS").ok().and_then(|n| n.parse().ok());
    let rounds: u64 = named.unwrap_or(MUTATIONS);
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let accepted: u64 = std::thread::scope(|scope| {
        let share = rounds.div_ceil(workers);
        let run = |seed| scope.spawn(move || accepted_of(seed, share));
        let threads: Vec<_> = (0..workers).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{rounds} mutated tokens, {accepted} accepted");
    assert_eq!(accepted, 0);
}

fn accepted_of(seed: u64, rounds: u64) -> u64 {
    let keys = keys();
    let old = Keys::parse(&key("k1", 1)).unwrap();
    let stranger = Keys::parse(&key("k2", 9)).unwrap();
    let mut rng = Rng::with_seed(seed);
    let mut good: Vec<String> = Vec::new();
    for number in 0..64 {
        let unsubscribe = Claim::unsubscribe(&touch(number));
        let purpose = Purpose::Undo { said_at: now() };
        let undo = Claim { purpose, expires_at: Some(now().plus_millis(1)), touch: touch(number) };
        good.extend([&keys, &old].map(|keys| keys.sign(&unsubscribe).unwrap()));
        good.push(keys.sign(&undo).unwrap());
        let kind = [SurveyKind::Csat, SurveyKind::Nps][number as usize % 2];
        good.push(keys.sign(&survey(kind, number)).unwrap());
    }
    let expired = Claim { expires_at: Some(now()), ..Claim::unsubscribe(&touch(1)) };
    let useless =
        [keys.sign(&expired).unwrap(), stranger.sign(&Claim::unsubscribe(&touch(1))).unwrap()];
    let known: std::collections::HashSet<&str> = good.iter().map(String::as_str).collect();
    let mut accepted = useless.iter().filter(|t| keys.verify(t, now()).is_ok()).count() as u64;
    for _ in 0..rounds {
        let token = &good[rng.usize(..good.len())];
        let other = &good[rng.usize(..good.len())];
        let Ok(mutated) = String::from_utf8(mutate(&mut rng, token, other)) else { continue };
        // A mutation may give back a token that was signed.
        if !known.contains(mutated.as_str()) && keys.verify(&mutated, now()).is_ok() {
            accepted += 1;
        }
    }
    accepted
}

/// Who gets in by what was not given to them for that, where links are opened in
/// some way.
fn gets_in(opens: impl Fn(&Keys, &str) -> Option<Claim>) -> Vec<&'static str> {
    let keys = keys();
    let good = keys.sign(&Claim::unsubscribe(&touch(1))).unwrap();
    let other = keys.sign(&Claim::unsubscribe(&touch(2))).unwrap();
    assert_eq!(opens(&keys, &good), Some(Claim::unsubscribe(&touch(1))));
    let mut rng = Rng::with_seed(1);
    let mutated =
        (0..2_000).filter_map(|_| String::from_utf8(mutate(&mut rng, &good, &other)).ok());
    let mutated = mutated.filter(|token| ![&good, &other].contains(&token));
    let ended = Claim { expires_at: Some(now()), ..Claim::unsubscribe(&touch(1)) };
    let undo = Claim { purpose: Purpose::Undo { said_at: now() }, ..Claim::unsubscribe(&touch(1)) };
    let tries = [
        ("forged", mutated.collect()),
        ("expired", vec![keys.sign(&ended).unwrap()]),
        ("for another purpose", vec![keys.sign(&undo).unwrap()]),
    ];
    let in_by = |tokens: &[String]| tokens.iter().any(|token| opens(&keys, token).is_some());
    tries.into_iter().filter(|(_, tokens)| in_by(tokens)).map(|(who, _)| who).collect()
}

/// Each check of a token, and what gets in without it.
#[test]
fn without_its_checks_a_token_lets_others_in() {
    let is_to_unsubscribe = |claim: &Claim| claim.purpose == Purpose::Unsubscribe;
    assert_eq!(gets_in(|keys, token| keys.unsubscribe(token, now())), [""; 0]);
    let without_signature = |_: &Keys, token: &str| {
        let claim = Claim::decode(token.split('.').nth(1)?)?;
        let lives = claim.expires_at.is_none_or(|end| end > now());
        Some(claim).filter(|claim| lives && is_to_unsubscribe(claim))
    };
    assert_eq!(gets_in(without_signature), ["forged"]);
    let without_expiry = |keys: &Keys, token: &str| keys.unsubscribe(token, Instant::MIN);
    assert_eq!(gets_in(without_expiry), ["expired"]);
    let without_purpose = |keys: &Keys, token: &str| keys.verify(token, now()).ok();
    assert_eq!(gets_in(without_purpose), ["for another purpose"]);
}
