//! `lazo doctor` finds what is wrong with a stack, and nothing on a sound one.

use std::collections::{BTreeMap, BTreeSet};

use lazo::shell::sending;
use lazo::shell::store::{Deployed, FailureKind, Store, table};
use lazo::shell::{aside, versions};
use lazo_domain::instant::DAY_MILLIS;
use lazo_domain::sending_pause::PauseScope;
use serde_json::{Value, json};

use crate::support::archives::{Archives, MAIL, SHOP};
use crate::support::events::{profile, purchase};
use crate::support::{CONFIGURATION_SET, TABLE, World};
use crate::table_commands::{now, of_account, said, take};

/// A stack that is sound, but for what is planted in it.
struct Stack {
    world: World,
    archives: Archives,
}

/// What the embedded table does not know: backups, which the doctor then says it could
/// not look at, and protection from deletion.
const NOT_EMULATED: [&str; 2] = ["unknown", "deletion-protection"];

impl Stack {
    async fn sound() -> Stack {
        let world = World::shipped().await;
        let store = &world.app.store;
        let told = Deployed {
            bus: "lazo".into(),
            source: Some("shop".into()),
            configuration_set: Some(CONFIGURATION_SET.into()),
        };
        store.keep_deployed(&told).await.unwrap();
        let bundle = lazo::shell::rules::bundle(None).unwrap();
        versions::begin(store, &bundle, "lazo", "the first", now()).await.unwrap();
        sending::look_now(&world.app).await.unwrap();
        let ttl = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder();
        let ttl = ttl.enabled(true).attribute_name("expires_at").build().unwrap();
        let ttl =
            store.client().update_time_to_live().table_name(TABLE).time_to_live_specification(ttl);
        ttl.send().await.unwrap();
        let archives =
            Archives::start(BTreeMap::from([(SHOP, Vec::new()), (MAIL, Vec::new())])).await;
        Stack { world, archives }
    }

    /// What the doctor finds in a table: the names of the findings, and what was said.
    async fn look(&self, table: &str) -> (BTreeSet<String>, Option<i32>, String) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_lazo"));
        command.args(["--table", table, "--lang", "en", "doctor", "--json"]);
        for (name, value) in [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.world.dynamodb.as_str()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", self.archives.url.as_str()),
            ("AWS_ENDPOINT_URL_SQS", self.archives.url.as_str()),
            ("AWS_ENDPOINT_URL_SESV2", self.archives.url.as_str()),
        ] {
            command.env(name, value);
        }
        of_account(&mut command);
        let output = command.output().await.unwrap();
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ids = found.map(|one| {
            assert!(!one["what"].as_str().unwrap().is_empty(), "{one}");
            assert!(!one["remedy"].as_str().unwrap().is_empty(), "{one}");
            one["id"].as_str().unwrap().to_owned()
        });
        (
            ids.filter(|id| !NOT_EMULATED.contains(&id.as_str())).collect(),
            output.status.code(),
            said(&output),
        )
    }
}

#[tokio::test]
async fn each_planted_fault_is_found_and_nothing_on_a_sound_stack() {
    let stack = Stack::sound().await;
    let (found, code, told) = stack.look(TABLE).await;
    assert!(found.is_empty(), "{told}");
    assert_eq!(code, Some(0), "{told}");
    let errors = [
        "sandbox",
        "sending-disabled",
        "reputation",
        "quota",
        "identity",
        "configuration-set",
        "mail-events",
        "bus",
        "shop-events",
        "mail-rule",
        "redrive-policy",
        "dead-letters",
    ];
    let warnings = ["dkim", "archive", "mail-archive", "queue"];
    for planted in errors.into_iter().chain(warnings) {
        stack.archives.plant(Some(planted));
        let (found, code, told) = stack.look(TABLE).await;
        assert_eq!(found, BTreeSet::from([planted.to_owned()]), "{planted}: {told}");
        assert_eq!(code, Some(i32::from(errors.contains(&planted))), "{planted}: {told}");
    }
}

#[tokio::test]
async fn what_waits_failed_or_is_paused_in_the_table_is_found() {
    let stack = Stack::sound().await;
    let (app, store) = (&stack.world.app, &stack.world.app.store);
    let long_ago = now().plus_millis(-4 * DAY_MILLIS);
    let pause = sending::new_pause(PauseScope::Rule("winback".into()), "ana", "", long_ago);
    sending::pause(store, &pause).await.unwrap();
    // Young enough to start something, and so old that its mail was due.
    let bought = now().plus_millis(-50 * 3_600_000);
    let events = [
        profile("ana", bought, json!({ "relationship": "transactional" })),
        purchase("ana", "p1", bought, "129.90"),
    ];
    take(app, &events).await;
    aside::keep(app, FailureKind::UnknownSend, "thanks/ana/p1/mail", "no answer", now())
        .await
        .unwrap();
    aside::keep(app, FailureKind::Event, "{", "is no JSON", now()).await.unwrap();
    let (found, code, told) = stack.look(TABLE).await;
    let expected = ["failures", "overdue", "paused", "unknown-sends"].map(str::to_owned);
    assert_eq!(found, expected.into(), "{told}");
    assert_eq!(code, Some(1), "{told}");
}

#[tokio::test]
async fn another_table_a_copy_and_one_without_rules_are_told_apart() {
    let stack = Stack::sound().await;
    let client = stack.world.app.store.client();
    // As another program's: it has none of the indexes.
    use aws_sdk_dynamodb::types as t;
    let key = |name: &str, kind| {
        t::KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    let text = |name: &str| {
        let kind = t::ScalarAttributeType::S;
        t::AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let create =
        client.create_table().table_name("orders").billing_mode(t::BillingMode::PayPerRequest);
    let create =
        create.key_schema(key("pk", t::KeyType::Hash)).key_schema(key("sk", t::KeyType::Range));
    create
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .send()
        .await
        .unwrap();
    let (found, code, told) = stack.look("orders").await;
    assert_eq!((found, code), (BTreeSet::from(["foreign-table".to_owned()]), Some(1)), "{told}");
    table::create(client, "lazo-new").await.unwrap();
    let (found, _, told) = stack.look("lazo-new").await;
    assert!(found.contains("no-rules") && found.contains("ttl"), "{told}");
    let copy = Store::new(client.clone(), "lazo-new");
    let state =
        lazo::shell::store::SendingState { table: TABLE.into(), pauses: Vec::new(), revision: 1 };
    assert!(copy.move_sending(None, &state).await.unwrap());
    let (found, _, told) = stack.look("lazo-new").await;
    assert!(found.contains("on-hold"), "{told}");
    let (found, code, told) = stack.look("nowhere").await;
    assert!(code != Some(0), "{found:?} {told}");
}
