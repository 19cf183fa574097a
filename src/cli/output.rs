//! The only place that writes to standard output and standard error: results to the one, words about them to the other.
//!
//! `println!` is not used anywhere: it panics when the reader of a pipe has gone.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Writes a result to standard output, ended by a line feed where it does not end in one.
///
/// # Errors
/// What the operating system says, a closed pipe included: the result was then not delivered.
pub fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes a line for the person at the terminal to standard error. Where that is closed nobody is there to be told.
pub fn note(line: &impl Display) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Writes an error to standard error, marked as ours.
pub fn complain(error: &impl Display) {
    note(&format_args!("crmconf: {error}"));
}
