//! `Scanner`: goes through the journal's files and checks every commit against the one before.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segment::{Place, segment_number, segment_path};
use super::{Fault, FaultKind};
use crate::commit::{Commit, Head, Header};
use crate::disk::{Disk, SECTOR_BYTES, is_zero};
use crate::{Sequence, StoreId};

/// Goes through a journal. Holds one file in memory at a time.
///
/// The journal may be written meanwhile. A file is final once a later one holds anything, and not before: the zeros
/// with which it seems to end are believed only then.
pub(crate) struct Scanner {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// How many files there are; they are numbered from 1 without a gap, or the gap is a fault.
    segments: u32,
    /// The first number that is missing below the highest.
    gap: Option<u32>,
    /// Known from the first commit on.
    log: Option<(StoreId, Head)>,
    loaded: Option<Loaded>,
    at: Place,
    end: Place,
    /// This file was seen to hold something before those up to it were read to their ends.
    settled: u32,
}

/// What is in memory of a file: its bytes from a place on, as they were when they were read.
struct Loaded {
    from: Place,
    bytes: Vec<u8>,
}

/// A commit of the journal and where it stands.
pub(crate) struct Found {
    pub(crate) commit: Arc<Commit>,
    pub(crate) place: Place,
    pub(crate) end: Place,
}

impl Scanner {
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: &Path) -> io::Result<Self> {
        let mut numbers: Vec<u32> =
            disk.list(folder)?.iter().filter_map(|name| segment_number(name)).collect();
        numbers.sort_unstable();
        let gap = (1..).zip(&numbers).find(|(expected, number)| expected != *number).map(|(gap, _)| gap);
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            segments: numbers.last().copied().unwrap_or(0),
            gap,
            log: None,
            loaded: None,
            at: Place::START,
            end: Place::START,
            settled: 0,
        })
    }

    /// Goes on from a commit that was found before, its end being `place`.
    pub(crate) fn resume(&mut self, store: StoreId, head: Head, place: Place) {
        self.log = Some((store, head));
        (self.at, self.end) = (place, place);
        self.forget();
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many files there are.
    pub(crate) const fn segments(&self) -> u32 {
        self.segments
    }

    /// The store that the journal's commits belong to, once one was found.
    pub(crate) fn store(&self) -> Option<StoreId> {
        self.log.map(|(store, _)| store)
    }

    /// The head after the commits found so far.
    pub(crate) const fn head(&self) -> Option<Head> {
        match self.log {
            Some((_, head)) => Some(head),
            None => None,
        }
    }

    /// Right behind the last commit found: where the next one goes, if its file has room.
    pub(crate) const fn end(&self) -> Place {
        self.end
    }

    /// Where the scan is: at a fault, the place of it.
    pub(crate) const fn at(&self) -> Place {
        self.at
    }

    /// The next commit; `None` when all behind the last one is zero.
    pub(crate) fn next_commit(&mut self) -> Result<Option<Found>, Fault> {
        while self.at.segment <= self.segments {
            self.load()?;
            if is_zero(self.rest()) {
                self.at = Place { segment: self.at.segment + 1, offset: 0 };
                if self.begins_with_something()? {
                    self.settle();
                }
            } else if self.at.segment > self.end.segment.max(self.settled) {
                self.settle();
            } else {
                let found = self.take().map_err(|kind| self.fault(kind))?;
                return Ok(Some(found));
            }
        }
        // At the end of the log, not of the files.
        self.at = self.end;
        Ok(None)
    }

    /// Forgets what is in memory, so that what was being written when it was read is read again.
    pub(super) fn forget(&mut self) {
        self.loaded = None;
    }

    /// What the file in memory holds from the present place on.
    pub(super) fn rest(&self) -> &[u8] {
        let rest = self.loaded.as_ref().and_then(|loaded| {
            let into = self.at.offset.checked_sub(loaded.from.offset)?;
            loaded.bytes.get(usize::try_from(into).ok()?..)
        });
        rest.unwrap_or_default()
    }

    /// Goes back to the last commit found: the file that was reached holds something, so that those before it are
    /// final now, and may hold more than when they were read.
    fn settle(&mut self) {
        self.settled = self.at.segment;
        self.at = self.end;
        self.forget();
    }

    /// Whether the first sector of a file that was just reached shows that it is in use. Saves reading it twice.
    fn begins_with_something(&self) -> Result<bool, Fault> {
        let Place { segment, .. } = self.at;
        if segment > self.segments || segment <= self.settled || self.gap == Some(segment) {
            return Ok(false);
        }
        let mut sector = [0; SECTOR_BYTES];
        let read = self.disk.open_to_read(&segment_path(&self.folder, segment));
        let read = read.and_then(|file| file.read_at(&mut sector, 0));
        read.map_err(|error| self.fault(FaultKind::Unreadable(error.to_string())))?;
        Ok(!is_zero(&sector))
    }

    /// Reads the present file from the present place on, unless it is in memory.
    fn load(&mut self) -> Result<(), Fault> {
        let number = self.at.segment;
        if self.gap == Some(number) {
            return Err(self.fault(FaultKind::MissingFile));
        }
        if self.loaded.as_ref().is_none_or(|loaded| loaded.from.segment != number) {
            let read = read_from(&*self.disk, &segment_path(&self.folder, number), self.at.offset);
            let bytes = read.map_err(|error| self.fault(FaultKind::Unreadable(error.to_string())))?;
            self.loaded = Some(Loaded { from: self.at, bytes });
        }
        Ok(())
    }

    /// Takes the commit at the present place.
    fn take(&mut self) -> Result<Found, FaultKind> {
        let rest = self.rest();
        let (header, _) = Header::decode(rest)?;
        let bytes = rest.get(..header.commit_bytes()).ok_or(FaultKind::CutOff)?;
        let commit = Commit::decode(bytes.into())?;
        let (store, head) = self.log.unwrap_or((commit.store(), Head::empty(commit.store())));
        commit.follows(&head, store)?;
        let place = self.at;
        self.at.offset += commit.bytes().len() as u64;
        self.end = self.at;
        self.log = Some((store, commit.head_after()));
        Ok(Found { commit: Arc::new(commit), place, end: self.end })
    }

    /// A fault at the present place.
    pub(super) fn fault(&self, kind: FaultKind) -> Fault {
        let head = self.head();
        Fault {
            file: segment_path(&self.folder, self.at.segment),
            offset: self.at.offset,
            commit: head.map_or(0, |head| head.commit).saturating_add(1),
            sequence: Sequence::after(head.and_then(|head| head.last)),
            kind,
        }
    }

    /// A fault at a commit that was found.
    pub(super) fn fault_at(&self, found: &Found, kind: FaultKind) -> Fault {
        Fault {
            file: segment_path(&self.folder, found.place.segment),
            offset: found.place.offset,
            commit: found.commit.number(),
            sequence: found.commit.first(),
            kind,
        }
    }
}

/// A file's bytes from an offset on; none where it ends before.
fn read_from(disk: &dyn Disk, path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let file = disk.open_to_read(path)?;
    let length = file.length()?.saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let read = file.read_at(&mut bytes, offset)?;
    bytes.truncate(read);
    Ok(bytes)
}
