//! The journal: plain files of commits one after another, which alone make a local log durable.
//!
//! `journal/00000001.crmj` and so on are zero-filled before they are used, so that an append overwrites in place
//! and no metadata changes with it; nothing once written is ever changed. Behind the last commit all is zero.
//! `journal/head` names a commit that was synced.

mod fault;
mod head;
mod helper;
mod scan;
mod segment;
mod torn;
mod writer;

pub use fault::{Fault, FaultKind};
pub(super) use head::{SyncedHead, read_head};
pub(super) use scan::{Found, Scanner};
pub use segment::SegmentSizes;
pub(super) use segment::{NEW_SUFFIX, Place, prepare_segment, segment_path};
pub(super) use torn::{Torn, find_torn};
pub(super) use writer::{Failure, JournalWriter};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::StoreId;
use crate::commit::{Commit, Head};
use crate::disk::{Disk, RealDisk};

/// The folder of the journal within a data folder.
pub(super) fn journal_folder(data: &Path) -> PathBuf {
    data.join("journal")
}

/// Reads the commits of a journal, from the first on, checking each against the one before. Writes nothing, so
/// that read-only media will do, and needs no other part of the store.
///
/// The iterator ends after the last commit or the first fault.
pub struct JournalReader {
    disk: Arc<dyn Disk>,
    scanner: Scanner,
    done: bool,
}

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
        let scanner = Scanner::open(Arc::clone(&disk), &journal_folder(data))?;
        Ok(Self { disk, scanner, done: false })
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

    /// The fault of a journal that was read to its end and does not reach a commit that was synced.
    pub(super) fn lost(&self, known: u64) -> Fault {
        self.scanner.fault(FaultKind::Lost { known })
    }

    /// Whether what stopped the iterator is a commit that was never acknowledged: a power cut left it half
    /// written at the end of the journal, and the next start clears it away.
    #[must_use]
    pub fn ends_with_torn_commit(&self, fault: &Fault) -> bool {
        matches!(find_torn(&*self.disk, &self.scanner, fault), Ok(Some(_)))
    }
}

impl Iterator for JournalReader {
    type Item = Result<Arc<Commit>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let found = self.scanner.next_commit();
        self.done = !matches!(found, Ok(Some(_)));
        found.map(|found| found.map(|found| found.commit)).transpose()
    }
}
