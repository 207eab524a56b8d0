//! All rules and the policy, read, checked and compiled: what `decide` works by.

mod attempts;
mod calendar;
mod check;
mod yaml;

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::condition::Condition;
use crate::drift::{Model, Scorer, ShopRhythm};
use crate::event::EventKind;
use crate::instant::Instant;
use crate::policy::Policy;
use crate::rule::{
    Channel, DuringComplaint, PromisedDay, Purpose, Reentry, RuleSpec, Share, Status, Survey,
    Trigger,
};
use crate::span::Span;
use crate::stage::Stage;
pub use attempts::{Attempt, Attempts, step_id, step_parts};
pub use calendar::CalendarRule;
pub use yaml::Place;

/// The file that holds the contact policy.
pub const POLICY_FILE: &str = "policy.yaml";

/// Something found in a rule, the policy or a template: where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub file: String,
    pub place: Place,
    pub severity: DiagnosticSeverity,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosticSeverity {
    Error,
    /// Worth a look; nothing is refused for it.
    Warning,
}

impl Diagnostic {
    pub fn error(file: &str, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            file: file.into(),
            place,
            severity: DiagnosticSeverity::Error,
            message: message.into(),
        }
    }

    pub fn warning(file: &str, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: DiagnosticSeverity::Warning,
            ..Diagnostic::error(file, place, message)
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            DiagnosticSeverity::Error => "error",
            DiagnosticSeverity::Warning => "warning",
        };
        let Place { line, column } = self.place;
        write!(f, "{}:{line}:{column}: {kind}: {}", self.file, self.message)
    }
}

/// A rule, ready to decide by.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub description: String,
    pub status: Status,
    pub purpose: Purpose,
    pub priority: u8,
    pub trigger: Trigger,
    pub filter: Option<Condition>,
    pub holdout: Share,
    pub reentry: Reentry,
    pub exit_on: Vec<EventKind>,
    pub during_complaint: DuringComplaint,
    pub steps: Vec<Step>,
    /// For a rule of the calendar: since when it has been in force, where it was
    /// not always.
    pub in_force_since: Option<Instant>,
}

/// A step of a rule, ready to decide by.
#[derive(Clone, Debug)]
pub struct Step {
    pub id: String,
    pub channel: Channel,
    pub template: Option<String>,
    /// Where the rule's file names the template.
    pub template_place: Place,
    pub wait: Option<Span>,
    pub on: Option<PromisedDay>,
    pub at: Option<Time>,
    pub condition: Option<Condition>,
    pub expiry: Span,
    pub assign_to: Option<String>,
    pub survey: Option<Survey>,
    pub event: Option<String>,
    /// For a call: how often it is tried.
    pub attempts: Option<Attempts>,
}

impl Rule {
    pub fn is_live(&self) -> bool {
        self.status == Status::Live
    }

    /// A step by its id, further attempts at a call and its fall-back included.
    pub fn step(&self, id: &str) -> Option<&Step> {
        let authored = &self.steps[self.position(id)?];
        match authored.id == id {
            true => Some(authored),
            false => authored.attempts.as_ref()?.steps().find(|step| step.id == id),
        }
    }

    /// Where the authored step of a step id stands.
    pub fn position(&self, id: &str) -> Option<usize> {
        let (base, _) = step_parts(id);
        self.steps.iter().position(|step| step.id == base)
    }

    /// How often the call of a step id is tried, where it is more than asked for.
    pub fn attempts(&self, id: &str) -> Option<&Attempts> {
        self.steps[self.position(id)?].attempts.as_ref()
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
    pub policy: Policy,
    pub default_zone: TimeZone,
    rules: Vec<Rule>,
    /// By kind of event, the live rules that it triggers.
    by_event: Vec<Vec<usize>>,
    /// By kind of event, whether it ends touches of some rule.
    exits: Vec<bool>,
    /// Who drifts away, by the policy and what was learnt of the shop.
    scorer: Scorer,
    /// Whether enough was learnt to tell a customer's chances and value.
    knows_values: bool,
}

impl RuleBook {
    /// Reads the files of a rules folder: `(file name, text)`, `policy.yaml`
    /// among them.
    ///
    /// # Errors
    /// All that is wrong in any file, in the files' order.
    pub fn read(files: &[(String, String)]) -> Result<RuleBook, Vec<Diagnostic>> {
        let (book, found) = RuleBook::check(files);
        let errors: Vec<_> =
            found.into_iter().filter(|d| d.severity == DiagnosticSeverity::Error).collect();
        match book {
            Some(book) if errors.is_empty() => Ok(book),
            _ => Err(errors),
        }
    }

    /// Reads the files and tells all that is wrong or doubtful. The book is for
    /// further checks alone: it holds every rule that could be read, sound or
    /// not. `None` where the policy is not sound.
    pub fn check(files: &[(String, String)]) -> (Option<RuleBook>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let policy = match files.iter().find(|(name, _)| name == POLICY_FILE) {
            Some((name, text)) => check::policy(name, text, &mut found),
            None => {
                let message = "is missing: a rules folder holds the contact policy as policy.yaml";
                found.push(Diagnostic::error(POLICY_FILE, Place::START, message));
                None
            }
        };
        let mut rules: Vec<Rule> = files
            .iter()
            .filter(|(name, _)| name != POLICY_FILE)
            .filter_map(|(name, text)| check::rule(name, text, policy.as_ref(), &mut found))
            .collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        found.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
        (policy.map(|policy| RuleBook::new(policy, rules)), found)
    }

    fn new(policy: Policy, rules: Vec<Rule>) -> RuleBook {
        let mut by_event = vec![Vec::new(); EventKind::ALL.len()];
        let mut exits = vec![false; EventKind::ALL.len()];
        for (index, rule) in rules.iter().enumerate() {
            if let (true, Trigger::Event(kind)) = (rule.is_live(), &rule.trigger) {
                by_event[*kind as usize].push(index);
            }
            rule.exit_on.iter().for_each(|kind| exits[*kind as usize] = true);
        }
        let default_zone = policy.default_zone();
        let scorer = Scorer::new(None, &policy.drift);
        RuleBook { policy, default_zone, rules, by_event, exits, scorer, knows_values: false }
    }

    /// The same with what was learnt of the shop.
    pub fn with_model(self, model: &Model) -> RuleBook {
        let scorer = Scorer::new(Some(model), &self.policy.drift);
        RuleBook { scorer, knows_values: true, ..self }
    }

    /// The same with the shop's rhythm alone: who drifts is judged by the
    /// ratio, and nobody's chances or value are known.
    pub fn with_rhythm(self, rhythm: ShopRhythm) -> RuleBook {
        let scorer = Scorer::of_rhythm(rhythm, &self.policy.drift);
        RuleBook { scorer, knows_values: false, ..self }
    }

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
        let asks = |condition: &Condition| fields.iter().any(|field| condition.names(field));
        self.rules.iter().filter(|rule| rule.is_live()).any(|rule| {
            let steps = rule.steps.iter().filter_map(|step| step.condition.as_ref());
            matches!(rule.trigger, Trigger::Stage(_)) || rule.filter.iter().chain(steps).any(asks)
        })
    }

    /// The live rules that the entry into a stage triggers.
    pub fn entered_by(&self, stage: Stage) -> impl Iterator<Item = &Rule> {
        let starts = move |rule: &&Rule| rule.is_live() && rule.trigger == Trigger::Stage(stage);
        self.rules.iter().filter(starts)
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules
            .binary_search_by(|rule| rule.name.as_str().cmp(name))
            .ok()
            .map(|i| &self.rules[i])
    }

    /// The live rules that this kind of event triggers.
    pub fn triggered_by(&self, kind: EventKind) -> impl Iterator<Item = &Rule> {
        self.by_event[kind as usize].iter().map(|index| &self.rules[*index])
    }

    /// Whether some rule's pending touches end with this kind of event.
    pub fn is_exit(&self, kind: EventKind) -> bool {
        self.exits[kind as usize]
    }
}

/// The JSON Schema of a rule's file, as editors use it.
pub fn rule_schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> =
        LazyLock::new(|| schemars::schema_for!(RuleSpec).to_value());
    &SCHEMA
}

/// The JSON Schema of `policy.yaml`.
pub fn policy_schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> =
        LazyLock::new(|| schemars::schema_for!(Policy).to_value());
    &SCHEMA
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a rule for an occasion, under a policy.
    fn told_of_occasion(name: &str, policy: &str) -> Vec<String> {
        let rule = format!(
            "rule: greet\nstatus: live\npurpose: service\ntrigger: {{ occasion: {name} }}\n\
             steps: [{{ id: note, channel: task, template: note }}]\n"
        );
        let files = [(POLICY_FILE.into(), policy.into()), ("greet.yaml".into(), rule)];
        let (_, found) = RuleBook::check(&files);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_occasion_that_nobody_has_is_told() {
        const NONE: &str = "default_locale: es";
        let names = "anniversaries: [wedding, contract]";
        for known in ["birthday", "customer_since", "wedding", "contract"] {
            assert_eq!(told_of_occasion(known, names), [""; 0], "{known}");
            assert_eq!(told_of_occasion(known, NONE), [""; 0], "{known}");
        }
        let place = "greet.yaml:4:22";
        assert_eq!(
            told_of_occasion("weding", names),
            [format!("{place}: error: unknown occasion \"weding\"; did you mean \"wedding\"?")]
        );
        assert_eq!(
            told_of_occasion("retirement", names),
            [format!(
                "{place}: error: unknown occasion \"retirement\"; known are birthday, customer_since, \
                 wedding, contract: policy.yaml names them under anniversaries"
            )]
        );
        // Without names any may be right, and one is likely mistyped.
        assert_eq!(told_of_occasion("retirement", NONE), [""; 0]);
        let warned = told_of_occasion("brithday", NONE);
        assert!(warned[0].contains("warning") && warned[0].contains("\"birthday\"?"), "{warned:?}");
        let empty = told_of_occasion("''", NONE);
        assert!(empty[0].contains("error: name the occasion"), "{empty:?}");
    }

    #[test]
    fn names_of_staff_that_lead_to_no_mailbox_are_told_with_their_place() {
        let policy = "\
people: { eva: { email: eva@casa.example, locale: en } }
teams:
  care: { members: [eva, luis] }
  idle: {}
  eva: { email: team@casa.example }
complaints: { escalate_to: [care, evo] }
";
        let (_, found) = RuleBook::check(&[(POLICY_FILE.into(), policy.into())]);
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        let expected = [
            "policy.yaml:3:20: error: team \"care\" names \"luis\", who is not among people",
            "policy.yaml:4:9: error: team \"idle\" has neither an email nor members, so no mail reaches it",
            "policy.yaml:5:8: error: \"eva\" is the name of a person and of a team; give each a name of its own",
            "policy.yaml:6:28: error: complaints escalate to \"evo\", who is neither among people nor teams; did you mean \"eva\"?",
        ];
        assert_eq!(told, expected);
        let bad = "people: { eva: { email: eva, locale: english please } }";
        let (_, found) = RuleBook::check(&[(POLICY_FILE.into(), bad.into())]);
        assert!(found[0].message.contains("ana@example.com"), "{found:?}");
    }

    #[test]
    fn who_gets_work_and_no_mail_about_it_is_doubtful() {
        let policy = "digest_at: '07:30'
people: { eva: { name: Eva Ruiz, email: eva@casa.example } }
call_team: care
complaints: { departments: { delivery: eva, product: shed } }
";
        let rule = "rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: call, channel: call, template: call, assign_to: evo }
  - { id: task, channel: task, template: call, assign_to: account_manager }
  - { id: alert, channel: event, event: Bought, assign_to: nobody }
";
        let files =
            |policy: &str| [(POLICY_FILE.into(), policy.into()), ("call.yaml".into(), rule.into())];
        let (book, found) = RuleBook::check(&files(policy));
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        let expected = [
            "call.yaml:6:59: warning: \"evo\" is neither among people nor teams in the policy, so no mail in the morning tells of this; did you mean \"eva\"?",
            "policy.yaml:3:12: warning: \"care\" is neither among people nor teams in the policy, so no mail in the morning tells of this",
            "policy.yaml:4:54: warning: \"shed\" is neither among people nor teams in the policy, so no mail in the morning tells of this",
        ];
        assert_eq!(told, expected);
        assert_eq!(book.unwrap().policy.mailboxes("eva")[0].called, "Eva Ruiz");
        // A shop without such mails may do as it likes.
        let (_, found) = RuleBook::check(&files(&policy.replace("digest_at", "default_time")));
        assert!(found.is_empty(), "{found:?}");
    }

    fn book(rule: &str) -> RuleBook {
        let files = [(POLICY_FILE.into(), "{}".into()), ("greet.yaml".into(), rule.into())];
        RuleBook::read(&files).unwrap()
    }

    const GREET: &str = "rule: greet
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: note, channel: task, template: note }]
";

    #[test]
    fn a_book_knows_what_its_rules_ask_for() {
        assert_eq!(book(GREET).rule("greet").unwrap().priority, 50);
        assert!(!book(GREET).asks_for_drift() && !book(GREET).is_exit(EventKind::ComplaintOpened));
        let exits = book(&GREET.replace("steps", "exit_on: [ComplaintOpened]\nsteps"));
        assert!(exits.is_exit(EventKind::ComplaintOpened));
        assert!(!exits.is_exit(EventKind::PurchaseCompleted));
        let of_stage = GREET.replace("{ event: PurchaseCompleted }", "{ stage: dissolution }");
        assert!(book(&of_stage).asks_for_drift());
        assert!(!book(&of_stage.replace("live", "paused")).asks_for_drift());
        for (condition, asks) in [
            ("customer.p_alive < 0.5", true),
            ("customer.stage == 'ended'", true),
            ("customer.lifetime_value > 1.0", true),
            ("customer.p_active > 0.5", true),
            ("customer.purchases > 1", false),
        ] {
            let filter = GREET.replace("steps", &format!("filter: {condition}\nsteps"));
            assert_eq!(book(&filter).asks_for_drift(), asks, "{condition}");
            let step =
                GREET.replace("template: note", &format!("template: note, if: \"{condition}\""));
            assert_eq!(book(&step).asks_for_drift(), asks, "{condition}");
        }
    }

    #[test]
    fn what_is_wrong_in_one_file_refuses_all() {
        let bad = GREET.replace("live", "alive");
        let files = [(POLICY_FILE.into(), "{}".into()), ("greet.yaml".into(), bad)];
        let found = RuleBook::read(&files).map(drop).unwrap_err();
        assert_eq!((found.len(), found[0].file.as_str()), (1, "greet.yaml"));
        // A warning refuses nothing.
        let doubtful = GREET.replace("{ event: PurchaseCompleted }", "{ occasion: brithday }");
        assert!(book(&doubtful).rule("greet").is_some());
    }
}
