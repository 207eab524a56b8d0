//! The archives of a stack: the shop's events, those of partners, and what the mail
//! service told. Each is replayed to the stack's own rules alone.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_eventbridge::error::SdkError;
use aws_sdk_eventbridge::operation::start_replay::StartReplayError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{ReplayDestination, ReplayState};
use lazo::shell::wording::Language;
use lazo_domain::digest::sha256_hex;
use lazo_domain::instant::Instant;

use crate::stack::{Archive, DEFAULT_BUS, Route, Stack};
use crate::system::System;

/// How often it is looked how far a replay or a queue is.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a queue may take to be worked off.
const QUEUES_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);

/// From when until when.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub since: Instant,
    pub until: Instant,
}

/// What is replayed, and the queues that it comes to.
pub struct Archives {
    stack: Stack,
    /// Each with the stack's rules on its bus.
    pub all: Vec<(Archive, Vec<String>)>,
    queues: Vec<String>,
}

impl Archives {
    /// Finds them.
    ///
    /// # Errors
    /// Where EventBridge does not answer, or one of the two that there must be is not
    /// found.
    pub async fn of(system: &System, lang: Language) -> anyhow::Result<Archives> {
        let stack = Stack::of(system).await?;
        let bus = stack.arn_of(&stack.bus).await?.unwrap_or_default();
        let default = stack.arn_of(DEFAULT_BUS).await?.unwrap_or_default();
        let (of_shop, of_mail) = (stack.of_events(&stack.bus).await?, stack.of_mail().await?);
        let mut all = Vec::new();
        for archive in stack.archives().await? {
            let routes = match &archive.bus {
                of if *of == bus => of_shop.clone(),
                of if *of == default && stack.keeps_mail(&archive.name).await? => of_mail.clone(),
                of if of.contains("/aws.partner/") => of_partner(&stack, of, &of_shop).await?,
                _ => Vec::new(),
            };
            if !routes.is_empty() {
                all.push((archive, routes.into_iter().map(|route| route.rule).collect()));
            }
        }
        let has = |bus: &str| all.iter().any(|(archive, _): &(Archive, _)| archive.bus == bus);
        if !has(&bus) {
            let no = lang.pick(
                "no se encuentra el archivo de los eventos de la tienda",
                "the archive of the shop's events is not found",
            );
            bail!("{no}: {}", stack.bus);
        }
        if !has(&default) {
            bail!("{}", without_mail(lang));
        }
        let queues = of_shop.into_iter().chain(of_mail).map(|route| route.queue);
        let mut queues: Vec<String> = queues.collect();
        queues.sort();
        queues.dedup();
        Ok(Archives { stack, all, queues })
    }

    /// Replays one, and waits until it is done. One that was begun before goes on: its name
    /// is made of what it is.
    ///
    /// # Errors
    /// Where EventBridge does not take it, or it fails.
    pub async fn replay(
        &self,
        (archive, rules): &(Archive, Vec<String>),
        span: Span,
        table: &str,
        lang: Language,
    ) -> anyhow::Result<()> {
        let events = &self.stack.events;
        let what = format!("{table}\n{}\n{}", archive.arn, span.since);
        let name = format!("lazo-restore-{}", sha256_hex(&what, 8));
        let destination = ReplayDestination::builder().arn(&archive.bus);
        let at = |at: Instant| DateTime::from_millis(at.millis());
        let started = events
            .start_replay()
            .replay_name(&name)
            .event_source_arn(&archive.arn)
            .event_start_time(at(span.since))
            .event_end_time(at(span.until))
            .destination(destination.set_filter_arns(Some(rules.clone())).build()?)
            .send()
            .await;
        if let Err(error) = started
            && !is_begun(&error)
        {
            let no = lang.pick("EventBridge no la empieza", "EventBridge does not begin it");
            return Err(error).with_context(|| format!("{}: {no}", archive.name));
        }
        loop {
            let told = events.describe_replay().replay_name(&name).send().await?;
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
            for arn in &self.queues {
                waiting += self.stack.queue(arn).await?.depth;
            }
            empty = if waiting == 0 { empty + 1 } else { 0 };
            if began.elapsed() > QUEUES_WITHIN {
                let left = lang.pick(
                    "eventos siguen en las colas: mira por qué, y repite",
                    "events are still in the queues: look why, and repeat",
                );
                bail!("{waiting} {left}");
            }
        }
        Ok(())
    }
}

/// The rules of a partner's bus that put events on the stack's own queue.
async fn of_partner(stack: &Stack, bus: &str, of_shop: &[Route]) -> anyhow::Result<Vec<Route>> {
    let name = bus.split_once(":event-bus/").map_or("", |(_, name)| name);
    let mut found = stack.of_events(name).await?;
    found.retain(|route| of_shop.iter().any(|one| one.queue == route.queue));
    Ok(found)
}

fn without_mail(lang: Language) -> &'static str {
    lang.pick(
        "no se encuentra el archivo de los eventos de SES: sin él saldría otra vez lo que ya salió. Toma las claves de la tabla anterior y repite con --no-replay (infra/README.md#restore)",
        "the archive of SES's events is not found: without it what went out would go again. Take the old table's keys over and repeat with --no-replay (infra/README.md#restore)",
    )
}

fn is_begun<R>(error: &SdkError<StartReplayError, R>) -> bool {
    error.as_service_error().is_some_and(StartReplayError::is_resource_already_exists_exception)
}
