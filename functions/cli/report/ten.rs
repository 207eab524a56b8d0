//! The plan of relationships, as text and as a page to print.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use lazo::shell::report::kept::{self, Kept};
use lazo::shell::report::relationship_plan::{Question, answered, title};
use lazo::shell::rules::Rules;
use lazo::shell::wording::Language;

use super::html::escape;
use crate::system::System;
use crate::{Answer, clock};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d1d1f;--paper:#fff;--soft:#5b616b;--line:#d1d5db}\
@media(prefers-color-scheme:dark){:root{--ink:#f3f4f6;--paper:#111827;--soft:#9ca3af;--line:#374151}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:44rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2rem 0 .25rem;border-top:1px solid var(--line);padding-top:1rem}\
p,li{margin:.25rem 0}ul{padding-left:1.2rem}.gap{color:var(--soft)}section{break-inside:avoid}";

/// Prints the plan, and writes it as a page where that is asked for.
///
/// # Errors
/// Where the table does not answer, or a file cannot be written.
pub async fn run(system: &System, html: Option<&Path>, lang: Language) -> anyhow::Result<Answer> {
    let kept = kept::figures(&system.app, clock::now()).await?;
    let rules = system.app.rules();
    let questions = answered(&kept, &rules, lang);
    if let Some(path) = html {
        let page = page(&questions, &rules, &kept, lang);
        std::fs::write(path, page).with_context(|| format!("--html {}", path.display()))?;
        eprintln!("lazo: {} {}", lang.pick("se escribió", "written:"), path.display());
    }
    out!("{}", title(lang));
    for (number, question) in (1..).zip(&questions) {
        out!("\n{number}. {}", question.asked);
        for answer in &question.answers {
            out!("   {answer}");
        }
        for gap in &question.gaps {
            out!("   {} {}", lang.pick("No se sabe:", "Not known:"), gap.what);
            out!("     {} {}", lang.pick("Lo diría:", "What would tell:"), gap.told_by);
        }
    }
    Ok(Answer::Yes)
}

fn page(questions: &[Question], rules: &Rules, kept: &Kept, lang: Language) -> String {
    let shop = &rules.book.policy.brand.name;
    let head = escape(title(lang));
    let day = kept.at.date_in(&rules.book.default_zone);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{head}</title>\
         <style>{STYLE}</style></head>\n<body>\n<h1>{head}</h1>\n<p>{} · {}</p>\n",
        lang.tag(),
        escape(shop),
        lang.whole_day(day),
    );
    for (number, question) in (1..).zip(questions) {
        let _ = writeln!(html, "<section><h2>{number}. {}</h2>", escape(question.asked));
        for answer in &question.answers {
            let _ = writeln!(html, "<p>{}</p>", escape(answer));
        }
        let gaps = question.gaps.iter().map(|gap| {
            let (what, told_by) = (escape(&gap.what), escape(&gap.told_by));
            let (not_known, tells) =
                (lang.pick("No se sabe", "Not known"), lang.pick("Lo diría", "What would tell"));
            format!("<li><b>{not_known}:</b> {what} <b>{tells}:</b> {told_by}</li>\n")
        });
        let gaps: String = gaps.collect();
        if !gaps.is_empty() {
            let _ = writeln!(html, "<ul class=\"gap\">{gaps}</ul>");
        }
        html += "</section>\n";
    }
    html + "</body>\n</html>\n"
}
