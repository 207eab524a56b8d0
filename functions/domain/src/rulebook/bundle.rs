//! A bundle: rules, policy and templates as they are written, addressed by what they
//! say.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::files::{is_file, stem};
use super::{POLICY_FILE, SEGMENTS_FILE, is_read, segments};
use crate::digest::hex;

/// Rules and templates together, each file by its path and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// The files of the rules folder: rules, policy and segments.
    pub rules: Vec<(String, String)>,
    /// The files of the templates folder.
    pub templates: Vec<(String, String)>,
    /// The mappings of other systems' events; none of a version before there were any.
    pub sources: Vec<(String, String)>,
}

impl Bundle {
    /// A bundle of these files: those that are read, in the order of their paths and
    /// with line ends of one kind, so that a bundle is the same on every system.
    pub fn new(rules: Vec<(String, String)>, templates: Vec<(String, String)>) -> Bundle {
        let plain = |files: Vec<(String, String)>| {
            let mut files: Vec<(String, String)> =
                files.into_iter().map(|(path, text)| (path, text.replace("\r\n", "\n"))).collect();
            files.sort();
            files
        };
        let rules = rules.into_iter().filter(|(path, _)| is_read(path)).collect();
        // What explains the folder says nothing to customers.
        let is_said = |path: &str| path.contains('/') || !path.ends_with(".md");
        let templates = templates.into_iter().filter(|(path, _)| is_said(path)).collect();
        Bundle { rules: plain(rules), templates: plain(templates), sources: Vec::new() }
    }

    /// The same with these mappings.
    #[must_use]
    pub fn with_sources(self, sources: Vec<(String, String)>) -> Bundle {
        let read = sources.into_iter().filter(|(path, _)| is_read(path));
        let mut sources: Vec<(String, String)> =
            read.map(|(path, text)| (path, text.replace("\r\n", "\n"))).collect();
        sources.sort();
        Bundle { sources, ..self }
    }

    /// The SHA-256 of all paths and texts, in hexadecimal: the same for the same
    /// content, whoever wrote it where.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let folders =
            [("rules", &self.rules), ("templates", &self.templates), ("sources", &self.sources)];
        for (folder, files) in folders {
            for (path, text) in files {
                // Lengths first, so that no two bundles read alike.
                hash.update(format!("{folder}/{path}\0{}\0", text.len()));
                hash.update(text);
            }
        }
        hex(&hash.finalize())
    }

    /// The files of the rules folder as JSON, which is read in a tenth of the time that
    /// YAML takes; `None` where one is no YAML.
    pub fn compiled_rules(&self) -> Option<Vec<(String, String)>> {
        let rules = self.rules.iter();
        rules.map(|(path, text)| Some((path.clone(), document(text)?.to_string()))).collect()
    }

    /// How much all its texts hold, in bytes.
    pub fn bytes(&self) -> usize {
        self.rules
            .iter()
            .chain(&self.templates)
            .chain(&self.sources)
            .map(|(path, text)| path.len() + text.len())
            .sum()
    }

    /// Each rule as it is written, by its name; what is no YAML is left out.
    pub fn written_rules(&self) -> BTreeMap<String, Value> {
        let is_rule = |path: &str| !is_file(path, POLICY_FILE) && !is_file(path, SEGMENTS_FILE);
        let rules = self.rules.iter().filter(|(path, _)| is_rule(path));
        let read = rules.filter_map(|(path, text)| {
            let value = document(text)?;
            let name = value.get("rule").and_then(Value::as_str).or_else(|| stem(path))?;
            Some((name.to_owned(), value.clone()))
        });
        read.collect()
    }

    /// The policy as it is written; nothing where there is none.
    pub fn written_policy(&self) -> Value {
        self.written(POLICY_FILE).unwrap_or(Value::Null)
    }

    /// Each segment as it is written, by its name; none where there is no file of them.
    pub fn written_segments(&self) -> BTreeMap<String, Value> {
        let written = self.written(SEGMENTS_FILE);
        let fields = written.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
        fields.into_iter().collect()
    }

    fn written(&self, file: &str) -> Option<Value> {
        let (_, text) = self.rules.iter().find(|(path, _)| is_file(path, file))?;
        document(text)
    }
}

fn document(text: &str) -> Option<Value> {
    if segments::is_blank(text) {
        return Some(Value::Null);
    }
    serde_saphyr::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(rules: &[(&str, &str)]) -> Bundle {
        let own = |files: &[(&str, &str)]| -> Vec<(String, String)> {
            files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect()
        };
        Bundle::new(own(rules), own(&[("mail/es/subject.txt", "Hola")]))
    }

    #[test]
    fn segments_are_part_of_a_bundle_and_no_rule() {
        let of = |segments: &str| {
            bundle(&[("policy.yaml", "{}"), ("a.yaml", "rule: a\n"), ("Segments.yml", segments)])
        };
        let (one, other) = (of("loyal: { if: 'true' }"), of("loyal: { if: 'false' }"));
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.written_rules().keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(one.written_segments()["loyal"]["if"], "true");
        // A file that says nothing is no fault, however it is written down.
        for nothing in ["", "# none yet\n", "---\n"] {
            let bundle = of(nothing);
            assert!(bundle.written_segments().is_empty());
            let compiled = bundle.compiled_rules().unwrap();
            assert!(compiled.contains(&("Segments.yml".to_owned(), "null".to_owned())));
        }
    }

    #[test]
    fn a_bundle_is_known_by_its_content() {
        let one = bundle(&[("policy.yaml", "brand: {}\n"), ("a.yaml", "rule: a\npriority: 1\n")]);
        let same = bundle(&[
            ("a.yaml", "rule: a\r\npriority: 1\r\n"),
            ("README.md", "not read"),
            ("policy.yaml", "brand: {}\n"),
        ]);
        let other = bundle(&[("policy.yaml", "brand: {}\n"), ("a.yaml", "rule: a\npriority: 2\n")]);
        assert_eq!(one.digest(), same.digest());
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.digest().len(), 64);
        assert_eq!(one.written_rules()["a"]["priority"], 1);
        assert_eq!(one.written_policy(), serde_json::json!({ "brand": {} }));
        assert!(one.written_segments().is_empty());
    }
}
