//! What other rules would change, in words.

use lazo_domain::plan::{Action, Effects, FieldChange, Lint, Pending};
use serde_json::Value;

use super::Language;

impl Language {
    /// How many touches differ, in a sentence.
    pub fn effects(self, effects: &Effects) -> String {
        let Effects { gained, lost, moved, unchanged } = *effects;
        if effects.are_none() {
            return match self {
                Language::Es => {
                    format!("Se envía lo mismo que hasta ahora: {unchanged} contactos.")
                }
                Language::En => format!("The same is sent as before: {unchanged} touches."),
            };
        }
        match self {
            Language::Es => format!(
                "Se enviarían {gained} contactos que hoy no salen, dejarían de enviarse {lost} y \
                 {moved} saldrían en otro momento o por otro canal; {unchanged} quedan igual."
            ),
            Language::En => format!(
                "{gained} touches would be sent that are not sent today, {lost} would no longer be \
                 sent, and {moved} would go at another time or by another channel; {unchanged} stay \
                 as they are."
            ),
        }
    }

    /// What becomes of the touches that are still to come, in a sentence.
    pub fn pending_effects(self, pending: &Pending) -> String {
        let Pending { kept, retimed, ended } = *pending;
        match self {
            Language::Es => format!(
                "De los pendientes al final del periodo, {kept} siguen igual, {retimed} cambian de \
                 fecha y {ended} ya no saldrían."
            ),
            Language::En => format!(
                "Of those still pending at the end of the period, {kept} stay, {retimed} get \
                 another date, and {ended} would no longer go out."
            ),
        }
    }

    /// What becomes of a rule, in a word.
    pub fn action(self, action: Action) -> &'static str {
        match action {
            Action::Create => self.pick("nueva", "new"),
            Action::Update => self.pick("cambia", "changed"),
            Action::Delete => self.pick("se quita", "removed"),
            Action::None => self.pick("igual", "unchanged"),
        }
    }

    /// What becomes of a segment, in a word.
    pub fn segment_action(self, action: Action) -> &'static str {
        match action {
            Action::Create => self.pick("nuevo", "new"),
            Action::Update | Action::Delete | Action::None => self.action(action),
        }
    }

    /// A field that differs, such as `steps.mail.wait: 1 day → 3 days`.
    pub fn field_change(self, change: &FieldChange) -> String {
        let said = |value: &Option<Value>| match value {
            None => self.pick("nada", "nothing").to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        format!("{}: {} → {}", change.field, said(&change.before), said(&change.after))
    }

    /// What is doubtful, and what it would do.
    pub fn lint(self, lint: &Lint) -> String {
        match (lint, self) {
            (Lint::RenamedRule { from, to, again }, Language::Es) => format!(
                "la regla {from} se llama ahora {to}: sus contactos son nuevos y su grupo de control \
                 se sortea de nuevo; {again} de la historia saldrían otra vez. Conserva el nombre."
            ),
            (Lint::RenamedRule { from, to, again }, Language::En) => format!(
                "the rule {from} is now called {to}: its touches are new ones and its holdout is \
                 drawn anew; {again} of the history would go out again. Keep the name."
            ),
            (Lint::RenamedStep { rule, from, to, again }, Language::Es) => format!(
                "en la regla {rule} el paso {from} se llama ahora {to}: sus contactos son nuevos; \
                 {again} de la historia saldrían otra vez. Conserva el nombre."
            ),
            (Lint::RenamedStep { rule, from, to, again }, Language::En) => format!(
                "in the rule {rule} the step {from} is now called {to}: its touches are new ones; \
                 {again} of the history would go out again. Keep the name."
            ),
            (Lint::NoHoldout { rules }, Language::Es) => format!(
                "nunca se sabrá qué aporta lo que no aparta a nadie: {}; agrega por ejemplo \
                 «holdout: 10%»",
                rules.join(", ")
            ),
            (Lint::NoHoldout { rules }, Language::En) => format!(
                "what holds nobody out is never known to bring anything: {}; add for example \
                 `holdout: 10%`",
                rules.join(", ")
            ),
            (Lint::NeverFires { rules }, Language::Es) => {
                format!("nada de esta historia inicia estas reglas activas: {}", rules.join(", "))
            }
            (Lint::NeverFires { rules }, Language::En) => {
                format!("nothing in this history starts these live rules: {}", rules.join(", "))
            }
            (Lint::Starved { rule, capped, touches }, Language::Es) => format!(
                "la regla {rule} casi no sale: {capped} de sus {touches} contactos terminan sin \
                 enviarse porque un tope de frecuencia estaba lleno"
            ),
            (Lint::Starved { rule, capped, touches }, Language::En) => format!(
                "the rule {rule} is starved: {capped} of its {touches} touches end unsent because a \
                 frequency cap was full"
            ),
            (Lint::EmptySegments { segments }, Language::Es) => format!(
                "ningún cliente de esta historia está en estos segmentos: {}",
                segments.join(", ")
            ),
            (Lint::EmptySegments { segments }, Language::En) => {
                format!("no customer of this history is in these segments: {}", segments.join(", "))
            }
            (Lint::Competing { first, second }, Language::Es) => format!(
                "las reglas {first} y {second} empiezan con lo mismo y por el mismo canal: donde un \
                 tope deja lugar para una, sale {first}"
            ),
            (Lint::Competing { first, second }, Language::En) => format!(
                "the rules {first} and {second} start at the same moment by the same channel: where \
                 a cap leaves room for one, {first} goes"
            ),
            (Lint::NoVerdict { rule, needed: Some(needed), a_year }, Language::Es) => format!(
                "los apartados de la regla {rule} no dan veredicto en un año: hacen falta unos \
                 {needed} clientes y a este paso entran {a_year}; aparta a más, o acepta ver solo \
                 efectos más grandes (smallest_effect)"
            ),
            (Lint::NoVerdict { rule, needed: Some(needed), a_year }, Language::En) => format!(
                "the holdout of the rule {rule} gives no verdict within a year: it takes about \
                 {needed} customers, and at this pace {a_year} are enrolled; hold more out, or be \
                 content to see larger effects alone (smallest_effect)"
            ),
            (Lint::NoVerdict { rule, needed: None, .. }, Language::Es) => format!(
                "los apartados de la regla {rule} no dan veredicto en un año: en esta historia nadie \
                 llegó a su objetivo"
            ),
            (Lint::NoVerdict { rule, needed: None, .. }, Language::En) => format!(
                "the holdout of the rule {rule} gives no verdict within a year: in this history \
                 nobody reached its goal"
            ),
        }
    }
}

/// The name of a lint, as machines read it.
pub fn lint_name(lint: &Lint) -> &'static str {
    match lint {
        Lint::RenamedRule { .. } => "renamed_rule",
        Lint::RenamedStep { .. } => "renamed_step",
        Lint::NoHoldout { .. } => "no_holdout",
        Lint::NeverFires { .. } => "never_fires",
        Lint::Starved { .. } => "starved",
        Lint::EmptySegments { .. } => "empty_segments",
        Lint::Competing { .. } => "competing",
        Lint::NoVerdict { .. } => "no_verdict",
    }
}
