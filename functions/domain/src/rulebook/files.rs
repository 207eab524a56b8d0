//! Which files of a rules folder are rules, and which are passed over: nobody
//! writes a rule for it to be passed over, so that is told.

use super::yaml::Place;
use super::{Diagnostic, POLICY_FILE, SEGMENTS_FILE};
use crate::bilingual::{Bilingual, said};
use crate::nearest::nearest;

/// The files of a rules folder by what they are: name and text.
pub(super) struct Sorted<'a> {
    pub policy: Option<(&'a str, &'a str)>,
    pub segments: Option<(&'a str, &'a str)>,
    pub rules: Vec<(&'a str, &'a str)>,
}

/// The name of a YAML file without its ending: `.yaml` or `.yml`, in capitals too.
pub(super) fn stem(file: &str) -> Option<&str> {
    let (stem, ending) = file.rsplit('/').next()?.rsplit_once('.')?;
    let is_yaml = ["yaml", "yml"].into_iter().any(|known| ending.eq_ignore_ascii_case(known));
    (is_yaml && !stem.is_empty()).then_some(stem)
}

/// Whether a path is that of a file of its own, whatever its ending and its case.
pub(super) fn is_file(path: &str, own: &str) -> bool {
    stem(path).zip(stem(own)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Whether a file of a rules folder is read: as a rule, the policy or the segments.
pub fn is_read(file: &str) -> bool {
    !file.contains('/') && stem(file).is_some()
}

/// Files that are at home among rules and are none.
fn is_at_home(file: &str) -> bool {
    let name = file.to_ascii_lowercase();
    [".md", ".json"].into_iter().any(|ending| name.ends_with(ending))
        || ["readme", "license", "licence"].into_iter().any(|known| name.starts_with(known))
}

/// Sorts the files, and tells of those that are not read.
pub(super) fn sorted<'a>(files: &'a [(String, String)], found: &mut Vec<Diagnostic>) -> Sorted<'a> {
    let mut sorted = Sorted { policy: None, segments: None, rules: Vec::new() };
    let mut read: Vec<(String, &str)> = Vec::new();
    for (name, text) in files {
        let mut wrong = |message: Bilingual| {
            found.push(Diagnostic::error(name, Place::START, message));
        };
        let Some(stem) = stem(name) else {
            if let Some(message) = unread(name) {
                found.push(Diagnostic::warning(name, Place::START, message));
            }
            continue;
        };
        if name.contains('/') {
            wrong(said!(
                "no se lee: las reglas van en la carpeta de reglas, no en carpetas dentro de ella",
                "is not read: rules lie in the rules folder itself, not in folders below it"
            ));
            continue;
        }
        let key = stem.to_ascii_lowercase();
        if let Some((_, other)) = read.iter().find(|(known, _)| *known == key) {
            wrong(said!(
                "es lo mismo que {other} con otra terminación; deja uno de los dos",
                "is the same as {other} but for its ending; keep one of the two"
            ));
            continue;
        }
        read.push((key, name));
        if is_file(name, POLICY_FILE) {
            sorted.policy = Some((name, text));
        } else if is_file(name, SEGMENTS_FILE) {
            sorted.segments = Some((name, text));
        } else {
            sorted.rules.push((name, text));
        }
    }
    sorted
}

/// Why a file that is no YAML may have been meant for some.
fn unread(name: &str) -> Option<Bilingual> {
    if is_at_home(name) || name.contains('/') {
        return None;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let near = nearest(ending, ["yaml"]).map(|_| {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        said!("; ¿quisiste decir {stem}.yaml?", "; did you mean {stem}.yaml?")
    });
    let message = said!(
        "no se lee: el nombre del archivo de una regla termina en .yaml",
        "is not read: the name of a rule's file ends in .yaml"
    );
    Some(message.then(&near.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use crate::rulebook::RuleBook;

    const RULE: &str = "rule: thanks\nstatus: live\npurpose: service\n\
        trigger: { event: PurchaseCompleted }\n\
        steps: [{ id: note, channel: task, template: note }]\n";

    fn check(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let files: Vec<_> =
            files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        let (book, found) = RuleBook::check(&files);
        let rules =
            book.iter().flat_map(|book| book.rules()).map(|rule| rule.name.clone()).collect();
        (rules, found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_rule_is_read_by_whatever_ending_yaml_has() {
        for name in ["thanks.yaml", "thanks.yml", "thanks.YAML", "thanks.Yml"] {
            for policy in ["policy.yaml", "policy.yml", "Policy.YAML"] {
                let (rules, found) = check(&[(policy, "{}"), (name, RULE)]);
                assert_eq!(found, [""; 0], "{name} {policy}");
                assert_eq!(rules, ["thanks"], "{name} {policy}");
            }
        }
        let (_, found) = check(&[("policy.yaml", "{}"), ("thank.yml", RULE)]);
        assert!(found[0].contains("its file \"thank\""), "{found:?}");
    }

    #[test]
    fn what_is_not_read_is_told() {
        let policy = ("policy.yaml", "{}");
        for (name, told) in [
            (
                "thanks.ymal",
                "thanks.ymal:1:1: warning: is not read: the name of a rule's file ends in .yaml; did you mean thanks.yaml?",
            ),
            ("thanks.yaml.txt", "warning: is not read"),
            ("thanks", "warning: is not read"),
            ("more/thanks.yml", "error: is not read: rules lie in the rules folder itself"),
        ] {
            let (rules, found) = check(&[policy, (name, RULE)]);
            assert!(
                rules.is_empty() && found.len() == 1 && found[0].contains(told),
                "{name}: {found:?}"
            );
        }
        for fine in ["README.md", "rule.schema.json", "readme", "LICENSE.txt"] {
            assert_eq!(check(&[policy, (fine, "x")]).1, [""; 0], "{fine}");
        }
        for (one, other) in [("thanks.yaml", "thanks.yml"), ("thanks.YAML", "thanks.yaml")] {
            let (rules, found) = check(&[policy, (one, RULE), (other, RULE)]);
            assert!(rules == ["thanks"] && found[0].contains("keep one of the two"), "{found:?}");
        }
        let (_, found) = check(&[policy, ("policy.yml", "{}")]);
        assert!(
            found[0].contains("policy.yml:1:1: error: is the same as policy.yaml"),
            "{found:?}"
        );
    }
}
