//! What a row tells, as an event's detail and as its body.

use jiff::Timestamp;
use lazo_domain::event::{Body, Item, Line, PurchaseCompleted, PurchaseRefunded};
use lazo_domain::id::Id;
use lazo_domain::money::{Money, parse_amount};
use serde::Serialize;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<[ItemCell<'a>; 1]>,
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
    /// The same as an event's body, where all of it fits.
    pub(super) fn body(&self, at: Timestamp) -> Option<Body> {
        let line = |text: &Option<&str>| text.map(Line::new).transpose().ok();
        let items = self.items.iter().flatten().map(|item| {
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
    /// The same as an event's body, where all of it fits.
    pub(super) fn body(&self, at: Timestamp) -> Option<Body> {
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

/// JSON of a row; text and numbers always have one.
pub(super) fn json(detail: &impl Serialize) -> String {
    serde_json::to_string(detail).unwrap_or_default()
}
