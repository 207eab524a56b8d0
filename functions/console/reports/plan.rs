//! The plan of relationships: ten questions, answered, to print and to bring to a meeting.

use maud::{Markup, html};

use super::{as_of, kept, nothing, sub};
use crate::console::ask::Ask;
use crate::console::reply::{Answer, Page};
use crate::console::routes::Section;
use crate::shell::report::relationship_plan::{Question, answered, title};
use crate::shell::wording::Language;

/// The page.
///
/// # Errors
/// Where the table does not answer.
pub async fn plan(ask: Ask) -> Answer {
    let kept = kept(&ask).await?;
    let lang = ask.lang;
    let rules = ask.rules();
    let questions = kept.as_ref().map(|kept| answered(kept, &rules, lang));
    let main = html! {
        div.wrap {
            header.head {
                h1 { (title(lang)) }
                @if let Some(questions) = &questions { p.lead { (lead(questions, lang)) } }
            }
            (sub("/reports/plan", lang))
            @match &questions {
                None => (nothing(&ask)),
                Some(questions) => {
                    (as_of(kept.as_ref(), &ask))
                    ol class="stack6 mt6" {
                        @for (number, question) in (1..).zip(questions) { (item(number, question, lang)) }
                    }
                }
            }
        }
    };
    Ok(Page::new(Section::Reports, title(lang), main).into())
}

fn lead(questions: &[Question], lang: Language) -> String {
    let gaps: usize = questions.iter().map(|question| question.gaps.len()).sum();
    let said = lang.counted(gaps, ["cosa", "cosas"], ["thing", "things"], true);
    match lang {
        Language::Es => format!(
            "Diez preguntas, respondidas con las cifras y la política de la tienda. No se saben {said}."
        ),
        Language::En => format!(
            "Ten questions, answered by the shop’s own figures and policy. Not known: {said}."
        ),
    }
}

fn item(number: usize, question: &Question, lang: Language) -> Markup {
    let id = format!("q{number}");
    html! {
        li {
            section.card aria-labelledby=(id) {
                h2 id=(id) { (number) ". " (question.asked) }
                div class="stack mt" { @for answer in &question.answers { p { (answer) } } }
                @if !question.gaps.is_empty() {
                    dl class="facts mt s" {
                        @for gap in &question.gaps {
                            dt { (lang.pick("No se sabe", "Not known")) }
                            dd {
                                (gap.what) br;
                                span.mute { (lang.pick("Lo diría: ", "What would tell: ")) (gap.told_by) }
                            }
                        }
                    }
                }
            }
        }
    }
}
