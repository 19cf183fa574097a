//! placeholder
pub mod cli;
pub mod commands;
pub mod progress;
pub mod settings;
pub mod telemetry;
