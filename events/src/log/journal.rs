//! The journal: plain files of commits one after another, which alone make a local log durable.
//!
//! `journal/00000001.crmj` and so on are zero-filled before they are used, so that an append overwrites in place
//! and no metadata changes with it; nothing once written is ever changed. Behind the last commit all is zero.
//! `journal/head` names a commit that was synced.

mod fault;
#[cfg(feature = "testkit")]
pub mod fuzzing;
mod head;
mod helper;
mod scan;
mod segment;
mod torn;
mod writer;

pub use fault::{Fault, FaultKind};
pub use head::Witness;
pub(super) use head::{SyncedHead, read_head};
pub(super) use scan::{Found, Scanner};
pub use segment::SegmentSizes;
pub(super) use segment::{NEW_SUFFIX, Place, prepare_segment, segment_path};
pub(super) use torn::{Torn, find_torn};
pub use writer::SyncWatch;
pub(super) use writer::{Failure, JournalWriter};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::StoreId;
use crate::commit::{Commit, Head};
use crate::disk::{Disk, RealDisk};

/// The folder of the journal within a data folder.
pub(super) fn journal_folder(data: &Path) -> PathBuf {
    data.join("journal")
}

/// How long a reader waits before it looks again at what seems to be a fault: the commit may be just being written.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Reads the commits of a journal, from the first on, checking each against the one before and against `journal/head`.
/// Writes nothing, so that read-only media will do, and needs no other part of the store. A store that is being
/// written to can be read too.
///
/// The iterator ends after the last commit or the first fault. A journal that does not reach the commit that
/// `journal/head` names, or holds another one in its place, is a fault. Without that file, or with one that is
/// damaged, nothing tells.
pub struct JournalReader {
    disk: Arc<dyn Disk>,
    scanner: Scanner,
    known: Result<Option<SyncedHead>, DamagedHead>,
    done: bool,
}

/// `journal/head` cannot be read as one.
#[derive(Clone, Copy)]
struct DamagedHead;

impl JournalReader {
    /// Reads the journal of a data folder.
    ///
    /// # Errors
    /// When there is no journal, or its folder cannot be read.
    pub fn open(data: &Path) -> io::Result<Self> {
        Self::open_on(Arc::new(RealDisk), data)
    }

    /// Reads the journal of a data folder on that disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(disk: Arc<dyn Disk>, data: &Path) -> io::Result<Self> {
        let folder = journal_folder(data);
        // Read first: what is appended meanwhile may move it on.
        let known = match read_head(&*disk, &folder) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(DamagedHead),
            known => Ok(known?),
        };
        let scanner = Scanner::open(Arc::clone(&disk), &folder)?;
        Ok(Self { disk, scanner, known, done: false })
    }

    /// What `journal/head` tells: what is read is compared with it.
    #[must_use]
    pub fn witness(&self) -> Witness {
        match self.known {
            Ok(Some(SyncedHead { commit, .. })) => Witness::Names { commit },
            Ok(None) => Witness::Missing,
            Err(DamagedHead) => Witness::Damaged,
        }
    }

    /// The commit that `journal/head` names.
    fn known(&self) -> Option<SyncedHead> {
        self.known.ok().flatten()
    }

    /// Where the commits read so far end; `None` before the first one.
    #[must_use]
    pub const fn head(&self) -> Option<Head> {
        self.scanner.head()
    }

    /// The store that the journal belongs to, once a commit was read.
    #[must_use]
    pub fn store(&self) -> Option<StoreId> {
        self.scanner.store()
    }

    /// How many commits there are at least, by `journal/head`: after a clean shutdown as many as there are.
    #[must_use]
    pub fn commits_at_least(&self) -> Option<u64> {
        self.known().map(|known| known.commit)
    }

    /// Whether what stopped the iterator looks like a commit that was never acknowledged: a power cut left it half
    /// written at the end of the journal, and `journal/head` does not know it. The next start clears it away, unless
    /// sled knows it.
    #[must_use]
    pub fn ends_with_torn_commit(&self, fault: &Fault) -> bool {
        self.known().is_none_or(|known| known.commit < fault.commit)
            && matches!(find_torn(&*self.disk, &self.scanner, fault), Ok(Some(_)))
    }

    fn read(&mut self) -> Result<Option<Arc<Commit>>, Fault> {
        let found = match self.scanner.next_commit() {
            Ok(found) => found,
            Err(_) => {
                thread::sleep(LOOK_AGAIN_AFTER);
                self.scanner.forget();
                self.scanner.next_commit()?
            }
        };
        let Some(known) = self.known() else { return Ok(found.map(|found| found.commit)) };
        match found {
            Some(found) if known.commit == found.commit.number() && !known.is(&found.commit) => {
                Err(self.scanner.fault_at(&found, FaultKind::OtherHistory))
            }
            Some(found) => Ok(Some(found.commit)),
            None if known.commit > self.head().map_or(0, |head| head.commit) => {
                Err(self.scanner.fault(FaultKind::Lost { known: known.commit }))
            }
            None => Ok(None),
        }
    }
}

impl Iterator for JournalReader {
    type Item = Result<Arc<Commit>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let found = self.read();
        self.done = !matches!(found, Ok(Some(_)));
        found.transpose()
    }
}
