//! Who works in the shop, as far as mail to them goes.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

use schemars::JsonSchema;
use serde::Deserialize;

use super::Policy;
use crate::bilingual::{Bilingual, said};
use crate::event::{Email, Line, Locale};

/// Somebody who works in the shop, under the name by which events and rules
/// name them (`account_manager`, `sold_by`, `assign_to`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// How they are addressed; by the name under which they stand where absent.
    pub name: Option<Line>,
    /// Where mail to them goes.
    pub email: Email,
    /// The language of mail to them; the policy's default where absent.
    pub locale: Option<Locale>,
}

/// People who work together, under the name by which rules name them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Team {
    /// How it is addressed; by the name under which it stands where absent.
    pub name: Option<Line>,
    /// A mailbox that the team shares; without one, each member gets the mail.
    pub email: Option<Email>,
    /// The language of mail to it; the policy's default where absent.
    pub locale: Option<Locale>,
    /// People of `people`.
    pub members: Vec<String>,
}

/// Where a mail to somebody in the shop goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailbox<'a> {
    /// The name under which the person or the team stands.
    pub name: &'a str,
    /// How they are addressed.
    pub called: &'a str,
    pub email: &'a str,
    pub locale: &'a str,
}

/// A name in the policy that leads to no mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadStaff {
    /// A team names somebody who is not among people.
    Member { team: String, name: String, hint: Bilingual },
    /// A team with neither an email nor members.
    Nobody(String),
    /// A person and a team have the same name.
    Twice(String),
    /// Complaints go up to somebody who is not there.
    EscalateTo { name: String, hint: Bilingual },
}

impl BadStaff {
    /// What is wrong, for whoever writes the policy.
    pub fn told(&self) -> Bilingual {
        match self {
            BadStaff::Member { team, name, hint } => said!(
                "el equipo {team:?} nombra a {name:?}, que no está en people",
                "team {team:?} names {name:?}, who is not among people"
            )
            .then(hint),
            BadStaff::Nobody(team) => said!(
                "el equipo {team:?} no tiene email ni members, así que ningún correo le llega",
                "team {team:?} has neither an email nor members, so no mail reaches it"
            ),
            BadStaff::Twice(name) => said!(
                "{name:?} es el nombre de una persona y de un equipo; dale a cada uno el suyo",
                "{name:?} is the name of a person and of a team; give each a name of its own"
            ),
            BadStaff::EscalateTo { name, hint } => said!(
                "las quejas suben a {name:?}, que no está en people ni en teams",
                "complaints escalate to {name:?}, who is neither among people nor teams"
            )
            .then(hint),
        }
    }
}

impl Policy {
    /// The mailboxes of a person or a team; none where the policy names no mail
    /// of theirs.
    ///
    /// # Examples
    /// ```
    /// use lazo_domain::rulebook::RuleBook;
    /// let policy = "
    /// people: { luis: { email: luis@example.com, locale: es }, eva: { email: eva@example.com } }
    /// teams: { care: { members: [luis, eva] } }
    /// ";
    /// let book = RuleBook::read(&[("policy.yaml".into(), policy.into())]).unwrap();
    /// let emails: Vec<_> = book.policy.mailboxes("care").iter().map(|to| to.email).collect();
    /// assert_eq!(emails, ["luis@example.com", "eva@example.com"]);
    /// assert!(book.policy.mailboxes("nobody").is_empty());
    /// ```
    pub fn mailboxes(&self, name: &str) -> Vec<Mailbox<'_>> {
        if let Some((name, person)) = self.people.get_key_value(name) {
            return vec![self.of_person(name, person)];
        }
        let Some((name, team)) = self.teams.get_key_value(name) else { return Vec::new() };
        if let Some(email) = &team.email {
            return vec![self.mailbox(name, team.name.as_ref(), email, team.locale.as_ref())];
        }
        let members = team.members.iter().filter_map(|name| self.people.get_key_value(name));
        members.map(|(name, person)| self.of_person(name, person)).collect()
    }

    fn of_person<'a>(&'a self, name: &'a str, person: &'a Person) -> Mailbox<'a> {
        self.mailbox(name, person.name.as_ref(), &person.email, person.locale.as_ref())
    }

    fn mailbox<'a>(
        &'a self,
        name: &'a str,
        called: Option<&'a Line>,
        email: &'a Email,
        locale: Option<&'a Locale>,
    ) -> Mailbox<'a> {
        let locale = locale.map_or(self.default_locale.as_str(), |locale| locale.as_str());
        Mailbox { name, called: called.map_or(name, Line::as_str), email: email.as_str(), locale }
    }

    /// What is doubtful where a rule, or the policy itself, gives work to
    /// somebody who gets no mail about it in the morning.
    pub(crate) fn hears_nothing(&self, name: &str) -> Option<Bilingual> {
        use crate::nearest::hint;
        if self.digest_at.is_none() || !self.mailboxes(name).is_empty() {
            return None;
        }
        let known = self.people.keys().chain(self.teams.keys()).map(String::as_str);
        let unheard = said!(
            "{name:?} no está en people ni en teams de la política, así que ningún correo de la mañana avisa de esto",
            "{name:?} is neither among people nor teams in the policy, so no mail in the morning tells of this"
        );
        Some(unheard.then(&hint(name, known)))
    }

    /// The same of those to whom the policy itself gives work.
    pub(crate) fn unheard(&self) -> Vec<(Vec<&str>, Bilingual)> {
        let departments = self.complaints.departments.iter();
        let departments = departments
            .map(|(category, owner)| (vec!["complaints", "departments", category], owner));
        let all = departments.chain([(vec!["call_team"], &self.call_team)]);
        all.filter_map(|(path, name)| Some((path, self.hears_nothing(name)?))).collect()
    }

    /// How mail names a person or a team; as it stands where the policy does not
    /// say.
    pub fn called<'a>(&'a self, name: &'a str) -> &'a str {
        let person = self.people.get(name).map(|person| person.name.as_ref());
        let known = person.or_else(|| self.teams.get(name).map(|team| team.name.as_ref()));
        known.flatten().map_or(name, Line::as_str)
    }

    /// The teams that a person is a member of.
    pub fn teams_of<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a str> {
        let teams = self.teams.iter();
        let of = teams.filter(move |(_, team)| team.members.iter().any(|name| name == person));
        of.map(|(name, _)| name.as_str())
    }

    /// Who is to resolve complaints of a category.
    pub fn department(&self, category: Option<&str>) -> &str {
        let by_category = category.and_then(|name| self.complaints.departments.get(name));
        by_category.map_or(self.call_team.as_str(), String::as_str)
    }

    /// Who is told as a complaint goes up to a level, counted from 1: along the
    /// chain, or its owner where the policy names none. `None` above the last.
    pub fn in_charge<'a>(&'a self, level: u8, owner: &'a str) -> Option<&'a str> {
        let chain = &self.complaints.escalate_to;
        match (chain.is_empty(), level) {
            (_, 0) => None,
            (true, 1) => Some(owner),
            (true, _) => None,
            (false, level) => chain.get(usize::from(level) - 1).map(String::as_str),
        }
    }

    /// Names that lead to no mailbox, each with the keys under which it stands.
    pub(crate) fn bad_staff(&self) -> Vec<(Vec<&str>, BadStaff)> {
        use crate::nearest::hint;
        let people = || self.people.keys().map(String::as_str);
        let mut found = Vec::new();
        for (team, it) in &self.teams {
            let path = vec!["teams", team.as_str()];
            if self.people.contains_key(team) {
                found.push((path.clone(), BadStaff::Twice(team.clone())));
            }
            if it.email.is_none() && it.members.is_empty() {
                found.push((path.clone(), BadStaff::Nobody(team.clone())));
            }
            for name in it.members.iter().filter(|name| !self.people.contains_key(*name)) {
                let (team, hint) = (team.clone(), hint(name, people()));
                let wrong = BadStaff::Member { team, name: name.clone(), hint };
                found.push((vec!["teams", path[1], "members"], wrong));
            }
        }
        let known = |name: &str| self.people.contains_key(name) || self.teams.contains_key(name);
        for name in self.complaints.escalate_to.iter().filter(|name| !known(name)) {
            let hint = hint(name, people().chain(self.teams.keys().map(String::as_str)));
            let wrong = BadStaff::EscalateTo { name: name.clone(), hint };
            found.push((vec!["complaints", "escalate_to"], wrong));
        }
        found
    }
}
