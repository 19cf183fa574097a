//! `Timestamp`: when a commit was made.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z, as the commit header stores them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time at `micros` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds after the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time of a commit made at `clock` whose predecessor was made at `self`: later than the predecessor
    /// by at least one microsecond, whatever the clock says.
    #[must_use]
    pub fn advance_to(self, clock: Self) -> Self {
        clock.max(Self(self.0.saturating_add(1)))
    }
}
