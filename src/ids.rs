//! Gives out configuration ids in the seed's form, unique across restarts and replicas.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crmconf_events::{ConfigurationId, IdParts, ReplicaId, StoreId, derive_node};

/// The counter's first value within a millisecond; the seed's `-8000`.
const COUNTER_FIRST: i16 = i16::MIN;

/// Gives out ids, each once.
pub struct IdSource {
    node: u64,
    process: i32,
    last: Mutex<Last>,
}

/// The millisecond and counter given out last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    millis: u64,
    counter: i16,
}

impl Last {
    /// The next pair at this time: a later millisecond starts the counter anew, an exhausted counter takes a new and
    /// larger millisecond, and a clock that goes back changes nothing.
    fn next(self, now_ms: u64) -> Self {
        if now_ms > self.millis {
            return Self { millis: now_ms, counter: COUNTER_FIRST };
        }
        match self.counter.checked_add(1) {
            Some(counter) => Self { counter, ..self },
            None => Self { millis: self.millis.saturating_add(1), counter: COUNTER_FIRST },
        }
    }
}

impl IdSource {
    /// A source for this process, told apart from earlier ones of the store by 32 random bits.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn new(store: StoreId, replica: ReplicaId) -> Result<Self, getrandom::Error> {
        let mut process = [0; 4];
        getrandom::fill(&mut process)?;
        Ok(Self {
            node: derive_node(store, replica),
            process: i32::from_be_bytes(process),
            last: Mutex::new(Last { millis: 0, counter: COUNTER_FIRST }),
        })
    }

    /// The next id.
    pub fn next(&self) -> ConfigurationId {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.next(u64::try_from(now).unwrap_or(u64::MAX));
        let Last { millis, counter } = *last;
        IdParts { node: self.node, process: self.process, millis, counter }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_the_counter_ends_a_larger_millisecond_begins() {
        let last = Last { millis: 7, counter: i16::MAX };
        assert_eq!(last.next(7), Last { millis: 8, counter: COUNTER_FIRST });
        assert_eq!(last.next(3), Last { millis: 8, counter: COUNTER_FIRST });
    }

    #[test]
    fn ids_stay_unique_when_the_clock_goes_back() {
        let mut last = Last { millis: 7, counter: COUNTER_FIRST };
        let mut seen = std::collections::BTreeSet::from([(7, COUNTER_FIRST)]);
        for now in [7, 6, 8, 2, 8, 9, 9, 1] {
            last = last.next(now);
            assert!(seen.insert((last.millis, last.counter)), "{last:?}");
        }
    }
}
