//! The conformance suite: every backend of the log runs it with [`log_conformance!`](crate::log_conformance).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test suite: a panic is how it reports"
)]
#![expect(clippy::missing_panics_doc, reason = "each case panics when the backend breaks the contract")]

mod appends;
mod reads;
mod requests;

pub use appends::*;
pub use reads::*;
pub use requests::*;

use std::sync::Arc;

use super::{AppendOutcome, EventLog};
use crate::commit::{Commit, CommitBuilder, Head};
use crate::{StoreId, Timestamp};

/// The store of all cases.
pub const STORE: StoreId = StoreId::new(*b"conformance-----");

/// How the suite gets at a backend.
pub trait Backend {
    /// A new, empty store with the id [`STORE`].
    fn create() -> Self;

    /// Opens the store, also again after everything handed out before was dropped.
    fn open(&self) -> Arc<dyn EventLog>;

    /// Puts a commit in the place of the one of its number, behind the back of the log that is open.
    fn forge(&self, commit: &Commit);
}

/// Declares one test per case of the suite for a [`Backend`](crate::log::conformance::Backend).
///
/// ```
/// use std::sync::Arc;
///
/// use crmconf_events::commit::Commit;
/// use crmconf_events::log::conformance::{Backend, STORE};
/// use crmconf_events::log::{EventLog, MemoryLog};
///
/// struct Memory(MemoryLog);
///
/// impl Backend for Memory {
///     fn create() -> Self {
///         Self(MemoryLog::new(STORE))
///     }
///     fn open(&self) -> Arc<dyn EventLog> {
///         Arc::new(self.0.clone())
///     }
///     fn forge(&self, commit: &Commit) {
///         self.0.forge(commit.clone());
///     }
/// }
///
/// crmconf_events::log_conformance!(Memory);
/// ```
#[macro_export]
macro_rules! log_conformance {
    ($backend:ty) => {
        $crate::log_conformance!($backend:
            an_empty_log_has_no_events,
            appended_commits_are_read_back_byte_for_byte,
            a_commit_appended_again_is_a_duplicate,
            a_commit_that_does_not_fit_the_head_is_a_conflict_and_changes_nothing,
            a_commit_of_another_store_is_refused,
            one_of_several_writers_wins_at_each_number,
            the_largest_commits_are_taken,
            reading_starts_at_the_commit_that_holds_the_sequence,
            reading_ends_at_the_head_of_its_start,
            events_are_found_by_sequence,
            a_subscription_has_no_gap_between_past_and_present,
            a_subscription_waits_no_longer_than_told,
            a_subscription_may_start_past_the_head,
            requests_are_found_by_account_and_key,
            everything_is_there_after_reopening,
            a_broken_chain_is_told_with_its_place,
            a_first_commit_that_begins_another_chain_is_told,
            a_last_commit_that_is_not_the_head_is_told,
        );
    };
    ($backend:ty: $($case:ident),+ $(,)?) => {
        $(
            #[test]
            fn $case() {
                $crate::log::conformance::$case::<$backend>();
            }
        )+
    };
}

/// The commit after `head` with these events.
#[must_use]
pub fn commit_after(head: Head, events: &[&str]) -> Commit {
    let mut builder = CommitBuilder::new(STORE, head, Timestamp::from_micros(1_000));
    for event in events {
        builder.try_push(event.as_bytes().into()).expect("the events of the suite fit one commit");
    }
    builder.seal().expect("the commits of the suite have events")
}

/// Appends a commit with these events, which must be taken.
pub fn append(log: &dyn EventLog, events: &[&str]) -> Commit {
    let commit = commit_after(log.head(), events);
    assert_eq!(log.append(commit.clone()), AppendOutcome::Appended);
    assert_eq!(log.head(), commit.head_after(), "an appended commit is visible at once");
    commit
}

/// Appends `count` commits of one to three events.
pub fn fill(log: &dyn EventLog, count: u64) -> Vec<Commit> {
    let events = ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"];
    (0..count).map(|i| append(log, &events[..1 + usize::try_from(i % 3).unwrap()])).collect()
}
