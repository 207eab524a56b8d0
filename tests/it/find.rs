//! Finding customers among all of them: by id, mail, number and name.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use lazo::occasions;
use lazo::shell::find::{self, Found, One};
use lazo::shell::intake;
use lazo::shell::store::{Part, keys};
use lazo_domain::search::Typed;
use serde_json::{Value, json};

use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::{TABLE, World, at, id, minutes_after};

fn noon() -> lazo_domain::instant::Instant {
    at("2026-11-18T12:00:00-06:00")
}

async fn take(world: &World, text: &str) {
    let event = delivered(text);
    intake::take(&world.app, &event, event.at).await.unwrap();
}

async fn named(world: &World, customer: &str, given: &str, family: &str, more: Value) {
    let mut told =
        json!({ "name": { "given": given, "family": family }, "email": null, "phone": null });
    told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    take(world, &profile(customer, noon(), told)).await;
}

async fn ids(world: &World, text: &str) -> Vec<String> {
    let found = find::find(&world.app.store, text, None).await.unwrap();
    found.customers.iter().map(|one| one.id.to_string()).collect()
}

/// A few people of a shop.
async fn shop() -> World {
    let world = World::shipped().await;
    let mail = |address: &str| json!({ "email": address });
    named(&world, "c1", "María", "López Ruiz", mail("maria.lopez@example.com")).await;
    named(&world, "c2", "Mario", "Lozano", json!({ "phone": "+525512345678" })).await;
    named(&world, "c3", "Ana María", "de la Cruz Pérez", json!({ "phone": "+34612345678" })).await;
    named(&world, "c4", "<script>alert(1)</script>", "O’Brien", mail("x@example.org")).await;
    named(&world, "c5", "مَرْيَم", "حسن", json!({})).await;
    named(&world, "c6", "José\u{301}", "Peña", json!({})).await;
    world
}

#[tokio::test]
async fn customers_are_found_by_what_people_type() {
    let world = shop().await;
    for (typed, expected) in [
        ("maria lo", &["c1"][..]),
        ("LÓPEZ maría", &["c1"]),
        ("mari", &["c3", "c1", "c2"]),
        ("mari lo", &["c1", "c2"]),
        ("lo mar", &["c1", "c2"]),
        ("maria", &["c3", "c1"]),
        ("ana de la cruz", &["c3"]),
        ("cruz perez", &["c3"]),
        ("ana maria perez", &["c3"]),
        ("maria.lopez@", &["c1"]),
        ("MARIA.LOPEZ@EXAMPLE.COM", &["c1"]),
        ("55 1234 5678", &["c2"]),
        ("+52 1 55 1234 5678", &["c2"]),
        ("5678", &["c3", "c2"]),
        ("612 345 678", &["c3"]),
        ("c2", &["c2"]),
        ("script", &["c4"]),
        ("o'brien", &["c4"]),
        ("مريم", &["c5"]),
        ("\u{202b}مريم حس\u{202c}", &["c5"]),
        ("jose pena", &["c6"]),
        ("mario lopez", &[]),
        ("zz", &[]),
        ("c9", &[]),
    ] {
        assert_eq!(ids(&world, typed).await, expected, "{typed}");
    }
    for typed in ["", " ", "m", "@", "12", "<>", "?"] {
        let Found { customers, is_too_short, .. } =
            find::find(&world.app.store, typed, None).await.unwrap();
        assert!(customers.is_empty() && is_too_short, "{typed:?}");
    }
}

#[tokio::test]
async fn an_address_names_one_customer_or_several() {
    let world = shop().await;
    let one = |text: &'static str| {
        let store = world.app.store.clone();
        async move { find::one(&store, text).await.unwrap() }
    };
    assert!(matches!(one("5512345678").await, One::Known(c) if c.id == id("c2")));
    assert!(matches!(one("345678").await, One::Several(2)));
    assert!(matches!(one("nobody@example.com").await, One::Nobody));
    assert!(matches!(one("maria").await, One::Nobody));
}

/// Every entry of the index that still counts, as partition and sort key.
async fn entries(world: &World) -> Vec<String> {
    let items = world.items().await;
    let values = items.iter().map(|item| serde_json::from_str::<Value>(item).unwrap());
    let of_index = values.filter(|item| item["pk"].as_str().unwrap().starts_with("search#"));
    let live = of_index.filter(|item| item["expires_at"].is_null());
    live.map(|item| format!("{} {}", item["pk"], item["sk"])).collect()
}

#[tokio::test]
async fn the_index_follows_the_profile_and_tells_nothing_of_it() {
    let world = shop().await;
    let all = world.items().await;
    let of_index: Vec<&String> = all.iter().filter(|item| item.contains("\"search#")).collect();
    assert!(of_index.len() > 20, "{}", of_index.len());
    let told = ["maria", "lopez", "example", "5512345678", "8765432155", "script"];
    for item in of_index {
        assert!(told.iter().all(|word| !item.to_lowercase().contains(word)), "{item}");
    }
    let before = entries(&world).await.len();
    // The same once more, and what is no profile, write nothing into it.
    named(&world, "c1", "María", "López Ruiz", json!({ "email": "maria.lopez@example.com" })).await;
    take(&world, &purchase("c1", "p1", noon(), "10.00")).await;
    assert_eq!(entries(&world).await.len(), before);
    let later = minutes_after(noon(), 5);
    let told =
        json!({ "name": { "given": "Marta", "family": "Ruiz" }, "email": "marta@example.com" });
    take(&world, &profile("c1", later, told)).await;
    assert_eq!(ids(&world, "maria lo").await, Vec::<String>::new());
    assert_eq!(ids(&world, "marta r").await, ["c1"]);
    // Whoever had an address is still found by it.
    assert_eq!(ids(&world, "maria.lopez@example.com").await, ["c1"]);
    assert_eq!(ids(&world, "marta@ex").await, ["c1"]);
}

#[tokio::test]
async fn who_was_forgotten_is_found_by_the_id_alone() {
    let world = World::shipped().await;
    named(&world, "c1", "María", "López", json!({ "email": "maria@example.com" })).await;
    assert_eq!(entries(&world).await.len(), 4);
    let detail =
        json!({ "customer_id": "c1", "request_id": "r1", "occurred_at": noon().to_string() });
    take(&world, &envelope("CustomerErased", noon(), detail)).await;
    assert_eq!(entries(&world).await, Vec::<String>::new());
    for typed in ["maria", "maria@example.com", "lopez maria"] {
        assert_eq!(ids(&world, typed).await, Vec::<String>::new(), "{typed}");
    }
    assert_eq!(ids(&world, "c1").await, ["c1"]);
    // An archive brings the profile again.
    named(&world, "c1", "María", "López", json!({ "email": "maria@example.com" })).await;
    assert_eq!(entries(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn two_ids_that_are_one_are_found_once() {
    let world = World::shipped().await;
    let guest = json!({
        "name": { "given": "Mary", "family": "López" }, "email": "mary@example.com", "phone": null,
    });
    take(&world, &profile("guest", minutes_after(noon(), -5), guest)).await;
    named(&world, "c1", "María", "López", json!({ "email": "maria@example.com" })).await;
    let later = minutes_after(noon(), 1);
    let detail = json!({
        "merge_id": "m1", "customer_id": "c1", "merged_id": "guest", "occurred_at": later.to_string(),
    });
    take(&world, &envelope("CustomerMerged", later, detail)).await;
    for typed in ["lopez", "mary@example.com", "maria@example.com", "guest", "c1"] {
        assert_eq!(ids(&world, typed).await, ["c1"], "{typed}");
    }
    assert!(entries(&world).await.iter().all(|entry| entry.ends_with("#c1\"")));
}

/// Makes a customer one of a version that had no index.
pub async fn forget_index(world: &World, customer: &str) {
    let client = world.app.store.client();
    let key = |pk: String, sk: &str| {
        [("pk", pk), ("sk", sk.to_owned())]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
    };
    for item in world.items().await {
        let item: Value = serde_json::from_str(&item).unwrap();
        let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
        if pk.starts_with("search#") && sk.ends_with(&format!("#{customer}")) {
            let delete = client.delete_item().table_name(TABLE);
            let delete = delete.set_key(Some(key(pk.to_owned(), sk).into()));
            delete.send().await.unwrap();
        }
    }
    let update = client.update_item().table_name(TABLE);
    let state = key(keys::customer(&id(customer)), keys::STATE);
    let update = update.set_key(Some(state.into())).update_expression("REMOVE searchable");
    update.send().await.unwrap();
}

#[tokio::test]
async fn who_was_stored_before_is_indexed_by_the_next_write_or_by_the_tour() {
    let mut world = shop().await;
    let full = entries(&world).await;
    occasions::run(&world.app, noon(), None).await.unwrap();
    for customer in ["c1", "c2", "c3", "c4", "c5", "c6"] {
        forget_index(&world, customer).await;
    }
    assert_eq!(entries(&world).await.len(), 0);
    take(&world, &purchase("c1", "p1", minutes_after(noon(), 1), "10.00")).await;
    assert_eq!(ids(&world, "maria lo").await, ["c1"]);
    // The worker of a former version knew of no index.
    let store = &world.app.store;
    let mut known = store.calendar_rules().await.unwrap().unwrap();
    known.search_format = 0;
    store.keep_calendar_rules(&known).await.unwrap();
    for minutes in [2, 10] {
        occasions::run(&world.app, minutes_after(noon(), minutes), None).await.unwrap();
        assert_eq!(ids(&world, "mario").await, Vec::<String>::new());
    }
    occasions::run(&world.app, minutes_after(noon(), 20), None).await.unwrap();
    assert_eq!(entries(&world).await, full);
    assert!(store.calendar_rules().await.unwrap().unwrap().tour.is_none());
    // Nobody is written again.
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    occasions::run(&world.app, minutes_after(noon(), 30), None).await.unwrap();
    assert_eq!(world.app.store.take_cost().write_units, 0.0);
}

/// What is read does not grow with how many have the name; page after page has all.
#[tokio::test]
async fn a_common_name_is_found_page_by_page() {
    let mut world = World::shipped().await;
    for number in 0..130 {
        let family = ["López", "García", "Hernández"][number % 3];
        let (given, customer) = (["María", "Mariana"][number % 2], format!("m{number:03}"));
        named(&world, &customer, given, family, json!({})).await;
    }
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    let store = world.app.store.clone();
    for (typed, expected) in [("mari", 130), ("maria", 130), ("maria lop", 44), ("mariana", 65)] {
        let (mut behind, mut seen) = (None, std::collections::BTreeSet::new());
        for page in 0.. {
            store.take_cost();
            let found = find::find(&store, typed, behind.as_deref()).await.unwrap();
            let trips = store.take_cost().round_trips;
            assert!(trips <= 5, "{typed}: {trips} requests");
            assert!(found.customers.len() <= 40 && page < 10, "{typed}");
            if page == 0 && typed == "maria" {
                let first = found.customers.iter().take(40);
                assert!(
                    first
                        .map(|one| one.profile.given.latest().unwrap())
                        .all(|g| g.as_str() == "María")
                );
            }
            seen.extend(found.customers.iter().map(|one| one.id.clone()));
            behind = found.next;
            if behind.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{typed}");
    }
    // Nobody else's place is taken for one of this search.
    let odd = find::find(&store, "maria lop", Some("~~#m001")).await.unwrap();
    assert_eq!(odd.customers.len(), 40);
    let page =
        store.searched(&Typed::read("mari").unwrap(), Part::Beginning, None, 3).await.unwrap();
    assert_eq!(page.listed.len(), 3);
    assert!(page.next.is_some());
}

/// What profile events cost beside others: two write units a term.
#[tokio::test]
async fn a_profile_costs_its_terms_once() {
    let mut world = World::shipped().await;
    take(&world, &purchase("c1", "p0", noon(), "10.00")).await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    let store = world.app.store.clone();
    let mut costs = Vec::new();
    for (minutes, given) in [(1, "María"), (2, "María"), (3, "Marta")] {
        store.take_cost();
        let told = json!({ "name": { "given": given, "family": "López Ruiz" } });
        take(&world, &profile("c1", minutes_after(noon(), minutes), told)).await;
        costs.push(store.take_cost());
        take(
            &world,
            &purchase("c1", &format!("p{minutes}"), minutes_after(noon(), minutes), "10.00"),
        )
        .await;
        let other = store.take_cost();
        assert!(other.round_trips <= 2 && other.write_units <= 8.0, "{other:?}");
    }
    let [first, same, other] = costs[..] else { panic!("three") };
    // Three words, three pairs, an address and a number; then one word and its two pairs come
    // and go, and the state is a little larger.
    assert!(first.write_units - same.write_units <= 16.0 + 4.0, "{first:?} {same:?}");
    assert!(other.write_units - same.write_units <= 14.0, "{other:?} {same:?}");
    println!("a profile told first {first:?}, again {same:?}, with another name {other:?}");
    assert_eq!(same.round_trips, 2);
}
