//! The raw floor: how often a second can a few bytes be overwritten in a zero-filled file and be durable, by one
//! writer?

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::figures::{Figures, micros};
use crate::written::{Meter, Written};

/// Bytes of the file: the journal's largest segment. Past its end writing begins again at its start.
const FILE_BYTES: u64 = 64 << 20;
/// What the file is filled with at a time.
const FILL_BYTES: usize = 1 << 20;

/// What one write is, and when to stop: whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    /// Bytes of one write.
    pub(crate) write_bytes: usize,
    /// How many writes at most.
    pub(crate) writes_max: u64,
    /// How long at most.
    pub(crate) duration_max: Duration,
}

/// What came out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Writes, each durable.
    pub(crate) figures: Figures,
    /// Bytes written for all of them, the zeros before them left out.
    pub(crate) written: Written,
}

impl Floor {
    /// Measures in this folder.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn measure(self, folder: &Path) -> Result<Measured, BenchError> {
        let path = folder.join("floor");
        let failed = || BenchError::system(format!("the raw floor in {}", path.display()));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).map_err(failed())?;
        fill(&file).map_err(failed())?;

        let meter = Meter::here(folder)?;
        let before = meter.read()?;
        let (times_us, elapsed) = self.write(&file).map_err(failed())?;
        let written = meter.read()?.since(before);
        std::fs::remove_file(&path).map_err(failed())?;
        Ok(Measured { figures: Figures::of(times_us, elapsed), written })
    }

    /// The time of each write, in microseconds, and of all.
    fn write(self, file: &File) -> std::io::Result<(Vec<u32>, Duration)> {
        let data = vec![b'k'; self.write_bytes];
        let mut times_us = Vec::new();
        let (begin, mut at) = (Instant::now(), 0);
        while (times_us.len() as u64) < self.writes_max && begin.elapsed() < self.duration_max {
            let one = Instant::now();
            file.write_all_at(&data, at)?;
            file.sync_data()?;
            times_us.push(micros(one.elapsed()));
            at += data.len() as u64;
            if at + data.len() as u64 > FILE_BYTES {
                at = 0;
            }
        }
        Ok((times_us, begin.elapsed()))
    }
}

fn fill(file: &File) -> std::io::Result<()> {
    for at in (0..FILE_BYTES).step_by(FILL_BYTES) {
        file.write_all_at(&[0; FILL_BYTES], at)?;
    }
    file.sync_all()
}
