//! `EventLog`: the contract that every backend of the log keeps, and what its operations answer.

#[cfg(feature = "testkit")]
pub mod conformance;
mod journal;
mod local;
mod memory;
mod request;
mod tail;

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "testkit")]
#[doc(hidden)]
pub use journal::fuzzing;
pub use journal::{Fault, FaultKind, JournalReader, SegmentSizes, SyncWatch, Witness};
pub use local::{
    LocalLog, LocalOptions, OpenError, OpenReport, Progress, Repair, SledReport, Step, VerifyReport, verify,
    verify_sled,
};
#[cfg(feature = "testkit")]
pub use local::{MemoryStore, verify_on};
pub use memory::MemoryLog;
use thiserror::Error;

use crate::commit::{Commit, CommitFault, EventBytes, Head};
use crate::{AccountId, RequestKey, Sequence, StoreId};

/// An append-only, hash-chained log of commits.
///
/// ```text
///  commit 1      commit 2                commit 3        (in flight)
/// ┌─────────┐   ┌─────────────────────┐ ┌───────────┐   ┌╌╌╌╌╌╌╌╌╌╌╌┐
/// │ event 1 │◀──│ event 2 3 4         │◀│ event 5 6 │◀╌╌╎ event 7   ╎
/// └─────────┘   └─────────────────────┘ └───────────┘   └╌╌╌╌╌╌╌╌╌╌╌┘
///                       hash of the one before     ▲ head: durable, shown to readers
/// ```
///
/// # The contract
/// 1. **Durable.** A commit answered as [`Appended`](AppendOutcome::Appended) or
///    [`Duplicate`](AppendOutcome::Duplicate) survives loss of power from then on.
/// 2. **Whole.** A commit is there with all its events or not at all.
/// 3. **In order.** Sequences start at 1 and have no gap; each commit names the hash of the one before. The
///    expected head is in the commit: its number − 1 and its previous hash.
/// 4. **Never ahead.** [`head`](EventLog::head), [`read`](EventLog::read), [`subscribe`](EventLog::subscribe)
///    and [`find_request`](EventLog::find_request) never show what is not durable yet.
/// 5. **Visible.** A commit answered as appended is seen by every reader that asks afterwards.
/// 6. **Bytes as given.** What is read has exactly the bytes that were appended.
/// 7. **One at a time.** Appends may come from several threads or processes; at most one wins at a number, the
///    others are told [`Conflict`](AppendOutcome::Conflict).
/// 8. **Checked.** Iterators and subscriptions hand out a commit only if it continues the one before. What does not
///    belong where it stands is told with its place, as [`LogError::Broken`].
///
/// All calls block: make [`append`](EventLog::append) from a thread of its own, never on an async worker.
pub trait EventLog: Send + Sync {
    /// Which store this is the log of.
    fn store(&self) -> StoreId;

    /// Where the durable part of the log ends.
    fn head(&self) -> Head;

    /// Appends a commit, or tells exactly what became of it. Returns when it is durable.
    fn append(&self, commit: Commit) -> AppendOutcome;

    /// The commits from the one that holds `from` up to the head at the time of the call, in order.
    /// The iterator ends after its first error.
    fn read(&self, from: Sequence) -> Commits;

    /// The commit that holds the event of this sequence; `None` past the head.
    ///
    /// # Errors
    /// When the backend cannot read it, or reads something broken.
    fn read_commit(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError>;

    /// The event of this sequence; `None` past the head.
    ///
    /// # Errors
    /// As [`read_commit`](EventLog::read_commit).
    fn read_event(&self, sequence: Sequence) -> Result<Option<EventBytes>, LogError> {
        Ok(self.read_commit(sequence)?.and_then(|commit| commit.event(sequence).cloned()))
    }

    /// The commits from the one that holds `from` on, those to come included, without a gap or a repetition
    /// between past and present. `from` may lie past the head.
    fn subscribe(&self, from: Sequence) -> Subscription;

    /// The event that an account recorded with this RequestKey, the last one if several carry it; the index
    /// is as durable as the log.
    ///
    /// # Errors
    /// When the backend cannot be read.
    fn find_request(&self, account: &AccountId, key: &RequestKey) -> Result<Option<Sequence>, LogError>;

    /// Whether appends are taken.
    fn health(&self) -> Health;

    /// Tries out whether the next append would find room, makes what it needs beforehand, and appends nothing. A
    /// writer that was told [`Unavailable`](AppendOutcome::Unavailable) asks now and then, so that it need not wait
    /// for the next change to find out. A backend that prepares nothing has no reason to refuse.
    ///
    /// # Errors
    /// Why there is no room now, for the operator.
    fn make_room(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is durable and visible.
    Appended,
    /// It was not appended: another commit stands there, or its predecessor does not. Catch up to `head`,
    /// decide again. A backend that has forgotten its own commits answers this too, so that a writer looks for
    /// its commit while catching up.
    Conflict {
        /// Where the log ends.
        head: Head,
    },
    /// The commit at that number has this very hash: it was appended before, which counts as success.
    Duplicate,
    /// It may be there or not. Read past the known head: this commit's hash means appended, another commit
    /// means conflict, nothing means that the identical bytes may be appended again; decide nothing else
    /// meanwhile. After a failed write or sync, a local log stays at this answer until it is opened again. It is the
    /// answer, too, where what stands at the commit's number cannot be read.
    Unknown {
        /// What happened, for the operator.
        why: String,
    },
    /// It was not appended, for sure.
    Unavailable {
        /// What happened, for the operator.
        why: String,
    },
}

/// Whether a log takes appends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Writable,
    /// It does not until it is opened again.
    ReadOnly {
        /// Why, for the operator.
        why: String,
    },
}

/// A log could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogError {
    /// The backend failed.
    #[error("the log cannot be read: {0}")]
    Backend(String),
    /// What was read is not the commit that belongs there.
    #[error("the log is broken at {place}: {fault}")]
    Broken {
        /// Where: commit or sequence, and the file where there is one.
        place: String,
        /// What is wrong.
        fault: CommitFault,
    },
    /// A commit or event that the head reaches is not there.
    #[error("the log lacks the event of sequence {0}, although its head reaches it")]
    Missing(Sequence),
    /// The log was closed.
    #[error("the log was closed")]
    Closed,
}

/// Iterates over the commits of a log, in order, up to a head fixed when it was made.
pub struct Commits {
    trail: Trail,
    /// `None` after an error.
    end: Option<Head>,
}

impl Commits {
    const fn new(trail: Trail, head: Head) -> Self {
        Self { trail, end: Some(head) }
    }
}

impl Iterator for Commits {
    type Item = Result<Arc<Commit>, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.end.filter(|end| end.reaches(self.trail.next))?;
        let found = self.trail.advance(&end);
        if found.is_err() {
            self.end = None;
        }
        Some(found)
    }
}

/// Follows a log: first what is there, then what comes. Holds no queue, so that a slow reader costs nothing.
pub struct Subscription {
    trail: Trail,
}

impl Subscription {
    const fn new(trail: Trail) -> Self {
        Self { trail }
    }

    /// The next commit; waits for it up to `timeout`, and is `None` when none came.
    ///
    /// # Errors
    /// When the log cannot be read, is broken there, or was closed. The subscription stays where it is.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Arc<Commit>>, LogError> {
        if !self.trail.source.tail().wait_for(self.trail.next, timeout)? {
            return Ok(None);
        }
        let head = self.trail.source.tail().head();
        self.trail.advance(&head).map(Some)
    }

    /// The sequence of the next event that it will hand out, or of an earlier one of its commit.
    #[must_use]
    pub const fn position(&self) -> Sequence {
        self.trail.next
    }
}

/// Goes from commit to commit, and checks that each continues the one before.
struct Trail {
    source: Arc<dyn Source>,
    store: StoreId,
    next: Sequence,
    /// The head with the last commit handed out; `None` before the first one where that is not the log's first.
    before: Option<Head>,
}

impl Trail {
    fn new(source: Arc<dyn Source>, store: StoreId, from: Sequence) -> Self {
        let before = (from == Sequence::FIRST).then(|| Head::empty(store));
        Self { source, store, next: from, before }
    }

    /// The next commit, which this head reaches. After an error it stays where it is.
    fn advance(&mut self, head: &Head) -> Result<Arc<Commit>, LogError> {
        let commit = fetch(&*self.source, self.next)?;
        self.check(&commit, head).map_err(|fault| {
            let number =
                self.before.map_or_else(|| commit.number(), |before| before.commit.saturating_add(1));
            LogError::Broken { place: format!("commit {number} with sequence {}", self.next), fault }
        })?;
        self.before = Some(commit.head_after());
        self.next = commit.last().next();
        Ok(commit)
    }

    /// Checks that a commit is of this log: it continues the one before, and is the one that the head names if it
    /// stands there or beyond.
    fn check(&self, commit: &Commit, head: &Head) -> Result<(), CommitFault> {
        match &self.before {
            Some(before) => commit.follows(before, self.store)?,
            None if commit.store() != self.store => {
                return Err(CommitFault::OtherStore { expected: self.store, found: commit.store() });
            }
            None => {}
        }
        if head.last.is_none_or(|last| commit.last() >= last) && commit.hash() != head.hash {
            return Err(CommitFault::NotTheHead { expected: head.hash, found: commit.hash() });
        }
        Ok(())
    }
}

/// What iterators and subscriptions need of a backend.
trait Source: Send + Sync {
    fn tail(&self) -> &tail::Tail;

    /// The commit that holds this sequence, which the head reaches.
    fn commit_at(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError>;
}

/// Reads a commit that the head reaches, the latest one from memory.
fn fetch(source: &dyn Source, sequence: Sequence) -> Result<Arc<Commit>, LogError> {
    if let Some(latest) = source.tail().latest_with(sequence)? {
        return Ok(latest);
    }
    source.commit_at(sequence)?.ok_or(LogError::Missing(sequence))
}

/// What an append at this head would meet, before anything is written; `None` when the commit may be written.
fn check_append(source: &dyn Source, store: StoreId, head: Head, commit: &Commit) -> Option<AppendOutcome> {
    if commit.store() != store {
        let why = format!("the commit belongs to store {}, this is store {store}", commit.store());
        return Some(AppendOutcome::Unavailable { why });
    }
    if commit.number() <= head.commit {
        let standing = head.reaches(commit.first()).then(|| fetch(source, commit.first()));
        return Some(match standing {
            Some(Ok(standing)) if standing.hash() == commit.hash() => AppendOutcome::Duplicate,
            // It may be this very commit that stands there.
            Some(Err(error)) => AppendOutcome::Unknown { why: error.to_string() },
            Some(Ok(_)) | None => AppendOutcome::Conflict { head },
        });
    }
    commit.follows(&head, store).is_err().then_some(AppendOutcome::Conflict { head })
}
