//! What a simulated disk holds: for the process, on the medium, and what lies between the two.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Call, Failing};
use crate::disk::SECTOR_BYTES;

/// A failing write stops at a multiple of this.
const PAGE_BYTES: u64 = 4_096;

#[derive(Clone, Default)]
pub(super) struct State {
    /// Shared with snapshots until one of them changes.
    pub(super) inodes: Vec<Arc<Inode>>,
    pub(super) folders: BTreeSet<PathBuf>,
    pub(super) names: BTreeMap<PathBuf, usize>,
    pub(super) durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names that no sync of their folder has followed, in order; each is atomic.
    pub(super) unsynced_names: Vec<NameChange>,
    pub(super) calls: Vec<Call>,
    pub(super) faults: Vec<(Failing, usize)>,
    pub(super) full: bool,
}

#[derive(Clone)]
pub(super) struct NameChange {
    pub(super) folder: PathBuf,
    pub(super) set: Vec<(PathBuf, Option<usize>)>,
}

#[derive(Clone, Default)]
pub(super) struct Inode {
    /// What the process sees.
    pub(super) now: Vec<u8>,
    /// What is on the medium for sure.
    pub(super) durable: Vec<u8>,
    /// What may be on the medium in a sector's place.
    pub(super) unsynced: BTreeMap<usize, Unsynced>,
}

#[derive(Clone, Default)]
pub(super) struct Unsynced {
    /// Every content since the last sync, in order; each may be what reached the medium.
    pub(super) versions: Vec<Vec<u8>>,
    /// Whether the next sync writes it: not so after a failed one.
    dirty: bool,
}

pub(super) fn sector_of(bytes: &[u8], sector: usize) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().skip(sector * SECTOR_BYTES).take(SECTOR_BYTES).copied().collect();
    content.resize(SECTOR_BYTES, 0);
    content
}

pub(super) fn put_sector(bytes: &mut [u8], sector: usize, content: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(sector * SECTOR_BYTES).zip(content) {
        *to = *from;
    }
}

fn not_found() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl State {
    pub(super) fn create_folder(&mut self, folder: &Path) {
        self.folders.extend(folder.ancestors().map(Path::to_owned));
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if !self.folders.contains(folder) {
            return Err(not_found());
        }
        let files = self.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(files.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(not_found)
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<usize> {
        if let Ok(inode) = self.find(path) {
            if let Some(inode) = self.inode(inode) {
                inode.truncate();
            }
            return Ok(inode);
        }
        if !path.parent().is_some_and(|folder| self.folders.contains(folder)) {
            return Err(not_found());
        }
        let inode = self.inodes.len();
        self.inodes.push(Arc::default());
        self.set_names(path, vec![(path.to_owned(), Some(inode))]);
        Ok(inode)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.find(from)?;
        self.set_names(to, vec![(from.to_owned(), None), (to.to_owned(), Some(inode))]);
        Ok(())
    }

    pub(super) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.find(from)?;
        if self.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.set_names(to, vec![(to.to_owned(), Some(inode))]);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.find(path)?;
        self.set_names(path, vec![(path.to_owned(), None)]);
        Ok(())
    }

    fn set_names(&mut self, in_folder_of: &Path, set: Vec<(PathBuf, Option<usize>)>) {
        apply(&mut self.names, &set);
        let folder = in_folder_of.parent().unwrap_or(in_folder_of).to_owned();
        self.unsynced_names.push(NameChange { folder, set });
    }

    pub(super) fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.meet_fault(Failing::SyncFolder)?;
        for change in self.unsynced_names.extract_if(.., |change| change.folder == folder) {
            apply(&mut self.durable_names, &change.set);
        }
        Ok(())
    }

    pub(super) fn read(&self, inode: usize, buffer: &mut [u8], offset: u64) -> usize {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.inodes.get(inode).and_then(|inode| inode.now.get(start..)).unwrap_or_default();
        buffer.iter_mut().zip(rest).map(|(to, from)| *to = *from).count()
    }

    pub(super) fn length(&self, inode: usize) -> u64 {
        self.inodes.get(inode).map_or(0, |inode| inode.now.len() as u64)
    }

    pub(super) fn write(&mut self, inode: usize, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.full && offset + bytes.len() as u64 > self.length(inode) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let fault = self.meet_fault(Failing::Write);
        let end = offset + bytes.len() as u64;
        let done = if fault.is_err() { (offset + end) / 2 / PAGE_BYTES * PAGE_BYTES } else { end };
        let count = usize::try_from(done.saturating_sub(offset)).map_err(io::Error::other)?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        if let (Some(inode), Some(written)) = (self.inode(inode), bytes.get(..count)) {
            inode.write(written, start);
        }
        fault
    }

    pub(super) fn sync_data(&mut self, inode: usize) -> io::Result<()> {
        let fault = self.meet_fault(Failing::SyncData);
        if let Some(inode) = self.inode(inode) {
            inode.sync(fault.is_ok());
        }
        fault
    }

    pub(super) fn tamper(&mut self, path: &Path, alter: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let inode = self.find(path)?;
        if let Some(inode) = self.inode(inode) {
            alter(&mut inode.now);
            inode.durable.clone_from(&inode.now);
            inode.unsynced.clear();
        }
        Ok(())
    }

    fn inode(&mut self, inode: usize) -> Option<&mut Inode> {
        self.inodes.get_mut(inode).map(Arc::make_mut)
    }

    /// Counts down the faults of that kind; an error when one is due.
    fn meet_fault(&mut self, failing: Failing) -> io::Result<()> {
        let mut due = false;
        self.faults.retain_mut(|(kind, passed)| {
            if *kind == failing {
                match passed.checked_sub(1) {
                    Some(left) => *passed = left,
                    None => {
                        due = true;
                        return false;
                    }
                }
            }
            true
        });
        if due { Err(io::Error::other("simulated failure")) } else { Ok(()) }
    }
}

/// Applies a change of names.
pub(super) fn apply(names: &mut BTreeMap<PathBuf, usize>, set: &[(PathBuf, Option<usize>)]) {
    for (path, inode) in set {
        match inode {
            Some(inode) => names.insert(path.clone(), *inode),
            None => names.remove(path),
        };
    }
}

impl Inode {
    fn write(&mut self, bytes: &[u8], start: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = start + bytes.len();
        if self.now.len() < end {
            self.now.resize(end, 0);
        }
        for (to, from) in self.now.iter_mut().skip(start).zip(bytes) {
            *to = *from;
        }
        for sector in start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            self.touch(sector);
        }
    }

    fn truncate(&mut self) {
        let sectors = self.now.len().max(self.durable.len()).div_ceil(SECTOR_BYTES);
        self.now.clear();
        for sector in 0..sectors {
            self.touch(sector);
        }
    }

    fn touch(&mut self, sector: usize) {
        let content = sector_of(&self.now, sector);
        let unsynced = self.unsynced.entry(sector).or_default();
        unsynced.versions.push(content);
        unsynced.dirty = true;
    }

    fn sync(&mut self, succeeds: bool) {
        if !succeeds {
            self.unsynced.values_mut().for_each(|unsynced| unsynced.dirty = false);
            return;
        }
        self.durable.resize(self.now.len(), 0);
        for (sector, unsynced) in self.unsynced.extract_if(.., |_, unsynced| unsynced.dirty) {
            if let Some(content) = unsynced.versions.last() {
                put_sector(&mut self.durable, sector, content);
            }
        }
    }
}
