//! The stages of a relationship, in words.

use lazo_domain::stage::Stage;

use super::Language;

impl Language {
    /// Where a relationship stands.
    pub fn stage(self, stage: Stage) -> &'static str {
        match stage {
            Stage::Exploration => self.pick("exploración", "exploration"),
            Stage::Awareness => self.pick("conocimiento", "awareness"),
            Stage::Expansion => self.pick("expansión", "expansion"),
            Stage::Commitment => self.pick("compromiso", "commitment"),
            Stage::Dissolution => self.pick("se aleja", "drifting away"),
            Stage::Ended => self.pick("terminó", "ended"),
        }
    }
}
