//! All rules and the policy, read, checked and compiled: what `decide` works by.

mod attempts;
mod bundle;
mod calendar;
mod check;
mod check_policy;
mod check_step;
mod diagnostic;
mod files;
mod gaps;
mod goal;
mod paused;
mod report;
mod schema;
mod segments;
mod variants;
mod version;
mod wording;
pub(crate) mod yaml;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::bilingual::said;
use crate::channel::{Channel, Purpose};
use crate::condition::{Condition, EventFields};
use crate::drift::{Model, Scorer, ShopRhythm};
use crate::event::EventKind;
use crate::instant::Instant;
use crate::policy::Policy;
use crate::rule::{DuringComplaint, Goal, PromisedDay, Reentry, Share, Status, Survey, Trigger};
use crate::segment::Segments;
use crate::sending_pause::SendingPause;
use crate::span::Span;
use crate::stage::Stage;
use crate::text_by_language::TextByLanguage;
pub use attempts::{Attempt, Attempts, CALLS_MAX, step_id, step_parts};
pub use bundle::Bundle;
pub use calendar::CalendarRule;
use check::Known;
pub use diagnostic::{Diagnostic, DiagnosticSeverity};
use files::Sorted;
pub use files::is_read;
pub use schema::{policy_schema, rule_schema, segments_schema};
use segments::Written;
pub use variants::Variant;
pub use version::VersionNumber;
use yaml::Form;
pub use yaml::Place;

/// The file that holds the contact policy.
pub const POLICY_FILE: &str = "policy.yaml";

/// The file that holds the segments; a shop need not have any.
pub const SEGMENTS_FILE: &str = "segments.yaml";

/// A rule, ready to decide by.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Small letters, digits and hyphens. It is part of each touch id.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// What people read in place of the name.
    pub title: TextByLanguage,
    /// What the rule is for, as reps read it.
    pub description: TextByLanguage,
    /// Only a live rule enrols customers and sends.
    pub status: Status,
    /// Marketing or service: it decides which consent a touch needs.
    pub purpose: Purpose,
    /// 0 to 100; the higher wins where a frequency cap leaves room for one.
    pub priority: u8,
    /// What starts the rule for a customer.
    pub trigger: Trigger,
    /// Asked when the trigger fires; `None` lets every customer in.
    pub filter: Option<Condition>,
    /// The share of customers who get nothing, to compare with.
    pub holdout: Share,
    /// Whether a customer may be enrolled again.
    pub reentry: Reentry,
    /// The events that end a customer's pending touches of this rule.
    pub exit_on: Vec<ExitOn>,
    /// What the rule is to bring about; `None` where it is measured by nothing.
    pub goal: Option<Goal>,
    /// Whether touches wait while the customer has an open complaint.
    pub during_complaint: DuringComplaint,
    /// What it sends, in this order.
    pub steps: Vec<Step>,
    /// For a rule of the calendar: since when it has been in force, where it was
    /// not always.
    pub in_force_since: Option<Instant>,
}

/// An event that ends a rule's pending touches, where its condition holds.
#[derive(Clone, Debug)]
pub struct ExitOn {
    /// The kind of event that ends them.
    pub event: EventKind,
    /// When such an event ends them; `None` where it always does.
    pub condition: Option<Condition>,
}

/// A step of a rule, ready to decide by.
#[derive(Clone, Debug)]
pub struct Step {
    /// Unique in its rule. A further attempt is `call.2` and a fall-back `call.then`.
    pub id: String,
    /// By what it goes: mail, a call, a task, or an event on the bus.
    pub channel: Channel,
    /// The folder in `infra/templates/`; `None` for the channel `event`, and where there
    /// are variants.
    pub template: Option<String>,
    /// In place of one template, by name; see [`Step::variant`].
    pub variants: Vec<Variant>,
    /// Where the rule's file names the template.
    pub template_place: Place,
    /// How long after the trigger, or after the step before; `None` adds no time.
    pub wait: Option<Span>,
    /// The day that the trigger promises, in place of a wait; `None` where none is asked for.
    pub on: Option<PromisedDay>,
    /// The time on the customer's clock; without it, a mere day gets the policy's time.
    pub at: Option<Time>,
    /// Asked when the step falls due; `None` lets it go.
    pub condition: Option<Condition>,
    /// How long after its due time the touch is given up.
    pub expiry: Span,
    /// Who acts; `None` leaves it to the customer's type of relationship or the call team.
    pub assign_to: Option<String>,
    /// What the mail asks; `None` where it asks for no answer.
    pub survey: Option<Survey>,
    /// For the channel `event`: the detail-type; `None` stands for `OpportunityFound`.
    pub event: Option<String>,
    /// For a call: how often it is tried, once where the rule does not say.
    pub attempts: Option<Attempts>,
}

impl Rule {
    /// Whether it enrols customers and sends: only a live rule does.
    pub fn is_live(&self) -> bool {
        self.status == Status::Live
    }

    /// A step by its id, further attempts at a call and its fall-back included.
    pub fn step(&self, id: &str) -> Option<&Step> {
        let authored = &self.steps[self.position(id)?];
        match authored.id == id {
            true => Some(authored),
            false => authored.attempts.as_ref()?.step(id),
        }
    }

    /// Where the authored step of a step id stands.
    pub fn position(&self, id: &str) -> Option<usize> {
        let (base, _) = step_parts(id);
        self.steps.iter().position(|step| step.id == base)
    }

    /// How often the call of a step id is tried; `None` where it is no call.
    pub fn attempts(&self, id: &str) -> Option<&Attempts> {
        self.steps[self.position(id)?].attempts.as_ref()
    }

    /// Every condition that it asks.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let steps = self.steps.iter().filter_map(|step| step.condition.as_ref());
        let exits = self.exit_on.iter().filter_map(|exit| exit.condition.as_ref());
        self.filter.iter().chain(steps).chain(exits)
    }

    /// Every step, further attempts at calls and their fall-backs included.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().flat_map(|step| {
            let attempts = step.attempts.iter().flat_map(Attempts::steps);
            std::iter::once(step).chain(attempts)
        })
    }
}

/// Every rule by name, and the policy they all obey.
#[derive(Clone, Debug)]
pub struct RuleBook {
    /// The contact policy, from `policy.yaml`.
    pub policy: Policy,
    /// The time zone of customers who told none; UTC where the policy's is not known.
    pub default_zone: TimeZone,
    segments: Segments,
    rules: Vec<Rule>,
    /// By kind of event, the live rules that it triggers.
    by_event: Vec<Vec<usize>>,
    /// By kind of event, what the conditions under which it ends touches ask of
    /// it; `None` where it ends none.
    exits: Vec<Option<EventFields>>,
    /// Who drifts away, by the policy and what was learnt of the shop.
    scorer: Scorer,
    /// Whether enough was learnt to tell a customer's chances and value.
    knows_values: bool,
    /// Which published version it is; `None` where it was read from a folder.
    version: Option<VersionNumber>,
    /// What of the sending is paused.
    pauses: Vec<SendingPause>,
}

impl RuleBook {
    /// Reads the files of a rules folder: `(file name, text)`, `policy.yaml`
    /// among them.
    ///
    /// # Errors
    /// All that is wrong in any file, in the files' order.
    pub fn read(files: &[(String, String)]) -> Result<RuleBook, Vec<Diagnostic>> {
        RuleBook::sound(RuleBook::check(files))
    }

    /// The same of what a build wrote down: JSON for each file. Its faults have no
    /// places; what is unknown is passed over.
    ///
    /// # Errors
    /// Every error found.
    pub fn read_compiled(files: &[(String, String)]) -> Result<RuleBook, Vec<Diagnostic>> {
        RuleBook::sound(RuleBook::check_form(files, Form::Compiled))
    }

    fn sound(
        (book, found): (Option<RuleBook>, Vec<Diagnostic>),
    ) -> Result<RuleBook, Vec<Diagnostic>> {
        let errors: Vec<_> =
            found.into_iter().filter(|d| d.severity == DiagnosticSeverity::Error).collect();
        match book {
            Some(book) if errors.is_empty() => Ok(book),
            _ => Err(errors),
        }
    }

    /// Reads the files and tells all that is wrong or doubtful. The book is for
    /// further checks alone: it holds every rule that could be read, sound or
    /// not, and as much of the policy. `None` where no policy can be read.
    pub fn check(files: &[(String, String)]) -> (Option<RuleBook>, Vec<Diagnostic>) {
        RuleBook::check_form(files, Form::Yaml)
    }

    fn check_form(files: &[(String, String)], form: Form) -> (Option<RuleBook>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let Sorted { policy, segments, rules: texts } = files::sorted(files, &mut found);
        let policy = match policy {
            Some((name, text)) => check_policy::policy(name, text, form, &mut found),
            None => {
                let message = said!(
                    "falta: una carpeta de reglas lleva la política de contacto en policy.yaml",
                    "is missing: a rules folder holds the contact policy as policy.yaml"
                );
                found.push(Diagnostic::error(POLICY_FILE, Place::START, message));
                None
            }
        };
        let written = match segments {
            Some((name, text)) => segments::read(name, text, form, policy.as_ref(), &mut found),
            None => Some(Written::default()),
        };
        let known = Known { policy: policy.as_ref(), segments: written.as_ref() };
        let rules = texts.into_iter();
        let rules =
            rules.filter_map(|(name, text)| check::rule(name, text, form, known, &mut found));
        let mut rules: Vec<Rule> = rules.collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        let written = written.unwrap_or_default();
        // Where something is wrong nobody can tell what is used.
        if let (Some((file, _)), true) =
            (segments, found.iter().all(|d| d.severity == DiagnosticSeverity::Warning))
        {
            segments::unused(file, &written, &rules, &mut found);
        }
        found.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
        (policy.map(|policy| RuleBook::new(policy, written.segments, rules)), found)
    }

    fn new(policy: Policy, segments: Segments, rules: Vec<Rule>) -> RuleBook {
        let mut by_event = vec![Vec::new(); EventKind::ALL.len()];
        let mut exits: Vec<Option<EventFields>> = vec![None; EventKind::ALL.len()];
        for (index, rule) in rules.iter().enumerate() {
            if let (true, Trigger::Event(kind)) = (rule.is_live(), &rule.trigger) {
                by_event[*kind as usize].push(index);
            }
            for exit in &rule.exit_on {
                let asked = &mut exits[exit.event as usize];
                let fields = exit.condition.as_ref().map(Condition::event_fields);
                let known = asked.take().unwrap_or_default();
                *asked = Some(known.and(fields.unwrap_or(&EventFields::None)));
            }
        }
        let default_zone = policy.default_zone();
        let scorer = Scorer::new(None, &policy.drift);
        RuleBook {
            policy,
            default_zone,
            segments,
            rules,
            by_event,
            exits,
            scorer,
            knows_values: false,
            version: None,
            pauses: Vec::new(),
        }
    }

    /// The same with what was learnt of the shop.
    pub fn with_model(self, model: &Model) -> RuleBook {
        let scorer = Scorer::new(Some(model), &self.policy.drift);
        RuleBook { scorer, knows_values: true, ..self }
    }

    /// The same with the shop's rhythm alone: who drifts is forecast by the
    /// ratio, and nobody's chances or value are known.
    pub fn with_rhythm(self, rhythm: ShopRhythm) -> RuleBook {
        let scorer = Scorer::of_rhythm(rhythm, &self.policy.drift);
        RuleBook { scorer, knows_values: false, ..self }
    }

    /// The same where one of its rules, such as a draft, is live: for rehearsals.
    pub fn as_if_live(&self, rule: &str) -> RuleBook {
        let mut rules = self.rules.clone();
        rules.iter_mut().filter(|one| one.name == rule).for_each(|one| one.status = Status::Live);
        let book = RuleBook::new(self.policy.clone(), self.segments.clone(), rules);
        let Self { scorer, knows_values, version, .. } = *self;
        RuleBook { scorer, knows_values, version, ..book }
    }

    /// The same as the published version of this number: whatever it decides names it.
    pub fn of_version(self, number: VersionNumber) -> RuleBook {
        RuleBook { version: Some(number), ..self }
    }

    /// Which published version it is; `None` where it was read from a folder.
    pub fn version(&self) -> Option<VersionNumber> {
        self.version
    }

    /// What tells who drifts away: by the model, or by the overdue ratio without one.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// What tells a customer's chances and value, where enough is known.
    pub fn values(&self) -> Option<&Scorer> {
        self.knows_values.then_some(&self.scorer)
    }

    /// Whether any live rule asks for stages, chances or value.
    pub fn asks_for_drift(&self) -> bool {
        let fields = ["stage", "p_alive", "p_active", "lifetime_value"];
        let names = |condition: &Condition| fields.iter().any(|field| condition.names(field));
        let asks = |condition: &Condition| self.segments.asked_by(condition).any(names);
        self.rules
            .iter()
            .filter(|rule| rule.is_live())
            .any(|rule| matches!(rule.trigger, Trigger::Stage(_)) || rule.conditions().any(asks))
    }

    /// The segments, in the order of their names.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// The live rules that the entry into a stage triggers.
    pub fn entered_by(&self, stage: Stage) -> impl Iterator<Item = &Rule> {
        let starts = move |rule: &&Rule| rule.is_live() && rule.trigger == Trigger::Stage(stage);
        self.rules.iter().filter(starts)
    }

    /// All rules in the order of their names, live or not.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this name, live or not; `None` where there is none.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules
            .binary_search_by(|rule| rule.name.as_str().cmp(name))
            .ok()
            .map(|i| &self.rules[i])
    }

    /// A rule with one of its steps.
    pub fn step(&self, rule: &str, step: &str) -> Option<(&Rule, &Step)> {
        let rule = self.rule(rule)?;
        Some((rule, rule.step(step)?))
    }

    /// The live rules that this kind of event triggers.
    pub fn triggered_by(&self, kind: EventKind) -> impl Iterator<Item = &Rule> {
        self.by_event[kind as usize].iter().map(|index| &self.rules[*index])
    }

    /// Where some rule's pending touches end with this kind of event: what the
    /// conditions for that ask of it.
    pub fn exit(&self, kind: EventKind) -> Option<&EventFields> {
        self.exits[kind as usize].as_ref()
    }
}

#[cfg(test)]
mod tests;
