//! A stack as EventBridge and SQS know it: found from the bus and the configuration set
//! that its workers told the table.

use anyhow::Context;
use aws_sdk_eventbridge::Client as Events;
use aws_sdk_eventbridge::types::{Rule, RuleState};
use aws_sdk_sqs::types::QueueAttributeName as Name;

use super::system::System;

/// The targets of the template's rules.
const INGEST: &str = "ingest-queue";
const FEEDBACK: &str = "feedback-queue";

/// The bus on which the mail service tells.
pub const DEFAULT_BUS: &str = "default";

/// A rule of the stack, and the queue that it puts events on.
#[derive(Clone, Debug)]
pub struct Route {
    pub name: String,
    /// The rule's ARN.
    pub rule: String,
    /// The queue's ARN.
    pub queue: String,
    pub is_enabled: bool,
}

/// An archive of the account.
#[derive(Clone, Debug)]
pub struct Archive {
    pub name: String,
    pub arn: String,
    /// The bus whose events it keeps.
    pub bus: String,
}

/// How a queue stands.
#[derive(Clone, Debug)]
pub struct QueueState {
    /// Its messages, those that are worked on included.
    pub depth: u64,
    /// The queue of what could not be taken.
    pub dead_letters: Option<String>,
}

/// The stack of a table.
pub struct Stack {
    pub events: Events,
    queues: aws_sdk_sqs::Client,
    /// The name of the shop's bus.
    pub bus: String,
    /// By which SES's events are the stack's; empty where nobody told.
    pub configuration_set: String,
}

impl Stack {
    /// The stack that works on the table.
    ///
    /// # Errors
    /// Where nobody told which bus it is, or the table does not answer.
    pub async fn of(system: &System) -> anyhow::Result<Stack> {
        system.needs_bus()?;
        let told = system.app.store.deployed().await?;
        let configuration_set = told.and_then(|told| told.configuration_set).unwrap_or_default();
        let sdk = lazo::shell::app::aws().load().await;
        let queues = aws_sdk_sqs::Client::new(&sdk);
        let bus = system.app.bus.name().to_owned();
        Ok(Stack { events: Events::new(&sdk), queues, bus, configuration_set })
    }

    /// The ARN of a bus; `None` where there is none of the name.
    ///
    /// # Errors
    /// Where EventBridge does not answer.
    pub async fn arn_of(&self, bus: &str) -> anyhow::Result<Option<String>> {
        match self.events.describe_event_bus().name(bus).send().await {
            Ok(told) => Ok(told.arn().map(str::to_owned)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("bus {bus}")),
        }
    }

    /// The rules that put events of a bus of the shop's on the queue of events in.
    ///
    /// # Errors
    /// Where EventBridge does not answer.
    pub async fn of_events(&self, bus: &str) -> anyhow::Result<Vec<Route>> {
        self.routes(bus, INGEST, |_| true).await
    }

    /// The rules that put what SES tells of the stack's mails on the queue of feedback.
    ///
    /// # Errors
    /// Where EventBridge does not answer.
    pub async fn of_mail(&self) -> anyhow::Result<Vec<Route>> {
        let is_ours = |rule: &Rule| self.names_mail(rule.event_pattern().unwrap_or_default());
        self.routes(DEFAULT_BUS, FEEDBACK, is_ours).await
    }

    /// Whether a pattern is of the mails of this stack.
    fn names_mail(&self, pattern: &str) -> bool {
        let set = &self.configuration_set;
        !set.is_empty() && pattern.contains(&format!("\"{set}\""))
    }

    /// The rules of a bus that put events on a queue of the stack.
    async fn routes(
        &self,
        bus: &str,
        target: &str,
        is_meant: impl Fn(&Rule) -> bool,
    ) -> anyhow::Result<Vec<Route>> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = self.events.list_rules().event_bus_name(bus).set_next_token(next);
            let page = page.send().await.with_context(|| format!("bus {bus}"))?;
            for rule in page.rules().iter().filter(|rule| is_meant(rule)) {
                let name = rule.name().unwrap_or_default();
                let targets = self.events.list_targets_by_rule().event_bus_name(bus).rule(name);
                let targets = targets.send().await.with_context(|| name.to_owned())?;
                let target = targets.targets().iter().find(|one| one.id() == target);
                found.extend(target.map(|target| Route {
                    name: name.to_owned(),
                    rule: rule.arn().unwrap_or_default().to_owned(),
                    queue: target.arn().to_owned(),
                    is_enabled: rule.state() != Some(&RuleState::Disabled),
                }));
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// All archives of the account.
    ///
    /// # Errors
    /// Where EventBridge does not answer.
    pub async fn archives(&self) -> anyhow::Result<Vec<Archive>> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = self.events.list_archives().set_next_token(next).send().await?;
            found.extend(page.archives().iter().filter_map(|archive| {
                let name = archive.archive_name()?.to_owned();
                let bus = archive.event_source_arn()?.to_owned();
                let (begin, _) = bus.split_once(":event-bus/")?;
                let arn = format!("{begin}:archive/{name}");
                Some(Archive { name, arn, bus })
            }));
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// Whether an archive keeps what SES tells of this stack's mails.
    ///
    /// # Errors
    /// Where EventBridge does not answer.
    pub async fn keeps_mail(&self, archive: &str) -> anyhow::Result<bool> {
        let told = self.events.describe_archive().archive_name(archive).send().await;
        let told = told.with_context(|| archive.to_owned())?;
        Ok(self.names_mail(told.event_pattern().unwrap_or_default()))
    }

    /// How a queue stands, by its ARN.
    ///
    /// # Errors
    /// Where SQS does not answer.
    pub async fn queue(&self, arn: &str) -> anyhow::Result<QueueState> {
        let counts =
            [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
        let name = arn.rsplit(':').next().unwrap_or_default();
        let url = self.queues.get_queue_url().queue_name(name).send().await;
        let url = url.with_context(|| arn.to_owned())?;
        let told = self
            .queues
            .get_queue_attributes()
            .queue_url(url.queue_url().unwrap_or_default())
            .set_attribute_names(Some(counts.to_vec()))
            .attribute_names(Name::RedrivePolicy)
            .send()
            .await
            .with_context(|| arn.to_owned())?;
        let value = |name: &Name| told.attributes().and_then(|all| all.get(name));
        let count = |name| value(name).and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
        let depth = counts.iter().map(count).sum();
        let redrive = value(&Name::RedrivePolicy);
        let redrive = redrive.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let dead_letters =
            redrive.and_then(|policy| policy["deadLetterTargetArn"].as_str().map(str::to_owned));
        Ok(QueueState { depth, dead_letters })
    }
}
