//! `crmconf replay`: prints the state that the journal adds up to.

use super::Failure;
use crate::cli::{ReplayArgs, Status};

/// Prints the state that the journal adds up to.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(args: ReplayArgs) -> Result<Status, Failure> {
    drop(args);
    Err(Failure::new("`crmconf replay` is not built yet"))
}
