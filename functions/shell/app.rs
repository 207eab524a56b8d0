//! What a function works with: configuration and clients, built once when it
//! starts.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use lazo_domain::drift::Model;
use lazo_domain::instant::Instant;
use lazo_domain::sending_pause::SendingPause;

use crate::shell::bus::Bus;
use crate::shell::link::token::{BadKeys, Keys};
use crate::shell::mailer::{Mailer, Ses};
use crate::shell::queue::Queue;
use crate::shell::rules::{Rules, RulesError};
use crate::shell::secrets::Vault;
use crate::shell::send_rate::AccountRate;
use crate::shell::sending::LastLook;
use crate::shell::store::{CalendarRules, Deployed, LiveVersion, Store, StoreError};

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The variable of this name is not set, and the function needs it.
    #[error("the environment has no {0}; the SAM template sets it")]
    Missing(&'static str),
    /// The rules cannot be read, or they have errors.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// `LAZO_LINK_KEYS` is set and cannot be used.
    #[error("{name}: {0}", name = env::LINK_KEYS)]
    LinkKeys(#[from] BadKeys),
    /// The policy sends mail from another address than the one that may be sent from.
    #[error(
        "mail may be sent from {allowed:?} (the stack's parameter MailFrom), and the policy sends it \
         from {sender:?} (brand.from in infra/rules/policy.yaml): SES would refuse every mail. \
         Deploy with MailFrom={sender}, or change brand.from, build and deploy"
    )]
    Sender {
        /// The address that [`env::MAIL_FROM`] names.
        allowed: String,
        /// The address of the policy's `brand.from`, without a name.
        sender: String,
    },
}

/// How often a worker looks whether another version of the rules is live. Schedules of
/// a minute are not exact: one that comes early must not wait for the next.
pub const LOOK_EVERY: Duration = Duration::from_secs(50);

/// Everything that a handler needs besides its input and the time.
pub struct App {
    /// Reads and writes the DynamoDB table.
    pub store: Store,
    /// Publishes events for others.
    pub bus: Bus,
    /// Hands mails over: to SES, or in local runs to an SMTP server or a folder.
    pub mailer: Mailer,
    /// Where the public links of mails lead.
    pub links_url: Option<String>,
    /// What signs those links, and tells them from made-up ones.
    pub link_keys: Option<Keys>,
    rules: RwLock<Arc<Rules>>,
    /// When it was last looked which version is live, in milliseconds.
    version_looked_at: AtomicI64,
    account_rate: AccountRate,
    /// What was last read of whether anything may go out.
    pub(in crate::shell) sending: LastLook,
}

/// The environment that the functions read: names, as the template sets them.
pub mod env {
    /// The name of the DynamoDB table.
    pub const TABLE: &str = "LAZO_TABLE";
    /// The name of the event bus on which events are published.
    pub const BUS: &str = "LAZO_BUS";
    /// The SES configuration set that mails go by; none where unset or empty.
    pub const CONFIGURATION_SET: &str = "LAZO_CONFIGURATION_SET";
    /// The address before the path of public links; marketing mail and surveys need it.
    pub const LINKS_URL: &str = "LAZO_LINKS_URL";
    /// `<key id>:<base64>`, separated by commas: the first signs, all verify.
    pub const LINK_KEYS: &str = "LAZO_LINK_KEYS";
    /// The one address that the roles let mail be sent from.
    pub const MAIL_FROM: &str = "LAZO_MAIL_FROM";
    /// The first of the sources whose events are taken from the bus.
    pub const SHOP_SOURCE: &str = "LAZO_SHOP_SOURCE";
    /// The OpenID provider at which people sign in to the console.
    pub const CONSOLE_ISSUER: &str = "LAZO_CONSOLE_ISSUER";
    /// The console, as the provider knows it.
    pub const CONSOLE_CLIENT: &str = "LAZO_CONSOLE_CLIENT";
    /// What proves to the provider that it is the console.
    pub const CONSOLE_SECRET: &str = "LAZO_CONSOLE_SECRET";
    /// The claim of the provider's token that names roles.
    pub const CONSOLE_CLAIM: &str = "LAZO_CONSOLE_CLAIM";
    /// Where visitors find the console, where that is not the function URL itself.
    pub const CONSOLE_URL: &str = "LAZO_CONSOLE_URL";
    /// The URL of the queue on which verified webhooks are put.
    pub const INGEST_QUEUE: &str = "LAZO_INGEST_QUEUE";
    /// The ARN of the secret with which the shop's sources sign their webhooks.
    pub const WEBHOOK_SECRETS: &str = "LAZO_WEBHOOK_SECRETS";
    /// The address before the path of webhooks, where it is not the function URL itself.
    pub const WEBHOOKS_URL: &str = "LAZO_WEBHOOKS_URL";
    /// How much is logged: trace, debug, info, warn, error or off.
    pub const LOG: &str = "LAZO_LOG";
}

/// AWS as the environment names it: region, credentials, and HTTPS.
pub fn aws() -> ConfigLoader {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let https = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(https)
}

fn needed(name: &'static str) -> Result<String, ConfigError> {
    std::env::var(name).map_err(|_| ConfigError::Missing(name))
}

/// A variable of the environment; `None` where it is not set, or empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The queue of events in, and the secrets of the sources, as the environment names them.
///
/// # Errors
/// [`ConfigError`] where a variable is missing.
pub async fn inbox_from_env() -> Result<(Queue, Vault), ConfigError> {
    let (queue, secrets) = (needed(env::INGEST_QUEUE)?, needed(env::WEBHOOK_SECRETS)?);
    let sdk = aws().load().await;
    let queue = Queue::new(aws_sdk_sqs::Client::new(&sdk), queue);
    Ok((queue, Vault::new(aws_sdk_secretsmanager::Client::new(&sdk), secrets)))
}

impl App {
    /// An app made of these parts, without keys for links.
    pub fn new(
        store: Store,
        bus: Bus,
        mailer: Mailer,
        links_url: Option<String>,
        rules: Rules,
    ) -> App {
        let rules = RwLock::new(Arc::new(rules));
        let (account_rate, link_keys) = (AccountRate::default(), None);
        let version_looked_at = AtomicI64::new(i64::MIN);
        let sending = LastLook::default();
        App {
            store,
            bus,
            mailer,
            links_url,
            link_keys,
            rules,
            version_looked_at,
            account_rate,
            sending,
        }
    }

    /// The same, which can sign links and verify them.
    pub fn with_link_keys(self, keys: Keys) -> App {
        App { link_keys: Some(keys), ..self }
    }

    /// Reads the environment, makes the clients and opens the first connection.
    ///
    /// # Errors
    /// [`ConfigError`] where a variable is missing or the rules are wrong.
    pub async fn from_env() -> Result<App, ConfigError> {
        let (table, bus) = (needed(env::TABLE)?, needed(env::BUS)?);
        let link_keys = optional(env::LINK_KEYS).map(|keys| Keys::parse(&keys)).transpose()?;
        let sdk = aws().load().await;
        let mailer = Mailer::Ses(Ses::new(ses_client(&sdk), optional(env::CONFIGURATION_SET)));
        let store = Store::new(aws_sdk_dynamodb::Client::new(&sdk), table);
        // Opens the connection as well, ahead of the first event. What is wrong with the
        // model or the calendar shows there; without the rules nothing may begin.
        let (live, learnt, published) = futures::future::join3(
            store.live_version(),
            store.drift_model(),
            store.calendar_rules(),
        )
        .await;
        let rules = match live.map_err(RulesError::Store)? {
            Some(live) => Rules::of_version(&store, &live).await?,
            None => Rules::load()?,
        };
        let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk), bus);
        let app = App::new(store, bus, mailer, optional(env::LINKS_URL), rules);
        if let Ok(Some(learnt)) = learnt {
            app.set_drift_model(&learnt.model);
        }
        if let Ok(Some(published)) = published {
            app.set_calendar_rules_since(&published);
        }
        Ok(App { link_keys, ..app })
    }

    /// Whether a function that sends mail may start: the policy must send from the
    /// address that the environment names, as the role allows no other.
    ///
    /// # Errors
    /// [`ConfigError`] where the variable is missing or the addresses differ.
    pub fn check_sender(&self) -> Result<(), ConfigError> {
        let allowed = needed(env::MAIL_FROM)?;
        sends_from(&self.rules().book.policy.brand.from, &allowed)
    }

    /// Tells in the table which bus this stack works on and by which configuration set
    /// its mails go, for commands that are given the table alone.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn tell_bus(&self) -> Result<(), StoreError> {
        let source = optional(env::SHOP_SOURCE);
        let configuration_set = self.mailer.configuration_set().map(str::to_owned);
        let deployed = Deployed { bus: self.bus.name().to_owned(), source, configuration_set };
        match self.store.deployed().await? {
            Some(known) if known == deployed => Ok(()),
            _ => self.store.keep_deployed(&deployed).await,
        }
    }

    /// The rules that are live now.
    pub fn rules(&self) -> Arc<Rules> {
        match self.rules.read() {
            Ok(rules) => rules.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// Judges by another drift model from here on.
    pub fn set_drift_model(&self, model: &Model) {
        let rules = self.rules();
        let book = rules.book.clone().with_model(model);
        self.replace_rules(rules.with_book(book));
    }

    /// Goes by what is known of since when the rules of the calendar are in force.
    pub fn set_calendar_rules_since(&self, published: &CalendarRules) {
        let rules = self.rules();
        let named = published.since.iter().filter_map(|(name, at)| Some((name.clone(), (*at)?)));
        let book = rules.book.clone().in_force_since(&named.collect());
        self.replace_rules(rules.with_book(book));
    }

    /// Works by the version of the rules that is live: looks about once a minute, and
    /// reads a version only where it is another one. Where that fails, the version before
    /// stays.
    pub async fn follow_version(&self, now: Instant) {
        let looked_at = self.version_looked_at.load(Ordering::Relaxed);
        if now.millis().abs_diff(looked_at) < LOOK_EVERY.as_millis() as u64 {
            return;
        }
        self.version_looked_at.store(now.millis(), Ordering::Relaxed);
        if let Err(error) = self.take_version().await {
            // The next run looks again.
            self.version_looked_at.store(i64::MIN, Ordering::Relaxed);
            tracing::error!(%error, "the live version of the rules could not be read");
        }
    }

    /// The same at once. The version that is live; `None` where none is published.
    ///
    /// # Errors
    /// [`RulesError`] where the version cannot be read: the one before stays.
    pub async fn take_version(&self) -> Result<Option<LiveVersion>, RulesError> {
        let Some(live) = self.store.live_version().await? else { return Ok(None) };
        self.work_by(&live).await?;
        Ok(Some(live))
    }

    /// Works by this version from here on; reads it where it is another one.
    ///
    /// # Errors
    /// [`RulesError`] where it cannot be read: the one before stays.
    pub async fn work_by(&self, live: &LiveVersion) -> Result<(), RulesError> {
        if self.rules().book.version() == Some(live.number) {
            return Ok(());
        }
        let mut rules = Rules::of_version(&self.store, live).await?;
        if let Some(learnt) = self.store.drift_model().await? {
            rules.book = rules.book.with_model(&learnt.model);
        }
        self.replace_rules(rules);
        if let Some(published) = self.store.calendar_rules().await? {
            self.set_calendar_rules_since(&published);
        }
        tracing::info!(version = live.number.get(), "works by another version of the rules");
        Ok(())
    }

    /// How many mails a second the mail service takes of this account, as it was
    /// last asked.
    pub fn account_rate(&self) -> Option<NonZeroU32> {
        self.account_rate.known()
    }

    /// Asks the mail service for that, where the policy sets no rate and nobody
    /// asked within the hour. Where it does not say, what was known stays.
    pub async fn ask_account_rate(&self, now: Instant) {
        if self.rules().book.policy.mails_per_second.is_some() || !self.account_rate.is_old(now) {
            return;
        }
        match self.mailer.account_rate().await {
            Ok(rate) => self.account_rate.note(rate, now),
            Err(why) => tracing::warn!(why, "the mail service does not say its rate"),
        }
    }

    /// Decides by what of the sending is paused from here on.
    pub(in crate::shell) fn set_pauses(&self, pauses: Vec<SendingPause>) {
        let rules = self.rules();
        if rules.book.pauses() != pauses {
            let book = rules.book.clone().with_pauses(pauses);
            self.put_rules(rules.with_book(book));
        }
    }

    /// Puts other rules in force. What is paused stays so.
    pub fn replace_rules(&self, mut rules: Rules) {
        let pauses = self.rules().book.pauses().to_vec();
        rules.book = rules.book.with_pauses(pauses);
        self.put_rules(rules);
    }

    fn put_rules(&self, rules: Rules) {
        match self.rules.write() {
            Ok(mut live) => *live = Arc::new(rules),
            Err(poisoned) => *poisoned.into_inner() = Arc::new(rules),
        }
    }
}

/// Whether the policy's sender is the address that may be sent from. IAM compares
/// them letter by letter.
fn sends_from(from: &str, allowed: &str) -> Result<(), ConfigError> {
    let sender = from.rsplit_once('<').map_or(from, |(_, address)| address);
    let sender = sender.trim().trim_end_matches('>');
    match sender == allowed.trim() {
        true => Ok(()),
        false => {
            Err(ConfigError::Sender { allowed: allowed.to_owned(), sender: sender.to_owned() })
        }
    }
}

/// How a client is set up whose requests are made once: SES has no idempotency
/// token, and a repeated request is a second mail.
pub fn ses_config(sdk: &SdkConfig) -> aws_sdk_sesv2::config::Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(20))
        .build();
    aws_sdk_sesv2::config::Builder::from(sdk)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
}

/// Such a client.
pub fn ses_client(sdk: &SdkConfig) -> aws_sdk_sesv2::Client {
    aws_sdk_sesv2::Client::from_conf(ses_config(sdk).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_would_send_from_another_address_does_not_start() {
        for from in ["hola@casa.example", "Casa <hola@casa.example>", " hola@casa.example "] {
            assert!(sends_from(from, "hola@casa.example").is_ok(), "{from}");
        }
        // What the README's deployment said once, with the policy that is built in.
        let error = sends_from("hola@casalumbre.example", "hola@example.com").unwrap_err();
        let told = error.to_string();
        assert!(told.contains("MailFrom=hola@casalumbre.example"), "{told}");
        assert!(told.contains("\"hola@example.com\""), "{told}");
        assert!(sends_from("", "hola@example.com").is_err());
        assert!(sends_from("Hola@casa.example", "hola@casa.example").is_err());
    }
}
