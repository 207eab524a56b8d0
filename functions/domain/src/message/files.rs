//! The template files in memory, and which of them a language gets.

use std::collections::{BTreeMap, BTreeSet};

use crate::bilingual::{Bilingual, said};
use crate::event::Locale;
use crate::nearest::nearest;

/// The templates folder, as messages name it.
pub(super) const FOLDER: &str = "templates";

/// The folder of what all messages share.
pub(super) const BRAND: &str = "_brand";

/// What a template's files are called.
const NAMES: [&str; 4] = ["subject.txt", "body.mjml", "body.txt", "script.md"];

#[derive(Debug, Default)]
pub(super) struct Files {
    /// By path below the templates folder.
    texts: BTreeMap<String, String>,
    /// By template folder, its locales.
    locales: BTreeMap<String, BTreeSet<String>>,
}

/// The files of one template that a customer's language gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The language that the message is written in, with the customer's region
    /// where that is of the same language: money and days follow it.
    pub language: String,
    /// The locale folder that the message comes from.
    pub locale: String,
    /// The needed files' paths, in the order asked for.
    pub paths: Vec<String>,
}

impl Files {
    pub fn read(files: &[(String, String)]) -> Files {
        let mut read = Files::default();
        for (path, text) in files {
            if let [name, locale, _] = path.split('/').collect::<Vec<_>>()[..]
                && Locale::new(locale).is_ok()
            {
                read.locales.entry(name.to_owned()).or_default().insert(locale.to_owned());
            }
            // As editors on Windows save it.
            let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            read.texts.insert(path.clone(), text);
        }
        read
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The template folders, the brand's aside.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.locales.keys().map(String::as_str).filter(|name| !name.starts_with('_'))
    }

    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The files of a template that no language gets, with the folder that is
    /// not named after one.
    pub fn strays<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.paths().filter_map(move |path| match path.split('/').collect::<Vec<_>>()[..] {
            [template, folder, _] if template == name && Locale::new(folder).is_err() => {
                Some((path, folder))
            }
            _ => None,
        })
    }

    /// Files of a template that nothing reads, as they are called or where they
    /// lie, with what to do about it.
    pub fn unread<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, Bilingual)> {
        self.paths().filter_map(move |path| {
            let parts = path.split('/').collect::<Vec<_>>();
            let known = || NAMES.into_iter();
            let message = match parts[..] {
                [template, locale, file] if template == name && Locale::new(locale).is_ok() => {
                    if known().any(|known| known == file) || self.is_included(name, file) {
                        return None;
                    }
                    match nearest(file, known()) {
                        Some(near) => said!(
                            "no se lee; ¿quisiste decir {near:?}?",
                            "is not read; did you mean {near:?}?"
                        ),
                        None => said!(
                            "no se lee; los archivos de una plantilla son {}",
                            "is not read; a template's files are {}",
                            NAMES.join(", ")
                        ),
                    }
                }
                [template, file] if template == name && !self.is_included(name, file) => {
                    said!(
                        "no se lee: está junto a los idiomas; muévelo dentro de uno, como es",
                        "is not read: it lies beside the languages; move it into one, such as es"
                    )
                }
                [template, _, _, _, ..] if template == name => {
                    said!(
                        "no se lee: está demasiado adentro; muévelo a la carpeta de su idioma",
                        "is not read: it lies too deep; move it into its language's folder"
                    )
                }
                _ => return None,
            };
            Some((path, message))
        })
    }

    /// Whether some template takes a file in by `include` or the like.
    fn is_included(&self, template: &str, file: &str) -> bool {
        let name = format!("{template}/{file}");
        self.texts.values().any(|text| text.contains(&name))
    }

    /// Every locale that some template folder has.
    pub fn all_locales(&self) -> BTreeSet<&str> {
        let templates = self.locales.iter().filter(|(name, _)| !name.starts_with('_'));
        templates.flat_map(|(_, locales)| locales).map(String::as_str).collect()
    }

    /// The file that `name` (`folder/file`) stands for: in the first of the
    /// languages that has it, else directly in the folder.
    pub fn resolve(&self, name: &str, languages: &[String]) -> Option<String> {
        let localized = languages.iter().find_map(|language| self.in_locale(name, language));
        localized.or_else(|| self.texts.contains_key(name).then(|| name.to_owned()))
    }

    fn in_locale(&self, name: &str, language: &str) -> Option<String> {
        let (folder, file) = name.split_once('/')?;
        let locales = self.locales.get(folder)?;
        let locale = locales.iter().find(|locale| locale.eq_ignore_ascii_case(language))?;
        let path = format!("{folder}/{locale}/{file}");
        self.texts.contains_key(&path).then_some(path)
    }

    /// The needed files of a template in one language, its regions' folder
    /// before its own; `None` where one is missing, since half a message in
    /// another language is worse than all of it.
    pub fn in_language(&self, name: &str, needed: &[&str], language: &str) -> Option<Found> {
        let languages = fallbacks(language);
        let find = |file: &&str| {
            let name = format!("{name}/{file}");
            languages.iter().find_map(|language| self.in_locale(&name, language))
        };
        let paths: Vec<String> = needed.iter().map(find).collect::<Option<_>>()?;
        let locale = paths.last()?.split('/').nth(1)?.to_owned();
        Some(Found { language: language.to_owned(), locale, paths })
    }
}

/// A language and what stands in for it: `es-MX`, then `es`.
pub(super) fn fallbacks(language: &str) -> Vec<String> {
    let mut found = vec![language.to_owned()];
    let mut rest = language;
    while let Some((shorter, _)) = rest.rsplit_once('-') {
        found.push(shorter.to_owned());
        rest = shorter;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Files {
        let files: Vec<_> = paths.iter().map(|path| ((*path).into(), (*path).into())).collect();
        Files::read(&files)
    }

    #[test]
    fn a_region_falls_back_to_its_language() {
        let files = files(&["a/es-MX/subject.txt", "a/es/subject.txt", "a/es/body.mjml"]);
        let found = files.in_language("a", &["subject.txt", "body.mjml"], "es-mx").unwrap();
        assert_eq!(found.paths, ["a/es-MX/subject.txt", "a/es/body.mjml"]);
        assert_eq!((found.language.as_str(), found.locale.as_str()), ("es-mx", "es"));
        assert_eq!(files.in_language("a", &["subject.txt", "body.mjml"], "en"), None);
        assert_eq!(fallbacks("zh-Hant-TW"), ["zh-Hant-TW", "zh-Hant", "zh"]);
    }

    #[test]
    fn what_nothing_reads_is_told_with_its_mend() {
        let paths = [
            "a/es/body.MJML",
            "a/es/Subject.TXT",
            "a/es/script.md",
            "a/es/part.mjml",
            "a/es/notes.docx",
            "a/es/old/body.mjml",
            "a/subject.txt",
            "b/es/Body.txt",
        ];
        let mut files: Vec<_> =
            paths.iter().map(|path| ((*path).to_owned(), String::new())).collect();
        files.push(("a/es/body.mjml".into(), "{% include \"a/part.mjml\" %}".into()));
        let files = Files::read(&files);
        let unread: Vec<_> = files.unread("a").map(|(path, why)| format!("{path} {why}")).collect();
        assert_eq!(
            unread,
            [
                "a/es/Subject.TXT is not read; did you mean \"subject.txt\"?",
                "a/es/body.MJML is not read; did you mean \"body.mjml\"?",
                "a/es/notes.docx is not read; a template's files are subject.txt, body.mjml, body.txt, script.md",
                "a/es/old/body.mjml is not read: it lies too deep; move it into its language's folder",
                "a/subject.txt is not read: it lies beside the languages; move it into one, such as es",
            ]
        );
    }

    #[test]
    fn the_brand_has_files_of_all_languages_and_of_one() {
        let files = files(&["_brand/head.mjml", "_brand/es/footer.mjml", "a/es/x", "a/en/x"]);
        let languages = ["es-MX".to_owned(), "es".to_owned()];
        let resolve = |name| files.resolve(name, &languages);
        assert_eq!(resolve("_brand/head.mjml").as_deref(), Some("_brand/head.mjml"));
        assert_eq!(resolve("_brand/footer.mjml").as_deref(), Some("_brand/es/footer.mjml"));
        assert_eq!(resolve("_brand/none.mjml"), None);
        assert_eq!(files.names().collect::<Vec<_>>(), ["a"]);
        assert_eq!(files.all_locales().into_iter().collect::<Vec<_>>(), ["en", "es"]);
    }
}
