//! `LocalLog`: the log of one machine, made durable by a journal of plain files and read from sled.
//!
//! An append is written to the journal and synced, then inserted into sled, then answered; never the other way
//! round. What sled knows was synced, so that sled ahead of the journal always means that the journal lost
//! something. Whatever sled loses is inserted again from the journal when the log is opened.

mod check;
mod dropping;
mod lock;
#[cfg(feature = "testkit")]
mod memory_store;
mod open;
mod report;
mod sled_store;
mod store;
mod verify;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

#[cfg(feature = "testkit")]
pub use memory_store::MemoryStore;
pub use open::LocalOptions;
pub use report::{OpenError, OpenReport, Progress, Repair, Step};
#[cfg(feature = "testkit")]
pub use verify::verify_on;
pub use verify::{SledReport, VerifyReport, verify, verify_sled};

use self::lock::DataLock;
use self::store::{ReadStore, StoreError};
use super::journal::{Failure, JournalWriter, SyncWatch};
use super::request::{RequestName, requests};
use super::tail::Tail;
use super::{AppendOutcome, Commits, EventLog, Health, LogError, Source, Subscription, Trail, check_append};
use crate::commit::{Commit, Head};
use crate::{AccountId, ChainHash, RequestKey, Sequence, StoreId};

/// The log of one machine. It has its data folder for itself, and gives it back when it is closed or dropped.
///
/// After a failed write or sync, and after sled refused a commit, it takes no more appends until it is opened
/// again; [`EventLog::health`] says why.
pub struct LocalLog {
    store: StoreId,
    shared: Arc<Shared>,
}

struct Shared {
    tail: Tail,
    /// Held through an append, so that they come one after another.
    writer: Mutex<Writer>,
    /// `None` once closed.
    reads: RwLock<Option<Box<dyn ReadStore>>>,
    trouble: Mutex<Option<Trouble>>,
    /// Keeps other processes out of the data folder. `None` once closed, and on a simulated disk.
    lock: Mutex<Option<DataLock>>,
}

struct Writer {
    journal: JournalWriter,
    /// The commit of which it is not known whether it is there.
    unknown: Option<ChainHash>,
}

/// Why nothing more is appended.
#[derive(Clone)]
struct Trouble {
    why: String,
    /// A durable commit that sled did not take, with which the log ends.
    not_in_sled: Option<Arc<Commit>>,
}

impl LocalLog {
    fn new(
        store: StoreId,
        head: Head,
        journal: JournalWriter,
        reads: Box<dyn ReadStore>,
        lock: Option<DataLock>,
    ) -> Self {
        journal.synced(head);
        let shared = Shared {
            tail: Tail::new(head),
            writer: Mutex::new(Writer { journal, unknown: None }),
            reads: RwLock::new(Some(reads)),
            trouble: Mutex::new(None),
            lock: Mutex::new(lock),
        };
        Self { store, shared: Arc::new(shared) }
    }

    /// Ends all reading and writing, records how far the log reaches, and gives the data folder back. Waits for an
    /// append that is under way. Dropping the log does the same.
    pub fn close(&self) {
        let mut writer = lock(&self.shared.writer);
        self.shared.tail.close();
        writer.journal.close();
        let reads = self.shared.reads.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(why)) = reads.as_deref().map(ReadStore::flush) {
            tracing::warn!(%why, "sled could not be flushed; the next start makes up for it");
        }
        drop(reads);
        drop(lock(&self.shared.lock).take());
    }

    /// Has the time that each sync of a commit takes told to `watch`, from the next one on.
    pub fn watch_syncs(&self, watch: SyncWatch) {
        lock(&self.shared.writer).journal.watch_syncs(watch);
    }

    /// Puts a commit into sled in the place of the one of its sequence, behind the log's back.
    ///
    /// # Errors
    /// When sled refuses.
    #[cfg(feature = "testkit")]
    pub fn forge(&self, commit: &Commit) -> Result<(), LogError> {
        self.shared.read(|reads| reads.insert(commit))
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.shared) as Arc<dyn Source>
    }
}

impl Drop for LocalLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// No code leaves what these locks guard half changed: a poisoned one is still sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn read<T>(&self, read: impl FnOnce(&dyn ReadStore) -> Result<T, StoreError>) -> Result<T, LogError> {
        let reads = self.reads.read().unwrap_or_else(PoisonError::into_inner);
        read(&**reads.as_ref().ok_or(LogError::Closed)?).map_err(|error| LogError::Backend(error.to_string()))
    }

    /// Writes, syncs, inserts, publishes.
    fn append(&self, writer: &mut Writer, commit: Commit) -> AppendOutcome {
        match writer.journal.append(commit.bytes()) {
            Ok(()) => {}
            Err(Failure::NotWritten(why)) => return AppendOutcome::Unavailable { why },
            Err(Failure::Unknown(why)) => {
                tracing::error!(why, "the log is read-only until it is opened again");
                writer.unknown = Some(commit.hash());
                *lock(&self.trouble) = Some(Trouble { why: why.clone(), not_in_sled: None });
                return AppendOutcome::Unknown { why };
            }
        }
        let commit = Arc::new(commit);
        if let Err(error) = self.read(|reads| reads.insert(&commit)) {
            let why = format!("sled did not take commit {}, which stands: {error}", commit.number());
            tracing::error!(why, "the log is read-only until it is opened again");
            *lock(&self.trouble) = Some(Trouble { why, not_in_sled: Some(Arc::clone(&commit)) });
        }
        writer.journal.synced(commit.head_after());
        self.tail.publish(commit);
        AppendOutcome::Appended
    }
}

impl Source for Shared {
    fn tail(&self) -> &Tail {
        &self.tail
    }

    fn commit_at(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError> {
        let Some(bytes) = self.read(|reads| reads.commit_at(sequence))? else { return Ok(None) };
        let commit = Commit::decode(bytes.into()).map_err(|fault| {
            let place = format!("sled's commit with the event of sequence {sequence}");
            LogError::Broken { place, fault }
        })?;
        Ok(commit.event(sequence).is_some().then(|| Arc::new(commit)))
    }
}

impl EventLog for LocalLog {
    fn store(&self) -> StoreId {
        self.store
    }

    fn head(&self) -> Head {
        self.shared.tail.head()
    }

    fn append(&self, commit: Commit) -> AppendOutcome {
        let mut writer = lock(&self.shared.writer);
        if let Some(outcome) = check_append(&*self.shared, self.store, self.head(), &commit) {
            return outcome;
        }
        if let Health::ReadOnly { why } = self.health() {
            return if writer.unknown == Some(commit.hash()) {
                AppendOutcome::Unknown { why }
            } else {
                AppendOutcome::Unavailable { why }
            };
        }
        self.shared.append(&mut writer, commit)
    }

    fn read(&self, from: Sequence) -> Commits {
        Commits::new(Trail::new(self.source(), self.store, from), self.head())
    }

    fn read_commit(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError> {
        if !self.head().reaches(sequence) {
            return Ok(None);
        }
        super::fetch(&*self.shared, sequence).map(Some)
    }

    fn subscribe(&self, from: Sequence) -> Subscription {
        Subscription::new(Trail::new(self.source(), self.store, from))
    }

    fn find_request(&self, account: &AccountId, key: &RequestKey) -> Result<Option<Sequence>, LogError> {
        let name = RequestName::of(account, key);
        let last = lock(&self.shared.trouble).clone().and_then(|trouble| trouble.not_in_sled);
        let in_last = last.and_then(|last| requests(&last).filter(|(other, _)| *other == name).last());
        if let Some((_, sequence)) = in_last {
            return Ok(Some(sequence));
        }
        let found = self.shared.read(|reads| reads.request(&name))?;
        Ok(found.filter(|&sequence| self.head().reaches(sequence)))
    }

    fn health(&self) -> Health {
        if self.shared.tail.is_closed() {
            return Health::ReadOnly { why: "the log was closed".to_owned() };
        }
        match &*lock(&self.shared.trouble) {
            Some(Trouble { why, .. }) => Health::ReadOnly { why: why.clone() },
            None => Health::Writable,
        }
    }

    fn make_room(&self) -> Result<(), String> {
        let mut writer = lock(&self.shared.writer);
        match self.health() {
            Health::ReadOnly { why } => Err(why),
            Health::Writable => writer.journal.make_room(),
        }
    }
}
