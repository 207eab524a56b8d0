//! The provider's token: that it is theirs, for us, of this sign-in, and not over.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo_domain::instant::Instant;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// How far the provider's clock may be off, in milliseconds.
const SKEW_MILLIS: i64 = 60_000;

/// The largest token that is read, in bytes.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// Why a token is not taken; nothing of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It is no token.
    #[error("the token cannot be read")]
    Unreadable,
    /// It is signed by a method that is not taken.
    #[error("the token is signed by a method that is not taken")]
    Method,
    /// No key of the provider signed it.
    #[error("no key of the provider signed the token")]
    Signature,
    /// Another provider made it.
    #[error("the token is of another provider")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is for another client")]
    Audience,
    /// It is over, or not yet begun.
    #[error("the token is over, or of a time to come")]
    Time,
    /// It belongs to another sign-in.
    #[error("the token is of another sign-in")]
    Nonce,
}

/// The provider's keys, as they publish them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct KeySet {
    #[serde(default)]
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
}

/// What a token must say.
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Us.
    pub client: &'a str,
    /// What was drawn for this sign-in.
    pub nonce: &'a str,
}

/// A part of a token, as bytes.
fn decoded(part: &str) -> Result<Vec<u8>, BadToken> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken::Unreadable)
}

impl KeySet {
    /// Whether a key of this name is among them.
    pub fn has(&self, token: &str) -> bool {
        let header = token.split('.').next().and_then(|part| decoded(part).ok());
        let header = header.and_then(|bytes| serde_json::from_slice::<Header>(&bytes).ok());
        header.is_some_and(|header| self.candidates(&header).next().is_some())
    }

    fn candidates<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a Value> {
        self.keys.iter().filter(move |key| match &header.kid {
            Some(kid) => key["kid"].as_str() == Some(kid),
            None => true,
        })
    }

    /// The claims of a token, once all that must hold of it holds.
    ///
    /// # Errors
    /// [`BadToken`] otherwise.
    pub fn verify(
        &self,
        token: &str,
        expected: &Expected<'_>,
        now: Instant,
    ) -> Result<Value, BadToken> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(BadToken::Unreadable);
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [head, body, signature] = parts[..] else { return Err(BadToken::Unreadable) };
        let header: Header =
            serde_json::from_slice(&decoded(head)?).map_err(|_| BadToken::Unreadable)?;
        let signature = decoded(signature)?;
        let signed = &token.as_bytes()[..head.len() + 1 + body.len()];
        let is_signed = |key: &Value| is_signed_by(&header.alg, key, signed, &signature);
        match header.alg.as_str() {
            "RS256" | "ES256" => {}
            _ => return Err(BadToken::Method),
        }
        if !self.candidates(&header).any(is_signed) {
            return Err(BadToken::Signature);
        }
        let claims: Value =
            serde_json::from_slice(&decoded(body)?).map_err(|_| BadToken::Unreadable)?;
        check(&claims, expected, now)?;
        Ok(claims)
    }
}

fn is_signed_by(method: &str, key: &Value, signed: &[u8], signature: &[u8]) -> bool {
    let part = |name: &str| key[name].as_str().and_then(|text| decoded(text).ok());
    match (method, key["kty"].as_str()) {
        ("RS256", Some("RSA")) => {
            let (Some(n), Some(e)) = (part("n"), part("e")) else { return false };
            let components = RsaPublicKeyComponents { n: &n, e: &e };
            components.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
        }
        ("ES256", Some("EC")) if key["crv"] == "P-256" => {
            let (Some(x), Some(y)) = (part("x"), part("y")) else { return false };
            let point = [&[4u8][..], &x, &y].concat();
            let public = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
            public.verify(signed, signature).is_ok()
        }
        _ => false,
    }
}

fn check(claims: &Value, expected: &Expected<'_>, now: Instant) -> Result<(), BadToken> {
    if claims["iss"].as_str() != Some(expected.issuer) {
        return Err(BadToken::Issuer);
    }
    let (is_ours, is_alone) = match &claims["aud"] {
        Value::String(one) => (one == expected.client, true),
        Value::Array(all) => (all.iter().any(|one| one == expected.client), all.len() == 1),
        _ => (false, true),
    };
    let azp = claims["azp"].as_str();
    let is_party = azp.map_or(is_alone, |party| party == expected.client);
    if !is_ours || !is_party {
        return Err(BadToken::Audience);
    }
    let seconds =
        |name: &str| claims[name].as_f64().map(|at| Instant::from_millis((at * 1000.0) as i64));
    let (Some(ends), Some(made)) = (seconds("exp"), seconds("iat")) else {
        return Err(BadToken::Time);
    };
    let begins = seconds("nbf").unwrap_or(made);
    let latest = now.plus_millis(SKEW_MILLIS);
    if ends.plus_millis(SKEW_MILLIS) <= now || made > latest || begins > latest {
        return Err(BadToken::Time);
    }
    if claims["nonce"].as_str() != Some(expected.nonce) {
        return Err(BadToken::Nonce);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    struct Provider {
        pair: EcdsaKeyPair,
    }

    impl Provider {
        fn new() -> Provider {
            let rng = SystemRandom::new();
            let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
            let pair =
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &rng)
                    .unwrap();
            Provider { pair }
        }

        fn keys(&self) -> KeySet {
            let point = self.pair.public_key().as_ref();
            let of = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let key = json!({ "kty": "EC", "crv": "P-256", "kid": "k", "x": of(&point[1..33]), "y": of(&point[33..]) });
            serde_json::from_value(json!({ "keys": [key] })).unwrap()
        }

        fn token(&self, header: Value, claims: &Value) -> String {
            let of = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", of(&header), of(claims));
            let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    const EXPECTED: Expected =
        Expected { issuer: "https://id.example", client: "lazo", nonce: "n-1" };

    fn now() -> Instant {
        Instant::from_millis(1_800_000_000_000)
    }

    fn claims() -> Value {
        json!({ "iss": "https://id.example", "aud": "lazo", "nonce": "n-1", "sub": "u",
            "iat": 1_799_999_990, "exp": 1_800_000_300 })
    }

    #[test]
    fn a_token_of_this_sign_in_is_taken_and_no_other() {
        let provider = Provider::new();
        let keys = provider.keys();
        let header = json!({ "alg": "ES256", "kid": "k" });
        let verify = |change: &dyn Fn(&mut Value)| {
            let mut claims = claims();
            change(&mut claims);
            keys.verify(&provider.token(header.clone(), &claims), &EXPECTED, now()).map(drop)
        };
        assert_eq!(verify(&|_| {}), Ok(()));
        assert_eq!(verify(&|claims| claims["aud"] = json!(["lazo"])), Ok(()));
        assert_eq!(
            verify(&|claims| claims["iss"] = json!("https://evil.example")),
            Err(BadToken::Issuer)
        );
        assert_eq!(verify(&|claims| claims["aud"] = json!("other")), Err(BadToken::Audience));
        assert_eq!(
            verify(&|claims| claims["aud"] = json!(["lazo", "other"])),
            Err(BadToken::Audience)
        );
        assert_eq!(verify(&|claims| claims["azp"] = json!("other")), Err(BadToken::Audience));
        assert_eq!(verify(&|claims| claims["exp"] = json!(1_799_999_900)), Err(BadToken::Time));
        assert_eq!(verify(&|claims| claims["iat"] = json!(1_800_000_900)), Err(BadToken::Time));
        assert_eq!(verify(&|claims| claims["exp"] = Value::Null), Err(BadToken::Time));
        assert_eq!(verify(&|claims| claims["nonce"] = json!("n-2")), Err(BadToken::Nonce));
        assert_eq!(verify(&|claims| claims["nonce"] = Value::Null), Err(BadToken::Nonce));
    }

    #[test]
    fn a_forged_token_is_not_taken() {
        let (provider, other) = (Provider::new(), Provider::new());
        let keys = provider.keys();
        let header = json!({ "alg": "ES256", "kid": "k" });
        let verify = |token: &str| keys.verify(token, &EXPECTED, now()).map(drop);
        assert_eq!(verify(&other.token(header.clone(), &claims())), Err(BadToken::Signature));
        let unsigned = provider.token(json!({ "alg": "none" }), &claims());
        assert_eq!(verify(&unsigned), Err(BadToken::Method));
        // The public key as a shared secret.
        let confused = provider.token(json!({ "alg": "HS256", "kid": "k" }), &claims());
        assert_eq!(verify(&confused), Err(BadToken::Method));
        let good = provider.token(header.clone(), &claims());
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        parts[1] = URL_SAFE_NO_PAD
            .encode(json!({ "iss": "https://id.example", "role": "admin" }).to_string());
        assert_eq!(verify(&parts.join(".")), Err(BadToken::Signature));
        let unknown = provider.token(json!({ "alg": "ES256", "kid": "other" }), &claims());
        assert_eq!(verify(&unknown), Err(BadToken::Signature));
        assert!(!keys.has(&unknown) && keys.has(&good));
        for text in ["", "a.b", "a.b.c.d", "....", &"x".repeat(100_000)] {
            assert_eq!(verify(text), Err(BadToken::Unreadable), "{text:.10}");
        }
    }
}
