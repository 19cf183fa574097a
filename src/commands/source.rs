//! Reads what a command is given as a file or on standard input, whole and within a limit.

use std::fs::File;
use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

use crate::buffer::Buffer;
use crate::cli::RequestSource;

/// How much is read at a time: as much as standard input keeps no copy of in a buffer of its own.
const CHUNK_BYTES: usize = 64 * 1_024;

/// The bytes of a source, which are wiped when they are dropped; `None` when they are more than that many.
///
/// # Errors
/// What the operating system says.
pub(super) fn bytes(source: &RequestSource, bytes_max: u64) -> io::Result<Option<Buffer>> {
    match source {
        RequestSource::StandardInput => whole(io::stdin().lock(), bytes_max),
        RequestSource::File(path) => whole(File::open(path)?, bytes_max),
    }
}

fn whole(mut from: impl Read, bytes_max: u64) -> io::Result<Option<Buffer>> {
    let mut bytes = Buffer::secret(0);
    let mut chunk = Zeroizing::new(vec![0; CHUNK_BYTES]);
    loop {
        let read = match from.read(&mut chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(Some(bytes));
        }
        bytes.push(chunk.get(..read).unwrap_or_default());
        if bytes.len() as u64 > bytes_max {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_whole_up_to_its_limit() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * CHUNK_BYTES + 7).collect();
        let length = bytes.len() as u64;
        assert!(whole(&*bytes, length).unwrap().is_some_and(|read| *read == *bytes));
        assert!(whole(&*bytes, length - 1).unwrap().is_none());
        assert!(whole(&b""[..], 0).unwrap().is_some_and(|read| read.is_empty()));
    }
}
