//! The journal's files: their names, sizes and how one is made ready.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::Disk;

const SUFFIX: &str = ".crmj";

/// What a file is called until it is ready for use.
pub(crate) const NEW_SUFFIX: &str = ".new";

/// Bytes of zeros written at once while a file is made ready.
const FILL_BYTES: usize = 256 * 1_024;

/// Bytes that a new file must leave free, for what sled writes at the same time. sled that meets a full disk takes
/// nothing more until the next start; the journal only waits for room.
const FREE_MARGIN_BYTES: u64 = 64 << 20;

/// A byte of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Number of the file, from 1.
    pub(crate) segment: u32,
    /// Byte in it.
    pub(crate) offset: u64,
}

impl Place {
    /// Where commit 1 stands.
    pub(crate) const START: Self = Self { segment: 1, offset: 0 };
}

/// How large the journal's files are: each twice the one before, up to a largest size.
#[derive(Clone, Copy, Debug)]
pub struct SegmentSizes {
    /// Bytes of the first file. It must hold the largest commit that is appended.
    pub first: u64,
    /// Bytes of the largest file.
    pub max: u64,
}

impl Default for SegmentSizes {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl SegmentSizes {
    /// From 1 MiB, which the largest commit fits, to 64 MiB.
    pub const DEFAULT: Self = Self { first: 1 << 20, max: 64 << 20 };

    /// Bytes of the file of that number.
    pub(super) fn of(self, segment: u32) -> u64 {
        let doublings = segment.saturating_sub(1).min(u64::BITS - 1);
        self.first.saturating_mul(1u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(self.max)
    }
}

/// The path of the file of that number.
pub(crate) fn segment_path(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("{segment:08}{SUFFIX}"))
}

/// The number that a file's name gives, if it is one of the journal's.
pub(super) fn segment_number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(SUFFIX)?;
    let plain = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

/// Makes a file ready: zero-filled and synced under another name, then renamed, and the folder synced. A file of
/// that name gives way: it holds nothing yet. Where that would fill the disk it is not begun.
pub(crate) fn prepare_segment(disk: &dyn Disk, folder: &Path, segment: u32, bytes: u64) -> io::Result<()> {
    let path = segment_path(folder, segment);
    let mut new = path.clone().into_os_string();
    new.push(NEW_SUFFIX);
    let new = PathBuf::from(new);
    refuse_full(disk, folder, bytes)?;
    let filled = fill(disk, &new, bytes).and_then(|()| disk.rename(&new, &path));
    if let Err(error) = filled {
        // What was written is of no use and may be what fills the disk. That it cannot be removed is told by the
        // next attempt, which begins with this very file.
        let _ = disk.remove(&new);
        return Err(error);
    }
    disk.sync_folder(folder)
}

/// Refuses to make a file for which there is no room. What another process writes meanwhile is not foreseen.
fn refuse_full(disk: &dyn Disk, folder: &Path, bytes: u64) -> io::Result<()> {
    let (free, needed) = (disk.free_bytes(folder)?, bytes.saturating_add(FREE_MARGIN_BYTES));
    if free >= needed {
        return Ok(());
    }
    let why = format!(
        "{free} bytes are free, {needed} are needed: {bytes} for the file, and the rest for sled meanwhile"
    );
    Err(io::Error::new(io::ErrorKind::StorageFull, why))
}

fn fill(disk: &dyn Disk, path: &Path, bytes: u64) -> io::Result<()> {
    let file = disk.create(path)?;
    let zeros = vec![0; FILL_BYTES];
    let mut at = 0;
    while at < bytes {
        let count = usize::try_from(bytes - at).unwrap_or(usize::MAX).min(FILL_BYTES);
        file.write_at(zeros.get(..count).unwrap_or_default(), at)?;
        at += count as u64;
    }
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_double_up_to_the_largest() {
        let sizes = SegmentSizes::default();
        let sizes: Vec<_> = [1, 2, 3, 6, 7, 8, 400, u32::MAX].map(|n| sizes.of(n) >> 20).to_vec();
        assert_eq!(sizes, [1, 2, 4, 32, 64, 64, 64, 64]);
    }

    #[test]
    fn only_the_journal_s_own_names_are_numbers() {
        assert_eq!(segment_number("00000012.crmj"), Some(12));
        for name in ["12.crmj", "00000012.crmj.new", "+0000012.crmj", "head", "", "000000012.crmj"] {
            assert_eq!(segment_number(name), None, "{name}");
        }
    }
}
