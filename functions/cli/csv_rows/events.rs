//! A file's deals as events.

use jiff::Timestamp;
use lazo_domain::event::{Delivered, EventKind, LeftOut, of_kind};
use serde_json::{Map, Value};

use super::columns::NO_CURRENCY;
use super::deals::{Deal, RowDetail, fitting};
use super::detail::{ItemCell, MoneyCell, PurchaseRow, RefundRow};
use super::{CustomerDeals, Remark, Sheet, Told};
use crate::lang::spoken;

/// Takes each event, with the line of its first row.
type Take<'a> = &'a mut dyn FnMut(usize, Delivered);

impl Sheet<'_> {
    /// The events of one part of the customers, of so many parts. A positive total
    /// is a purchase, a negative one a refund of the customer's latest purchase
    /// before it that has as much left.
    ///
    /// # Errors
    /// A file that is no CSV; rows that do not fit are told.
    pub fn events(&self, part: (usize, usize), take: Take) -> anyhow::Result<Told> {
        let (customers, mut told) = self.deals(part, true)?;
        let currency = self.currency.map_or(NO_CURRENCY.to_owned(), |code| code.to_string());
        for CustomerDeals { customer, deals } in &customers {
            let mut known = Map::new();
            for deal in deals {
                match event(customer, deal, deals, &currency) {
                    Ok((event, detail)) => {
                        tell_profiles(customer, deal, &mut known, &mut told, take);
                        let line = deal.rows[0].line;
                        told.note_left_out(line, &event, || text(&event, &detail));
                        take(line, event);
                    }
                    Err(why) => {
                        let rows = deal.rows.iter().map(|row| (row.line, why.clone()));
                        told.rejected.extend(rows);
                    }
                }
            }
        }
        Ok(told)
    }
}

/// All that an event was made of.
fn text(delivered: &Delivered, detail: &str) -> String {
    format!(r#"{{"detail-type":"{}","detail":{detail}}}"#, delivered.event.kind())
}

/// A deal's event, and the detail that it was made of.
///
/// # Errors
/// What does not fit.
fn event(
    customer: &str,
    deal: &Deal,
    deals: &[Deal],
    currency: &str,
) -> Result<(Delivered, String), String> {
    let Some(at) = deal.when.instant() else {
        let beyond = crate::lang::spoken()
            .pick("está más allá del fin del calendario", "is beyond the calendar's end");
        return Err(format!("occurred_at: {beyond}"));
    };
    let occurred_at = at.to_string();
    let total = MoneyCell { amount: deal.amount.abs().to_string(), currency };
    if deal.is_refund() {
        // Bought before the file begins: it counts as given back once the purchase
        // is known.
        let before = || fitting(format!("before-{}", deal.id));
        let purchase = deal.gives_back.map_or_else(before, |place| deals[place].id.clone());
        let detail = RefundRow {
            refund_id: &deal.id,
            purchase_id: &purchase,
            customer_id: customer,
            occurred_at: &occurred_at,
            total,
        };
        return detail.event(at);
    }
    let details = || deal.rows.iter().filter_map(|row| row.detail.as_deref());
    let first = |of: fn(&RowDetail) -> Option<&str>| details().find_map(of);
    let detail = PurchaseRow {
        purchase_id: &deal.id,
        customer_id: customer,
        occurred_at: &occurred_at,
        total,
        channel: first(|detail| detail.channel.as_deref()),
        sold_by: first(|detail| detail.sold_by.as_deref()),
        items: items(details()),
    };
    detail.event(at)
}

/// The items of a purchase's rows; equal ones are one, so many times.
fn items<'a>(details: impl Iterator<Item = &'a RowDetail>) -> Vec<ItemCell<'a>> {
    let mut items: Vec<ItemCell> = Vec::new();
    for detail in details {
        let Some(name) = detail.item.as_deref() else { continue };
        let category = detail.category.as_deref();
        match items.iter_mut().find(|item| item.name == name && item.category == category) {
            Some(item) => item.quantity += 1,
            None => items.push(ItemCell { sku: name, name, category, quantity: 1 }),
        }
    }
    items
}

/// What the deal's rows say of the customer, where it is news.
fn tell_profiles(
    customer: &str,
    deal: &Deal,
    known: &mut Map<String, Value>,
    told: &mut Told,
    take: Take,
) {
    for row in &deal.rows {
        let (Some(detail), Some(at)) = (&row.detail, row.when.instant()) else { continue };
        if detail.profile.is_empty() || detail.profile == *known {
            continue;
        }
        known.clone_from(&detail.profile);
        let line = row.line;
        match profile(customer, at, &detail.profile) {
            Ok((event, detail)) => {
                told.note_left_out(line, &event, || text(&event, &detail));
                take(line, event);
            }
            Err(why) => {
                let path = "what it says of the customer".into();
                told.remarks.push((line, Remark::LeftOut(LeftOut { path, why })));
            }
        }
    }
}

fn profile(
    customer: &str,
    at: Timestamp,
    fields: &Map<String, Value>,
) -> Result<(Delivered, String), String> {
    let mut detail = fields.clone();
    detail.insert("customer_id".into(), customer.into());
    detail.insert("occurred_at".into(), at.to_string().into());
    let detail = Value::Object(detail).to_string();
    let delivered = of_kind(EventKind::CustomerUpdated, &detail);
    let delivered =
        delivered.map_err(|why| spoken().failure_reason(&why.to_string()).into_owned())?;
    Ok((delivered, detail))
}
