//! The handshake of an accepted connection, within its time, and what becomes of one that fails.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use metrics::Counter;
use tokio::sync::watch;
use tokio::time::timeout;

use super::connection::Stream;
use crate::tls::Acceptor;

/// What a listener's connections begin with.
#[derive(Clone)]
pub enum Security {
    /// Nothing: plain HTTP.
    None,
    /// A handshake.
    Tls {
        /// Makes it.
        acceptor: Acceptor,
        /// Counts those that failed.
        failed: Counter,
    },
}

/// The stream after its handshake. One that fails, for whatever reason, is told at the level of debugging only: anyone
/// may send anything to an open port. What is open in that moment of a drain is closed, as a connection without a
/// request is.
///
/// # Errors
/// That it failed, or took too long.
pub(super) async fn handshake(
    stream: TcpStream,
    peer: SocketAddr,
    security: &Security,
    time: Duration,
    mut draining: watch::Receiver<bool>,
) -> io::Result<Stream> {
    let Security::Tls { acceptor, failed } = security else { return Ok(Stream::Plain(stream)) };
    let drained = async move { drop(draining.wait_for(|draining| *draining).await) };
    let accepted = tokio::select! {
        accepted = timeout(time, acceptor.accept(stream)) => accepted,
        () = drained => return Err(io::Error::other("the server drains")),
    };
    let accepted =
        accepted.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long")));
    accepted.map(|tls| Stream::Tls(Box::new(tls))).inspect_err(|error| {
        failed.increment(1);
        tracing::debug!(%peer, %error, "a TLS handshake failed");
    })
}
