//! The server of crmconf.

pub mod cli;
pub mod commands;
pub mod http;
pub mod progress;
pub mod sessions;
pub mod settings;
pub mod telemetry;
pub mod templates;
pub mod vault;
