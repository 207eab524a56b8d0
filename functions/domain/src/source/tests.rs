//! Mappings: what is refused with its place, and what becomes of what arrives.

use super::*;
use crate::instant::Instant;

/// A mapping with one event; `rest` is appended.
fn mapping(rest: &str) -> String {
    format!(
        "source: till\nprefix: till-\nwebhook: {{ signature: {{ scheme: body, header: x-till }} }}\n\
         topic: payload.kind\nsettings: {{ shop: north, staff: {{}} }}\n\
         topics: {{ sale: [sale], nothing: \"nothing to tell\" }}\nevents:\n  sale:\n    event: PurchaseCompleted\n\
         \x20   otherwise: no sale\n{rest}"
    )
}

const SALE: &str = "    detail:\n      purchase_id: id(payload.id)\n      customer_id: id(payload.who)\n      \
                    occurred_at: instant(payload.at)\n      total: money(payload.total, \"MXN\")\n";

fn found(text: &str) -> Vec<String> {
    let (_, found) = read_sources(&[("till.yaml".to_owned(), text.to_owned())]);
    found.iter().map(ToString::to_string).collect()
}

fn source(text: &str) -> Source {
    let (mut sources, found) = read_sources(&[("till.yaml".to_owned(), text.to_owned())]);
    assert!(found.is_empty(), "{found:?}");
    sources.0.remove("till").unwrap()
}

fn map(source: &Source, body: &str) -> Outcome {
    let (headers, received_at) = (&[][..], Instant::from_millis(0));
    let way = Way::Webhook;
    source.map(&Incoming { way, detail: body, headers, detail_type: None, received_at })
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(found(&mapping(SALE)), Vec::<String>::new());
    for (line, told) in [
        ("channel: lien(payload.c)", "unknown function \"lien\"; did you mean \"line\"?"),
        ("channel: paylod.c", "nothing is called \"paylod\"; did you mean \"payload\"?"),
        ("channel: setting.shopp", "there is no setting \"shopp\"; did you mean \"shop\"?"),
        (
            "chanel: payload.c",
            "PurchaseCompleted has no field \"chanel\"; did you mean \"channel\"?",
        ),
        ("channel: money(payload.c)", "money takes no 1 values"),
        ("channel: size(payload.c)", "takes a string here, this is a number"),
        ("channel: setting.shop == 3", "compares a string with a number"),
        ("channel: headers.X", "names of headers are written in small letters"),
        ("channel: payload.c &&", "the condition ends too early: something is missing behind it"),
        ("channel: has(payload)", "invalid argument to has() macro"),
    ] {
        let text = mapping(&format!("{SALE}      {line}\n"));
        let found = found(&text);
        assert!(found[0].ends_with(told), "{line}: {found:?}");
        assert!(found[0].starts_with("till.yaml:16:"), "{line}: {found:?}");
    }
    let needs = found(&mapping("    detail: { purchase_id: id(payload.id) }\n"));
    assert!(needs[0].contains("needs customer_id, occurred_at, total"), "{needs:?}");
    let unknown = found(&mapping(SALE).replace("[sale]", "[sales]"));
    assert!(
        unknown.iter().any(|told| told.contains("events has no \"sales\"; did you mean \"sale\"?"))
    );
    let circle = mapping(SALE).replace("topics:", "values: { a: b, b: \"size(a)\" }\ntopics:");
    assert!(found(&circle)[0].contains("use one another in a circle: a, b"), "{circle}");
}

#[test]
fn what_arrives_becomes_events_or_is_told_why_not() {
    let till = source(&mapping(&format!("    if: payload.total != null\n{SALE}")));
    let sale = r#"{"kind":"sale","id":890088186047892319,"who":"7","at":"2026-01-02T03:04:05Z","total":"12.50"}"#;
    let Outcome::Events(events) = map(&till, sale) else { panic!("{:?}", map(&till, sale)) };
    let delivered = map(&till, sale).resolved(|_| None).unwrap();
    let detail = r#"{"customer_id":"till-7","occurred_at":"2026-01-02T03:04:05Z","purchase_id":"till-890088186047892319","total":{"amount":"12.50","currency":"MXN"}}"#;
    assert_eq!((events.len(), &*delivered[0].event.detail.0), (1, detail));
    let why = |body: &str| match map(&till, body) {
        Outcome::Ignored(why) => format!("ignored: {why}"),
        Outcome::Failed(why) => format!("failed: {why}"),
        Outcome::Events(_) => "events".to_owned(),
    };
    assert_eq!(why(r#"{"kind":"sale"}"#), "ignored: no sale");
    assert_eq!(why(r#"{"kind":"nothing"}"#), "ignored: nothing to tell");
    assert_eq!(why(r#"{"kind":"other"}"#), "ignored: unknown topic other");
    assert_eq!(why(r#"{"kind":{"a":1}}"#), "ignored: no topic");
    assert_eq!(
        why(r#"{"kind":"sale","total":"1","who":7,"id":1}"#),
        "failed: PurchaseCompleted: is missing occurred_at"
    );
    assert_eq!(
        why(r#"{"kind":"sale","total":"1","at":"2026-01-02T03:04:05Z"}"#),
        "ignored: no sale"
    );
    assert_eq!(
        why(r#"{"kind":"sale","total":"x","who":7,"id":1,"at":"2026-01-02T03:04:05Z"}"#),
        "failed: PurchaseCompleted: is missing total; total: is no amount"
    );
    for bad in ["", "webhook_id=16", "\u{1f}\u{8b}\u{8}", "[]", "null", "{\"kind\":\"sale\""] {
        assert!(!matches!(map(&till, bad), Outcome::Events(_)), "{bad:?}");
    }
}

#[test]
fn another_s_refund_waits_for_its_purchase() {
    let text = mapping(SALE).replace("[sale]", "[sale], back: [back]")
        + "  back:\n    event: PurchaseRefunded\n    needs: [total]\n    detail:\n      refund_id: id(payload.id)\n      purchase_id: id(payload.of)\n      occurred_at: instant(payload.at)\n      total: money(payload.total, \"MXN\")\n";
    let till = source(&text);
    let back = r#"{"kind":"back","id":2,"of":1,"at":"2026-01-02T03:04:05Z","total":"5.00"}"#;
    let outcome = map(&till, back);
    let waiting = outcome.resolved(|_| None).unwrap_err();
    assert_eq!(waiting.0.as_str(), "till-1");
    let ana = crate::id::Id::new("till-ana").unwrap();
    let known = outcome.resolved(|_| Some(ana.clone())).unwrap();
    assert_eq!(known[0].event.customer(), Some(&ana));
    // Without its total it would be all of it.
    let whole = back.replace(r#""5.00""#, "null");
    assert!(
        matches!(map(&till, &whole), Outcome::Failed(why) if why == "PurchaseRefunded: total: is missing")
    );
}

#[test]
fn signatures_are_verified_over_the_bytes() {
    let at = Instant::from_millis(1_793_898_222_000);
    let body = br#"{"id":1,"name":"Luz \u00e1"}"#;
    for (scheme, url) in
        [(Scheme::Body, ""), (Scheme::UrlAndBody, "https://a.example/square"), (Scheme::Stripe, "")]
    {
        let spec = SignatureSpec { scheme, header: "x".into(), tolerance_seconds: 300 };
        let header = sign(&spec, body, url, "secret", at);
        let of = |header: Option<&str>, body: &[u8], url: &str, secrets: &[&str], at: Instant| {
            verify(&spec, &Signed { header, body, url }, secrets, at)
        };
        let fine = |secrets: &[&str]| of(Some(&header), body, url, secrets, at);
        assert_eq!(fine(&["secret"]), Ok(()), "{scheme:?}");
        assert_eq!(fine(&["new", "secret"]), Ok(()));
        assert_eq!(fine(&["new"]), Err(BadSignature::Forged));
        assert_eq!(fine(&[""]), Err(BadSignature::Off));
        assert_eq!(fine(&[]), Err(BadSignature::Off));
        assert_eq!(of(None, body, url, &["secret"], at), Err(BadSignature::Missing));
        assert_eq!(of(Some(" "), body, url, &["secret"], at), Err(BadSignature::Missing));
        assert_eq!(of(Some("???"), body, url, &["secret"], at), Err(BadSignature::Form));
        assert_eq!(of(Some(&header), b"{}", url, &["secret"], at), Err(BadSignature::Forged));
        let later = of(Some(&header), body, url, &["secret"], at.plus_millis(301_000));
        let elsewhere = of(Some(&header), body, "https://b.example/", &["secret"], at);
        match scheme {
            Scheme::Stripe => assert_eq!(later, Err(BadSignature::Stale)),
            _ => assert_eq!(later, Ok(())),
        }
        match scheme {
            Scheme::UrlAndBody => assert_eq!(elsewhere, Err(BadSignature::Forged)),
            _ => assert_eq!(elsewhere, Ok(())),
        }
    }
}

#[test]
fn of_stripe_s_signatures_the_first_version_alone_counts() {
    let at = Instant::from_millis(1_793_898_222_000);
    let spec = SignatureSpec { scheme: Scheme::Stripe, header: "x".into(), tolerance_seconds: 300 };
    let (old, new) = (sign(&spec, b"{}", "", "old", at), sign(&spec, b"{}", "", "new", at));
    let tag = |header: &str| header.split_once("v1=").unwrap().1.to_owned();
    let of = |header: &str| {
        verify(&spec, &Signed { header: Some(header), body: b"{}", url: "" }, &["new"], at)
    };
    let seconds = at.millis() / 1000;
    assert_eq!(of(&format!("t={seconds},v1={},v1={}", tag(&old), tag(&new))), Ok(()));
    assert_eq!(of(&format!("t={seconds},v0={}", tag(&new))), Err(BadSignature::Form));
    assert_eq!(of(&format!("t={},v1={}", seconds + 1, tag(&new))), Err(BadSignature::Forged));
    assert_eq!(of(&format!("v1={}", tag(&new))), Err(BadSignature::Form));
    assert_eq!(of("t=now,v1=00"), Err(BadSignature::Form));
}
