//! The script: 200 commits with everything that a disk can do to them, and what was acknowledged at each call.

use std::path::Path;
use std::sync::{Arc, Mutex};

use crmconf_events::commit::{Commit, Head};
use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::{Failing, Outcome, SimDisk, Snapshot};
use crmconf_events::log::conformance::{STORE, commit_after};
use crmconf_events::log::{
    AppendOutcome, EventLog, Health, LocalLog, LocalOptions, MemoryStore, OpenError, Repair, SegmentSizes,
};
use crmconf_events::{AccountId, RequestKey};

/// The data folder of the script, of which no level is there before.
pub(crate) const DATA: &str = "/srv/crmconf/data";

/// Small files, so that the script fills many.
pub(crate) const OPTIONS: LocalOptions = LocalOptions {
    segments: SegmentSizes { first: 8_192, max: 16_384 },
    sled_cache_bytes: 16 << 20,
    ..LocalOptions::DEFAULT
};

const COMMITS: u64 = 200;

/// What stood and what was promised right after one call to the disk.
pub(crate) struct Moment {
    /// The disk.
    pub(crate) disk: Snapshot,
    /// What stands in sled's place.
    pub(crate) reads: MemoryStore,
    /// The acknowledged commits.
    pub(crate) acknowledged: Vec<Commit>,
    /// The commit that is being appended, or of which it is unknown whether it was.
    pub(crate) attempted: Option<Commit>,
}

#[derive(Default)]
struct Promises {
    reads: MemoryStore,
    acknowledged: Vec<Commit>,
    attempted: Option<Commit>,
    moments: Vec<Moment>,
}

struct Script {
    disk: SimDisk,
    reads: MemoryStore,
    promises: Arc<Mutex<Promises>>,
}

/// Runs the script and tells what stood at each call.
pub(crate) fn run_script() -> Vec<Moment> {
    let script = Script::new();
    let log = script.create();
    let log = script.append_upto(log, 40);
    drop(log);
    let log = script.append_upto(script.open(), 60);
    let log = script.fail_a_sync(log);
    let log = script.append_upto(log, 90);
    let log = script.fail_a_write(log);
    let log = script.append_upto(log, 115);
    let log = script.fill_the_disk(log);
    let log = script.append_upto(log, 130);
    let log = script.fail_folder_syncs(log);
    let log = script.append_upto(log, 140);
    let (script, log) = script.cut_the_power_while_appending(log);
    let log = script.append_upto(log, 160);
    let log = script.lose_the_reads(log);
    let log = script.append_upto(log, COMMITS);
    drop(log);
    let mut promises = script.promises.lock().unwrap();
    assert!(promises.acknowledged.len() as u64 >= COMMITS);
    std::mem::take(&mut promises.moments)
}

impl Script {
    fn new() -> Self {
        let disk = SimDisk::new();
        let reads = MemoryStore::default();
        let promises = Promises { reads: reads.clone(), ..Promises::default() };
        Self { disk, reads, promises: Arc::new(Mutex::new(promises)) }
    }

    /// The disk as the log gets it: each call is recorded with what was promised by then.
    fn observed(&self) -> Arc<dyn Disk> {
        let promises = Arc::clone(&self.promises);
        Arc::new(self.disk.observed(move |disk| {
            let mut promises = promises.lock().unwrap();
            let moment = Moment {
                disk,
                reads: promises.reads.detached(),
                acknowledged: promises.acknowledged.clone(),
                attempted: promises.attempted.clone(),
            };
            promises.moments.push(moment);
        }))
    }

    fn create(&self) -> LocalLog {
        LocalLog::create_on(&self.observed(), Path::new(DATA), &self.reads, STORE, OPTIONS).unwrap()
    }

    /// Sled's place as the log gets it while it is filled again: each commit inserted is a moment of its own.
    fn observed_reads(&self) -> MemoryStore {
        let (disk, promises) = (self.disk.clone(), Arc::clone(&self.promises));
        self.reads.observed(move |reads| {
            let mut promises = promises.lock().unwrap();
            let moment = Moment {
                disk: disk.snapshot(),
                reads,
                acknowledged: promises.acknowledged.clone(),
                attempted: promises.attempted.clone(),
            };
            promises.moments.push(moment);
        })
    }

    /// Opens the log. What it shows then is promised.
    fn open(&self) -> LocalLog {
        self.open_telling().0
    }

    fn open_telling(&self) -> (LocalLog, Vec<Repair>) {
        let opened = LocalLog::open_on(&self.observed(), Path::new(DATA), &self.observed_reads(), OPTIONS);
        let (log, report) = opened.unwrap_or_else(|error| panic!("{error}"));
        let mut promises = self.promises.lock().unwrap();
        if let Some(attempted) = promises.attempted.take()
            && attempted.number() == log.head().commit
        {
            promises.acknowledged.push(attempted);
        }
        assert_eq!(promises.acknowledged.last().map(Commit::hash), Some(log.head().hash));
        (log, report.repairs)
    }

    fn append_upto(&self, log: LocalLog, number: u64) -> LocalLog {
        while log.head().commit < number {
            assert_eq!(self.append(&log), AppendOutcome::Appended);
        }
        log
    }

    fn append(&self, log: &LocalLog) -> AppendOutcome {
        self.append_this(log, next_commit(log.head()))
    }

    fn append_this(&self, log: &LocalLog, commit: Commit) -> AppendOutcome {
        self.promises.lock().unwrap().attempted = Some(commit.clone());
        let outcome = log.append(commit.clone());
        let mut promises = self.promises.lock().unwrap();
        match outcome {
            AppendOutcome::Appended => {
                promises.acknowledged.push(commit);
                promises.attempted = None;
            }
            AppendOutcome::Unavailable { .. } => promises.attempted = None,
            AppendOutcome::Unknown { .. } => {}
            AppendOutcome::Conflict { .. } | AppendOutcome::Duplicate => panic!("{outcome:?}"),
        }
        outcome
    }

    /// Appends with calls of a kind failing until one fails on a commit: those on the next file only delay it.
    fn append_in_vain(&self, log: &LocalLog, failing: Failing, bytes: usize) {
        for _ in 0..20 {
            self.disk.fail(failing, 0);
            let commit = commit_after(log.head(), &["v".repeat(bytes).as_str()]);
            if let AppendOutcome::Unknown { .. } = self.append_this(log, commit) {
                return;
            }
        }
        panic!("no commit meets {failing:?}");
    }

    /// A sync fails, the process starts again on the page cache, and the commit is there after all.
    fn fail_a_sync(&self, log: LocalLog) -> LocalLog {
        self.append_in_vain(&log, Failing::SyncData, 700);
        let before = self.promises.lock().unwrap().acknowledged.last().unwrap().head_after();
        assert_eq!(log.head(), before, "nothing of it is published");
        assert!(matches!(log.health(), Health::ReadOnly { .. }));
        end_at_once(log);
        let log = self.open();
        assert_eq!(log.head().commit, before.commit + 1);
        log
    }

    /// A write fails half way, and the process starts again without a power cut.
    fn fail_a_write(&self, log: LocalLog) -> LocalLog {
        // Large enough for a page of it to be written.
        self.append_in_vain(&log, Failing::Write, 7_000);
        let before = log.head();
        end_at_once(log);
        let (log, repairs) = self.open_telling();
        assert_eq!(log.head(), before);
        assert!(matches!(repairs[..], [] | [Repair::TornCommit { .. }]), "{repairs:?}");
        log
    }

    /// The disk is full when the next file is due: refused for sure, and taken once there is room.
    fn fill_the_disk(&self, log: LocalLog) -> LocalLog {
        self.disk.set_full(true);
        let mut refused = AppendOutcome::Appended;
        while refused == AppendOutcome::Appended {
            refused = self.append(&log);
        }
        assert!(matches!(refused, AppendOutcome::Unavailable { .. }), "{refused:?}");
        assert_eq!(log.health(), Health::Writable);
        assert!(matches!(self.append(&log), AppendOutcome::Unavailable { .. }));
        self.disk.set_full(false);
        assert_eq!(self.append(&log), AppendOutcome::Appended);
        log
    }

    /// A folder's sync fails when the next file gets its name: refused for sure, and taken at the next try; and again
    /// at a start, which is refused and can be repeated.
    fn fail_folder_syncs(&self, log: LocalLog) -> LocalLog {
        // The first try for the next file is made ahead of its need.
        self.disk.fail(Failing::SyncFolder, 0);
        self.disk.fail(Failing::SyncFolder, 1);
        let mut refused = AppendOutcome::Appended;
        while refused == AppendOutcome::Appended {
            refused = self.append(&log);
        }
        assert!(matches!(refused, AppendOutcome::Unavailable { .. }), "{refused:?}");
        assert_eq!(log.health(), Health::Writable);
        assert_eq!(self.append(&log), AppendOutcome::Appended);
        end_at_once(log);
        self.disk.fail(Failing::SyncFolder, 0);
        let refused = LocalLog::open_on(&self.observed(), Path::new(DATA), &self.reads, OPTIONS);
        assert!(matches!(refused, Err(OpenError::Io { .. })));
        self.open()
    }

    /// The power goes while a commit is written; the script goes on with what is left, a torn commit.
    fn cut_the_power_while_appending(self, log: LocalLog) -> (Self, LocalLog) {
        self.append_in_vain(&log, Failing::SyncData, 3_000);
        let snapshot = self.disk.snapshot();
        end_at_once(log);
        let torn = (0..).map(|seed| snapshot.crash(Outcome::Seeded(seed))).find(|disk| {
            // On a copy, so that what is repaired there is still to be repaired here.
            let disk: Arc<dyn Disk> = Arc::new(disk.snapshot().unharmed());
            let (_, report) =
                LocalLog::open_on(&disk, Path::new(DATA), &self.reads.detached(), OPTIONS).unwrap();
            matches!(report.repairs[..], [Repair::TornCommit { .. }])
        });
        let script = Self { disk: torn.unwrap(), ..self };
        let (log, repairs) = script.open_telling();
        assert!(matches!(repairs[..], [Repair::TornCommit { .. }]), "{repairs:?}");
        (script, log)
    }

    /// One commit is missing in sled's place: it is rebuilt.
    fn lose_the_reads(&self, log: LocalLog) -> LocalLog {
        end_at_once(log);
        let lost = self.promises.lock().unwrap().acknowledged[50].first();
        assert!(self.reads.lose(lost));
        let (log, repairs) = self.open_telling();
        assert!(matches!(repairs[..], [Repair::Rebuilt { commits: 160.., .. }]), "{repairs:?}");
        log
    }
}

/// Commits of 200 to 2,500 bytes and one to three events, so that they begin and end anywhere in a sector. The first
/// event of every third one carries a request.
pub(crate) fn next_commit(head: Head) -> Commit {
    let number = head.commit + 1;
    let events: Vec<String> = (0..=number % 3)
        .map(|i| {
            let filling = "f".repeat(usize::try_from((number * 131 + i * 37) % 750).unwrap());
            let request = if i == 0 { request_of(number) } else { None };
            let around = request.map_or_else(String::new, |(account, key)| {
                format!(r#""actor":"account:{account}","key":"{key}","#)
            });
            format!(r#"{{{around}"n":{number},"i":{i},"f":"{filling}"}}"#)
        })
        .collect();
    commit_after(head, &events.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The request that the first event of a commit of that number carries, unless it was appended in vain.
pub(crate) fn request_of(number: u64) -> Option<(AccountId, RequestKey)> {
    let key = || RequestKey::new(&format!("request {number}")).unwrap();
    number.is_multiple_of(3).then(|| (AccountId::new([u8::try_from(number % 7).unwrap(); 16]), key()))
}

/// The process ends without a word: nothing is closed, nothing is written.
fn end_at_once(log: LocalLog) {
    std::mem::forget(log);
}
