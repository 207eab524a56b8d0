//! What is known of a customer, field by field, with since when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address;
use crate::dated::Dated;
use crate::event::{
    AnnualDate, Change, Country, CustomerUpdated, Email, Line, Locale, Phone, Scalar, ZoneName,
};
use crate::instant::Instant;

/// The occasion whose date is the profile's `birthday`.
pub const BIRTHDAY: &str = "birthday";

macro_rules! skip_empty {
    ($($(#[$doc:meta])* $field:ident: $kind:ty,)*) => {
        /// A customer's profile. All personal: `Debug` of the values tells nothing.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Profile {
            $($(#[$doc])* #[serde(skip_serializing_if = "Dated::is_empty")] pub $field: Dated<$kind>,)*
            /// Dates by name, such as `wedding`. The birthday has its own field.
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            pub anniversaries: BTreeMap<String, Dated<AnnualDate>>,
            /// The shop's own values by name: a text, a number, true or false.
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            pub attributes: BTreeMap<String, Dated<Scalar>>,
        }

        impl Profile {
            /// Drops replaced values that nobody can ask for any more; of addresses
            /// and numbers the latest stay.
            pub fn forget(&mut self, horizon: Instant) {
                let (email, phone) =
                    (std::mem::take(&mut self.email), std::mem::take(&mut self.phone));
                $(self.$field.forget(horizon);)*
                (self.email, self.phone) = (email, phone);
                address::forget(&mut self.email, horizon);
                address::forget(&mut self.phone, horizon);
                self.anniversaries.values_mut().for_each(|dated| dated.forget(horizon));
                self.attributes.values_mut().for_each(|dated| dated.forget(horizon));
            }

            /// Takes over what was told under another id.
            pub fn merge(&mut self, other: Profile) {
                $(self.$field.merge(other.$field);)*
                for (name, dated) in other.anniversaries {
                    self.anniversaries.entry(name).or_default().merge(dated);
                }
                for (name, dated) in other.attributes {
                    self.attributes.entry(name).or_default().merge(dated);
                }
            }

            /// Drops the earliest values of each field where there are more than
            /// `most`.
            fn keep_latest(&mut self, most: usize) {
                $(self.$field.keep_latest(most);)*
                self.anniversaries.values_mut().for_each(|dated| dated.keep_latest(most));
                self.attributes.values_mut().for_each(|dated| dated.keep_latest(most));
            }
        }
    };
}

skip_empty! {
    /// The given name.
    given: Line,
    /// The family name; it can be absent where a given name is known.
    family: Line,
    /// The address that mail goes to.
    email: Email,
    /// The number that is called, in E.164 form.
    phone: Phone,
    /// The language tag (BCP 47) that the customer is written to in, such as `es-MX`.
    locale: Locale,
    /// The IANA time zone. Without one the policy's default counts.
    time_zone: ZoneName,
    /// The ISO 3166 code of two letters.
    country: Country,
    /// The date of birth; its year can be absent.
    birthday: AnnualDate,
    /// A type of relationship, by its name in the policy's `relationships`.
    relationship: Line,
    /// Who looks after the customer, by their name in the policy's `people`.
    account_manager: Line,
    /// Topics that the customer likes; see [`crate::interest`] for how many count.
    interests: Vec<Line>,
}

impl Profile {
    /// Mail addresses and telephone numbers, also those of before.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let emails = self.email.all().map(|email| email.as_str());
        emails.chain(self.phone.all().map(|phone| phone.as_str()))
    }

    /// Takes over what an event tells.
    pub fn update(&mut self, update: &CustomerUpdated) {
        let at = Instant::from(update.occurred_at);
        fn take<T: PartialEq + Serialize + Clone>(
            at: Instant,
            field: &mut Dated<T>,
            change: &Change<T>,
        ) {
            if let Some(value) = change {
                field.set(at, value.clone());
            }
        }
        if let Some(name) = &update.name {
            self.given.set(at, name.as_ref().map(|name| name.given.clone()));
            self.family.set(at, name.as_ref().and_then(|name| name.family.clone()));
        }
        take(at, &mut self.email, &update.email);
        take(at, &mut self.phone, &update.phone);
        take(at, &mut self.locale, &update.locale);
        take(at, &mut self.time_zone, &update.time_zone);
        take(at, &mut self.country, &update.country);
        take(at, &mut self.birthday, &update.birthday);
        take(at, &mut self.relationship, &update.relationship);
        take(at, &mut self.account_manager, &update.account_manager);
        take(at, &mut self.interests, &update.interests);
        for (name, date) in &update.anniversaries {
            self.anniversaries.entry(name.clone()).or_default().set(at, *date);
        }
        for (name, value) in &update.attributes {
            self.attributes.entry(name.clone()).or_default().set(at, value.clone());
        }
    }

    /// Keeps the profile small, whatever is told: so many values of a field, so
    /// many names, so many bytes in all. What was told last stays.
    pub fn keep_within(&mut self, values: usize, names: usize, bytes: usize) {
        self.keep_latest(values);
        keep_names(&mut self.anniversaries, names);
        keep_names(&mut self.attributes, names);
        // No profile of so few names and values is so large.
        if self.attributes.len() + self.anniversaries.len() < 20
            && self.interests.entries().count() < 2
        {
            return;
        }
        let size = |profile: &Profile| serde_json::to_string(profile).map_or(0, |text| text.len());
        if size(self) > bytes {
            self.keep_latest(1);
        }
        while size(self) > bytes && !self.attributes.is_empty() {
            let most = self.attributes.len() / 2;
            keep_names(&mut self.attributes, most);
        }
    }

    /// The date of an occasion: the birthday, or a named anniversary.
    pub fn occasion(&self, name: &str) -> Option<AnnualDate> {
        match name {
            BIRTHDAY => self.birthday.latest().copied(),
            name => self.anniversaries.get(name).and_then(Dated::latest).copied(),
        }
    }
}

/// Keeps the names that were told last, of one instant those that come last.
fn keep_names<T: PartialEq + Serialize>(named: &mut BTreeMap<String, Dated<T>>, most: usize) {
    if named.len() <= most {
        return;
    }
    let mut told: Vec<_> =
        named.iter().map(|(name, dated)| (dated.told_at(), name.clone())).collect();
    told.sort_unstable();
    for (_, name) in told.drain(..named.len() - most) {
        named.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn a_profile_is_read_without_what_an_older_version_let_in() {
        let stored = r#"{"given":[[1,"Ana"],[2,"Ana\u2028"]],"phone":[[1,null]],
            "email":[[1,"ana@192.0.2.1"]],"attributes":{"v":[[1,1e300]],"w":[[1,2.5]]}}"#;
        let profile: Profile = serde_json::from_str(stored).unwrap();
        assert_eq!(profile.given.latest().unwrap().as_str(), "Ana");
        assert_eq!(profile.email.latest(), None);
        assert!(!profile.phone.is_empty());
        assert!(profile.attributes["v"].latest().is_none());
        assert_eq!(profile.attributes["w"].latest(), Some(&Scalar::Float(2.5)));
    }

    #[test]
    fn of_addresses_those_of_before_are_told_too() {
        let mut profile = Profile::default();
        let mut email = |second, text| profile.email.set(at(second), text);
        email(1, Some(Email::new("ana@example.com").unwrap()));
        email(2, None);
        email(3, Some(Email::new("ana@example.org").unwrap()));
        profile.phone.set(at(1), Some(Phone::new("+525512345678").unwrap()));
        let told: Vec<_> = profile.addresses().collect();
        assert_eq!(told, ["ana@example.com", "ana@example.org", "+525512345678"]);
    }
}
