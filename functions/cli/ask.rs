//! Questions on the terminal.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::bail;
use lazo::shell::wording::Language;

/// Whether somebody sits there who can answer. Questions go to standard error, so
/// that what a command prints stays its answer.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The answer to a question, without blanks around it.
///
/// # Errors
/// Where nobody answers any more.
pub fn line(question: &str) -> anyhow::Result<String> {
    line_from(&mut std::io::stdin().lock(), &mut std::io::stderr(), question)
}

/// The same, of whoever answers there.
pub fn line_from(
    answers: &mut dyn BufRead,
    questions: &mut dyn Write,
    question: &str,
) -> anyhow::Result<String> {
    write!(questions, "{question} ")?;
    questions.flush()?;
    let mut answer = String::new();
    if answers.read_line(&mut answer)? == 0 {
        bail!("no answer");
    }
    Ok(answer.trim().to_owned())
}

/// Whether somebody says yes; nothing said is no.
///
/// # Errors
/// Where nobody answers any more.
pub fn yes_or_no(question: &str, lang: Language) -> anyhow::Result<bool> {
    let answer = line(&format!("{question} {}", lang.pick("[s/N]", "[y/N]")))?;
    Ok(means_yes(&answer))
}

fn means_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "s" | "si" | "sí")
}

#[cfg(test)]
mod tests {
    use super::means_yes;

    #[test]
    fn yes_is_yes_in_either_language_and_the_rest_is_no() {
        assert!(["y", "Yes", "s", "Sí", " si "].iter().all(|answer| means_yes(answer)));
        assert!(["", "n", "no", "sin", "maybe"].iter().all(|answer| !means_yes(answer)));
    }
}
