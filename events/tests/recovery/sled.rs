//! What happened to sled: everything that it holds comes back from the journal, and the report says what was done.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crmconf_events::log::conformance::{append, fill};
use crmconf_events::log::{EventLog, Repair, SledReport, verify_sled};
use crmconf_events::{AccountId, RequestKey};

use super::{alter, copy_folder, open, read_all, refusal, store_with};

/// Sled's own files, the largest last.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(self::files(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files.sort_by_key(|file| fs::metadata(file).unwrap().len());
    files
}

/// A store whose sled was harmed comes back with everything.
fn comes_back_after(harm: impl FnOnce(&Path)) -> Vec<Repair> {
    let (folder, commits) = store_with(50);
    harm(&folder.path().join("sled"));
    let (log, report) = open(folder.path()).unwrap();
    assert_eq!(read_all(&log), commits);
    append(&log, &["the log goes on"]);
    drop(log);
    assert_eq!(open(folder.path()).unwrap().1.repairs, []);
    report.repairs
}

#[test]
fn a_deleted_sled_folder_is_filled_from_the_journal() {
    let repairs = comes_back_after(|sled| fs::remove_dir_all(sled).unwrap());
    assert!(matches!(repairs[..], [Repair::Inserted { commits: 50 }]), "{repairs:?}");
}

#[test]
fn a_request_is_still_found_after_the_sled_folder_was_deleted() {
    let (folder, _) = store_with(3);
    let (account, key) = (AccountId::new([1; 16]), RequestKey::new("k").unwrap());
    let (log, _) = open(folder.path()).unwrap();
    let commit = append(&log, &["{}", &format!(r#"{{"actor":"account:{account}","key":"{key}"}}"#)]);
    drop(log);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let (log, report) = open(folder.path()).unwrap();
    assert_eq!(report.repairs, [Repair::Inserted { commits: 4 }]);
    assert_eq!(log.find_request(&account, &key), Ok(Some(commit.last())));
}

#[test]
fn an_emptied_sled_folder_is_filled_from_the_journal() {
    let repairs = comes_back_after(|sled| {
        fs::remove_dir_all(sled).unwrap();
        fs::create_dir(sled).unwrap();
    });
    assert!(matches!(repairs[..], [Repair::Inserted { commits: 50 }]), "{repairs:?}");
}

#[test]
fn a_sled_that_somebody_else_has_locked_is_waited_for_and_never_taken_for_damaged() {
    let (folder, commits) = store_with(5);
    let held = File::open(folder.path().join("sled/db")).unwrap();
    held.lock().unwrap();
    let words = refusal(folder.path());
    for said in ["could not acquire lock", "was left as it is"] {
        assert!(words.contains(said), "{said}: {words}");
    }
    let (log, report) = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            held.unlock().unwrap();
        });
        open(folder.path()).unwrap()
    });
    assert_eq!((report.repairs, read_all(&log)), (vec![], commits));
    assert!(!folder.path().join("sled.aside").exists());
}

#[test]
fn a_truncated_sled_is_rebuilt_or_filled() {
    for keep in [0, 100, 5_000] {
        let repairs = comes_back_after(|sled| {
            alter(files(sled).last().unwrap(), |bytes| bytes.truncate(keep));
        });
        let words: Vec<_> = repairs.iter().map(ToString::to_string).collect();
        assert!(words.len() == 1 && words[0].contains("from the journal"), "{keep}: {words:?}");
    }
}

#[test]
fn a_sled_with_flipped_bits_comes_back_with_everything() {
    for byte in [3, 40, 700, 3_000, 9_000] {
        comes_back_after(|sled| {
            let file = files(sled).pop().unwrap();
            alter(&file, |bytes| {
                let at = byte.min(bytes.len() - 1);
                bytes[at] ^= 0x55;
            });
        });
    }
}

#[test]
fn sled_files_full_of_something_else_are_moved_aside_and_kept() {
    let (folder, commits) = store_with(10);
    for file in files(&folder.path().join("sled")) {
        alter(&file, |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 0xa5));
    }
    let (log, report) = open(folder.path()).unwrap();
    let [Repair::Rebuilt { aside: Some(aside), commits: 10, .. }] = &report.repairs[..] else {
        panic!("{:?}", report.repairs)
    };
    assert!(Path::new(aside).is_dir());
    assert_eq!(read_all(&log), commits);
}

#[test]
fn a_start_that_died_while_opening_sled_is_followed_by_a_rebuild() {
    let (folder, commits) = store_with(5);
    fs::write(folder.path().join("sled.opening"), "").unwrap();
    let (log, report) = open(folder.path()).unwrap();
    assert!(
        matches!(report.repairs[..], [Repair::Rebuilt { aside: Some(_), commits: 5, .. }]),
        "{:?}",
        report.repairs
    );
    assert_eq!(read_all(&log), commits);
    drop(log);
    // It died before it made anything: nothing is moved, and nothing is said to be.
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    fs::write(folder.path().join("sled.opening"), "").unwrap();
    let (log, report) = open(folder.path()).unwrap();
    let words: Vec<_> = report.repairs.iter().map(ToString::to_string).collect();
    assert!(
        words.len() == 1 && words[0].starts_with("sled was rebuilt from the journal with 5"),
        "{words:?}"
    );
    assert_eq!(read_all(&log), commits);
}

#[test]
fn an_older_sled_gets_the_missing_commits_and_their_requests() {
    let (folder, _) = store_with(20);
    let (sled, older) = (folder.path().join("sled"), folder.path().join("older"));
    copy_folder(&sled, &older);
    let (log, _) = open(folder.path()).unwrap();
    let (account, key) = (AccountId::new([4; 16]), RequestKey::new("k").unwrap());
    let request = append(&log, &[&format!(r#"{{"actor":"account:{account}","key":"{key}"}}"#)]);
    fill(&log, 5);
    drop(log);
    fs::remove_dir_all(&sled).unwrap();
    fs::rename(&older, &sled).unwrap();
    assert_eq!(verify_sled(folder.path(), &mut |_| {}).unwrap(), SledReport::Behind { commit: 20 });
    let (log, report) = open(folder.path()).unwrap();
    assert_eq!(report.repairs, [Repair::Inserted { commits: 6 }]);
    assert_eq!(log.find_request(&account, &key), Ok(Some(request.first())));
    drop(log);
    assert_eq!(verify_sled(folder.path(), &mut |_| {}).unwrap(), SledReport::Same);
}

#[test]
fn copies_made_while_it_runs_open_with_every_acknowledged_commit() {
    let (folder, mut commits) = store_with(1);
    let (log, _) = open(folder.path()).unwrap();
    for round in 0..12 {
        commits.extend(fill(&log, 7));
        // As at a kill: sled has on disk what its own thread wrote by now.
        let copy = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), copy.path());
        let (opened, report) = open(copy.path()).unwrap();
        assert_eq!(read_all(&opened), commits, "round {round}, {:?}", report.repairs);
        append(&opened, &["the copy goes on"]);
    }
}
