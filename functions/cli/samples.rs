//! The built-in sample of each event, as if it happened now.

use crate::clock;
use anyhow::{Context, bail};
use include_dir::{Dir, include_dir};
use jiff::tz::TimeZone;
use lazo_domain::customer::Customer;
use lazo_domain::event::{Delivered, EventKind, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::{Map, Value};

static SAMPLES: Dir = include_dir!("$CARGO_MANIFEST_DIR/events/samples");

/// A sample as it is to be sent.
pub struct Sample {
    /// The envelope as JSON.
    pub text: String,
    /// Whom it is about.
    pub customer: Option<Id>,
}

/// Whom the sample of a kind is about, where it is about somebody.
///
/// # Errors
/// A sample that does not fit, which a test forbids.
pub fn customer_of(kind: EventKind) -> anyhow::Result<Option<Id>> {
    Ok(read(kind)?.1.event.customer().cloned())
}

/// The sample of a kind with its dates moved to now and a key of its own. What is
/// about another event (a delivery, a refund, a resolution) is about the customer's
/// latest, where the customer is known.
///
/// # Errors
/// Where the customer has no such thing yet, with what to send first.
pub fn fresh(
    kind: EventKind,
    customer: Option<(&Id, &Customer)>,
    zone: &TimeZone,
    now: Instant,
) -> anyhow::Result<Sample> {
    let (mut envelope, sample) = read(kind)?;
    let moved = Moved { by_millis: now.millis() - sample.event.occurred_at.millis(), zone };
    let detail = envelope["detail"].as_object_mut().context("a sample has a detail")?;
    if let Some(key) = sample.event.key() {
        let is_key = |(_, value): &(&String, &Value)| value.as_str() == Some(key.as_str());
        let name = detail.iter().find(is_key).map(|(name, _)| name.clone());
        let (prefix, _) = key.as_str().split_once('-').unwrap_or((key.as_str(), ""));
        let fresh = format!("{prefix}-{}", &clock::fresh_id().simple().to_string()[24..]);
        detail.extend(name.map(|name| (name, fresh.into())));
    }
    moved.walk(detail);
    // It would be that of a call that nobody asked for.
    detail.remove("touch_id");
    if let Some((id, state)) = customer {
        detail.insert("customer_id".into(), id.as_str().into());
        about_the_latest(kind, detail, id, state)?;
    }
    envelope["time"] = now.to_string().into();
    let customer = envelope["detail"]["customer_id"].as_str().map(Id::new).transpose()?;
    Ok(Sample { text: envelope.to_string(), customer })
}

fn read(kind: EventKind) -> anyhow::Result<(Value, Delivered)> {
    let file = SAMPLES.get_file(format!("{kind}.json"));
    let text = file.and_then(|file| file.contents_utf8()).context("no sample of this event")?;
    Ok((serde_json::from_str(text)?, from_wire(text)?))
}

/// Names the purchase or the complaint that an event is about.
fn about_the_latest(
    kind: EventKind,
    detail: &mut Map<String, Value>,
    id: &Id,
    state: &Customer,
) -> anyhow::Result<()> {
    let mut purchases = state.history.purchases.iter().rev();
    let (name, found, first) = match kind {
        EventKind::PurchaseDelivered => {
            let waits = purchases.find(|purchase| purchase.delivered_at.is_none());
            ("purchase_id", waits.map(|one| &one.id), EventKind::PurchaseCompleted)
        }
        EventKind::PurchaseRefunded => {
            ("purchase_id", purchases.next().map(|one| &one.id), EventKind::PurchaseCompleted)
        }
        EventKind::ComplaintResolved => {
            let open = state.complaints.iter().find(|(_, complaint)| complaint.is_open());
            ("complaint_id", open.map(|(id, _)| id), EventKind::ComplaintOpened)
        }
        _ => return Ok(()),
    };
    let Some(found) = found else {
        bail!(
            "{id} has nothing that a {kind} could be about; send this first: lazo send --sample {first} --customer {id}"
        );
    };
    detail.insert(name.into(), found.as_str().into());
    Ok(())
}

/// How far dates are moved, and in which zone they are told.
struct Moved<'a> {
    by_millis: i64,
    zone: &'a TimeZone,
}

impl Moved<'_> {
    fn walk(&self, object: &mut Map<String, Value>) {
        for (name, value) in object {
            match value {
                Value::Object(inner) => self.walk(inner),
                Value::String(text) => {
                    if let Some(moved) = self.moved(name, text) {
                        *text = moved;
                    }
                }
                _ => {}
            }
        }
    }

    /// An instant wherever it stands, and the day of a follow-up; days such as a
    /// birthday stay.
    fn moved(&self, name: &str, text: &str) -> Option<String> {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            let at = Instant::from(at).plus_millis(self.by_millis).millis();
            return Some(Instant::from_millis(at - at.rem_euclid(1000)).rfc3339_in(self.zone));
        }
        if name != "on" {
            return None;
        }
        let noon = text.parse::<jiff::civil::Date>().ok()?.at(12, 0, 0, 0);
        let at = Instant::from(noon.to_zoned(self.zone.clone()).ok()?.timestamp());
        Some(at.plus_millis(self.by_millis).date_in(self.zone).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_of_now_and_new_each_time() {
        let now = Instant::from("2031-03-04T18:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let zone = TimeZone::get("America/Mexico_City").unwrap();
        for kind in EventKind::ALL {
            let [one, other] = [0, 1].map(|_| fresh(kind, None, &zone, now).unwrap());
            let [one, other] = [one, other].map(|sample| from_wire(&sample.text).unwrap());
            assert_eq!((one.at, one.event.occurred_at), (now, now), "{kind}");
            assert!(one.left_out.is_empty(), "{kind}");
            let keys = [&one, &other].map(|sample| sample.event.key().cloned());
            assert!(keys[0].is_none() || keys[0] != keys[1], "{kind}");
        }
        let visit = fresh(EventKind::InteractionRecorded, None, &zone, now).unwrap().text;
        assert!(visit.contains(r#""on":"2031-03-07""#), "{visit}");
        let profile = fresh(EventKind::CustomerUpdated, None, &zone, now).unwrap().text;
        assert!(profile.contains("1987-11-24"), "a birthday stays: {profile}");
    }

    #[test]
    fn what_is_about_another_event_is_about_the_latest_or_says_what_is_missing() {
        let (now, zone) = (Instant::from_millis(1_900_000_000_000), TimeZone::UTC);
        let ana = Id::new("ana").unwrap();
        let state = Customer::new(ana.clone());
        let refused = fresh(EventKind::PurchaseDelivered, Some((&ana, &state)), &zone, now);
        let told = refused.err().unwrap().to_string();
        assert!(told.contains("lazo send --sample PurchaseCompleted --customer ana"), "{told}");
        let fine = fresh(EventKind::PurchaseCompleted, Some((&ana, &state)), &zone, now).unwrap();
        assert!(fine.text.contains(r#""customer_id":"ana""#));
    }
}
