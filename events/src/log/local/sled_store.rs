//! The read store in sled: one tree, one atomic batch per commit.
//!
//! sled asserts where it finds damage, so that every call into it is guarded against panics. Values over a quarter
//! of its segment size go to files that it never syncs; a commit is therefore stored in pieces far below that.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::store::{ReadStore, ReadStoreSource, StoreError};
use crate::Sequence;
use crate::commit::Commit;
use crate::log::request::{RequestName, requests};

/// Set, since the default leaves no room for the leaves of large commits: a leaf holds 16 entries, and 16 pieces
/// are half of a quarter of this.
const SEGMENT_BYTES: usize = 2 << 20;

/// Bytes of a commit in one entry. Usual commits are one piece.
const PIECE_BYTES: usize = 16 << 10;

/// How often sled's own thread makes durable what was inserted. Nothing rests on it: what is lost is inserted again.
const FLUSH_EVERY_MS: u64 = 500;

/// First bytes of keys: of a commit's pieces, followed by its first sequence (8 bytes) and the piece (2 bytes),
/// big-endian; and of a request, followed by its name.
const COMMIT: u8 = b'c';
const REQUEST: u8 = b'r';

/// The sled folder within a data folder.
pub(super) struct SledSource {
    folder: PathBuf,
    /// Stands while sled is being opened: found at a start, the one before died inside.
    marker: PathBuf,
    /// Where the last one that was of no use went.
    aside: PathBuf,
    cache_bytes: u64,
}

impl SledSource {
    pub(super) fn new(data: &Path, cache_bytes: u64) -> Self {
        Self {
            folder: data.join("sled"),
            marker: data.join("sled.opening"),
            aside: data.join("sled.aside"),
            cache_bytes,
        }
    }
}

impl ReadStoreSource for SledSource {
    fn exists(&self) -> bool {
        self.folder.exists()
    }

    fn open(&self) -> Result<Box<dyn ReadStore>, StoreError> {
        if self.marker.exists() {
            return Err("a start ended while opening it".to_owned());
        }
        let marked = |error: io::Error| format!("{}: {error}", self.marker.display());
        fs::write(&self.marker, b"sled is being opened\n").map_err(marked)?;
        let config = sled::Config::default()
            .path(&self.folder)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(self.cache_bytes)
            .flush_every_ms(Some(FLUSH_EVERY_MS));
        let opened = guarded(|| config.open());
        fs::remove_file(&self.marker).map_err(marked)?;
        Ok(Box::new(SledStore { db: opened? }))
    }

    fn set_aside(&self) -> io::Result<String> {
        remove_if_there(fs::remove_dir_all(&self.aside))?;
        remove_if_there(fs::rename(&self.folder, &self.aside))?;
        remove_if_there(fs::remove_file(&self.marker))?;
        Ok(self.aside.display().to_string())
    }
}

fn remove_if_there(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Calls sled; a panic is an error.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
            Err(format!("sled panicked: {words}"))
        }
    }
}

struct SledStore {
    db: sled::Db,
}

impl ReadStore for SledStore {
    fn insert(&self, commit: &Commit) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (piece, bytes) in (0..).zip(commit.bytes().chunks(PIECE_BYTES)) {
            batch.insert(commit_key(commit.first(), piece).as_slice(), bytes);
        }
        for (name, sequence) in requests(commit) {
            batch.insert(request_key(&name).as_slice(), sequence.get().to_be_bytes().as_slice());
        }
        guarded(|| self.db.apply_batch(batch))
    }

    fn commit_at(&self, sequence: Sequence) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| {
            let upto = commit_key(Sequence::FIRST, 0)..=commit_key(sequence, u16::MAX);
            let Some(last) = self.db.range(upto).next_back().transpose()? else { return Ok(None) };
            let Some(first) = first_of(&last.0) else { return Ok(None) };
            self.pieces(first).map(Some)
        })
    }

    fn commit_from(&self, sequence: Sequence) -> Result<Option<(Sequence, Vec<u8>)>, StoreError> {
        guarded(|| {
            let from = commit_key(sequence, 0)..[COMMIT + 1; 11];
            let Some(next) = self.db.range(from).next().transpose()? else { return Ok(None) };
            let Some(first) = first_of(&next.0) else { return Ok(None) };
            Ok(Some((first, self.pieces(first)?)))
        })
    }

    fn request(&self, name: &RequestName) -> Result<Option<Sequence>, StoreError> {
        let found = guarded(|| self.db.get(request_key(name)))?;
        let Some(found) = found else { return Ok(None) };
        let number = found.as_ref().try_into().map(u64::from_be_bytes);
        number
            .ok()
            .and_then(Sequence::new)
            .map(Some)
            .ok_or_else(|| "an entry of a request is broken".to_owned())
    }

    fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.db.flush()).map(|_| ())
    }
}

impl SledStore {
    /// The bytes of the commit stored under a first sequence, as far as they are there.
    fn pieces(&self, first: Sequence) -> sled::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in self.db.range(commit_key(first, 0)..=commit_key(first, u16::MAX)) {
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
