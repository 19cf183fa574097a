//! The simulated disk loses and keeps what a real one may lose and keep.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::disk::{create_folders, read_file, replace_file};

const FOLDER: &str = "/f";

fn disk_with(name: &str, bytes: &[u8]) -> (SimDisk, Arc<dyn DiskFile>) {
    let disk = SimDisk::new();
    create_folders(&disk, Path::new(FOLDER)).unwrap();
    let file = disk.create(&Path::new(FOLDER).join(name)).unwrap();
    file.write_at(bytes, 0).unwrap();
    file.sync_data().unwrap();
    disk.sync_folder(Path::new(FOLDER)).unwrap();
    (disk, file)
}

fn content(disk: &SimDisk, name: &str) -> Vec<u8> {
    read_file(disk, &Path::new(FOLDER).join(name)).unwrap()
}

#[test]
fn what_was_synced_survives_and_what_was_not_may_be_lost_by_sectors() {
    let (disk, file) = disk_with("a", &[1; 1_536]);
    file.write_at(&[2; 1_000], 300).unwrap();
    let outcomes: BTreeSet<Vec<u8>> = disk
        .snapshot()
        .crash_states(50, 0)
        .map(|crash| [400, 700, 1_100].map(|at| content(&crash.disk, "a")[at]).to_vec())
        .collect();
    assert_eq!(outcomes.len(), 8, "each of three sectors old or new: {outcomes:?}");
    file.sync_data().unwrap();
    let kept: Vec<_> = disk.snapshot().crash_states(50, 0).map(|crash| content(&crash.disk, "a")).collect();
    assert_eq!(kept, [[&[1; 300][..], &[2; 1_000], &[1; 236]].concat()]);
}

#[test]
fn after_a_failed_sync_a_later_one_makes_nothing_durable_but_writing_again_does() {
    let (disk, file) = disk_with("a", b"old");
    file.write_at(b"new", 0).unwrap();
    disk.fail(Failing::SyncData, 0);
    file.sync_data().unwrap_err();
    file.sync_data().unwrap();
    assert_eq!(content(&disk.snapshot().crash(Outcome::AllLost), "a"), b"old");
    assert_eq!(content(&disk.snapshot().crash(Outcome::AllKept), "a"), b"new");
    file.write_at(b"new", 0).unwrap();
    file.sync_data().unwrap();
    assert_eq!(content(&disk.snapshot().crash(Outcome::AllLost), "a"), b"new");
}

#[test]
fn a_name_is_durable_after_its_folder_was_synced() {
    let (disk, _) = disk_with("a", b"a");
    let folder = Path::new(FOLDER);
    disk.rename(&folder.join("a"), &folder.join("b")).unwrap();
    let names = |outcome| disk.snapshot().crash(outcome).list(folder).unwrap();
    assert_eq!(
        (names(Outcome::AllLost), names(Outcome::AllKept)),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );
    disk.sync_folder(folder).unwrap();
    assert_eq!(names(Outcome::AllLost), ["b"]);
}

#[test]
fn a_folder_whose_name_was_not_synced_may_be_lost_with_all_in_it() {
    let disk = SimDisk::new();
    let [outer, inner] = ["/outer", "/outer/inner"].map(Path::new);
    disk.create_folder(outer).unwrap();
    disk.create_folder(inner).unwrap();
    disk.create(&inner.join("a")).unwrap().sync_data().unwrap();
    disk.sync_folder(inner).unwrap();
    disk.sync_folder(outer).unwrap();
    let lost = disk.snapshot().crash(Outcome::AllLost);
    assert_eq!(lost.list(outer).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(lost.list(inner).unwrap_err().kind(), io::ErrorKind::NotFound);
    disk.sync_folder(Path::new("/")).unwrap();
    assert_eq!(disk.snapshot().crash(Outcome::AllLost).list(inner).unwrap(), ["a"]);
    assert_eq!(disk.create_folder(inner).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    let orphan = disk.create_folder(Path::new("/nowhere/inner"));
    assert_eq!(orphan.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn folders_are_durable_level_by_level_also_those_that_somebody_left_unsynced() {
    let disk = SimDisk::new();
    let [outer, middle, inner] = ["/outer", "/outer/middle", "/outer/middle/inner"].map(Path::new);
    create_folders(&disk, inner).unwrap();
    let made = |folder: &Path| Call::CreateFolder(folder.to_owned());
    let synced = |folder: &Path| Call::SyncFolder(folder.to_owned());
    let calls =
        [made(outer), synced(Path::new("/")), made(middle), synced(outer), made(inner), synced(middle)];
    assert_eq!(disk.calls(), calls);
    let other = Path::new("/other");
    disk.create_folder(other).unwrap();
    create_folders(&disk, other).unwrap();
    let lost = disk.snapshot().crash(Outcome::AllLost);
    assert!(lost.list(inner).is_ok() && lost.list(other).is_ok());
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_at_every_moment() {
    let (disk, _) = disk_with("head", &[1; 700]);
    let snapshots: Arc<Mutex<Vec<Snapshot>>> = Arc::default();
    let seen = Arc::clone(&snapshots);
    let observed = disk.observed(move |snapshot| seen.lock().unwrap().push(snapshot));
    replace_file(&observed, Path::new(FOLDER), "head", "head.new", &[2; 900]).unwrap();
    let snapshots = snapshots.lock().unwrap();
    assert_eq!(snapshots.len(), 5);
    for crash in snapshots.iter().flat_map(|snapshot| snapshot.crash_states(50, 7)) {
        let bytes = content(&crash.disk, "head");
        assert!(bytes == [1; 700] || bytes == [2; 900], "{}", crash.outcome);
    }
    assert_eq!(content(&disk.snapshot().crash(Outcome::AllLost), "head"), [2; 900]);
}

#[test]
fn a_failing_write_does_whole_pages_and_a_full_disk_still_takes_writes_in_place() {
    let (disk, file) = disk_with("a", &[1; 16_384]);
    disk.fail(Failing::Write, 0);
    file.write_at(&[2; 16_384], 0).unwrap_err();
    let bytes = content(&disk, "a");
    assert_eq!((bytes[8_191], bytes[8_192]), (2, 1));
    disk.set_full(true);
    file.write_at(&[3; 512], 0).unwrap();
    assert_eq!(file.write_at(&[3; 512], 16_384).unwrap_err().kind(), io::ErrorKind::StorageFull);
}
