//! The server: listens at once, opens the store beside it, serves until it is told to stop, and ends in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App as ActixApp, HttpServer};
use crmconf_events::log::{LocalLog, LocalOptions, Progress};
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::http::app::{App, AppParts, Phase, Service, routes};
use crate::sessions::SessionLimits;
use crate::settings::Settings;
use crate::store::{self, Store, StoreError};
use crate::templates::TemplateSet;
use crate::vault::VaultError;
use crate::writer::Writer;

/// How long an idle connection is kept for the client's next request.
const KEEP_ALIVE_S: u64 = 75;

/// Why the server did not start, or did not end in order.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something else that the operating system refuses.
    #[error("the server failed: {0}")]
    System(#[from] std::io::Error),
}

/// What runs beside the listener and is ended after it.
struct Running {
    app: Arc<App>,
    writer: JoinHandle<()>,
    log: Arc<LocalLog>,
}

/// Serves until SIGTERM or SIGINT. `ready` is called with the address once requests are answered.
///
/// # Errors
/// When it cannot start.
pub async fn serve(settings: Settings, ready: impl FnOnce(SocketAddr)) -> Result<(), ServerError> {
    let service = Data::new(Service::starting());
    let (address, server) = listen(&settings, &service)?;
    let handle = server.handle();
    let mut serving = actix_web::rt::spawn(server);
    let drain = settings.shutdown_drain.value;
    let opening = {
        let service = Data::clone(&service);
        tokio::task::spawn_blocking(move || start(&settings, &service))
    };
    let running = match opening.await {
        Ok(Ok(running)) => running,
        Ok(Err(error)) => {
            handle.stop(false).await;
            return Err(error);
        }
        Err(error) => {
            handle.stop(false).await;
            return Err(std::io::Error::other(error).into());
        }
    };
    // Whoever sees that it is ready may tell it to stop: from then on a signal must not simply kill it.
    let mut signals = StopSignals::listen()?;
    service.enter(Phase::Ready(Arc::clone(&running.app)));
    tracing::info!(%address, "serving");
    ready(address);
    tokio::select! {
        signal = signals.first() => tracing::info!(signal, drain_s = drain.as_secs(), "stopping"),
        ended = &mut serving => tracing::error!(?ended, "the listener ended by itself"),
    }
    stop(running, &handle).await;
    tracing::info!("stopped");
    Ok(())
}

fn listen(
    settings: &Settings,
    service: &Data<Service>,
) -> Result<(SocketAddr, actix_web::dev::Server), ServerError> {
    let address = settings.listen.value;
    let refused = |cause| ServerError::Listen { address, cause };
    let shared = Data::clone(service);
    let server = HttpServer::new(move || ActixApp::new().configure(routes(Data::clone(&shared))))
        .workers(settings.workers.value.get())
        .keep_alive(std::time::Duration::from_secs(KEEP_ALIVE_S))
        .client_request_timeout(settings.body_timeout.value)
        .shutdown_timeout(settings.shutdown_drain.value.as_secs())
        .disable_signals()
        .bind(address)
        .map_err(refused)?;
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((address, server.run()))
}

/// Opens the store and starts what answers requests. Runs beside the listener, which says meanwhile how far it is.
fn start(settings: &Settings, service: &Service) -> Result<Running, ServerError> {
    let options =
        LocalOptions { sled_cache_bytes: settings.sled_cache_bytes.value, ..LocalOptions::default() };
    let mut progress =
        |progress: Progress| service.tell(format!("{}, commit {}", progress.step, progress.commits));
    let Store { log, vault, origin } =
        store::open(&settings.data.value, options, &settings.master_key.value, &mut progress)?;
    let views = Arc::clone(&origin.views);
    let store = origin.log.store();
    let (writer, thread) = Writer::start(origin, settings.write_queue_commands_max.value.get())?;
    let app = App::new(AppParts {
        views,
        writer,
        store,
        vault,
        templates: TemplateSet::builtin(),
        sessions: SessionLimits {
            idle: settings.session_idle.value,
            lifetime: settings.session_absolute.value,
            ..SessionLimits::default()
        },
        body_timeout: settings.body_timeout.value,
    });
    let app = Arc::new(app.map_err(|error| StoreError::from(VaultError::from(error)))?);
    Ok(Running { app, writer: thread, log })
}

/// The signals that ask to stop, noted from [`StopSignals::listen`] on.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    /// Waits for the first, and names it.
    async fn first(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Stops accepting, answers what is under way, writes what waits, closes the log.
async fn stop(running: Running, handle: &ServerHandle) {
    let Running { app, writer, log } = running;
    handle.stop(true).await;
    app.writer.stop().await;
    let ended = tokio::task::spawn_blocking(move || {
        let ended = writer.join().is_ok();
        log.close();
        ended
    });
    if !ended.await.unwrap_or(false) {
        tracing::error!("the writer did not end in order; the next start checks the log");
    }
}
