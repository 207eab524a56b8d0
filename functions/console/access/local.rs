//! On this machine: whoever sits here chooses a role and whose work it is.

use http::HeaderMap;
use http::header::HOST;
use lazo_domain::policy::Policy;

use super::{Role, User, cookie, lasting};
use crate::console::Console;
use crate::console::ask::{Ask, segment, unsegmented};
use crate::console::look;
use crate::console::reply::{Answer, Goto, Reply, Trouble};

const ROLE: &str = "lazo-role";
const WHO: &str = "lazo-who";

/// Whoever the cookies say: an admin at first, who is the first of those who call.
pub fn user(console: &Console, headers: &HeaderMap) -> User {
    let rules = console.app.rules();
    let policy = &rules.book.policy;
    let role = cookie(headers, ROLE).and_then(Role::of).unwrap_or(Role::Admin);
    let chosen = cookie(headers, WHO).map(unsegmented);
    let chosen = chosen.filter(|name| policy.people.contains_key(name.as_str()));
    let name = chosen.unwrap_or_else(|| usual(policy));
    User { called: policy.called(&name).to_owned(), name, role }
}

/// The first of the call team, or of the people, or the team itself.
fn usual(policy: &Policy) -> String {
    let team = policy.teams.get(&policy.call_team);
    let member = team.and_then(|team| team.members.first()).cloned();
    member
        .or_else(|| policy.people.keys().next().cloned())
        .unwrap_or_else(|| policy.call_team.clone())
}

/// Takes the role and the person that were chosen at the top.
pub async fn choose(ask: Ask) -> Answer {
    let role = ask.form.get("role").and_then(Role::of).unwrap_or(ask.user.role);
    let rules = ask.rules();
    let who = ask.form.get("who").filter(|name| rules.book.policy.people.contains_key(*name));
    let who = who.unwrap_or(&ask.user.name);
    if !ask.console.is_local() {
        return Err(Trouble::NotFound);
    }
    let cookies = vec![lasting(ROLE, role.name(), false), lasting(WHO, &segment(who), false)];
    Ok(Reply::Goto(Goto { to: look::back(&ask), cookies }))
}

/// Whether a request names this machine: a page of elsewhere whose name was pointed here
/// (DNS rebinding) does not.
pub fn is_local_host(headers: &HeaderMap, port: u16) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (name, of_host) = host.rsplit_once(':').unwrap_or((host, "80"));
    let is_name = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    is_name && of_host.parse() == Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_names_are_ours() {
        let told = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            is_local_host(&headers, 8080)
        };
        for good in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
            assert!(told(good), "{good}");
        }
        for bad in ["evil.example:8080", "127.0.0.1", "127.0.0.1:80", "localhost.evil:8080", ""] {
            assert!(!told(bad), "{bad}");
        }
        assert!(!is_local_host(&HeaderMap::new(), 8080));
    }
}
