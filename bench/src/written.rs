//! How many bytes go to the disk? Counted twice, since neither count is right everywhere.
//!
//! - By the disk: the sectors written to the block device that holds a folder, in `/sys/dev/block/…/stat`. What the
//!   file system writes for itself is in it, and what other processes write too: it means something on a quiet
//!   machine alone, and the least of several measurements is the nearest.
//! - By the process: `write_bytes` in `/proc/<pid>/io`, a process's own. The kernel counts a piece of a file (a folio)
//!   as a whole when its first byte is changed after a sync. On ext4 a piece was a page of 4 KiB; since Linux 6.16 it
//!   is as large as the write that first filled the file, up to megabytes, of which the disk sees 4 KiB.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::BenchError;

/// What the kernel calls a sector, whatever the disk does.
const SECTOR_BYTES: u64 = 512;

/// Reads both counts.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    process: PathBuf,
    device: PathBuf,
}

/// Bytes written, since the machine and the process started or between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// By the disk; `None` where no block device holds the folder.
    pub(crate) disk: Option<u64>,
    /// By the process.
    pub(crate) process: u64,
}

impl Meter {
    /// Of the process of this id, and of the disk that holds this folder.
    ///
    /// # Errors
    /// When there is no such folder.
    pub(crate) fn of(process: u32, folder: &Path) -> Result<Self, BenchError> {
        let metadata = std::fs::metadata(folder)
            .map_err(BenchError::system(format!("the disk of {}", folder.display())))?;
        let (major, minor) = numbers(metadata.dev());
        Ok(Self {
            process: format!("/proc/{process}/io").into(),
            device: format!("/sys/dev/block/{major}:{minor}/stat").into(),
        })
    }

    /// Of this process, and of the disk that holds this folder.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn here(folder: &Path) -> Result<Self, BenchError> {
        Self::of(std::process::id(), folder)
    }

    /// Brings the files of a folder to the disk, and reads.
    ///
    /// # Errors
    /// When the kernel does not count for the process, or the folder cannot be read.
    pub(crate) fn settled(&self, folder: &Path) -> Result<Written, BenchError> {
        sync(folder).map_err(BenchError::system(format!("syncing {}", folder.display())))?;
        self.read()
    }

    /// Reads.
    ///
    /// # Errors
    /// When the kernel does not count for the process.
    pub(crate) fn read(&self) -> Result<Written, BenchError> {
        let cannot = || BenchError::system(format!("{} has no write_bytes", self.process.display()));
        let text = std::fs::read_to_string(&self.process).map_err(cannot())?;
        let process = write_bytes(&text)
            .ok_or_else(|| cannot()(std::io::Error::other("this kernel counts none for a process")))?;
        let disk = std::fs::read_to_string(&self.device).ok();
        Ok(Written { disk: disk.as_deref().and_then(sectors).map(|count| count * SECTOR_BYTES), process })
    }
}

impl Written {
    /// What was written since an earlier reading.
    pub(crate) fn since(self, before: Self) -> Self {
        let disk = self.disk.zip(before.disk).map(|(now, before)| now.saturating_sub(before));
        Self { disk, process: self.process.saturating_sub(before.process) }
    }
}

/// Major and minor number of a device, as Linux packs them into 64 bits.
const fn numbers(device: u64) -> (u64, u64) {
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & 0xffff_f000);
    let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
    (major, minor)
}

fn write_bytes(io: &str) -> Option<u64> {
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok())
}

/// The seventh field: see `Documentation/block/stat.rst` of Linux.
fn sectors(stat: &str) -> Option<u64> {
    stat.split_whitespace().nth(6)?.parse().ok()
}

/// Syncs every file below a folder.
fn sync(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // A file that is gone again needs no syncing.
        let done = if path.is_dir() { sync(&path) } else { sync_file(&path) };
        if !matches!(&done, Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            done?;
        }
    }
    Ok(())
}

fn sync_file(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_the_ones_of_that_name_and_place() {
        assert_eq!(write_bytes("wchar: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 2\n"), Some(4_096));
        assert_eq!(write_bytes("cancelled_write_bytes: 2\n"), None);
        assert_eq!(sectors("  1 2 3 4 5 6 77 8 9 10 11\n"), Some(77));
        assert_eq!(numbers(0x31_0345), (259, 0x345));
        assert_eq!(numbers(0x1000_0007_8912), (0x1789, 0x12));
    }

    #[test]
    fn what_this_process_writes_is_counted() {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let meter = Meter::here(folder.path()).unwrap();
        let before = meter.read().unwrap();
        std::fs::write(folder.path().join("file"), [b'k'; 1_000]).unwrap();
        let written = meter.settled(folder.path()).unwrap().since(before);
        // Other tests of this process may write as well.
        assert!(written.process >= 1_000, "{written:?}");
        assert!(written.disk.is_none_or(|disk| disk >= 1_000), "{written:?}");
    }
}
