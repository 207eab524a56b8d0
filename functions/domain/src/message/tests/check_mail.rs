//! What the check finds in mails alone.

use super::check::{NOTHING, found as found_in, mjml, rule};

/// What is found in the subject and the body of a mail about a purchase.
fn in_mail(purpose: &str, subject: &str, body: &str) -> Vec<String> {
    let rule = rule(purpose, "event: PurchaseCompleted", "email", "live");
    found_in(&rule, &[("hello/es/subject.txt", subject), ("hello/es/body.mjml", &mjml(body))])
}

#[test]
fn broken_mjml_is_told_with_its_line() {
    let cases = [
        (
            "<mj-txt>a</mj-txt>",
            "5:1: error: MJML has no element <mj-txt>; did you mean \"mj-text\"?",
        ),
        (
            "<mj-text>a</mj-text>\n\n  <p>b</p>",
            "7:3: error: <p> stands directly in <mj-column>; put it inside <mj-text>",
        ),
        ("<mj-text>a", "5:1: error: <mj-text> is not closed before </mj-column>; write </mj-text>"),
        ("<mj-text>\n 1 < 2</mj-text>", "6:1: error: is no MJML here; write < in text as &lt;"),
    ];
    for (body, expected) in cases {
        let expected = format!("templates/hello/es/body.mjml:{expected}");
        assert_eq!(in_mail("service", "Hola", body), [expected]);
    }
    let included = in_mail("service", "Hola", "<mj-include path=\"x.mjml\" />");
    assert!(included[0].contains("body.mjml:5:1: error: mj-include is not read"), "{included:?}");
}

#[test]
fn a_fault_behind_what_was_written_in_is_told_with_its_place() {
    let body = "<mj-text>{{ customer.given_name | default('x') }}</mj-text>\n <mj-txt>a</mj-txt>";
    let found = in_mail("service", "Hola", body);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0]
            .starts_with("templates/hello/es/body.mjml:6:2: error: MJML has no element <mj-txt>"),
        "{found:?}"
    );
    let rule = rule("service", "event: PurchaseCompleted", "email", "live");
    let blank = format!("\n\n  {}", mjml(body));
    let found =
        found_in(&rule, &[("hello/es/subject.txt", "Hola"), ("hello/es/body.mjml", &blank)]);
    assert!(
        found[0].starts_with("templates/hello/es/body.mjml:8:2: error: MJML has no"),
        "{found:?}"
    );
}

#[test]
fn a_survey_s_mail_needs_a_link_for_each_score() {
    let rule = rule("service", "event: PurchaseCompleted", "email", "live");
    let rule = rule
        .replace("hello }]", "hello, survey: { kind: csat, touchpoint: store, sample: 20% } }]");
    let of = |body: &str| {
        found_in(&rule, &[("hello/es/subject.txt", "Hola"), ("hello/es/body.mjml", &mjml(body))])
    };
    let each = "{% for answer in survey.answers %}<a href=\"{{ answer.url }}\">{{ answer.score }}</a>{% endfor %}";
    assert_eq!(of(&format!("<mj-text>{each}</mj-text>")), NOTHING);
    let but_one = each.replace("survey.answers", "survey.answers[1:]");
    for lacking in ["<mj-text>a</mj-text>".to_owned(), format!("<mj-text>{but_one}</mj-text>")] {
        let told = of(&lacking);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(
            told[0].contains(
                "body.mjml:1:1: error: a survey's mail needs a visible link for each score"
            ),
            "{told:?}"
        );
    }
}

#[test]
fn what_cannot_be_written_for_somebody_is_told_and_nothing_else_of_it() {
    // The subject fails for whoever has no name, and marketing's needs are not
    // looked at before it is mended.
    for subject in [
        "{{ customer.given_name }}",
        // Of whom only what is always known is known.
        "{% if customer | length > 13 %}Hola{% endif %}",
        // Of whom all is known but one thing.
        "{% if customer.given_name is defined %}{{ customer.family_name }}{% endif %}Hola",
        // Of whom little is known, and one thing is another.
        "{% if customer.given_name is not defined and customer.stage == 'commitment' %}\
         {{ customer.given_name }}{% endif %}Hola",
    ] {
        let told = in_mail("marketing", subject, "<mj-text>a</mj-text>");
        assert_eq!(told.len(), 1, "{subject} {told:#?}");
        assert!(told[0].contains("subject.txt:1:"), "{told:?}");
    }
}

#[test]
fn a_subject_is_one_line_with_words() {
    let file = "templates/hello/es/subject.txt:1:1: error:";
    assert_eq!(
        in_mail("service", "{{ customer.given_name | default('') }}\n", "<mj-text>a</mj-text>"),
        [format!(
            "{file} the subject may be empty; give it words that do not depend on what is known"
        )]
    );
    assert_eq!(
        in_mail("service", "Hola\nAna", "<mj-text>a</mj-text>"),
        [format!("{file} a subject is one line; take the line break out of its middle")]
    );
}

#[test]
fn marketing_mail_shows_the_way_out_and_who_writes() {
    let lacks = "templates/hello/es/body.mjml:1:1: error: a marketing mail needs";
    let link = format!(
        "{lacks} a visible link to unsubscribe; write <a href=\"{{{{ links.unsubscribe }}}}\">…</a> inside an <mj-text>, or {{% include \"_brand/footer.mjml\" %}}"
    );
    let address = format!(
        "{lacks} the postal address; write {{{{ brand.postal_address }}}} inside an <mj-text>, or {{% include \"_brand/footer.mjml\" %}}"
    );
    assert_eq!(in_mail("marketing", "Hola", "<mj-text>a</mj-text>"), [link.clone(), address]);
    let hidden = "<mj-text>{{ brand.postal_address }} {{ links.unsubscribe }}<a href=\"{{ links.unsubscribe }}\"></a><span style=\"display: none\"><a href=\"{{ links.unsubscribe }}\">x</a></span></mj-text>";
    assert_eq!(in_mail("marketing", "Hola", hidden), [link]);
    let sound =
        "<mj-text>{{ brand.postal_address }} <a href=\"{{ links.unsubscribe }}\">x</a></mj-text>";
    assert_eq!(in_mail("marketing", "Hola", sound), NOTHING);
    assert_eq!(in_mail("service", "Hola", "<mj-text>a</mj-text>"), NOTHING);
    let rule = rule("marketing", "stage: dissolution", "email", "live");
    let files = [
        ("hello/es/subject.txt", "Hola"),
        ("hello/es/body.mjml", &*mjml(sound)),
        ("hello/es/body.txt", "Hola {{ links.unsubscribe }}"),
    ];
    assert_eq!(
        found_in(&rule, &files),
        [
            "templates/hello/es/body.txt:1:1: error: a marketing mail needs the postal address; write {{ brand.postal_address }}"
        ]
    );
}
