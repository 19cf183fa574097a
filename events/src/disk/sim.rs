//! `SimDisk`: a disk in memory that knows what is synced, and shows every state a power cut could leave.

mod crash;
mod state;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use crash::{CrashState, Outcome};
use state::State;

use super::{Disk, DiskFile};

/// A simulated disk. Clones share it.
///
/// It is modelled on Linux: a written sector may reach the disk at any time, in any order, until a sync says
/// that it did. A failed sync marks what was written as clean, so that a later sync does not write it either. A
/// name, a folder's too, is durable only after the folder that it stands in was synced, and each change of names may be
/// lost alone, that of a folder with all in it.
#[derive(Clone)]
pub struct SimDisk {
    shared: Arc<Mutex<State>>,
    calls: Arc<Mutex<Vec<Call>>>,
    observer: Option<Arc<Observer>>,
    before_reading: Option<Arc<BeforeReading>>,
}

type Observer = dyn Fn(Snapshot) + Send + Sync;
type BeforeReading = dyn Fn(&Path) + Send + Sync;

/// The state of a disk at one moment, detached from it.
#[derive(Clone)]
pub struct Snapshot(State);

/// A call that changes something, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A folder was made.
    CreateFolder(PathBuf),
    /// A file was made or emptied.
    Create(PathBuf),
    /// Bytes were written.
    Write {
        /// To this file.
        path: PathBuf,
        /// At this byte.
        offset: u64,
        /// So many.
        bytes: usize,
    },
    /// A file's bytes were synced.
    SyncData(PathBuf),
    /// A folder's names were synced.
    SyncFolder(PathBuf),
    /// A file was renamed.
    Rename(PathBuf, PathBuf),
    /// A file got a second name.
    Link(PathBuf, PathBuf),
    /// A name was removed.
    Remove(PathBuf),
    /// A note of the test's own, put in by [`SimDisk::note`].
    Note(String),
}

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// A write: a part of it, up to the end of a page, is done.
    Write,
    /// A sync of a file: what was written counts as clean, and may be on the disk or not.
    SyncData,
    /// A sync of a folder.
    SyncFolder,
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::with(State::default())
    }

    fn with(state: State) -> Self {
        Self {
            shared: Arc::new(Mutex::new(state)),
            calls: Arc::default(),
            observer: None,
            before_reading: None,
        }
    }

    /// This disk, with an observer that gets the state after each call that changes something.
    #[must_use]
    pub fn observed(&self, observer: impl Fn(Snapshot) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self.clone() }
    }

    /// This disk, with something to be done before a file is opened to be read.
    #[must_use]
    pub fn before_reading(&self, work: impl Fn(&Path) + Send + Sync + 'static) -> Self {
        Self { before_reading: Some(Arc::new(work)), ..self.clone() }
    }

    /// The state now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.lock().clone())
    }

    /// Makes the call of that kind fail that comes after `passed` more of them.
    pub fn fail(&self, failing: Failing, passed: usize) {
        self.lock().faults.push((failing, passed));
    }

    /// Fills the disk up, or makes room again: on a full one no file grows, and no byte is free.
    pub fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// The calls so far that changed something, failed ones left out.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a note among the calls.
    pub fn note(&self, note: impl Into<String>) {
        self.record(Call::Note(note.into()));
    }

    /// Alters a file behind the back of whoever uses it, on the medium too.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn tamper(&self, path: &Path, alter: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.lock().tamper(path, alter)
    }

    /// Lets every reading of a file fail, under whatever name, as a bad place on the medium does.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn make_unreadable(&self, path: &Path) -> io::Result<()> {
        self.lock().make_unreadable(path)
    }

    /// Whether these bytes stand, or may stand, anywhere on the medium: also in files that no name leads to any more.
    /// Sectors that were not synced are looked at one by one, so that bytes which reach over two of them are not seen
    /// there: look for ones that are shorter than a sector and stand within one, or sync first.
    #[must_use]
    pub fn medium_holds(&self, bytes: &[u8]) -> bool {
        self.lock().medium_holds(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, call: Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// Makes a change, records it, and tells the observer, also of one that failed half way.
    fn change<T>(&self, call: Call, change: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.lock();
        let done = change(&mut state);
        if done.is_ok() {
            self.record(call);
        }
        let snapshot = self.observer.as_ref().map(|observer| (observer, Snapshot(state.clone())));
        drop(state);
        if let Some((observer, snapshot)) = snapshot {
            observer(snapshot);
        }
        done
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.lock().find(path)?;
        Ok(self.file(inode, path))
    }

    fn file(&self, inode: usize, path: &Path) -> Arc<dyn DiskFile> {
        Arc::new(SimFile { disk: self.clone(), inode, path: path.to_owned() })
    }
}

impl Snapshot {
    /// A disk with this state as it goes on without a power cut, as after the end of a process; nothing on it is set
    /// to fail.
    #[must_use]
    pub fn unharmed(&self) -> SimDisk {
        SimDisk::with(State { faults: Vec::new(), ..self.0.clone() })
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimDisk")
    }
}

impl Disk for SimDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(Call::CreateFolder(folder.to_owned()), |state| state.create_folder(folder))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.lock().list(folder)
    }

    fn open_to_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        if let Some(work) = &self.before_reading {
            work(path);
        }
        self.open(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.change(Call::Create(path.to_owned()), |state| state.create(path))?;
        Ok(self.file(inode, path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Call::Rename(from.to_owned(), to.to_owned()), |state| state.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Call::Link(from.to_owned(), to.to_owned()), |state| state.link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(Call::Remove(path.to_owned()), |state| state.remove(path))
    }

    fn same_file(&self, a: &Path, b: &Path) -> io::Result<bool> {
        let state = self.lock();
        Ok(matches!((state.find(a), state.find(b)), (Ok(a), Ok(b)) if a == b))
    }

    fn is_file(&self, path: &Path) -> io::Result<bool> {
        Ok(self.lock().find(path).is_ok())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(Call::SyncFolder(folder.to_owned()), |state| state.sync_folder(folder))
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(if self.lock().full { 0 } else { u64::MAX })
    }

    fn may_use_threads(&self) -> bool {
        false
    }
}

/// An open file of a simulated disk. It stays the same file when it is renamed.
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
    path: PathBuf,
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.lock().read(self.inode, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let call = Call::Write { path: self.path.clone(), offset, bytes: bytes.len() };
        self.disk.change(call, |state| state.write(self.inode, bytes, offset))
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.lock().length(self.inode))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.change(Call::SyncData(self.path.clone()), |state| state.sync_data(self.inode))
    }
}

#[cfg(test)]
mod tests;
