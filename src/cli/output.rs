//! The only place that writes to standard output and standard error: results to the one, words about them to the other.
//!
//! `println!` is not used anywhere: it panics when the reader of a pipe has gone.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

/// How much is collected before the operating system is asked to take it.
const STREAM_BUFFER_BYTES: usize = 64 << 10;

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

/// Standard output for results that are too long to be held: the caller writes, and flushes at the end.
#[must_use]
pub fn stream() -> impl Write {
    BufWriter::with_capacity(STREAM_BUFFER_BYTES, io::stdout().lock())
}

/// Whether results can be written no more since their reader has left, as `| head -1` does when it has its line. There
/// is nobody to be told.
#[must_use]
pub fn reader_left(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// The text with control characters, and those that turn the direction of writing round, as escapes: what somebody wrote
/// into a configuration must not steer the terminal of whoever looks at it. Line feeds stay.
#[must_use]
pub fn printable(text: &str) -> String {
    let steers =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\n') || steers(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Writes a line for the person at the terminal to standard error. Where that is closed nobody is there to be told.
pub fn note(line: &impl Display) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Writes an error to standard error, marked as ours.
pub fn complain(error: &impl Display) {
    note(&format_args!("crmconf: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_escaped_and_everything_else_stays() {
        let text = "a\u{9b}31m\u{202e}b\tc\nd \u{e9}\u{1f600} \\u{7}";
        assert_eq!(printable(text), "a\\u{9b}31m\\u{202e}b\\u{9}c\nd \u{e9}\u{1f600} \\u{7}");
    }
}
