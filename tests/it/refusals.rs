//! Mail that is not taken, or cannot be written: counted, listed once for each
//! reason, and nothing is lost in silence.

use lazo::dispatch;
use lazo::shell::rules::Rules;
use lazo::shell::store::{Failure, FailureKind, TouchState};
use lazo_domain::instant::Instant;
use lazo_domain::message::Templates;
use lazo_domain::touch::Reason;
use serde_json::json;

use crate::dispatch::{ana_buys, due, noon, touches};
use crate::support::events::{batch, profile, purchase};
use crate::support::recorder::{Reply, Service};
use crate::support::{World, id, minutes_after};

/// Some who bought, each of whom gets a mail.
async fn buyers(world: &World, count: usize) {
    for number in 0..count {
        let name = format!("b{number}");
        let known = profile(&name, minutes_after(noon(), -5), json!({}));
        let bought = purchase(&name, &format!("p{number}"), noon(), "129.90");
        lazo::ingest::handle(&world.app, batch(&[known, bought]), noon()).await;
    }
}

async fn failures(world: &World, now: Instant) -> Vec<Failure> {
    world.app.store.failures(now).await.unwrap()
}

const DENIED: &str = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: \
                      ses:SendEmail on resource: identity/hola@casalumbre.example";

#[tokio::test]
async fn mail_that_ses_does_not_take_is_told_once_for_each_reason_and_goes_later() {
    let world = World::shipped().await;
    buyers(&world, 5).await;
    let denied = || Reply::FailSaying(403, "AccessDeniedException", DENIED);
    let sandbox =
        || Reply::FailSaying(400, "MessageRejected", "Email address is not verified. x@y.z");
    let quota =
        || Reply::FailSaying(400, "LimitExceededException", "Daily message quota exceeded.");
    world.recorder.script(Service::Ses, [denied(), denied(), sandbox(), quota(), quota()]);
    let report = dispatch::run(&world.app, due()).await.unwrap();
    assert_eq!((report.sent, report.put_back, report.not_sent), (0, 5, 0));

    let listed = failures(&world, due()).await;
    let mut times: Vec<u64> = listed.iter().map(|failure| failure.times).collect();
    times.sort_unstable();
    assert_eq!(times, [1, 2, 2], "{listed:?}");
    for failure in &listed {
        assert_eq!(failure.kind, FailureKind::MailRefused);
        assert!(!failure.why.contains('@'), "{}", failure.why);
    }
    let told = |word: &str| listed.iter().any(|failure| failure.why.contains(word));
    assert!(told("AccessDeniedException") && told("look at its role"), "{listed:?}");
    assert!(told("sandbox") && told("daily quota"), "{listed:?}");

    // Within two hours they are tried again, and none is lost.
    let mut sent = 0;
    for minute in 1..120 {
        sent += dispatch::run(&world.app, minutes_after(due(), minute)).await.unwrap().sent;
    }
    assert_eq!(sent, 5);
    assert_eq!(failures(&world, due()).await.len(), 3);
}

#[tokio::test]
async fn mail_that_ses_takes_never_ends_with_a_reason_and_is_listed() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let suppressed = "Address is on the suppression list";
    world.recorder.script(Service::Ses, [Reply::FailSaying(400, "MessageRejected", suppressed)]);
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().not_sent, 1);
    let touch = touches(&world).await[0].clone();
    assert_eq!((touch.state, touch.reason), (TouchState::Skipped, Some(Reason::Undeliverable)));
    assert!(touch.why.unwrap().contains("suppression list"));
    let listed = failures(&world, due()).await;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].why.contains("never taken as it is"), "{}", listed[0].why);
}

#[tokio::test]
async fn a_rate_is_no_failure() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().put_back, 1);
    assert!(failures(&world, due()).await.is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_says_why_once_without_personal_data() {
    let mut rules = Rules::from(None).unwrap();
    let body = "<mjml><mj-body><mj-section><mj-column><mj-text>\n{{ customer.given_name }}\n\
                {{ customer.attributes.shoe_size }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    let files = [("body.mjml", body), ("subject.txt", "Gracias")];
    let files = files.map(|(name, text)| (format!("thank-you-mail/es/{name}"), text.to_owned()));
    rules.templates = Templates::read(&files);
    let world = World::new(rules).await;
    buyers(&world, 3).await;
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().not_sent, 3);

    let listed = failures(&world, due()).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((listed[0].kind, listed[0].times), (FailureKind::MailUnwritten, 3));
    let (_, ledger) = world.app.store.ledger(&id("b0")).await.unwrap();
    let touch = ledger.iter().find(|entry| entry.reason == Some(Reason::Undeliverable)).unwrap();
    for why in [listed[0].why.as_str(), touch.why.as_deref().unwrap()] {
        assert!(why.contains("thank-you-mail/es/body.mjml:3"), "{why}");
        assert!(why.contains("customer.attributes.shoe_size"), "{why}");
        assert!(!why.contains("Marisol"), "{why}");
    }
    assert!(listed[0].why.contains("for example thank-you-mail/b"));
}
