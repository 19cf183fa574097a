//! Stories of recovery on a real folder: open, write, close, damage, open again.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test: a panic is how it reports")]

#[path = "recovery/journal.rs"]
mod journal;
#[path = "recovery/running.rs"]
mod running;
#[path = "recovery/sled.rs"]
mod sled;
#[path = "recovery/verify.rs"]
mod verify;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crmconf_events::Sequence;
use crmconf_events::commit::Commit;
use crmconf_events::log::conformance::{STORE, fill};
use crmconf_events::log::{EventLog, LocalLog, LocalOptions, OpenError, OpenReport, SegmentSizes};
use tempfile::TempDir;

/// Small files, so that a few commits fill several.
const OPTIONS: LocalOptions = LocalOptions {
    segments: SegmentSizes { first: 4_096, max: 8_192 },
    sled_cache_bytes: 16 << 20,
    ..LocalOptions::DEFAULT
};

/// A closed store of `commits` commits in a folder of its own.
fn store_with(commits: u64) -> (TempDir, Vec<Commit>) {
    let folder = tempfile::tempdir().unwrap();
    let log = LocalLog::create(folder.path(), STORE, OPTIONS).unwrap();
    let commits = fill(&log, commits);
    (folder, commits)
}

fn open(data: &Path) -> Result<(LocalLog, OpenReport), OpenError> {
    LocalLog::open(data, OPTIONS, &mut |_| {})
}

/// Why a store is not opened, in the words that its operator reads.
fn refusal(data: &Path) -> String {
    open(data).err().expect("it should not open").to_string()
}

fn read_all(log: &LocalLog) -> Vec<Commit> {
    log.read(Sequence::FIRST).map(|commit| (*commit.unwrap()).clone()).collect()
}

fn segment(data: &Path, number: u32) -> PathBuf {
    data.join(format!("journal/{number:08}.crmj"))
}

/// Changes a file's bytes.
fn alter(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Copies a folder with all in it. A file that a running log renames or removes meanwhile is left out.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            match fs::copy(entry.path(), to) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}
