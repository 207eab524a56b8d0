//! A rule as a sentence: when, if, then, unless, measured how, again when.

use lazo_domain::channel::Channel;
use lazo_domain::event::EventKind;
use lazo_domain::rule::{PromisedDay, Reentry, Trigger};
use lazo_domain::rulebook::{Rule, Step};
use lazo_domain::span::{Span, Unit};

use super::Language;

/// A part of the sentence: its keyword, what it says, and a condition as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// `Cuando`, `y si`, `entonces` …
    pub keyword: &'static str,
    /// What it says.
    pub said: String,
    /// The condition of it, in the rule's own formula.
    pub formula: Option<String>,
    /// The template that is used, where one is.
    pub template: Option<String>,
}

fn clause(keyword: &'static str, said: impl Into<String>) -> Clause {
    Clause { keyword, said: said.into(), formula: None, template: None }
}

impl Language {
    /// The rule, clause by clause.
    pub fn rule_sentence(self, rule: &Rule) -> Vec<Clause> {
        let mut clauses = vec![clause(self.pick("Cuando", "When"), self.trigger(&rule.trigger))];
        if let Some(filter) = &rule.filter {
            let said = self.pick("se cumple", "this holds");
            let formula = Some(filter.source().to_owned());
            clauses.push(Clause { formula, ..clause(self.pick("y si", "and if"), said) });
        }
        for (at, step) in rule.steps.iter().enumerate() {
            let keyword = match at {
                0 => self.pick("entonces", "then"),
                _ => self.pick("después", "after that"),
            };
            clauses.push(self.step(keyword, step));
        }
        if !rule.exit_on.is_empty() {
            let events: Vec<&str> =
                rule.exit_on.iter().map(|exit| self.event(exit.event)).collect();
            clauses.push(clause(self.pick("salvo que", "unless"), events.join(", ")));
        }
        clauses.push(self.measured(rule));
        clauses.push(clause(self.pick("y otra vez", "and again"), self.reentry(rule.reentry)));
        clauses
    }

    /// What starts a rule.
    pub fn trigger(self, trigger: &Trigger) -> String {
        match (trigger, self) {
            (Trigger::Event(kind), _) => self.event(*kind).to_owned(),
            (Trigger::Stage(stage), Language::Es) => {
                format!("un cliente entra en la etapa: {}", self.stage(*stage))
            }
            (Trigger::Stage(stage), Language::En) => {
                format!("a customer enters the stage: {}", self.stage(*stage))
            }
            (Trigger::Occasion { name, lead }, _) => {
                let what = match name.as_str() {
                    "birthday" => self.pick("su cumpleaños", "their birthday").to_owned(),
                    "customer_since" => self
                        .pick(
                            "el aniversario de su primera compra",
                            "the anniversary of their first purchase",
                        )
                        .to_owned(),
                    other => {
                        format!("{} «{other}»", self.pick("su aniversario", "their anniversary"))
                    }
                };
                match lead {
                    Some(lead) => {
                        format!(
                            "{} {} {what}",
                            self.duration(*lead),
                            self.pick("antes de", "before")
                        )
                    }
                    None => format!("{} {what}", self.pick("es", "it is")),
                }
            }
            (Trigger::Every { period, on_day }, _) => {
                let each = format!("{} {}", self.pick("cada", "every"), self.duration(*period));
                match on_day {
                    Some(day) => format!("{each}, {} {day}", self.pick("el día", "on day")),
                    None => each,
                }
            }
        }
    }

    /// An event as what somebody did.
    pub fn event(self, kind: EventKind) -> &'static str {
        match kind {
            EventKind::CustomerUpdated => self.pick("cambian sus datos", "their data change"),
            EventKind::ConsentChanged => {
                self.pick("cambia lo que acepta", "what they agree to changes")
            }
            EventKind::PurchaseCompleted => self.pick("compra algo", "they buy something"),
            EventKind::PurchaseDelivered => self.pick("recibe su compra", "their purchase arrives"),
            EventKind::PurchaseRefunded => self.pick("devuelve algo", "they return something"),
            EventKind::InteractionRecorded => self.pick("habla con nosotros", "they talk with us"),
            EventKind::ComplaintOpened => self.pick("se queja", "they complain"),
            EventKind::ComplaintResolved => {
                self.pick("se resuelve su queja", "their complaint is resolved")
            }
            EventKind::CallReported => self.pick("se registra una llamada", "a call is logged"),
            EventKind::SurveyAnswered => self.pick("contesta una encuesta", "they answer a survey"),
            EventKind::ContentPublished => {
                self.pick("publicamos algo que le interesa", "we publish what interests them")
            }
            EventKind::CustomerErased => {
                self.pick("pide que lo olvidemos", "they ask to be forgotten")
            }
            EventKind::CustomerMerged => self
                .pick("dos ids resultan ser la misma persona", "two ids turn out to be one person"),
        }
    }

    /// A span of time.
    pub fn duration(self, span: Span) -> String {
        let count = usize::try_from(span.count).unwrap_or_default();
        let (es, en) = match span.unit {
            Unit::Minutes => (["minuto", "minutos"], ["minute", "minutes"]),
            Unit::Hours => (["hora", "horas"], ["hour", "hours"]),
            Unit::Days => (["día", "días"], ["day", "days"]),
            Unit::BusinessDays => {
                (["día hábil", "días hábiles"], ["business day", "business days"])
            }
            Unit::Weeks => (["semana", "semanas"], ["week", "weeks"]),
            Unit::Months => (["mes", "meses"], ["month", "months"]),
            Unit::Years => (["año", "años"], ["year", "years"]),
        };
        self.count(count, es, en)
    }

    /// What goes by a channel.
    pub fn channel(self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => self.pick("manda un correo", "send a mail"),
            Channel::Call => self.pick("pide una llamada", "ask for a call"),
            Channel::Task => self.pick("pide una tarea", "ask for a task"),
            Channel::Event => self.pick("avisa al equipo", "tell the team"),
        }
    }

    fn step(self, keyword: &'static str, step: &Step) -> Clause {
        let mut said = Vec::new();
        match (step.wait, step.on) {
            (Some(wait), _) => {
                said.push(format!("{} {}", self.pick("espera", "wait"), self.duration(wait)))
            }
            (None, Some(PromisedDay::FollowUp)) => {
                said.push(self.pick("el día prometido", "on the promised day").to_owned());
            }
            (None, None) => {}
        }
        if let Some(at) = step.at {
            said.push(format!("{} {}", self.pick("a las", "at"), at.strftime("%-H:%M")));
        }
        said.push(self.channel(step.channel).to_owned());
        if let Some(who) = &step.assign_to {
            let who = match who.as_str() {
                "account_manager" => self.pick("su ejecutivo de cuenta", "their account manager"),
                "sold_by" => self.pick("quien vendió", "whoever sold"),
                other => other,
            };
            said.push(format!("{} {who}", self.pick("a", "of")));
        }
        if let Some(attempts) = &step.attempts {
            let most = usize::from(attempts.max);
            let times = self.count(most, ["intento", "intentos"], ["attempt", "attempts"]);
            said.push(format!("({times})"));
        }
        let condition = step.condition.as_ref().map(|condition| condition.source().to_owned());
        if condition.is_some() {
            said.push(self.pick("si se cumple", "if this holds").to_owned());
        }
        Clause {
            formula: condition,
            template: step.templates().next().map(|(name, _)| name.to_owned()),
            ..clause(keyword, said.join(" "))
        }
    }

    fn measured(self, rule: &Rule) -> Clause {
        let keyword = self.pick("mide", "measure");
        let Some(goal) = &rule.goal else {
            return clause(keyword, self.pick("nada: no tiene meta", "nothing: it has no goal"));
        };
        let (event, within) = (self.event(goal.event), self.duration(goal.within));
        let share = super::uplift::percent(rule.holdout.0, self);
        clause(
            keyword,
            match (self, rule.holdout.0 > 0.0) {
                (Language::Es, true) => {
                    format!("deja fuera al azar al {share} y mira si {event} en {within}")
                }
                (Language::Es, false) => {
                    format!("mira si {event} en {within}, sin grupo de control")
                }
                (Language::En, true) => {
                    format!("hold out {share} at random and look whether {event} within {within}")
                }
                (Language::En, false) => {
                    format!("look whether {event} within {within}, without a control group")
                }
            },
        )
    }

    fn reentry(self, reentry: Reentry) -> String {
        match reentry {
            Reentry::Always => self.pick("siempre que pase", "whenever it happens").to_owned(),
            Reentry::Once => self.pick("nunca: solo una vez", "never: once alone").to_owned(),
            Reentry::Cooldown(span) => {
                format!("{} {}", self.pick("después de", "after"), self.duration(span))
            }
        }
    }
}
