//! What a mail to somebody in the shop may name.
//!
//! | name | holds |
//! |---|---|
//! | `staff` | `name`: the person or the team that it goes to; `is_team` |
//! | `complaint` | in `complaint-escalated`: `id`, `category`, `severity`, `owner` (as mail addresses them), `level`, `opened` and `deadline`, each with `date` and `time` by the shop's clock |
//! | `customer` | in `complaint-escalated`: `id`, `given_name`, `family_name`, `phone`, `purchases` |
//! | `digest` | in `daily-digest`: `date`, and `calls`, `complaints`, `drifting`, `birthdays`, each with `items` and how many `more` there are; an item has what is known of `customer`, `id`, `phone`, `title`, `complaint`, `category`, `severity`, and `by` with `date` and `time` by the shop's clock |
//! | `brand`, `locale` | as in any message |

use serde_json::{Value as Json, json};

use super::context::{Context, brand};
use super::sample::{Change, Samples};
use crate::notice::NoticeKind;
use crate::policy::{Mailbox, Policy};

/// What the templates of a mail to somebody in the shop may name: `about` has
/// the parts of its kind.
pub fn notice_context(policy: &Policy, to: &Mailbox, about: Json) -> Context {
    let mut root = about;
    root["staff"] = json!({ "name": to.called, "is_team": policy.teams.contains_key(to.name) });
    root["brand"] = brand(&policy.brand);
    Context(root)
}

/// A made-up one, to preview a kind's template with in a language.
pub fn sample_notice(policy: &Policy, kind: NoticeKind, locale: &str) -> Context {
    let mut full = samples(policy, kind).full;
    if let Some(call) = full.0.pointer_mut("/digest/calls/items/0/title") {
        // As its script begins, which speaks the reader's language.
        *call = match locale.starts_with("es") {
            true => "Llamada de agradecimiento: Ana Martínez".into(),
            false => "Thank-you call: Ana Martínez".into(),
        };
    }
    if let Some(owner) = full.0.pointer_mut("/complaint/owner") {
        *owner = policy.called(&policy.call_team).into();
    }
    full
}

/// What the check renders a kind's template with.
pub(super) fn samples(policy: &Policy, kind: NoticeKind) -> Samples {
    let (about, optional) = match kind {
        NoticeKind::ComplaintEscalated => complaint(),
        NoticeKind::DailyDigest => digest(),
    };
    let (name, called) = ("bruno", "Bruno Ibarra");
    let to = Mailbox { name, called, email: "bruno@example.com", locale: "es" };
    let full = notice_context(policy, &to, about);
    let mut changes: Vec<Change> = optional.iter().map(|path| Change::new(path, None)).collect();
    let bare = changes.iter().fold(full.clone(), |bare, change| change.applied_to(&bare));
    changes.push(Change::new(&["staff", "is_team"], Some(json!(true))));
    Samples { full, bare, changes }
}

/// A day that brings something of everything, and what may be missing.
fn digest() -> (Json, &'static [&'static [&'static str]]) {
    let customer =
        json!({ "customer": "Ana Martínez", "id": "cus-00042", "phone": "+525512345678" });
    let with = |more: Json| {
        let mut item = customer.clone();
        if let (Json::Object(item), Json::Object(more)) = (&mut item, more) {
            item.extend(more);
        }
        json!({ "items": [item], "more": 2 })
    };
    let by = json!({ "date": "2026-11-21", "time": "18:30" });
    let full = json!({
        "digest": {
            "date": "2026-11-21",
            "calls": with(json!({ "title": "Llamada de agradecimiento: Ana Martínez", "by": by })),
            "complaints":
                with(json!({ "complaint": "q-00017", "category": "delivery", "severity": "high", "by": by, "is_late": true })),
            "drifting": with(json!({})),
            "birthdays": with(json!({})),
        },
    });
    let optional: &[&[&str]] = &[
        &["digest", "calls", "items", "*", "phone"],
        &["digest", "complaints", "items", "*", "phone"],
        &["digest", "complaints", "items", "*", "category"],
        &["digest", "complaints", "items", "*", "is_late"],
        &["digest", "drifting", "items", "*", "phone"],
        &["digest", "birthdays", "items", "*", "phone"],
        &["digest", "calls"],
        &["digest", "complaints"],
        &["digest", "drifting"],
        &["digest", "birthdays"],
    ];
    (full, optional)
}

/// Everything known of an escalated complaint, and what may be missing.
fn complaint() -> (Json, &'static [&'static [&'static str]]) {
    let full = json!({
        "complaint": {
            "id": "q-00017", "category": "delivery", "severity": "high", "owner": "care",
            "level": 1,
            "opened": { "date": "2026-11-20", "time": "10:05" },
            "deadline": { "date": "2026-11-20", "time": "14:05" },
        },
        "customer": {
            "id": "cus-00042", "given_name": "Ana", "family_name": "Martínez",
            "phone": "+525512345678", "purchases": 3,
        },
    });
    let optional: &[&[&str]] = &[
        &["complaint", "category"],
        &["customer", "given_name"],
        &["customer", "family_name"],
        &["customer", "phone"],
    ];
    (full, optional)
}
