//! Variants of a step: several templates, of which each customer gets one
//! (rules#variants).

use super::report::Findings;
use super::yaml::Key;
use super::{Place, RuleBook, Step, step_parts};
use crate::bilingual::said;
use crate::customer::Enrolment;
use crate::draw::fraction;
use crate::id::Id;
use crate::rule::{Percent, StepSpec, is_name};

/// How many variants a step may have.
const VARIANTS_MAX: usize = 20;

/// One of several templates of a step.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Unique in its step. It stands beside each touch that it says.
    pub name: String,
    /// The folder in `infra/templates/`.
    pub template: String,
    /// Where the rule's file names the template.
    pub template_place: Place,
    /// Who falls below this, and not below the one before, gets it.
    below: f64,
}

impl Step {
    /// The share of customers to whom a variant goes; `None` where there is none of that
    /// name.
    pub fn share_of(&self, variant: &str) -> Option<f64> {
        let place = self.variants.iter().position(|known| known.name == variant)?;
        let before = if place == 0 { 0.0 } else { self.variants[place - 1].below };
        Some(self.variants[place].below - before)
    }

    /// What a customer gets of a rule's step: the one that the hash draws, where it
    /// has variants. Every attempt at a call draws as its step does.
    pub fn variant(&self, rule: &str, customer: &Id) -> Option<&Variant> {
        let last = self.variants.last()?;
        let (step, _) = step_parts(&self.id);
        let drawn = fraction(&format!("{rule}/{step}/{customer}"));
        Some(self.variants.iter().find(|variant| drawn < variant.below).unwrap_or(last))
    }

    /// What a customer gets of a rule's step, and of which variant it is: `known`,
    /// where one was drawn before and is still there.
    pub fn drawn(
        &self,
        rule: &str,
        customer: &Id,
        known: Option<&str>,
    ) -> (Option<&str>, Option<&str>) {
        let before = self.variants.iter().find(|variant| Some(variant.name.as_str()) == known);
        match before.or_else(|| self.variant(rule, customer)) {
            Some(variant) => (Some(&variant.template), Some(&variant.name)),
            None => (self.template.as_deref(), None),
        }
    }

    /// Every template that it names, with the place where it does.
    pub fn templates(&self) -> impl Iterator<Item = (&str, Place)> {
        let own = self.template.iter().map(|template| (template.as_str(), self.template_place));
        let of_variants = self.variants.iter();
        own.chain(of_variants.map(|one| (one.template.as_str(), one.template_place)))
    }

    /// Whether it names this template.
    pub fn uses(&self, template: &str) -> bool {
        self.templates().any(|(name, _)| name == template)
    }
}

impl RuleBook {
    /// Which variant of its step the touch of an enrolment says: on its way out the one
    /// that was drawn for it, or else as it would be drawn now.
    pub fn variant_of(&self, customer: &Id, enrolment: &Enrolment) -> Option<Box<str>> {
        if enrolment.is_sending() {
            return enrolment.variant.clone();
        }
        let (rule, step) = self.step(&enrolment.rule, &enrolment.step)?;
        step.variant(&rule.name, customer).map(|variant| variant.name.as_str().into())
    }
}

/// The variants of a step in the order of their names; tells what does not go
/// together.
pub(super) fn variants(spec: &StepSpec, path: &[Key], report: &mut Findings) -> Vec<Variant> {
    let Some(written) = &spec.variants else { return Vec::new() };
    if spec.template.is_some() {
        let message = said!(
            "un paso lleva template o variants, no los dos",
            "a step has a template or variants, not both"
        );
        report.error(path, message);
    }
    if written.len() > VARIANTS_MAX {
        let message = said!(
            "tiene {} variantes y caben {VARIANTS_MAX}",
            "has {} variants, at most {VARIANTS_MAX} are taken",
            written.len()
        );
        report.error(path, message);
    }
    let mut sum = Percent::ZERO;
    let mut found = Vec::new();
    for (name, one) in written {
        let of_one = [path, &[Key::Name(name)]].concat();
        if !is_name(name) {
            let message = said!(
                "el nombre de una variante lleva minúsculas, dígitos y guiones, 64 a lo más; dice {name:?}",
                "a variant's name is lower-case letters, digits and hyphens, at most 64, found {name:?}"
            );
            report.error_at_key(&of_one, message);
        }
        sum = sum.plus(one.share);
        let template_place =
            report.node.place_of(&[&of_one[..], &[Key::Name("template")]].concat());
        found.push(Variant {
            name: name.clone(),
            template: one.template.clone(),
            template_place,
            below: sum.fraction(),
        });
    }
    match found.len() {
        0 => report.error(
            path,
            said!(
                "pon al menos dos variantes, o escribe template",
                "name at least two variants, or write template"
            ),
        ),
        1 => {
            let message = said!(
                "hay una sola variante, así que no se compara nada; agrega otra, o escribe template",
                "there is one variant only, so nothing is compared; add another, or write template"
            );
            report.warning(path, message);
        }
        _ => {}
    }
    if sum != Percent::WHOLE && !found.is_empty() {
        let message = said!(
            "las partes suman {sum}, y juntas deben ser 100%",
            "the shares add up to {sum}, and must be 100% together"
        );
        report.error(path, message);
    }
    found
}
