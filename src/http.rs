//! The API over HTTP: the only place that knows its XML, and with `server`, which runs it, the only one that knows actix.
//! (`commands/conversation` and `commands/call` are a client: they have XML of their own.)
//!
//! A request comes in by the `listener`, on a `connection` that keeps the time, and passes through `intake` (what HTTP
//! says of it), `xml` (well-formed, within limits), `api` (who calls which operation), `fields` (its properties) and
//! one file of `operations`; whatever is refused becomes an `ApiError` from the one table in `code`.

pub mod answer;
pub mod api;
pub mod app;
mod body;
pub mod caller;
pub mod code;
mod connection;
pub mod contract;
pub mod error;
pub mod fields;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod handshake;
pub mod health;
pub mod intake;
pub mod listener;
mod lost_addresses;
pub mod operation;
pub mod operations;
mod outside;
pub mod room;
pub mod soap;
pub mod tasks;
mod trace;
pub mod witness;
pub mod xml;
