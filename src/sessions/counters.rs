//! `Counters`: how often something happened within a window, for a limited number of keys.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Counts per key. A key's window begins with its first event; when it is over, the key counts from zero again.
/// When there are too many keys, the one least recently counted gives way.
#[derive(Debug)]
pub(super) struct Counters<K> {
    window: Duration,
    keys_max: usize,
    counts: HashMap<K, Count>,
    by_use: BTreeMap<u64, K>,
    last_tick: u64,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    number: u32,
    began: Instant,
    tick: u64,
}

impl<K: Copy + Eq + Hash> Counters<K> {
    pub(super) fn new(window: Duration, keys_max: usize) -> Self {
        Self { window, keys_max, counts: HashMap::new(), by_use: BTreeMap::new(), last_tick: 0 }
    }

    /// How often the key was counted in its present window.
    pub(super) fn get(&self, key: K, now: Instant) -> u32 {
        self.current(key, now).map_or(0, |count| count.number)
    }

    /// Counts the key once.
    pub(super) fn add(&mut self, key: K, now: Instant) {
        let current = self.current(key, now);
        if let Some(former) = self.counts.get(&key) {
            self.by_use.remove(&former.tick);
        } else if self.counts.len() >= self.keys_max
            && let Some((_, least_recent)) = self.by_use.pop_first()
        {
            self.counts.remove(&least_recent);
        }
        self.last_tick = self.last_tick.saturating_add(1);
        let (number, began) = current.map_or((1, now), |count| (count.number.saturating_add(1), count.began));
        self.counts.insert(key, Count { number, began, tick: self.last_tick });
        self.by_use.insert(self.last_tick, key);
    }

    /// Takes one count of the key back, if it is still in the window in which it was made.
    pub(super) fn take_back(&mut self, key: K, now: Instant) {
        let Some(current) = self.current(key, now) else { return };
        if current.number > 1 {
            self.counts.insert(key, Count { number: current.number - 1, ..current });
        } else {
            // What counts nothing takes no room, and begins no window.
            self.counts.remove(&key);
            self.by_use.remove(&current.tick);
        }
    }

    /// How many keys are held.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    fn current(&self, key: K, now: Instant) -> Option<Count> {
        self.counts
            .get(&key)
            .copied()
            .filter(|count| now.saturating_duration_since(count.began) < self.window)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(900);

    #[test]
    fn a_window_begins_with_the_first_event_and_is_not_prolonged() {
        let start = Instant::now();
        let mut counters = Counters::new(WINDOW, 10);
        for minutes in [0, 5, 14] {
            counters.add('a', start + Duration::from_secs(60 * minutes));
        }
        assert_eq!(counters.get('a', start + WINDOW - Duration::from_secs(1)), 3);
        assert_eq!(counters.get('a', start + WINDOW), 0);
        counters.add('a', start + WINDOW);
        assert_eq!(counters.get('a', start + WINDOW), 1);
        assert_eq!(counters.get('b', start), 0);
    }

    #[test]
    fn what_is_taken_back_counts_no_more_and_never_falls_below_none() {
        let now = Instant::now();
        let mut counters = Counters::new(WINDOW, 2);
        counters.add('a', now);
        counters.add('a', now);
        counters.take_back('a', now);
        assert_eq!(counters.get('a', now), 1);
        counters.take_back('a', now + WINDOW);
        assert_eq!(counters.get('a', now), 1, "its window was over");
        counters.take_back('a', now);
        counters.take_back('a', now);
        counters.take_back('b', now);
        assert_eq!(['a', 'b'].map(|key| counters.get(key, now)), [0, 0]);
        assert_eq!((counters.len(), counters.by_use.len()), (0, 0));
        counters.add('a', now + WINDOW / 2);
        assert_eq!(counters.get('a', now + WINDOW), 1, "its window begins anew");
    }

    #[test]
    fn beyond_its_keys_the_least_recently_counted_gives_way() {
        let now = Instant::now();
        let mut counters = Counters::new(WINDOW, 2);
        for key in ['a', 'b', 'a', 'c'] {
            counters.add(key, now);
        }
        assert_eq!(['a', 'b', 'c'].map(|key| counters.get(key, now)), [2, 0, 1]);
    }

    proptest! {
        #[test]
        fn both_indexes_hold_the_same_keys(steps in proptest::collection::vec((0_u8..8, 0_u64..400), 0..200)) {
            let mut now = Instant::now();
            let mut counters = Counters::new(WINDOW, 5);
            for (key, seconds) in steps {
                now += Duration::from_secs(seconds);
                counters.add(key, now);
                prop_assert!(counters.get(key, now) >= 1);
                prop_assert!(counters.len() <= 5);
                prop_assert_eq!(counters.counts.len(), counters.by_use.len());
                for (tick, key) in &counters.by_use {
                    prop_assert_eq!(counters.counts[key].tick, *tick);
                }
            }
        }
    }
}
