//! Cases on reading: positions, subscriptions, reopening.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Backend, STORE, append, commit_after, fill};
use crate::commit::{CommitBuilder, CommitFault, Head};
use crate::log::{Health, LogError};
use crate::{ChainHash, Sequence, StoreId, Timestamp};

const PATIENCE: Duration = Duration::from_secs(30);

/// What is read has the bytes that were appended.
pub fn appended_commits_are_read_back_byte_for_byte<B: Backend>() {
    let log = B::create().open();
    let appended = fill(&*log, 20);
    let read: Vec<_> = log.read(Sequence::FIRST).map(|commit| (*commit.unwrap()).clone()).collect();
    assert_eq!(read, appended);
}

/// From any sequence, the first commit read is the one that holds it.
pub fn reading_starts_at_the_commit_that_holds_the_sequence<B: Backend>() {
    let log = B::create().open();
    let appended = fill(&*log, 9);
    for (index, commit) in appended.iter().enumerate() {
        for (sequence, _) in commit.numbered() {
            let read: Vec<_> = log.read(sequence).map(|commit| commit.unwrap().number()).collect();
            let expected: Vec<_> = appended[index..].iter().map(|commit| commit.number()).collect();
            assert_eq!(read, expected, "from {sequence}");
        }
    }
    assert_eq!(log.read(log.head().next()).count(), 0);
    assert_eq!(log.read(Sequence::new(u64::MAX).unwrap()).count(), 0);
}

/// What is appended later does not show in an iterator made before.
pub fn reading_ends_at_the_head_of_its_start<B: Backend>() {
    let log = B::create().open();
    fill(&*log, 3);
    let commits = log.read(Sequence::FIRST);
    fill(&*log, 3);
    assert_eq!(commits.map(|commit| commit.unwrap().number()).collect::<Vec<_>>(), [1, 2, 3]);
}

/// Single events are found, and none past the head.
pub fn events_are_found_by_sequence<B: Backend>() {
    let log = B::create().open();
    for commit in fill(&*log, 7) {
        for (sequence, event) in commit.numbered() {
            assert_eq!(log.read_event(sequence), Ok(Some(event.clone())));
            assert_eq!(log.read_commit(sequence).unwrap().unwrap().number(), commit.number());
        }
    }
    assert_eq!(log.read_event(log.head().next()), Ok(None));
}

/// Readers that start at any time while a writer appends see every commit once and in order.
pub fn a_subscription_has_no_gap_between_past_and_present<B: Backend>() {
    const COMMITS: u64 = 60;
    let log = B::create().open();
    thread::scope(|scope| {
        let writer = Arc::clone(&log);
        scope.spawn(move || fill(&*writer, COMMITS));
        for start in 0..4 {
            let log = Arc::clone(&log);
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(start));
                let mut subscription = log.subscribe(Sequence::FIRST);
                for number in 1..=COMMITS {
                    let commit = subscription.next(PATIENCE).unwrap().expect("the writer goes on");
                    assert_eq!(commit.number(), number);
                }
                assert_eq!(subscription.next(Duration::ZERO), Ok(None));
            });
        }
    });
}

/// Waiting ends with nothing when nothing comes.
pub fn a_subscription_waits_no_longer_than_told<B: Backend>() {
    let log = B::create().open();
    fill(&*log, 1);
    let mut subscription = log.subscribe(log.head().next());
    let start = Instant::now();
    assert_eq!(subscription.next(Duration::from_millis(20)), Ok(None));
    assert!(start.elapsed() >= Duration::from_millis(20) && start.elapsed() < PATIENCE);
    append(&*log, &["now"]);
    assert!(subscription.next(Duration::ZERO).unwrap().is_some());
}

/// A follower may know more of the future than the log does.
pub fn a_subscription_may_start_past_the_head<B: Backend>() {
    let log = B::create().open();
    fill(&*log, 1);
    let mut subscription = log.subscribe(Sequence::new(3).unwrap());
    append(&*log, &["2"]);
    assert_eq!(subscription.next(Duration::ZERO), Ok(None));
    append(&*log, &["3", "4"]);
    assert_eq!(subscription.next(Duration::ZERO).unwrap().unwrap().first().get(), 3);
}

/// A log that was closed and opened again holds what it held.
pub fn everything_is_there_after_reopening<B: Backend>() {
    let backend = B::create();
    let mut appended = Vec::new();
    for _ in 0..3 {
        let log = backend.open();
        assert_eq!(log.health(), Health::Writable);
        appended.extend(fill(&*log, 4));
        let read: Vec<_> = log.read(Sequence::FIRST).map(|commit| (*commit.unwrap()).clone()).collect();
        assert_eq!(read, appended);
    }
}

/// A commit that does not continue the one before is handed out by none who follows the chain, and its place is named.
pub fn a_broken_chain_is_told_with_its_place<B: Backend>() {
    let backend = B::create();
    let log = backend.open();
    let commits = fill(&*log, 9);
    let (before, broken) = (commits[3].head_after(), &commits[4]);
    let elsewhere = Head { hash: ChainHash::new([7; 32]), ..before };
    let forged = commit_after(elsewhere, &vec!["{}"; broken.events().len()]);
    backend.forge(&forged);
    let fault = CommitFault::Previous { expected: before.hash, found: elsewhere.hash };
    let place = format!("commit 5 with sequence {}", broken.first());
    let told = LogError::Broken { place: place.clone(), fault };

    let read: Vec<_> = log.read(Sequence::FIRST).collect();
    let whole = read.iter().map_while(|commit| commit.as_deref().ok());
    assert!(whole.eq(&commits[..4]), "{read:?}");
    assert_eq!((read.len(), read[4].as_ref().err()), (5, Some(&told)), "nothing comes after the error");

    let mut subscription = log.subscribe(commits[2].first());
    for commit in &commits[2..4] {
        assert_eq!(subscription.next(PATIENCE).unwrap().as_deref(), Some(commit));
    }
    for _ in 0..2 {
        assert_eq!(subscription.next(PATIENCE).unwrap_err(), told);
        assert_eq!(subscription.position(), broken.first());
    }
    assert!(told.to_string().contains(&place), "{told}");
}

/// A first commit that begins no chain of this store is handed out by none who reads from the beginning.
pub fn a_first_commit_that_begins_another_chain_is_told<B: Backend>() {
    let empty = Head::empty(STORE);
    let elsewhere = Head { hash: ChainHash::new([7; 32]), ..empty };
    let previous = CommitFault::Previous { expected: empty.hash, found: elsewhere.hash };
    let foreign = StoreId::new(*b"another-store---");
    let other_store = CommitFault::OtherStore { expected: STORE, found: foreign };
    for (store, head, fault) in [(STORE, elsewhere, previous), (foreign, Head::empty(foreign), other_store)] {
        let backend = B::create();
        let log = backend.open();
        let commits = fill(&*log, 3);
        let mut forged = CommitBuilder::new(store, head, Timestamp::from_micros(1));
        for event in commits[0].events() {
            forged.try_push(event.clone()).unwrap();
        }
        backend.forge(&forged.seal().unwrap());
        let told = LogError::Broken { place: "commit 1 with sequence 1".to_owned(), fault };
        assert_eq!(log.read(Sequence::FIRST).collect::<Vec<_>>(), [Err(told.clone())]);
        assert_eq!(log.subscribe(Sequence::FIRST).next(PATIENCE), Err(told));
    }
}

/// A last commit that continues the chain, but is not the one that the log ends with, is handed out by none.
pub fn a_last_commit_that_is_not_the_head_is_told<B: Backend>() {
    let backend = B::create();
    let log = backend.open();
    let commits = fill(&*log, 4);
    drop(log);
    let log = backend.open();
    let (before, last) = (commits[2].head_after(), &commits[3]);
    let forged = commit_after(before, &vec![r#"{"forged":true}"#; last.events().len()]);
    backend.forge(&forged);
    let place = format!("commit 4 with sequence {}", last.first());
    let fault = CommitFault::NotTheHead { expected: last.hash(), found: forged.hash() };
    let told = LogError::Broken { place, fault };
    let read: Vec<_> = log.read(Sequence::FIRST).collect();
    assert_eq!((read.len(), read[3].as_ref().err()), (4, Some(&told)));
    assert_eq!(
        log.read(last.first()).collect::<Vec<_>>(),
        [Err(told.clone())],
        "also without the one before"
    );
    assert_eq!(log.subscribe(last.first()).next(PATIENCE), Err(told));
}
