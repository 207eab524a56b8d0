//! Events as a shop publishes them, in EventBridge's envelope.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lazo_domain::event::{Delivered, from_wire};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

/// An envelope around a detail, delivered at an instant.
pub fn envelope(kind: &str, time: Instant, detail: Value) -> String {
    json!({
        "version": "0",
        "id": uuid::Uuid::now_v7().to_string(),
        "detail-type": kind,
        "source": "shop",
        "account": "123456789012",
        "time": time.to_string(),
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    })
    .to_string()
}

pub fn purchase(customer: &str, purchase: &str, at: Instant, amount: &str) -> String {
    let detail = json!({
        "purchase_id": purchase,
        "customer_id": customer,
        "occurred_at": at.to_string(),
        "total": { "amount": amount, "currency": "MXN" },
    });
    envelope("PurchaseCompleted", at, detail)
}

/// What a customer with an address, a number and a name tells of herself.
pub fn profile(customer: &str, at: Instant, more: Value) -> String {
    let mut detail = json!({
        "customer_id": customer,
        "occurred_at": at.to_string(),
        "name": { "given": "Marisol", "family": "Ñandú Quispe" },
        "email": "marisol.nandu@example.com",
        "phone": "+525555550142",
        "locale": "es-MX",
        "time_zone": "America/Mexico_City",
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        detail[field] = value.clone();
    }
    envelope("CustomerUpdated", at, detail)
}

/// What of [`profile`] must never leave in an event.
pub const PERSONAL: [&str; 5] = ["Marisol", "Ñandú", "Quispe", "marisol.nandu", "525555550142"];

pub fn delivered(text: &str) -> Delivered {
    from_wire(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// A batch as Lambda gets it from the queue; message n is called `m<n>`.
pub fn batch<T: AsRef<str>>(bodies: &[T]) -> SqsEvent {
    let mut batch = SqsEvent::default();
    for (number, body) in bodies.iter().enumerate() {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("m{number}"));
        message.body = Some(body.as_ref().to_owned());
        batch.records.push(message);
    }
    batch
}
