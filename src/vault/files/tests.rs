//! Replacing and erasing files, broken off at every step.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Real files that stop working after some number of changes, as after a crash.
#[derive(Debug)]
pub(in crate::vault) struct Crashing {
    changes_left: AtomicUsize,
}

impl Crashing {
    pub(in crate::vault) fn after(changes: usize) -> Self {
        Self { changes_left: AtomicUsize::new(changes) }
    }

    fn change(&self) -> io::Result<RealFiles> {
        self.changes_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .map(|_| RealFiles)
            .map_err(|_| io::Error::other("crashed"))
    }
}

impl Files for Crashing {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.change()?.create_folder(path)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.change()?.sync_folder(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        RealFiles.list(folder)
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealFiles.read(path)
    }
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.change() {
            Ok(files) => files.write_new(path, bytes),
            Err(crash) => {
                // A crash within the write leaves part of it.
                RealFiles.write_new(path, &bytes[..bytes.len() / 2])?;
                Err(crash)
            }
        }
    }
    fn wipe(&self, path: &Path) -> io::Result<()> {
        self.change()?.wipe(path)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?.link(from, to)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?.remove(path)
    }
    fn same_file(&self, a: &Path, b: &Path) -> io::Result<bool> {
        RealFiles.same_file(a, b)
    }
}

#[test]
fn a_replacement_broken_off_anywhere_leaves_the_old_or_the_new_file_and_nothing_else() {
    let (mut kept, mut replaced) = (0, 0);
    for changes in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        replace(&RealFiles, &path, b"the former content").unwrap();
        let done = replace(&Crashing::after(changes), &path, b"the present content").is_ok();
        assert_eq!(sweep(&RealFiles, folder.path()).unwrap(), ["x"], "after {changes} changes");
        assert_eq!(RealFiles.list(folder.path()).unwrap(), ["x"], "after {changes} changes");
        match RealFiles.read(&path).unwrap().as_slice() {
            b"the former content" => kept += 1,
            b"the present content" => replaced += 1,
            other => panic!("after {changes} changes: {other:?}"),
        }
        if done {
            break;
        }
    }
    assert_eq!((kept, replaced), (5, 5), "wipe leftovers, write, link | rename, sync, wipe, remove, sync");
}

#[test]
fn a_first_write_broken_off_anywhere_leaves_nothing_or_the_whole_file() {
    let (mut nothing, mut whole) = (0, 0);
    for changes in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let done = replace(&Crashing::after(changes), &path, b"content").is_ok();
        match sweep(&RealFiles, folder.path()).unwrap().as_slice() {
            [] => nothing += 1,
            names => {
                assert_eq!(names, ["x"], "after {changes} changes");
                assert_eq!(RealFiles.read(&path).unwrap(), b"content", "after {changes} changes");
                whole += 1;
            }
        }
        assert_eq!(RealFiles.list(folder.path()).unwrap().len(), usize::from(path.exists()));
        if done {
            break;
        }
    }
    assert_eq!((nothing, whole), (5, 2), "wipe leftovers, write, link in vain | rename, sync");
}

#[test]
fn a_replaced_or_erased_content_is_overwritten_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let (path, watch) = (folder.path().join("x"), folder.path().join("watch"));
    replace(&RealFiles, &path, b"secret one").unwrap();
    fs::hard_link(&path, &watch).unwrap();
    replace(&RealFiles, &path, b"secret two").unwrap();
    assert_eq!(fs::read(&watch).unwrap(), [0; 10]);
    fs::remove_file(&watch).unwrap();
    fs::hard_link(&path, &watch).unwrap();
    erase(&RealFiles, &path).unwrap();
    assert_eq!(fs::read(&watch).unwrap(), [0; 10]);
    assert!(!path.exists());
    erase(&RealFiles, &path).unwrap();
}

#[test]
fn leftovers_do_not_hinder_the_next_replacement() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    replace(&RealFiles, &path, b"one").unwrap();
    fs::write(folder.path().join("x.new"), b"half").unwrap();
    fs::hard_link(&path, folder.path().join("x.old")).unwrap();
    replace(&RealFiles, &path, b"two").unwrap();
    assert_eq!(RealFiles.list(folder.path()).unwrap(), ["x"]);
    assert_eq!(RealFiles.read(&path).unwrap(), b"two");
}

#[test]
fn files_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("vault");
    RealFiles.create_folder(&vault).unwrap();
    replace(&RealFiles, &vault.join("x"), b"content").unwrap();
    assert_eq!(fs::metadata(&vault).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(vault.join("x")).unwrap().mode() & 0o777, 0o600);
}
