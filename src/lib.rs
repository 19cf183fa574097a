//! The server of crmconf: the event-sourced configuration store behind the "CRM Configurations" XML API.
//!
//! Data flows one way: a request becomes a command ([`http`]), the command a decision and a commit ([`writer`]), the
//! commit durable in the log (`crmconf-events`), the read models follow (`crmconf-projections`), and the answer is
//! read from them. What must be able to forget stands beside the log, in the [`vault`].
//!
//! The contract with those clients, as pairs of requests and responses, is in [`conformance`], which can be held against any
//! server.
//!
//! Limits are constants beside what they limit, or settings ([`settings`]); beyond one comes an error that names it.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     match crmconf::cli::Command::from_process() {
//!         Ok(command) => crmconf::commands::run(command).into(),
//!         Err(stop) => stop.report().into(),
//!     }
//! }
//! ```

pub mod accounts;
mod buffer;
pub mod cli;
pub mod commands;
pub mod conformance;
pub mod demo;
pub mod directory;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hardening;
pub mod http;
pub mod ids;
#[cfg(test)]
mod memory;
pub mod metrics;
mod plain;
pub mod progress;
pub mod proxies;
mod references;
pub mod rotation;
pub mod security_log;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod templates;
pub mod tls;
pub mod transport;
pub mod vault;
pub mod writer;
