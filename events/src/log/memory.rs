//! `MemoryLog`: a log that lives as long as the process, for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::request::{RequestName, requests};
use super::tail::Tail;
use super::{AppendOutcome, Commits, EventLog, Health, LogError, Source, Subscription, Trail, check_append};
use crate::commit::{Commit, Head};
use crate::{AccountId, RequestKey, Sequence, StoreId};

/// A log in memory. Clones share it. It keeps the whole contract but durability.
#[derive(Clone)]
pub struct MemoryLog {
    store: StoreId,
    shared: Arc<Shared>,
}

struct Shared {
    tail: Tail,
    /// Held through an append, so that they come one after another.
    appending: Mutex<()>,
    stored: Mutex<Stored>,
}

#[derive(Default)]
struct Stored {
    commits: Vec<Arc<Commit>>,
    requests: HashMap<RequestName, Sequence>,
}

impl MemoryLog {
    /// An empty log of that store.
    #[must_use]
    pub fn new(store: StoreId) -> Self {
        let tail = Tail::new(Head::empty(store));
        Self {
            store,
            shared: Arc::new(Shared { tail, appending: Mutex::default(), stored: Mutex::default() }),
        }
    }

    /// Puts a commit in the place of the one of its sequence, behind the log's back.
    #[cfg(feature = "testkit")]
    pub fn forge(&self, commit: Commit) {
        let mut stored = self.shared.lock();
        if let Some(standing) = stored.commits.iter_mut().find(|standing| standing.first() == commit.first())
        {
            *standing = Arc::new(commit);
        }
        self.shared.tail.forget_latest();
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.shared) as Arc<dyn Source>
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn insert(&mut self, commit: Arc<Commit>) {
        self.requests.extend(requests(&commit));
        self.commits.push(commit);
    }

    fn commit_at(&self, sequence: Sequence) -> Option<&Arc<Commit>> {
        let behind = self.commits.partition_point(|commit| commit.first() <= sequence);
        self.commits.get(behind.checked_sub(1)?).filter(|commit| sequence <= commit.last())
    }
}

impl Source for Shared {
    fn tail(&self) -> &Tail {
        &self.tail
    }

    fn commit_at(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError> {
        Ok(self.lock().commit_at(sequence).cloned())
    }
}

impl EventLog for MemoryLog {
    fn store(&self) -> StoreId {
        self.store
    }

    fn head(&self) -> Head {
        self.shared.tail.head()
    }

    fn append(&self, commit: Commit) -> AppendOutcome {
        let _appending = self.shared.appending.lock().unwrap_or_else(PoisonError::into_inner);
        let head = self.head();
        if let Some(outcome) = check_append(&*self.shared, self.store, head, &commit) {
            return outcome;
        }
        let commit = Arc::new(commit);
        self.shared.lock().insert(Arc::clone(&commit));
        self.shared.tail.publish(commit);
        AppendOutcome::Appended
    }

    fn read(&self, from: Sequence) -> Commits {
        Commits::new(Trail::new(self.source(), self.store, from), self.head())
    }

    fn read_commit(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError> {
        if !self.head().reaches(sequence) {
            return Ok(None);
        }
        self.shared.commit_at(sequence)
    }

    fn subscribe(&self, from: Sequence) -> Subscription {
        Subscription::new(Trail::new(self.source(), self.store, from))
    }

    fn find_request(&self, account: &AccountId, key: &RequestKey) -> Result<Option<Sequence>, LogError> {
        let found = self.shared.lock().requests.get(&RequestName::of(account, key)).copied();
        Ok(found.filter(|&sequence| self.head().reaches(sequence)))
    }

    fn health(&self) -> Health {
        Health::Writable
    }
}
