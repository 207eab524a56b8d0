//! How the shipped mails look: scores in one row, a look for each occasion, staff mail
//! in one language.

use super::{shipped, shipped_rules};
use crate::channel::Content;
use crate::message::{Mail, notice_context, sample_context, sample_notice};
use crate::notice::NoticeKind;
use crate::policy::Mailbox;

fn mail(rule: &str, template: &str, locale: &str) -> Mail {
    let book = shipped_rules();
    let context = sample_context(&book.policy, book.rule(rule), template);
    shipped().mail(template, locale, "es", &context).unwrap()
}

#[test]
fn the_scores_of_a_survey_are_one_row_with_the_legend_at_its_ends() {
    for (template, count, lowest, highest) in [
        ("recommendation-survey", 11, "0 = nada probable", "10 = muy probable"),
        ("delivery-survey", 5, "1 = muy mal", "5 = muy bien"),
    ] {
        let html = mail(template, template, "es").html;
        let table =
            html.split("class=\"scores\"").nth(1).and_then(|rest| rest.split("</table>").next());
        let table = table.unwrap();
        assert!(table.contains("table-layout: fixed"), "{table}");
        assert_eq!(table.matches("<tr").count(), 1, "{template}: one row");
        assert_eq!(table.matches("class=\"score\"").count(), count, "{template}");
        let behind = html.split("class=\"scores\"").nth(1).unwrap();
        let (left, right) = (behind.find(lowest).unwrap(), behind.find(highest).unwrap());
        assert!(left < right && behind[left - 200..left].contains("align=\"left\""));
        assert!(behind[right - 200..right].contains("align=\"right\""));
    }
}

#[test]
fn each_occasion_has_its_look_and_all_have_one_voice() {
    let looks = [
        ("birthday", "birthday-mail", "#e0a82e"),
        ("wedding-anniversary", "wedding-mail", "#c79bb2"),
        ("thank-you-mail", "thank-you-mail", "width=\"56\""),
        ("winback", "winback-mail", "#2f5d62"),
    ];
    let marks = looks.map(|(.., mark)| mark);
    for locale in ["es", "en"] {
        for (rule, template, own) in looks {
            let html = mail(rule, template, locale).html;
            for mark in marks {
                assert_eq!(html.contains(mark), mark == own, "{template}: {mark}");
            }
            assert!(html.contains("Georgia, 'Times New Roman', serif"), "{template}");
        }
    }
}

#[test]
fn a_shared_article_leads_to_itself_with_what_it_says() {
    let html = mail("share-article", "share-article", "es").html;
    let url = "https://example.com/ideas/elegir-una-lampara";
    assert_eq!(html.matches(url).count(), 2, "the title and the button lead there");
    assert!(html.contains("Qué luz pide cada rincón"), "{html}");
}

#[test]
fn no_shipped_mail_shows_an_image_that_is_nowhere() {
    let book = shipped_rules();
    for rule in book.rules() {
        for step in rule.all_steps() {
            let Some(template) = step.template.as_deref() else { continue };
            if step.channel.content() == Some(Content::Mail) {
                let html = mail(&rule.name, template, "es").html;
                assert!(!html.contains("<img"), "{template}");
            }
        }
    }
}

#[test]
fn staff_mail_is_in_one_language_and_greets_a_team_without_a_name() {
    let book = shipped_rules();
    let about = || {
        serde_json::json!({
            "complaint": {
                "id": "q-1", "category": "delivery", "severity": "high", "owner": "Taller", "level": 1,
                "opened": { "date": "2026-11-20", "time": "10:05" },
                "deadline": { "date": "2026-11-20", "time": "14:05" },
            },
            "customer": { "id": "cus-1", "purchases": 1 },
        })
    };
    let told = |name: &str, locale: &str| {
        let called = book.policy.called(name);
        let to = Mailbox { name, called, email: "x@example.com", locale };
        let context = notice_context(&book.policy, &to, about());
        shipped().mail("complaint-escalated", locale, "es", &context).unwrap().text
    };
    let team = told("care", "es");
    assert!(team.contains("Hola: el plazo") && team.contains("entrega (grave)"), "{team}");
    let person = told("lucia.ortega", "es");
    assert!(person.contains("Hola, Lucía Ortega: el plazo"), "{person}");
    assert!(told("care", "en").contains("Hello, the deadline"));
    assert!(told("grace.hall", "en").contains("Hello Grace Hall, the deadline"));
    for (locale, own, other) in
        [("es", "Llamada de agradecimiento", "call"), ("en", "Thank-you call", "Llamada")]
    {
        let context = sample_notice(&book.policy, NoticeKind::DailyDigest, locale);
        let text = shipped().mail("daily-digest", locale, "es", &context).unwrap().text;
        assert!(text.contains(own) && !text.contains(other), "{text}");
    }
}
