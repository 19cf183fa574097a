//! placeholder

pub mod http;
pub mod sessions;
pub mod vault;
pub mod cli;
pub mod commands;
pub mod progress;
pub mod settings;
pub mod telemetry;
