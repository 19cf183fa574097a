//! TLS of the server's own: certificate and key as a checked pair, what the listener speaks with, and how both follow
//! their files.
//!
//! TLS 1.3 and 1.2 and nothing older, by rustls with the `ring` provider, which is named wherever a configuration is
//! made and never installed for the process.

mod acceptor;
mod error;
mod follow;
mod pair;
mod pem;
mod roots;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub(crate) use acceptor::Accepted;
pub use acceptor::Acceptor;
pub use error::TlsError;
pub use follow::{Follow, LOOK_INTERVAL, Turn};
pub use pair::{Identity, TlsFiles, Validity};
pub use roots::{Roots, RootsError};

/// The cryptography that everything here is made with.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
