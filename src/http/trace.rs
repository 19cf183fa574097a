//! One log line per request: its id, operation, outcome and duration, and nothing that a client sent.

use std::time::Instant;

use super::error::ApiError;
use super::operation::Operation;

/// A request on its way.
pub(super) struct Trace {
    id: u64,
    start: Instant,
}

/// Begins a request, under an id that is unique enough to find its lines by.
#[must_use]
pub(super) fn begin() -> Trace {
    let mut id = [0; 8];
    // Without random bytes the lines stand under one id; the request goes on.
    let _ = getrandom::fill(&mut id);
    Trace { id: u64::from_be_bytes(id), start: Instant::now() }
}

impl Trace {
    /// The request succeeded.
    pub(super) fn succeeded(&self, operation: Option<Operation>) {
        let (request, operation) = self.words(operation);
        tracing::info!(request, operation, result = "Success", duration_us = self.micros());
    }

    /// The request was refused.
    pub(super) fn refused(&self, operation: Option<Operation>, error: &ApiError) {
        let (request, operation) = self.words(operation);
        tracing::info!(
            request,
            operation,
            result = "Fail",
            code = error.code.number(),
            status = error.status.as_u16(),
            duration_us = self.micros()
        );
    }

    fn words(&self, operation: Option<Operation>) -> (String, &'static str) {
        (format!("{:016x}", self.id), operation.map_or("none", Operation::name))
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
