//! `CommitBuilder`: gathers events into a commit and closes it before it would pass a limit.

use std::sync::Arc;

use thiserror::Error;

use super::header::Header;
use super::{
    COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX, COMMIT_PREFIX_BYTES, Commit, EventBytes, Head, LENGTH_BYTES,
    event_hash, events_root, split_events,
};
use crate::{Sequence, StoreId, Timestamp};

/// Gathers the events of the commit that follows a head.
#[derive(Debug)]
pub struct CommitBuilder {
    store: StoreId,
    head: Head,
    time: Timestamp,
    events: Vec<EventBytes>,
    bytes: usize,
}

/// An event was not taken; it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// It belongs in the next commit: this one would pass a limit.
    #[error("the commit is full")]
    Full(EventBytes),
    /// No commit can hold it.
    #[error("an event of {} bytes fits no commit, which holds {COMMIT_BYTES_MAX} at most", .0.len())]
    TooLarge(EventBytes),
}

impl CommitBuilder {
    /// Starts the commit after `head`. `clock` is the time now; the commit's is later than the head's,
    /// whatever the clock says.
    #[must_use]
    pub fn new(store: StoreId, head: Head, clock: Timestamp) -> Self {
        let time = head.time.advance_to(clock);
        Self { store, head, time, events: Vec::new(), bytes: COMMIT_PREFIX_BYTES }
    }

    /// Adds an event and tells its sequence.
    ///
    /// # Errors
    /// When the commit would pass a limit; nothing is added then.
    pub fn try_push(&mut self, event: EventBytes) -> Result<Sequence, NotTaken> {
        let bytes = LENGTH_BYTES.saturating_add(event.len());
        if bytes > COMMIT_BYTES_MAX - COMMIT_PREFIX_BYTES {
            return Err(NotTaken::TooLarge(event));
        }
        if self.count() == COMMIT_EVENTS_MAX || self.bytes + bytes > COMMIT_BYTES_MAX {
            return Err(NotTaken::Full(event));
        }
        let sequence = self.next();
        self.bytes += bytes;
        self.events.push(event);
        Ok(sequence)
    }

    /// Whether `count` more events of `bytes` bytes together would still fit: for events that only make
    /// sense in one commit.
    #[must_use]
    pub fn has_room_for(&self, count: usize, bytes: usize) -> bool {
        let body = LENGTH_BYTES.saturating_mul(count).saturating_add(bytes);
        self.events.len().saturating_add(count) <= COMMIT_EVENTS_MAX as usize
            && self.bytes.saturating_add(body) <= COMMIT_BYTES_MAX
    }

    /// The sequence that the next event gets.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.head.next().plus(u64::from(self.count()))
    }

    /// The time of the commit.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Whether no event was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Makes the commit; `None` when no event was added, since there are no empty commits.
    #[must_use]
    pub fn seal(self) -> Option<Commit> {
        let leaves: Vec<_> = self.events.iter().map(|event| event_hash(event)).collect();
        let header = Header {
            store: self.store,
            number: self.head.commit.saturating_add(1),
            first: self.head.next(),
            count: self.count(),
            body_bytes: u32::try_from(self.bytes - COMMIT_PREFIX_BYTES).ok()?,
            time: self.time,
            previous: self.head.hash,
            root: events_root(&leaves)?,
        };
        let (mut bytes, hash) = header.encode();
        for event in &self.events {
            bytes.extend_from_slice(&u32::try_from(event.len()).ok()?.to_be_bytes());
            bytes.extend_from_slice(event);
        }
        let bytes: Arc<[u8]> = bytes.into();
        let events = split_events(&bytes, header.count).ok()?.into();
        Some(Commit { header, hash, bytes, events })
    }

    fn count(&self) -> u32 {
        // Never more than COMMIT_EVENTS_MAX are added.
        u32::try_from(self.events.len()).unwrap_or(u32::MAX)
    }
}
