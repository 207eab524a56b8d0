//! A file that is imported: its events, and what does not fit.

use std::collections::BTreeMap;
use std::path::Path;

use lazo::shell::wording::Language;
use lazo_domain::event::Delivered;
use lazo_domain::instant::Instant;
use lazo_domain::source::Source;

use super::exported;
use crate::csv_rows::{CsvArgs, Sheet, Told};
use crate::event_files;

/// A file that was read.
pub struct File<'a> {
    pub path: &'a Path,
    pub text: String,
    pub events: Vec<Delivered>,
    pub told: Told,
    pub preview: Option<String>,
    /// How many records were passed over, by the reason.
    ignored: BTreeMap<String, usize>,
}

impl File<'_> {
    pub fn read<'a>(
        path: &'a Path,
        csv: &CsvArgs,
        threads: usize,
        now: Instant,
        lang: Language,
    ) -> anyhow::Result<File<'a>> {
        let text = event_files::text(path)?;
        let ((events, told), preview) = match event_files::is_csv(path) {
            true => {
                let sheet = Sheet::of(path, &text, csv)?;
                let read = event_files::of_sheet(&sheet, threads, Some(now))?;
                (read, Some(sheet.preview(lang)?))
            }
            false => {
                let texts = event_files::json_texts(path, &text)?;
                (event_files::decode(&texts, threads, Some(now))?, None)
            }
        };
        Ok(File { path, text, events, told, preview, ignored: BTreeMap::new() })
    }

    /// A file of what another system exported.
    pub fn exported<'a>(
        path: &'a Path,
        mapping: &Source,
        now: Instant,
    ) -> anyhow::Result<File<'a>> {
        let text = event_files::text(path)?;
        let texts = event_files::json_texts(path, &text)?;
        let exported::Mapped { events, told, ignored } = exported::map(mapping, &texts, now);
        Ok(File { path, text, events, told, preview: None, ignored })
    }

    /// Says what does not fit, and what was passed over.
    pub fn report(&self, lang: Language) {
        event_files::report(self.path, &self.told);
        for (why, count) in &self.ignored {
            let over = lang.count(
                *count,
                ["registro se omite", "registros se omiten"],
                ["record is passed over", "records are passed over"],
            );
            eprintln!("lazo: {}: {over}: {}", self.path.display(), lang.failure_reason(why));
        }
    }

    pub fn fits(&self) -> bool {
        self.told.rejected.is_empty()
    }

    /// How the file was understood.
    pub fn page(&self, lang: Language) -> String {
        let (name, preview) = (self.path.display(), self.preview.as_deref().unwrap_or_default());
        let (events, bad) = (self.events.len(), self.told.rejected.len());
        let fit =
            lang.count(bad, ["que no sirve", "que no sirven"], ["does not fit", "do not fit"]);
        let events = lang.count(events, ["evento", "eventos"], ["event", "events"]);
        format!("{name}: {events}, {fit}\n{preview}")
    }
}
