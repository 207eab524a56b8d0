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

    /// That a customer entered a stage, given the one before.
    pub fn entered(self, stage: Stage, before: Option<Stage>) -> String {
        let was_leaving = matches!(before, Some(Stage::Dissolution | Stage::Ended));
        match (stage, self) {
            (Stage::Dissolution, Language::Es) => "Empezó a alejarse".to_owned(),
            (Stage::Dissolution, Language::En) => "Began to drift".to_owned(),
            (Stage::Ended, Language::Es) => "Terminó la relación".to_owned(),
            (Stage::Ended, Language::En) => "The relationship ended".to_owned(),
            (stage, Language::Es) if was_leaving => {
                format!("Dejó de alejarse: vuelve a {}", self.stage(stage))
            }
            (stage, Language::En) if was_leaving => {
                format!("Drifts no more: back in {}", self.stage(stage))
            }
            (stage, Language::Es) => format!("Pasa a {}", self.stage(stage)),
            (stage, Language::En) => format!("Enters {}", self.stage(stage)),
        }
    }
}
