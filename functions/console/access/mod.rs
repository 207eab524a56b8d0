//! Who may come in, as whom.
//!
//! On this machine a role is chosen at the top, and kept in a cookie. Deployed, somebody
//! signs in at the shop's OpenID provider, and a session stands for that
//! from then on.

mod local;
pub mod provider;
pub mod sign_in;
pub mod token;

pub use local::{choose, is_local_host};

use http::HeaderMap;
use lazo_domain::instant::Instant;

use super::{Console, Place};
use crate::shell::store::StoreError;
use crate::shell::wording::Language;

/// What somebody does in the shop, and so what they may see and do in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Calls customers.
    Rep,
    /// Steers rules, templates and policy.
    Marketing,
    /// Looks after the system.
    Operations,
    /// May do everything.
    Admin,
}

impl Role {
    /// All of them, in the order of the menu.
    pub const ALL: [Role; 4] = [Role::Rep, Role::Marketing, Role::Operations, Role::Admin];

    /// Its name in a claim, a cookie and an audit entry.
    pub fn name(self) -> &'static str {
        match self {
            Role::Rep => "rep",
            Role::Marketing => "marketing",
            Role::Operations => "operations",
            Role::Admin => "admin",
        }
    }

    /// The role of a name.
    pub fn of(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    /// What people call it.
    pub fn called(self, lang: Language) -> &'static str {
        match self {
            Role::Rep => lang.pick("Ventas", "Sales"),
            Role::Marketing => "Marketing",
            Role::Operations => lang.pick("Operación", "Operations"),
            Role::Admin => lang.pick("Administración", "Administration"),
        }
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// Everybody who works in the shop.
    pub const ALL: Roles = Roles::of(&[Role::Rep, Role::Marketing, Role::Operations, Role::Admin]);

    /// These roles.
    pub const fn of(roles: &[Role]) -> Roles {
        let (mut set, mut at) = (0, 0);
        while at < roles.len() {
            set |= 1 << roles[at] as u8;
            at += 1;
        }
        Roles(set)
    }

    /// Whether a role is among them.
    pub fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }
}

/// Somebody who works with the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name under which the policy knows them, calls are theirs, and what they change
    /// is told; whatever the provider says where the policy does not know them.
    pub name: String,
    /// How they are addressed.
    pub called: String,
    /// What they may.
    pub role: Role,
}

impl User {
    /// Their initials, for the round mark at the top.
    pub fn initials(&self) -> String {
        let words = self.called.split_whitespace().filter_map(|word| word.chars().next());
        let letters: Vec<char> = words.collect();
        let shown = match letters[..] {
            [] => Vec::new(),
            [only] => vec![only],
            [first, .., last] => vec![first, last],
        };
        shown.into_iter().flat_map(char::to_uppercase).collect()
    }

    /// How they are addressed by people who know them.
    pub fn first_name(&self) -> &str {
        self.called.split_whitespace().next().unwrap_or(&self.called)
    }
}

/// Whoever asks; `None` where nobody signed in.
///
/// # Errors
/// [`StoreError`] where the session cannot be read.
pub async fn identify(
    console: &Console,
    headers: &HeaderMap,
    now: Instant,
) -> Result<Option<User>, StoreError> {
    match &console.place {
        Place::Local { .. } => Ok(Some(local::user(console, headers))),
        Place::Deployed { .. } => sign_in::user(console, headers, now).await,
    }
}

/// The value of a cookie, as it was sent.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(http::header::COOKIE).iter();
    let pairs = all.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A cookie that lasts for a year: how somebody likes the console.
pub fn lasting(name: &str, value: &str, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = Roles::of(&[Role::Rep, Role::Admin]);
        assert_eq!(Role::ALL.map(|role| set.has(role)), [true, false, false, true]);
        assert!(Role::ALL.into_iter().all(|role| Roles::ALL.has(role)));
        assert!(Role::ALL.into_iter().all(|role| Role::of(role.name()) == Some(role)));
        assert_eq!(Role::of("root"), None);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "a-lazo-role=x; lazo-role=rep".parse().unwrap());
        headers.append("cookie", "lazo-lang=en".parse().unwrap());
        assert_eq!(cookie(&headers, "lazo-role"), Some("rep"));
        assert_eq!(cookie(&headers, "lazo-lang"), Some("en"));
        assert_eq!(cookie(&headers, "lazo"), None);
    }

    #[test]
    fn initials_are_those_of_the_first_and_last_name() {
        let called = |name: &str| User { name: name.into(), called: name.into(), role: Role::Rep };
        assert_eq!(called("Lucía Ortega Ruiz").initials(), "LR");
        assert_eq!(called("ángela").initials(), "Á");
        assert_eq!(called("").initials(), "");
        assert_eq!(called("Lucía Ortega").first_name(), "Lucía");
    }
}
