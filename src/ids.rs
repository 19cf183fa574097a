//! Gives out configuration ids in the seed's form, unique across restarts and replicas.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crmconf_events::{ConfigurationId, IdParts, ReplicaId, StoreId, derive_node};

/// The counter's first value; the seed's `-8000`.
const COUNTER_FIRST: i16 = i16::MIN;

/// Gives out ids, each once.
pub struct IdSource {
    node: u64,
    process: i32,
    next: Mutex<Place>,
}

/// Millisecond and counter of an id. As in the seed's examples the millisecond stays while the counter runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    millis: u64,
    counter: i16,
}

impl Place {
    /// The place after this one. An exhausted counter begins anew in a larger millisecond: the present one, unless the
    /// clock went back.
    fn next(self, now_ms: impl FnOnce() -> u64) -> Self {
        match self.counter.checked_add(1) {
            Some(counter) => Self { counter, ..self },
            None => {
                let millis = now_ms().max(self.millis.saturating_add(1));
                Self { millis, counter: COUNTER_FIRST }
            }
        }
    }
}

impl IdSource {
    /// A source for this process, told apart from earlier ones of the store by 32 random bits and by its time.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn new(store: StoreId, replica: ReplicaId) -> Result<Self, getrandom::Error> {
        let mut process = [0; 4];
        getrandom::fill(&mut process)?;
        Ok(Self {
            node: derive_node(store, replica),
            process: i32::from_be_bytes(process),
            next: Mutex::new(Place { millis: now_ms(), counter: COUNTER_FIRST }),
        })
    }

    /// The next id.
    pub fn next(&self) -> ConfigurationId {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let Place { millis, counter } = *next;
        *next = next.next(now_ms);
        IdParts { node: self.node, process: self.process, millis, counter }.into()
    }
}

/// Milliseconds since the Unix epoch.
fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(now).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_runs_on_in_its_millisecond() {
        let first = Place { millis: 7, counter: COUNTER_FIRST };
        assert_eq!(first.next(|| 9), Place { millis: 7, counter: COUNTER_FIRST + 1 });
    }

    #[test]
    fn when_the_counter_ends_a_larger_millisecond_begins() {
        let last = Place { millis: 7, counter: i16::MAX };
        for (now, millis) in [(9, 9), (7, 8), (3, 8)] {
            assert_eq!(last.next(|| now), Place { millis, counter: COUNTER_FIRST }, "{now}");
        }
    }

    #[test]
    fn ids_of_a_process_begin_as_the_published_examples_do() {
        let source = IdSource::new(StoreId::new([1; 16]), ReplicaId::SOLE).unwrap();
        let ids = [(); 3].map(|()| source.next().to_string());
        let ends = ids.each_ref().map(|id| id.rsplit_once(':').unwrap());
        assert_eq!(ends.map(|(_, counter)| counter), ["-8000", "-7fff", "-7ffe"]);
        assert!(ends.iter().all(|(start, _)| *start == ends[0].0), "{ids:?}");
    }
}
