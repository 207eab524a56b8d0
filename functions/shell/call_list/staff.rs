//! Whom the shop's people call by which name: those of the policy.

use lazo_domain::nearest::nearest;
use lazo_domain::policy::Policy;

use crate::shell::app::App;
use crate::shell::store::StoreError;

/// A name that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The name that comes nearest.
    pub nearest: Option<String>,
    /// All names that somebody has, in their order.
    pub known: Vec<String>,
}

/// The people and teams of the policy.
pub fn names(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.people.keys().chain(policy.teams.keys()).map(String::as_str)
}

/// Whether somebody of the policy has a name; any name where the policy names
/// nobody.
///
/// # Errors
/// [`Unknown`] with the nearest name.
pub fn somebody(policy: &Policy, name: &str) -> Result<(), Unknown> {
    let known: Vec<&str> = names(policy).collect();
    if known.is_empty() && !name.trim().is_empty() {
        return Ok(());
    }
    among(name, known)
}

/// Whether anybody has such a list: somebody of the policy, or somebody who ever had
/// a call, such as an account manager whom the shop's events name.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn lists(app: &App, name: &str) -> Result<Result<(), Unknown>, StoreError> {
    let rules = app.rules();
    let policy = &rules.book.policy;
    let mut known: Vec<String> = names(policy).map(str::to_owned).collect();
    known.push(policy.call_team.clone());
    known.extend(policy.complaints.departments.values().cloned());
    if known.iter().any(|one| one == name) {
        return Ok(Ok(()));
    }
    known.extend(app.store.assignees().await?);
    Ok(among(name, known.iter().map(String::as_str)))
}

fn among<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Result<(), Unknown> {
    let mut known: Vec<&str> = known.into_iter().collect();
    if known.contains(&name) {
        return Ok(());
    }
    known.sort_unstable();
    known.dedup();
    let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
    // As people are called: the beginning of a longer name.
    let begins = || {
        let mut begin = known.iter().filter(|one| !name.is_empty() && one.starts_with(name));
        begin.next().filter(|_| begin.next().is_none()).map(|one| (*one).to_owned())
    };
    let nearest = nearest.or_else(begins);
    Err(Unknown { nearest, known: known.into_iter().map(str::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use lazo_domain::rulebook::RuleBook;

    use super::*;

    fn policy(text: &str) -> Policy {
        RuleBook::read(&[("policy.yaml".into(), text.into())]).unwrap().policy
    }

    #[test]
    fn a_name_is_somebodys_or_the_nearest_is_told() {
        let policy = policy(
            "people: { grace.hall: { email: g@example.com }, luis: { email: l@example.com } }\n\
             teams: { care: { members: [luis] } }",
        );
        assert!(["grace.hall", "luis", "care"].iter().all(|name| somebody(&policy, name).is_ok()));
        let nearest = |name| somebody(&policy, name).unwrap_err().nearest;
        assert_eq!(nearest("grace.hal").as_deref(), Some("grace.hall"));
        assert_eq!(nearest("grace").as_deref(), Some("grace.hall"));
        assert_eq!(nearest("nadie"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(somebody(&policy, "nadie").unwrap_err().known, ["care", "grace.hall", "luis"]);
    }

    #[test]
    fn where_the_policy_names_nobody_any_name_goes() {
        let policy = policy("default_locale: es");
        assert!(somebody(&policy, "eva").is_ok());
        assert!(somebody(&policy, " ").is_err());
    }
}
