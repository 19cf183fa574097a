//! What a power cut can leave: each unsynced sector, length and name old or new, independently.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::state::{Entry, Inode, Names, State, apply, put_sector};
use super::{SimDisk, Snapshot};

/// A disk as a power cut could have left it, and which of the possible outcomes this is.
pub struct CrashState {
    /// The disk, with nothing unsynced left.
    pub disk: SimDisk,
    /// Which outcome, for messages.
    pub outcome: Outcome,
}

/// Which of the outcomes of a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All outcomes were few enough to be gone through; this is the one of that number.
    Numbered(u64),
    /// Nothing unsynced reached the medium.
    AllLost,
    /// Everything did.
    AllKept,
    /// Each was drawn by this seed.
    Seeded(u64),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(number) => write!(f, "outcome {number}"),
            Self::AllLost => f.write_str("all unsynced lost"),
            Self::AllKept => f.write_str("all unsynced kept"),
            Self::Seeded(seed) => write!(f, "outcome of seed {seed}"),
        }
    }
}

impl Snapshot {
    /// The states that a power cut now could leave. All of them when there are at most `subsets`; else all lost,
    /// all kept, and `subsets` drawn by seeds counted from `seed`.
    pub fn crash_states(&self, subsets: u64, seed: u64) -> impl Iterator<Item = CrashState> + '_ {
        let all = self.outcomes().filter(|&all| all <= subsets);
        let outcomes: Vec<Outcome> = match all {
            Some(all) => (0..all).map(Outcome::Numbered).collect(),
            None => {
                let drawn = (0..subsets).map(|i| Outcome::Seeded(seed.wrapping_add(i)));
                [Outcome::AllLost, Outcome::AllKept].into_iter().chain(drawn).collect()
            }
        };
        outcomes.into_iter().map(|outcome| CrashState { disk: self.crash(outcome), outcome })
    }

    /// The state that this outcome of a power cut leaves.
    #[must_use]
    pub fn crash(&self, outcome: Outcome) -> SimDisk {
        let mut chooser = Chooser::new(outcome);
        let state = &self.0;
        let mut names = state.durable_names.clone();
        for change in &state.unsynced_names {
            if chooser.choose(2) == 1 {
                apply(&mut names, &change.set);
            }
        }
        drop_lost(&mut names);
        let named = state.reachable();
        let inodes: Vec<_> = (0..)
            .zip(&state.inodes)
            .map(|(number, inode)| {
                if named.contains_key(&number) {
                    crash_inode(inode, &mut chooser)
                } else {
                    // No name leads to it, but its bytes stay on the medium.
                    Arc::clone(inode)
                }
            })
            .collect();
        let crashed = State {
            inodes,
            names: names.clone(),
            durable_names: names,
            unsynced_names: Vec::new(),
            faults: Vec::new(),
            full: false,
        };
        SimDisk::with(crashed)
    }

    /// How many outcomes there are; `None` when a `u64` cannot count them.
    fn outcomes(&self) -> Option<u64> {
        let names = self.0.unsynced_names.iter().map(|_| 2);
        let named = self.0.reachable();
        let inodes = (0..).zip(&self.0.inodes).filter(|(number, _)| named.contains_key(number));
        let sectors = inodes.flat_map(|(_, inode)| {
            let versions = inode.unsynced.values().map(|unsynced| unsynced.versions.len() as u64 + 1);
            versions.chain([1 + u64::from(inode.now.len() != inode.durable.len())])
        });
        names.chain(sectors).try_fold(1, u64::checked_mul)
    }
}

impl State {
    /// The files that have a name now, on the medium, or in between.
    fn reachable(&self) -> BTreeMap<usize, ()> {
        let changed = self.unsynced_names.iter().flat_map(|change| &change.set);
        let changed = changed.filter_map(|(_, entry): &(PathBuf, _)| *entry);
        let named = self.names.values().chain(self.durable_names.values()).copied();
        let inode = |entry| match entry {
            Entry::File(inode) => Some((inode, ())),
            Entry::Folder => None,
        };
        named.chain(changed).filter_map(inode).collect()
    }
}

/// A folder whose name did not reach the medium is gone with all in it.
fn drop_lost(names: &mut Names) {
    // Those above come first.
    for path in names.keys().cloned().collect::<Vec<_>>() {
        let above = path.parent().filter(|above| above.parent().is_some());
        if above.is_some_and(|above| !names.contains_key(above)) {
            names.remove(&path);
        }
    }
}

fn crash_inode(inode: &Arc<Inode>, chooser: &mut Chooser) -> Arc<Inode> {
    if inode.unsynced.is_empty() && inode.now.len() == inode.durable.len() {
        return Arc::clone(inode);
    }
    let mut bytes = inode.durable.clone();
    let lengths_differ = inode.now.len() != inode.durable.len();
    if lengths_differ && chooser.choose(2) == 1 {
        bytes.resize(inode.now.len(), 0);
    }
    for (&sector, unsynced) in &inode.unsynced {
        let choice = chooser.choose(unsynced.versions.len() as u64 + 1);
        let version =
            choice.checked_sub(1).and_then(|version| unsynced.versions.get(usize::try_from(version).ok()?));
        if let Some(content) = version {
            put_sector(&mut bytes, sector, content);
        }
    }
    Arc::new(Inode { now: bytes.clone(), durable: bytes, ..Inode::default() })
}

/// Decides, one thing after another, what of it reached the medium.
struct Chooser {
    outcome: Outcome,
    state: u64,
}

impl Chooser {
    fn new(outcome: Outcome) -> Self {
        let state = match outcome {
            Outcome::Numbered(number) | Outcome::Seeded(number) => number,
            Outcome::AllLost | Outcome::AllKept => 0,
        };
        Self { outcome, state }
    }

    /// One of `options`, where 0 is the old content and the last the newest.
    fn choose(&mut self, options: u64) -> u64 {
        match self.outcome {
            Outcome::AllLost => 0,
            Outcome::AllKept => options - 1,
            Outcome::Numbered(_) => {
                let choice = self.state % options;
                self.state /= options;
                choice
            }
            Outcome::Seeded(_) => self.random() % options,
        }
    }

    /// SplitMix64 (Steele, Lea and Flood 2014): the same draws in every run.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
