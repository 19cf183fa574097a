//! Reads what a command is given as a file or on standard input, whole and within a limit.

use std::fs::File;
use std::io::{self, Read as _};

use crate::cli::RequestSource;

/// The bytes of a source; `None` when they are more than that many.
///
/// # Errors
/// What the operating system says.
pub(super) fn bytes(source: &RequestSource, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match source {
        RequestSource::StandardInput => io::stdin().lock().take(bytes_max + 1).read_to_end(&mut bytes),
        RequestSource::File(path) => File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes),
    }?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}
