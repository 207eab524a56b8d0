//! The rules of the shops that are run, and what deliberate defects change in
//! them.

use anyhow::anyhow;
use lazo::rules::Rules;
use lazo_domain::message::Templates;
use lazo_domain::rulebook::RuleBook;

const POLICY: &str = include_str!("rules/policy.yaml");

const RULES: [(&str, &str); 7] = [
    ("birthday.yaml", include_str!("rules/birthday.yaml")),
    ("check-in.yaml", include_str!("rules/check-in.yaml")),
    ("news.yaml", include_str!("rules/news.yaml")),
    ("sorry.yaml", include_str!("rules/sorry.yaml")),
    ("thanks-call.yaml", include_str!("rules/thanks-call.yaml")),
    ("thanks-mail.yaml", include_str!("rules/thanks-mail.yaml")),
    ("welcome.yaml", include_str!("rules/welcome.yaml")),
];

const TEMPLATES: [(&str, &str, &str); 4] = [
    ("soak", "es", "Gracias de la tienda"),
    ("soak", "en", "Thank you from the shop"),
    ("soak-news", "es", "Noticias de la tienda"),
    ("soak-news", "en", "News from the shop"),
];

const BODY: &str = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ brand.name }}";
const BODY_END: &str = "</mj-text></mj-column></mj-section></mj-body></mjml>";
const TEXT: &str = "{{ brand.name }}";
const NEWS_TEXT: &str = "\n\n{{ brand.postal_address }}\n{{ links.unsubscribe }}";
const NEWS_END: &str =
    " {{ brand.postal_address }} <a href=\"{{ links.unsubscribe }}\">unsubscribe</a>";

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
    /// Birthdays of 29 February are celebrated on 1 March.
    LeapDayInMarch,
    /// A share of customers that should get nothing gets all.
    NoHoldout,
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
            Defect::LeapDayInMarch => POLICY.replace("feb28", "mar1"),
            _ => POLICY.to_owned(),
        }
    }

    fn rule(self, text: &str) -> String {
        let line = |line: &str| match self {
            Defect::NoExits if line.starts_with("exit_on") => String::new(),
            Defect::NoHoldout if line.starts_with("holdout") => String::new(),
            Defect::NoExpiry if line.starts_with("  - {") => {
                let step = line.split(", expires").next().unwrap_or(line);
                format!("{}, expires: 90 days }}\n", step.trim_end_matches(" }"))
            }
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }
}

/// The rules that a shop is run by.
///
/// # Errors
/// Where they do not pass their own check.
pub fn rules(defect: Defect) -> anyhow::Result<Rules> {
    let mut files = vec![("policy.yaml".to_owned(), defect.policy())];
    files.extend(RULES.map(|(name, text)| (name.to_owned(), defect.rule(text))));
    let book = RuleBook::read(&files).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow!("the soak's own rules are wrong:\n{}", lines.join("\n"))
    })?;
    let mut templates = Vec::new();
    for (name, locale, subject) in TEMPLATES {
        let (more, more_text) = if name == "soak-news" { (NEWS_END, NEWS_TEXT) } else { ("", "") };
        templates.push((format!("{name}/{locale}/subject.txt"), subject.to_owned()));
        templates.push((format!("{name}/{locale}/body.mjml"), format!("{BODY}{more}{BODY_END}")));
        templates.push((format!("{name}/{locale}/body.txt"), format!("{TEXT}{more_text}")));
        templates.push((format!("{name}/{locale}/script.md"), subject.to_owned()));
    }
    Ok(Rules { book, templates: Templates::read(&templates) })
}
