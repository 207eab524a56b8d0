//! The system that a command works on: the local one in a folder, running or
//! not, or one in an AWS account.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_http_client::Builder as HttpClient;
use lazo::shell::app::{App, aws};
use lazo::shell::bus::Bus;
use lazo::shell::mailer::{Mailer, Outbox, Smtp};
use lazo::shell::store::{Store, table};
use lazo::shell::wording::Language;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::lang;
use super::local::{bus_server, console_server, links_server, webhooks_server};
use super::place::{self, Place};
pub use super::publish::publish;
use super::which_rules::{Told, WhichRules, in_force, publish_first};

/// The local table's name.
pub const TABLE: &str = "lazo";

/// Which system.
#[derive(clap::Args, Clone, Debug)]
pub struct Target {
    /// Where the local system keeps its data.
    #[arg(long, value_name = "DIR", default_value = ".lazo", global = true)]
    pub data: PathBuf,
    /// Make a new, empty store in the empty folder that --data names. Without it only
    /// lazo itself makes one.
    #[arg(long, global = true)]
    pub new: bool,
    /// A table in the AWS account of the environment, instead of the local one.
    #[arg(long, value_name = "NAME", global = true)]
    pub table: Option<String>,
    /// The EventBridge bus of that table's stack, for commands that put events on
    /// it. Without it the table tells, as its workers told it.
    #[arg(long, value_name = "NAME", global = true)]
    pub bus: Option<String>,
    /// A folder with rules and policy.yaml, templates beside it in ../templates.
    /// Without it those of the lazo that runs on the data, or infra/rules of the
    /// folder that you are in, or those built into the program.
    #[arg(long, value_name = "DIR", global = true, env = "LAZO_RULES")]
    pub rules: Option<PathBuf>,
    /// Which rules a command goes by that does not find a live version.
    #[arg(skip)]
    pub which: WhichRules,
    /// Where a command says which rules it goes by, once it knows.
    #[arg(skip)]
    pub tells_rules: Option<Told>,
}

impl Target {
    /// The same for a look that says nothing of which rules there are.
    pub fn quiet(&self) -> Target {
        Target { tells_rules: None, new: false, ..self.clone() }
    }
}

/// Where a running local system answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Endpoints {
    pub dynamodb: String,
    pub bus: String,
    /// What mails link to.
    #[serde(default)]
    pub links: String,
    /// What other systems post to; empty where nothing listens.
    #[serde(default)]
    pub webhooks: String,
    /// Where the console is; empty where none runs.
    #[serde(default)]
    pub console: String,
    /// The folder of the rules that it works by; `None` for those of the program.
    #[serde(default)]
    pub rules: Option<PathBuf>,
}

/// A system that a command can use.
pub struct System {
    pub app: Arc<App>,
    pub endpoints: Option<Endpoints>,
    pub outbox: Option<Outbox>,
    /// By which source the shop's events are taken, where it is not the usual one.
    pub source: Option<String>,
    /// Where its data are.
    pub place: Place,
    /// Whether that was told.
    is_place_told: AtomicBool,
    /// Whether each event that comes to the local bus is told, and in which language.
    pub telling: Arc<OnceLock<Language>>,
    /// Whether it is known on which bus the system works.
    is_bus_known: bool,
    /// By which rules it works.
    pub which: WhichRules,
    /// Held for as long as the embedded parts run; nobody else starts them.
    _lock: Option<File>,
}

/// How the embedded parts are set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Whether a store without any version gets its first one.
    pub publishes_first: bool,
    pub smtp: Option<String>,
    pub dynamodb_port: u16,
    pub bus_port: u16,
    pub links_port: u16,
    /// What `lazo local` alone serves; `None` where a command runs the embedded parts.
    pub ports_of_local: Option<LocalPorts>,
}

/// Where `lazo local` listens besides.
#[derive(Clone, Copy, Debug)]
pub struct LocalPorts {
    pub webhooks: u16,
    pub console: u16,
}

impl System {
    /// The system of a target: in AWS, or local, started here where no other
    /// process runs it.
    ///
    /// # Errors
    /// Where the folder, the table or the rules cannot be used.
    pub async fn open(target: &Target) -> anyhow::Result<System> {
        let system = match &target.table {
            Some(table) => System::in_aws(target, table).await?,
            None => {
                place::expect_store(&target.data, target.new)?;
                match lock(&target.data)? {
                    Some(lock) => System::embed(target, &Setup::default(), lock).await?,
                    None => System::connect(target).await?,
                }
            }
        };
        system.set_drift_model().await?;
        system.tell_rules(target);
        Ok(system)
    }

    /// Says which rules the command goes by, where it does.
    fn tell_rules(&self, target: &Target) {
        if let Some(told) = target.tells_rules {
            told.say(&self.which.told(lang::spoken()));
        }
    }

    /// The same for a command that writes: it says on which system, before anything
    /// else.
    ///
    /// # Errors
    /// Those of [`System::open`].
    pub async fn open_to_write(target: &Target) -> anyhow::Result<System> {
        let system = System::open(target).await?;
        system.tell_place();
        Ok(system)
    }

    /// Says once on standard error which system is used.
    pub fn tell_place(&self) {
        if !self.is_place_told.swap(true, Ordering::Relaxed) {
            eprintln!("lazo: {}", self.place.name(lang::spoken()));
        }
    }

    /// Judges as the workers on that table do: by the drift model that they learnt,
    /// and by since when they know each rule.
    async fn set_drift_model(&self) -> anyhow::Result<()> {
        if let Some(learnt) = self.app.store.drift_model().await? {
            self.app.set_drift_model(&learnt.model);
        }
        if let Some(published) = self.app.store.calendar_rules().await? {
            self.app.set_calendar_rules_since(&published);
        }
        Ok(())
    }

    async fn in_aws(target: &Target, table: &str) -> anyhow::Result<System> {
        let sdk = aws().load().await;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&sdk), table);
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let told = store.deployed().await?;
        let (bus, source) = told.map_or((None, None), |told| (Some(told.bus), told.source));
        let name = target.bus.clone().or_else(|| variable(lazo::shell::app::env::BUS)).or(bus);
        let is_bus_known = name.is_some();
        let client = aws_sdk_eventbridge::Client::new(&sdk);
        let bus = Bus::new(client, name.unwrap_or_default());
        let ses = lazo::shell::mailer::Ses::new(lazo::shell::app::ses_client(&sdk), None);
        let (which, rules) = in_force(&store, target).await?;
        let app = Arc::new(App::new(store, bus, Mailer::Ses(ses), None, rules));
        let source = variable(lazo::shell::app::env::SHOP_SOURCE).or(source);
        let region = sdk.region().map(ToString::to_string);
        let place = Place::Table { name: table.to_owned(), region };
        Ok(System { source, is_bus_known, which, ..System::of(app, place) })
    }

    /// For commands that put events on the bus: what is sent elsewhere is lost.
    ///
    /// # Errors
    /// Where nobody told which bus it is.
    pub fn needs_bus(&self) -> anyhow::Result<()> {
        if !self.is_bus_known {
            bail!(
                "it is not known on which event bus the stack of table {:?} works: its workers \
                 have not told the table yet; give the stack's output BusName as --bus NAME or {}",
                self.app.store.table(),
                lazo::shell::app::env::BUS
            );
        }
        Ok(())
    }

    /// Uses the local system that another process runs.
    async fn connect(target: &Target) -> anyhow::Result<System> {
        let path = target.data.join("running.json");
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is in use, but {} does not say where",
                target.data.display(),
                path.display()
            )
        })?;
        let endpoints: Endpoints = serde_json::from_str(&text).context("running.json")?;
        let outbox = outbox_in(&target.data)?;
        let store = store_at(&endpoints.dynamodb);
        let (which, rules) = in_force(&store, target).await?;
        let mailer = Mailer::Outbox(outbox.clone());
        let app = App::new(store, bus_at(&endpoints.bus), mailer, None, rules);
        let place = Place::Folder { path: place::absolute(&target.data), is_running: true };
        let (endpoints, outbox) = (Some(endpoints), Some(outbox));
        let system = System::of(Arc::new(app), place);
        Ok(System { endpoints, outbox, which, is_bus_known: true, ..system })
    }

    fn of(app: Arc<App>, place: Place) -> System {
        System {
            app,
            place,
            endpoints: None,
            outbox: None,
            source: None,
            is_place_told: AtomicBool::new(false),
            telling: Arc::default(),
            is_bus_known: false,
            which: WhichRules::BuiltIn,
            _lock: None,
        }
    }

    /// Starts the embedded parts in this process: DynamoDB on a file, the bus,
    /// and what mails link to.
    ///
    /// # Errors
    /// Where the folder, a port or the rules cannot be used.
    pub async fn embed(target: &Target, setup: &Setup, lock: File) -> anyhow::Result<System> {
        let data = &target.data;
        let file = data.join(place::FILE);
        let database = dynoxide::Database::new(&file.to_string_lossy())
            .map_err(|error| anyhow::anyhow!("cannot open {}: {error}", file.display()))?;
        let listener = listen(setup.dynamodb_port).await?;
        let dynamodb = format!("http://{}", listener.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        let listener = listen(setup.bus_port).await?;
        let links = listen(setup.links_port).await?;
        let of_local = match setup.ports_of_local {
            Some(LocalPorts { webhooks, console }) => {
                Some((listen(webhooks).await?, listen(console).await?))
            }
            None => None,
        };
        let (webhooks, console) = of_local.unzip();
        let url = |listener: &Option<TcpListener>| -> anyhow::Result<String> {
            let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
            Ok(address.map(|address| format!("http://{address}")).unwrap_or_default())
        };
        let endpoints = Endpoints {
            dynamodb,
            bus: format!("http://{}", listener.local_addr()?),
            links: format!("http://{}", links.local_addr()?),
            webhooks: url(&webhooks)?,
            console: url(&console)?,
            rules: target.rules.as_deref().map(std::path::absolute).transpose()?,
        };
        let store = store_at(&endpoints.dynamodb);
        table::create_whole(store.client(), TABLE).await?;
        let outbox = outbox_in(data)?;
        let mailer = match &setup.smtp {
            None => Mailer::Outbox(outbox.clone()),
            Some(url) => Mailer::Smtp(smtp(url)?),
        };
        if setup.publishes_first {
            publish_first(&store, target).await?;
        }
        let (which, rules) = in_force(&store, target).await?;
        let links_url = Some(endpoints.links.clone());
        let app = App::new(store, bus_at(&endpoints.bus), mailer, links_url, rules);
        let app = Arc::new(app.with_link_keys(links_server::keys(data)?));
        tokio::spawn(links_server::serve(links, app.clone()));
        if let Some(listener) = webhooks {
            let secrets = webhooks_server::secrets(data, &app)?;
            tokio::spawn(webhooks_server::serve(listener, app.clone(), secrets));
        }
        if let Some(listener) = console {
            tokio::spawn(console_server::serve(listener, app.clone()));
        }
        let telling = Arc::new(OnceLock::new());
        let out = data.join("events-out.jsonl");
        tokio::spawn(bus_server::serve(listener, app.clone(), out, telling.clone()));
        let written = serde_json::to_string(&endpoints)?;
        fs::write(data.join("running.json"), written)?;
        let place = Place::Folder { path: place::absolute(data), is_running: false };
        let (endpoints, outbox) = (Some(endpoints), Some(outbox));
        let embedded = System::of(app, place);
        Ok(System {
            endpoints,
            outbox,
            telling,
            which,
            is_bus_known: true,
            _lock: Some(lock),
            ..embedded
        })
    }
}

/// A mail server by its URL, which may hold a password and is not repeated.
///
/// # Errors
/// Where it is none.
pub fn smtp(url: &str) -> anyhow::Result<Smtp> {
    let form = "--smtp: no address of a mail server such as smtp://user:password@host:587";
    Smtp::new(url).map_err(|_| anyhow::anyhow!(form))
}

/// The folder of mails of a local system.
fn outbox_in(data: &Path) -> anyhow::Result<Outbox> {
    let folder = data.join("outbox");
    Outbox::open(&folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Takes the data folder for this process; `None` where another has it. The
/// lock goes with the process, however it ends.
///
/// # Errors
/// Where the folder cannot be made or written.
pub fn lock(data: &Path) -> anyhow::Result<Option<File>> {
    fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
    }
}

/// A port of this machine alone; any free one where the wished one is taken.
async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => Ok(listener),
        Err(_) if port != 0 => Ok(TcpListener::bind(("127.0.0.1", 0)).await?),
        Err(error) => bail!("cannot listen on 127.0.0.1: {error}"),
    }
}

/// What the SDK needs to talk to an endpoint of this machine.
pub fn local_sdk(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
            Credentials::new("local", "local", None, None, "local"),
        ))
        .http_client(HttpClient::new().build_http())
        .endpoint_url(endpoint)
        .build()
}

fn store_at(endpoint: &str) -> Store {
    Store::new(aws_sdk_dynamodb::Client::new(&local_sdk(endpoint)), TABLE)
}

fn bus_at(endpoint: &str) -> Bus {
    Bus::new(aws_sdk_eventbridge::Client::new(&local_sdk(endpoint)), TABLE)
}
