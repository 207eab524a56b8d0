//! The plan of relationships: ten questions, each answered by the shop's own figures and
//! policy, with what is not known and what would tell it.

mod customers;
mod shop;

use super::kept::Kept;
use crate::shell::rules::Rules;
use crate::shell::wording::Language;

/// A question of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub asked: &'static str,
    /// What is known, a sentence each.
    pub answers: Vec<String>,
    /// What is not known.
    pub gaps: Vec<Gap>,
}

/// Something that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What.
    pub what: String,
    /// What would tell it.
    pub told_by: String,
}

impl Question {
    fn new(asked: &'static str) -> Question {
        Question { asked, answers: Vec::new(), gaps: Vec::new() }
    }

    fn says(mut self, answer: impl Into<String>) -> Question {
        self.answers.push(answer.into());
        self
    }

    fn says_all(mut self, answers: impl IntoIterator<Item = String>) -> Question {
        self.answers.extend(answers);
        self
    }

    fn lacks(mut self, what: impl Into<String>, told_by: impl Into<String>) -> Question {
        self.gaps.push(Gap { what: what.into(), told_by: told_by.into() });
        self
    }

    /// The same, which lacks something where that is so.
    fn lacks_if(self, is_so: bool, what: &str, told_by: &str) -> Question {
        if is_so { self.lacks(what, told_by) } else { self }
    }
}

/// From what the answers are made.
struct Known<'a> {
    kept: &'a Kept,
    rules: &'a Rules,
    lang: Language,
}

/// The ten questions, answered.
pub fn answered(kept: &Kept, rules: &Rules, lang: Language) -> Vec<Question> {
    let known = Known { kept, rules, lang };
    vec![
        known.who(),
        known.wants(),
        known.worth(),
        known.kind(),
        known.trade(),
        known.together(),
        known.organisation(),
        known.processes(),
        known.communication(),
        known.tools(),
    ]
}

/// What the plan is called.
pub fn title(lang: Language) -> &'static str {
    lang.pick("El plan de relaciones", "The plan of relationships")
}

/// Names, one after the other, the last behind "and".
fn listed(names: &[String], lang: Language) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => {
            // "y" before the sound of an i would be said twice.
            let begins = last.to_lowercase();
            let is_i = begins.starts_with('i') || begins.starts_with('í');
            let and = if is_i { lang.pick("e", "and") } else { lang.pick("y", "and") };
            format!("{} {and} {last}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_they_are_said() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            (listed(&names, Language::Es), listed(&names, Language::En))
        };
        assert_eq!(of(&[]).0, "");
        assert_eq!(of(&["Ana"]).0, "Ana");
        assert_eq!(of(&["Ana", "Luis", "Inés"]).0, "Ana, Luis e Inés");
        assert_eq!(of(&["Inés", "Ana"]).1, "Inés and Ana");
    }
}
