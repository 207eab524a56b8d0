use super::*;

use crate::consent::Consents;
use crate::customer::{Alias, Customer, said, said_since};

use crate::event::ConsentState::{self, Denied, Granted};

fn at(seconds: i64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn word(second: i64, denied: bool, by: &str) -> Word {
    Word { at: at(second), denied, by: id(by) }
}

/// A customer as far as their words and addresses go.
#[derive(Clone, Debug, PartialEq)]
struct Told(Customer);

impl Default for Told {
    fn default() -> Told {
        Told(Customer::new(id("ana")))
    }
}

impl Told {
    fn email(&mut self, second: i64, text: Option<&str>) {
        self.0.profile.email.set(at(second), text.map(|text| Email::new(text).unwrap()));
    }

    fn says(&mut self, second: i64, purpose: ConsentPurpose, state: ConsentState) {
        self.0.consents.note(at(second), ConsentChannel::Email, purpose, state);
    }

    fn no(&mut self, second: i64) {
        self.says(second, ConsentPurpose::Marketing, Denied);
    }

    /// The addresses that a *no* to marketing mail holds for.
    fn denied(&self) -> Vec<String> {
        let said = said(&self.0).into_iter();
        let denied = said.filter(|(_, words)| words.no(Purpose::Marketing).is_some());
        let mut denied: Vec<String> = denied.map(|(one, _)| one.as_str().to_owned()).collect();
        denied.sort();
        denied
    }
}

/// What three steps leave, in each of their orders.
fn in_any_order(steps: [&dyn Fn(&mut Told); 3]) -> [Vec<String>; 6] {
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(|order| {
        let mut told = Told::default();
        order.iter().for_each(|step| steps[*step](&mut told));
        told.denied()
    })
}

#[test]
fn case_and_blanks_make_no_difference_and_channels_do() {
    assert_eq!(Address::email("\tANA@Example.COM "), Address::email("ana@example.com"));
    for other in ["a.na@example.com", "ana+1@example.com", "ana@example.org"] {
        assert_ne!(Address::email(other), Address::email("ana@example.com"));
    }
    assert_ne!(Address::email("+525511111111"), Address::phone("+525511111111"));
    assert_eq!(format!("{:?}", Address::email("ana@example.com")), "Address(Email, …)");
}

#[test]
fn words_add_up_to_the_same_in_any_order_and_however_often() {
    let mut parts = Vec::new();
    for (purpose, word) in [
        (ConsentPurpose::Marketing, word(2, true, "a")),
        (ConsentPurpose::Marketing, word(1, false, "b")),
        (ConsentPurpose::All, word(3, false, "c")),
        (ConsentPurpose::All, word(3, true, "b")),
        (ConsentPurpose::Service, word(4, false, "a")),
    ] {
        let mut words = Words::default();
        words.note(purpose, word);
        parts.push(words);
    }
    parts.extend([Words::of_stop(at(9), &id("z")), Words::of_stop(at(8), &id("y"))]);
    let sum = |order: &mut dyn Iterator<Item = &Words>| {
        let mut sum = Words::default();
        order.for_each(|part| sum.add(part));
        sum
    };
    let forward = sum(&mut parts.iter());
    assert_eq!(forward, sum(&mut parts.iter().rev()));
    assert_eq!(forward, sum(&mut parts.iter().chain(&parts)));
    assert_eq!(forward.stop().map(|stop| stop.at), Some(at(8)));
    // Of two words of one instant the no counts.
    assert_eq!(forward.no(Purpose::Marketing), Some(&word(3, true, "b")));
    assert_eq!(forward.no(Purpose::Service), None, "the later yes to service ended it");
}

#[test]
fn a_later_yes_ends_a_no_of_its_purpose_under_whatever_id() {
    let mut words = Words::default();
    words.note(ConsentPurpose::Marketing, word(2, true, "cus-1"));
    assert!(words.no(Purpose::Marketing).is_some() && words.no(Purpose::Service).is_none());
    words.note(ConsentPurpose::Marketing, word(1, false, "guest"));
    assert!(words.no(Purpose::Marketing).is_some(), "an older yes ends nothing");
    words.note(ConsentPurpose::Marketing, word(3, false, "guest"));
    assert!(words.no(Purpose::Marketing).is_none());
    words.note(ConsentPurpose::All, word(4, true, "cus-1"));
    assert!(words.no(Purpose::Marketing).is_some() && words.no(Purpose::Service).is_some());
}

#[test]
fn a_word_is_for_every_address_of_the_customer_in_any_order() {
    let first = |told: &mut Told| told.email(1, Some("Ana@example.com"));
    let then = |told: &mut Told| told.email(5, Some("ana@example.org"));
    for second in [0, 1, 3, 5, 9] {
        for denied in in_any_order([&first, &then, &|told| told.no(second)]) {
            assert_eq!(denied, ["ana@example.com", "ana@example.org"], "{second}");
        }
    }
    // A yes ends it for all of them, whichever is told last.
    let yes = |told: &mut Told| told.says(7, ConsentPurpose::Marketing, Granted);
    for denied in in_any_order([&first, &yes, &|told| told.no(3)]) {
        assert!(denied.is_empty());
    }
    // One that was cleared was theirs.
    for denied in in_any_order([&first, &|told| told.email(2, None), &|told| told.no(3)]) {
        assert_eq!(denied, ["ana@example.com"]);
    }
}

#[test]
fn what_is_forgotten_of_a_profile_changes_nobody_s_words() {
    let mut told = Told::default();
    for (second, text) in [
        (1, "a@example.com"),
        (2, "b@example.com"),
        (3, "a@example.com"),
        (4, "c@example.com"),
        (5, "c@example.com"),
        (6, "C@example.com"),
        (7, "d@example.com"),
    ] {
        told.email(second, Some(text));
    }
    let mut forgetful = told.clone();
    forgetful.0.profile.forget(at(100));
    assert_eq!(forgetful.0.profile.email.all().count(), 4, "each once");
    assert_eq!(forgetful.0.profile.email.latest(), told.0.profile.email.latest());
    // However often the last one is told again.
    for again in 10..15 {
        forgetful.email(again, Some("d@example.com"));
        forgetful.0.profile.forget(at(again + 1));
    }
    assert_eq!(forgetful.0.profile.email.all().count(), 4);
    told.no(0);
    forgetful.no(0);
    assert_eq!(forgetful.denied(), told.denied());
    assert_eq!(told.denied().len(), 4);
}

#[test]
fn of_former_addresses_the_latest_are_known() {
    let mut told = Told::default();
    for number in 0..10 {
        told.email(number, Some(&format!("a{number}@example.com")));
        told.0.profile.forget(at(100));
    }
    told.no(0);
    assert_eq!(told.denied().len(), ADDRESSES_MAX);
    assert!(told.denied().contains(&"a9@example.com".to_owned()));
}

#[test]
fn only_what_is_new_is_told_of_an_address() {
    let mut before = Told::default();
    before.email(1, Some("ana@example.com"));
    let since = |before: &Told, after: &Told| said_since(&before.0, &after.0).len();
    let mut after = before.clone();
    assert_eq!(since(&before, &after), 0);
    after.says(2, ConsentPurpose::Marketing, Granted);
    assert_eq!(since(&before, &after), 1, "a yes is kept as well: an older no may come late");
    assert_eq!(since(&after, &after), 0);
    let mut moved = after.clone();
    moved.email(3, Some("ana@example.org"));
    assert_eq!(since(&after, &moved), 1);
    // A word for calls is none for mail.
    let mut called = after.clone();
    called.0.consents.note(at(4), ConsentChannel::Call, ConsentPurpose::All, Denied);
    assert_eq!(since(&after, &called), 0);
    called.0.profile.phone.set(at(4), Some(Phone::new("+525511111111").unwrap()));
    assert_eq!(since(&after, &called), 1);
}

#[test]
fn a_word_under_another_id_is_for_every_address_as_well() {
    let at_first = |told: &mut Told| told.email(1, Some("ana@example.com"));
    let is_guest = |told: &mut Told| {
        let consents = Consents::default();
        told.0.merged.push(Alias { id: id("guest"), at: at(9), consents });
    };
    let mut before = Told::default();
    at_first(&mut before);
    is_guest(&mut before);
    let mut after = before.clone();
    let (channel, purpose) = (ConsentChannel::Email, ConsentPurpose::Marketing);
    after.0.consents_under(&id("guest"), at(5)).note(at(5), channel, purpose, Denied);
    assert_eq!(after.denied(), ["ana@example.com"]);
    let news = said_since(&before.0, &after.0);
    assert_eq!(news[0].1.no(Purpose::Marketing), Some(&word(5, true, "guest")));
    assert!(said_since(&after.0, &after.0).is_empty());
    // Of the words of both the last one counts.
    after.says(3, ConsentPurpose::Marketing, Granted);
    assert_eq!(after.denied().len(), 1);
    after.says(7, ConsentPurpose::Marketing, Granted);
    assert!(after.denied().is_empty());
}
