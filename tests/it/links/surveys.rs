//! The links of a survey's mail: one tap, one answer, and a comment on top.

use http::{Method, StatusCode};
use lazo::dispatch;
use lazo::links::respond;
use lazo::shell::link::token::{Claim, Purpose};
use lazo::shell::store::Answer;
use lazo_domain::customer::Customer;
use lazo_domain::event::EventKind;
use lazo_domain::rule::SurveyKind;
use serde_json::{Value, json};

use super::{ask, keys, links, mail, now, post, publish, request, rules};
use crate::support::events::{envelope, profile};
use crate::support::{LINKS_URL, World, id, minutes_after};

const ANSWER: &[u8] = b"action=answer";

/// A customer who was asked, by mail.
async fn asked(kind: SurveyKind, more: Value) -> World {
    let world = World::new(rules()).await;
    publish(&world, &profile("cus-1", minutes_after(now(), -60), more)).await;
    let (name, detail) = match kind {
        SurveyKind::Csat => ("PurchaseDelivered", json!({ "purchase_id": "p1" })),
        SurveyKind::Nps => ("PurchaseRefunded", json!({ "refund_id": "p1", "purchase_id": "p1" })),
    };
    let at = minutes_after(now(), -10);
    let mut detail = detail;
    detail["customer_id"] = "cus-1".into();
    detail["occurred_at"] = at.to_string().into();
    publish(&world, &envelope(name, at, detail)).await;
    assert_eq!(dispatch::run(&world.app, now()).await.unwrap().sent, 1);
    world
}

/// The path of a score's link in the mail.
fn link(world: &World, score: u8) -> String {
    let end = format!("/{score}");
    let found: Vec<String> =
        links(&mail(world)).into_iter().filter(|link| link.ends_with(&end)).collect();
    let [link] = &found[..] else { panic!("{found:?}") };
    link.strip_prefix(LINKS_URL).unwrap().to_owned()
}

async fn answers(world: &World) -> Vec<Answer> {
    let mut answers = world.app.store.answers(&id("cus-1")).await.unwrap();
    answers.sort_by_key(|answer| answer.comment.is_some());
    answers
}

async fn counted(world: &World) -> usize {
    let (events, _) = world.app.store.ledger(&id("cus-1")).await.unwrap();
    events.iter().filter(|event| event.kind == EventKind::SurveyAnswered).count()
}

async fn customer(world: &World) -> Customer {
    world.customer(&id("cus-1")).await
}

#[tokio::test]
async fn the_mail_has_a_link_for_each_score_and_looking_changes_nothing() {
    for kind in [SurveyKind::Csat, SurveyKind::Nps] {
        let world = asked(kind, json!({})).await;
        let before = world.items().await;
        for score in kind.scale() {
            let path = link(&world, score);
            for method in [Method::GET, Method::HEAD, Method::GET] {
                // A scanner may send the form's words along.
                let page = ask(&world, method, &path, ANSWER).await;
                assert_eq!(page.status(), StatusCode::OK);
            }
            let page = ask(&world, Method::GET, &path, b"").await;
            let chosen = format!("{score} de {}", kind.scale().end());
            assert!(page.body().contains(&chosen), "{}", page.body());
            assert_eq!(page.body().matches("<button").count(), 1);
        }
        assert_eq!(links(&mail(&world)).len(), kind.scale().count());
        assert_eq!(world.items().await, before);
    }
}

#[tokio::test]
async fn one_tap_answers_once_and_the_first_score_counts() {
    let world = asked(SurveyKind::Nps, json!({})).await;
    let page = post(&world, &link(&world, 9), ANSWER).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.body().contains("Gracias por tu respuesta"), "{}", page.body());
    assert!(page.body().contains("<textarea"));
    // Sent again, by another link, and eight times at a time.
    let path = link(&world, 2);
    let again = (0..8).map(|_| post(&world, &path, ANSWER));
    for page in futures::future::join_all(again).await {
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.body().contains("Cuenta la primera"), "{}", page.body());
    }
    let page = ask(&world, Method::GET, &path, b"").await;
    assert!(page.body().contains("Cuenta la primera") && page.body().contains("<textarea"));
    assert_eq!(counted(&world).await, 1);
    let answers = answers(&world).await;
    let [answer] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((answer.nps, answer.csat, &answer.comment), (Some(9), None, &None));
    assert_eq!(answer.touchpoint.as_str(), "refund");
    assert_eq!(answer.touch_id.as_ref().unwrap().as_str(), "nps/cus-1/p1/mail");
    assert_eq!(customer(&world).await.nps.latest(), Some(&9));
}

#[tokio::test]
async fn answers_at_once_count_once() {
    let world = asked(SurveyKind::Csat, json!({})).await;
    let paths = [1, 5].map(|score| link(&world, score));
    let clicks = (0..8).map(|number| post(&world, &paths[number % 2], ANSWER));
    for page in futures::future::join_all(clicks).await {
        assert_eq!(page.status(), StatusCode::OK);
    }
    assert_eq!((counted(&world).await, answers(&world).await.len()), (1, 1));
}

#[tokio::test]
async fn a_comment_comes_on_top_once_and_the_next_caller_sees_it() {
    let world = asked(SurveyKind::Csat, json!({ "locale": "en" })).await;
    let path = link(&world, 4);
    post(&world, &path, ANSWER).await;
    let page =
        post(&world, &path, b"comment=+La+caja%0D%0Alleg%C3%B3+%3Cb%3Erota%3C%2Fb%3E+").await;
    assert!(page.body().contains("Thank you for your time"), "{}", page.body());
    let page = post(&world, &path, b"comment=otra+cosa").await;
    assert!(page.body().contains("already have your comment"), "{}", page.body());
    let page = ask(&world, Method::GET, &path, b"").await;
    assert!(!page.body().contains("<form"), "{}", page.body());
    let answers = answers(&world).await;
    let said = "La caja\nllegó <b>rota</b>";
    assert_eq!(answers.len(), 2);
    assert_eq!((answers[0].csat, &answers[0].comment), (Some(4), &None));
    assert_eq!((answers[1].csat, answers[1].comment.as_ref().unwrap().as_str()), (None, said));
    let contacts = customer(&world).await.contacts;
    assert_eq!(contacts.last().unwrap().note.as_ref().unwrap().as_str(), said);
    assert_eq!(customer(&world).await.csat.latest(), Some(&4));
}

#[tokio::test]
async fn a_comment_that_is_too_long_is_told_and_the_score_stays() {
    let world = asked(SurveyKind::Csat, json!({})).await;
    let path = link(&world, 3);
    post(&world, &path, ANSWER).await;
    let before = world.items().await;
    let long = "a".repeat(1_501);
    for words in [long.clone(), "a".repeat(100_000)] {
        let page = post(&world, &path, format!("comment={words}").as_bytes()).await;
        assert_eq!(page.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(page.body().contains("hasta 1500 caracteres"), "{}", page.body());
        assert!(page.body().contains("<textarea"));
        // What fits into a page is given back to be shortened.
        assert_eq!(page.body().contains(&long), words.len() == long.len());
    }
    assert_eq!(world.items().await, before);
    let most = "%F0%9F%8E%81".repeat(750);
    let page = post(&world, &path, format!("comment={most}").as_bytes()).await;
    assert_eq!(page.status(), StatusCode::OK, "a comment of emojis fits: {}", page.body());
}

#[tokio::test]
async fn what_is_no_answer_is_refused() {
    let world = asked(SurveyKind::Nps, json!({})).await;
    let path = link(&world, 10);
    let (base, _) = path.rsplit_once('/').unwrap();
    let before = world.items().await;
    for score in ["11", "-1", "+9", "09", "9.0", "", "x", "256", "9/9"] {
        for method in [Method::GET, Method::POST] {
            let page = ask(&world, method, &format!("{base}/{score}"), ANSWER).await;
            assert_eq!(page.status(), StatusCode::NOT_FOUND, "{score}");
        }
    }
    for body in [&b""[..], b"score=3", b"action=unsubscribe", b"\xff", b"nps=11&touchpoint=x"] {
        assert_eq!(post(&world, &path, body).await.status(), StatusCode::BAD_REQUEST);
    }
    // A link is good for what it was made for, and nothing else.
    let token = base.strip_prefix("/s/").unwrap();
    assert_eq!(post(&world, &format!("/u/{token}"), ANSWER).await.status(), StatusCode::NOT_FOUND);
    let touch = keys().read(token).unwrap().touch;
    let unsubscribe = keys().sign(&Claim::unsubscribe(&touch)).unwrap();
    let page = post(&world, &format!("/s/{unsubscribe}/9"), ANSWER).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn an_old_link_says_that_the_survey_is_over() {
    let world = asked(SurveyKind::Csat, json!({ "locale": "en-GB" })).await;
    let path = link(&world, 5);
    let token = path.strip_prefix("/s/").unwrap().split('/').next().unwrap();
    let claim = keys().read(token).unwrap();
    assert!(
        matches!(&claim.purpose, Purpose::Survey { touchpoint, .. } if touchpoint == "delivery")
    );
    assert_eq!(claim.expires_at, Some(now().plus_millis(30 * 86_400_000)));
    let before = world.items().await;
    for method in [Method::GET, Method::POST] {
        let request = request(method, &path, ANSWER);
        let page = respond(&world.app, &request, claim.expires_at.unwrap()).await;
        assert_eq!(page.status(), StatusCode::GONE);
        assert!(page.body().contains("This survey has ended"), "{}", page.body());
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn of_who_was_forgotten_nothing_is_kept() {
    let world = asked(SurveyKind::Csat, json!({})).await;
    let path = link(&world, 5);
    post(&world, &path, ANSWER).await;
    post(&world, &path, b"comment=Todo+bien").await;
    assert_eq!(answers(&world).await.len(), 2);
    let detail =
        json!({ "request_id": "req-1", "customer_id": "cus-1", "occurred_at": now().to_string() });
    publish(&world, &envelope("CustomerErased", now(), detail)).await;
    let before = world.items().await;
    assert!(!before.iter().any(|item| format!("{item:?}").contains("Todo bien")));
    for body in [ANSWER, b"comment=Otra+vez"] {
        let page = post(&world, &path, body).await;
        assert_eq!(page.status(), StatusCode::GONE);
        assert!(page.body().contains("Esta encuesta ya terminó"), "{}", page.body());
    }
    let of_bus = json!({
        "answer_id": "a-9", "customer_id": "cus-1", "occurred_at": now().to_string(),
        "touchpoint": "shop", "csat": 1, "comment": "otra vez",
    });
    assert_eq!(world.items().await, before);
    publish(&world, &envelope("SurveyAnswered", now(), of_bus)).await;
    assert_eq!(answers(&world).await, []);
}

#[tokio::test]
async fn a_bad_answer_pauses_what_is_pending() {
    let world = asked(SurveyKind::Csat, json!({})).await;
    post(&world, &link(&world, 1), ANSWER).await;
    let book = &world.app.rules().book;
    let open = customer(&world).await.complaints.open_at(now(), &book.default_zone, &book.policy);
    assert_eq!(open, 1);
}
