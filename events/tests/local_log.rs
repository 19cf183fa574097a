//! The local backend keeps the contract of the log: with sled in a folder, and on a simulated disk.

#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use crmconf_events::commit::{Commit, CommitFault};
use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::log::conformance::{Backend, STORE, append, fill};
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LocalOptions, LogError, MemoryStore, Repair};
use crmconf_events::{AccountId, RequestKey};
use tempfile::TempDir;

mod real {
    use super::*;

    struct Real {
        folder: TempDir,
        log: Mutex<Weak<LocalLog>>,
    }

    impl Backend for Real {
        fn create() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), log: Mutex::default() }
        }

        fn open(&self) -> Arc<dyn EventLog> {
            let (data, options) = (self.folder.path(), LocalOptions::default());
            let log = if LocalLog::exists(data).unwrap() {
                LocalLog::open(data, options, &mut |_| {}).unwrap().0
            } else {
                LocalLog::create(data, STORE, options).unwrap()
            };
            let log = Arc::new(log);
            *self.log.lock().unwrap() = Arc::downgrade(&log);
            log
        }

        fn forge(&self, commit: &Commit) {
            self.log.lock().unwrap().upgrade().unwrap().forge(commit).unwrap();
        }
    }

    crmconf_events::log_conformance!(Real);
}

mod simulated {
    use super::*;

    struct Simulated {
        disk: Arc<dyn Disk>,
        reads: MemoryStore,
    }

    impl Backend for Simulated {
        fn create() -> Self {
            let disk = SimDisk::new();
            Self { disk: Arc::new(disk), reads: MemoryStore::default() }
        }

        fn open(&self) -> Arc<dyn EventLog> {
            let options = LocalOptions::default();
            let data = Path::new("/data");
            if LocalLog::exists_on(&self.disk, data).unwrap() {
                Arc::new(LocalLog::open_on(&self.disk, data, &self.reads, options).unwrap().0)
            } else {
                Arc::new(LocalLog::create_on(&self.disk, data, &self.reads, STORE, options).unwrap())
            }
        }

        fn forge(&self, commit: &Commit) {
            self.reads.forge(commit);
        }
    }

    crmconf_events::log_conformance!(Simulated);
}

#[test]
fn a_commit_whose_bytes_were_altered_is_told_with_its_place_and_put_right_by_the_next_start() {
    let (disk, reads): (Arc<dyn Disk>, _) = (Arc::new(SimDisk::new()), MemoryStore::default());
    let (data, options) = (Path::new("/data"), LocalOptions::default());
    let log = LocalLog::create_on(&disk, data, &reads, STORE, options).unwrap();
    let commits = fill(&log, 6);
    let altered = commits[2].first();
    reads.spoil(altered);
    let place = format!("sled's commit with the event of sequence {altered}");
    let told = LogError::Broken { place, fault: CommitFault::Root };
    assert_eq!(log.read_commit(altered), Err(told.clone()));
    assert_eq!(log.read_event(altered), Err(told.clone()));
    assert_eq!(log.read(altered).collect::<Vec<_>>(), [Err(told)]);
    assert_eq!(log.read_commit(commits[3].first()).unwrap().as_deref(), Some(&commits[3]));
    let again = log.append(commits[2].clone());
    assert!(matches!(&again, AppendOutcome::Unknown { why } if why.contains("sled's commit")), "{again:?}");
    assert_eq!(log.append(commits[3].clone()), AppendOutcome::Duplicate);
    drop(log);
    let (log, report) = LocalLog::open_on(&disk, data, &reads, options).unwrap();
    assert!(matches!(report.repairs[..], [Repair::Rebuilt { commits: 6, .. }]), "{:?}", report.repairs);
    assert_eq!(log.read_commit(altered).unwrap().as_deref(), Some(&commits[2]));
}

#[test]
fn a_request_that_sled_lost_is_found_at_the_next_start_and_sled_rebuilt() {
    let (disk, reads): (Arc<dyn Disk>, _) = (Arc::new(SimDisk::new()), MemoryStore::default());
    let (data, options) = (Path::new("/data"), LocalOptions::default());
    let log = LocalLog::create_on(&disk, data, &reads, STORE, options).unwrap();
    let (account, key) = (AccountId::new([1; 16]), RequestKey::new("k").unwrap());
    fill(&log, 2);
    let commit = append(&log, &[&format!(r#"{{"actor":"account:{account}","key":"{key}"}}"#)]);
    fill(&log, 2);
    drop(log);
    assert!(reads.lose_request(&account, &key));
    let (log, report) = LocalLog::open_on(&disk, data, &reads, options).unwrap();
    let [Repair::Rebuilt { why, commits: 5, .. }] = &report.repairs[..] else {
        panic!("{:?}", report.repairs)
    };
    assert_eq!(*why, format!("the request of sequence {} is not found", commit.first()));
    assert_eq!(log.find_request(&account, &key), Ok(Some(commit.first())));
}

/// A process that is being started holds every file that this one has open, until it runs its program.
#[test]
fn the_folder_is_free_as_soon_as_the_log_is_closed_also_while_processes_are_started() {
    let (folder, options, done) =
        (tempfile::tempdir().unwrap(), LocalOptions::default(), AtomicBool::new(false));
    let log = LocalLog::create(folder.path(), STORE, options).unwrap();
    fill(&log, 1);
    drop(log);
    let reopened = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    Command::new("/bin/true").status().unwrap();
                }
            });
        }
        let reopened = (0..60).find_map(|round| {
            let opened = LocalLog::open(folder.path(), options, &mut |_| {});
            let fault = match opened {
                Ok((_, report)) if report.repairs.is_empty() => return None,
                Ok((_, report)) => format!("{:?}", report.repairs),
                Err(error) => error.to_string(),
            };
            Some(format!("round {round}: {fault}"))
        });
        done.store(true, Ordering::Relaxed);
        reopened
    });
    assert_eq!(reopened, None);
}

#[test]
fn each_commit_s_sync_is_told_once_from_the_moment_on_at_which_somebody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<LocalLog> =
        Arc::new(LocalLog::create(folder.path(), STORE, LocalOptions::default()).unwrap());
    fill(&*log, 3);
    let (told, watched) = (Arc::new(Mutex::new(Vec::new())), Arc::clone(&log));
    let syncs = Arc::clone(&told);
    watched.watch_syncs(Box::new(move |took| syncs.lock().unwrap().push(took)));
    fill(&*log, 4);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|took| !took.is_zero()));
}
