//! Details of events that are too long for their customer's state: each is kept in
//! its event's own item for as long as a follow-up needs it.

use std::collections::HashMap;

use lazo_domain::customer::{Customer, TriggerEvent};
use lazo_domain::event::Detail;
use lazo_domain::id::Id;

use super::{Item, Loaded, Sk, Store, StoreError, keys};

/// Stands in the state for a detail that is elsewhere.
const ELSEWHERE: &str = "";

const DETAIL: &str = "detail";
const MET: &str = "met";

/// Leaves out of a state what is kept elsewhere.
pub fn leave_out(customer: &Customer) -> Option<Customer> {
    customer.fired.iter().any(|fired| fired.apart.is_some()).then(|| {
        let mut customer = customer.clone();
        for fired in customer.fired.iter_mut().filter(|fired| fired.apart.is_some()) {
            fired.detail = Detail(ELSEWHERE.into());
        }
        customer
    })
}

/// Where a trigger's detail is, if it is not in the state.
fn place(id: &Id, fired: &TriggerEvent) -> Option<(String, String)> {
    let key = fired.apart.as_ref().filter(|_| &*fired.detail.0 == ELSEWHERE)?;
    Some((keys::customer(id), keys::event(fired.kind, key)))
}

impl Store {
    /// Puts back into customers' states what is kept elsewhere: by one more read,
    /// where there is any.
    pub(in crate::shell::store) async fn fill_in(
        &self,
        loaded: &mut [&mut Loaded],
    ) -> Result<(), StoreError> {
        let places: Vec<(String, String)> = loaded
            .iter()
            .flat_map(|one| one.customer.fired.iter().filter_map(|f| place(&one.customer.id, f)))
            .collect();
        if places.is_empty() {
            return Ok(());
        }
        let mut found: HashMap<(String, String), Detail> = HashMap::new();
        for item in self.get_all(places).await? {
            let place = (keys::text(&item, "pk")?.to_owned(), keys::text(&item, "sk")?.to_owned());
            if let Ok(detail) = keys::text(&item, DETAIL) {
                found.insert(place, Detail(detail.into()));
            }
        }
        for one in loaded {
            let Customer { id, fired, .. } = &mut one.customer;
            for fired in fired {
                let Some(place) = place(id, fired) else { continue };
                // Forgotten meanwhile.
                fired.detail = found.remove(&place).unwrap_or_else(|| Detail("{}".into()));
            }
        }
        Ok(())
    }

    /// Forgets the details that are kept beside a customer's events, and the values
    /// that conditions met.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn forget_details(&self, id: &Id) -> Result<(), StoreError> {
        let tells = |item: &Item| item.contains_key(DETAIL) || item.contains_key(MET);
        let events = self.items_under(id, Sk::Begins("event#")).await?;
        let touches = self.items_under(id, Sk::Begins("touch#")).await?;
        for item in events.into_iter().chain(touches).filter(tells) {
            let key = keys::keyed(keys::customer(id), keys::text(&item, "sk")?);
            let update = self.client.update_item().set_key(Some(key));
            let update = update.update_expression("REMOVE #detail, #met");
            let update = update.expression_attribute_names("#detail", DETAIL);
            let update = update.expression_attribute_names("#met", MET);
            self.update_if(update.condition_expression("attribute_exists(pk)")).await?;
        }
        Ok(())
    }
}
