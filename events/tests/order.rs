//! What the log does and in which order, seen at its disk: nothing is answered or shown before its sync.

#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use crmconf_events::Sequence;
use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::{Call, Failing, SimDisk};
use crmconf_events::log::conformance::{STORE, append, commit_after, fill};
use crmconf_events::log::{
    AppendOutcome, EventLog, Health, LocalLog, LocalOptions, MemoryStore, OpenError, Repair, SegmentSizes,
};
use crmconf_events::told::Told;
use crmconf_events::{AccountId, RequestKey};

const OPTIONS: LocalOptions = LocalOptions {
    segments: SegmentSizes { first: 4_096, max: 8_192 },
    sled_cache_bytes: 16 << 20,
    ..LocalOptions::DEFAULT
};

struct Store {
    sim: SimDisk,
    disk: Arc<dyn Disk>,
    reads: MemoryStore,
}

impl Store {
    fn new() -> Self {
        let sim = SimDisk::new();
        Self { disk: Arc::new(sim.clone()), sim, reads: MemoryStore::default() }
    }

    fn create(&self) -> LocalLog {
        LocalLog::create_on(&self.disk, Path::new("/data"), &self.reads, STORE, OPTIONS).unwrap()
    }

    fn open(&self) -> (LocalLog, Vec<Repair>) {
        let opened = LocalLog::open_on(&self.disk, Path::new("/data"), &self.reads, OPTIONS);
        let (log, report) = opened.unwrap();
        (log, report.repairs)
    }
}

#[test]
fn no_commit_is_answered_before_its_sync() {
    let store = Store::new();
    let log = store.create();
    for number in 1..=60 {
        store.sim.note(format!("append {number}"));
        append(&log, &[&"e".repeat(300)]);
        store.sim.note(format!("answered {number}"));
    }
    let calls = store.sim.calls();
    let noted = |note: &str| calls.iter().position(|call| *call == Call::Note(note.to_owned())).unwrap();
    for number in 1..=60 {
        let during = &calls[noted(&format!("append {number}"))..noted(&format!("answered {number}"))];
        let of_commit = |call: &&Call| matches!(call, Call::Write { bytes: 454, .. });
        let written: Vec<_> = during.iter().filter(of_commit).collect();
        let [Call::Write { path, .. }] = written[..] else { panic!("commit {number}: {during:?}") };
        let write = during.iter().position(|call| call == written[0]).unwrap();
        assert_eq!(during[write + 1], Call::SyncData(path.clone()), "commit {number}");
        let later = during[write + 2..]
            .iter()
            .filter(|call| matches!(call, Call::Write { path: other, .. } if other == path));
        assert_eq!(later.count(), 0, "nothing is written to its file behind the sync of commit {number}");
    }
}

#[test]
fn the_first_file_stands_at_every_moment_of_a_set_up_that_is_begun_anew() {
    let store = Store::new();
    drop(store.create());
    let (sim, moments) = (store.sim.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&moments);
    let observed: Arc<dyn Disk> = Arc::new(sim.observed(move |moment| seen.lock().unwrap().push(moment)));
    drop(LocalLog::create_on(&observed, Path::new("/data"), &store.reads, STORE, OPTIONS).unwrap());
    let moments = moments.lock().unwrap();
    assert!(moments.len() > 4, "{} calls", moments.len());
    for crash in moments.iter().flat_map(|moment| moment.crash_states(50, 7)) {
        let names = crash.disk.list(Path::new("/data/journal")).unwrap();
        assert!(names.contains(&"00000001.crmj".to_owned()), "{}: {names:?}", crash.outcome);
    }
}

#[test]
fn the_next_file_is_filled_and_synced_before_it_gets_its_name() {
    let store = Store::new();
    let log = store.create();
    while log.head().commit < 8 {
        append(&log, &[&"e".repeat(300)]);
    }
    let journal = Path::new("/data/journal");
    let (new, named) = (journal.join("00000002.crmj.new"), journal.join("00000002.crmj"));
    let calls = store.sim.calls();
    let start =
        calls.iter().position(|call| *call == Call::Create(new.clone())).expect("the first is half full");
    assert_eq!(
        calls[start..start + 5],
        [
            Call::Create(new.clone()),
            Call::Write { path: new.clone(), offset: 0, bytes: 8_192 },
            Call::SyncData(new.clone()),
            Call::Rename(new, named),
            Call::SyncFolder(journal.to_owned()),
        ]
    );
}

#[test]
fn a_failed_sync_publishes_nothing_and_stays_unknown_until_the_log_is_opened_again() {
    let store = Store::new();
    let log = store.create();
    fill(&log, 1);
    let (head, mut subscription) = (log.head(), log.subscribe(log.head().next()));
    let commit = commit_after(head, &["lost or not"]);
    store.sim.fail(Failing::SyncData, 0);
    for _ in 0..3 {
        let outcome = log.append(commit.clone());
        assert!(matches!(outcome, AppendOutcome::Unknown { .. }), "{outcome:?}");
    }
    let other = log.append(commit_after(head, &["another one"]));
    assert!(
        matches!(&other, AppendOutcome::Unavailable { why } if why.contains("00000001.crmj")),
        "{other:?}"
    );
    assert!(matches!(log.health(), Health::ReadOnly { .. }));
    assert_eq!((log.head(), log.read(head.next()).count()), (head, 0));
    assert_eq!(subscription.next(std::time::Duration::ZERO), Ok(None));
    assert_eq!(log.append(commit_after(head, &["another one"])), other);
    drop(log);
    let (log, repairs) = store.open();
    assert_eq!(repairs, [Repair::Inserted { commits: 1 }]);
    assert_eq!(log.append(commit), AppendOutcome::Duplicate);
    fill(&log, 3);
}

#[test]
fn when_sled_refuses_a_synced_commit_it_stands_and_the_next_start_catches_up() {
    let store = Store::new();
    let log = store.create();
    fill(&log, 4);
    store.reads.set_failing(true);
    let (account, key) = (AccountId::new([1; 16]), RequestKey::new("k").unwrap());
    let event = format!(r#"{{"actor":"account:{account}","key":"{key}"}}"#);
    let commit = append(&log, &[&event, "second"]);
    assert!(matches!(log.health(), Health::ReadOnly { why } if why.contains("commit 5, which stands")));
    assert_eq!(log.read(Sequence::FIRST).filter(Result::is_ok).count(), 5);
    assert_eq!(log.read_event(commit.last()).unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!(log.find_request(&account, &key), Ok(Some(commit.first())));
    assert_eq!(log.append(commit.clone()), AppendOutcome::Duplicate);
    let refused = log.append(commit_after(log.head(), &["no more"]));
    assert!(matches!(refused, AppendOutcome::Unavailable { .. }), "{refused:?}");
    assert!(log.make_room().unwrap_err().contains("commit 5, which stands"), "no room helps here");
    drop(log);
    store.reads.set_failing(false);
    let (log, repairs) = store.open();
    assert_eq!(repairs, [Repair::Inserted { commits: 1 }]);
    assert_eq!(log.find_request(&account, &key), Ok(Some(commit.first())));
    fill(&log, 1);
}

#[test]
fn a_full_disk_is_unavailable_and_appends_go_on_when_there_is_room() {
    let store = Store::new();
    let log = store.create();
    store.sim.set_full(true);
    let refused = loop {
        let commit = commit_after(log.head(), &[&"e".repeat(300)]);
        match log.append(commit.clone()) {
            AppendOutcome::Appended => {}
            other @ (AppendOutcome::Conflict { .. }
            | AppendOutcome::Duplicate
            | AppendOutcome::Unknown { .. }
            | AppendOutcome::Unavailable { .. }) => break (commit, other),
        }
    };
    let (commit, AppendOutcome::Unavailable { why }) = refused else { panic!("{refused:?}") };
    assert!(why.contains("next file cannot be made: 0 bytes are free"), "{why}");
    let begun = |call: &Call| matches!(call, Call::Create(path) if path.ends_with("00000002.crmj.new"));
    assert!(!store.sim.calls().iter().any(begun), "sled may need what little room there is");
    assert_eq!(log.health(), Health::Writable);
    assert!(matches!(log.append(commit.clone()), AppendOutcome::Unavailable { .. }));
    assert_eq!(log.make_room(), Err(why), "asked without a change, it says the same");
    store.sim.set_full(false);
    let head = log.head();
    assert_eq!(log.make_room(), Ok(()));
    assert_eq!(log.head(), head, "making room appends nothing");
    assert_eq!(log.append(commit), AppendOutcome::Appended);
}

#[test]
fn where_the_operating_system_refuses_sled_nothing_is_moved_and_the_start_can_be_repeated() {
    let store = Store::new();
    let log = store.create();
    fill(&log, 4);
    drop(log);
    let whole = store.reads.detached();
    let inserted = |commits| vec![Repair::Inserted { commits }];
    // Refused when it is opened, or at the first or second commit that it lacks.
    for (lacks, passed, repaired) in
        [(0, 0, vec![]), (2, 0, inserted(2)), (2, 1, inserted(2)), (2, 2, inserted(1))]
    {
        let reads = whole.behind(lacks);
        let store = Store { sim: store.sim.clone(), disk: Arc::clone(&store.disk), reads };
        for passed in [passed, 0] {
            store.reads.set_refusing(Some(passed));
            let refused = LocalLog::open_on(&store.disk, Path::new("/data"), &store.reads, OPTIONS);
            let Err(OpenError::Io { what, .. }) = refused else { panic!("it opens, or blames sled") };
            assert!(what.contains("was left as it is"), "{what}");
        }
        store.reads.set_refusing(None);
        assert_eq!(store.open().1, repaired);
    }
}

#[test]
fn a_failed_sync_of_the_folder_refuses_the_next_file_until_it_succeeds() {
    let store = Store::new();
    let log = store.create();
    // Once ahead of the need, and once when it is due.
    store.sim.fail(Failing::SyncFolder, 0);
    store.sim.fail(Failing::SyncFolder, 1);
    let mut commits = Vec::new();
    let refused = loop {
        let commit = commit_after(log.head(), &[&"e".repeat(300)]);
        match log.append(commit.clone()) {
            AppendOutcome::Appended => commits.push(commit),
            AppendOutcome::Unavailable { why } => break why,
            other @ (AppendOutcome::Conflict { .. }
            | AppendOutcome::Duplicate
            | AppendOutcome::Unknown { .. }) => panic!("{other:?}"),
        }
    };
    assert!(refused.contains("next file cannot be made: simulated failure"), "{refused}");
    assert_eq!(log.health(), Health::Writable);
    commits.push(append(&log, &["the file is there"]));
    drop(log);
    let read: Vec<_> =
        store.open().0.read(Sequence::FIRST).map(|commit| (*commit.unwrap()).clone()).collect();
    assert_eq!(read, commits);
}

#[test]
fn a_failed_sync_of_a_folder_refuses_the_start_and_shows_nothing() {
    let store = Store::new();
    let log = store.create();
    fill(&log, 4);
    drop(log);
    // The journal's folder, and the one that it stands in.
    for passed in [0, 1] {
        store.sim.fail(Failing::SyncFolder, passed);
        let refused = LocalLog::open_on(&store.disk, Path::new("/data"), &store.reads, OPTIONS);
        let Err(OpenError::Io { what, .. }) = refused else { panic!("it opens") };
        assert!(what.contains("writing the end of the journal again"), "{what}");
    }
    assert_eq!(store.open().1, []);
}

#[test]
fn what_was_repaired_is_told_once_also_when_a_later_step_refuses_the_start() {
    let store = Store::new();
    let log = store.create();
    let commits = fill(&log, 3);
    drop(log);
    let end: usize = commits.iter().map(|commit| commit.bytes().len()).sum();
    let torn = commit_after(commits[2].head_after(), &[&"t".repeat(2_000)]);
    let alter = |file: &mut Vec<u8>| {
        file[end..end + torn.bytes().len()].copy_from_slice(torn.bytes());
        file[1_024..1_536].fill(0);
    };
    store.sim.tamper(Path::new("/data/journal/00000001.crmj"), alter).unwrap();
    assert!(store.reads.lose(commits[1].first()));
    // sled is opened, and once it was moved aside no more.
    store.reads.set_refusing(Some(1));
    let open = || LocalLog::open_on(&store.disk, Path::new("/data"), &store.reads, OPTIONS);
    let (refused, told) = Told::by(open);
    assert!(matches!(refused, Err(OpenError::Io { .. })));
    let says = |told: &str, words: &str| told.matches(words).count();
    assert_eq!(says(&told, "commit 4, which a power cut left half written"), 1, "{told}");
    assert_eq!(says(&told, "sled is of no use and was moved to nowhere: commit 2 is missing"), 1, "{told}");
    assert_eq!(says(&told, "WARN"), 2, "{told}");
    store.reads.set_refusing(None);
    let (opened, told) = Told::by(open);
    assert_eq!(opened.unwrap().1.repairs, [Repair::Inserted { commits: 3 }]);
    assert_eq!(says(&told, "sled lacked the last 3 commits"), 1, "{told}");
    assert_eq!(says(&told, "WARN"), 1, "{told}");
}
