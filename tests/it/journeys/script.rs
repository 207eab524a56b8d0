//! A journey as it is written down: remarks, and commands with what they printed.

use std::fmt;

pub struct Script {
    pub parts: Vec<Part>,
}

pub enum Part {
    /// Lines that begin with `#`.
    Remark(String),
    /// `# at INSTANT`: when the next command is typed.
    Clock(String),
    Command {
        /// All its lines, as they are typed behind `$ `.
        typed: String,
        output: String,
        /// Its exit code: `# ends with 1` behind it where it is not 0.
        ends_with: i32,
    },
}

impl Script {
    pub fn read(text: &str) -> Script {
        let mut parts = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix("$ ") else {
                match line.strip_prefix("# at ") {
                    Some(at) => parts.push(Part::Clock(at.to_owned())),
                    None if line.starts_with('#') => parts.push(Part::Remark(line.to_owned())),
                    None => assert!(line.is_empty(), "neither a remark nor a command: {line}"),
                }
                continue;
            };
            let mut typed = first.to_owned();
            let is_open = |typed: &str| {
                let heredoc = typed.contains("<<'END'") && !typed.ends_with("\nEND");
                heredoc || typed.ends_with('\\')
            };
            while is_open(&typed) {
                typed += "\n";
                typed += lines.next().unwrap();
            }
            let mut output = String::new();
            let begins = |line: &str| line.starts_with("$ ") || line.starts_with('#');
            while let Some(line) = lines.next_if(|line| !begins(line)) {
                output += line;
                output += "\n";
            }
            let ends_with =
                typed.rsplit_once("  # ends with ").map_or(0, |(_, code)| code.parse().unwrap());
            parts.push(Part::Command { typed, output: output.trim_end().to_owned(), ends_with });
        }
        Script { parts }
    }

    /// What is typed, and what comes of it.
    pub fn commands(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Command { typed, output, .. } => Some((bare(typed), output.as_str())),
            _ => None,
        })
    }
}

/// A command without what is said of its end.
fn bare(typed: &str) -> &str {
    typed.split("  # ends with ").next().unwrap_or_default()
}

/// A command without its texts in quotes and documents, which each language has its own of.
pub fn without_texts(typed: &str) -> String {
    let first = typed.split("<<'END'").next().unwrap_or_default();
    let quotes =
        |text: &str, quote: char| text.split(quote).step_by(2).collect::<Vec<_>>().join("…");
    quotes(&quotes(first, '\''), '"')
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_after_remark = true;
        for part in &self.parts {
            let is_remark = !matches!(part, Part::Command { .. });
            let is_first = std::ptr::eq(part, &self.parts[0]);
            if !(is_first || is_remark && is_after_remark) {
                writeln!(f)?;
            }
            is_after_remark = is_remark;
            match part {
                Part::Remark(line) => writeln!(f, "{line}")?,
                Part::Clock(at) => writeln!(f, "# at {at}")?,
                Part::Command { typed, output, .. } => {
                    writeln!(f, "$ {typed}")?;
                    let hides = output.lines().find(|l| l.starts_with("$ ") || l.starts_with('#'));
                    assert!(hides.is_none(), "this output reads as a command: {hides:?}");
                    if !output.is_empty() {
                        writeln!(f, "{output}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
