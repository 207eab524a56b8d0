//! The rules of the shops that are run, and what deliberate defects change in
//! them.

use anyhow::anyhow;
use jiff::civil::Date;
use lazo::shell::rules::Rules;
use lazo_domain::drift::{Estimate, Kind, Model, Params, ShopRhythm, Spending};
use lazo_domain::event::EventKind;
use lazo_domain::message::Templates;
use lazo_domain::rulebook::{Bundle, RuleBook};

const POLICY: &str = include_str!("../rules/policy.yaml");

const SEGMENTS: &str = include_str!("../rules/segments.yaml");

const RULES: [(&str, &str); 13] = [
    ("article.yaml", include_str!("../rules/article.yaml")),
    ("birthday.yaml", include_str!("../rules/birthday.yaml")),
    ("check-in.yaml", include_str!("../rules/check-in.yaml")),
    ("digest.yaml", include_str!("../rules/digest.yaml")),
    ("lead.yaml", include_str!("../rules/lead.yaml")),
    ("news.yaml", include_str!("../rules/news.yaml")),
    ("note.yaml", include_str!("../rules/note.yaml")),
    ("rate.yaml", include_str!("../rules/rate.yaml")),
    ("sorry.yaml", include_str!("../rules/sorry.yaml")),
    ("thanks-call.yaml", include_str!("../rules/thanks-call.yaml")),
    ("thanks-mail.yaml", include_str!("../rules/thanks-mail.yaml")),
    ("welcome.yaml", include_str!("../rules/welcome.yaml")),
    ("winback.yaml", include_str!("../rules/winback.yaml")),
];

const TEMPLATES: [(&str, &str, &str); 12] = [
    ("complaint-escalated", "es", "Una queja espera"),
    ("complaint-escalated", "en", "A complaint waits"),
    ("daily-digest", "es", "Lo que trae el día"),
    ("daily-digest", "en", "What the day brings"),
    ("soak", "es", "Gracias de la tienda"),
    ("soak", "en", "Thank you from the shop"),
    ("soak-too", "es", "La tienda da las gracias"),
    ("soak-too", "en", "The shop says thank you"),
    ("soak-news", "es", "Noticias de la tienda"),
    ("soak-news", "en", "News from the shop"),
    ("soak-survey", "es", "¿Qué tal todo?"),
    ("soak-survey", "en", "How was it?"),
];

const BODY: &str = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ brand.name }}";
const BODY_END: &str = "</mj-text></mj-column></mj-section></mj-body></mjml>";
const TEXT: &str = "{{ brand.name }}";
const NEWS_TEXT: &str = "\n\n{{ brand.postal_address }}\n{{ links.unsubscribe }}";
const SURVEY_TEXT: &str = "{% for answer in survey.answers %}\n{{ answer.url }}{% endfor %}\n";
const MORNING_TEXT: &str = "{% set due = digest.complaints | default(none) %}
complaints due: {{ due.items | length + due.more if due else 0 }}.";
const NEWS_END: &str =
    " {{ brand.postal_address }} <a href=\"{{ links.unsubscribe }}\">unsubscribe</a>";

use super::life::HOUR;

/// How often the schedule runs dispatch, and queues are emptied.
pub const TICK: i64 = 3 * HOUR;

/// When a morning begins, by UTC: at `digest_at` of the policy by the shop's clock,
/// which knows no summer time.
pub const MORNING: i64 = 13 * HOUR;

/// What is broken on purpose, so that it shows whether the oracle would see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests break things"))]
pub enum Defect {
    #[default]
    None,
    /// Ledger entries are written without their conditions.
    NoLedgerKeys,
    /// The mail service is asked twice for one mail in twenty.
    SentTwice,
    /// The contact policy has no windows.
    AtNight,
    /// The contact policy has no frequency caps.
    NoCaps,
    /// Marketing mail goes to whoever did not say no.
    NoOptIn,
    /// Opt-outs and erasures are acknowledged and never taken.
    DeafToNo,
    /// Whoever sends does not look again whether somebody said no.
    BlindToNo,
    /// That two ids are one customer is acknowledged and never taken.
    BlindToMerges,
    /// What was counted or sent under another id of a customer is not looked at.
    BlindToOtherId,
    /// The same of what was said under another id of the same address.
    BlindToOthers,
    /// What fits no schema is acknowledged and not kept aside.
    NoQuarantine,
    /// An event in a hundred is acknowledged and never taken.
    EventsLost,
    /// Nobody hears the alarms in the second half of the time.
    Overslept,
    /// Complaints pause nothing.
    NoPause,
    /// Nothing expires.
    NoExpiry,
    /// No event ends a follow-up.
    NoExits,
    /// An event ends a follow-up whatever its rule asks of it.
    ExitsRegardless,
    /// Birthdays of 29 February are celebrated on 1 March.
    LeapDayInMarch,
    /// A share of customers that should get nothing gets all.
    NoHoldout,
    /// The customers who should get nothing of any marketing rule get all.
    NoGlobalHoldout,
    /// Customers get variants by other shares than those that were agreed on.
    OtherVariants,
    /// Nobody is in any segment.
    NobodyInSegments,
    /// Who drifts away is seen later than it is.
    DriftsLater,
    /// Calls are tried twice, not three times.
    GivesUpCalling,
    /// Of who asks to be called back at a time, the time is not told.
    BlindToNamedTimes,
    /// Reports do not say who called, so that none corrects another.
    NobodyNamed,
    /// Nobody is told of complaints that nobody resolves.
    NobodyInCharge,
    /// Nobody is told in the morning what the day brings.
    NoMornings,
    /// In the morning they are told of what is due later, too.
    TellsTooMuch,
    /// Everybody is asked how it was, not one in five.
    AsksAll,
    /// What is published reaches nobody.
    SharesNothing,
    /// Workers go on by the first version of the rules that they saw.
    OldVersion,
    /// A pause of the sending is acknowledged and never made.
    DeafToPauses,
    /// What events told is kept for ever.
    KeepsForEver,
}

impl Defect {
    fn policy(self) -> String {
        let cut = |from: &str, to: &str| match (POLICY.find(from), POLICY.find(to)) {
            (Some(from), Some(to)) => format!("{}{}", &POLICY[..from], &POLICY[to..]),
            _ => POLICY.to_owned(),
        };
        match self {
            Defect::AtNight => cut("windows:", "by_country:"),
            Defect::NoCaps => cut("frequency_caps:", "complaints:"),
            Defect::NoOptIn => POLICY.replace("opt_in", "opt_out"),
            Defect::NoPause => POLICY
                .replace("resume_after: 7 days", "resume_after: 1 hour")
                .replace("bad_experience_pause: 14 days", "bad_experience_pause: 1 hour"),
            Defect::DriftsLater => POLICY.replace("at_risk_p_alive: 0.5", "at_risk_p_alive: 0.48"),
            Defect::NobodyInCharge => POLICY.replace("  escalate_after: { normal: 2 days }\n", ""),
            Defect::TellsTooMuch => POLICY.replace("normal: 2 days", "normal: 1 day"),
            Defect::NoMornings => POLICY.replace("digest_at: \"07:00\"\n", ""),
            Defect::NoGlobalHoldout => POLICY.replace("share: 12%", "share: 0%"),
            Defect::KeepsForEver => {
                POLICY.replace("keep_history: 90 days", "keep_history: 50 years")
            }
            Defect::LeapDayInMarch => POLICY.replace("feb28", "mar1"),
            _ => POLICY.to_owned(),
        }
    }

    fn segments(self) -> String {
        match self {
            Defect::NobodyInSegments => SEGMENTS.replace(">= 0", ">= 1000000"),
            _ => SEGMENTS.to_owned(),
        }
    }

    fn rule(self, text: &str) -> String {
        let line = |line: &str| match self {
            Defect::NoExits if line.starts_with("exit_on") => String::new(),
            Defect::ExitsRegardless if line.starts_with("exit_on") => {
                let kinds = line.split(['[', ',', '{', '}', ']', ' ']);
                let kinds =
                    kinds.filter(|word| EventKind::ALL.iter().any(|kind| kind.as_str() == *word));
                format!("exit_on: [{}]\n", kinds.collect::<Vec<_>>().join(", "))
            }
            Defect::NoHoldout if line.starts_with("holdout") => String::new(),
            Defect::OtherVariants => {
                let shares = line.replace("share: 40%", "share: 90%");
                format!("{}\n", shares.replace("share: 60%", "share: 10%"))
            }
            Defect::GivesUpCalling => format!("{}\n", line.replace("max: 3", "max: 2")),
            Defect::AsksAll => format!("{}\n", line.replace("sample: 20%", "sample: 100%")),
            Defect::SharesNothing if line.contains("ContentPublished") => {
                "trigger: { event: ContentPublished }\nfilter: event.title == ''\n".to_owned()
            }
            Defect::NoExpiry if line.starts_with("  - {") => {
                let step = line.split(", expires").next().unwrap_or(line);
                format!("{}, expires: 90 days }}\n", step.trim_end_matches(" }"))
            }
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }
}

/// How customers drift away, as if it had been fitted to the shop's history.
pub fn model() -> Model {
    let kind = Kind::MbgNbd;
    // Weeks; the oracle has the same numbers (`oracle/drift.rs`).
    let params = Params { kind, r: 0.8, alpha: 40.0, a: 0.6, b: 1.2 };
    Model {
        kind,
        until: Date::constant(2025, 12, 31),
        customers: 10_000,
        unique_histories: 1_000,
        estimate: Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 }),
        refused: None,
        rhythm: ShopRhythm::default(),
        spending: Spending::fit(&[]),
    }
}

/// The rules that a shop is run by.
///
/// # Errors
/// Where they do not pass their own check.
pub fn rules(defect: Defect) -> anyhow::Result<Rules> {
    let Bundle { rules, templates, .. } = bundle(defect, 0);
    let book = RuleBook::read(&rules).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow!("the soak's own rules are wrong:\n{}", lines.join("\n"))
    })?;
    Ok(Rules::new(book, Templates::read(&templates)))
}

/// An edition of them, as it is published: each says the same in another text.
pub fn bundle(defect: Defect, edition: u32) -> Bundle {
    let policy = format!("# Edition {edition}.\n{}", defect.policy());
    let mut files = vec![("policy.yaml".to_owned(), policy)];
    files.push(("segments.yaml".to_owned(), defect.segments()));
    files.extend(RULES.map(|(name, text)| (name.to_owned(), defect.rule(text))));
    let mut templates = Vec::new();
    for (name, locale, subject) in TEMPLATES {
        let (more, more_text) = match name {
            "soak-news" => (NEWS_END, NEWS_TEXT),
            "soak-survey" => ("", SURVEY_TEXT),
            "daily-digest" => ("", MORNING_TEXT),
            _ => ("", ""),
        };
        templates.push((format!("{name}/{locale}/subject.txt"), subject.to_owned()));
        templates.push((format!("{name}/{locale}/body.mjml"), format!("{BODY}{more}{BODY_END}")));
        templates.push((format!("{name}/{locale}/body.txt"), format!("{TEXT}{more_text}")));
        templates.push((format!("{name}/{locale}/script.md"), subject.to_owned()));
    }
    Bundle::new(files, templates)
}
