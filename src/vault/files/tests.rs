//! Replacing and erasing files: on a disk that loses power at every call, and on real files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex};

use crmconf_events::disk::sim::{CrashState, SimDisk, Snapshot};
use crmconf_events::disk::{RealDisk, create_folders};

use super::*;

/// Where the simulated file stands.
const FOLDER: &str = "/vault";
const FILE: &str = "/vault/x";
/// How many outcomes of a power cut are drawn where there are too many to go through all.
const SUBSETS: u64 = 50;
const SEED: u64 = 20_261_124;

fn disk() -> SimDisk {
    let disk = SimDisk::new();
    create_folders(&disk, Path::new(FOLDER)).unwrap();
    disk
}

fn is_x(name: &str) -> bool {
    name == "x"
}

/// What stood on the disk after each call that `work` made.
pub(in crate::vault) fn moments(disk: &SimDisk, work: impl FnOnce(Arc<dyn Disk>)) -> Vec<Snapshot> {
    let seen = Arc::new(Mutex::new(vec![disk.snapshot()]));
    let observer = Arc::clone(&seen);
    work(Arc::new(disk.observed(move |snapshot| observer.lock().unwrap().push(snapshot))));
    std::mem::take(&mut *seen.lock().unwrap())
}

/// The disks that a moment may leave: the process killed, and every outcome of a power cut.
pub(in crate::vault) fn ends(moment: &Snapshot) -> impl Iterator<Item = (SimDisk, String)> + '_ {
    let cut = |CrashState { disk, outcome }| (disk, format!("power cut, {outcome}"));
    std::iter::once((moment.unharmed(), "killed".to_owned()))
        .chain(moment.crash_states(SUBSETS, SEED).map(cut))
}

#[test]
fn a_replacement_broken_off_anywhere_leaves_the_old_or_the_new_file_and_nothing_else() {
    let disk = disk();
    replace(&disk, Path::new(FILE), b"the former content").unwrap();
    let moments = moments(&disk, |disk| replace(&*disk, Path::new(FILE), b"the present content").unwrap());
    let (mut kept, mut replaced) = (0, 0);
    for (call, moment) in moments.iter().enumerate() {
        for (disk, end) in ends(moment) {
            assert_eq!(sweep(&disk, Path::new(FOLDER), is_x).unwrap(), ["x"], "call {call}, {end}");
            assert_eq!(disk.list(Path::new(FOLDER)).unwrap(), ["x"], "call {call}, {end}");
            match read(&disk, Path::new(FILE)).unwrap().as_slice() {
                b"the former content" => {
                    assert!(call + 1 < moments.len(), "it was replaced: call {call}, {end}");
                    kept += 1;
                }
                b"the present content" => {
                    assert!(!disk.medium_holds(b"former content"), "call {call}, {end}");
                    replaced += 1;
                }
                other => panic!("call {call}, {end}: {other:?}"),
            }
        }
    }
    assert!(kept > 5 && replaced > 5, "both ends were seen: {kept} kept, {replaced} replaced");
}

#[test]
fn a_first_write_broken_off_anywhere_leaves_nothing_or_the_whole_file() {
    let disk = disk();
    let moments = moments(&disk, |disk| replace(&*disk, Path::new(FILE), b"content").unwrap());
    let (mut nothing, mut whole) = (0, 0);
    for (call, moment) in moments.iter().enumerate() {
        for (disk, end) in ends(moment) {
            match sweep(&disk, Path::new(FOLDER), is_x).unwrap().as_slice() {
                [] => {
                    assert!(call + 1 < moments.len(), "it was written: call {call}, {end}");
                    nothing += 1;
                }
                names => {
                    assert_eq!(names, ["x"], "call {call}, {end}");
                    assert_eq!(read(&disk, Path::new(FILE)).unwrap(), b"content", "call {call}, {end}");
                    whole += 1;
                }
            }
        }
    }
    assert!(nothing > 0 && whole > 0, "both ends were seen: {nothing} nothing, {whole} whole");
}

#[test]
fn an_erasure_broken_off_anywhere_leaves_the_content_until_it_is_overwritten_and_then_none_of_it() {
    let disk = disk();
    replace(&disk, Path::new(FILE), b"content").unwrap();
    let moments = moments(&disk, |disk| erase(&*disk, Path::new(FILE)).unwrap());
    for (call, moment) in moments.iter().enumerate() {
        for (disk, end) in ends(moment) {
            erase(&disk, Path::new(FILE)).unwrap();
            assert!(disk.list(Path::new(FOLDER)).unwrap().is_empty(), "call {call}, {end}");
            assert!(!disk.medium_holds(b"content"), "call {call}, {end}");
        }
    }
    let last = moments.last().unwrap();
    assert!(
        ends(last).all(|(disk, _)| disk.list(Path::new(FOLDER)).unwrap().is_empty()),
        "it is gone for good"
    );
}

#[test]
fn a_replaced_or_erased_content_is_overwritten_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let (path, watch) = (folder.path().join("x"), folder.path().join("watch"));
    replace(&RealDisk, &path, b"secret one").unwrap();
    fs::hard_link(&path, &watch).unwrap();
    replace(&RealDisk, &path, b"secret two").unwrap();
    assert_eq!(fs::read(&watch).unwrap(), [0; 10]);
    fs::remove_file(&watch).unwrap();
    fs::hard_link(&path, &watch).unwrap();
    erase(&RealDisk, &path).unwrap();
    assert_eq!(fs::read(&watch).unwrap(), [0; 10]);
    assert!(!path.exists());
    erase(&RealDisk, &path).unwrap();
}

#[test]
fn leftovers_do_not_hinder_the_next_replacement() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    replace(&RealDisk, &path, b"one").unwrap();
    fs::write(folder.path().join("x.new"), b"half").unwrap();
    fs::hard_link(&path, folder.path().join("x.old")).unwrap();
    replace(&RealDisk, &path, b"two").unwrap();
    assert_eq!(RealDisk.list(folder.path()).unwrap(), ["x"]);
    assert_eq!(read(&RealDisk, &path).unwrap(), b"two");
}

#[test]
fn files_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("vault");
    RealDisk.create_folder(&vault).unwrap();
    replace(&RealDisk, &vault.join("x"), b"content").unwrap();
    assert_eq!(fs::metadata(&vault).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(vault.join("x")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_file_longer_than_any_of_a_vault_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::File::create(&path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    assert_eq!(read(&RealDisk, &path).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
