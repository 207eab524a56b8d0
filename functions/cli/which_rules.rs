//! Which rules a command works by: one answer for every command, and said by each.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazo::shell::rules::{Rules, bundle};
use lazo::shell::store::Store;
use lazo::shell::versions;
use lazo::shell::wording::Language;
use lazo_domain::rulebook::VersionNumber;

use super::lang;
use super::system::{Endpoints, Target};

/// Where a command says which rules it works by.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// As the first line of what it prints.
    Output,
    /// On standard error: what it prints is taken by programs, or is no answer of rules.
    Aside,
}

impl Told {
    /// Says a line there.
    pub fn say(self, line: &str) {
        match self {
            Told::Output => println!("{line}"),
            Told::Aside => eprintln!("{line}"),
        }
    }
}

/// Where a command's rules come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WhichRules {
    /// The folder that `--rules` or LAZO_RULES names.
    Named(PathBuf),
    /// Those of the `lazo` that runs on the data folder.
    Running(Option<PathBuf>),
    /// Those of the folder in which one stands.
    Here(PathBuf),
    /// The version that is live in the table that the command works on.
    Live(VersionNumber),
    /// Those that the program carries.
    #[default]
    BuiltIn,
}

impl WhichRules {
    /// `data` is the folder of a local system that the command works on, where it
    /// works on one.
    pub fn of(named: Option<&Path>, data: Option<&Path>) -> WhichRules {
        if let Some(folder) = named {
            return WhichRules::Named(folder.to_owned());
        }
        if let Some(running) = data.and_then(running) {
            return WhichRules::Running(running.rules);
        }
        match rules_of(Path::new("")) {
            Some(folder) => WhichRules::Here(folder),
            None => WhichRules::BuiltIn,
        }
    }

    /// The folder that they stand in; `None` for those that the program carries.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            WhichRules::Named(folder) | WhichRules::Here(folder) => Some(folder),
            WhichRules::Running(folder) => folder.as_deref(),
            WhichRules::Live(_) | WhichRules::BuiltIn => None,
        }
    }

    /// The line that tells it.
    pub fn told(&self, lang: Language) -> String {
        let built_in = lang.pick("las del programa", "those built into the program");
        let (which, why) = match self {
            WhichRules::Named(folder) => (folder.display().to_string(), "--rules"),
            WhichRules::Here(folder) => (
                folder.display().to_string(),
                lang.pick("la carpeta en la que estás", "the folder that you are in"),
            ),
            WhichRules::Running(folder) => (
                folder.as_ref().map_or(built_in.into(), |folder| folder.display().to_string()),
                lang.pick("las del lazo en marcha", "those of the running lazo"),
            ),
            WhichRules::Live(number) => (
                format!("{} {number}", lang.pick("versión", "version")),
                lang.pick("la vigente", "the live one"),
            ),
            WhichRules::BuiltIn => (
                built_in.into(),
                lang.pick("aquí no hay infra/rules", "there is no infra/rules here"),
            ),
        };
        format!("{}: {which} ({why})", lang.pick("reglas", "rules"))
    }
}

/// The rules folder of a shop's folder, or of itself: it is one that has a policy.
fn rules_of(folder: &Path) -> Option<PathBuf> {
    let has_policy = |folder: &Path| {
        ["policy.yaml", "policy.yml"].iter().any(|name| folder.join(name).is_file())
    };
    let below = folder.join("infra/rules");
    if has_policy(&below) {
        return Some(below);
    }
    has_policy(&Path::new(".").join(folder)).then(|| Path::new(".").join(folder))
}

/// What a local system tells that runs on a data folder right now.
fn running(data: &Path) -> Option<Endpoints> {
    let lock = File::open(data.join("lock")).ok()?;
    if !matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        return None;
    }
    let text = std::fs::read_to_string(data.join("running.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// The rules of a folder that the command names; otherwise the version that is live, and
/// where none is, those that stand here or in the program.
///
/// # Errors
/// Where the table does not answer, or the rules cannot be read.
pub async fn in_force(store: &Store, target: &Target) -> anyhow::Result<(WhichRules, Rules)> {
    let live = match target.which {
        WhichRules::Named(_) => None,
        _ => store.live_version().await?,
    };
    Ok(match live {
        Some(live) => (WhichRules::Live(live.number), Rules::of_version(store, &live).await?),
        None => (target.which.clone(), Rules::from(target.rules.as_deref())?),
    })
}

/// An empty store starts with the rules of the folder, or those of the program, as its
/// first version.
///
/// # Errors
/// Where the rules have errors or the table does not answer.
pub async fn publish_first(store: &Store, target: &Target) -> anyhow::Result<()> {
    let folder = target.rules.as_deref();
    let note = match folder {
        Some(folder) => folder.display().to_string(),
        None => lang::spoken().pick("las reglas del programa", "the rules of the program").into(),
    };
    let now = crate::clock::now();
    versions::begin(store, &bundle(folder)?, "lazo", &note, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_s_folder_and_a_rules_folder_have_rules() {
        let shop = tempfile::tempdir().unwrap();
        let rules = shop.path().join("infra/rules");
        std::fs::create_dir_all(&rules).unwrap();
        assert_eq!(rules_of(shop.path()), None);
        std::fs::write(rules.join("policy.yaml"), "{}").unwrap();
        assert_eq!(rules_of(shop.path()), Some(rules.clone()));
        assert_eq!(rules_of(&rules), Some(Path::new(".").join(&rules)));
    }

    #[test]
    fn what_is_named_comes_before_what_runs_and_what_stands_here() {
        let data = tempfile::tempdir().unwrap();
        let named = Path::new("elsewhere");
        let of = |named| WhichRules::of(named, Some(data.path()));
        assert_eq!(of(Some(named)), WhichRules::Named(named.into()));
        // The tests run in the checkout, whose rules stand in infra/rules.
        assert_eq!(of(None), WhichRules::Here("infra/rules".into()));
        let rules = Some(PathBuf::from("/shop/rules"));
        let told = Endpoints { rules: rules.clone(), ..Endpoints::default() };
        std::fs::write(data.path().join("running.json"), serde_json::to_string(&told).unwrap())
            .unwrap();
        let lock = File::create(data.path().join("lock")).unwrap();
        // What stopped tells nothing any more.
        assert_eq!(of(None), WhichRules::Here("infra/rules".into()));
        lock.lock().unwrap();
        assert_eq!(of(None), WhichRules::Running(rules));
    }
}
