//! The events: 1 KB each, all different, and made again from their number when they are read back.

use crmconf_events::commit::{Commit, CommitBuilder, EventBytes, Head, NotTaken};
use crmconf_events::{StoreId, Timestamp};

use crate::error::BenchError;

/// Bytes of an event: the size that the figures of other systems were measured with.
pub(super) const EVENT_BYTES: usize = 1_024;

/// Any store will do.
pub(super) const STORE: StoreId = StoreId::new(*b"crmconf-bench-01");

/// The event of that number, from 0. Its bytes do not compress, so that no disk is helped.
pub(super) fn event(number: u64) -> Vec<u8> {
    // SplitMix64 (Steele, Lea, Flood 2014): any two numbers give unrelated words.
    let mut state = number.wrapping_mul(EVENT_BYTES as u64);
    let mut bytes = Vec::with_capacity(EVENT_BYTES);
    while bytes.len() < EVENT_BYTES {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_be_bytes());
    }
    bytes
}

/// The commit after `head` with the events from number `from` on, up to `until` and as many as it takes.
///
/// # Errors
/// When it takes none.
pub(super) fn commit(head: Head, from: u64, until: u64, events_max: u32) -> Result<Commit, BenchError> {
    // The bytes are the same in every run: each commit is a microsecond later than the last.
    let mut builder = CommitBuilder::new(STORE, head, Timestamp::from_micros(0));
    for number in (from..until).take(usize::try_from(events_max).unwrap_or(usize::MAX)) {
        match builder.try_push(EventBytes::from(event(number))) {
            Ok(_) => {}
            Err(NotTaken::Full(_)) => break,
            Err(error @ NotTaken::TooLarge(_)) => return Err(BenchError::Log(error.to_string())),
        }
    }
    builder.seal().ok_or_else(|| BenchError::Log("a commit took no event".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_each_time_and_differ_from_each_other() {
        assert_eq!(event(7), event(7));
        assert_eq!(event(7).len(), EVENT_BYTES);
        assert_ne!(event(7), event(8));
    }

    #[test]
    fn a_commit_takes_no_more_than_there_is_room_for() {
        let head = Head::empty(STORE);
        assert_eq!(commit(head, 0, 10, 64).unwrap().events().len(), 10);
        assert_eq!(commit(head, 0, 100, 64).unwrap().events().len(), 64);
        let full = commit(head, 0, 2_000, 1_024).unwrap().events().len();
        assert!((800..1_024).contains(&full), "{full}");
    }
}
