//! The listener: accepts connections within their limits, and serves requests on them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::{ConnectionType, HttpService, KeepAlive};
use actix_server::Server;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, ServerHandle, Service as _};
use actix_web::rt::net::TcpStream;
use actix_web::web::{Data, ServiceConfig};
use metrics::Gauge;
use tokio::sync::watch;

use super::app::{Service, routes};
pub use super::connection::{ANSWER_BYTES_PER_S, Patience};
use super::connection::{Activity, Connection, Counted};
pub use super::handshake::Security;
use super::handshake::handshake;
use crate::tls::Acceptor;

/// How long the close of a connection may take: what the client still sends after an early refusal is read meanwhile,
/// so that it finds the answer and not a broken connection.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// How to listen.
#[derive(Clone, Copy, Debug)]
pub struct ListenerOptions {
    /// Worker threads.
    pub workers: usize,
    /// Connections open at once, rounded up to the same number for each worker. More wait in the system's own queue.
    pub connections_max: usize,
    /// How long clients may keep their connections waiting.
    pub patience: Patience,
    /// How long requests under way are waited for at the end.
    pub drain: Duration,
}

/// A running listener, as whoever ends it sees it.
pub struct Listener {
    handle: ServerHandle,
    draining: watch::Sender<bool>,
    address: SocketAddr,
}

impl Listener {
    /// Begins to serve the API, under TLS where there is a certificate. The future ends when the listener does.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub fn start(
        socket: TcpListener,
        options: ListenerOptions,
        tls: Option<Acceptor>,
        service: Data<Service>,
    ) -> io::Result<(Self, Server)> {
        let open = service.metrics().connections.clone();
        let failed = service.metrics().tls.handshakes_failed.clone();
        let security = tls.map_or(Security::None, |acceptor| Security::Tls { acceptor, failed });
        Self::serve("http", socket, options, security, open, move || routes(Data::clone(&service)))
    }

    /// Begins to serve other paths than the API's under a name for its threads, with its connections counted in `open`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn serve<R: FnOnce(&mut ServiceConfig)>(
        name: &str,
        socket: TcpListener,
        options: ListenerOptions,
        security: Security,
        open: Gauge,
        routes: impl Fn() -> R + Clone + Send + 'static,
    ) -> io::Result<(Self, Server)> {
        let address = socket.local_addr()?;
        let ListenerOptions { workers, connections_max, patience, drain } = options;
        let (draining, drains) = watch::channel(false);
        let server = Server::build()
            .workers(workers)
            .max_concurrent_connections(connections_max.div_ceil(workers))
            .shutdown_timeout(drain.as_secs())
            .disable_signals()
            .listen(name, socket, move || {
                let (drains, open, security) = (drains.clone(), open.clone(), security.clone());
                let draining = drains.clone();
                let app = App::new()
                    .wrap_fn(move |request, next| {
                        let handling = request.conn_data::<Activity>().map(Activity::handle);
                        let answered = next.call(request);
                        let draining = draining.clone();
                        async move {
                            let mut answer = answered.await;
                            // A client that always has its next request ready would else be served to the end of the
                            // drain, and then be cut off in the middle of one.
                            if let (true, Ok(answer)) = (*draining.borrow(), &mut answer) {
                                answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                            }
                            drop(handling);
                            answer
                        }
                    })
                    .configure(routes())
                    .into_factory()
                    .map_err(|error: actix_web::Error| error.error_response());
                let http = HttpService::build()
                    // The connection keeps the time between requests itself.
                    .keep_alive(KeepAlive::Os)
                    .client_request_timeout(patience.head)
                    .client_disconnect_timeout(CLOSE_MAX)
                    .local_addr(address)
                    .on_connect_ext(|connection: &Connection, data| {
                        data.insert(connection.activity());
                    })
                    .h1(map_config(app, |()| AppConfig::default()));
                fn_service(move |stream: TcpStream| {
                    // Before its handshake: that is a connection too.
                    let (drains, counted) = (drains.clone(), Counted::new(&open));
                    let security = security.clone();
                    async move {
                        // A client that has reset its connection already has no address, and none must be made up.
                        let peer = stream.peer_addr()?;
                        let stream =
                            handshake(stream, peer, &security, patience.head, drains.clone()).await?;
                        Ok((Connection::new(stream, counted, patience, drains), Some(peer)))
                    }
                })
                .and_then(http)
            })?
            .run();
        Ok((Self { handle: server.handle(), draining, address }, server))
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more, answers what is under way, and ends.
    pub async fn drain(&self) {
        self.draining.send_replace(true);
        self.handle.stop(true).await;
    }

    /// Ends at once.
    pub async fn abort(&self) {
        self.handle.stop(false).await;
    }
}
