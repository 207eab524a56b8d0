//! Faults at the SDK's HTTP layer, on any connection: the n-th request of a
//! run fails, loses its answer, is throttled or held up, meets a conflict,
//! reads an index as it was; or the process stops there.
//!
//! A [`Plan`] says which request meets which fault, and is written as a text
//! (`3:lose-answer+9:stop-before`) by which a run is repeated.

mod answers;
mod plan;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

pub use plan::{BadPlan, Fault, Plan};

use super::{STALE_WRITES, Service, operation, response};
use lazo::shell::store::table::INDEXES;

/// A request that was made: what it asked for, and what was asked of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The service that was asked.
    pub service: Service,
    /// The operation as AWS names it, such as `PutItem`.
    pub operation: String,
    /// The index that is read, where one is.
    pub index: Option<&'static str>,
    /// The partitions whose items are written or deleted.
    pub partitions: Vec<String>,
    /// Whether a transaction also asks for what it does not write.
    pub has_checks: bool,
}

impl Step {
    fn of(request: &HttpRequest) -> Step {
        let (service, operation) = operation(request);
        let body = request.body().bytes().unwrap_or_default();
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let index = asked["IndexName"].as_str();
        let index = INDEXES.iter().map(|known| known.name).find(|known| Some(*known) == index);
        let parts = asked["TransactItems"].as_array().into_iter().flatten();
        let has_checks = parts.clone().any(|item| !item["ConditionCheck"].is_null());
        let puts = parts.map(|item| &item["Put"]);
        let keys = puts.chain([&asked]).map(|one| one.get("Item").unwrap_or(&one["Key"]));
        let partitions = keys.filter_map(|key| Some(key["pk"]["S"].as_str()?.to_owned())).collect();
        Step { service, operation: operation.to_owned(), index, partitions, has_checks }
    }

    /// Whether such a request can meet the fault at all.
    pub fn can_meet(&self, fault: Fault) -> bool {
        match fault {
            Fault::Conflict => ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"]
                .contains(&self.operation.as_str()),
            Fault::Stale(_) => self.index.is_some(),
            _ => true,
        }
    }
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End<T> {
    /// It ran to its end, with this result.
    Done(T),
    /// The process stopped: nothing more of it ran.
    Stopped,
}

impl<T> End<T> {
    /// The result; `None` where the process stopped.
    pub fn done(self) -> Option<T> {
        match self {
            End::Done(done) => Some(done),
            End::Stopped => None,
        }
    }
}

/// Takes a condition away from writes, given the item's sort key and the
/// condition: what a guard is good for shows where it is missing.
pub type Without = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

#[derive(Default)]
struct State {
    plan: Mutex<Plan>,
    without: Mutex<Option<Without>>,
    count: AtomicU64,
    of_service: [AtomicU64; Service::ALL.len()],
    struck: AtomicU64,
    steps: Mutex<Option<Vec<Step>>>,
    stopped: Notify,
    held: Notify,
    /// What lets each held request go.
    holds: Mutex<Vec<oneshot::Sender<()>>>,
}

/// Faults on a connection, and the handle by which they are planned.
#[derive(Clone, Default)]
pub struct Faults {
    state: Arc<State>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faults({})", lock(&self.state.plan))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faults {
    /// A connection with these faults on it.
    pub fn on<C: HttpClient + Clone + 'static>(&self, connection: C) -> Faulty<C> {
        Faulty { connection, faults: self.clone() }
    }

    /// Counts requests from one on again, and strikes by this plan.
    pub fn plan(&self, plan: Plan) {
        self.state.count.store(0, Ordering::Relaxed);
        self.state.struck.store(0, Ordering::Relaxed);
        self.state.of_service.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        lock(&self.state.holds).clear();
        *lock(&self.state.plan) = plan;
    }

    /// How many requests were made since the plan was set.
    pub fn count(&self) -> u64 {
        self.state.count.load(Ordering::Relaxed)
    }

    /// How many faults have struck since then.
    pub fn struck(&self) -> u64 {
        self.state.struck.load(Ordering::Relaxed)
    }

    /// Keeps what each request was, from now on.
    pub fn record(&self) {
        *lock(&self.state.steps) = Some(Vec::new());
    }

    /// What the requests were.
    pub fn steps(&self) -> Vec<Step> {
        lock(&self.state.steps).clone().unwrap_or_default()
    }

    /// Takes conditions away from writes, as if the product had none there.
    pub fn remove_conditions(&self, without: Without) {
        *lock(&self.state.without) = Some(without);
    }

    /// Runs one handler until it is done or the process stops. Where requests of it
    /// are held up, `meanwhile` runs to its end first: another worker, who was
    /// faster.
    pub async fn run<T, M: Future<Output = ()>>(
        &self,
        handler: impl Future<Output = T>,
        meanwhile: impl FnOnce() -> M,
    ) -> End<T> {
        let mut handler = pin!(handler);
        let mut meanwhile = Some(meanwhile);
        loop {
            tokio::select! {
                biased;
                done = &mut handler => return End::Done(done),
                () = self.state.stopped.notified() => return End::Stopped,
                () = self.state.held.notified() => {
                    let held = self.holds();
                    if let Some(meanwhile) = meanwhile.take() {
                        self.run_other(meanwhile()).await;
                    }
                    drop(held);
                }
            }
        }
    }

    /// Runs the other worker, who may meet faults as well: held up, nobody is
    /// left to be faster.
    async fn run_other(&self, other: impl Future<Output = ()>) {
        let mut other = Box::pin(other);
        loop {
            tokio::select! {
                biased;
                () = &mut other => return,
                () = self.state.stopped.notified() => return,
                () = self.state.held.notified() => drop(self.holds()),
            }
        }
    }

    /// Takes all holds: requests that are made at once may be held at once, and are
    /// told of once. Each goes on when its hold is dropped.
    fn holds(&self) -> Vec<oneshot::Sender<()>> {
        std::mem::take(&mut lock(&self.state.holds))
    }

    /// Notes a request; the fault that it meets.
    fn next(&self, request: &HttpRequest) -> Option<Fault> {
        let number = self.state.count.fetch_add(1, Ordering::Relaxed) + 1;
        let service = operation(request).0;
        let of_service =
            self.state.of_service[service as usize].fetch_add(1, Ordering::Relaxed) + 1;
        let fault = lock(&self.state.plan).at(number, (service, of_service));
        let mut steps = lock(&self.state.steps);
        if fault.is_none() && steps.is_none() {
            return None;
        }
        let step = Step::of(request);
        let fault = fault.filter(|fault| step.can_meet(*fault));
        if let Some(steps) = &mut *steps {
            steps.push(step);
        }
        if fault.is_some() {
            self.state.struck.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }

    async fn stop(&self) -> Result<HttpResponse, ConnectorError> {
        self.state.stopped.notify_one();
        std::future::pending().await
    }

    async fn hold(&self) {
        let (hold, held) = oneshot::channel();
        lock(&self.state.holds).push(hold);
        self.state.held.notify_one();
        // Whether it was let go or forgotten, it goes on.
        let _ = held.await;
    }

    async fn strike(
        &self,
        fault: Fault,
        connection: &SharedHttpConnector,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        match fault {
            Fault::Refuse => Err(answers::refused()),
            Fault::Fail => response(answers::failed()),
            Fault::Throttle => response(answers::throttled(operation(&request).0)),
            Fault::Conflict => response(answers::conflict(&request)),
            Fault::LoseAnswer => {
                let _ = connection.call(request).await;
                Err(answers::reset())
            }
            Fault::Hold => {
                self.hold().await;
                connection.call(request).await
            }
            Fault::HoldAnswer => {
                let answer = connection.call(request).await;
                self.hold().await;
                answer
            }
            Fault::Stale(writes) => {
                request.headers_mut().insert(STALE_WRITES, writes.to_string());
                connection.call(request).await
            }
            Fault::StopBefore => self.stop().await,
            Fault::StopAfter => {
                let _ = connection.call(request).await;
                self.stop().await
            }
        }
    }

    fn tamper(&self, request: &mut HttpRequest) {
        let Some(without) = lock(&self.state.without).clone() else { return };
        let body = request.body().bytes().unwrap_or_default();
        if let Some(body) = answers::without_conditions(body, &*without) {
            *request.body_mut() = SdkBody::from(body);
        }
    }
}

/// A connection with faults on it.
#[derive(Clone, Debug)]
pub struct Faulty<C> {
    connection: C,
    faults: Faults,
}

#[derive(Debug)]
struct Connector {
    connection: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        self.faults.tamper(&mut request);
        let Some(fault) = self.faults.next(&request) else { return self.connection.call(request) };
        let (faults, connection) = (self.faults.clone(), self.connection.clone());
        HttpConnectorFuture::new(async move { faults.strike(fault, &connection, request).await })
    }
}

impl<C: HttpClient + Clone + 'static> HttpClient for Faulty<C> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connection = self.connection.http_connector(settings, components);
        SharedHttpConnector::new(Connector { connection, faults: self.faults.clone() })
    }
}
