//! `crmconf serve`: serves the API until it is told to stop.

use super::Failure;
use crate::cli::Status;
use crate::settings::Settings;

/// Serves the API until it is told to stop.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(settings: Settings) -> Result<Status, Failure> {
    drop(settings);
    Err(Failure::new("`crmconf serve` is not built yet"))
}
