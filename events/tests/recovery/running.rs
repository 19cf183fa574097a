//! A store that is being written to: it can be checked, read and copied meanwhile, in the order that RELIABILITY.md
//! gives.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::log::conformance::{STORE, append, fill};
use crmconf_events::log::{EventLog, JournalReader, LocalLog, MemoryStore, verify};

use super::{OPTIONS, open, read_all, segment, store_with};

/// How many commits are appended while something else goes on: enough for many files.
const COMMITS: u64 = 400;

/// Appends commits of all sizes in a thread while `work` is done again and again.
fn while_it_runs(log: &LocalLog, mut work: impl FnMut()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..COMMITS {
                append(log, &[&"e".repeat(usize::try_from(number * 37 % 1_900).unwrap())]);
            }
            done.store(true, Ordering::Release);
        });
        let mut rounds = 0;
        while !done.load(Ordering::Acquire) || rounds < 3 {
            work();
            rounds += 1;
        }
    });
}

#[test]
fn a_file_that_was_filled_after_it_was_read_is_read_again_before_the_next() {
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new());
    let data = Path::new("/data");
    let log = LocalLog::create_on(&disk, data, &MemoryStore::default(), STORE, OPTIONS).unwrap();
    let mut commits = Vec::new();
    while !disk.list(&data.join("journal")).unwrap().contains(&"00000002.crmj".to_owned()) {
        commits.push(append(&log, &["half of the first file"]));
    }
    let mut reader = JournalReader::open_on(Arc::clone(&disk), data).unwrap();
    let first = reader.next().unwrap().unwrap();
    // The reader has the first file in memory; now it is filled, and the second begun.
    commits.extend(fill(&log, 30));
    let read: Vec<_> = reader.map(|commit| commit.map(|commit| (*commit).clone())).collect();
    assert_eq!(read, commits[1..].iter().cloned().map(Ok).collect::<Vec<_>>());
    assert_eq!(*first, commits[0]);
}

#[test]
fn a_store_that_is_written_to_is_verified_without_a_fault() {
    let (folder, _) = store_with(1);
    let (log, _) = open(folder.path()).unwrap();
    while_it_runs(&log, || {
        let before = log.head().commit;
        let report = verify(folder.path(), &mut |_| {}).unwrap().unwrap();
        assert!(report.head.unwrap().commit >= before, "{report:?}");
    });
    let report = verify(folder.path(), &mut |_| {}).unwrap().unwrap();
    assert_eq!((report.head, report.torn), (Some(log.head()), None));
}

/// Copies a store in the documented order, without sled, and does something after each file.
fn copy_in_order(data: &Path, copy: &Path, mut after_each: impl FnMut()) {
    let (from, to) = (data.join("journal"), copy.join("journal"));
    fs::create_dir_all(&to).unwrap();
    fs::copy(from.join("head"), to.join("head")).unwrap();
    after_each();
    let segments: Vec<u32> = (1..).take_while(|number| segment(data, *number).exists()).collect();
    for number in segments.into_iter().rev() {
        fs::copy(segment(data, number), segment(copy, number)).unwrap();
        after_each();
    }
}

#[test]
fn a_copy_in_the_documented_order_holds_all_that_stood_when_it_was_begun() {
    let (folder, mut commits) = store_with(20);
    let (log, _) = open(folder.path()).unwrap();
    // Appended at one moment of each copy: enough to fill the file in use and to begin the next.
    for round in 0..24 {
        let (copy, begun, mut step) = (tempfile::tempdir().unwrap(), commits.len(), 0);
        copy_in_order(folder.path(), copy.path(), || {
            if step == round % 6 {
                commits.extend(fill(&log, 30));
            }
            step += 1;
        });
        let report = verify(copy.path(), &mut |_| {}).unwrap();
        assert_eq!(report.map(|report| report.torn), Ok(None), "round {round}");
        let (opened, _) = open(copy.path()).unwrap();
        let copied = read_all(&opened);
        assert!(copied.len() >= begun && commits.starts_with(&copied), "round {round}: {}", copied.len());
        append(&opened, &["the copy goes on"]);
    }
}

#[test]
fn a_copy_made_under_load_verifies_once_the_file_that_verify_names_is_copied_again() {
    let (folder, _) = store_with(5);
    let (log, _) = open(folder.path()).unwrap();
    while_it_runs(&log, || {
        let (copy, begun) = (tempfile::tempdir().unwrap(), log.head().commit);
        copy_in_order(folder.path(), copy.path(), || {});
        let mut again = 0;
        let report = loop {
            match verify(copy.path(), &mut |_| {}).unwrap() {
                Ok(report) => break report,
                Err(fault) => {
                    let name = fault.file.file_name().unwrap();
                    fs::copy(folder.path().join("journal").join(name), &fault.file).unwrap();
                    again += 1;
                    assert!(again < 100, "{fault}");
                }
            }
        };
        assert!(report.head.unwrap().commit >= begun, "{report:?}");
        open(copy.path()).unwrap();
    });
}
