//! What arrives is brought to its handler, batch by batch, as queues do: what was
//! not taken comes again.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lazo::{feedback, ingest};
use lazo_domain::instant::Instant;

use super::fact::What;
use super::life::{DAY, HOUR, MINUTE};
use super::links;
use super::queue::{Delivery, Place};
use super::shop::Defect;
use super::world::{Sent, World};

/// How many records a batch has at most.
const BATCH: usize = 10;

impl World {
    /// Brings what has arrived, batch by batch, to its handlers.
    pub async fn bring(&mut self) {
        let (mut events, mut feedback) = (Vec::new(), Vec::new());
        while let Some(delivery) = self.queue.pop(self.now) {
            match &delivery {
                Delivery::Event(_) | Delivery::Malformed(_) | Delivery::Piece(_) => {
                    events.push(delivery);
                }
                Delivery::Feedback { .. } => feedback.push(delivery),
                Delivery::Click(click) => links::click(self, click.clone()).await,
            }
        }
        let app = self.app.clone();
        let now = self.instant();
        for batch in events.chunks(BATCH) {
            let batch: Vec<Delivery> =
                batch.iter().filter(|delivery| !self.loses(delivery)).cloned().collect();
            if batch.is_empty() {
                continue;
            }
            self.totals.events += batch.len() as u64;
            let records = self.records(&batch);
            let requests = 3 * batch.len() as u64;
            let done = self.attempt(requests, ingest::handle(&app, records, now)).await;
            self.settle(&batch, done);
        }
        for batch in feedback.chunks(BATCH) {
            self.totals.mail_events += batch.len() as u64;
            let records = self.records(batch);
            let requests = 3 * batch.len() as u64;
            let done = self.attempt(requests, feedback::handle(&app, records, now)).await;
            self.settle(batch, done);
        }
    }

    /// Whether a defect swallows a delivery that the oracle believes in.
    fn loses(&mut self, delivery: &Delivery) -> bool {
        let Delivery::Event(number) = delivery else { return false };
        let Sent { customer, fact, is_of_guest, .. } = self.events[*number];
        let now = self.now;
        let fact = &mut self.facts[customer][fact];
        let is_lost = match self.setup.defect {
            Defect::DeafToNo => {
                matches!(fact.what, What::Consent { denied: true, .. } | What::Erased)
            }
            Defect::BlindToMerges => matches!(fact.what, What::Merged),
            Defect::EventsLost => number % 100 == 7,
            _ => false,
        };
        if is_lost {
            fact.hand_over(is_of_guest, now);
            fact.acknowledge(is_of_guest, now);
        }
        is_lost
    }

    fn records(&mut self, batch: &[Delivery]) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (number, delivery) in batch.iter().enumerate() {
            let mut message = SqsMessage::default();
            message.message_id = Some(number.to_string());
            message.body = Some(match delivery {
                Delivery::Event(event) => self.events[*event].text.to_string(),
                Delivery::Malformed(number) => self.malformed[*number].text.to_string(),
                Delivery::Piece(number) => {
                    let piece = &mut self.pieces[*number];
                    piece.maybe = piece.maybe.min(self.now);
                    self.hands_round_until = self.now + DAY;
                    piece.text.to_string()
                }
                Delivery::Feedback { text, .. } => text.to_string(),
                Delivery::Click(_) => String::new(),
            });
            event.records.push(message);
            let is_of_guest = self.is_of_guest(delivery);
            for (customer, fact) in self.told_by(delivery) {
                self.facts[customer][fact].hand_over(is_of_guest, self.now);
            }
        }
        event
    }

    fn is_of_guest(&self, delivery: &Delivery) -> bool {
        matches!(delivery, Delivery::Event(number) if self.events[*number].is_of_guest)
    }

    fn told_by(&self, delivery: &Delivery) -> Vec<Place> {
        match delivery {
            Delivery::Event(number) => {
                let Sent { customer, fact, .. } = self.events[*number];
                vec![(customer, fact)]
            }
            Delivery::Feedback { facts, .. } => facts.clone(),
            Delivery::Click(_) | Delivery::Malformed(_) | Delivery::Piece(_) => Vec::new(),
        }
    }

    /// What was taken is known for sure; what was not comes again.
    fn settle(&mut self, batch: &[Delivery], done: Option<SqsBatchResponse>) {
        let failed: Option<Vec<String>> = done.map(|response| {
            response.batch_item_failures.into_iter().map(|f| f.item_identifier).collect()
        });
        for (number, delivery) in batch.iter().enumerate() {
            let comes_again =
                failed.as_ref().is_none_or(|failed| failed.contains(&number.to_string()));
            let (told, is_of_guest) = (self.told_by(delivery), self.is_of_guest(delivery));
            if let (Delivery::Malformed(number), false) = (delivery, comes_again) {
                self.malformed[*number].sure = self.now;
            }
            if let (Delivery::Piece(number), false) = (delivery, comes_again) {
                self.pieces[*number].sure = self.now;
            }
            if comes_again {
                let wait = self.rng.i64(MINUTE..HOUR / 2);
                self.queue.push(self.now + wait, delivery.clone());
            }
            for (customer, index) in told {
                let fact = &mut self.facts[customer][index];
                if !comes_again {
                    fact.acknowledge(is_of_guest, self.now);
                }
                self.tell(customer, || {
                    let fact = &self.facts[customer][index];
                    let whose = if is_of_guest { "the guest's " } else { "" };
                    let how = if comes_again { "comes again" } else { "taken" };
                    format!(
                        "{how}: {whose}{:?} {} of {}",
                        fact.what,
                        fact.key,
                        Instant::from_millis(fact.occurred)
                    )
                });
            }
        }
    }
}
