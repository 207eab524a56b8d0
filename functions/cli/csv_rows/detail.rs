//! What a deal tells, as an event's detail and as its body.

use jiff::Timestamp;
use lazo_domain::event::{
    Body, DETAIL_BYTES_MAX, Delivered, EventKind, ITEMS_MAX, Item, LeftOut, Line,
    PurchaseCompleted, PurchaseRefunded, of_body, of_kind,
};
use lazo_domain::id::Id;
use lazo_domain::money::{Money, parse_amount};
use serde::Serialize;

use crate::lang::spoken;

/// A purchase's detail.
#[derive(Serialize)]
pub(super) struct PurchaseRow<'a> {
    pub purchase_id: &'a str,
    pub customer_id: &'a str,
    pub occurred_at: &'a str,
    pub total: MoneyCell<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemCell<'a>>,
}

/// A refund's detail.
#[derive(Serialize)]
pub(super) struct RefundRow<'a> {
    pub refund_id: &'a str,
    pub purchase_id: &'a str,
    pub customer_id: &'a str,
    pub occurred_at: &'a str,
    pub total: MoneyCell<'a>,
}

#[derive(Serialize)]
pub(super) struct MoneyCell<'a> {
    pub amount: String,
    pub currency: &'a str,
}

#[derive(Serialize)]
pub(super) struct ItemCell<'a> {
    pub sku: &'a str,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'a str>,
    pub quantity: u32,
}

impl PurchaseRow<'_> {
    /// The event, without items that are too many, and the detail that it was made of.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn event(mut self, at: Timestamp) -> Result<(Delivered, String), String> {
        let count = self.items.len();
        self.items.truncate(ITEMS_MAX);
        let mut detail = json(&self);
        while detail.len() > DETAIL_BYTES_MAX && !self.items.is_empty() {
            let fitting = self.items.len() * DETAIL_BYTES_MAX / detail.len();
            self.items.truncate(fitting.min(self.items.len() - 1));
            detail = json(&self);
        }
        let mut delivered = event(EventKind::PurchaseCompleted, at, self.body(at), &detail)?;
        let more = count - self.items.len();
        if more > 0 {
            let why = format!("{more} are more than an event takes");
            delivered.left_out.push(LeftOut { path: "items".into(), why });
        }
        Ok((delivered, detail))
    }

    /// The same as an event's body, where all of it fits.
    fn body(&self, at: Timestamp) -> Option<Body> {
        let line = |text: &Option<&str>| text.map(Line::new).transpose().ok();
        let items = self.items.iter().map(|item| {
            Some(Item {
                sku: Line::new(item.sku).ok()?,
                name: Line::new(item.name).ok()?,
                category: line(&item.category)?,
                quantity: item.quantity.into(),
                unit_price: None,
            })
        });
        Some(Body::PurchaseCompleted(PurchaseCompleted {
            purchase_id: Id::new(self.purchase_id).ok()?,
            customer_id: Id::new(self.customer_id).ok()?,
            occurred_at: at,
            total: self.total.money()?,
            items: items.collect::<Option<Vec<Item>>>()?,
            channel: line(&self.channel)?,
            sold_by: line(&self.sold_by)?,
        }))
    }
}

impl RefundRow<'_> {
    /// The event, and the detail that it was made of.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn event(&self, at: Timestamp) -> Result<(Delivered, String), String> {
        let detail = json(self);
        Ok((event(EventKind::PurchaseRefunded, at, self.body(at), &detail)?, detail))
    }

    fn body(&self, at: Timestamp) -> Option<Body> {
        Some(Body::PurchaseRefunded(PurchaseRefunded {
            refund_id: Id::new(self.refund_id).ok()?,
            purchase_id: Id::new(self.purchase_id).ok()?,
            customer_id: Id::new(self.customer_id).ok()?,
            occurred_at: at,
            total: Some(self.total.money()?),
            reason: None,
        }))
    }
}

impl MoneyCell<'_> {
    fn money(&self) -> Option<Money> {
        let amount = parse_amount(&self.amount).ok()?;
        Some(Money { amount, currency: self.currency.parse().ok()? })
    }
}

/// Where there is no body that fits, reading the detail tells why.
fn event(
    kind: EventKind,
    at: Timestamp,
    body: Option<Body>,
    detail: &str,
) -> Result<Delivered, String> {
    match body {
        Some(body) => Ok(of_body(at, body, detail)),
        None => of_kind(kind, detail)
            .map_err(|why| spoken().failure_reason(&why.to_string()).into_owned()),
    }
}

/// JSON of a row; text and numbers always have one.
fn json(detail: &impl Serialize) -> String {
    serde_json::to_string(detail).unwrap_or_default()
}
