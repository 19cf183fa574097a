//! What checks of many entries find: the first few of it, and how much it is in all.

use crate::value::{ConfigurationId, EntryId};

/// What was found, once or more often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The first of it, [`Found::TOLD_MAX`] at most.
    pub first: Vec<T>,
    /// How much it is in all.
    pub total: usize,
}

impl<T> Found<T> {
    /// How much of it is kept.
    pub const TOLD_MAX: usize = 20;

    /// What was found, in order; `None` when it is nothing.
    #[must_use]
    pub fn of(all: Vec<T>) -> Option<Self> {
        let (total, mut first) = (all.len(), all);
        first.truncate(Self::TOLD_MAX);
        (total > 0).then_some(Self { first, total })
    }

    /// One thing.
    #[must_use]
    pub fn one(found: T) -> Self {
        Self { first: vec![found], total: 1 }
    }

    /// How much of it is not kept.
    #[must_use]
    pub fn more(&self) -> usize {
        self.total.saturating_sub(self.first.len())
    }
}

/// An entry of the directory that cannot be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// The entry.
    pub id: EntryId,
    /// What uses it.
    pub by: Use,
}

/// What uses an entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// A configuration at it or below it.
    Configuration(ConfigurationId),
    /// An entry below it, which is to stay.
    Entry(EntryId),
}
