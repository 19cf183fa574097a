//! `crmconf init`:  master key, store and first administrator.

use super::Failure;
use crate::cli::{InitArgs, Status};

///  master key, store and first administrator.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(args: InitArgs) -> Result<Status, Failure> {
    drop(args);
    Err(Failure::new("`crmconf init` is not built yet"))
}
