//! What a rehearsal says to people: how many each rule reaches, when, and why others
//! hear nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

use jiff::tz::TimeZone;
use lazo::shell::wording::Language;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{Reason, TouchRecord, TouchStatus};

/// How many months are told one by one; what is earlier is told in one line.
const MONTHS_MAX: usize = 12;

/// Touches that were sent, and how many customers they went to.
#[derive(Clone, Copy, Default)]
struct Reach {
    touches: usize,
    customers: usize,
}

impl Reach {
    fn add(&mut self, other: Reach) {
        self.touches += other.touches;
        self.customers += other.customers;
    }
}

/// A year and a month of it.
type Month = (i16, i8);

/// What became of the touches of a rule.
#[derive(Default)]
struct Count {
    sent: Reach,
    months: BTreeMap<Month, Reach>,
    pending: usize,
    held_out: usize,
    not_sent: BTreeMap<Reason, usize>,
    waited: BTreeMap<Reason, usize>,
}

/// What became of the touches of each rule, and whom all of them reach.
#[derive(Default)]
pub struct Counts {
    rules: BTreeMap<String, Count>,
    all: Reach,
}

impl Counts {
    /// Counts the touches of one customer, all at once.
    pub fn take(&mut self, records: &[TouchRecord], zone: &TimeZone) {
        let mut reached: BTreeSet<(&str, Option<Month>)> = BTreeSet::new();
        for record in records {
            let rule = record.touch.rule.as_str();
            let count = self.rules.entry(rule.to_owned()).or_default();
            match record.status {
                TouchStatus::Sent => {
                    let day = record.at.date_in(zone);
                    let month = (day.year(), day.month());
                    let once = |is_new: bool| Reach { touches: 1, customers: is_new.into() };
                    count.sent.add(once(reached.insert((rule, None))));
                    let in_month = once(reached.insert((rule, Some(month))));
                    count.months.entry(month).or_default().add(in_month);
                    self.all.add(once(reached.insert(("", None))));
                }
                TouchStatus::Pending => count.pending += 1,
                TouchStatus::HeldOut => count.held_out += 1,
                TouchStatus::Skipped | TouchStatus::Cancelled => {
                    if let Some(reason) = record.reason {
                        *count.not_sent.entry(reason).or_default() += 1;
                    }
                }
            }
            let mut reasons: Vec<Reason> = record.defers.iter().map(|defer| defer.reason).collect();
            reasons.dedup();
            reasons.iter().for_each(|reason| *count.waited.entry(*reason).or_default() += 1);
        }
    }

    /// Adds what was counted of other customers.
    pub fn add(&mut self, other: Counts) {
        self.all.add(other.all);
        for (rule, part) in other.rules {
            let sum = self.rules.entry(rule).or_default();
            sum.sent.add(part.sent);
            sum.pending += part.pending;
            sum.held_out += part.held_out;
            part.months.iter().for_each(|(month, n)| sum.months.entry(*month).or_default().add(*n));
            part.not_sent.iter().for_each(|(why, n)| *sum.not_sent.entry(*why).or_default() += n);
            part.waited.iter().for_each(|(why, n)| *sum.waited.entry(*why).or_default() += n);
        }
    }
}

/// How much was replayed, and how long it took.
pub struct Summed {
    pub events: usize,
    pub customers: usize,
    pub took: Duration,
}

/// Prints the summary; of one rule alone where `only` names it.
pub fn print(
    book: &RuleBook,
    mut counts: Counts,
    replayed: &Summed,
    only: Option<&str>,
    lang: Language,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let Summed { events, customers, took } = replayed;
    let (seconds, rate) = (took.as_secs_f64(), *events as f64 / took.as_secs_f64());
    let events = lang.count(*events, ["evento", "eventos"], ["event", "events"]);
    let customers = people(*customers, lang);
    match lang {
        Language::Es => writeln!(
            out,
            "se repasaron {events} de {customers} en {seconds:.2} s ({rate:.0} por segundo)"
        )?,
        Language::En => writeln!(
            out,
            "{events} of {customers} replayed in {seconds:.2} s ({rate:.0} a second)"
        )?,
    }
    let rules = book.rules().iter().filter(|rule| only.is_none_or(|only| only == rule.name));
    for rule in rules {
        let count = counts.rules.remove(&rule.name).unwrap_or_default();
        writeln!(out, "\n{} ({})", rule.name, lang.rule_status(rule.status))?;
        print_count(&mut out, &count, lang)?;
    }
    if only.is_none() {
        let all = lang.pick("Todas las reglas juntas", "All rules together");
        writeln!(out, "\n{all}\n  {}", reach(counts.all, lang))?;
    }
    let note = lang.pick(
        "Esto es lo que las reglas habrían hecho con esta historia. Una regla nueva empieza con lo\n\
         que ocurra desde que está activa: por lo pasado no envía nada.",
        "This is what the rules would have done with this history. A new rule starts with what\n\
         happens once it is live: it sends nothing for the past.",
    );
    writeln!(out, "\n{note}")
}

fn print_count(out: &mut impl Write, count: &Count, lang: Language) -> io::Result<()> {
    writeln!(out, "  {}", reach(count.sent, lang))?;
    let earlier = count.months.len().saturating_sub(MONTHS_MAX);
    if earlier > 0 {
        let touches: usize = count.months.values().take(earlier).map(|reach| reach.touches).sum();
        let before = lang.pick("antes", "earlier");
        writeln!(out, "           {before:<8}{touches:>8}")?;
    }
    for ((year, month), sent) in count.months.iter().skip(earlier) {
        let to = format!("{} {}", lang.pick("a", "to"), people(sent.customers, lang));
        writeln!(out, "           {year}-{month:02} {:>8}  {to}", sent.touches)?;
    }
    let not_sent = lang.pick("sin enviar", "not sent");
    for (reason, n) in &count.not_sent {
        writeln!(out, "  {n:>8} {not_sent}: {}", lang.reason(*reason))?;
    }
    if count.held_out > 0 {
        let held_out = lang.pick("en el grupo de control", "held out");
        writeln!(out, "  {:>8} {held_out}", count.held_out)?;
    }
    if count.pending > 0 {
        let pending = lang.pick("todavía pendientes", "still pending");
        writeln!(out, "  {:>8} {pending}", count.pending)?;
    }
    let waited = lang.pick("esperaron un tiempo", "waited for a while");
    for (reason, n) in &count.waited {
        writeln!(out, "  {n:>8} {waited}: {}", lang.reason(*reason))?;
    }
    Ok(())
}

fn reach(reach: Reach, lang: Language) -> String {
    let sent = match (lang, reach.touches) {
        (Language::Es, 1) => "enviado",
        (Language::Es, _) => "enviados",
        (Language::En, _) => "sent",
    };
    let to = lang.pick("a", "to");
    format!("{:>8} {sent}, {to} {}", reach.touches, people(reach.customers, lang))
}

fn people(count: usize, lang: Language) -> String {
    lang.count(count, ["cliente", "clientes"], ["customer", "customers"])
}

#[cfg(test)]
mod tests {
    use lazo_domain::channel::Channel;
    use lazo_domain::id::Id;
    use lazo_domain::instant::Instant;
    use lazo_domain::touch::TouchId;

    use super::*;

    fn sent(rule: &str, occurrence: &str, day: &str) -> TouchRecord {
        let at: jiff::Timestamp = format!("{day}T12:00:00Z").parse().unwrap();
        let at = Instant::from(at);
        let (customer, step) = (Id::new("ana").unwrap(), "mail".to_owned());
        let occurrence = occurrence.to_owned();
        TouchRecord {
            touch: TouchId { rule: rule.into(), customer, occurrence, step },
            channel: Channel::Email,
            status: TouchStatus::Sent,
            at,
            due: at,
            enrolled_at: None,
            reason: None,
            variant: None,
            met: None,
            version: None,
            defers: Vec::new(),
        }
    }

    #[test]
    fn a_customer_counts_once_for_a_rule_and_once_in_each_of_its_months() {
        let mut counts = Counts::default();
        let ana = [
            sent("thanks", "1", "2026-10-03"),
            sent("thanks", "2", "2026-10-20"),
            sent("thanks", "3", "2026-11-02"),
            sent("birthday", "2026", "2026-11-03"),
        ];
        counts.take(&ana, &TimeZone::UTC);
        let mut other = Counts::default();
        other.take(&[sent("thanks", "4", "2026-11-05")], &TimeZone::UTC);
        counts.add(other);
        let of = |reach: Reach| (reach.touches, reach.customers);
        assert_eq!(of(counts.all), (5, 2));
        assert_eq!(of(counts.rules["thanks"].sent), (4, 2));
        assert_eq!(of(counts.rules["thanks"].months[&(2026, 10)]), (2, 1));
        assert_eq!(of(counts.rules["thanks"].months[&(2026, 11)]), (2, 2));
        assert_eq!(reach(counts.all, Language::Es).trim(), "5 enviados, a 2 clientes");
    }
}
