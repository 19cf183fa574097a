//! What must hold of every state that a power cut leaves.

use std::path::Path;
use std::sync::Arc;

use crmconf_events::Sequence;
use crmconf_events::commit::{Commit, Head};
use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::CrashState;
use crmconf_events::log::conformance::STORE;
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, MemoryStore, OpenError};

use crate::script::{DATA, Moment, OPTIONS, next_commit, request_of};

/// What the power cut did to what the log is read from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store {
    /// All is gone.
    Lost,
    /// The last commits are gone.
    Behind,
    /// Nothing is.
    Intact,
}

/// How many commits are gone when it is behind.
const BEHIND: usize = 3;

/// Opens what a power cut left, and checks every promise.
pub(crate) fn check(moment: &Moment, crash: &CrashState, store: Store) {
    let reads = match store {
        Store::Lost => MemoryStore::default(),
        Store::Behind => moment.reads.behind(BEHIND),
        Store::Intact => moment.reads.detached(),
    };
    let disk: Arc<dyn Disk> = Arc::new(crash.disk.snapshot().unharmed());
    let place = format!(
        "after {} acknowledged commits, {}, sled {store:?}",
        moment.acknowledged.len(),
        crash.outcome
    );
    let log = match LocalLog::open_on(&disk, Path::new(DATA), &reads, OPTIONS) {
        Ok((log, _)) => log,
        Err(OpenError::NoStore { .. }) if moment.acknowledged.is_empty() => {
            assert!(!LocalLog::exists_on(&disk, Path::new(DATA)).unwrap(), "{place}");
            LocalLog::create_on(&disk, Path::new(DATA), &reads, STORE, OPTIONS)
                .unwrap_or_else(|error| panic!("{place}: set up anew: {error}"))
        }
        Err(error) => panic!("{place}: {error}"),
    };
    check_head(moment, log.head(), &place);
    check_content(moment, &log, &place);
    let appended = next_commit(log.head());
    assert_eq!(log.append(appended.clone()), AppendOutcome::Appended, "{place}");
    drop(log);
    check_goes_on(&disk, &reads, &appended, &place);
}

/// What was appended to the recovered log is there when it is opened once more, and nothing is left to repair.
fn check_goes_on(disk: &Arc<dyn Disk>, reads: &MemoryStore, appended: &Commit, place: &str) {
    let opened = LocalLog::open_on(disk, Path::new(DATA), reads, OPTIONS);
    let (log, report) = opened.unwrap_or_else(|error| panic!("{place}: opened once more: {error}"));
    assert_eq!((log.head(), report.repairs), (appended.head_after(), vec![]), "{place}");
    let read = log.read_commit(appended.first());
    assert_eq!(read.as_ref().map(|read| read.as_deref()), Ok(Some(appended)), "{place}");
    check_request(&log, appended, place);
}

/// The request that a commit carries is found. (Commits that were appended in vain carry none.)
fn check_request(log: &LocalLog, commit: &Commit, place: &str) {
    if let Some((account, key)) = request_of(commit.number())
        && commit.events().iter().any(|event| event.starts_with(b"{"))
    {
        assert_eq!(log.find_request(&account, &key), Ok(Some(commit.first())), "{place}, {key}");
    }
}

/// The log ends with the last acknowledged commit, or with the one that was being appended. Since its hash is over
/// all before it, that tells every commit.
fn check_head(moment: &Moment, head: Head, place: &str) {
    let last = moment.acknowledged.last().map_or(Head::empty(STORE), Commit::head_after);
    let attempted = moment.attempted.as_ref().map(Commit::head_after);
    assert!(head == last || Some(head) == attempted, "{place}: the log ends with {head}");
}

/// What is read is what was appended: the first, a middle and the last commits.
fn check_content(moment: &Moment, log: &LocalLog, place: &str) {
    let commits = moment.acknowledged.iter().chain(&moment.attempted);
    let commits: Vec<_> = commits.take_while(|commit| commit.number() <= log.head().commit).collect();
    let near_the_end = commits.len().saturating_sub(BEHIND + 2)..commits.len();
    for index in [0, commits.len() / 2].into_iter().chain(near_the_end) {
        if let Some(commit) = commits.get(index) {
            let read = log.read_commit(commit.first());
            assert_eq!(read.as_ref().map(|read| read.as_deref()), Ok(Some(*commit)), "{place}");
            check_request(log, commit, place);
        }
    }
    let from = commits.len().checked_sub(2).and_then(|index| commits.get(index));
    let from = from.map_or(Sequence::FIRST, |commit| commit.first());
    assert_eq!(log.read(from).filter(Result::is_ok).count(), commits.len().min(2), "{place}");
}
