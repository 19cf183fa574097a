//! `Requests`: what becomes of requests, counted by handles that are found by place and made once.

use std::time::Duration;

use metrics::{Counter, Histogram};

use super::registry::{Registry, Value};
use super::table::{HTTP_REFUSED, REQUEST_DURATION, REQUESTS};
use crate::http::code::Code;
use crate::http::operation::Operation;

/// The label of a request that names no operation, or none that exists: what it names instead is the client's text.
const UNKNOWN: &str = "unknown";
/// The label of a success, in the place of an error code.
const OK: &str = "ok";
/// The statuses under which requests are refused before their operation is known.
const STATUSES: [u16; 8] = [400, 404, 405, 408, 413, 415, 429, 503];
/// The label of any other.
const OTHER: &str = "other";

/// The metrics of requests. All series stand from the start, at 0: one that only begins with what it counts would hide
/// the first time from whoever looks at its growth.
#[derive(Debug)]
pub struct Requests {
    /// By the operation's place in the table, the unknown one last; empty where metrics are off.
    answered: Vec<OfOperation>,
    /// By the status's place, any other last.
    refused: Vec<Counter>,
}

#[derive(Debug)]
struct OfOperation {
    duration: Histogram,
    /// Success first, then by the code's place in the table.
    by_code: Vec<Counter>,
}

impl Requests {
    pub(super) const fn off() -> Self {
        Self { answered: Vec::new(), refused: Vec::new() }
    }

    pub(super) fn of(registry: &Registry) -> Self {
        let operations = Operation::ALL.iter().map(|operation| operation.name()).chain([UNKNOWN]);
        let statuses = STATUSES.iter().map(|status| Value::Number(u32::from(*status)));
        Self {
            answered: operations.map(|operation| OfOperation::of(registry, operation)).collect(),
            refused: statuses
                .chain([Value::Word(OTHER)])
                .map(|status| registry.counter(&HTTP_REFUSED, &[status]))
                .collect(),
        }
    }

    /// A request was answered: with success, or this code.
    pub fn answered(&self, operation: Option<Operation>, code: Option<Code>, took: Duration) {
        // A table's order is that of its enumeration, from 0.
        let operation = operation.map_or(Operation::ALL.len(), |operation| operation as usize);
        let Some(of_operation) = self.answered.get(operation) else { return };
        of_operation.duration.record(took.as_secs_f64());
        if let Some(counter) = of_operation.by_code.get(code.map_or(0, |code| code as usize + 1)) {
            counter.increment(1);
        }
    }

    /// A request was refused before its operation was known, with this HTTP status.
    pub fn refused(&self, status: u16) {
        let place = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len());
        if let Some(counter) = self.refused.get(place) {
            counter.increment(1);
        }
    }
}

impl OfOperation {
    fn of(registry: &Registry, operation: &'static str) -> Self {
        let codes = Code::ALL.iter().map(|code| Value::Number(code.number()));
        Self {
            duration: registry.histogram(&REQUEST_DURATION, &[Value::Word(operation)]),
            by_code: [Value::Word(OK)]
                .into_iter()
                .chain(codes)
                .map(|code| registry.counter(&REQUESTS, &[Value::Word(operation), code]))
                .collect(),
        }
    }
}
