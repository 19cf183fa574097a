//! `verify` and the journal reader: they need the journal alone, and write nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crmconf_events::log::conformance::{STORE, commit_after};
use crmconf_events::log::{JournalReader, VerifyReport, verify};

use super::{alter, segment, store_with};

#[test]
fn a_journal_on_read_only_media_is_verified_without_sled() {
    let (folder, commits) = store_with(60);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let journal = folder.path().join("journal");
    for entry in fs::read_dir(&journal).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o400)).unwrap();
    }
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o500)).unwrap();
    let mut steps = Vec::new();
    let report = verify(folder.path(), &mut |progress| steps.push(progress.commits)).unwrap();
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o700)).unwrap();
    let head = commits.last().unwrap().head_after();
    assert_eq!(report, Ok(VerifyReport { store: Some(STORE), head: Some(head), torn: None }));
    assert_eq!(steps, [1]);
    assert!(!folder.path().join("sled").exists());
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
