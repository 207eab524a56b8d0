//! The archives of a stack, found from its bus: the shop's events, those of partners, and
//! what the mail service told. Each is replayed to the stack's own rules alone.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_eventbridge::Client as Events;
use aws_sdk_eventbridge::types::{ReplayDestination, ReplayState, Rule};
use aws_sdk_sqs::types::QueueAttributeName;
use lazo::shell::wording::Language;
use lazo_domain::digest::sha256_hex;
use lazo_domain::instant::Instant;

use crate::system::System;

/// How often it is looked how far a replay or a queue is.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a queue may take to be worked off.
const QUEUES_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);

/// The targets of the template's rules.
const INGEST: &str = "ingest-queue";
const FEEDBACK: &str = "feedback-queue";

/// From when until when.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub since: Instant,
    pub until: Instant,
}

/// An archive of the stack.
#[derive(Debug)]
pub struct Archive {
    pub name: String,
    arn: String,
    /// The bus whose events it keeps, and to which they come again.
    bus: String,
    /// The stack's rules on that bus.
    rules: Vec<String>,
}

/// What is replayed, and the queues that it comes to.
pub struct Archives {
    events: Events,
    queues: aws_sdk_sqs::Client,
    pub all: Vec<Archive>,
    queue_arns: Vec<String>,
}

/// A rule of the stack, and the queue that it puts events on.
struct Route {
    rule: String,
    queue: String,
}

impl Archives {
    /// Finds them.
    ///
    /// # Errors
    /// Where EventBridge does not answer, or one of the two that there must be is not
    /// found.
    pub async fn of(system: &System, lang: Language) -> anyhow::Result<Archives> {
        system.needs_bus()?;
        let told = system.app.store.deployed().await?;
        let set = told.and_then(|told| told.configuration_set).unwrap_or_default();
        let sdk = lazo::shell::app::aws().load().await;
        let events = Events::new(&sdk);
        let bus = arn_of(&events, system.app.bus.name()).await?;
        let default = arn_of(&events, "default").await?;
        let of_shop = routes(&events, system.app.bus.name(), INGEST, |_| true).await?;
        let is_ours = |rule: &Rule| {
            let pattern = rule.event_pattern().unwrap_or_default();
            !set.is_empty() && pattern.contains(&format!("\"{set}\""))
        };
        let of_mail = routes(&events, "default", FEEDBACK, is_ours).await?;
        let mut all = Vec::new();
        for (name, source, arn) in every_archive(&events).await? {
            let rules = match source {
                _ if source == bus => names(&of_shop),
                _ if source == default && keeps_mail_of(&events, &name, &set).await? => {
                    names(&of_mail)
                }
                _ if source.contains("/aws.partner/") => {
                    let partner = source.split_once(":event-bus/").map_or("", |(_, name)| name);
                    let found = routes(&events, partner, INGEST, |_| true).await?;
                    let is_same =
                        |route: &Route| of_shop.iter().any(|one| one.queue == route.queue);
                    names(&found.into_iter().filter(is_same).collect::<Vec<_>>())
                }
                _ => Vec::new(),
            };
            if !rules.is_empty() {
                all.push(Archive { name, arn, bus: source, rules });
            }
        }
        let has = |of: &str| all.iter().any(|archive| archive.bus == of);
        if !has(&bus) {
            bail!(
                "{}: {bus}",
                lang.pick(
                    "no se encuentra el archivo de los eventos de la tienda",
                    "the archive of the shop's events is not found"
                )
            );
        }
        if !has(&default) {
            bail!(
                "{}",
                lang.pick(
                    "no se encuentra el archivo de los eventos de SES: sin él saldría otra vez lo que ya salió. Toma las claves de la tabla anterior y repite con --no-replay (infra/README.md#restore)",
                    "the archive of SES's events is not found: without it what went out would go again. Take the old table's keys over and repeat with --no-replay (infra/README.md#restore)",
                )
            );
        }
        let mut queue_arns: Vec<String> =
            of_shop.into_iter().chain(of_mail).map(|route| route.queue).collect();
        queue_arns.sort();
        queue_arns.dedup();
        let queues = aws_sdk_sqs::Client::new(&sdk);
        Ok(Archives { events, queues, all, queue_arns })
    }

    /// Replays one, and waits until it is done. One that was begun before goes on: its name
    /// is made of what it is.
    ///
    /// # Errors
    /// Where EventBridge does not take it, or it fails.
    pub async fn replay(
        &self,
        archive: &Archive,
        span: Span,
        table: &str,
        lang: Language,
    ) -> anyhow::Result<()> {
        let what = format!("{table}\n{}\n{}", archive.arn, span.since);
        let name = format!("lazo-restore-{}", sha256_hex(&what, 8));
        let destination = ReplayDestination::builder()
            .arn(&archive.bus)
            .set_filter_arns(Some(archive.rules.clone()))
            .build()?;
        let at = |at: Instant| aws_sdk_eventbridge::primitives::DateTime::from_millis(at.millis());
        let started = self
            .events
            .start_replay()
            .replay_name(&name)
            .event_source_arn(&archive.arn)
            .event_start_time(at(span.since))
            .event_end_time(at(span.until))
            .destination(destination)
            .send()
            .await;
        match started {
            Err(error) if !is_begun(&error) => {
                return Err(error).with_context(|| {
                    let no =
                        lang.pick("EventBridge no la empieza", "EventBridge does not begin it");
                    format!("{}: {no}", archive.name)
                });
            }
            _ => {}
        }
        loop {
            let told = self.events.describe_replay().replay_name(&name).send().await?;
            match told.state() {
                Some(ReplayState::Completed) => return Ok(()),
                Some(ReplayState::Starting | ReplayState::Running) | None => {}
                Some(state) => {
                    let ended = lang.pick("la repetición terminó como", "the replay ended as");
                    let why = told.state_reason().unwrap_or_default();
                    bail!("{}: {ended} {state} {why}", archive.name);
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the queues that the events came to have been empty twice in a row.
    ///
    /// # Errors
    /// Where SQS does not answer, or they are not worked off.
    pub async fn wait_for_queues(&self, lang: Language) -> anyhow::Result<()> {
        let began = std::time::Instant::now();
        let mut empty = 0;
        while empty < 2 {
            tokio::time::sleep(LOOK_EVERY).await;
            let mut waiting = 0;
            for arn in &self.queue_arns {
                waiting += self.depth(arn).await?;
            }
            empty = if waiting == 0 { empty + 1 } else { 0 };
            if began.elapsed() > QUEUES_WITHIN {
                bail!(
                    "{waiting} {}",
                    lang.pick(
                        "eventos siguen en las colas: mira por qué, y repite",
                        "events are still in the queues: look why, and repeat",
                    )
                );
            }
        }
        Ok(())
    }

    /// How many messages a queue has, those that are worked on included.
    async fn depth(&self, arn: &str) -> anyhow::Result<u64> {
        use QueueAttributeName as Name;
        let names =
            [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
        let name = arn.rsplit(':').next().unwrap_or_default();
        let url = self.queues.get_queue_url().queue_name(name).send().await;
        let url = url.with_context(|| arn.to_owned())?;
        let told = self
            .queues
            .get_queue_attributes()
            .queue_url(url.queue_url().unwrap_or_default())
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .with_context(|| arn.to_owned())?;
        let values = told.attributes().into_iter().flatten();
        Ok(values.filter_map(|(_, value)| value.parse::<u64>().ok()).sum())
    }
}

fn is_begun<R>(
    error: &aws_sdk_eventbridge::error::SdkError<
        aws_sdk_eventbridge::operation::start_replay::StartReplayError,
        R,
    >,
) -> bool {
    error.as_service_error().is_some_and(|error| error.is_resource_already_exists_exception())
}

fn names(routes: &[Route]) -> Vec<String> {
    routes.iter().map(|route| route.rule.clone()).collect()
}

async fn arn_of(events: &Events, bus: &str) -> anyhow::Result<String> {
    let told = events.describe_event_bus().name(bus).send().await;
    let told = told.with_context(|| format!("bus {bus}"))?;
    Ok(told.arn().unwrap_or_default().to_owned())
}

/// The rules of a bus that put events on a queue of the stack.
async fn routes(
    events: &Events,
    bus: &str,
    target: &str,
    is_meant: impl Fn(&Rule) -> bool,
) -> anyhow::Result<Vec<Route>> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = events.list_rules().event_bus_name(bus).set_next_token(next).send().await;
        let page = page.with_context(|| format!("bus {bus}"))?;
        for rule in page.rules().iter().filter(|rule| is_meant(rule)) {
            let name = rule.name().unwrap_or_default();
            let targets = events.list_targets_by_rule().event_bus_name(bus).rule(name);
            let targets = targets.send().await.with_context(|| name.to_owned())?;
            let target = targets.targets().iter().find(|one| one.id() == target);
            found.extend(target.map(|target| Route {
                rule: rule.arn().unwrap_or_default().to_owned(),
                queue: target.arn().to_owned(),
            }));
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// All archives of the account: their names, whose events they keep, and what they are
/// called in full.
async fn every_archive(events: &Events) -> anyhow::Result<Vec<(String, String, String)>> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = events.list_archives().set_next_token(next).send().await?;
        for archive in page.archives() {
            let name = archive.archive_name().unwrap_or_default().to_owned();
            let source = archive.event_source_arn().unwrap_or_default().to_owned();
            let arn = match source.split_once(":event-bus/") {
                Some((begin, _)) => format!("{begin}:archive/{name}"),
                None => continue,
            };
            found.push((name, source, arn));
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// Whether an archive keeps what SES tells of the mails of a configuration set.
async fn keeps_mail_of(events: &Events, archive: &str, set: &str) -> anyhow::Result<bool> {
    let told = events.describe_archive().archive_name(archive).send().await;
    let told = told.with_context(|| archive.to_owned())?;
    let pattern = told.event_pattern().unwrap_or_default();
    Ok(!set.is_empty() && pattern.contains(&format!("\"{set}\"")))
}
