//! The raw floor: how often a second can 1 KB be overwritten in a zero-filled file and be durable, by one writer?

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::BenchError;
use super::load::Figures;

/// Bytes of one write.
const WRITE_BYTES: usize = 1_024;
/// Bytes of the file: the journal's largest segment. Past its end writing begins again at its start.
const FILE_BYTES: u64 = 64 << 20;
/// What the file is filled with at a time.
const FILL_BYTES: usize = 1 << 20;

/// Measures in this folder for this long.
///
/// # Errors
/// When the disk refuses.
pub(super) fn measure(folder: &Path, duration: Duration) -> Result<Figures, BenchError> {
    let path = folder.join("floor");
    let failed = || BenchError::system(format!("the raw floor in {}", path.display()));
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).map_err(failed())?;
    for at in (0..FILE_BYTES).step_by(FILL_BYTES) {
        file.write_all_at(&[0; FILL_BYTES], at).map_err(failed())?;
    }
    file.sync_all().map_err(failed())?;

    let mut times_us = Vec::new();
    let (begin, mut at) = (Instant::now(), 0);
    while begin.elapsed() < duration {
        let one = Instant::now();
        file.write_all_at(&[b'k'; WRITE_BYTES], at).map_err(failed())?;
        file.sync_data().map_err(failed())?;
        times_us.push(u32::try_from(one.elapsed().as_micros()).unwrap_or(u32::MAX));
        at = (at + WRITE_BYTES as u64) % FILE_BYTES;
    }
    std::fs::remove_file(&path).map_err(failed())?;
    Ok(Figures::of(times_us, duration))
}
