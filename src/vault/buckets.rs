//! Buckets: which data keys there are, which of them is given out next, and how they are destroyed.
//!
//! Bucket `n` is a [`Tree`] that covers the key ids from `n · 65,536`. Readers take the trees without waiting for
//! anybody; whoever changes one holds [`Buckets::writing`], and shows it to readers once it is durable.

mod copies;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use crmconf_events::KeyId;
use zeroize::Zeroizing;

pub(super) use copies::{Copies, bucket_of};

use super::data_keys::{DataKeyError, KeyStanding};
use super::error::VaultError;
use super::sealed::Resealed;
use super::store::Vault;
use super::tree::{DataKey, LEAVES, Tree};

/// From this id of a bucket on the next one is kept ready, so that a daily copy of the vault has it before its first id
/// is given out.
const AHEAD_FROM: u16 = (LEAVES / 4 * 3) as u16;
/// After a bucket could not be made ahead of its time, that is tried again every so many ids.
const AHEAD_AGAIN_EVERY: u16 = 256;

/// The trees of a vault.
#[derive(Default)]
pub(super) struct Buckets {
    /// What readers derive from. Every tree in it is durable in both copies.
    served: ArcSwap<BTreeMap<u64, Arc<Tree>>>,
    writing: Mutex<Writing>,
}

/// What whoever changes buckets must know.
#[derive(Default)]
struct Writing {
    /// The most punctured tree that may stand on the disk. Ahead of what is served after an error: what is written next
    /// begins here, so that no half-done destruction is undone.
    written: BTreeMap<u64, Arc<Tree>>,
    /// Buckets neither copy of which opens, or whose copies contradict each other, and why. Their files stay, so that
    /// somebody can look into it.
    damaged: BTreeMap<u64, VaultError>,
    /// The bucket that could not be made ahead of its time.
    ahead_failed: Option<u64>,
}

/// What [`Vault::destroy`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destroyed {
    /// How many keys are destroyed now that were whole before.
    pub keys: usize,
    /// Keys in buckets that are missing or damaged, which may come back with a backup: nothing was done about them.
    pub missing: BTreeSet<KeyId>,
}

/// A bucket out of which ids were given, or that was passed over since it was damaged, and that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingBucket {
    /// Its number.
    pub bucket: u64,
    /// The first id in it.
    pub first: KeyId,
    /// The last id in it.
    pub last: KeyId,
    /// What became of its files.
    pub why: String,
    /// Whether a file of it stands, which does not open or contradicts the other.
    pub damaged: bool,
}

impl Buckets {
    /// Reads the buckets of a vault, and mends what an interrupted change or a damaged copy left.
    pub(super) fn read(copies: &Copies<'_>) -> Result<Self, VaultError> {
        let copies::Found { trees, damaged } = copies.read_all()?;
        let served = ArcSwap::from_pointee(trees.clone());
        Ok(Self { served, writing: Mutex::new(Writing { written: trees, damaged, ahead_failed: None }) })
    }

    fn tree(&self, bucket: u64) -> Option<Arc<Tree>> {
        self.served.load().get(&bucket).cloned()
    }

    fn serve(&self, bucket: u64, tree: Arc<Tree>) {
        let mut served = BTreeMap::clone(&self.served.load());
        served.insert(bucket, tree);
        self.served.store(Arc::new(served));
    }

    /// Who changes buckets. A thread that panicked while it held this left at worst a tree that is not served yet.
    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a bucket whose files are neither there nor damaged, durably.
    fn make(&self, writing: &mut Writing, copies: &Copies<'_>, bucket: u64) -> Result<(), VaultError> {
        // A tree that was drawn already may stand in one copy: another root beside it would be a contradiction.
        let tree = match writing.written.get(&bucket) {
            Some(tree) => Arc::clone(tree),
            None => {
                let mut root = Zeroizing::new([0; 32]);
                getrandom::fill(root.as_mut_slice())?;
                let tree = Arc::new(Tree::whole_from(root));
                writing.written.insert(bucket, Arc::clone(&tree));
                tree
            }
        };
        copies.write(bucket, &tree)?;
        self.serve(bucket, tree);
        Ok(())
    }
}

impl Vault {
    /// The id to give out next: not below `next`, which is the first that the log has not given out, and in a bucket that
    /// is there. The first bucket, and the following one once three quarters of the present are used, are made durable
    /// before. Reads no file and waits for nobody unless a bucket is to be made.
    ///
    /// # Errors
    /// When the bucket could not be made: then the id must not be given out.
    pub fn key_to_give(&self, next: KeyId) -> Result<KeyId, VaultError> {
        let (bucket, leaf) = place(next);
        let served = self.buckets.served.load();
        let ready = leaf < AHEAD_FROM || served.contains_key(&bucket.saturating_add(1));
        if served.contains_key(&bucket) && ready { Ok(next) } else { self.make_ready(next) }
    }

    fn make_ready(&self, next: KeyId) -> Result<KeyId, VaultError> {
        let mut writing = self.buckets.writing();
        let mut bucket = place(next).0;
        while self.buckets.tree(bucket).is_none() {
            // What was given out of it is lost with it, and must not become another key under the same id.
            if first_of(bucket) < next || writing.damaged.contains_key(&bucket) {
                bucket = bucket.saturating_add(1);
            } else {
                self.buckets.make(&mut writing, &self.copies(), bucket)?;
            }
        }
        let give = next.max(first_of(bucket));
        self.make_ahead(&mut writing, bucket, place(give).1);
        Ok(give)
    }

    /// Makes the bucket after this one when it is time. Failing to is no error yet.
    fn make_ahead(&self, writing: &mut Writing, bucket: u64, leaf: u16) {
        let mut ahead = bucket.saturating_add(1);
        while writing.damaged.contains_key(&ahead) {
            ahead = ahead.saturating_add(1);
        }
        let due = leaf >= AHEAD_FROM && self.buckets.tree(ahead).is_none();
        let again = writing.ahead_failed != Some(ahead) || leaf.is_multiple_of(AHEAD_AGAIN_EVERY);
        if !due || !again {
            return;
        }
        writing.ahead_failed = None;
        if let Err(why) = self.buckets.make(writing, &self.copies(), ahead) {
            tracing::warn!(bucket = ahead, %why, "the next bucket of data keys could not be made yet");
            writing.ahead_failed = Some(ahead);
        }
    }

    /// Writes this copy of a bucket anew from the tree in memory, unless the current master key sealed it: a copy that can no
    /// longer be read is mended so. `None` when it is no copy of a bucket that is there.
    pub(super) fn rewrite_copy(&self, path: &Path) -> Result<Option<Resealed>, VaultError> {
        let bucket = path.file_name().and_then(OsStr::to_str).and_then(bucket_of);
        // Held until it is written, or a destruction in between would be undone.
        let writing = self.buckets.writing();
        let Some(tree) = bucket.and_then(|bucket| writing.written.get(&bucket)) else { return Ok(None) };
        if self.files.is_current(path) {
            return Ok(Some(Resealed::Unchanged));
        }
        self.copies().write_copy(path, tree)?;
        Ok(Some(Resealed::Rewritten))
    }

    /// How a key stands.
    #[must_use]
    pub fn standing(&self, key: KeyId) -> KeyStanding {
        let (bucket, leaf) = place(key);
        match self.buckets.served.load().get(&bucket) {
            None => KeyStanding::Missing,
            Some(tree) if tree.is_whole(leaf) => KeyStanding::Whole,
            Some(_) => KeyStanding::Destroyed,
        }
    }

    /// Destroys data keys, durably: when this returns, nothing in the vault's files derives them. Those in one bucket are
    /// one replacement of each of its copies. Keys that were destroyed before change nothing.
    ///
    /// # Errors
    /// When the file system refuses for one of the buckets; the others are done all the same. Then it is to be done again.
    pub fn destroy(&self, keys: &BTreeSet<KeyId>) -> Result<Destroyed, VaultError> {
        let mut due: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
        for (bucket, leaf) in keys.iter().copied().map(place) {
            due.entry(bucket).or_default().push(leaf);
        }
        let mut done = Destroyed::default();
        let mut failed = Ok(());
        let mut writing = self.buckets.writing();
        for (bucket, leaves) in due {
            match self.destroy_in(&mut writing, bucket, &leaves) {
                Ok(Some(count)) => done.keys = done.keys.saturating_add(count),
                Ok(None) => done.missing.extend(leaves.into_iter().map(|leaf| key_id(bucket, leaf))),
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        failed.map(|()| done)
    }

    /// How many of these are destroyed now; `None` when their bucket is not there.
    fn destroy_in(
        &self,
        writing: &mut Writing,
        bucket: u64,
        leaves: &[u16],
    ) -> Result<Option<usize>, VaultError> {
        let Some(served) = self.buckets.tree(bucket) else { return Ok(None) };
        let written = writing.written.get(&bucket).unwrap_or(&served);
        let tree = Arc::new(written.punctured(leaves));
        let count = served.whole().saturating_sub(tree.whole());
        if count > 0 {
            writing.written.insert(bucket, Arc::clone(&tree));
            self.copies().write(bucket, &tree)?;
            self.buckets.serve(bucket, tree);
        }
        Ok(usize::try_from(count).ok())
    }

    /// The buckets with ids below `next` that are missing or damaged. Ids were given out of them, unless they were damaged
    /// before the first one was, and passed over: that cannot be told from here. Their ids cannot be used until the files
    /// are put back and the vault is opened again.
    #[must_use]
    pub fn missing_buckets(&self, next: KeyId) -> Vec<MissingBucket> {
        let (served, writing) = (self.buckets.served.load(), self.buckets.writing());
        let given = (0..).take_while(|bucket| first_of(*bucket) < next);
        let missing = given.filter(|bucket| !served.contains_key(bucket)).map(|bucket| {
            let damage = writing.damaged.get(&bucket);
            let why = damage.map_or_else(|| "its files are gone".into(), ToString::to_string);
            let (first, last) = (first_of(bucket), key_id(bucket, u16::MAX));
            MissingBucket { bucket, first, last, why, damaged: damage.is_some() }
        });
        missing.collect()
    }

    /// Derives a data key.
    pub(super) fn data_key(&self, key: KeyId) -> Result<DataKey, DataKeyError> {
        let (bucket, leaf) = place(key);
        let served = self.buckets.served.load();
        let tree = served.get(&bucket).ok_or(DataKeyError::Unavailable { bucket })?;
        tree.derive(leaf).ok_or(DataKeyError::Destroyed)
    }
}

/// In which bucket a key is, and which leaf of it.
fn place(key: KeyId) -> (u64, u16) {
    let [upper @ .., high, low] = key.0.to_be_bytes();
    let bucket = upper.iter().fold(0_u64, |bucket, byte| (bucket << 8) | u64::from(*byte));
    (bucket, u16::from_be_bytes([high, low]))
}

fn key_id(bucket: u64, leaf: u16) -> KeyId {
    KeyId((bucket << 16) | u64::from(leaf))
}

/// The first id that can be given out of a bucket: 0 is none.
fn first_of(bucket: u64) -> KeyId {
    key_id(bucket, 0).max(KeyId::FIRST)
}

#[cfg(test)]
mod tests;

/// What tests compare with what is left on a disk.
#[cfg(test)]
impl Vault {
    /// The leaf of a key that is whole, the seeds above it from the uppermost that is kept, and the key itself.
    pub(super) fn secrets_of(&self, key: KeyId) -> (u16, Vec<Vec<u8>>) {
        let (bucket, leaf) = place(key);
        let tree = self.buckets.tree(bucket).unwrap();
        let mut secrets = tree.seeds_above(leaf);
        secrets.push(tree.derive(leaf).unwrap().as_bytes().to_vec());
        (leaf, secrets)
    }
}
