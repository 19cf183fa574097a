//! One run: append all events, close, open again, read everything back.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crmconf_events::Sequence;
use crmconf_events::disk::{Disk, RealDisk};
use crmconf_events::log::{AppendOutcome, EventLog as _, LocalLog, LocalOptions, MemoryStore};

use super::events::{EVENT_BYTES, STORE, commit, event};
use crate::error::BenchError;
use crate::figures::{Figures, micros};
use crate::floor::Measured;
use crate::written::{Meter, Written};

/// The unit in which the system tells how much room a file takes, whatever the file system's blocks.
const BLOCK_BYTES: u64 = 512;

/// What a log is read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reads {
    /// sled, as in production.
    Sled,
    /// Memory, so that the journal alone is left.
    Memory,
}

/// What to append, and to which log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// How many events.
    pub(super) total: u64,
    /// How many in a commit at most.
    pub(super) in_commit: u32,
    /// How the log is kept.
    pub(super) options: LocalOptions,
    /// What it is read from.
    pub(super) reads: Reads,
}

/// What came out.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Commits, each durable when the next was begun; their making is part of the time.
    pub(super) figures: Figures,
    /// How many commits.
    pub(super) commits: u64,
    /// How many events.
    pub(super) events: u64,
    /// Bytes of the first commit; the others have as many, but perhaps for the last.
    pub(super) commit_bytes: usize,
    /// Bytes written until the log was closed and its files were synced.
    pub(super) written: Written,
    /// Bytes that the closed log's folders take: the journal's and sled's.
    pub(super) folders_bytes: [u64; 2],
    /// How long it took to open it again.
    pub(super) start: Duration,
}

/// Creates and opens the log of a run.
struct Opener<'a> {
    folder: &'a Path,
    run: Run,
    disk: Arc<dyn Disk>,
    memory: MemoryStore,
}

impl Outcome {
    /// Of the raw floor, which wrote what this run's journal was given.
    pub(super) fn of_floor(&self, floor: Measured) -> Self {
        let Measured { figures, written } = floor;
        Self { figures, written, folders_bytes: [0, 0], start: Duration::ZERO, ..self.clone() }
    }
}

impl Run {
    /// Runs in this folder, which is made and removed.
    ///
    /// # Errors
    /// When the disk refuses, the log refuses, or what is read back is not what was appended.
    pub(super) fn measure(self, folder: &Path) -> Result<Outcome, BenchError> {
        let opener = Opener { folder, run: self, disk: Arc::new(RealDisk), memory: MemoryStore::default() };
        std::fs::create_dir(folder).map_err(BenchError::system("a folder for a run"))?;
        let meter = Meter::here(folder)?;
        let before = meter.read()?;
        let log = opener.create()?;
        let begin = Instant::now();
        let (times_us, commit_bytes) = self.append(&log)?;
        let elapsed = begin.elapsed();
        log.close();
        drop(log);
        let written = meter.settled(folder)?.since(before);
        let folders_bytes = [size(&folder.join("journal"))?, size(&folder.join("sled"))?];

        let begin = Instant::now();
        let log = opener.open()?;
        let start = begin.elapsed();
        self.read_back(&log)?;
        drop(log);
        std::fs::remove_dir_all(folder).map_err(BenchError::system("removing a run's folder"))?;
        Ok(Outcome {
            commits: times_us.len() as u64,
            figures: Figures::of(times_us, elapsed),
            events: self.total,
            commit_bytes,
            written,
            folders_bytes,
            start,
        })
    }

    /// The time of each commit, in microseconds, and the bytes of the first.
    fn append(self, log: &LocalLog) -> Result<(Vec<u32>, usize), BenchError> {
        let (mut times_us, mut commit_bytes) = (Vec::new(), None);
        let mut next = 0;
        while next < self.total {
            let begin = Instant::now();
            let commit = commit(log.head(), next, self.total, self.in_commit)?;
            next += commit.events().len() as u64;
            commit_bytes.get_or_insert(commit.bytes().len());
            let outcome = log.append(commit);
            if outcome != AppendOutcome::Appended {
                return Err(BenchError::Log(format!("an append ended in {outcome:?}")));
            }
            times_us.push(micros(begin.elapsed()));
        }
        Ok((times_us, commit_bytes.unwrap_or_default()))
    }

    /// Compares every event in the log with the one that was appended.
    fn read_back(self, log: &LocalLog) -> Result<(), BenchError> {
        let mut number = 0;
        for commit in log.read(Sequence::FIRST) {
            let commit = commit.map_err(|error| BenchError::Log(error.to_string()))?;
            for bytes in commit.events() {
                if **bytes != *event(number) {
                    return Err(BenchError::Log(format!("event {number} is read back as another")));
                }
                number += 1;
            }
        }
        if number == self.total {
            return Ok(());
        }
        let total = self.total;
        Err(BenchError::Log(format!(
            "{total} events of {EVENT_BYTES} bytes were appended, {number} read back"
        )))
    }
}

impl Opener<'_> {
    fn create(&self) -> Result<LocalLog, BenchError> {
        let options = self.run.options;
        match self.run.reads {
            Reads::Sled => LocalLog::create(self.folder, STORE, options),
            Reads::Memory => LocalLog::create_on(&self.disk, self.folder, &self.memory, STORE, options),
        }
        .map_err(|error| BenchError::Log(error.to_string()))
    }

    /// Opens it again. Nothing may have to be repaired: then what it is read from holds what the journal holds.
    fn open(&self) -> Result<LocalLog, BenchError> {
        let options = self.run.options;
        let (log, report) = match self.run.reads {
            Reads::Sled => LocalLog::open(self.folder, options, &mut |_| {}),
            Reads::Memory => LocalLog::open_on(&self.disk, self.folder, &self.memory, options),
        }
        .map_err(|error| BenchError::Log(error.to_string()))?;
        match report.repairs.first() {
            None => Ok(log),
            Some(repair) => Err(BenchError::Log(format!("closed in order, but: {repair}"))),
        }
    }
}

/// The room that a folder's files take; none when it is not there.
fn size(folder: &Path) -> Result<u64, BenchError> {
    let cannot = || BenchError::system(format!("the size of {}", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(cannot())?,
    };
    let mut bytes = 0;
    for entry in entries {
        let path = entry.map_err(cannot())?.path();
        let metadata = path.metadata().map_err(cannot())?;
        bytes += if metadata.is_dir() { size(&path)? } else { metadata.blocks() * BLOCK_BYTES };
    }
    Ok(bytes)
}
