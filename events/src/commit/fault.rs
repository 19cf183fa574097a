//! `CommitFault`: what can be wrong with a commit, in words for whoever must find out why.

use thiserror::Error;

use super::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX};
use crate::{ChainHash, Sequence, StoreId, Timestamp};

/// What is wrong with a commit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommitFault {
    /// The bytes end before its header does.
    #[error("the bytes end within a commit's header")]
    Short,
    /// Something else stands here.
    #[error("no commit begins here: the magic CRMC is missing")]
    Magic,
    /// A later program wrote it.
    #[error("the commit has format {0}: it was written by a newer version of crmconf; run that one")]
    Format(u16),
    /// A number is zero where counting starts at 1, or too large to count on from.
    #[error("the commit's format, number, first sequence or event count is out of range")]
    Range,
    /// Over a limit.
    #[error(
        "the commit holds {events} events in {bytes} bytes, at most {COMMIT_EVENTS_MAX} and \
         {COMMIT_BYTES_MAX} are allowed"
    )]
    Limit {
        /// How many events it names.
        events: u32,
        /// How many bytes it takes by its header.
        bytes: usize,
    },
    /// More or fewer bytes than its header says.
    #[error("the commit should take {expected} bytes, {found} are there")]
    Length {
        /// By its header.
        expected: usize,
        /// There.
        found: usize,
    },
    /// The header was altered, or never written whole.
    #[error("the commit's hash does not fit its header")]
    Hash,
    /// An event's length leads out of the body, or the events do not fill it.
    #[error("the length of event {event} of the commit, counted from 0, does not fit its body")]
    Event {
        /// Which event of the commit, from 0; the event count when bytes are left over.
        event: u32,
    },
    /// An event was altered, or never written whole.
    #[error("the events do not have the hash that the commit's header names")]
    Root,
    /// It is from another store.
    #[error("the commit belongs to store {found}, this is store {expected}")]
    OtherStore {
        /// This store.
        expected: StoreId,
        /// The commit's.
        found: StoreId,
    },
    /// A commit is missing, or stands twice.
    #[error("commit {expected} should stand here, it is commit {found}")]
    Number {
        /// The one after the last.
        expected: u64,
        /// The one that is here.
        found: u64,
    },
    /// Sequences have a gap or overlap.
    #[error("sequence {expected} should come next, the commit begins with {found}")]
    First {
        /// The one after the last.
        expected: Sequence,
        /// The one that is here.
        found: Sequence,
    },
    /// The chain is broken.
    #[error("the commit continues {found}, the commit before it is {expected}")]
    Previous {
        /// Hash of the commit before.
        expected: ChainHash,
        /// What the commit names as that.
        found: ChainHash,
    },
    /// It stands where the log ends, and is not what the log ends with.
    #[error("the log ends with commit hash {expected}, the commit here has {found}")]
    NotTheHead {
        /// Hash of the head.
        expected: ChainHash,
        /// The commit's.
        found: ChainHash,
    },
    /// Times do not rise.
    #[error("the commit's time, {} µs, is not after its predecessor's, {} µs", found.as_micros(), previous.as_micros())]
    Time {
        /// The predecessor's.
        previous: Timestamp,
        /// The commit's.
        found: Timestamp,
    },
}
