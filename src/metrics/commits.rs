//! `Commits`: what the writer tells of each commit that stands.

use std::time::Duration;

use crmconf_events::commit::Commit;
use metrics::{Counter, Gauge, Histogram};

use super::registry::Registry;
use super::table::{APPEND, BYTES, CLOCK_LIFTED, COMMITS, EVENTS, KEYS_DESTROYED, KEYS_STANDING};

/// The metrics of commits. Clones count together.
#[derive(Clone, Debug)]
pub struct Commits {
    count: Counter,
    events: Histogram,
    bytes: Histogram,
    append: Histogram,
    clock_lifted: Counter,
    keys_destroyed: Counter,
    keys_standing: Gauge,
}

impl Commits {
    /// Counts nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::of(&Registry::OFF)
    }

    pub(super) fn of(registry: &Registry) -> Self {
        Self {
            count: registry.counter(&COMMITS, &[]),
            events: registry.histogram(&EVENTS, &[]),
            bytes: registry.histogram(&BYTES, &[]),
            append: registry.histogram(&APPEND, &[]),
            clock_lifted: registry.counter(&CLOCK_LIFTED, &[]),
            keys_destroyed: registry.counter(&KEYS_DESTROYED, &[]),
            keys_standing: registry.gauge(&KEYS_STANDING, &[]),
        }
    }

    /// A commit stands. Appending it took so long; its time may have been lifted far above the clock's.
    pub fn appended(&self, commit: &Commit, took: Duration, clock_lifted: bool) {
        self.count.increment(1);
        self.events.record(commit.events().len() as f64);
        self.bytes.record(commit.bytes().len() as f64);
        self.append.record(took.as_secs_f64());
        if clock_lifted {
            self.clock_lifted.increment(1);
        }
    }

    /// So many data keys were destroyed, and so many stand still that the log has given up.
    pub fn destroyed(&self, keys: usize, standing: usize) {
        self.keys_destroyed.increment(keys as u64);
        self.keys_standing.set(standing as f64);
    }
}
