//! `Sequence`: the position of an event in the log.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

/// Position of an event in the log, from 1, without gaps. Zero cannot be expressed.
///
/// ```
/// use crmconf_events::Sequence;
/// assert_eq!(Sequence::FIRST.next().get(), 2);
/// assert!(Sequence::new(0).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(NonZeroU64);

impl Sequence {
    /// The first event of every log: `StoreCreated`.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The sequence with this number; `None` for 0.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number, never 0.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The position after this one. Saturates at `u64::MAX`, which no log reaches.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The position `count` after this one. Saturates at `u64::MAX`, which no log reaches.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The position right after `last`, where `None` is the empty log.
    #[must_use]
    pub const fn after(last: Option<Self>) -> Self {
        match last {
            Some(last) => last.next(),
            None => Self::FIRST,
        }
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
