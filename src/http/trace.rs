//! One log line per request, and its place in the metrics: its id, operation, outcome and duration, and nothing that a
//! client sent.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::http::StatusCode;
use tracing::Level;
use tracing::field::display;

use super::code::Code;
use super::error::ApiError;
use super::operation::Operation;
use crate::metrics::Metrics;

/// A request on its way.
pub(super) struct Trace<'a> {
    metrics: &'a Metrics,
    id: u64,
    start: Instant,
    address: IpAddr,
}

/// Begins a request from an address, under an id that is unique enough to find its lines by.
#[must_use]
pub(super) fn begin(address: IpAddr, metrics: &Metrics) -> Trace<'_> {
    let mut id = [0; 8];
    // Without random bytes the lines stand under one id; the request goes on.
    let _ = getrandom::fill(&mut id);
    Trace { metrics, id: u64::from_be_bytes(id), start: Instant::now(), address }
}

/// A line at a level that is known when the program runs; `tracing` takes constants only.
macro_rules! at_level {
    ($level:expr, $($fields:tt)*) => {
        match $level {
            Level::ERROR => tracing::error!($($fields)*),
            Level::WARN => tracing::warn!($($fields)*),
            Level::INFO | Level::DEBUG | Level::TRACE => tracing::info!($($fields)*),
        }
    };
}

impl Trace<'_> {
    /// Its id; lines have it in 16 hexadecimal digits.
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// The request succeeded.
    pub(super) fn succeeded(&self, operation: Option<Operation>) {
        self.metrics.requests.answered(operation, None, self.start.elapsed());
        let (request, operation) = self.words(operation);
        tracing::info!(request, operation, result = "Success", duration_us = self.micros());
    }

    /// The request was refused before its operation was known.
    pub(super) fn turned_away(&self, error: &ApiError) {
        self.metrics.requests.refused(error.status.as_u16());
        self.tell_refusal(None, error);
    }

    /// The request was refused.
    pub(super) fn refused(&self, operation: Option<Operation>, error: &ApiError) {
        self.metrics.requests.answered(operation, Some(error.code), self.start.elapsed());
        self.tell_refusal(operation, error);
    }

    fn tell_refusal(&self, operation: Option<Operation>, error: &ApiError) {
        let address = self.is_told(operation, error).then(|| display(self.address));
        let (request, operation) = self.words(operation);
        at_level!(
            error.level,
            request,
            operation,
            result = "Fail",
            code = error.code.number(),
            status = error.status.as_u16(),
            address,
            duration_us = self.micros(),
            "{}",
            error.log
        );
    }

    /// Whether the address belongs in the line: where somebody may be guessing passwords or using up sessions.
    fn is_told(&self, operation: Option<Operation>, error: &ApiError) -> bool {
        let with_password = matches!(operation, Some(Operation::Authenticate | Operation::PasswordChange));
        let sign_in = with_password && error.code == Code::AuthenticationFailed;
        sign_in || error.status == StatusCode::TOO_MANY_REQUESTS
    }

    fn words(&self, operation: Option<Operation>) -> (String, &'static str) {
        (format!("{:016x}", self.id), operation.map_or("none", Operation::name))
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
