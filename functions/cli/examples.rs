//! An example of each command, for its help.

use clap::Command;
use lazo::shell::wording::Language;

/// By the command's words, one or more lines to copy.
const EXAMPLES: &[(&str, &str)] = &[
    ("local", "lazo local --data shop\nlazo local --empty --smtp smtp://localhost:1025"),
    (
        "send",
        "lazo send --sample PurchaseCompleted\nlazo send events.jsonl\nlazo send --bus lazo --source shop events.jsonl",
    ),
    (
        "import",
        "lazo import --dry-run sales.csv\nlazo import sales.csv --currency MXN --columns purchase_id=folio,total=amount",
    ),
    (
        "new",
        "lazo new my-shop\nlazo new my-shop --currency MXN --time-zone America/Mexico_City --languages es,en",
    ),
    (
        "rules plan",
        "lazo rules plan --rules my-shop/rules --events history.jsonl\nlazo rules plan --base old/rules --rules new/rules --events history.jsonl --fail-on changes",
    ),
    ("rules check", "lazo rules check\nlazo rules check infra/rules --json"),
    (
        "rules publish",
        "lazo rules publish --rules my-shop/rules --note \"two days later\"\nlazo rules publish plan.json --note \"as planned\" --at 2027-01-07",
    ),
    ("rules rollback", "lazo rules rollback 3 --note \"too many calls\""),
    ("rules list", "lazo rules list\nlazo rules list infra/rules"),
    ("rules show", "lazo rules show\nlazo rules show 3 --out version-3"),
    ("rules fields", "lazo rules fields\nlazo rules fields customer --json"),
    ("template preview", "lazo template preview thank-you-mail --locale es --open"),
    ("template list", "lazo template list"),
    ("template fields", "lazo template fields"),
    ("simulate", "lazo simulate --events .lazo/sample-shop.jsonl --until 2027-01-31"),
    ("sources check", "lazo sources check\nlazo sources check --mappings my-shop/sources --json"),
    (
        "sources try",
        "lazo sources try order.json\nlazo sources try order.json --source shopify --header x-shopify-topic=orders/paid",
    ),
    ("sources test", "lazo sources test tests/cases/sources/cases.json"),
    (
        "history export",
        "lazo history export --out history.jsonl\nlazo history export --table lazo --since 2026-01-01 > history.jsonl",
    ),
    (
        "segments",
        "lazo segments\nlazo segments --events history.jsonl --at 2026-12-01\nlazo segments --suggest",
    ),
    ("drift fit", "lazo drift fit --purchases purchases.csv --until 2026-11-30"),
    ("drift score", "lazo drift score --purchases purchases.csv --until 2026-11-30 --top 20"),
    (
        "drift evaluate",
        "lazo drift evaluate --purchases purchases.csv --split 2026-06-01 --until 2026-11-30",
    ),
    ("drift reasons", "lazo drift reasons --months 3"),
    ("find", "lazo find maria lo\nlazo find 5555550142 --json"),
    (
        "explain",
        "lazo explain cus-00041\nlazo explain cus-00041 --what-if my-shop/rules --at 2027-01-31",
    ),
    ("calls list", "lazo calls list --of care --brief"),
    ("calls claim", "lazo calls claim thank-you-call/cus-00152/pur-00152-13/call --by grace.hall"),
    ("calls next", "lazo calls next --by grace.hall"),
    ("calls today", "lazo calls today --by grace.hall"),
    ("calls release", "lazo calls release k7f --by grace.hall"),
    ("calls assign", "lazo calls assign k7f --to care"),
    ("calls snooze", "lazo calls snooze k7f --until 16:30 --by grace.hall"),
    ("calls complaint", "lazo calls complaint k7f --category delivery --severity high"),
    (
        "calls report",
        "lazo calls report thank-you-call/cus-00152/pur-00152-13/call --outcome reached --satisfaction 5",
    ),
    ("complaints list", "lazo complaints list --of care"),
    ("complaints causes", "lazo complaints causes --months 3"),
    ("complaints open", "lazo complaints open cus-00041 --category delivery --severity high"),
    (
        "complaints resolve",
        "lazo complaints resolve com-00299-05 --cause \"promised and forgotten\"",
    ),
    ("journey", "lazo journey --months 12"),
    ("log", "lazo log cus-00041 --touchpoint boutique --channel store --kind visit"),
    ("report", "lazo report --rule winback --from 2026-09-01"),
    ("report interval", "lazo report interval 30/450 2/50"),
    ("failures list", "lazo failures list"),
    ("failures show", "lazo failures show 521e > mended.json"),
    (
        "failures redrive",
        "lazo failures redrive 521e --with mended.json\nlazo failures redrive --all",
    ),
    (
        "pause",
        "lazo pause --why \"wrong prices\"\nlazo pause --purpose marketing\nlazo pause --rule winback\nlazo pause --list",
    ),
    ("resume", "lazo resume\nlazo resume --rule winback"),
    ("doctor", "lazo doctor --table lazo\nlazo doctor --json"),
    (
        "restore",
        "lazo restore --table lazo-restored\nlazo restore --table lazo-restored --no-replay --yes",
    ),
    ("export", "lazo export cus-00226 > cus-00226.txt\nlazo export cus-00226 --json"),
    ("erase", "lazo erase cus-00226\nlazo erase cus-00226 --yes --request-id ticket-981"),
];

/// A command with an example at the end of each part's help.
pub fn add_to(command: Command, lang: Language) -> Command {
    add(command, "", lang)
}

fn add(command: Command, words: &str, lang: Language) -> Command {
    let example = EXAMPLES.iter().find(|(of, _)| *of == words).map(|(_, lines)| {
        let title = match (lang, lines.contains('\n')) {
            (Language::Es, false) => "Ejemplo:",
            (Language::Es, true) => "Ejemplos:",
            (Language::En, false) => "Example:",
            (Language::En, true) => "Examples:",
        };
        let lines: String = lines.lines().map(|line| format!("\n  {line}")).collect();
        format!("{title}{lines}")
    });
    let command = match example {
        Some(example) => command.after_help(example),
        None => command,
    };
    command.mut_subcommands(|part| {
        let words = format!("{words} {}", part.get_name());
        add(part, words.trim(), lang)
    })
}
