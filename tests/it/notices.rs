//! Mail to people in the shop: once, whatever happens on the way.

use lazo::feedback;
use lazo::shell::mailer::tags;
use lazo::shell::send_rate::SendRate;
use lazo::shell::staff_mail::{Notice, SendStatus, tell};
use lazo::shell::store::{FailureKind, NoticeState};
use lazo_domain::instant::Instant;
use lazo_domain::notice::{NoticeId, NoticeKind};
use serde_json::{Value, json};

use crate::support::events::{batch, envelope};
use crate::support::recorder::{Reply, Service};
use crate::support::{World, at, minutes_after};

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

fn id() -> NoticeId {
    NoticeId::new(NoticeKind::ComplaintEscalated, &["ana", "q-1", "1"], "grace.hall")
}

fn about() -> Value {
    json!({
        "complaint": {
            "id": "q-1", "severity": "high", "owner": "logistics", "level": 1,
            "opened": { "date": "2026-11-18", "time": "08:00" },
            "deadline": { "date": "2026-11-18", "time": "12:00" },
        },
        "customer": { "id": "ana", "given_name": "Marisol", "purchases": 2 },
    })
}

async fn ask(world: &World, now: Instant) -> SendStatus {
    let rules = world.app.rules();
    let to = rules.book.policy.mailboxes("grace.hall")[0];
    let notice = Notice { id: id(), kind: NoticeKind::ComplaintEscalated, to, about: about() };
    tell(&world.app, &notice, &SendRate::new(now, None), now).await.unwrap()
}

async fn state(world: &World) -> Option<NoticeState> {
    world.app.store.notice(&id()).await.unwrap().map(|entry| entry.state)
}

#[tokio::test]
async fn it_goes_once_in_the_readers_language() {
    let world = World::shipped().await;
    assert_eq!(ask(&world, noon()).await, SendStatus::Yes);
    assert_eq!(ask(&world, minutes_after(noon(), 1)).await, SendStatus::Yes);
    assert_eq!(ask(&world, minutes_after(noon(), 100_000)).await, SendStatus::Yes);
    let sent = world.recorder.requests(Service::Ses);
    assert_eq!(sent.len(), 1);
    let to = &sent[0]["Destination"]["ToAddresses"];
    assert_eq!(to, &json!(["grace.hall@casalumbre.example"]));
    assert_eq!(sent[0]["EmailTags"], json!([{ "Name": "notice", "Value": id().hash() }]));
    let raw = sent[0]["Content"]["Raw"]["Data"].as_str().unwrap();
    use base64::Engine;
    let mime = base64::engine::general_purpose::STANDARD.decode(raw).unwrap();
    let mime = String::from_utf8(mime).unwrap();
    assert!(mime.contains("Subject: Complaint q-1 is still open and is now yours"), "{mime}");
    assert!(mime.contains("Content-Language: en") && !mime.contains("List-Unsubscribe"));
    assert_eq!(state(&world).await, Some(NoticeState::Sent));
}

#[tokio::test]
async fn what_was_certainly_not_taken_goes_later() {
    let world = World::shipped().await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    let SendStatus::NotYet { until } = ask(&world, noon()).await else { panic!("it was refused") };
    assert!(until > noon());
    assert_eq!(state(&world).await, Some(NoticeState::PutBack));
    assert_eq!(ask(&world, until).await, SendStatus::Yes);
    assert_eq!(world.recorder.requests(Service::Ses).len(), 2);
}

#[tokio::test]
async fn a_lost_answer_is_never_a_second_mail() {
    let world = World::shipped().await;
    world.recorder.script(Service::Ses, [Reply::Close]);
    for minutes in [0, 1, 5, 59] {
        let told = ask(&world, minutes_after(noon(), minutes)).await;
        assert!(matches!(told, SendStatus::NotYet { .. }), "{minutes}: {told:?}");
    }
    assert_eq!(ask(&world, minutes_after(noon(), 60)).await, SendStatus::Never);
    assert_eq!(state(&world).await, Some(NoticeState::Unknown));
    let listed = world.app.store.failures(minutes_after(noon(), 61)).await.unwrap();
    assert_eq!((listed.len(), listed[0].kind), (1, FailureKind::UnknownNotice));
    assert_eq!(ask(&world, minutes_after(noon(), 61)).await, SendStatus::Yes, "it is settled");
    assert_eq!(world.recorder.requests(Service::Ses).len(), 1);
}

#[tokio::test]
async fn ses_tells_what_became_of_one_whose_answer_was_lost() {
    let world = World::shipped().await;
    world.recorder.script(Service::Ses, [Reply::Close]);
    ask(&world, noon()).await;
    let detail = json!({
        "mail": {
            "timestamp": noon().to_string(), "messageId": "ses-1",
            "destination": ["grace.hall@casalumbre.example"],
            "tags": { "notice": [id().hash()] },
        },
        "delivery": { "timestamp": noon().to_string() },
    });
    let mut event: Value =
        serde_json::from_str(&envelope("Email Delivered", noon(), detail)).unwrap();
    event["source"] = "aws.ses".into();
    let told = feedback::handle(&world.app, batch(&[event.to_string()]), noon()).await;
    assert!(told.batch_item_failures.is_empty());
    assert_eq!(state(&world).await, Some(NoticeState::Sent));
    assert_eq!(ask(&world, minutes_after(noon(), 5)).await, SendStatus::Yes);
    assert!(world.app.store.failures(noon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_workers_at_once_send_one() {
    let world = World::shipped().await;
    let (one, other) = futures::join!(ask(&world, noon()), ask(&world, noon()));
    assert!([one, other].contains(&SendStatus::Yes), "{one:?} {other:?}");
    assert_eq!(world.recorder.requests(Service::Ses).len(), 1);
}

#[tokio::test]
async fn into_files_it_is_found_again_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let rules = lazo::shell::rules::Rules::from(None).unwrap();
    let world = World::with_outbox(rules, folder.path()).await;
    world.app.store.fence_notice(&id(), noon()).await.unwrap();
    let SendStatus::NotYet { until } = ask(&world, minutes_after(noon(), 1)).await else {
        panic!("a fence was taken over")
    };
    let SendStatus::NotYet { until } = ask(&world, until).await else { panic!("it is not there") };
    assert_eq!(ask(&world, until).await, SendStatus::Yes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn its_id_tells_parts_apart() {
    let new = |parts: &[&str]| NoticeId::new(NoticeKind::ComplaintEscalated, parts, "eva");
    assert_ne!(new(&["a/b", "c"]).hash(), new(&["a", "b/c"]).hash());
    let tags = tags::Tags::from([("notice".to_owned(), vec![id().hash().to_owned()])]);
    assert_eq!(tags::notice(&tags), Some(id().hash()));
    assert_eq!(tags::read(&tags), None);
}
