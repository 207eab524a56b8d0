//! What is on its way to the handlers, by when it arrives.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

/// Which fact of which customer a delivery tells.
pub type Place = (usize, usize);

/// A link that is followed.
#[derive(Clone, Debug)]
pub struct Click {
    pub path: Rc<str>,
    pub customer: usize,
    pub aim: Aim,
    /// What was told of it, once it was tried.
    pub fact: Option<usize>,
}

/// What a link is followed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// To look: a scanner's.
    Look,
    Unsubscribe,
    /// To answer with a score.
    Answer(u8),
}

/// Something that arrives at a handler.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// An event of the shop, by its place among all.
    Event(usize),
    /// A record that fits no schema, by its place among all.
    Malformed(usize),
    /// An event of the mail service, and the facts that it tells.
    Feedback { text: Rc<str>, facts: Vec<Place> },
    /// A piece is published, by its place among all.
    Piece(usize),
    /// A mail's link is followed.
    Click(Click),
}

/// Deliveries in the order of time; of one instant, as they were sent.
#[derive(Default)]
pub struct Queue {
    order: BinaryHeap<Reverse<(i64, usize)>>,
    deliveries: Vec<Option<Delivery>>,
}

impl Queue {
    pub fn push(&mut self, at: i64, delivery: Delivery) {
        self.order.push(Reverse((at, self.deliveries.len())));
        self.deliveries.push(Some(delivery));
    }

    pub fn next_at(&self) -> Option<i64> {
        self.order.peek().map(|Reverse((at, _))| *at)
    }

    /// The next that has arrived by an instant.
    pub fn pop(&mut self, until: i64) -> Option<Delivery> {
        while self.next_at().is_some_and(|at| at <= until) {
            let Reverse((_, number)) = self.order.pop()?;
            if let Some(delivery) = self.deliveries[number].take() {
                return Some(delivery);
            }
        }
        None
    }
}
