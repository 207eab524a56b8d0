//! Which store a command works on: whether there is one, and what it is called.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lazo::shell::wording::Language;

use super::lang::spoken;

/// The file of a folder that is its store.
pub const FILE: &str = "table.sqlite";

/// What a program leaves in a folder that was stopped before its store was made.
const BEFORE_THE_STORE: [&str; 4] = ["lock", "outbox", "link-keys", "running.json"];

/// Where a system's data are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a folder of this machine; whether a running `lazo` has it.
    Folder { path: PathBuf, is_running: bool },
    /// In a table of an account.
    Table { name: String, region: Option<String> },
    /// Nowhere that is known: only a bus was named.
    Bus { name: String, region: Option<String> },
}

impl Place {
    /// What it is called, for a line that says which one is used.
    pub fn name(&self, lang: Language) -> String {
        let named = |what: &str, name: &str, region: &Option<String>| {
            let region = region.as_deref().map(|region| format!(", {region}")).unwrap_or_default();
            format!("{what} {name:?}{region}")
        };
        match self {
            Place::Folder { path, is_running } => {
                let running = match is_running {
                    true => lang.pick(" (el de lazo en marcha)", " (of the lazo that is running)"),
                    false => "",
                };
                format!("{} {}{running}", lang.pick("almacén", "store"), path.display())
            }
            Place::Table { name, region } => named(lang.pick("tabla", "table"), name, region),
            Place::Bus { name, region } => named("bus", name, region),
        }
    }
}

/// A path from the root on, whether or not there is something.
pub fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.components().collect()
}

/// Whether a folder has a store.
pub fn has_store(data: &Path) -> bool {
    data.join(FILE).exists()
}

/// Looks whether a folder has a store, or may get a new one: a command that was sent
/// to the wrong folder must not leave a store there.
///
/// # Errors
/// Where there is none and none is asked for, or one is and there is no room for it.
pub fn expect_store(data: &Path, new: bool) -> anyhow::Result<()> {
    let folder = absolute(data);
    let folder = folder.display();
    let lang = spoken();
    match (has_store(data), new) {
        (true, false) => Ok(()),
        (true, true) => match lang {
            Language::Es => bail!("{folder} ya tiene un almacén; quita --new para usarlo"),
            Language::En => bail!("{folder} holds a store already; leave --new out to use it"),
        },
        (false, false) => match lang {
            Language::Es => bail!(
                "no hay ningún almacén en {folder}: arranca lazo ahí, indica otra carpeta con --data DIR, o crea uno vacío con --data DIR --new"
            ),
            Language::En => bail!(
                "there is no store in {folder}: start lazo there, name another folder with --data DIR, or make an empty one with --data DIR --new"
            ),
        },
        (false, true) => match is_empty(data)? {
            true => Ok(()),
            false => match lang {
                Language::Es => {
                    bail!("{folder} no está vacía; para un almacén nuevo indica una carpeta vacía")
                }
                Language::En => {
                    bail!("{folder} is not empty; a new store wants an empty folder of its own")
                }
            },
        },
    }
}

fn is_empty(data: &Path) -> anyhow::Result<bool> {
    let entries = match std::fs::read_dir(data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        entries => entries.with_context(|| format!("cannot read {}", data.display()))?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if !BEFORE_THE_STORE.iter().any(|known| name == *known) {
            return Ok(false);
        }
    }
    Ok(true)
}
