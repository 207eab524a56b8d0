//! What a customer's rows come to: purchases, and what was given back of them.

use std::collections::HashMap;

use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::id::ID_CHARS_MAX;
use rust_decimal::Decimal;

use super::dates::When;
use super::told::{Remark, Told};

/// A row that was understood.
pub struct Row {
    pub line: usize,
    pub when: When,
    pub amount: Decimal,
    pub id: Option<Box<str>>,
    /// Equal in rows with the same cells.
    pub mark: u64,
    pub detail: Option<Box<RowDetail>>,
}

/// What else a purchase's row tells.
#[derive(Default)]
pub struct RowDetail {
    pub item: Option<Box<str>>,
    pub category: Option<Box<str>>,
    pub channel: Option<Box<str>>,
    pub sold_by: Option<Box<str>>,
    pub profile: serde_json::Map<String, serde_json::Value>,
}

/// A purchase, or a refund where the amount is negative.
pub struct Deal {
    /// One, or several that are the lines of one purchase.
    pub rows: Vec<Row>,
    pub when: When,
    pub amount: Decimal,
    /// The row's own, or one of what it tells: the same whenever it is read.
    pub id: String,
    /// Of a refund: the place of its purchase among the customer's deals, `None`
    /// where it was bought before the file begins.
    pub gives_back: Option<usize>,
}

/// How rows belong together.
#[derive(Clone, Copy)]
pub struct Order {
    /// Whether the file's first rows are the latest.
    pub is_newest_first: bool,
    /// Whether rows with one id are lines of one purchase.
    pub has_lines: bool,
}

impl Deal {
    pub fn is_refund(&self) -> bool {
        is_refund(self.amount)
    }
}

fn is_refund(amount: Decimal) -> bool {
    amount < Decimal::ZERO
}

/// A customer's deals in order of time. `was_rejected` says whether rows of theirs
/// did not fit: a refund of no purchase waits until they do.
pub fn settle(
    customer: &str,
    mut rows: Vec<Row>,
    order: Order,
    was_rejected: bool,
    told: &mut Told,
) -> Vec<Deal> {
    if order.is_newest_first {
        rows.reverse();
    }
    rows.sort_by_key(|row| row.when);
    let mut deals = Vec::with_capacity(rows.len());
    for group in by_id(rows) {
        match group.len() {
            1 => deals.extend(group.into_iter().map(|row| Deal::of(vec![row], 1))),
            _ if order.has_lines => lines(group, &mut deals, told),
            _ => copies(group, &mut deals, told),
        }
    }
    deals.sort_by_key(|deal| deal.when);
    name(customer, &mut deals);
    let waits = was_rejected || !told.rejected.is_empty();
    give_back(deals, waits, told)
}

impl Deal {
    /// Rows as the `nth` deal of their id.
    fn of(rows: Vec<Row>, nth: usize) -> Deal {
        let when = rows[0].when;
        let amount = rows.iter().fold(Decimal::ZERO, |sum, row| sum.saturating_add(row.amount));
        let amount = if rows.len() == 1 { rows[0].amount } else { amount };
        let id = rows[0].id.as_deref().unwrap_or_default();
        let id = if nth == 1 { id.to_owned() } else { fitting(format!("{id}~{nth}")) };
        Deal { rows, when, amount, id, gives_back: None }
    }
}

/// Rows with one id together, those without one alone, in the given order.
fn by_id(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut places: HashMap<Box<str>, usize> = HashMap::new();
    let mut groups: Vec<Vec<Row>> = Vec::with_capacity(rows.len());
    for row in rows {
        let next = groups.len();
        let place = row.id.clone().map_or(next, |id| *places.entry(id).or_insert(next));
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// Rows that bear one id and are no lines: copies of one row count once; others
/// would lose money, whichever of them counted.
fn copies(group: Vec<Row>, deals: &mut Vec<Deal>, told: &mut Told) {
    let (refunds, purchases): (Vec<Row>, Vec<Row>) =
        group.into_iter().partition(|row| is_refund(row.amount));
    for mut rows in [purchases, refunds] {
        rows.sort_by_key(|row| row.line);
        let Some(first) = rows.first() else { continue };
        if rows.iter().all(|row| row.mark == first.mark) {
            let (line, id) = (first.line, first.id.clone().unwrap_or_default());
            for row in &rows[1..] {
                told.remarks.push((row.line, Remark::Copy { of: line, id: id.clone() }));
            }
            rows.truncate(1);
            deals.push(Deal::of(rows, 1));
            continue;
        }
        let lines: Vec<String> = rows.iter().take(5).map(|row| row.line.to_string()).collect();
        let more = if rows.len() > 5 { " …" } else { "" };
        let why = format!(
            "purchase_id {:?} stands on several rows that differ (lines {}{more}): if they are \
             lines of one purchase, import with --lines, which sums them up; if each repeats the \
             whole total, keep one",
            first.id.as_deref().unwrap_or_default(),
            lines.join(", ")
        );
        told.rejected.extend(rows.iter().map(|row| (row.line, why.clone())));
    }
}

/// Rows of one id as lines: a purchase of what stands up to its last line, less
/// the discounts in it; what is given back later is a refund at each time.
fn lines(group: Vec<Row>, deals: &mut Vec<Deal>, told: &mut Told) {
    if group.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.amount)).is_none() {
        let why = "the lines of this purchase are too much to be summed up";
        return told.rejected.extend(group.iter().map(|row| (row.line, why.to_owned())));
    }
    let last = group.iter().filter(|row| !is_refund(row.amount)).map(|row| row.when).max();
    let (mut bought, mut refunds): (Vec<Row>, Vec<Row>) =
        group.into_iter().partition(|row| Some(row.when) <= last);
    let sum: Decimal = bought.iter().map(|row| row.amount).sum();
    if last.is_some() && sum <= Decimal::ZERO {
        // All of it was given back at once: bought and refunded.
        let (given_back, kept) = bought.into_iter().partition(|row| is_refund(row.amount));
        let given_back: Vec<Row> = given_back;
        (bought, refunds) = (kept, given_back.into_iter().chain(refunds).collect());
    }
    if !bought.is_empty() {
        deals.push(Deal::of(bought, 1));
    }
    let is_own = last.is_none();
    let mut nth = 0;
    let mut same: Vec<Row> = Vec::new();
    for row in refunds {
        // A refund with an id of its own is one, at whatever time its lines are.
        if !is_own && same.last().is_some_and(|last| last.when != row.when) {
            nth += 1;
            deals.push(Deal::of(std::mem::take(&mut same), nth));
        }
        same.push(row);
    }
    if !same.is_empty() {
        deals.push(Deal::of(same, nth + 1));
    }
}

/// Gives ids to deals without one: customer, time and amount, and which of the
/// equal ones it is. The same rows get the same ids in whatever order they come
/// and whatever else is in the file.
fn name(customer: &str, deals: &mut [Deal]) {
    let mut equal: HashMap<(When, Decimal), usize> = HashMap::new();
    for deal in deals.iter_mut().filter(|deal| deal.id.is_empty()) {
        let amount = deal.amount.normalize();
        let nth = equal.entry((deal.when, amount)).or_default();
        *nth += 1;
        let when = match deal.when.instant() {
            Some(instant) => instant.to_string(),
            None => deal.when.local.to_string(),
        };
        let nth = if *nth == 1 { String::new() } else { format!(":{nth}") };
        deal.id = fitting(format!("{customer}@{when}:{amount}{nth}"));
    }
}

/// An id that is not too long, told apart by a hash where it would be.
pub fn fitting(id: String) -> String {
    /// What may be put before an id.
    const ROOM: usize = 10;
    if id.len() <= ID_CHARS_MAX - ROOM {
        return id;
    }
    format!("row-{}", sha256_hex(id, digest::BYTES))
}

/// Finds for each refund its purchase: the one whose id it bears; else the latest
/// before it that has as much left; else one of the same time.
fn give_back(mut deals: Vec<Deal>, waits: bool, told: &mut Told) -> Vec<Deal> {
    let mut left: Vec<Decimal> = deals.iter().map(|deal| deal.amount).collect();
    let by_id: HashMap<&str, usize> = deals
        .iter()
        .enumerate()
        .filter(|(_, deal)| !deal.is_refund())
        .map(|(place, deal)| (deal.id.as_str(), place))
        .collect();
    let mut found: Vec<Option<usize>> = vec![None; deals.len()];
    for (place, deal) in deals.iter().enumerate().filter(|(_, deal)| deal.is_refund()) {
        let total = -deal.amount;
        let has_left = |other: &usize| !deals[*other].is_refund() && left[*other] >= total;
        let same_time = deals[place + 1..].iter().take_while(|other| other.when == deal.when);
        let later = place + 1..place + 1 + same_time.count();
        let of_id = deal.rows[0].id.as_deref().and_then(|id| by_id.get(id).copied());
        let purchase = of_id
            .or_else(|| (0..place).rev().find(&has_left))
            .or_else(|| later.clone().find(&has_left));
        if let Some(purchase) = purchase {
            left[purchase] = (left[purchase] - total.min(left[purchase])).max(Decimal::ZERO);
        }
        found[place] = purchase;
    }
    for (deal, purchase) in deals.iter_mut().zip(found) {
        deal.gives_back = purchase;
    }
    if waits {
        // Refunds of no purchase stand for themselves: no other deal's place is theirs.
        let why = "gives back a purchase that is not in the file, while other rows of this \
            customer do not fit; mend those first, then import it with them";
        let is_waiting = |deal: &Deal| deal.is_refund() && deal.gives_back.is_none();
        let waiting = deals.iter().filter(|deal| is_waiting(deal)).flat_map(|deal| &deal.rows);
        told.rejected.extend(waiting.map(|row| (row.line, why.to_owned())));
        return without(deals, is_waiting);
    }
    deals
}

/// The deals without some that no other refers to.
fn without(deals: Vec<Deal>, is_out: impl Fn(&Deal) -> bool) -> Vec<Deal> {
    let mut places = Vec::with_capacity(deals.len());
    let mut next = 0;
    for deal in &deals {
        places.push(next);
        next += usize::from(!is_out(deal));
    }
    let kept = deals.into_iter().filter(|deal| !is_out(deal));
    kept.map(|deal| Deal { gives_back: deal.gives_back.map(|place| places[place]), ..deal })
        .collect()
}
