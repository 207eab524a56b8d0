//! What becomes of events of other systems, in words.

use super::Language;

impl Language {
    /// An outcome by its name.
    pub fn source_outcome(self, name: &'static str) -> &'static str {
        let (es, en) = match name {
            "events" => ("eventos", "events"),
            "ignored" => ("se ignora", "ignored"),
            "failed" => ("falla", "failed"),
            "waiting" => ("espera", "waiting"),
            "rejected" => ("se rechaza", "rejected"),
            "answered" => ("se contesta", "answered"),
            other => (other, other),
        };
        self.pick(es, en)
    }
}
