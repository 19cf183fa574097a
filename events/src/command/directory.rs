//! Importing into the directory: what a file lists, what is done with it, and how far that is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::DirectoryEntry;
use crate::state::{DirectoryState, Missing};
use crate::value::{EntryId, TelSysId};

/// Imports what a file lists, one portion after another: no commit takes all of a long file.
#[derive(Clone, Debug)]
pub struct ImportDirectory {
    /// What is done with it.
    pub mode: ImportMode,
    /// What the file lists.
    pub listing: Listing,
    /// Where the portion before ended; `None` for the first one, which checks everything.
    pub progress: Option<ImportProgress>,
}

/// What an import does with the entries that its file lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportMode {
    /// They are there afterwards, with these texts; nothing is removed.
    #[default]
    Merge,
    /// Likewise, and what else stands in the telephone systems that the file names is removed.
    Replace,
    /// They are removed, whatever their texts.
    Remove,
}

/// An entry, and where its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEntry {
    /// The entry.
    pub entry: DirectoryEntry,
    /// Its line or its number in the file, from 1.
    pub line: u64,
}

/// The entries of a file: parents before their children, none twice. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Listing(Arc<[(EntryId, ListedEntry)]>);

/// An entry that a file has twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The entry.
    pub id: EntryId,
    /// Where it stands first.
    pub first: u64,
    /// Where it stands again.
    pub again: u64,
}

/// An entry whose parent is neither in its file nor in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The entry.
    pub id: EntryId,
    /// Where its file has it.
    pub line: u64,
    /// What is missing above it.
    pub missing: Missing,
}

impl DirectoryEntry {
    /// What it is told by.
    #[must_use]
    pub fn id(&self) -> EntryId {
        match self {
            Self::TelSys { telsys, .. } => EntryId::TelSys(*telsys),
            Self::Partition { telsys, partition, .. } => EntryId::Partition(*telsys, *partition),
            Self::Device { telsys, partition, device, .. } => {
                EntryId::Device(*telsys, *partition, device.clone())
            }
        }
    }
}

impl Listing {
    /// Puts entries in order. Of those that are there twice the first stays, and all of them are told.
    #[must_use]
    pub fn sorted(entries: Vec<ListedEntry>) -> (Self, Vec<Twice>) {
        let mut entries: Vec<_> = entries.into_iter().map(|listed| (listed.entry.id(), listed)).collect();
        // Stable, so that of two the one that stands first in the file is the first here.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut twice = Vec::new();
        entries.dedup_by(|again, first| {
            let same = again.0 == first.0;
            if same {
                twice.push(Twice { id: first.0.clone(), first: first.1.line, again: again.1.line });
            }
            same
        });
        (Self(entries.into()), twice)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries from this one on, parents first.
    pub fn from(&self, at: usize) -> impl Iterator<Item = &(EntryId, ListedEntry)> {
        self.0.iter().skip(at)
    }

    /// Where an entry stands.
    #[must_use]
    pub fn position(&self, id: &EntryId) -> Option<usize> {
        self.0.binary_search_by(|(listed, _)| listed.cmp(id)).ok()
    }

    /// Whether an entry is named: by itself, or by one below it.
    #[must_use]
    pub fn names(&self, id: &EntryId) -> bool {
        let at = self.0.partition_point(|(listed, _)| listed < id);
        self.0.get(at).is_some_and(|(listed, _)| id.covers(listed))
    }

    /// The telephone systems that are named.
    #[must_use]
    pub fn telsys(&self) -> BTreeSet<TelSysId> {
        self.0.iter().map(|(id, _)| id.telsys()).collect()
    }

    /// The entries whose parent is neither here nor in the directory, by their place in the file.
    #[must_use]
    pub fn orphans<T: Clone>(&self, directory: &DirectoryState<T>) -> Vec<Orphan> {
        self.orphans_beside(|id| directory.contains(id))
    }

    /// The entries whose parent is neither here nor held elsewhere, by their place in the file.
    #[must_use]
    pub fn orphans_beside(&self, holds: impl Fn(&EntryId) -> bool) -> Vec<Orphan> {
        let orphan = |(id, listed): &(EntryId, ListedEntry)| {
            let missing = self.missing_above(id, 0, &holds)?;
            Some(Orphan { id: id.clone(), line: listed.line, missing })
        };
        let mut orphans: Vec<_> = self.0.iter().filter_map(orphan).collect();
        orphans.sort_by_key(|orphan| orphan.line);
        orphans
    }

    /// What is missing above an entry: among what is held in the directory, and here from a position on.
    pub(crate) fn missing_above(
        &self,
        id: &EntryId,
        from: usize,
        holds: impl Fn(&EntryId) -> bool,
    ) -> Option<Missing> {
        let parent = id.parent()?;
        // An entry that is there has its parents, since none is removed before its children.
        let listed = |id| self.position(id).is_some_and(|at| at >= from);
        if holds(id) || holds(&parent) || listed(&parent) {
            return None;
        }
        let telsys = EntryId::TelSys(id.telsys());
        Some(if parent == telsys || !(holds(&telsys) || listed(&telsys)) {
            Missing::TelSys
        } else {
            Missing::Partition
        })
    }
}

/// How far an import is: what its next portion starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// How many entries of the listing were compared with the directory.
    pub(crate) listed: usize,
    /// What is to be removed, children before their parents.
    pub(crate) removals: Arc<[EntryId]>,
    /// How many of those were.
    pub(crate) removed: usize,
    /// What was done.
    pub(crate) counts: ImportCounts,
}

impl ImportProgress {
    /// What was done so far.
    #[must_use]
    pub const fn counts(&self) -> &ImportCounts {
        &self.counts
    }
}

/// What an import did, kind by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Telephone systems.
    pub telsys: KindCounts,
    /// Partitions.
    pub partitions: KindCounts,
    /// Devices.
    pub devices: KindCounts,
    /// Entries of the file that made no difference.
    pub unchanged: u64,
}

/// What an import did with entries of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// How many entered the directory.
    pub added: u64,
    /// How many got other texts.
    pub changed: u64,
    /// How many left.
    pub removed: u64,
}

impl ImportCounts {
    /// The counts of the kind that an entry is of.
    pub(crate) const fn of(&mut self, id: &EntryId) -> &mut KindCounts {
        match id {
            EntryId::TelSys(_) => &mut self.telsys,
            EntryId::Partition(..) => &mut self.partitions,
            EntryId::Device(..) => &mut self.devices,
        }
    }

    /// How many events that makes.
    #[must_use]
    pub fn changes(&self) -> u64 {
        let Self { telsys, partitions, devices, unchanged: _ } = self;
        [telsys, partitions, devices].iter().map(|kind| kind.added + kind.changed + kind.removed).sum()
    }
}
