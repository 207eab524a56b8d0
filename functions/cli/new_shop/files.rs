//! The files of a new folder: the shipped ones, with what the shop says of itself.

use lazo::shell::rules::{RulesError, rule_files, source_files, template_files};
use lazo::shell::wording::Language;
use lazo_domain::rulebook::{POLICY_FILE, SEGMENTS_FILE, is_read};

use super::answers::Answers;

/// Somebody in the shop: the name that rules use, and the one that people read, in
/// Spanish and English.
type Named = (&'static str, &'static str, &'static str);

/// Who works in the shop, until it says so itself: the mailboxes that the shipped
/// rules give work to.
const PEOPLE: [Named; 2] = [
    ("store_manager", "Gerencia de tienda", "Store manager"),
    ("director", "Dirección", "Director"),
];
const TEAMS: [Named; 5] = [
    ("care", "Atención a clientes", "Customer care"),
    ("sales", "Ventas", "Sales"),
    ("logistics", "Envíos", "Deliveries"),
    ("workshop", "Taller", "Workshop"),
    ("accounts", "Facturación", "Accounts"),
];

/// Whether a path is a rule, and neither the policy nor the segments.
pub fn is_rule(path: &str) -> bool {
    path.strip_prefix("rules/")
        .is_some_and(|name| is_read(name) && ![POLICY_FILE, SEGMENTS_FILE].contains(&name))
}

/// All files of a shop's folder, by path.
///
/// # Errors
/// None but those of reading the shipped ones.
pub fn of_shop(answers: &Answers) -> Result<Vec<(String, String)>, RulesError> {
    let mut files = vec![("README.md".to_owned(), readme(answers))];
    for (name, text) in rule_files(None)? {
        let text = match name.as_str() {
            "policy.yaml" => policy(&text, answers),
            name if name.ends_with(".md") => without_outer_links(&text),
            _ => text,
        };
        files.push((format!("rules/{name}"), text));
    }
    for (name, text) in source_files(None)? {
        files.push((format!("sources/{name}"), text));
    }
    for (name, text) in template_files(None)? {
        if !is_spoken(&name, &answers.languages) {
            continue;
        }
        let is_page = name.ends_with(".md") && !name.contains('/');
        let text = if is_page { without_outer_links(&text) } else { text };
        files.push((format!("templates/{name}"), text));
    }
    Ok(files)
}

/// Whether a template's file is in one of the languages, or in none.
fn is_spoken(path: &str, languages: &[Language]) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [_, locale, _] => match Language::of(locale) {
            Some(language) => languages.contains(&language),
            None => true,
        },
        _ => true,
    }
}

/// The shipped policy, of this shop.
fn policy(shipped: &str, answers: &Answers) -> String {
    let language = answers.languages[0];
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let set = [
        ("  name:", quoted(&answers.name)),
        ("  from:", quoted(&answers.from)),
        ("  reply_to:", quoted(&answers.from)),
        ("  postal_address:", quoted(&answers.address)),
        ("currency:", quoted(&answers.currency)),
        ("default_time_zone:", quoted(&answers.time_zone)),
        ("default_locale:", language.tag().to_owned()),
    ];
    let mut lines: Vec<String> = Vec::new();
    // Below `people:` and `teams:` stand those of another shop.
    let mut is_replaced = false;
    for line in shipped.lines() {
        let is_below = line.starts_with([' ', '\t']);
        if is_replaced && is_below {
            continue;
        }
        is_replaced = false;
        if let Some((key, value)) = set.iter().find(|(key, _)| line.starts_with(key)) {
            lines.push(format!("{key} {value}"));
        } else if line.starts_with("  logo_url:") {
            lines.push(format!("  # logo_url: https://{}/logo.png", domain_of(&answers.from)));
        } else if let Some((title, staff)) = staff(line) {
            is_replaced = true;
            lines.push(title.to_owned());
            lines.extend(staff.iter().map(|(id, es, en)| {
                let name = quoted(language.pick(es, en));
                format!("  {id}: {{ name: {name}, email: {} }}", quoted(&answers.from))
            }));
        } else {
            lines.push(line.replace("Casa Lumbre", &answers.name));
        }
    }
    lines.join("\n") + "\n"
}

/// Whom a line of the policy is the title of.
fn staff(line: &str) -> Option<(&'static str, &'static [Named])> {
    match line.trim_end() {
        "people:" => Some(("people:", &PEOPLE)),
        "teams:" => Some(("teams:", &TEAMS)),
        _ => None,
    }
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// Text of a page whose links out of the folder are left out: they lead nowhere here.
fn without_outer_links(text: &str) -> String {
    let mut left = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(at) = left.find("](../../") {
        let (before, behind) = left.split_at(at);
        let Some((name, end)) = before.rfind('[').zip(behind.find(')')) else { break };
        kept += &before[..name];
        kept += &before[name + 1..];
        left = &behind[end + 1..];
    }
    kept + left
}

fn readme(answers: &Answers) -> String {
    let name = &answers.name;
    match answers.languages[0] {
        Language::Es => format!(
            "# {name}: el trato con los clientes después de la venta\n\n\
             - `rules/` dice a quién se contacta, cuándo y por qué: un archivo por regla, y \
             `policy.yaml` con lo que vale para todas. Lee `rules/README.es.md`.\n\
             - `templates/` tiene los textos. Lee `templates/README.es.md`.\n\n\
             Antes de usarla, revisa en `rules/policy.yaml` quién trabaja aquí (`people`, `teams`), \
             los horarios y los días cerrados.\n\n\
             ```sh\nlazo rules check rules          # ¿hay errores?\n\
             lazo simulate --rules rules --events historia.jsonl --until 2027-01-01\n\
             lazo --rules rules              # todo el sistema en esta computadora\n```\n"
        ),
        Language::En => format!(
            "# {name}: looking after customers once they have bought\n\n\
             - `rules/` says who is contacted, when and why: one file a rule, and `policy.yaml` \
             for what holds for all. Read `rules/README.md`.\n\
             - `templates/` holds the texts. Read `templates/README.md`.\n\n\
             Before you use it, look in `rules/policy.yaml` at who works here (`people`, `teams`), \
             the hours and the closed days.\n\n\
             ```sh\nlazo rules check rules          # is anything wrong?\n\
             lazo simulate --rules rules --events history.jsonl --until 2027-01-01\n\
             lazo --rules rules              # the whole system on this computer\n```\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_out_are_plain_text() {
        assert_eq!(
            without_outer_links("See [the events](../../events/README.md), [this](README.es.md)."),
            "See the events, [this](README.es.md)."
        );
    }
}
