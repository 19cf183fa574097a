//! `Tls`: what the listener and the watch over its certificate tell.

use metrics::Counter;

use super::registry::Registry;
use super::table::{TLS_HANDSHAKES_FAILED, TLS_RELOAD_FAILURES};

/// The counters of TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Handshakes that failed or took too long.
    pub handshakes_failed: Counter,
    /// Changes of the files that did not make a pair to serve.
    pub reload_failures: Counter,
}

impl Tls {
    pub(super) fn of(registry: &Registry) -> Self {
        Self {
            handshakes_failed: registry.counter(&TLS_HANDSHAKES_FAILED, &[]),
            reload_failures: registry.counter(&TLS_RELOAD_FAILURES, &[]),
        }
    }
}
