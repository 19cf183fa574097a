//! The security log: who signed in, who was refused or throttled, and what was administered, for an auditor.
//!
//! One JSON object a line in a file of its own, rotated by size. Never in the event log, which keeps everything for ever
//! and which anyone who can reach the listener could make grow with it. A [`Record`] cannot hold a secret: it is made of
//! ids, addresses, numbers and words of the program, and of no text that a client sent.
//!
//! Requests never wait for it: [`SecurityLog::record`] puts a record into a bounded queue, and a thread of its own writes
//! what waits. What finds no room there, or none on the disk, is counted, and the file says so as soon as it can
//! (`records_lost`). What one address repeats is counted as well after the first records of a minute
//! (`records_repeated`), or an attacker could push the useful ones out of the files that are kept.
//!
//! Durability: a batch is written as soon as it is there, and survives the end of the process; the file is synced when it
//! is rotated and closed, so that a loss of power may take the records of the last moments.

mod fact;
mod file;
mod flood;
mod keeper;
mod record;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use thiserror::Error;

pub use fact::{Fact, ImportCounts, ImportMode, RevocationCause, SignInCause};
pub use flood::{RECORDS_A_WINDOW, WINDOW, WINDOWS_MAX};
pub use record::{Circumstances, Record};

use file::RotatingFile;
use keeper::{Keeper, Message};

/// How many records may wait to be written; more are counted as lost.
pub const QUEUE_RECORDS_MAX: usize = 4_096;
/// How many of these places are kept for what is never repeated, as what administrators do: whoever fails to sign in from
/// very many addresses, while the disk is slow, must not take them.
pub const QUEUE_RECORDS_KEPT: usize = 1_024;
/// How long the end of the process waits for the last records.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// Where the security log is, and how much of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// The file that is written to; older ones stand beside it with a number added, the newest as `.1`.
    pub path: PathBuf,
    /// How many bytes a file may have.
    pub bytes_max: u64,
    /// How many older files are kept.
    pub files_max: u32,
}

/// Why the security log cannot be written.
#[derive(Debug, Error)]
pub enum SecurityLogError {
    /// The operating system refuses.
    #[error(
        "the security log {} cannot be {doing}: {cause}; put that right, name another file with --security-log, or \
         turn it off with --security-log off", path.display()
    )]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Something else stands there, which must not be written to.
    #[error("the security log cannot be written to {}: {what}; name another file with --security-log", path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

impl SecurityLogError {
    fn refused(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Refused { doing, path, cause }
    }
}

/// Takes records and has them written; one for the process, cheap to clone. It may be off: then it takes and forgets.
#[derive(Clone, Default)]
pub struct SecurityLog(Option<Arc<Shared>>);

/// What is shared with the thread that writes.
struct Shared {
    queue: SyncSender<Message>,
    counts: Arc<Counts>,
    stopping: Arc<AtomicBool>,
    /// Hears from the thread when it has ended, by its end of the channel going away.
    ended: Mutex<Receiver<()>>,
}

/// How many records there were.
#[derive(Debug, Default)]
struct Counts {
    /// In the queue.
    waiting: AtomicUsize,
    /// Written, those that the log makes about itself included.
    written: AtomicU64,
    /// Counted in the place of others like them.
    repeated: AtomicU64,
    /// Lost, for want of room in the queue or on the disk.
    lost: AtomicU64,
    /// Lost, and not told in the file yet.
    untold: AtomicU64,
}

impl Counts {
    fn lose(&self, records: u64) {
        self.lost.fetch_add(records, Ordering::Relaxed);
        self.untold.fetch_add(records, Ordering::Relaxed);
    }
}

/// How many records there were since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Written, those that the log makes about itself included.
    pub written: u64,
    /// Counted in the place of others like them.
    pub repeated: u64,
    /// Lost, for want of room in the queue or on the disk.
    pub lost: u64,
}

impl SecurityLog {
    /// None at all.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// Opens the file, where a line that was left half written is closed off, and starts the thread that writes to it.
    ///
    /// # Errors
    /// When the file cannot be opened or is something else, or there is no thread.
    pub fn start(options: FileOptions) -> Result<Self, SecurityLogError> {
        let path = options.path.clone();
        let file = RotatingFile::open(options)?;
        let (queue, waiting) = sync_channel(QUEUE_RECORDS_MAX);
        let (ending, ended) = sync_channel::<()>(0);
        let (counts, stopping) = (Arc::<Counts>::default(), Arc::<AtomicBool>::default());
        let keeper = Keeper::new(file, Arc::clone(&counts), Arc::clone(&stopping));
        thread::Builder::new()
            .name("security-log".into())
            .spawn(move || {
                keeper.run(&waiting);
                drop(ending);
            })
            .map_err(SecurityLogError::refused("written by a thread of its own", &path))?;
        let log = Self(Some(Arc::new(Shared { queue, counts, stopping, ended: Mutex::new(ended) })));
        log.record(Record::of(Fact::ServerStarted { version: env!("CARGO_PKG_VERSION") }));
        Ok(log)
    }

    /// Writes one record to a file that nobody else writes to: for commands on a store that is stopped, while they hold
    /// its lock. It is on disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be opened, written or synced, or is something else.
    pub fn append_once(options: FileOptions, record: &Record) -> Result<(), SecurityLogError> {
        let path = options.path.clone();
        let mut file = RotatingFile::open(options)?;
        let added = file.append(&[record.line()]).map_err(|refused| refused.cause);
        added.map_err(SecurityLogError::refused("written", &path))?;
        file.sync().map_err(SecurityLogError::refused("synced", &path))
    }

    /// Whether a server could write to this file, as far as can be told without changing anything.
    ///
    /// # Errors
    /// What would keep it from starting.
    pub fn examine(options: &FileOptions) -> Result<(), SecurityLogError> {
        file::examine(&options.path)
    }

    /// Takes a record; waits for nothing.
    pub fn record(&self, record: Record) {
        let Some(shared) = &self.0 else { return };
        let waiting = shared.counts.waiting.fetch_add(1, Ordering::Relaxed);
        let kept = if record.fact().waits_for_others() { QUEUE_RECORDS_KEPT } else { 0 };
        let has_room = waiting < QUEUE_RECORDS_MAX.saturating_sub(kept);
        if !has_room || shared.queue.try_send(Message::Record(Box::new(record))).is_err() {
            shared.counts.waiting.fetch_sub(1, Ordering::Relaxed);
            shared.counts.lose(1);
        }
    }

    /// How many records there were since the start.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        self.0.as_ref().map_or_else(Tally::default, |shared| Tally {
            written: read(&shared.counts.written),
            repeated: read(&shared.counts.repeated),
            lost: read(&shared.counts.lost),
        })
    }

    /// Writes what waits, syncs the file and ends the thread; waits for it some seconds at most. What is recorded after
    /// this is lost.
    pub fn close(&self) {
        let Some(shared) = &self.0 else { return };
        shared.stopping.store(true, Ordering::Release);
        // Where the queue is full the thread does not sleep for long, and sees the flag.
        let _ = shared.queue.try_send(Message::Wake);
        let ended = shared.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.recv_timeout(CLOSE_PATIENCE) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => {
                tracing::error!("the last records of the security log could not be written in time");
            }
        }
    }
}

impl fmt::Debug for SecurityLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityLog").field("on", &self.0.is_some()).finish_non_exhaustive()
    }
}
