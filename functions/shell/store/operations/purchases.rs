//! Whose each purchase is that came from another system, and what waits for one:
//! refunds and deliveries often name no customer, only their purchase.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use super::failures::partition;
use super::{Failure, Item, Sk, Store, StoreError, keys, read};

/// Whose a purchase is: one small item, written with the purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseOwner {
    /// The purchase.
    pub purchase: Id,
    /// The customer, as the purchase named them.
    pub customer: Id,
}

const CUSTOMER: &str = "customer_id";

impl PurchaseOwner {
    pub(in crate::shell::store) fn item(&self) -> Item {
        let mut item = keys::purchase_owner(&self.purchase);
        item.insert(CUSTOMER.into(), AttributeValue::S(self.customer.to_string()));
        item
    }
}

impl Store {
    /// Whose a purchase is; `None` where no such purchase came from another system.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn purchase_owner(&self, purchase: &Id) -> Result<Option<Id>, StoreError> {
        let Some(item) = self.get(keys::purchase_owner(purchase)).await? else { return Ok(None) };
        let unreadable = |error: lazo_domain::id::BadId| StoreError::Unreadable {
            key: format!("purchase#{purchase}"),
            why: error.to_string(),
        };
        Id::new(keys::text(&item, CUSTOMER)?).map(Some).map_err(unreadable)
    }

    /// Notes that a text waits for a purchase. It is kept as a failure that is listed
    /// at an instant to come.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn wait_for_purchase(
        &self,
        purchase: &Id,
        failure: &str,
        listed_at: Instant,
    ) -> Result<(), StoreError> {
        let mut item = keys::keyed(keys::waiting_for(purchase), failure);
        let at = AttributeValue::N(listed_at.millis().to_string());
        item.insert("listed_at".into(), at);
        self.put(item).await
    }

    /// The texts that wait for a purchase; with those of which a crash left nothing
    /// behind but the note.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn waiting_for(&self, purchase: &Id) -> Result<Vec<Waiter>, StoreError> {
        let place = keys::waiting_for(purchase);
        let notes = self.items_of(&place, Sk::Any).await?;
        let mut waiting = Vec::with_capacity(notes.len());
        for note in notes {
            let id = keys::text(&note, "sk")?.to_owned();
            let listed_at = keys::instant(&note, "listed_at")?;
            let failure = self.get(keys::keyed(partition(listed_at), id.clone())).await?;
            let failure: Option<Failure> = failure.map(read).transpose()?;
            waiting.push(Waiter { note: keys::keyed(place.clone(), id), failure });
        }
        Ok(waiting)
    }

    /// Forgets what waited, once it is taken.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drop_waiter(&self, waiter: &Waiter) -> Result<(), StoreError> {
        if let Some(failure) = &waiter.failure {
            self.drop_failure(failure).await?;
        }
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(waiter.note.clone()));
        let answer = delete.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(false, answer.consumed_capacity());
        Ok(())
    }
}

/// A text that waits for a purchase.
#[derive(Debug)]
pub struct Waiter {
    note: Item,
    /// The text, as it is kept; `None` where it was let go meanwhile.
    pub failure: Option<Failure>,
}
