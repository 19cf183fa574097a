//! What the process measures of itself, for Prometheus: off unless a listener for it is configured, and then free.
//!
//! What happens is counted where it happens, by handles made once (`requests`, `commits`). What is the case is read when
//! it is asked for (`reading`): nothing is pushed. No label holds anything that a client sent. The crates below know
//! nothing of this: they hand out plain numbers.

mod commits;
mod reading;
mod registry;
mod requests;
pub mod table;
mod tls;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crmconf_events::log::{EventLog, LocalLog};
use metrics::Gauge;
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};

pub use commits::Commits;
pub use requests::Requests;
pub use tls::Tls;

use crate::http::app::Service;
use crate::store::{Opening, Step};
use crate::tls::Validity;
use registry::{Registry, Value};

/// How often samples of histograms are taken in where nobody asks for them: until then each takes memory.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The metrics of the process.
pub struct Metrics {
    registry: Registry,
    exporter: Option<PrometheusHandle>,
    started: SystemTime,
    stopping: AtomicBool,
    log: OnceLock<Arc<dyn EventLog>>,
    /// What becomes of requests.
    pub requests: Requests,
    /// What is told of commits.
    pub commits: Commits,
    /// The API's open connections.
    pub connections: Gauge,
    /// What is told of TLS.
    pub tls: Tls,
}

impl Metrics {
    /// Measures nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::of(Registry::OFF, Requests::off())
    }

    /// Measures.
    ///
    /// # Errors
    /// When a histogram has no bounds.
    pub fn on() -> Result<Self, BuildError> {
        let registry = Registry::on()?;
        let requests = Requests::of(&registry);
        Ok(Self::of(registry, requests))
    }

    fn of(registry: Registry, requests: Requests) -> Self {
        registry.gauge(&table::TLS_EXPIRY, &[]).set(0.0);
        Self {
            exporter: registry.handle(),
            started: SystemTime::now(),
            stopping: AtomicBool::new(false),
            log: OnceLock::new(),
            requests,
            commits: Commits::of(&registry),
            connections: registry.gauge(&table::CONNECTIONS, &[]),
            tls: Tls::of(&registry),
            registry,
        }
    }

    /// How many connections may be open at once.
    pub fn connections_limit(&self, connections: usize) {
        self.registry.gauge(&table::CONNECTIONS_LIMIT, &[]).set(connections as f64);
    }

    /// The certificate that is shown to clients counts so long.
    pub fn certificate(&self, validity: Validity) {
        let expiry = validity.not_after.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.registry.gauge(&table::TLS_EXPIRY, &[]).set(expiry.as_secs_f64());
    }

    /// How far opening the store is.
    pub fn opening(&self, Opening { step, commits }: Opening) {
        if let (Some(step), Some(commits)) = (step_word(step), commits) {
            self.registry.gauge(&table::START_COMMITS, &[Value::Word(step)]).set(commits as f64);
        }
    }

    /// Measures the log's syncs from now on, and tells where it ends.
    pub fn follow(&self, log: &Arc<LocalLog>) {
        if self.exporter.is_some() {
            let syncs = self.registry.histogram(&table::SYNC, &[]);
            log.watch_syncs(Box::new(move |took| syncs.record(took.as_secs_f64())));
            // There is one log for a process; a second one would not be followed.
            let _ = self.log.set(Arc::clone(log) as Arc<dyn EventLog>);
        }
    }

    /// The process was told to stop.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Takes in the samples of histograms.
    pub fn upkeep(&self) {
        if let Some(exporter) = &self.exporter {
            exporter.run_upkeep();
        }
    }

    /// Reads what is the case, and renders everything in Prometheus' text format. Reads files: not for an async thread.
    #[must_use]
    pub fn render(&self, service: &Service, data: &Path) -> String {
        reading::process(&self.registry, self.started);
        reading::disk(&self.registry, data);
        reading::standing(&self.registry, service, self.stopping.load(Ordering::Relaxed));
        if let Some(log) = self.log.get() {
            reading::head(&self.registry, &**log);
        }
        if let Ok(app) = service.app() {
            reading::app(&self.registry, &app);
        }
        self.exporter.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    }
}

/// A step's label; none for a step that no commits are counted in.
const fn step_word(step: Step) -> Option<&'static str> {
    use crmconf_events::log::Step as LogStep;
    match step {
        Step::Sled | Step::Vault | Step::Reconciling => None,
        Step::Log(LogStep::Checking) => Some("checking"),
        Step::Log(LogStep::Inserting) => Some("inserting"),
        Step::Folding => Some("folding"),
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("on", &self.exporter.is_some()).finish_non_exhaustive()
    }
}
