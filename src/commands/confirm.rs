//! Asks the person at the terminal before something is done that nobody can undo.

use std::fmt::Display;
use std::io::{self, BufRead as _, IsTerminal as _};

use super::Failure;
use crate::cli::output;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 1_024;

/// Has a name typed again, since what follows is for ever.
///
/// # Errors
/// When there is no terminal to ask at, or another text was typed: then nothing is to be done.
pub(super) fn typed_again(what: &impl Display, name: &str) -> Result<(), Failure> {
    let input = io::stdin();
    if !input.is_terminal() {
        return Err(Failure::new(
            "there is no terminal to ask at whether it is meant; nothing was done: give --yes",
        ));
    }
    output::note(what);
    output::note(&format_args!("Type {} to go on:", output::printable(name)));
    let mut answer = String::new();
    let read = io::Read::take(input.lock(), ANSWER_BYTES_MAX).read_line(&mut answer);
    read.map_err(|error| Failure::new(format!("the answer could not be read; nothing was done: {error}")))?;
    if answer.trim() == name { Ok(()) } else { Err(Failure::new("another name was typed; nothing was done")) }
}
