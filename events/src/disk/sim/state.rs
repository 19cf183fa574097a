//! What a simulated disk holds: for the process, on the medium, and what lies between the two.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failing;
use crate::disk::SECTOR_BYTES;

/// A failing write stops at a multiple of this.
const PAGE_BYTES: u64 = 4_096;

/// What stands under each path. The root folder is always there and has no name.
pub(super) type Names = BTreeMap<PathBuf, Entry>;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    File(usize),
}

#[derive(Clone, Default)]
pub(super) struct State {
    /// Shared with snapshots until one of them changes.
    pub(super) inodes: Vec<Arc<Inode>>,
    pub(super) names: Names,
    pub(super) durable_names: Names,
    /// Changes of names that no sync of their folder has followed, in order; each is atomic.
    pub(super) unsynced_names: Vec<NameChange>,
    pub(super) faults: Vec<(Failing, usize)>,
    pub(super) full: bool,
}

#[derive(Clone)]
pub(super) struct NameChange {
    pub(super) folder: PathBuf,
    pub(super) set: Vec<(PathBuf, Option<Entry>)>,
}

#[derive(Clone, Default)]
pub(super) struct Inode {
    /// Whether the medium gives none of it back any more.
    pub(super) unreadable: bool,
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

/// The content of a sector, zeros past the end.
pub(super) fn sector_of(bytes: &[u8], sector: usize) -> Vec<u8> {
    let mut content = vec![0; SECTOR_BYTES];
    copy(&mut content, bytes.get(sector * SECTOR_BYTES..).unwrap_or_default());
    content
}

/// Puts a sector's content in its place, as far as the file reaches.
pub(super) fn put_sector(bytes: &mut [u8], sector: usize, content: &[u8]) {
    copy(bytes.get_mut(sector * SECTOR_BYTES..).unwrap_or_default(), content);
}

/// Copies what there is and fits, and tells how many bytes.
fn copy(to: &mut [u8], from: &[u8]) -> usize {
    let count = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}

fn not_found() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl State {
    pub(super) fn create_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.refuse_taken(folder)?;
        self.set_names(folder, vec![(folder.to_owned(), Some(Entry::Folder))])
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.find_folder(folder)?;
        let inside = self.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Entry::File(inode)) => Ok(*inode),
            Some(Entry::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(not_found()),
        }
    }

    fn find_folder(&self, path: &Path) -> io::Result<()> {
        match self.names.get(path) {
            Some(Entry::Folder) => Ok(()),
            Some(Entry::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None if path.parent().is_none() => Ok(()),
            None => Err(not_found()),
        }
    }

    fn refuse_taken(&self, path: &Path) -> io::Result<()> {
        if self.names.contains_key(path) || path.parent().is_none() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(())
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<usize> {
        match self.find(path) {
            Ok(inode) => {
                if let Some(inode) = self.inode(inode) {
                    inode.truncate();
                }
                return Ok(inode);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let inode = self.inodes.len();
        self.set_names(path, vec![(path.to_owned(), Some(Entry::File(inode)))])?;
        self.inodes.push(Arc::default());
        Ok(inode)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let file = Entry::File(self.find(from)?);
        self.set_names(to, vec![(from.to_owned(), None), (to.to_owned(), Some(file))])
    }

    pub(super) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let file = Entry::File(self.find(from)?);
        self.refuse_taken(to)?;
        self.set_names(to, vec![(to.to_owned(), Some(file))])
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.find(path)?;
        self.set_names(path, vec![(path.to_owned(), None)])
    }

    fn set_names(&mut self, in_folder_of: &Path, set: Vec<(PathBuf, Option<Entry>)>) -> io::Result<()> {
        let folder = in_folder_of.parent().unwrap_or(in_folder_of).to_owned();
        self.find_folder(&folder)?;
        apply(&mut self.names, &set);
        self.unsynced_names.push(NameChange { folder, set });
        Ok(())
    }

    pub(super) fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.find_folder(folder)?;
        self.meet_fault(Failing::SyncFolder)?;
        for change in self.unsynced_names.extract_if(.., |change| change.folder == folder) {
            apply(&mut self.durable_names, &change.set);
        }
        Ok(())
    }

    pub(super) fn make_unreadable(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        self.inode(inode).ok_or_else(not_found)?.unreadable = true;
        Ok(())
    }

    pub(super) fn read(&self, inode: usize, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let inode = self.inodes.get(inode);
        if inode.is_some_and(|inode| inode.unreadable) {
            return Err(io::Error::other("the medium gives it back no more"));
        }
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = inode.and_then(|inode| inode.now.get(start..)).unwrap_or_default();
        Ok(copy(buffer, rest))
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

    pub(super) fn medium_holds(&self, sought: &[u8]) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(sought.len()).any(|window| window == sought);
        self.inodes.iter().any(|inode| {
            let mut versions = inode.unsynced.values().flat_map(|unsynced| &unsynced.versions);
            holds(&inode.durable) || versions.any(|version| holds(version))
        })
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
pub(super) fn apply(names: &mut Names, set: &[(PathBuf, Option<Entry>)]) {
    for (path, entry) in set {
        match entry {
            Some(entry) => names.insert(path.clone(), *entry),
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
        copy(self.now.get_mut(start..).unwrap_or_default(), bytes);
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
