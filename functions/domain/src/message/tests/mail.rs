//! Mails and scripts from the shipped templates.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::{owned, shipped, shipped_rules};
use crate::customer::{Contact, Customer};
use crate::decide::CallFacts;
use crate::event::{Body, Detail, from_wire};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::message::{Context, Facts, MessageError, Occasion, Period, Templates, context, header};
use crate::policy::Policy;
use crate::touch::TouchId;
use crate::view::View;

const UNSUBSCRIBE: &str = "https://links.example/u/AbC?x=1&y=2";

/// What a customer's purchase of an evening in Mexico makes of her.
fn customer(given_name: &str) -> (Customer, Detail) {
    let wire = r#"{
        "detail-type": "PurchaseCompleted", "purchase_id": "pur-7", "customer_id": "cus-1",
        "occurred_at": "2026-11-20T23:30:00-06:00", "sold_by": null,
        "total": { "amount": "1290.00", "currency": "MXN" },
        "items": [{ "sku": "a", "name": "Armazón Alba", "quantity": 1.0 },
                  { "sku": "b", "name": "Vela <Copal>", "quantity": 2 }]
    }"#;
    let mut customer = Customer::new(Id::new("cus-1").unwrap());
    let name = serde_json::from_value(given_name.into()).unwrap();
    customer.profile.given.set(Instant::from_millis(0), Some(name));
    let event = from_wire(wire).unwrap().event;
    let Body::PurchaseCompleted(purchase) = &event.body else { unreachable!() };
    customer.history.add_purchase(purchase);
    (customer, event.detail)
}

fn written(customer: &Customer, detail: Option<&Detail>, facts: &Facts) -> Context {
    let book = shipped_rules();
    view(customer, detail, &book.policy, |view| context(view, facts))
}

fn view<T>(
    customer: &Customer,
    event: Option<&Detail>,
    policy: &Policy,
    ask: impl FnOnce(&View) -> T,
) -> T {
    let zone = TimeZone::get("America/Mexico_City").unwrap();
    let now = "2026-11-21T10:00:00-06:00".parse::<jiff::Timestamp>().unwrap().into();
    ask(&View {
        customer,
        until: Until::ALL,
        now,
        zone: Cow::Borrowed(&zone),
        policy,
        drift: None,
        segments: crate::segment::Asked::default(),
        event,
    })
}

#[test]
fn a_mail_reads_well_in_spanish_with_and_without_html() {
    let (customer, detail) = customer("Ana");
    let facts = Facts { rep: "Bruno", unsubscribe: Some(UNSUBSCRIBE), ..Facts::default() };
    let context = written(&customer, Some(&detail), &facts);
    let mail = shipped().mail("thank-you-mail", "es-MX", "en", &context).unwrap();
    assert_eq!((mail.locale.as_str(), mail.subject.as_str()), ("es", "Gracias por tu compra, Ana"));
    let expected = "\
Casa Lumbre

Gracias, Ana

Nos dio mucho gusto que eligieras Casa Lumbre. Esperamos que disfrutes mucho lo que escogiste.

Tu compra del 20 de noviembre de 2026
Armazón Alba
Vela <Copal> × 2

Total $1,290.00 MXN

Si algo no es como esperabas, responde a este correo y una persona de nuestro equipo lo resolverá contigo. Y si todo está bien, también nos dará gusto saberlo.

Escríbenos (clientes@casalumbre.example)

Un saludo,
El equipo de Casa Lumbre

Si prefieres no recibir estos correos, date de baja aquí (https://links.example/u/AbC?x=1&y=2).

Casa Lumbre, S.A. de C.V., Orizaba 127, Col. Roma Norte, Cuauhtémoc, 06700 Ciudad de México, México
";
    assert_eq!(mail.text, expected);
    let link = "<a href=\"https://links.example/u/AbC?x=1&amp;y=2\"";
    for part in ["<!doctype html>", "lang=\"es\"", link, "Vela &lt;Copal&gt;", "$1,290.00 MXN"] {
        assert!(mail.html.contains(part), "{part}");
    }
    assert!(mail.html.contains("Nos gustaría saber si todo está como lo esperabas."));
    assert!(!mail.html.contains("<mj-"));
}

#[test]
fn a_language_without_templates_gets_the_default_whole() {
    let (customer, detail) = customer("Ana");
    let context = written(&customer, Some(&detail), &Facts::default());
    let mail =
        |locale, default| shipped().mail("thank-you-mail", locale, default, &context).unwrap();
    let english = mail("en-GB", "es");
    assert_eq!(english.locale, "en");
    assert!(english.text.contains("Your purchase of 20 November 2026"));
    let french = mail("fr-FR", "es");
    assert_eq!(french.locale, "es");
    assert!(french.text.contains("Tu compra del 20 de noviembre de 2026"));
    assert!(french.text.contains("Te escribimos por una compra"), "{}", french.text);
}

#[test]
fn a_script_tells_the_rep_what_to_know() {
    let (mut customer, detail) = customer("Ana");
    customer.contacts.push(Contact {
        by: None,
        at: "2026-10-02T23:00:00-06:00".parse::<jiff::Timestamp>().unwrap().into(),
        id: Id::new("i-1").unwrap(),
        channel: serde_json::from_value("call".into()).unwrap(),
        kind: serde_json::from_value("contact".into()).unwrap(),
        note: None,
    });
    let context = written(
        &customer,
        Some(&detail),
        &Facts { rep: "Bruno", call: Some(CallFacts::ONCE), ..Facts::default() },
    );
    let script = shipped().script("thank-you-call", "en", "es", &context).unwrap();
    assert_eq!(script.locale, "en");
    let expected = "\
# Thank-you call: Ana 

## Before you call

- **Who:** Ana (cus-1), 1 purchase in all
- **Purchase to thank for:** $1,290.00 MXN, November 20, 2026 (pur-7)
    - 1 × Armazón Alba
    - 2 × Vela <Copal>
- **Last contact:** October 2, 2026, phone call
- **Assigned to:** Bruno
";
    assert!(script.markdown.starts_with(expected), "{}", script.markdown);
}

#[test]
fn a_message_is_left_on_the_last_attempt_but_one() {
    let (customer, detail) = customer("Ana");
    let tell = |attempt, next_on, locale: &str| {
        let then = (attempt == 3).then_some(crate::channel::Channel::Email);
        let call = Some(CallFacts { attempt, attempts: 3, next_on, then });
        let context = written(&customer, Some(&detail), &Facts { call, ..Facts::default() });
        shipped().script("thank-you-call", locale, "es", &context).unwrap().markdown
    };
    let next = Some(jiff::civil::date(2026, 11, 24));
    let second = tell(2, next, "en");
    assert!(
        second.contains(
            "I'd like to speak with you in person, so I'll call again on November 24, 2026."
        ),
        "{second}"
    );
    assert!(second.contains("**Attempt:** 2 of 3"), "{second}");
    let second = tell(2, next, "es");
    assert!(second.contains("Me gustaría hablar contigo directamente: te vuelvo a llamar el 24 de noviembre de 2026."), "{second}");
    let first = tell(1, next, "es");
    assert!(first.contains("Cuelga sin dejar mensaje") && first.contains("el 24 de noviembre"));
    let last = tell(3, None, "en");
    assert!(last.contains("This was the last attempt: an email goes out"), "{last}");
    assert!(!last.contains("I'd like to speak with you in person"), "{last}");
}

#[test]
fn a_hostile_name_stays_text() {
    let (customer, detail) = customer("<b>Ana</b>\" onclick='x'");
    let context = written(&customer, Some(&detail), &Facts::default());
    let mail = shipped().mail("thank-you-mail", "es", "es", &context).unwrap();
    assert!(mail.html.contains("Gracias, &lt;b&gt;Ana&lt;/b&gt;&quot; onclick=&#39;x&#39;"));
    assert!(!mail.html.contains("<b>Ana"));
    assert!(mail.text.contains("Gracias, <b>Ana</b>\" onclick='x'"));
    assert_eq!(mail.subject, "Gracias por tu compra, <b>Ana</b>\" onclick='x'");
}

#[test]
fn a_line_break_never_enters_a_header() {
    let json = r#"{ "customer": { "given_name": "Ana\r\nBcc: eva@example.com" } }"#;
    let book = shipped_rules();
    let rule = book.rule("thank-you-mail");
    let context =
        crate::message::context_from_json(json, &book.policy, rule, "thank-you-mail").unwrap();
    let refused = shipped().mail("thank-you-mail", "es", "es", &context).unwrap_err();
    assert_eq!(refused, MessageError::Header("templates/thank-you-mail/es/subject.txt".into()));
    assert!(!refused.to_string().contains("Ana"));
    for bad in ["a\rb", "a\nb", "a\u{0}b", "a\u{85}b", "a\u{2028}b"] {
        assert!(header("from", bad).is_err(), "{bad:?}");
    }
    assert_eq!(header("from", " Casa Lumbre \n").unwrap(), "Casa Lumbre");
}

#[test]
fn what_cannot_be_written_says_why_without_naming_the_customer() {
    let (customer, detail) = customer("Secret");
    let context = written(&customer, Some(&detail), &Facts::default());
    let refused = |files: &[(&str, &str)], name: &str| {
        let templates = Templates::read(&owned(files));
        templates.mail(name, "es", "es", &context).unwrap_err().to_string()
    };
    let body =
        ("a-mail/es/body.mjml", "<mjml><mj-body>\n{{ customer.family_name }}</mj-body></mjml>");
    let subject = ("a-mail/es/subject.txt", "{{ customer.given_name }}");
    assert_eq!(
        refused(&[body, subject], "a-mial"),
        "there is no template \"a-mial\", make the folder templates/a-mial; did you mean \"a-mail\"?"
    );
    assert_eq!(refused(&[body], "a-mail"), "templates/a-mail/es/subject.txt is missing");
    let found = refused(&[body, subject], "a-mail");
    assert!(
        found.starts_with("templates/a-mail/es/body.mjml:2: customer.family_name may be missing"),
        "{found}"
    );
    let endless = (
        "a-mail/es/subject.txt",
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
    );
    assert!(refused(&[body, endless], "a-mail").contains("takes too many steps"));
    for (subject, why) in [
        ("{{ 1 | mony }}", "unknown filter \"mony\"; did you mean \"money\"?"),
        ("{{ 1 is evn }}", "unknown test \"evn\"; did you mean \"even\"?"),
        ("{{ [1] | map('mony') | list }}", ":1: unknown filter"),
        ("{{ 0 ** -1 }}", "cannot calculate with these values"),
    ] {
        let told = refused(&[body, ("a-mail/es/subject.txt", subject)], "a-mail");
        assert!(told.ends_with(why), "{told}");
    }
    assert_eq!(
        refused(&[body, ("a-mail/es/subject.txt", " \n")], "a-mail"),
        "templates/a-mail/es/subject.txt gives an empty subject"
    );
}

#[test]
fn dates_are_the_customers_and_what_is_unknown_is_absent() {
    let (mut customer, detail) = customer("Ana");
    let birthday = serde_json::from_value("1984-02-29".into()).unwrap();
    customer.profile.birthday.set(Instant::from_millis(0), Some(birthday));
    let book = shipped_rules();
    let occasion =
        view(&customer, None, &book.policy, |view| Occasion::of(view, "birthday", 2027)).unwrap();
    assert_eq!((occasion.date.to_string().as_str(), occasion.years), ("2027-02-28", Some(43)));
    let touch = |rule: &str, occurrence: &str| TouchId {
        rule: rule.into(),
        customer: customer.id.clone(),
        occurrence: occurrence.into(),
        step: "mail".into(),
    };
    let of = |touch: TouchId| {
        let ask = |view: &View| Occasion::of_touch(view, &touch, &book).map(|found| found.years);
        view(&customer, None, &book.policy, ask)
    };
    assert_eq!(of(touch("birthday", "2027")), Some(Some(43)));
    assert_eq!(of(touch("birthday", "soon")), None);
    assert_eq!(of(touch("thank-you-mail", "2027")), None);
    let facts = Facts { occasion: Some(occasion), ..Facts::default() };
    let context = written(&customer, Some(&detail), &facts);
    let files = owned(&[(
        "a/es/script.md",
        "{{ event.occurred_at }} {{ purchase.at | day }} {{ customer.first_purchase_at }} \
         {{ customer.total_spent }} {{ customer.total_spent | money(customer.currency) }} \
         {{ customer.last_csat | default(\"-\") }} {{ event.sold_by | default(\"-\") }} \
         {{ purchase.items[0].quantity }} {{ occasion.date | day }} {{ occasion.years }} {{ locale }}",
    )]);
    let script = Templates::read(&files).script("a", "es-MX", "es", &context).unwrap();
    let expected = "2026-11-20 20 de noviembre de 2026 2026-11-20 1290 $1,290.00 MXN - - 1 \
                    28 de febrero de 2027 43 es-MX\n";
    assert_eq!(script.markdown, expected);
}

#[test]
fn a_written_text_part_stands_in_for_the_generated_one() {
    let (customer, detail) = customer("Ana & Co");
    let context = written(&customer, Some(&detail), &Facts::default());
    let files = owned(&[
        ("a/es/subject.txt", "Hola"),
        ("a/es/body.mjml", "{% set x = 1 %}\n  <mjml><mj-body></mj-body></mjml>\n"),
        ("a/es/body.txt", "Hola, {{ customer.given_name }}  \r\n\r\n\r\nAdiós\n"),
    ]);
    let mail = Templates::read(&files).mail("a", "es", "es", &context).unwrap();
    assert_eq!(mail.text, "Hola, Ana & Co\n\nAdiós\n");
    assert_eq!(format!("{mail:?} {context:?}"), "Mail(es, …) …");
}

#[test]
fn a_digest_tells_what_was_done_in_the_month_that_ended() {
    let (mut customer, detail) = customer("Ana");
    let at = |text: &str| Instant::from(text.parse::<jiff::Timestamp>().unwrap());
    let id = |text: &str| Id::new(text).unwrap();
    customer.history.add_delivery(&id("pur-7"), at("2026-11-25T12:00:00-06:00"));
    customer.complaints.resolve(&id("c-1"), at("2026-11-30T23:59:00-06:00"), None);
    customer.complaints.resolve(&id("c-2"), at("2026-12-01T00:01:00-06:00"), None);
    let book = shipped_rules();
    let touch = TouchId {
        rule: "monthly-digest".into(),
        customer: customer.id.clone(),
        occurrence: "2026-12-01".into(),
        step: "mail".into(),
    };
    let period = Period::of_touch(&touch, &book);
    let context = written(&customer, Some(&detail), &Facts { period, ..Facts::default() });
    let text = shipped().mail("digest-mail", "es-MX", "es", &context).unwrap().text;
    let told = "Entre el 1 de noviembre de 2026 y el 30 de noviembre de 2026, te entregamos una \
                compra y resolvimos un asunto que nos habías contado.";
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{text}");
}
