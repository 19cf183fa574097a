//! What happened to the journal: half-written ends, damage, lost files, mixed copies.

use std::fs;

use crmconf_events::commit::Commit;
use crmconf_events::log::conformance::{STORE, append, commit_after, fill};
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LogError, OpenError, Repair, verify};

use super::{OPTIONS, alter, copy_folder, open, read_all, refusal, segment, store_with};

/// Where the commits of the first file end, and how many they are.
fn end_of_first_file(commits: &[Commit]) -> (usize, usize) {
    let mut end = 0;
    for (count, commit) in commits.iter().enumerate() {
        if end + commit.bytes().len() > 4_096 {
            return (end, count);
        }
        end += commit.bytes().len();
    }
    (end, commits.len())
}

#[test]
fn after_a_clean_shutdown_nothing_is_repaired() {
    let (folder, commits) = store_with(40);
    let (log, report) = open(folder.path()).unwrap();
    assert_eq!(report.repairs, []);
    assert_eq!((report.head, read_all(&log)), (log.head(), commits));
}

#[test]
fn a_commit_half_written_at_the_end_is_zeroed_and_reported() {
    let (folder, commits) = store_with(3);
    let end: usize = commits.iter().map(|commit| commit.bytes().len()).sum();
    let torn = commit_after(commits[2].head_after(), &["t".repeat(2_000).as_str()]);
    alter(&segment(folder.path(), 1), |file| {
        file[end..end + torn.bytes().len()].copy_from_slice(torn.bytes());
        file[1_024..1_536].fill(0);
    });
    let (log, report) = open(folder.path()).unwrap();
    let [Repair::TornCommit { file, offset, commit: 4, .. }] = &report.repairs[..] else {
        panic!("{:?}", report.repairs)
    };
    assert_eq!((file, *offset), (&segment(folder.path(), 1), end as u64));
    assert!(report.repairs[0].to_string().contains("never acknowledged"));
    assert_eq!(read_all(&log), commits);
    drop(log);
    let bytes = fs::read(segment(folder.path(), 1)).unwrap();
    assert!(bytes[end..].iter().all(|&byte| byte == 0));
}

#[test]
fn a_last_commit_with_an_altered_bit_is_damage_and_not_torn() {
    let (folder, commits) = store_with(3);
    let last: usize = commits[..2].iter().map(|commit| commit.bytes().len()).sum();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    fs::remove_file(folder.path().join("journal/head")).unwrap();
    let file = segment(folder.path(), 1);
    let whole = fs::read(&file).unwrap();
    for at in [last + 1, last + 60, last + 130, last + 155] {
        alter(&file, |bytes| bytes[at] ^= 4);
        let words = refusal(folder.path());
        let place = format!("{}, byte {last}, where commit 3", file.display());
        assert!(words.contains(&place) && words.contains("Put this file back"), "{words}");
        fs::write(&file, &whole).unwrap();
    }
    assert_eq!(read_all(&open(folder.path()).unwrap().0), commits);
}

#[test]
fn a_last_commit_with_a_zeroed_sector_is_damage_while_anything_remembers_it_and_torn_after() {
    let (folder, commits) = store_with(3);
    let (log, _) = open(folder.path()).unwrap();
    append(&log, &[&"a".repeat(2_000)]);
    drop(log);
    // Acknowledged, and then a sector of it reads back as zeros.
    let file = segment(folder.path(), 1);
    let at: usize = commits.iter().map(|commit| commit.bytes().len()).sum();
    alter(&file, |bytes| bytes[1_536..2_048].fill(0));
    let harmed = fs::read(&file).unwrap();
    let refuses = |witness: &str| {
        let words = refusal(folder.path());
        assert!(words.contains(&format!("{witness} knows commit 4")), "{words}");
        assert!(words.contains("with commit 3"), "{words}");
        assert_eq!(fs::read(&file).unwrap(), harmed, "nothing is cleared away");
    };
    refuses("journal/head");
    fs::remove_file(folder.path().join("journal/head")).unwrap();
    refuses("sled");
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let (log, report) = open(folder.path()).unwrap();
    let [Repair::TornCommit { offset, commit: 4, .. }, Repair::Inserted { commits: 3 }] = report.repairs[..]
    else {
        panic!("{:?}", report.repairs)
    };
    assert_eq!((offset, read_all(&log)), (at as u64, commits));
}

#[test]
fn damage_in_the_middle_is_refused_with_its_place_and_nothing_is_changed() {
    let (folder, commits) = store_with(60);
    let file = segment(folder.path(), 1);
    let second = commits[0].bytes().len();
    for damage in [0, 30, 119, 149, 160] {
        alter(&file, |bytes| bytes[second + damage] ^= 1);
        let damaged = fs::read(&file).unwrap();
        let words = refusal(folder.path());
        assert!(words.contains(&format!("{}, byte {second}, where commit 2", file.display())), "{words}");
        assert_eq!(fs::read(&file).unwrap(), damaged);
        alter(&file, |bytes| bytes[second + damage] ^= 1);
    }
    alter(&file, |bytes| bytes[second..second + 1_024].fill(0));
    assert!(
        refusal(folder.path()).contains("where commit 2"),
        "zeroed sectors before other commits are damage"
    );
}

#[test]
fn a_commit_of_a_newer_format_is_no_damage_and_an_altered_format_is() {
    let (folder, mut commits) = store_with(2);
    let (log, _) = open(folder.path()).unwrap();
    commits.push(append(&log, &[&"a".repeat(1_500)]));
    append(&log, &["{}"]);
    drop(log);
    let file = segment(folder.path(), 1);
    let at: usize = commits[..3].iter().map(|commit| commit.bytes().len()).sum();
    alter(&file, |bytes| bytes[at + 5] = 2);
    let words = refusal(folder.path());
    assert!(words.contains("the journal is damaged") && words.contains("hash does not fit"), "{words}");
    // A newer version hashes its header as it likes.
    alter(&file, |bytes| bytes[at + 120] ^= 1);
    let newer = fs::read(&file).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::Newer(_))));
    let words = refusal(folder.path());
    let place = format!("{}, byte {at}, where commit 4", file.display());
    for said in [place.as_str(), "has format 2", "written by a newer version of crmconf; run that one"] {
        assert!(words.contains(said) && !words.contains("damaged"), "{said}: {words}");
    }
    let fault = verify(folder.path(), &mut |_| {}).unwrap().unwrap_err().to_string();
    assert!(fault.contains("newer version of crmconf; run that one"), "{fault}");
    // Nor is a commit before it torn, though a sector of it is all zero and nothing remembers it.
    fs::remove_file(folder.path().join("journal/head")).unwrap();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let third = at - commits[2].bytes().len();
    alter(&file, |bytes| bytes[third..at].fill(0));
    assert!(matches!(open(folder.path()), Err(OpenError::Damaged(fault)) if fault.commit == 3));
    assert_eq!(fs::read(&file).unwrap()[at..], newer[at..]);
}

#[test]
fn a_file_that_was_cut_short_or_is_missing_is_refused_by_name() {
    let (folder, commits) = store_with(60);
    let (end, count) = end_of_first_file(&commits);
    let file = segment(folder.path(), 1);
    let whole = fs::read(&file).unwrap();
    let last = end - commits[count - 1].bytes().len();

    alter(&file, |bytes| bytes.truncate(end - 10));
    let words = refusal(folder.path());
    assert!(words.contains(&format!("byte {last}, where commit {count}")), "{words}");
    alter(&file, |bytes| bytes.truncate(last));
    let words = refusal(folder.path());
    assert!(words.contains(&format!("{}, byte 0", segment(folder.path(), 2).display())), "{words}");
    assert!(words.contains(&format!("commit {count} should stand here")), "{words}");
    fs::remove_file(&file).unwrap();
    let words = refusal(folder.path());
    assert!(words.contains(&format!("{}, byte 0", file.display())) && words.contains("missing"), "{words}");

    fs::write(&file, whole).unwrap();
    assert_eq!(read_all(&open(folder.path()).unwrap().0), commits);
}

#[test]
fn a_journal_that_lost_its_end_is_refused_while_anything_remembers_it() {
    let (folder, _) = store_with(3);
    let file = segment(folder.path(), 1);
    let older = fs::read(&file).unwrap();
    let (log, _) = open(folder.path()).unwrap();
    fill(&log, 2);
    drop(log);
    fs::write(&file, older).unwrap();

    let words = refusal(folder.path());
    assert!(words.contains("journal/head knows commit 5") && words.contains("with commit 3"), "{words}");
    fs::remove_file(folder.path().join("journal/head")).unwrap();
    let words = refusal(folder.path());
    assert!(words.contains("sled knows commit 5") && words.contains("copy"), "{words}");
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::JournalBehind { .. })));
    assert!(matches!(LocalLog::create(folder.path(), STORE, OPTIONS), Err(OpenError::JournalBehind { .. })));
}

#[test]
fn two_histories_are_told_apart_with_their_place() {
    let (folder, commits) = store_with(4);
    let other = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), other.path());
    for (data, event) in [(folder.path(), "here"), (other.path(), "there")] {
        let (log, _) = open(data).unwrap();
        append(&log, &[event]);
    }
    let at: usize = commits.iter().map(|commit| commit.bytes().len()).sum();
    fs::copy(segment(other.path(), 1), segment(folder.path(), 1)).unwrap();
    let place = format!("commit 5 of the journal ({}, byte {at})", segment(folder.path(), 1).display());
    let words = refusal(folder.path());
    assert!(words.contains(&place) && words.contains("journal/head holds"), "{words}");
    fs::copy(other.path().join("journal/head"), folder.path().join("journal/head")).unwrap();
    let words = refusal(folder.path());
    assert!(words.contains(&place) && words.contains("sled holds"), "{words}");
}

#[test]
fn a_damaged_head_file_is_named() {
    let (folder, _) = store_with(2);
    let head = folder.path().join("journal/head");
    for change in [|bytes: &mut Vec<u8>| bytes.truncate(30), |bytes: &mut Vec<u8>| bytes[5] = b'x'] {
        let whole = fs::read(&head).unwrap();
        alter(&head, change);
        assert!(refusal(folder.path()).contains("journal/head is damaged"));
        fs::write(&head, whole).unwrap();
    }
}

#[test]
fn a_folder_without_a_first_commit_is_set_up_anew() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!LocalLog::exists(folder.path()).unwrap());
    assert!(matches!(open(folder.path()), Err(OpenError::NoStore { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a folder that is no store stays as it is");
    drop(LocalLog::create(folder.path(), STORE, OPTIONS).unwrap());
    assert!(!LocalLog::exists(folder.path()).unwrap());
    assert!(matches!(open(folder.path()), Err(OpenError::NoStore { .. })));
    fill(&LocalLog::create(folder.path(), STORE, OPTIONS).unwrap(), 1);
    assert!(LocalLog::exists(folder.path()).unwrap());
    assert!(matches!(LocalLog::create(folder.path(), STORE, OPTIONS), Err(OpenError::Exists { .. })));
    alter(&segment(folder.path(), 1), |bytes| bytes[100] ^= 1);
    assert!(LocalLog::exists(folder.path()).unwrap(), "a damaged first commit is no reason to begin anew");
}

#[test]
fn a_first_commit_that_looks_torn_is_no_reason_to_begin_anew_while_anything_remembers_it() {
    let folder = tempfile::tempdir().unwrap();
    append(&LocalLog::create(folder.path(), STORE, OPTIONS).unwrap(), &[&"a".repeat(2_000)]);
    let first = segment(folder.path(), 1);
    alter(&first, |bytes| bytes[512..1_024].fill(0));
    let refuses = |witness: &str| {
        let words = refusal(folder.path());
        assert!(words.contains(&format!("{witness} knows commit 1")), "{words}");
        assert!(words.contains("no commit at all"), "{words}");
        let created = LocalLog::create(folder.path(), STORE, OPTIONS);
        assert!(matches!(created, Err(OpenError::Exists { .. } | OpenError::JournalBehind { .. })));
    };
    assert!(LocalLog::exists(folder.path()).unwrap());
    refuses("journal/head");
    fs::remove_file(folder.path().join("journal/head")).unwrap();
    refuses("sled");
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    assert!(!LocalLog::exists(folder.path()).unwrap());
    drop(LocalLog::create(folder.path(), STORE, OPTIONS).unwrap());
    assert!(fs::read(&first).unwrap().iter().all(|&byte| byte == 0));
}

#[test]
fn a_second_process_is_refused_while_the_first_has_the_folder() {
    let (folder, _) = store_with(1);
    let (log, _) = open(folder.path()).unwrap();
    let words = refusal(folder.path());
    assert!(words.contains("another process has the data folder open"), "{words}");
    log.close();
    open(folder.path()).unwrap();
}

#[test]
fn a_closed_log_ends_its_readers_and_takes_nothing() {
    let (folder, commits) = store_with(3);
    let (log, _) = open(folder.path()).unwrap();
    let (first, mut subscription) = (commits[0].first(), log.subscribe(commits[2].last().next()));
    let mut reader = log.read(first);
    assert!(reader.next().unwrap().is_ok());
    log.close();
    assert_eq!((reader.next(), reader.next().is_none()), (Some(Err(LogError::Closed)), true));
    assert_eq!(subscription.next(std::time::Duration::from_secs(60)), Err(LogError::Closed));
    let outcome = log.append(commit_after(log.head(), &["late"]));
    assert!(matches!(outcome, AppendOutcome::Unavailable { .. }), "{outcome:?}");
}
