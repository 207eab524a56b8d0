//! Limits that hold over all workers: slots in time, given out from one item.
//!
//! Turns are given in batches, by one conditional write each, so that a limit
//! of some mails a second costs a few writes a second.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::{Item, Store, StoreError, keys};

/// How often a reservation is tried while others reserve.
const ATTEMPTS_MAX: u32 = 16;

/// Turns that a worker asks for. Times are microseconds since 1970: at some
/// rates a millisecond is too coarse.
#[derive(Clone, Copy, Debug)]
pub struct Reservation {
    /// How many turns are asked for.
    pub count: u32,
    /// The time from one turn to the next, in microseconds.
    pub interval_micros: i64,
    /// The worker's own clock: no turn lies before it.
    pub now_micros: i64,
    /// The latest at which the first turn is of use.
    pub latest_micros: i64,
}

impl Store {
    /// Reserves slots that nobody else gets: the first one's time, the others
    /// follow at the interval. `None` where so many are before it that the
    /// first would be too late; nothing is reserved then.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn reserve(
        &self,
        limit: &str,
        reservation: Reservation,
    ) -> Result<Option<i64>, StoreError> {
        let step = reservation.interval_micros.saturating_mul(i64::from(reservation.count));
        for _ in 0..ATTEMPTS_MAX {
            // Behind the slots of others, as a rule …
            let known = match self.queue_up(limit, &reservation, step).await? {
                Ok(first) => return Ok(Some(first)),
                Err(known) => known,
            };
            if known.is_some_and(|next| next > reservation.latest_micros) {
                return Ok(None);
            }
            // … or at once, where the last turn is over.
            if let Ok(first) = self.begin_anew(limit, &reservation, step).await? {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }

    async fn queue_up(
        &self,
        limit: &str,
        reservation: &Reservation,
        step: i64,
    ) -> Result<Result<i64, Option<i64>>, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::limit(limit)))
            .update_expression("SET next_micros = next_micros + :step")
            .condition_expression("next_micros >= :now AND next_micros <= :latest")
            .expression_attribute_values(":step", number(step))
            .expression_attribute_values(":now", number(reservation.now_micros))
            .expression_attribute_values(":latest", number(reservation.latest_micros))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                let attributes = answer.attributes.unwrap_or_default();
                Ok(next(&attributes).map(|next| next - step).ok_or(None))
            }
            Err(error) => self.refused(error).map(Err),
        }
    }

    async fn begin_anew(
        &self,
        limit: &str,
        reservation: &Reservation,
        step: i64,
    ) -> Result<Result<i64, Option<i64>>, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::limit(limit)))
            .update_expression("SET next_micros = :next")
            .condition_expression("attribute_not_exists(next_micros) OR next_micros < :now")
            .expression_attribute_values(":next", number(reservation.now_micros + step))
            .expression_attribute_values(":now", number(reservation.now_micros))
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                Ok(Ok(reservation.now_micros))
            }
            Err(error) => self.refused(error).map(Err),
        }
    }

    /// What stands in the item of a limit that refused a condition.
    fn refused(&self, error: SdkError<UpdateItemError>) -> Result<Option<i64>, StoreError> {
        self.count(false, []);
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(failed.item().and_then(next))
            }
            _ => Err(StoreError::service(error)),
        }
    }
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn next(item: &Item) -> Option<i64> {
    item.get("next_micros")?.as_n().ok()?.parse().ok()
}
