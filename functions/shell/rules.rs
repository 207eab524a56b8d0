//! Where rules, policy and templates come from: embedded when the program is
//! built, or a folder that the environment or the command line names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};
use lazo_domain::message::Templates;
use lazo_domain::rulebook::{Bundle, Diagnostic, RuleBook, is_read};
use lazo_domain::source::{Sources, read_sources};

use crate::shell::store::{LiveVersion, Store, StoreError};

/// What `functions/build.rs` wrote down: each file's name and its JSON.
static COMPILED: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));

static RULES: Dir = include_dir!("$CARGO_MANIFEST_DIR/infra/rules");
static TEMPLATES: Dir = include_dir!("$CARGO_MANIFEST_DIR/infra/templates");
static SOURCES: Dir = include_dir!("$CARGO_MANIFEST_DIR/events/sources");

/// The environment's name for a folder that stands in for the embedded rules;
/// its templates lie beside it, in `../templates`.
pub const RULES_VAR: &str = "LAZO_RULES";

/// The largest file read from a rules or templates folder.
pub const FILE_BYTES_MAX: u64 = 512 * 1024;

/// A file's path below its folder, and its text.
pub type Files = Vec<(String, String)>;

/// Why the rules cannot be worked by.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {why}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the file system says of it.
        why: std::io::Error,
    },
    /// A file is larger than what is taken.
    #[error("{path} has {bytes} bytes, at most {FILE_BYTES_MAX} are taken")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The files can be read, and these errors are in them.
    #[error("the rules have errors:\n{}", lines(.0))]
    Wrong(Vec<Diagnostic>),
    /// The table does not tell which version is live, or what it says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|d| format!("  {d}")).collect::<Vec<_>>().join("\n")
}

/// What a handler decides and writes by.
pub struct Rules {
    /// The rules and the policy.
    pub book: RuleBook,
    /// The templates of mails and of call scripts.
    pub templates: Templates,
    sources: Arc<Mappings>,
}

/// How other systems' events become the shop's: read when the first of them comes.
struct Mappings {
    files: Files,
    read: OnceLock<Sources>,
}

impl Mappings {
    fn of(files: Files) -> Arc<Mappings> {
        Arc::new(Mappings { files, read: OnceLock::new() })
    }
}

impl Rules {
    /// The rules of the folder that the environment names, or the embedded ones.
    ///
    /// # Errors
    /// [`RulesError`] where a file cannot be read or is wrong.
    pub fn load() -> Result<Rules, RulesError> {
        Rules::from(folder_of_environment().as_deref())
    }

    /// The rules of a folder, or the embedded ones.
    ///
    /// # Errors
    /// [`RulesError`] where a file cannot be read or is wrong.
    pub fn from(folder: Option<&Path>) -> Result<Rules, RulesError> {
        if folder.is_some() {
            let rules = Rules::read(&rule_files(folder)?, &template_files(folder)?)?;
            return Ok(Rules { sources: Mappings::of(source_files(folder)?), ..rules });
        }
        let book = shipped().map_err(RulesError::Wrong)?;
        let templates = Templates::read(&template_files(folder)?);
        Ok(Rules { book, templates, sources: Mappings::of(source_files(folder)?) })
    }

    /// The rules in files that were read.
    ///
    /// # Errors
    /// [`RulesError::Wrong`] where something in them is wrong.
    pub fn read(rules: &Files, templates: &Files) -> Result<Rules, RulesError> {
        let book = RuleBook::read(rules).map_err(RulesError::Wrong)?;
        Ok(Rules::new(book, Templates::read(templates)))
    }

    /// Rules of their parts, with the shipped mappings.
    pub fn new(book: RuleBook, templates: Templates) -> Rules {
        Rules { book, templates, sources: Mappings::of(mappings(embedded(&SOURCES))) }
    }

    /// The same with another book.
    #[must_use]
    pub fn with_book(&self, book: RuleBook) -> Rules {
        Rules { book, templates: self.templates.clone(), sources: self.sources.clone() }
    }

    /// How other systems' events become the shop's. One with an error is left out: it
    /// did not pass the check, and its events are kept until it is mended.
    pub fn sources(&self) -> &Sources {
        self.sources.read.get_or_init(|| {
            let (sources, found) = read_sources(&self.sources.files);
            for error in found.iter().filter(|one| one.is_error()) {
                tracing::error!(bad_sources = 1, "{error}");
            }
            sources
        })
    }
}

impl Rules {
    /// The version of the rules that is live.
    ///
    /// # Errors
    /// [`RulesError`] where the table does not answer, or this program does not
    /// understand what a newer one published.
    pub async fn of_version(store: &Store, live: &LiveVersion) -> Result<Rules, RulesError> {
        let (rules, templates, sources) = store.compiled_bundle(&live.digest).await?;
        let book = RuleBook::read_compiled(&rules).map_err(RulesError::Wrong)?;
        let book = book.of_version(live.number);
        let sources = sources.unwrap_or_else(|| mappings(embedded(&SOURCES)));
        let (templates, sources) = (Templates::read(&templates), Mappings::of(sources));
        Ok(Rules { book, templates, sources })
    }
}

/// The folder that the environment names, where it does.
pub fn folder_of_environment() -> Option<PathBuf> {
    std::env::var_os(RULES_VAR).map(PathBuf::from)
}

/// The bundle of a rules folder, or the embedded one.
///
/// # Errors
/// [`RulesError`] where a file cannot be read.
pub fn bundle(folder: Option<&Path>) -> Result<Bundle, RulesError> {
    let bundle = Bundle::new(rule_files(folder)?, template_files(folder)?);
    Ok(bundle.with_sources(source_files(folder)?))
}

/// The embedded rules as the build wrote them down. What is wrong in them is told of
/// their YAML, with its place.
fn shipped() -> Result<RuleBook, Vec<Diagnostic>> {
    let compiled: BTreeMap<String, String> = serde_json::from_str(COMPILED).unwrap_or_default();
    let files: Files = compiled.into_iter().collect();
    RuleBook::read_compiled(&files).or_else(|_| RuleBook::read(&embedded(&RULES)))
}

/// The files of a rules folder, or the embedded ones: the book tells which it
/// reads. Of YAML in a folder below it the name alone.
///
/// # Errors
/// [`RulesError`] where a file cannot be read.
pub fn rule_files(folder: Option<&Path>) -> Result<Files, RulesError> {
    match folder {
        None => Ok(embedded(&RULES)),
        Some(folder) => read_folder(folder, folder, false),
    }
}

/// The files of the templates folder beside a rules folder, or the embedded ones.
///
/// # Errors
/// [`RulesError`] where a file cannot be read.
pub fn template_files(rules_folder: Option<&Path>) -> Result<Files, RulesError> {
    let Some(rules) = rules_folder else { return Ok(embedded(&TEMPLATES)) };
    let folder = rules.join("../templates");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    read_folder(&folder, &folder, true)
}

/// The mappings of sources that go with a rules folder: those of `../sources`, or in a
/// clone of `../../events/sources`; the embedded ones where there are none.
///
/// # Errors
/// [`RulesError`] where a file cannot be read.
pub fn source_files(rules_folder: Option<&Path>) -> Result<Files, RulesError> {
    let beside = rules_folder
        .into_iter()
        .flat_map(|rules| ["../sources", "../../events/sources"].map(|folder| rules.join(folder)));
    match beside.into_iter().find(|folder| folder.is_dir()) {
        Some(folder) => source_files_of(&folder),
        None => Ok(mappings(embedded(&SOURCES))),
    }
}

/// The mappings of a folder.
///
/// # Errors
/// [`RulesError`] where a file cannot be read.
pub fn source_files_of(folder: &Path) -> Result<Files, RulesError> {
    Ok(mappings(read_folder(folder, folder, false)?))
}

/// Of a folder of sources the mappings, without what explains them.
fn mappings(mut files: Files) -> Files {
    files.retain(|(name, _)| is_read(name));
    files
}

fn embedded(dir: &Dir) -> Files {
    let mut files: Files = Vec::new();
    for entry in dir.entries() {
        match entry {
            include_dir::DirEntry::Dir(dir) => files.extend(embedded(dir)),
            include_dir::DirEntry::File(file) => {
                if let (Some(name), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
                    files.push((name.to_owned(), text.to_owned()));
                }
            }
        }
    }
    files.sort();
    files
}

/// The YAML files of a folder in which none is read, by name; what cannot be
/// looked into is none of ours.
fn yaml_names(root: &Path, folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| ending == "yaml" || ending == "yml")
    });
    paths.map(|path| (name_of(root, &path), String::new())).collect()
}

fn name_of(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn read_folder(root: &Path, folder: &Path, deep: bool) -> Result<Files, RulesError> {
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |why| RulesError::Read { path, why }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong(folder))? {
        let path = entry.map_err(wrong(folder))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        let facts = std::fs::metadata(&path).map_err(wrong(&path))?;
        if facts.is_dir() {
            match deep {
                true => files.extend(read_folder(root, &path, deep)?),
                false => files.extend(yaml_names(root, &path)),
            }
            continue;
        }
        // Of what is no rule the name is enough, whatever is in it.
        if !deep && !is_read(&name_of(root, &path)) {
            files.push((name_of(root, &path), String::new()));
            continue;
        }
        if facts.len() > FILE_BYTES_MAX {
            return Err(RulesError::TooLarge { path, bytes: facts.len() });
        }
        let text = crate::shell::text_file::read(&path).map_err(wrong(&path))?;
        files.push((name_of(root, &path), text));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_rules_are_those_of_the_yaml() {
        let written = RuleBook::read(&embedded(&RULES)).unwrap();
        let compiled: BTreeMap<String, String> = serde_json::from_str(COMPILED).unwrap();
        assert_eq!(compiled.len(), written.rules().len() + 2, "rules, policy and segments");
        let files: Files = compiled.into_iter().collect();
        let book = RuleBook::read_compiled(&files).unwrap();
        assert!(placeless(&book) == placeless(&written));
    }

    /// All that a book holds but where in a file it stood.
    fn placeless(book: &RuleBook) -> String {
        let text = format!("{book:?}");
        let mut parts = text.split("Place { ");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once(" }").unwrap().1)
    }

    #[test]
    fn compiled_rules_with_a_fault_are_no_book() {
        let compiled: BTreeMap<String, String> = serde_json::from_str(COMPILED).unwrap();
        for (name, text) in &compiled {
            let (mut others, broken) = (compiled.clone(), text.replacen('{', "{\"chanel\":1,", 1));
            others.insert(name.clone(), broken);
            let files: Files = others.into_iter().collect();
            assert!(RuleBook::read_compiled(&files).is_err(), "{name}");
        }
        assert!(RuleBook::read_compiled(&[]).is_err());
    }
}
