//! Commits: what is appended at once, its exact bytes, and how each is chained to all before it.

mod builder;
mod bytes;
mod fault;
mod hash;
mod header;

pub use builder::{CommitBuilder, NotTaken};
pub use bytes::EventBytes;
pub use fault::CommitFault;
pub use hash::{EventsRoot, event_hash, events_root, store_hash};
pub(crate) use header::{Header, MAGIC};

use std::fmt;
use std::sync::Arc;

use crate::{ChainHash, Sequence, StoreId, Timestamp};

/// The most events in a commit.
pub const COMMIT_EVENTS_MAX: u32 = 1_024;

/// The most bytes of a commit, header and hash included: it must fit one message of a replicated stream.
pub const COMMIT_BYTES_MAX: usize = 900 * 1_024;

/// Bytes before a commit's events: the header and the commit's own hash.
pub const COMMIT_PREFIX_BYTES: usize = header::HEADER_BYTES + 32;

/// Bytes before each event in a commit's body: its length.
pub(crate) const LENGTH_BYTES: usize = 4;

/// Where a log ends: its last commit, the sequence of its last event, and the chain's hash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last commit; 0 in an empty log.
    pub commit: u64,
    /// Sequence of the last event; `None` in an empty log.
    pub last: Option<Sequence>,
    /// Hash of the last commit; in an empty log that of the store's id.
    pub hash: ChainHash,
    /// Time of the last commit; in an empty log the Unix epoch.
    pub time: Timestamp,
}

impl Head {
    /// The head of a store that holds no commit yet.
    #[must_use]
    pub fn empty(store: StoreId) -> Self {
        Self { commit: 0, last: None, hash: store_hash(store), time: Timestamp::default() }
    }

    /// The sequence that the next event gets.
    #[must_use]
    pub const fn next(&self) -> Sequence {
        Sequence::after(self.last)
    }

    /// Whether the event of this sequence is in the log.
    #[must_use]
    pub fn reaches(&self, sequence: Sequence) -> bool {
        self.last.is_some_and(|last| sequence <= last)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commit, last, hash, .. } = self;
        match last {
            Some(last) => write!(f, "commit {commit}, sequence {last}, hash {hash}"),
            None => f.write_str("an empty log"),
        }
    }
}

/// A sealed commit: it holds at least one event, keeps the limits, and its hashes are right.
///
/// Immutable and cheap to clone. Its bytes are made once; everything stored, sent again or exported uses them.
#[derive(Clone)]
pub struct Commit {
    header: Header,
    hash: ChainHash,
    bytes: Arc<[u8]>,
    events: Arc<[EventBytes]>,
}

impl Commit {
    /// Reads a commit's exact bytes and checks all that can be checked on it alone: form, limits, the events
    /// root, its own hash. Whether it continues a log is told by [`Commit::follows`].
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn decode(bytes: Arc<[u8]>) -> Result<Self, CommitFault> {
        let (header, hash) = Header::decode(&bytes)?;
        if bytes.len() != header.commit_bytes() {
            return Err(CommitFault::Length { expected: header.commit_bytes(), found: bytes.len() });
        }
        let events = split_events(&bytes, header.count)?;
        let leaves: Vec<_> = events.iter().map(|event| event_hash(event)).collect();
        if events_root(&leaves) != Some(header.root) {
            return Err(CommitFault::Root);
        }
        Ok(Self { header, hash, events: events.into(), bytes })
    }

    /// Checks that this commit is the next one of the log that ends at `head`.
    ///
    /// # Errors
    /// What does not fit: the store, the number, the first sequence, the previous hash or the time.
    pub fn follows(&self, head: &Head, store: StoreId) -> Result<(), CommitFault> {
        let Header { store: own, number, first, time, previous, .. } = self.header;
        let expected = head.commit.saturating_add(1);
        if own != store {
            Err(CommitFault::OtherStore { expected: store, found: own })
        } else if number != expected {
            Err(CommitFault::Number { expected, found: number })
        } else if first != head.next() {
            Err(CommitFault::First { expected: head.next(), found: first })
        } else if previous != head.hash {
            Err(CommitFault::Previous { expected: head.hash, found: previous })
        } else if time <= head.time {
            Err(CommitFault::Time { previous: head.time, found: time })
        } else {
            Ok(())
        }
    }

    /// The store that it belongs to.
    #[must_use]
    pub const fn store(&self) -> StoreId {
        self.header.store
    }

    /// Its number, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// Sequence of its first event.
    #[must_use]
    pub const fn first(&self) -> Sequence {
        self.header.first
    }

    /// Sequence of its last event.
    #[must_use]
    pub const fn last(&self) -> Sequence {
        self.header.last()
    }

    /// When it was made: later than its predecessor, whatever the clock said.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.header.time
    }

    /// Hash of the commit before it; of the store's id for commit 1.
    #[must_use]
    pub const fn previous(&self) -> ChainHash {
        self.header.previous
    }

    /// Root of the tree over its events' hashes.
    #[must_use]
    pub const fn root(&self) -> EventsRoot {
        self.header.root
    }

    /// Its own hash: over the header, and so over the events and all commits before it.
    #[must_use]
    pub const fn hash(&self) -> ChainHash {
        self.hash
    }

    /// Its events, in order, at least one.
    #[must_use]
    pub fn events(&self) -> &[EventBytes] {
        &self.events
    }

    /// Its events with their sequences.
    pub fn numbered(&self) -> impl Iterator<Item = (Sequence, &EventBytes)> {
        (0..).map(|i| self.first().plus(i)).zip(self.events.iter())
    }

    /// The event of that sequence, if it is in this commit.
    #[must_use]
    pub fn event(&self, sequence: Sequence) -> Option<&EventBytes> {
        let offset = sequence.get().checked_sub(self.first().get())?;
        self.events.get(usize::try_from(offset).ok()?)
    }

    /// The exact bytes that are stored.
    #[must_use]
    pub const fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The head of a log that ends with this commit.
    #[must_use]
    pub const fn head_after(&self) -> Head {
        Head { commit: self.number(), last: Some(self.last()), hash: self.hash, time: self.time() }
    }
}

/// Two commits are equal when their bytes are.
impl PartialEq for Commit {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Commit {}

/// Numbers and hash only: events may hold what callers wrote.
impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("number", &self.number())
            .field("first", &self.first())
            .field("last", &self.last())
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// Cuts a commit's body into its events, which share the commit's buffer.
fn split_events(bytes: &Arc<[u8]>, count: u32) -> Result<Vec<EventBytes>, CommitFault> {
    let mut events = Vec::new();
    let mut at = COMMIT_PREFIX_BYTES;
    for event in 0..count {
        let fault = CommitFault::Event { event };
        let rest = bytes.get(at..).ok_or(fault.clone())?;
        let (length, _) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(fault.clone())?;
        let start = at + LENGTH_BYTES;
        let end = start.saturating_add(usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX));
        events.push(EventBytes::part_of(bytes, start, end).ok_or(fault)?);
        at = end;
    }
    if at == bytes.len() { Ok(events) } else { Err(CommitFault::Event { event: count }) }
}

#[cfg(test)]
mod tests;
