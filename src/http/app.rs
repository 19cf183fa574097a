//! What requests are answered with, and the one place where paths become handlers.

use std::sync::Arc;
use std::time::Duration;

use actix_web::guard;
use actix_web::web::{self, Data, ServiceConfig};
use arc_swap::ArcSwap;
use crmconf_events::{AccountId, ReplicaId, StoreId};
use crmconf_projections::Account;
use thiserror::Error;
use tokio::runtime::Handle;

use super::answer::ANSWERS_BYTES_MAX;
use super::contract::PublicAddress;
use super::intake::BODIES_BYTES_MAX;
use super::lost_addresses::LostAddresses;
use super::room::Room;
use super::tasks::Tasks;
use super::{api, contract, health, outside};
use crate::accounts::Registrar;
use crate::ids::IdSource;
use crate::metrics::Metrics;
use crate::proxies::TrustedProxies;
use crate::rotation::{KeySources, Rotator};
use crate::security_log::SecurityLog;
use crate::sessions::{
    Accounts, Authenticator, Clock, PasswordChecker, SessionLimits, Sessions, Standing, SystemClock,
    Throttle, ThrottleLimits,
};
use crate::templates::TemplateSet;
use crate::vault::Vault;
use crate::writer::{Views, Writer};

/// Where raw XML is answered.
pub const XML_PATH: &str = "/api/xml";
/// Where requests in SOAP envelopes go.
pub const SOAP_PATH: &str = "/api/soap";
/// Where the XML Schema of raw XML is.
pub const SCHEMA_PATH: &str = "/api/schema.xsd";
/// Whether the process lives.
pub const ALIVE_PATH: &str = "/healthz";
/// Whether it is caught up and takes changes.
pub const READY_PATH: &str = "/readyz";

/// Everything that requests are answered with. One for the process, shared by all workers.
pub struct App {
    /// The read models as of now.
    pub views: Views,
    /// Takes commands.
    pub writer: Writer,
    /// Gives out configuration ids.
    pub ids: IdSource,
    /// The templates in use.
    pub templates: Arc<ArcSwap<TemplateSet>>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// Signs accounts in.
    pub authenticator: Authenticator,
    /// Administers accounts.
    pub registrar: Registrar,
    /// The data keys.
    pub vault: Arc<Vault>,
    /// Seals the vault anew under another master key.
    pub rotator: Rotator,
    /// What an auditor is told.
    pub security_log: SecurityLog,
    /// What goes on though its client has left.
    pub tasks: Tasks,
    /// Of whom the operator was told that their addresses are not recorded.
    pub lost_addresses: Arc<LostAddresses>,
    /// Room for the bodies that are held at once.
    pub bodies: Room,
    /// Room for the large answers that clients have not taken yet.
    pub answers: Room,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}

/// What an [`App`] is put together from.
pub struct AppParts {
    /// The read models that the writer publishes.
    pub views: Views,
    /// The writer, started.
    pub writer: Writer,
    /// The store that it writes to.
    pub store: StoreId,
    /// The credentials.
    pub vault: Arc<Vault>,
    /// Where the vault's master keys are, whenever that is asked.
    pub key_sources: KeySources,
    /// The templates in use, which whoever watches their source swaps.
    pub templates: Arc<ArcSwap<TemplateSet>>,
    /// How many sessions there may be, and how long they live.
    pub sessions: SessionLimits,
    /// What an auditor is told.
    pub security_log: SecurityLog,
    /// Where what goes on without its client runs: beyond the listener's end.
    pub runtime: Handle,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}

impl App {
    /// Puts an app together: the same for the server and for tests.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn new(parts: AppParts) -> Result<Self, getrandom::Error> {
        let AppParts {
            views,
            writer,
            store,
            vault,
            key_sources,
            templates,
            sessions,
            security_log,
            runtime,
            body_timeout,
        } = parts;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sessions = Arc::new(Sessions::new(sessions, Arc::clone(&clock)));
        // One for both: together they work on no more passwords at once than one may.
        let checker = PasswordChecker::default();
        let registrar =
            Registrar::new(writer.clone(), Arc::clone(&views), Arc::clone(&vault), checker.clone());
        Ok(Self {
            views,
            writer,
            ids: IdSource::new(store, ReplicaId::SOLE)?,
            templates,
            authenticator: Authenticator::new(
                Arc::clone(&vault),
                Arc::clone(&sessions),
                checker,
                Throttle::new(ThrottleLimits::default()),
                clock,
            ),
            registrar,
            rotator: Rotator::new(Arc::clone(&vault), key_sources),
            vault,
            sessions,
            security_log,
            lost_addresses: Arc::default(),
            tasks: Tasks::on(runtime),
            bodies: Room::of(BODIES_BYTES_MAX),
            answers: Room::of(ANSWERS_BYTES_MAX),
            body_timeout,
        })
    }
}

/// How far the process is.
pub enum Phase {
    /// The store is being opened: what is done there.
    Starting(String),
    /// Requests are answered.
    Ready(Arc<App>),
    /// The process was told to stop before it was ready.
    Stopping,
}

/// Why requests are not answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unready {
    /// The store is being opened: what is done there.
    #[error("the server is starting: {0}")]
    Starting(String),
    /// The process was told to stop.
    #[error("the server is shutting down")]
    Stopping,
}

/// What the listener serves: from the first moment on, before there is an [`App`].
pub struct Service {
    phase: ArcSwap<Phase>,
    metrics: Arc<Metrics>,
    proxies: TrustedProxies,
    public_address: PublicAddress,
}

impl Service {
    /// A service whose store is not open yet.
    #[must_use]
    pub fn starting() -> Self {
        Self::measured(Arc::new(Metrics::off()))
    }

    /// The same with metrics.
    #[must_use]
    pub fn measured(metrics: Arc<Metrics>) -> Self {
        let phase = ArcSwap::from_pointee(Phase::Starting("opening the store".into()));
        Self { phase, metrics, proxies: TrustedProxies::default(), public_address: PublicAddress::default() }
    }

    /// The same behind proxies whose forwarded addresses count.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }

    /// The same under this address.
    #[must_use]
    pub fn reached_at(self, public_address: PublicAddress) -> Self {
        Self { public_address, ..self }
    }

    /// Where clients reach the server.
    #[must_use]
    pub const fn public_address(&self) -> &PublicAddress {
        &self.public_address
    }

    /// Whose forwarded addresses count.
    #[must_use]
    pub const fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// The metrics of the process.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(Arc::new(phase));
    }

    /// Says how far opening is, unless the process was told to stop meanwhile.
    pub fn tell(&self, progress: String) {
        let told = Arc::new(Phase::Starting(progress));
        self.phase.rcu(|phase| match **phase {
            Phase::Starting(_) => Arc::clone(&told),
            Phase::Ready(_) | Phase::Stopping => Arc::clone(phase),
        });
    }

    /// What requests are answered with.
    ///
    /// # Errors
    /// What the process does instead.
    pub fn app(&self) -> Result<Arc<App>, Unready> {
        match &**self.phase.load() {
            Phase::Ready(app) => Ok(Arc::clone(app)),
            Phase::Starting(progress) => Err(Unready::Starting(progress.clone())),
            Phase::Stopping => Err(Unready::Stopping),
        }
    }
}

/// How accounts stand, as the read models show it.
impl Accounts for App {
    fn standing(&self, account: AccountId) -> Option<Standing> {
        let view = self.views.load();
        let account = view.accounts.get(&account)?;
        let Account { enabled, credential, version, .. } = **account;
        Some(Standing { enabled, credential, version })
    }
}

/// Registers every path: the same for the server and for tests.
pub fn routes(service: Data<Service>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(service)
            .service(
                web::resource(XML_PATH)
                    .route(web::post().to(api::post))
                    .default_service(web::to(outside::post_only)),
            )
            .service(
                web::resource(SOAP_PATH)
                    .route(web::post().to(api::post_soap))
                    .route(web::get().guard(guard::fn_guard(contract::asks_for_wsdl)).to(contract::wsdl))
                    .default_service(web::to(outside::soap_only)),
            )
            .service(
                web::resource(SCHEMA_PATH)
                    .route(web::get().to(contract::schema))
                    .default_service(web::to(outside::get_schema)),
            )
            .service(
                web::resource(ALIVE_PATH)
                    .route(web::get().to(health::alive))
                    .route(web::head().to(health::alive))
                    .default_service(web::to(outside::get_only)),
            )
            .service(
                web::resource(READY_PATH)
                    .route(web::get().to(health::ready))
                    .route(web::head().to(health::ready))
                    .default_service(web::to(outside::get_only)),
            )
            .default_service(web::to(outside::not_found));
    }
}
