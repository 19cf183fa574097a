//! The server: listens at once, opens the store beside it, serves until it is told to stop, and ends in order.

mod beside;
mod certificate;
mod expiry;
mod exposition;
mod files;
mod marks;
mod retention;
mod signals;
mod start;
mod watch;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::Data;
use crmconf_events::log::LocalLog;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::http::app::{App, Phase, Service};
use crate::http::listener::{Listener, ListenerOptions, Patience};
use crate::metrics::Metrics;
use crate::rotation::KeySources;
use crate::security_log::SecurityLogError;
use crate::settings::Settings;
use crate::store::{Founder, StoreError};
use crate::tls::{Acceptor, TlsError};
use beside::Beside;
use certificate::Certificate;
use exposition::Exposition;
use signals::StopSignals;
use watch::Watch;

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
    /// The address of the metrics cannot be listened on.
    #[error("cannot listen on {address} for metrics (metrics_listen): {cause}")]
    ListenMetrics {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The certificate cannot be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The security log cannot be written.
    #[error(transparent)]
    SecurityLog(#[from] SecurityLogError),
    /// Nobody told the listener to stop, and it did.
    #[error("the listener ended by itself: {0}; start the server again")]
    ListenerEnded(String),
    /// The writer's thread panicked. What it had answered stands.
    #[error(
        "the writer's thread did not end in order; what was answered stands, and the next start checks the log"
    )]
    WriterLost,
    /// Something else that the operating system refuses.
    #[error("the server failed: {0}")]
    System(#[from] std::io::Error),
}

/// What runs beside the listener and is ended after it.
struct Running {
    app: Arc<App>,
    writer: JoinHandle<()>,
    log: Arc<LocalLog>,
    /// Where templates may change.
    templates: Option<Watch>,
    /// What destroys the keys of deleted configurations, what records templates for what they mark, and what lets
    /// sessions expire.
    beside: [Beside; 3],
}

/// How many clients the operating system lets wait until they are taken up.
const LISTEN_QUEUE: i32 = 2_048;

/// How long tasks whose clients have left get to record what they have done, once the writer has ended.
const LAST_TASKS_MAX: Duration = Duration::from_secs(5);

/// The listener's own task.
type Serving = actix_web::rt::task::JoinHandle<std::io::Result<()>>;

/// Serves until SIGTERM or SIGINT. In a folder without a store, `founder` sets one up first; `ready` is called with the
/// address once requests are answered.
///
/// # Errors
/// When it cannot start, or does not end in order.
pub async fn serve(
    settings: Settings,
    key_sources: KeySources,
    founder: Option<Founder>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServerError> {
    // Before anything else: from here on a signal must not simply kill what is being opened.
    let signals = StopSignals::listen()?;
    let metrics = if settings.metrics_listen.is_some() {
        Metrics::on().map_err(std::io::Error::other)?
    } else {
        Metrics::off()
    };
    let service = Data::new(
        Service::measured(Arc::new(metrics)).behind(settings.proxies()).reached_at(settings.public_address()),
    );
    let exposition = Exposition::start(&settings, &service)?;
    let served = serve_api(settings, key_sources, founder, ready, service, signals).await;
    if let Some(exposition) = exposition {
        exposition.stop().await;
    }
    served
}

/// Serves the API until the process is told to stop.
async fn serve_api(
    settings: Settings,
    key_sources: KeySources,
    founder: Option<Founder>,
    ready: impl FnOnce(SocketAddr),
    service: Data<Service>,
    mut signals: StopSignals,
) -> Result<(), ServerError> {
    // Before the store is opened: what keeps the listener from starting is told at once. Followed as long as this runs.
    let certificate = settings.tls_files().map(|files| Certificate::start(files, &service)).transpose()?;
    let acceptor = certificate.as_ref().map(Certificate::acceptor);
    let (listener, server) = listen(&settings, acceptor, &service)?;
    let address = listener.address();
    let mut serving = actix_web::rt::spawn(server);
    tracing::info!(%address, "listening");
    let drain = settings.shutdown_drain.value;
    let mut opening = {
        let (service, runtime) = (Data::clone(&service), Handle::current());
        tokio::task::spawn_blocking(move || start::start(&settings, founder, &service, runtime, key_sources))
    };
    let (opened, told) = tokio::select! {
        opened = &mut opening => (opened, None),
        told = until_told(&mut signals, &mut serving) => {
            // What opening has begun cannot be left half done: sled would be taken for damaged at the next start.
            service.enter(Phase::Stopping);
            tracing::info!("stopping as soon as the store is open");
            (opening.await, Some(told))
        }
    };
    let running = match opened.map_err(std::io::Error::other) {
        Ok(Ok(running)) => running,
        Ok(Err(error)) => return Err(refused(&listener, error).await),
        Err(error) => return Err(refused(&listener, error.into()).await),
    };
    let told = match told {
        Some(told) => told,
        None => {
            service.enter(Phase::Ready(Arc::clone(&running.app)));
            tracing::info!(%address, "serving");
            ready(address);
            until_told(&mut signals, &mut serving).await
        }
    };
    tracing::info!(drain_s = drain.as_secs(), "stopping");
    service.metrics().stopping();
    let stopped = stop(running, &listener, drain).await;
    tracing::info!("stopped");
    told.and(stopped)
}

/// Waits for a signal to stop; an error when the listener ends without one.
async fn until_told(signals: &mut StopSignals, serving: &mut Serving) -> Result<(), ServerError> {
    tokio::select! {
        signal = signals.first() => {
            tracing::info!(signal, "told to stop");
            Ok(())
        }
        ended = serving => {
            let why = match ended {
                Ok(Ok(())) => "it gave no reason".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            tracing::error!(why, "the listener ended by itself");
            Err(ServerError::ListenerEnded(why))
        }
    }
}

/// Stops listening, since the store cannot be opened.
async fn refused(listener: &Listener, error: ServerError) -> ServerError {
    listener.abort().await;
    error
}

fn listen(
    settings: &Settings,
    tls: Option<Acceptor>,
    service: &Data<Service>,
) -> Result<(Listener, Server), ServerError> {
    let address = settings.listen.value;
    let workers = settings.workers.value.get();
    let connections_max = files::allow(settings.connections_max.value.get(), workers);
    service.metrics().connections_limit(connections_max);
    let options = ListenerOptions {
        workers,
        connections_max,
        patience: Patience::with_head(settings.body_timeout.value),
        drain: settings.shutdown_drain.value,
    };
    TcpListener::bind(address)
        .and_then(|socket| {
            // The standard library's queue of 128 would turn a fleet away that comes back after a restart.
            rustix::net::listen(&socket, LISTEN_QUEUE)?;
            Ok(socket)
        })
        .and_then(|socket| Listener::start(socket, options, tls, Data::clone(service)))
        .map_err(|cause| ServerError::Listen { address, cause })
}

/// Stops accepting, answers what is under way, waits for what goes on though its client has left, writes what waits, closes
/// the logs.
async fn stop(running: Running, listener: &Listener, drain: Duration) -> Result<(), ServerError> {
    let Running { app, writer, log, templates, beside } = running;
    drop((templates, beside));
    let deadline = Instant::now() + drain;
    listener.drain().await;
    let cut_short = app.tasks.ended_by(deadline).await;
    if cut_short > 0 {
        tracing::warn!(cut_short, "changes whose clients have left are ended where they are");
    }
    app.writer.stop().await;
    let ended =
        tokio::task::spawn_blocking(move || writer.join()).await.unwrap_or_else(|error| Err(Box::new(error)));
    // Whatever a task submits now is refused: it ends at once, and records what it has done.
    let lost = app.tasks.ended_by(Instant::now() + LAST_TASKS_MAX).await;
    if lost > 0 {
        tracing::error!(lost, "changes are still under way: the security log may lack what they did");
    }
    let security_log = app.security_log.clone();
    let close = move || {
        log.close();
        security_log.close();
    };
    tokio::task::spawn_blocking(move || end(ended, close)).await.map_err(std::io::Error::other)?
}

/// Closes what is to be closed, however the writer's thread has ended.
fn end(ended: std::thread::Result<()>, close: impl FnOnce()) -> Result<(), ServerError> {
    close();
    ended.map_err(|_| ServerError::WriterLost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_that_panicked_is_a_failure_and_the_log_is_closed_all_the_same() {
        let mut closed = 0;
        let in_order = std::thread::spawn(|| ());
        assert!(end(in_order.join(), || closed += 1).is_ok());
        let panicked = std::thread::spawn(|| panic!("as a writer might"));
        assert!(matches!(end(panicked.join(), || closed += 1), Err(ServerError::WriterLost)));
        assert_eq!(closed, 2);
    }

    #[actix_web::test]
    async fn a_listener_that_ends_by_itself_is_a_failure_that_says_why() {
        let mut signals = StopSignals::listen().unwrap();
        let mut serving = actix_web::rt::spawn(async { Err(std::io::Error::other("no more sockets")) });
        let told = until_told(&mut signals, &mut serving).await;
        assert!(matches!(told, Err(ServerError::ListenerEnded(why)) if why == "no more sockets"));
    }
}
