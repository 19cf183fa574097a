//! `crmconf completions`: what makes a shell complete words and flags, made from the command line's own words.

use super::{Failure, print};
use crate::cli::{Shell, Status, words};

/// Prints what makes a shell complete the program's words and flags.
///
/// # Errors
/// [`Failure`]: it could not be printed.
pub fn run(shell: Shell) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut words(), "crmconf", &mut script);
    print(&String::from_utf8_lossy(&script))
}
