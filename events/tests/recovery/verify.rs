//! `verify` and the journal reader: they need the journal alone, and write nothing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::log::conformance::{STORE, append, commit_after, fill};
use crmconf_events::log::{JournalReader, LocalLog, MemoryStore, VerifyReport, Witness, verify, verify_on};

use super::{OPTIONS, alter, segment, store_with};

/// Every file and folder below one with all that a write would change; permissions stop nobody who is root.
fn traces(folder: &Path) -> Vec<(PathBuf, Vec<u8>, [i64; 5])> {
    let mut traces = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()];
        let [modified, modified_ns, changed, changed_ns] = times;
        let inode = metadata.ino().cast_signed();
        let bytes = if metadata.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        if metadata.is_dir() {
            traces.extend(self::traces(&path));
        }
        traces.push((path, bytes, [inode, modified, modified_ns, changed, changed_ns]));
    }
    traces.sort();
    traces
}

#[test]
fn a_journal_is_verified_without_sled_and_without_a_write() {
    let (folder, commits) = store_with(60);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let (before, mut steps) = (traces(folder.path()), Vec::new());
    let report = verify(folder.path(), &mut |progress| steps.push((progress.commits, progress.of))).unwrap();
    let head = commits.last().unwrap().head_after();
    let witness = Witness::Names { commit: 60 };
    let sound = VerifyReport { store: Some(STORE), head: Some(head), torn: None, witness };
    assert_eq!(report, Ok(sound.clone()));
    assert_eq!(steps, [(1, Some(60))], "what is to be done is known from journal/head");
    assert_eq!(JournalReader::open(folder.path()).unwrap().filter(Result::is_ok).count(), 60);
    assert_eq!(traces(folder.path()), before);

    let known = folder.path().join("journal/head");
    fs::write(&known, "x\n").unwrap();
    let damaged = VerifyReport { witness: Witness::Damaged, ..sound.clone() };
    assert_eq!(verify(folder.path(), &mut |_| {}).unwrap(), Ok(damaged));
    fs::remove_file(&known).unwrap();
    let missing = VerifyReport { witness: Witness::Missing, ..sound };
    assert_eq!(verify(folder.path(), &mut |_| {}).unwrap(), Ok(missing));
}

#[test]
fn no_call_that_changes_anything_is_made_to_the_disk() {
    let (sim, data) = (SimDisk::new(), Path::new("/data"));
    let disk: Arc<dyn Disk> = Arc::new(sim.clone());
    let log = LocalLog::create_on(&disk, data, &MemoryStore::default(), STORE, OPTIONS).unwrap();
    let commits = fill(&log, 60);
    drop(log);
    let calls = sim.calls().len();
    assert_eq!(verify_on(&disk, data).unwrap().unwrap().head.map(|head| head.commit), Some(60));
    // Nor where it finds a commit that the next start would clear away, or a fault.
    let (file, at) = (data.join("journal/00000001.crmj"), commits[0].bytes().len());
    let short = SimDisk::new();
    let disk_short: Arc<dyn Disk> = Arc::new(short.clone());
    let log = LocalLog::create_on(&disk_short, data, &MemoryStore::default(), STORE, OPTIONS).unwrap();
    fill(&log, 1);
    drop(log);
    let torn = commit_after(commits[0].head_after(), &["t".repeat(1_500).as_str()]);
    short.tamper(&file, |bytes| bytes[at..at + 200].copy_from_slice(&torn.bytes()[..200])).unwrap();
    let made = short.calls().len();
    let report = verify_on(&disk_short, data).unwrap().unwrap();
    assert_eq!(report.torn.map(|torn| (torn.offset, torn.commit)), Some((at as u64, 2)));
    assert_eq!(short.calls().len(), made);
    sim.tamper(&data.join("journal/00000001.crmj"), |bytes| bytes[300] ^= 1).unwrap();
    verify_on(&disk, data).unwrap().unwrap_err();
    assert_eq!(sim.calls().len(), calls);
}

#[test]
fn another_history_of_the_same_length_is_a_fault_with_its_place() {
    let (folder, commits) = store_with(3);
    let other = tempfile::tempdir().unwrap();
    let log = LocalLog::create(other.path(), STORE, OPTIONS).unwrap();
    let swapped: Vec<_> = commits
        .iter()
        .map(|commit| append(&log, &commit.events().iter().map(|_| "{\"m\":1}").collect::<Vec<_>>()))
        .collect();
    drop(log);
    let at: usize = swapped[..2].iter().map(|commit| commit.bytes().len()).sum();
    fs::copy(segment(other.path(), 1), segment(folder.path(), 1)).unwrap();
    let fault = verify(folder.path(), &mut |_| {}).unwrap().unwrap_err();
    assert_eq!((fault.offset, fault.commit, fault.sequence), (at as u64, 3, commits[2].first()));
    assert!(fault.to_string().contains("journal/head knows another commit of this number"), "{fault}");
    let read: Vec<_> = JournalReader::open(folder.path()).unwrap().collect();
    assert_eq!((read.len(), read[2].as_ref().err()), (3, Some(&fault)));
}

#[test]
fn a_journal_that_lost_its_end_is_noticed_by_every_reader() {
    let (folder, commits) = store_with(60);
    let last = (1..).take_while(|number| segment(folder.path(), *number).exists()).last().unwrap();
    for number in last - 1..=last {
        fs::remove_file(segment(folder.path(), number)).unwrap();
    }
    let mut reader = JournalReader::open(folder.path()).unwrap();
    assert_eq!(reader.commits_at_least(), Some(60));
    let fault = reader.find_map(Result::err).unwrap();
    assert!(fault.to_string().contains("journal/head knows commit 60: commits were lost"), "{fault}");
    assert_eq!(fault.sequence, commits[usize::try_from(fault.commit).unwrap() - 1].first());
    assert_eq!(verify(folder.path(), &mut |_| {}).unwrap(), Err(fault));
}

#[test]
fn the_first_fault_is_named_with_file_offset_commit_and_sequence() {
    let (folder, commits) = store_with(60);
    let at: usize = commits[..4].iter().map(|commit| commit.bytes().len()).sum();
    alter(&segment(folder.path(), 1), |bytes| bytes[at + 150 + 4] ^= 1);
    let fault = verify(folder.path(), &mut |_| {}).unwrap().unwrap_err();
    assert_eq!(fault.file, segment(folder.path(), 1));
    assert_eq!((fault.offset, fault.commit, fault.sequence), (at as u64, 5, commits[4].first()));
    assert!(fault.to_string().contains("the events do not have the hash"), "{fault}");
    let read: Vec<_> = JournalReader::open(folder.path()).unwrap().collect();
    assert_eq!((read.len(), read[4].as_ref().err()), (5, Some(&fault)));
}

#[test]
fn a_commit_that_a_power_cut_left_half_written_is_no_fault() {
    let (folder, commits) = store_with(2);
    let at: usize = commits.iter().map(|commit| commit.bytes().len()).sum();
    let torn = commit_after(commits[1].head_after(), &["t".repeat(1_500).as_str()]);
    alter(&segment(folder.path(), 1), |bytes| bytes[at..at + 200].copy_from_slice(&torn.bytes()[..200]));
    let report = verify(folder.path(), &mut |_| {}).unwrap().unwrap();
    assert_eq!(report.torn.map(|torn| (torn.offset, torn.commit)), Some((at as u64, 3)));
    assert_eq!(report.head, Some(commits[1].head_after()));
}
