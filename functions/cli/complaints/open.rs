//! Opening a complaint: by its own command, from the call list and after a report.

use clap::ValueEnum;
use lazo::shell::wording::{Language, moment};
use lazo_domain::decide::deadline;
use lazo_domain::event::Line;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::journey::Feeling;
use lazo_domain::nearest::nearest;
use lazo_domain::policy::Policy;
use serde_json::json;

use crate::clock;
use crate::system::{System, publish};
use crate::{Answer, ask};

/// How many letters of a random id a complaint's id has.
const ID_LETTERS: usize = 12;

/// What there is to say of a complaint.
#[derive(clap::Args, Clone, Debug)]
pub struct Opening {
    /// What it is about, in the shop's own words, always the same ones: the policy says
    /// who resolves which category.
    #[arg(long)]
    pub category: String,
    /// How bad it is; the policy says how long there is to resolve it.
    #[arg(long, value_enum)]
    pub severity: SeverityArg,
    /// What happened.
    #[arg(long)]
    pub description: Option<String>,
}

/// How bad a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SeverityArg {
    Low,
    Normal,
    High,
}

impl SeverityArg {
    fn as_str(self) -> &'static str {
        match self {
            SeverityArg::Low => "low",
            SeverityArg::Normal => "normal",
            SeverityArg::High => "high",
        }
    }

    /// As somebody types it, in either language; `None` where it is neither.
    fn typed(text: &str) -> Option<SeverityArg> {
        match text.to_lowercase().as_str() {
            "low" | "leve" => Some(SeverityArg::Low),
            "" | "normal" => Some(SeverityArg::Normal),
            "high" | "grave" => Some(SeverityArg::High),
            _ => None,
        }
    }
}

impl Opening {
    /// Asks on the terminal what there is to say.
    ///
    /// # Errors
    /// Where nobody answers.
    pub fn asked(
        policy: &Policy,
        description: Option<String>,
        lang: Language,
    ) -> anyhow::Result<Opening> {
        let known: Vec<&str> = policy.complaints.departments.keys().map(String::as_str).collect();
        let question = match known.is_empty() {
            true => format!("{}:", lang.pick("Categoría", "Category")),
            false => format!("{} ({}):", lang.pick("Categoría", "Category"), known.join(", ")),
        };
        let mut category = String::new();
        while category.is_empty() {
            category = ask::line(&question)?;
        }
        let question = lang.pick(
            "Gravedad (leve, normal, grave) [normal]:",
            "Severity (low, normal, high) [normal]:",
        );
        let severity = loop {
            if let Some(severity) = SeverityArg::typed(&ask::line(question)?) {
                break severity;
            }
        };
        let told = ask::line(lang.pick("¿Qué pasó? [la nota]:", "What happened? [the note]:"))?;
        let description = Some(told).filter(|told| !told.is_empty()).or(description);
        Ok(Opening { category, severity, description })
    }

    /// Opens it, and says who is to resolve it and until when.
    ///
    /// # Errors
    /// Which field does not fit; or that the bus or the table does not take it.
    pub async fn open(
        &self,
        system: &System,
        customer: &Id,
        now: Instant,
        lang: Language,
    ) -> anyhow::Result<Answer> {
        let random = clock::fresh_id().simple().to_string();
        let id = Id::new(&format!("com-{}", &random[random.len() - ID_LETTERS..]))?;
        let mut detail = json!({
            "complaint_id": id,
            "customer_id": customer,
            "occurred_at": now.to_string(),
            "severity": self.severity.as_str(),
            "category": self.category,
        });
        if let Some(description) = &self.description {
            detail["description"] = description.as_str().into();
        }
        publish(system, "ComplaintOpened", detail, now).await?;
        let rules = system.app.rules();
        let policy = &rules.book.policy;
        let person = system.app.store.person(customer).await?.customer;
        // The same again within a short while is the one before, opened once more.
        let category = person.complaints.category(&id);
        let owner = policy.department(category.as_ref().map(Line::as_str));
        let zone = &rules.book.default_zone;
        let until = deadline(&person, &rules.book, &id, 0).map(|at| moment(at, zone));
        out!(
            "{} {id}; {}",
            lang.pick("queja abierta:", "complaint opened:"),
            whose(owner, until, lang)
        );
        if let Some(remark) = unknown_category(policy, &self.category, lang) {
            out!("{remark}");
        }
        Ok(Answer::Yes)
    }
}

/// Offers a complaint of a customer who is not satisfied: asks on a terminal, and
/// otherwise prints the command.
///
/// # Errors
/// As [`Opening::open`], and where nobody answers.
pub async fn offer(
    system: &System,
    customer: &Id,
    note: Option<&String>,
    now: Instant,
    lang: Language,
) -> anyhow::Result<Answer> {
    let rules = system.app.rules();
    let policy = &rules.book.policy;
    if ask::is_possible() {
        let question = lang.pick(
            "El cliente no quedó satisfecho. ¿Abrir una queja?",
            "The customer is not satisfied. Open a complaint?",
        );
        if !ask::yes_or_no(question, lang)? {
            return Ok(Answer::Yes);
        }
        return Opening::asked(policy, note.cloned(), lang)?
            .open(system, customer, now, lang)
            .await;
    }
    let offered = lang.pick(
        "el cliente no quedó satisfecho; para abrir una queja:",
        "the customer is not satisfied; to open a complaint:",
    );
    let category = lang.pick("CATEGORÍA", "CATEGORY");
    out!("{offered}\n  lazo complaints open {customer} --category {category} --severity normal");
    Ok(Answer::Yes)
}

/// The scores after which a complaint is offered.
pub fn is_unhappy(satisfaction: Option<u8>) -> bool {
    satisfaction.is_some_and(|score| Feeling::of_satisfaction(score) == Feeling::Unhappy)
}

/// Who resolves it, and until when.
fn whose(owner: &str, until: Option<String>, lang: Language) -> String {
    match (until, lang) {
        (Some(until), Language::Es) => format!("la resuelve {owner} antes de {until}"),
        (Some(until), Language::En) => format!("{owner} resolves it before {until}"),
        (None, Language::Es) => format!("la resuelve {owner}"),
        (None, Language::En) => format!("{owner} resolves it"),
    }
}

/// What to say of a category that the policy gives to nobody, where it names others.
fn unknown_category(policy: &Policy, category: &str, lang: Language) -> Option<String> {
    let known = &policy.complaints.departments;
    if known.is_empty() || known.contains_key(category) {
        return None;
    }
    let names = known.keys().map(String::as_str);
    let hint = match nearest(category, names.clone()) {
        Some(name) => format!("{} {name:?}?", lang.pick("¿querías decir", "did you mean")),
        None => format!(
            "{}: {}",
            lang.pick("tienen responsable", "those that have somebody are"),
            names.collect::<Vec<_>>().join(", ")
        ),
    };
    let nobody = match lang {
        Language::Es => format!("policy.yaml no da la categoría {category:?} a nadie"),
        Language::En => format!("policy.yaml gives the category {category:?} to nobody"),
    };
    Some(format!("{nobody}; {hint}"))
}
