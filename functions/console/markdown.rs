//! The Markdown of scripts, as far as scripts use it: headings, paragraphs, what to say
//! (quotes), lists, bold. Whatever else stands there is text.

use maud::{Markup, html};

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Block<'a> {
    Heading(&'a str),
    Said(String),
    Text(String),
    /// Lines with how deep they stand.
    List(Vec<(usize, &'a str)>),
}

/// The text as markup; its first heading is left out, as the page has its own.
pub fn script(markdown: &str) -> Markup {
    html! {
        @for block in blocks(markdown) {
            @match block {
                Block::Heading(text) => h3 { (inline(text)) },
                Block::Said(text) => p.say { (inline(&text)) },
                Block::Text(text) => p.s { (inline(&text)) },
                Block::List(lines) => (list(&lines)),
            }
        }
    }
}

fn list(lines: &[(usize, &str)]) -> Markup {
    html! {
        ul.s {
            @for (depth, line) in lines {
                li class=[(*depth > 0).then_some("deep")] { (inline(line)) }
            }
        }
    }
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_new = true;
    for line in markdown.lines() {
        let text = line.trim();
        if text.is_empty() {
            is_new = true;
            continue;
        }
        let heading = text.trim_start_matches('#');
        if heading.len() < text.len() && heading.starts_with(' ') {
            if text.starts_with("## ") || text.starts_with("### ") {
                blocks.push(Block::Heading(heading.trim()));
            }
            is_new = true;
            continue;
        }
        let item = text.strip_prefix("- ").or_else(|| text.strip_prefix("* "));
        match (item, text.strip_prefix('>'), blocks.last_mut()) {
            (Some(item), _, Some(Block::List(lines))) if !is_new => lines.push((depth(line), item)),
            (Some(item), _, _) => blocks.push(Block::List(vec![(depth(line), item)])),
            (None, Some(said), Some(Block::Said(before))) if !is_new => {
                before.push(' ');
                before.push_str(said.trim());
            }
            (None, Some(said), _) => blocks.push(Block::Said(said.trim().to_owned())),
            (None, None, Some(Block::Text(before))) if !is_new => {
                before.push(' ');
                before.push_str(text);
            }
            (None, None, _) => blocks.push(Block::Text(text.to_owned())),
        }
        is_new = false;
    }
    blocks
}

fn depth(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count() / 2
}

/// A line with its bold words.
fn inline(text: &str) -> Markup {
    let parts: Vec<&str> = text.split("**").collect();
    // A mark without its other half is text.
    let is_whole = parts.len() % 2 == 1;
    html! {
        @if is_whole {
            @for (at, part) in parts.iter().enumerate() {
                @if at % 2 == 1 { b { (part) } } @else { (part) }
            }
        } @else { (text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_headings_what_to_say_and_lists() {
        let text = "# Call: Ana\n\n## 1. Say\n\n> Hello,\n> it is **me**.\n\nWait.\nThen:\n\n- one\n    - two\n- **4:** good\n";
        let html = script(text).into_string();
        assert_eq!(
            html,
            "<h3>1. Say</h3><p class=\"say\">Hello, it is <b>me</b>.</p><p class=\"s\">Wait. Then:</p>\
             <ul class=\"s\"><li>one</li><li class=\"deep\">two</li><li><b>4:</b> good</li></ul>"
        );
    }

    #[test]
    fn what_a_customer_is_called_stays_text() {
        let html = script("> Hello, <script>alert(1)</script> **x\n\n#no heading\n").into_string();
        assert!(!html.contains("<script>") && html.contains("**x") && html.contains("#no heading"));
    }
}
