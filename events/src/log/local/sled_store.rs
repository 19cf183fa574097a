//! The read store in sled: one tree, one atomic batch per commit.
//!
//! sled asserts where it finds damage, so that every call into it is guarded against panics. Values over a quarter
//! of its segment size go to files that it never syncs; a commit is therefore stored in pieces far below that.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::dropping::drop_within;
use super::open::LocalOptions;
use super::store::{ReadStore, ReadStoreSource, StoreError};
use crate::Sequence;
use crate::commit::Commit;
use crate::log::request::{RequestName, requests};

/// Bytes of a commit in one entry. Usual commits are one piece.
const PIECE_BYTES: usize = 16 << 10;

/// First bytes of keys: of a commit's pieces, followed by its first sequence (8 bytes) and the piece (2 bytes),
/// big-endian; and of a request, followed by its name.
const COMMIT: u8 = b'c';
const REQUEST: u8 = b'r';

/// How long a lock on sled's file is waited for. Threads of sled's own, and a process that is just being started, may
/// hold it for a moment after sled was closed.
const LOCKED_MAX: Duration = Duration::from_secs(2);

/// How long it is left alone between two tries.
const LOCKED_PAUSE: Duration = Duration::from_millis(5);

/// How long the end of sled is waited for.
const DROPPED_MAX: Duration = Duration::from_secs(10);

/// The sled folder within a data folder.
pub(super) struct SledSource {
    folder: PathBuf,
    /// Stands while sled is being opened: found at a start, the one before died inside.
    marker: PathBuf,
    /// Where the last one that was of no use went.
    aside: PathBuf,
    options: LocalOptions,
}

impl SledSource {
    pub(super) fn new(data: &Path, options: LocalOptions) -> Self {
        Self {
            folder: data.join("sled"),
            marker: data.join("sled.opening"),
            aside: data.join("sled.aside"),
            options,
        }
    }

    /// Opens it, under its marker.
    fn open_now(&self) -> Result<Box<dyn ReadStore>, StoreError> {
        if self.marker.exists() {
            return Err(StoreError::Damaged("a start ended while opening it".to_owned()));
        }
        if let Err(error) = self.mark() {
            // Half a marker would be taken for a start that died inside sled.
            remove_if_there(fs::remove_file(&self.marker))?;
            return Err(error.into());
        }
        let made = self.make_folder();
        let config = sled::Config::default()
            .path(&self.folder)
            .segment_size(self.options.sled_segment_bytes)
            .cache_capacity(self.options.sled_cache_bytes)
            .flush_every_ms(u64::try_from(self.options.sled_flush_every.as_millis()).ok());
        let opened = made.map_err(StoreError::from).and_then(|()| guarded(|| config.open()));
        fs::remove_file(&self.marker)?;
        Ok(Box::new(SledStore { db: Some(opened?) }))
    }

    fn mark(&self) -> io::Result<()> {
        let mut options = File::options();
        let mut marker = options.write(true).create(true).truncate(true).mode(0o600).open(&self.marker)?;
        marker.write_all(b"sled is being opened\n")
    }

    /// Makes sled's folder, which only its owner may enter: what sled makes in it is as open as the process lets it.
    fn make_folder(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }
}

impl ReadStoreSource for SledSource {
    fn exists(&self) -> bool {
        self.folder.exists()
    }

    fn open(&self) -> Result<Box<dyn ReadStore>, StoreError> {
        let start = Instant::now();
        loop {
            match self.open_now() {
                Err(StoreError::Refused(error)) if is_locked(&error) && start.elapsed() < LOCKED_MAX => {
                    thread::sleep(LOCKED_PAUSE);
                }
                opened => return opened,
            }
        }
    }

    fn set_aside(&self) -> io::Result<Option<String>> {
        let stands = self.exists();
        // The last one is kept until another takes its place.
        if stands {
            remove_if_there(fs::remove_dir_all(&self.aside))?;
            fs::rename(&self.folder, &self.aside)?;
        }
        remove_if_there(fs::remove_file(&self.marker))?;
        Ok(stands.then(|| self.aside.display().to_string()))
    }
}

fn remove_if_there(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Calls sled; a panic is an error.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(sled::Error::Io(error))) if is_of_the_system(&error) => Err(StoreError::Refused(error)),
        Ok(Err(error)) => Err(StoreError::Damaged(error.to_string())),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
            Err(StoreError::Damaged(format!("sled panicked: {words}")))
        }
    }
}

/// Whether somebody else holds sled's file, which sled tells in words only.
fn is_locked(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Other && error.to_string().starts_with("could not acquire lock")
}

/// Whether the operating system refused something, as on a full disk, for want of permission or with too many files
/// open. The kinds left out are those that sled makes itself where bytes or files are not what it left.
fn is_of_the_system(error: &io::Error) -> bool {
    is_locked(error)
        || !matches!(
            error.kind(),
            ErrorKind::Other
                | ErrorKind::UnexpectedEof
                | ErrorKind::InvalidData
                | ErrorKind::InvalidInput
                | ErrorKind::NotFound
                | ErrorKind::AlreadyExists
                | ErrorKind::NotADirectory
                | ErrorKind::IsADirectory
        )
}

/// What is put into sled under a key.
struct Entry {
    key: sled::IVec,
    value: sled::IVec,
}

struct SledStore {
    /// Always there; `None` only while it is being dropped.
    db: Option<sled::Db>,
}

/// sled writes and syncs while it is dropped. It panics when that fails, and waits without end for a thread of its own
/// that has panicked; what it loses by that is inserted again by the next start.
impl Drop for SledStore {
    fn drop(&mut self) {
        if let Err(why) = drop_within(DROPPED_MAX, self.db.take()) {
            tracing::error!(why, "sled could not be closed; the next start makes up for it");
        }
    }
}

impl ReadStore for SledStore {
    fn insert(&self, commit: &Commit) -> Result<(), StoreError> {
        let pieces = (0..).zip(commit.bytes().chunks(PIECE_BYTES));
        let pieces = pieces.map(|(piece, bytes)| Entry {
            key: commit_key(commit.first(), piece).as_slice().into(),
            value: bytes.into(),
        });
        let named = requests(commit).map(|(name, sequence)| Entry {
            key: request_key(&name).as_slice().into(),
            value: sequence.get().to_be_bytes().as_slice().into(),
        });
        let mut entries = pieces.chain(named).peekable();
        let Some(first) = entries.next() else { return Ok(()) };
        if entries.peek().is_none() {
            // One entry is atomic by itself. A batch has sled write out what it has collected twice, on other threads.
            return guarded(|| self.db()?.insert(first.key, first.value)).map(drop);
        }
        let mut batch = sled::Batch::default();
        for Entry { key, value } in std::iter::once(first).chain(entries) {
            batch.insert(key, value);
        }
        guarded(|| self.db()?.apply_batch(batch))
    }

    fn commit_at(&self, sequence: Sequence) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| {
            let upto = commit_key(Sequence::FIRST, 0)..=commit_key(sequence, u16::MAX);
            let Some(last) = self.db()?.range(upto).next_back().transpose()? else { return Ok(None) };
            let Some(first) = first_of(&last.0) else { return Ok(None) };
            self.pieces(first).map(Some)
        })
    }

    fn commit_from(&self, sequence: Sequence) -> Result<Option<(Sequence, Vec<u8>)>, StoreError> {
        guarded(|| {
            let from = commit_key(sequence, 0)..[COMMIT + 1; 11];
            let Some(next) = self.db()?.range(from).next().transpose()? else { return Ok(None) };
            let Some(first) = first_of(&next.0) else { return Ok(None) };
            Ok(Some((first, self.pieces(first)?)))
        })
    }

    fn request(&self, name: &RequestName) -> Result<Option<Sequence>, StoreError> {
        let found = guarded(|| self.db()?.get(request_key(name)))?;
        let Some(found) = found else { return Ok(None) };
        let number = found.as_ref().try_into().map(u64::from_be_bytes);
        number
            .ok()
            .and_then(Sequence::new)
            .map(Some)
            .ok_or_else(|| StoreError::Damaged("an entry of a request is broken".to_owned()))
    }

    fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.db()?.flush()).map(|_| ())
    }
}

impl SledStore {
    fn db(&self) -> sled::Result<&sled::Db> {
        self.db.as_ref().ok_or_else(|| sled::Error::Unsupported("sled was closed".to_owned()))
    }

    /// The bytes of the commit stored under a first sequence, as far as they are there.
    fn pieces(&self, first: Sequence) -> sled::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in self.db()?.range(commit_key(first, 0)..=commit_key(first, u16::MAX)) {
            bytes.extend_from_slice(&piece?.1);
        }
        Ok(bytes)
    }
}

fn commit_key(first: Sequence, piece: u16) -> [u8; 11] {
    let mut key = [COMMIT; 11];
    let (_, rest) = key.split_at_mut(1);
    for (to, from) in rest.iter_mut().zip(first.get().to_be_bytes().into_iter().chain(piece.to_be_bytes())) {
        *to = from;
    }
    key
}

fn first_of(key: &[u8]) -> Option<Sequence> {
    let (number, _) = key.strip_prefix(&[COMMIT])?.split_first_chunk()?;
    Sequence::new(u64::from_be_bytes(*number))
}

fn request_key(name: &RequestName) -> [u8; 33] {
    let mut key = [REQUEST; 33];
    let (_, rest) = key.split_at_mut(1);
    rest.copy_from_slice(&name.0);
    key
}
