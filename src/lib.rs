//! The server of crmconf.

pub mod cli;
pub mod commands;
pub mod demo;
pub mod http;
pub mod ids;
pub mod progress;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod templates;
pub mod vault;
pub mod writer;
