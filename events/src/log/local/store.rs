//! `ReadStore`: what a local log is read from. It may lose anything; the journal rebuilds it.

use std::io;

use thiserror::Error;

use crate::Sequence;
use crate::commit::Commit;
use crate::log::request::RequestName;

/// Why a read store failed.
#[derive(Debug, Error)]
pub(super) enum StoreError {
    /// It is damaged, or failed within: rebuilt from the journal it works again.
    #[error("{0}")]
    Damaged(String),
    /// The operating system refuses. That tells nothing about the store, and rebuilding it would meet the same.
    #[error(transparent)]
    Refused(#[from] io::Error),
}

/// Commits by sequence and requests by name. What it holds was synced in the journal before.
pub(super) trait ReadStore: Send + Sync {
    /// Adds a commit and the requests that its events carry, all or nothing.
    fn insert(&self, commit: &Commit) -> Result<(), StoreError>;

    /// The stored bytes of the commit with the greatest first sequence up to `sequence`.
    fn commit_at(&self, sequence: Sequence) -> Result<Option<Vec<u8>>, StoreError>;

    /// The commit with the least first sequence from `sequence` on: the sequence under which it is stored, and
    /// its bytes.
    fn commit_from(&self, sequence: Sequence) -> Result<Option<(Sequence, Vec<u8>)>, StoreError>;

    /// The last event that carries a request of this name.
    fn request(&self, name: &RequestName) -> Result<Option<Sequence>, StoreError>;

    /// Makes what was inserted durable, as far as it can: after a clean end nothing is inserted again.
    fn flush(&self) -> Result<(), StoreError>;
}

/// Opens a read store, and puts one that is of no use out of the way.
pub(super) trait ReadStoreSource: Send + Sync {
    /// Opens it, empty when there is none.
    fn open(&self) -> Result<Box<dyn ReadStore>, StoreError>;

    /// Whether there is one, empty or not.
    fn exists(&self) -> bool;

    /// Moves it aside, so that the next [`open`](Self::open) gives an empty one. Tells where it is now; `None`
    /// when there was none.
    fn set_aside(&self) -> io::Result<Option<String>>;
}
