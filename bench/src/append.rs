//! How many commits a second does the log make durable, and what does it write, by how sled is set?
//!
//! Each way to set sled appends the same events, in the same sizes of commits, on the same disk, beside two others:
//! the raw floor, which overwrites as many bytes in a zero-filled file and syncs each time, and the journal alone,
//! which is the log with a store in memory in sled's place. What that writes is the journal's share of what the log
//! with sled writes; the rest is sled's. After each run the log is closed, opened again, which compares sled with
//! the journal commit by commit, and every event is read back from sled and compared with the one appended.

mod events;
mod report;
mod run;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crmconf_events::log::LocalOptions;

use crate::error::BenchError;
use crate::floor::Floor;
use events::EVENT_BYTES;
use report::{Report, Row};
use run::{Reads, Run};

/// The floor stops by its number of writes, never by time.
const FOREVER: Duration = Duration::from_secs(u64::MAX);

/// What is measured, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder on the disk to measure, in which a temporary one is made [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// MiB of events that each run appends
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=4_096))]
    mib: u64,
    /// Times that everything is run, in turn; the table has the median
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
    /// Events in a commit, as many as there is room for at most
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 64, 1_024],
          value_parser = clap::value_parser!(u32).range(1..))]
    events: Vec<u32>,
    /// sled's segment sizes in KiB, powers of two
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [512, 2_048, 8_192])]
    segment_kib: Vec<usize>,
    /// Milliseconds between two flushes of sled
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [100, 500, 5_000],
          value_parser = clap::value_parser!(u64).range(1..))]
    flush_ms: Vec<u64>,
    /// MiB of sled's page cache
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [64])]
    cache_mib: Vec<u64>,
}

/// Runs the whole benchmark and prints a table for each size of commits.
///
/// # Errors
/// When the disk refuses, or what is read back is not what was appended.
pub(crate) fn run(options: &Options) -> Result<(), BenchError> {
    let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let total = (options.mib << 20) / EVENT_BYTES as u64;
    report::title(options.mib, options.rounds)?;
    for &in_commit in &options.events {
        let mut report = Report::default();
        for _ in 0..options.rounds {
            let folder = tempfile::Builder::new()
                .prefix("crmconf-bench-")
                .tempdir_in(&parent)
                .map_err(BenchError::system(format!("{} takes no temporary folder", parent.display())))?;
            round(options, total, in_commit, folder.path(), &mut report)?;
        }
        report.print(in_commit)?;
    }
    Ok(())
}

/// Runs everything once, one after another: what another user of the disk does in the meantime then falls on all.
fn round(
    options: &Options,
    total: u64,
    in_commit: u32,
    folder: &Path,
    report: &mut Report,
) -> Result<(), BenchError> {
    let alone = Run { total, in_commit, options: LocalOptions::DEFAULT, reads: Reads::Memory };
    let alone = alone.measure(&folder.join("alone"))?;
    let floor = Floor { write_bytes: alone.commit_bytes, writes_max: alone.commits, duration_max: FOREVER };
    report.row(Row::Floor, alone.of_floor(floor.measure(folder)?));
    report.row(Row::JournalAlone, alone);
    for &segment_kib in &options.segment_kib {
        for &flush_ms in &options.flush_ms {
            for &cache_mib in &options.cache_mib {
                let options = LocalOptions {
                    sled_segment_bytes: segment_kib << 10,
                    sled_flush_every: Duration::from_millis(flush_ms),
                    sled_cache_bytes: cache_mib << 20,
                    ..LocalOptions::DEFAULT
                };
                let run = Run { total, in_commit, options, reads: Reads::Sled };
                report.row(Row::Sled { segment_kib, flush_ms, cache_mib }, run.measure(&folder.join("log"))?);
            }
        }
    }
    Ok(())
}
