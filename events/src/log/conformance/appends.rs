//! Cases on appending: outcomes, races, limits.

use std::sync::Arc;
use std::thread;

use super::{Backend, STORE, append, commit_after, fill};
use crate::commit::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX, COMMIT_PREFIX_BYTES, CommitBuilder, Head};
use crate::log::{AppendOutcome, EventLog, Health};
use crate::{Sequence, StoreId, Timestamp};

/// An empty log answers with nothing, and takes appends.
pub fn an_empty_log_has_no_events<B: Backend>() {
    let log = B::create().open();
    assert_eq!((log.store(), log.head(), log.health()), (STORE, Head::empty(STORE), Health::Writable));
    assert_eq!(log.read(Sequence::FIRST).count(), 0);
    assert_eq!(log.read_event(Sequence::FIRST), Ok(None));
}

/// An append returns as `Duplicate` when that very commit stands, at the head or before it.
pub fn a_commit_appended_again_is_a_duplicate<B: Backend>() {
    let log = B::create().open();
    for commit in fill(&*log, 5) {
        assert_eq!(log.append(commit), AppendOutcome::Duplicate);
    }
    assert_eq!(log.head().commit, 5);
}

/// Another commit at a number that is taken, one whose predecessor is not the head, one from the future.
pub fn a_commit_that_does_not_fit_the_head_is_a_conflict_and_changes_nothing<B: Backend>() {
    let log = B::create().open();
    let commits = fill(&*log, 3);
    let head = log.head();
    let sibling = commit_after(commits[1].head_after(), &["another commit 3"]);
    let far = commit_after(sibling.head_after(), &["its successor"]);
    let ahead = commit_after(far.head_after(), &["commit 5"]);
    let first = commit_after(Head::empty(STORE), &["another commit 1"]);
    for stranger in [sibling, far, ahead, first] {
        assert_eq!(log.append(stranger), AppendOutcome::Conflict { head });
    }
    assert_eq!(log.head(), head);
    append(&*log, &["the log goes on"]);
}

/// A commit of another store is no conflict: catching up would not help.
pub fn a_commit_of_another_store_is_refused<B: Backend>() {
    let log = B::create().open();
    let other = StoreId::new([0xee; 16]);
    let mut builder = CommitBuilder::new(other, Head::empty(other), Timestamp::default());
    builder.try_push(b"event"[..].into()).unwrap();
    let outcome = log.append(builder.seal().unwrap());
    assert!(matches!(outcome, AppendOutcome::Unavailable { .. }), "{outcome:?}");
    assert_eq!(log.head(), Head::empty(STORE));
}

/// Eight writers race, each catching up on conflict; all their commits end up in one chain.
pub fn one_of_several_writers_wins_at_each_number<B: Backend>() {
    const WRITERS: usize = 8;
    const EACH: usize = 10;
    let log = B::create().open();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let log = Arc::clone(&log);
            scope.spawn(move || {
                for i in 0..EACH {
                    append_whatever_it_takes(&*log, &format!("writer {writer} event {i}"));
                }
            });
        }
    });
    let commits: Vec<_> = log.read(Sequence::FIRST).map(Result::unwrap).collect();
    assert_eq!(commits.len(), WRITERS * EACH);
    let mut head = Head::empty(STORE);
    let mut events = Vec::new();
    for commit in commits {
        assert_eq!(commit.follows(&head, STORE), Ok(()));
        head = commit.head_after();
        events.push(commit.events()[0].to_vec());
    }
    events.sort();
    events.dedup();
    assert_eq!(events.len(), WRITERS * EACH, "each event is there once");
}

fn append_whatever_it_takes(log: &dyn EventLog, event: &str) {
    loop {
        match log.append(commit_after(log.head(), &[event])) {
            AppendOutcome::Appended => return,
            AppendOutcome::Conflict { .. } => {}
            other @ (AppendOutcome::Duplicate
            | AppendOutcome::Unknown { .. }
            | AppendOutcome::Unavailable { .. }) => panic!("{other:?}"),
        }
    }
}

/// Commits at both limits are taken and come back.
pub fn the_largest_commits_are_taken<B: Backend>() {
    let backend = B::create();
    let log = backend.open();
    let large = "x".repeat(COMMIT_BYTES_MAX - COMMIT_PREFIX_BYTES - 4);
    let many = vec!["e"; COMMIT_EVENTS_MAX as usize];
    let commits = [append(&*log, &["first"]), append(&*log, &[&large]), append(&*log, &many)];
    assert_eq!(commits[1].bytes().len(), COMMIT_BYTES_MAX);
    drop(log);
    let log = backend.open();
    let read: Vec<_> = log.read(Sequence::FIRST).map(|commit| (*commit.unwrap()).clone()).collect();
    assert!(read == commits);
}
