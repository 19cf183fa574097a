//! A read store in memory, for tests in which a simulated disk loses power: it can be lost, cut back, or fail.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::{ReadStore, ReadStoreSource, StoreError};
use crate::commit::Commit;
use crate::log::request::{RequestName, requests};
use crate::{AccountId, RequestKey, Sequence};

/// A read store in memory. Clones share it, so that it outlives the log that was opened with it.
#[derive(Clone, Default)]
pub struct MemoryStore {
    held: Arc<Mutex<Held>>,
    observer: Option<Arc<Observer>>,
}

type Observer = dyn Fn(MemoryStore) + Send + Sync;

#[derive(Clone, Debug, Default)]
struct Held {
    commits: BTreeMap<Sequence, Commit>,
    requests: BTreeMap<RequestName, Sequence>,
    failing: bool,
    /// The commit with this first sequence is read with a bit altered.
    spoilt: Option<Sequence>,
    /// How many more openings and insertions the operating system lets pass before it refuses.
    refusing: Option<usize>,
}

impl MemoryStore {
    /// A store of its own with the same content.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { held: Arc::new(Mutex::new(self.lock().clone())), observer: None }
    }

    /// This store, with an observer that gets its content, detached, after each commit that is inserted and after it
    /// was set aside.
    #[must_use]
    pub fn observed(&self, observer: impl Fn(Self) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self.clone() }
    }

    /// A store of its own that lacks the last `count` commits of this one.
    #[must_use]
    pub fn behind(&self, count: usize) -> Self {
        let behind = Self::default();
        let held = self.lock();
        let kept = held.commits.len().saturating_sub(count);
        for commit in held.commits.values().take(kept) {
            behind.lock().insert(commit);
        }
        drop(held);
        behind
    }

    /// Removes one commit, as sled could lose one; `false` when it is not there.
    pub fn lose(&self, first: Sequence) -> bool {
        self.lock().commits.remove(&first).is_some()
    }

    /// Removes a request, as sled could lose one; `false` when it is not there.
    pub fn lose_request(&self, account: &AccountId, key: &RequestKey) -> bool {
        self.lock().requests.remove(&RequestName::of(account, key)).is_some()
    }

    /// Puts a commit in that no log appended.
    pub fn forge(&self, commit: &Commit) {
        self.lock().insert(commit);
    }

    /// Alters a bit in the events of a commit.
    pub fn spoil(&self, first: Sequence) {
        self.lock().spoilt = Some(first);
    }

    /// Makes insertions fail, or work again.
    pub fn set_failing(&self, failing: bool) {
        self.lock().failing = failing;
    }

    /// Makes the operating system refuse, as on a full disk, to open the store and to insert into it, after it let so
    /// many of those pass; `None` makes room again.
    pub fn set_refusing(&self, passed: Option<usize>) {
        self.lock().refusing = passed;
    }

    fn changed(&self) {
        if let Some(observer) = &self.observer {
            observer(self.detached());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn insert(&mut self, commit: &Commit) {
        self.requests.extend(requests(commit));
        self.commits.insert(commit.first(), commit.clone());
    }

    fn bytes(&self, commit: &Commit) -> Vec<u8> {
        let mut bytes = commit.bytes().to_vec();
        if self.spoilt == Some(commit.first()) {
            bytes.last_mut().into_iter().for_each(|byte| *byte ^= 1);
        }
        bytes
    }

    fn refuse(&mut self) -> io::Result<()> {
        match &mut self.refusing {
            Some(0) => Err(io::ErrorKind::StorageFull.into()),
            Some(passed) => {
                *passed -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl ReadStore for MemoryStore {
    fn insert(&self, commit: &Commit) -> Result<(), StoreError> {
        let mut held = self.lock();
        if held.failing {
            return Err(StoreError::Damaged("simulated failure".to_owned()));
        }
        held.refuse()?;
        held.insert(commit);
        drop(held);
        self.changed();
        Ok(())
    }

    fn commit_at(&self, sequence: Sequence) -> Result<Option<Vec<u8>>, StoreError> {
        let held = self.lock();
        let found = held.commits.range(..=sequence).next_back();
        Ok(found.map(|(_, commit)| held.bytes(commit)))
    }

    fn commit_from(&self, sequence: Sequence) -> Result<Option<(Sequence, Vec<u8>)>, StoreError> {
        let held = self.lock();
        let found = held.commits.range(sequence..).next();
        Ok(found.map(|(&first, commit)| (first, held.bytes(commit))))
    }

    fn request(&self, name: &RequestName) -> Result<Option<Sequence>, StoreError> {
        Ok(self.lock().requests.get(name).copied())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl ReadStoreSource for MemoryStore {
    fn exists(&self) -> bool {
        !self.lock().commits.is_empty()
    }

    fn open(&self) -> Result<Box<dyn ReadStore>, StoreError> {
        self.lock().refuse()?;
        Ok(Box::new(self.clone()))
    }

    fn set_aside(&self) -> io::Result<Option<String>> {
        let mut held = self.lock();
        *held = Held { refusing: held.refusing, ..Held::default() };
        drop(held);
        self.changed();
        Ok(Some("nowhere".to_owned()))
    }
}
