//! `Acceptor`: what new connections are made TLS with, exchanged while the listener runs.

use std::fmt;
use std::sync::Arc;

use actix_web::rt::net::TcpStream;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

use super::Identity;

/// Makes accepted connections TLS. Clones share what they do it with. An exchange is of the whole configuration:
/// sessions that were agreed on under an earlier certificate cannot be resumed under the next, so that every new
/// connection is shown the certificate of now.
#[derive(Clone)]
pub struct Acceptor(Arc<ArcSwap<ServerConfig>>);

impl Acceptor {
    /// Begins with this certificate.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self(Arc::new(ArcSwap::new(identity.config)))
    }

    /// New connections are shown this certificate from now on. Those that are open stay as they are.
    pub fn replace(&self, identity: Identity) {
        self.0.store(identity.config);
    }

    /// Begins a handshake.
    pub(crate) fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        TlsAcceptor::from(self.0.load_full()).accept(stream)
    }
}

/// A connection after its handshake.
pub(crate) type Accepted = TlsStream<TcpStream>;

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor(..)")
    }
}
