//! What pages are made of: each component of the design is a function here.
#![allow(dead_code, reason = "a part of the design stays, whether a page shows it now or not")]

use maud::{Markup, PreEscaped, Render, html};

use crate::shell::wording::Language;

/// The loop of the thread.
pub const LOOP: &str = "<svg viewBox=\"0 0 360 74\" aria-hidden=\"true\"><path d=\"M0 70 H118 C168 70 196 8 160 5 \
C124 2 128 70 176 70 H360\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.5\"></path></svg>";

/// What became of something; the word stands beside it, as colour alone tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knot {
    /// It went out.
    Sent,
    /// It did not.
    Not,
    /// It waits.
    Waits,
    /// It is planned.
    Planned,
    /// The control group.
    Control,
    /// Something that the customer did.
    Event,
    /// It needs a person.
    Bad,
    /// It is well.
    Well,
}

impl Render for Knot {
    fn render(&self) -> Markup {
        let class = match self {
            Knot::Sent => "k k-sent",
            Knot::Not => "k k-no",
            Knot::Waits => "k k-wait",
            Knot::Planned => "k k-plan",
            Knot::Control => "k k-ctl",
            Knot::Event => "k k-ev",
            Knot::Bad => "k k-bad",
            Knot::Well => "k k-ok",
        };
        html! { span class=(class) aria-hidden="true" {} }
    }
}

/// A state: a knot and a word.
pub fn tag(knot: Knot, word: impl Render) -> Markup {
    let class = match knot {
        Knot::Bad => "tag bad",
        Knot::Waits => "tag wait",
        _ => "tag",
    };
    html! { span class=(class) { (knot) (word) } }
}

/// The hidden mark by which a form does what it does once (`Ask::mark`).
pub fn once(mark: &str) -> Markup {
    html! { input type="hidden" name="once" value=(mark); }
}

/// What was just done; it stays until the next page.
pub fn flash(said: impl Render) -> Markup {
    html! {
        div.flash role="status" { span { (Knot::Well) (said) } }
    }
}

/// How urgent a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something to know.
    Plain,
    /// Something to look at before going on.
    Wait,
    /// Something that needs a person.
    Bad,
    /// A hint from the numbers.
    Hint,
}

/// A note.
pub fn note(tone: Tone, said: impl Render) -> Markup {
    let class = match tone {
        Tone::Plain => "note",
        Tone::Wait => "note wait",
        Tone::Bad => "note bad",
        Tone::Hint => "note anil",
    };
    html! { div class=(class) { (said) } }
}

/// The head of a page: when or what, the title, and the sentence that could be its whole
/// content.
pub fn head(eyebrow: Option<&str>, title: &str, lead: impl Render) -> Markup {
    html! {
        header.head {
            @if let Some(eyebrow) = eyebrow { p.eyebrow { (eyebrow) } }
            h1 { (title) }
            p.lead { (lead) }
        }
    }
}

/// Where there is nothing to list: one sentence on what has been done, when something
/// comes next, one way on.
pub fn empty(title: &str, said: impl Render, ways: Markup) -> Markup {
    html! {
        div.blank {
            (PreEscaped(LOOP))
            h2.h1 { (title) }
            p.lead { (said) }
            div class="row c center mt6" { (ways) }
        }
    }
}

/// A field of a form: label, help, what is wrong in words, control.
pub struct Field<'a> {
    /// Its name in the form; its id on the page too.
    pub name: &'a str,
    /// What it is called.
    pub label: &'a str,
    /// Help that is always visible.
    pub hint: Option<&'a str>,
    /// What was typed.
    pub value: &'a str,
    /// What is wrong with that.
    pub error: Option<&'a str>,
    /// Whether the form needs it.
    pub is_required: bool,
}

impl<'a> Field<'a> {
    /// A field with nothing in it.
    pub fn new(name: &'a str, label: &'a str) -> Field<'a> {
        Field { name, label, hint: None, value: "", error: None, is_required: false }
    }

    /// As one line, of a type such as `text`, `date`, `time`, `number`, `email`.
    pub fn line(&self, kind: &str) -> Markup {
        self.around(html! {
            input id=(self.name) name=(self.name) type=(kind) value=(self.value) class="full"
                required[self.is_required] aria-invalid=[self.error.map(|_| "true")]
                aria-describedby=[self.described()];
        })
    }

    /// As a text of several lines. A line break right behind the tag is not part of it.
    pub fn area(&self, rows: u8) -> Markup {
        self.around(html! {
            textarea id=(self.name) name=(self.name) rows=(rows) required[self.is_required]
                aria-invalid=[self.error.map(|_| "true")] aria-describedby=[self.described()]
                { "\n" (self.value) }
        })
    }

    /// As one of several.
    pub fn choice(&self, options: &[(&str, &str)]) -> Markup {
        self.around(html! {
            select id=(self.name) name=(self.name) class="full" required[self.is_required]
                aria-invalid=[self.error.map(|_| "true")] aria-describedby=[self.described()] {
                @for (value, called) in options {
                    option value=(value) selected[*value == self.value] { (called) }
                }
            }
        })
    }

    fn described(&self) -> Option<String> {
        self.error.map(|_| format!("{}-error", self.name))
    }

    fn around(&self, control: Markup) -> Markup {
        html! {
            div class=(if self.error.is_some() { "field isbad" } else { "field" }) {
                label for=(self.name) {
                    (self.label)
                    @if let Some(hint) = self.hint { " " span.hint { (hint) } }
                }
                @if let Some(error) = self.error {
                    span.err id={ (self.name) "-error" } { (error) }
                }
                (control)
            }
        }
    }
}

/// What is wrong with a form, at its top, each leading to its field: name and words.
pub fn summary(wrong: &[(&str, String)], lang: Language) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div.note.bad #summary role="alert" tabindex="-1" {
                h2 { (lang.pick("Falta corregir", "To be mended")) }
                ul { @for (field, said) in wrong { li { a href={ "#" (field) } { (said) } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_stays_text() {
        let typed = "</textarea><script>alert(1)</script>\n\u{202e}أ";
        let field = Field { value: typed, error: Some("<b>"), ..Field::new("note", "Nota") };
        for markup in [field.area(3), field.line("text")] {
            let html = markup.into_string();
            assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
            assert!(html.contains("aria-describedby=\"note-error\""), "{html}");
        }
    }
}
