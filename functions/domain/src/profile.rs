//! What is known of a customer, field by field, with since when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::{Address, latest};
use crate::event::{
    AnnualDate, Change, Country, CustomerUpdated, Email, Line, Locale, Phone, Scalar, ZoneName,
};
use crate::instant::Instant;
use crate::ordered;

/// The occasion whose date is the profile's `birthday`.
pub const BIRTHDAY: &str = "birthday";

/// A value with the values that it replaced a short while ago.
///
/// The last `occurred_at` wins, whatever the order of arrival. Replaced values
/// stay for as long as an event may arrive late, so that a condition can be
/// asked *as of* an earlier instant; [`Dated::forget`] drops them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound(deserialize = "T: Deserialize<'de>"))]
pub struct Dated<T>(#[serde(deserialize_with = "kept")] Vec<(Instant, Option<T>)>);

/// What is stored, without values that were taken once and do not fit any more:
/// a customer is read whatever an older version let in.
fn kept<'de, D, T>(deserializer: D) -> Result<Vec<(Instant, Option<T>)>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value<T> {
        Fits(Option<T>),
        Unfit(serde::de::IgnoredAny),
    }
    let values = Vec::<(Instant, Value<T>)>::deserialize(deserializer)?;
    let kept = values.into_iter().filter_map(|(at, value)| match value {
        Value::Fits(value) => Some((at, value)),
        Value::Unfit(_) => None,
    });
    Ok(kept.collect())
}

impl<T> Default for Dated<T> {
    fn default() -> Dated<T> {
        Dated(Vec::new())
    }
}

impl<T: PartialEq + Serialize> Dated<T> {
    /// Notes that the value was `value` from `at` on; `None` clears it.
    pub fn set(&mut self, at: Instant, value: Option<T>) {
        match self.0.binary_search_by_key(&at, |(known, _)| *known) {
            // Two values of one instant: the choice must not depend on the
            // order of arrival, so the greater text wins.
            Ok(index) => {
                let present = &mut self.0[index].1;
                *present = [present.take(), value].into_iter().max_by_key(rank).flatten();
            }
            Err(index) => self.0.insert(index, (at, value)),
        }
    }

    /// The value as of an instant.
    pub fn as_of(&self, at: Instant) -> Option<&T> {
        let index = self.0.partition_point(|(known, _)| *known <= at);
        self.0[..index].last().and_then(|(_, value)| value.as_ref())
    }

    /// The last value told of before an instant, also where it was cleared then.
    pub fn last_before(&self, at: Instant) -> Option<&T> {
        let index = self.0.partition_point(|(known, _)| *known < at);
        self.0[..index].iter().rev().find_map(|(_, value)| value.as_ref())
    }

    /// The latest value.
    pub fn latest(&self) -> Option<&T> {
        self.0.last().and_then(|(_, value)| value.as_ref())
    }

    /// Every value that was ever told and is still kept.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|(_, value)| value.as_ref())
    }

    /// Every value with since when it holds, the earliest first.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (Instant, Option<&T>)> {
        self.0.iter().map(|(at, value)| (*at, value.as_ref()))
    }

    /// Drops what nobody can ask for any more: all that was replaced before
    /// `horizon`.
    pub fn forget(&mut self, horizon: Instant) {
        let past = self.0.partition_point(|(known, _)| *known <= horizon);
        self.0.drain(..past.saturating_sub(1));
    }

    /// Takes over what was told under another id.
    pub fn merge(&mut self, other: Dated<T>) {
        other.0.into_iter().for_each(|(at, value)| self.set(at, value));
    }

    /// Drops the earliest values where there are more than `most`.
    pub fn keep_latest(&mut self, most: usize) {
        ordered::keep_latest(&mut self.0, most);
    }

    /// When the latest value was told.
    fn told_at(&self) -> Option<Instant> {
        self.0.last().map(|(at, _)| *at)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: PartialEq + Serialize> Dated<T>
where
    for<'a> Address: From<&'a T>,
{
    /// The same of addresses, of which the latest stay: what the customer says is
    /// for those that they had as well.
    fn forget_address(&mut self, horizon: Instant) {
        let past = self.0.partition_point(|(known, _)| *known <= horizon).saturating_sub(1);
        if past == 0 {
            return;
        }
        let kept = latest(self);
        let mut index = 0;
        self.0.retain(|(at, _)| {
            index += 1;
            index > past || kept.iter().any(|(_, told)| told == at)
        });
    }
}

fn rank<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

macro_rules! skip_empty {
    ($($(#[$doc:meta])* $field:ident: $kind:ty,)*) => {
        /// A customer's profile. All personal: `Debug` of the values tells nothing.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Profile {
            $($(#[$doc])* #[serde(skip_serializing_if = "Dated::is_empty")] pub $field: Dated<$kind>,)*
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            pub anniversaries: BTreeMap<String, Dated<AnnualDate>>,
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
                self.email.forget_address(horizon);
                self.phone.forget_address(horizon);
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
    given: Line,
    family: Line,
    email: Email,
    phone: Phone,
    locale: Locale,
    time_zone: ZoneName,
    country: Country,
    birthday: AnnualDate,
    relationship: Line,
    account_manager: Line,
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
        if self.attributes.len() + self.anniversaries.len() < 20 && self.interests.0.len() < 2 {
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
    fn the_last_occurred_wins_in_any_order() {
        let mut one = Dated::default();
        one.set(at(1), Some("a"));
        one.set(at(3), Some("c"));
        one.set(at(2), Some("b"));
        assert_eq!(one.latest(), Some(&"c"));
        assert_eq!(one.as_of(at(2)), Some(&"b"));
        assert_eq!(one.as_of(at(0)), None);
        one.forget(at(2));
        assert_eq!(
            (one.as_of(at(1)), one.as_of(at(2)), one.latest()),
            (None, Some(&"b"), Some(&"c"))
        );
        one.set(at(4), None);
        assert_eq!(one.latest(), None);
    }

    #[test]
    fn of_two_values_of_one_instant_the_same_one_stays_in_any_order() {
        let told = |values: &[Option<&'static str>]| {
            let mut dated = Dated::default();
            values.iter().for_each(|value| dated.set(at(1), *value));
            dated
        };
        assert_eq!(told(&[Some("b"), Some("a")]), told(&[Some("a"), Some("b"), Some("b")]));
        assert_eq!(told(&[Some("a"), Some("b")]).0, [(at(1), Some("b"))]);
        assert_eq!(told(&[None, Some("a")]), told(&[Some("a"), None]));
        assert!(Dated::<&str>::default().is_empty() && !told(&[None]).is_empty());
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
    fn before_an_instant_the_last_value_counts_also_where_it_was_cleared() {
        let mut dated = Dated::default();
        dated.set(at(1), Some("a"));
        dated.set(at(2), Some("b"));
        dated.set(at(3), None);
        let before = [1, 2, 3, 4].map(|second| dated.last_before(at(second)).copied());
        assert_eq!(before, [None, Some("a"), Some("b"), Some("b")]);
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
