//! `Commits`: what the writer tells of each commit that stands.

use std::time::Duration;

use crmconf_events::commit::Commit;
use metrics::{Counter, Gauge, Histogram};

use super::registry::{Registry, Value};
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
    keys_due: Gauge,
    keys_lacking: Gauge,
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
            keys_due: registry.gauge(&KEYS_STANDING, &[Value::Word("due")]),
            keys_lacking: registry.gauge(&KEYS_STANDING, &[Value::Word("lacking")]),
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

    /// So many data keys were destroyed. Of those that the log has given up so many stand still, and so many are in buckets
    /// that the vault lacks.
    pub fn destroyed(&self, keys: usize, due: usize, lacking: usize) {
        self.keys_destroyed.increment(keys as u64);
        self.keys_due.set(due as f64);
        self.keys_lacking.set(lacking as f64);
    }
}
