mod check;
mod check_mail;
mod looks;
mod mail;
mod preview;
mod values;

use std::path::Path;

use super::*;
use crate::rulebook::RuleBook;

/// The files of a folder of `infra`, as the shell hands them over.
fn folder(name: &str) -> Vec<(String, String)> {
    fn walk(root: &Path, at: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(root, &path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra").join(name);
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found
}

fn shipped() -> Templates {
    Templates::read(&folder("templates"))
}

fn shipped_rules() -> RuleBook {
    let mut files = folder("rules");
    files.retain(|(name, _)| name.ends_with(".yaml"));
    RuleBook::read(&files).unwrap()
}

fn owned(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect()
}
