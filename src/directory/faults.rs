//! What is wrong with a file of entries: the first faults with their places, and how many there are in all.

use std::fmt;

use crmconf_events::command::Orphan;
use crmconf_events::decide::Found;

use super::{Format, missing_above};

/// A fault and its place. Of values it quotes ids at most, and only those that are ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line or the number of the entry, from 1.
    pub place: u64,
    /// What is wrong there.
    pub what: String,
}

/// The faults of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    format: Format,
    kept: Vec<Fault>,
    total: usize,
}

impl Faults {
    /// How many faults are kept; the others are counted.
    pub const KEPT_MAX: usize = 100;
    /// How many faults an error's text tells.
    pub const TOLD_MAX: usize = Found::<Orphan>::TOLD_MAX;

    pub(super) const fn new(format: Format) -> Self {
        Self { format, kept: Vec::new(), total: 0 }
    }

    pub(super) fn add(&mut self, place: u64, what: impl Into<String>) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < Self::KEPT_MAX {
            let at = self.kept.partition_point(|kept| kept.place <= place);
            self.kept.insert(at, Fault { place, what: what.into() });
        }
    }

    /// The entries without parents of a file that has no other faults.
    #[must_use]
    pub fn of_orphans(format: Format, orphans: &[Orphan]) -> Self {
        let mut faults = Self::new(format);
        faults.add_orphans(orphans);
        faults
    }

    pub(super) fn add_orphans(&mut self, orphans: &[Orphan]) {
        for orphan in orphans {
            self.add(orphan.line, missing_above(orphan.missing));
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Those that were kept, by their places.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.kept.iter()
    }

    /// Each on a line of its own: for a person at a terminal.
    #[must_use]
    pub fn lines(&self) -> String {
        self.told(self.kept.len(), "\n")
    }

    fn told(&self, count: usize, between: &str) -> String {
        let place = self.format.place();
        let told = |fault: &Fault| format!("{place} {}: {}", fault.place, fault.what);
        let mut told: Vec<_> = self.kept.iter().take(count).map(told).collect();
        let more = self.total.saturating_sub(told.len());
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told.join(between)
    }
}

/// `line 3: …; line 4: …; and 7 more`.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Self::TOLD_MAX, "; "))
    }
}
