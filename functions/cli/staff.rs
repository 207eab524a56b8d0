//! Names of the shop's people on the command line: one that nobody has is refused.

use anyhow::bail;
use lazo::shell::app::App;
use lazo::shell::call_list::staff;
use lazo::shell::wording::Language;
use lazo_domain::policy::Policy;

/// Refuses a name that no person and no team of the policy has.
///
/// # Errors
/// That there is no such name, with the nearest.
pub fn is_somebody(policy: &Policy, name: &str, lang: Language) -> anyhow::Result<()> {
    match staff::somebody(policy, name) {
        Ok(()) => Ok(()),
        Err(unknown) => bail!("{}", lang.nobody(name, &unknown)),
    }
}

/// Refuses a name under which no work is listed.
///
/// # Errors
/// That there is no such name, with the nearest; or that the table does not answer.
pub async fn has_list(app: &App, name: &str, lang: Language) -> anyhow::Result<()> {
    match staff::lists(app, name).await? {
        Ok(()) => Ok(()),
        Err(unknown) => bail!("{}", lang.nobody(name, &unknown)),
    }
}
