//! How the vault changes its files: replacing one as a whole, and overwriting before removing.

use std::io;
use std::path::{Path, PathBuf};

use crmconf_events::disk::{Disk, read_file};

use super::error::VaultError;

/// Largest vault file that is read, bytes. What is longer was not written by this program.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Zeros are written over a file in pieces of this size, bytes.
const WIPE_BYTES: u64 = 64 << 10;
/// Ending of a file that is being written.
const NEW: &str = "new";
/// Ending of a file that is being replaced.
const OLD: &str = "old";

/// A file's bytes.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    if disk.open_to_read(path)?.length()? > FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than any file of a vault"));
    }
    read_file(disk, path)
}

/// The first bytes of a file, fewer where it is shorter.
pub(super) fn read_beginning(disk: &dyn Disk, path: &Path, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let read = disk.open_to_read(path)?.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Writes a file that is not there yet, and makes its bytes durable.
fn write_new(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = disk.create(path)?;
    file.write_at(bytes, 0)?;
    file.sync_data()
}

/// Overwrites a file with zeros in place and makes that durable.
fn wipe(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let file = disk.open_to_write(path)?;
    let length = file.length()?;
    let mut offset = 0;
    while offset < length {
        let piece = (length - offset).min(WIPE_BYTES);
        file.write_at(&vec![0; usize::try_from(piece).map_err(io::Error::other)?], offset)?;
        offset += piece;
    }
    file.sync_data()
}

/// Says which file, and what was being done to it, when something fails.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, VaultError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, VaultError> {
        self.map_err(|source| VaultError::Io { path: path.into(), doing, source })
    }
}

/// Puts `bytes` in the place of the file `path`, or creates it; durable on return, the former content overwritten.
///
/// A crash at any step leaves the former file or the new one whole, and [`sweep`] takes the rest away.
pub(super) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let (new, old, folder) = (beside(path, NEW), beside(path, OLD), folder_of(path));
    for leftover in [&new, &old] {
        discard(disk, leftover, path)?;
    }
    write_new(disk, &new, bytes).doing("written", &new)?;
    let replaced = match disk.link(path, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error).doing("linked", &old),
    };
    if replaced {
        // The former content keeps a name on the medium, or a power cut could leave it there where nothing finds it.
        disk.sync_folder(folder).doing("synced", folder)?;
    }
    disk.rename(&new, path).doing("renamed", &new)?;
    disk.sync_folder(folder).doing("synced", folder)?;
    if replaced { erase(disk, &old) } else { Ok(()) }
}

/// Overwrites a file and removes it, durably. That it is not there is no error.
pub(super) fn erase(disk: &dyn Disk, path: &Path) -> Result<(), VaultError> {
    // A link is taken away as it is: what it leads to is not ours to overwrite.
    if disk.is_file(path).doing("examined", path)? {
        wipe(disk, path).doing("overwritten", path)?;
    }
    match disk.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed.doing("removed", path)?,
    }
    let folder = folder_of(path);
    disk.sync_folder(folder).doing("synced", folder)
}

/// Takes away what an interrupted [`replace`] left in a folder of files that are `ours` by their names, and gives the names
/// of everything else. An operator may have put a copy aside under a name with one of our endings: it stays.
pub(super) fn sweep(
    disk: &dyn Disk,
    folder: &Path,
    ours: impl Fn(&str) -> bool,
) -> Result<Vec<String>, VaultError> {
    let mut kept = Vec::new();
    for name in disk.list(folder).doing("listed", folder)? {
        let (path, of) = (folder.join(&name), without_ending(&name));
        if of != name && ours(of) && disk.is_file(&path).doing("examined", &path)? {
            discard(disk, &path, &folder.join(of))?;
        } else {
            kept.push(name);
        }
    }
    Ok(kept)
}

/// The name of the file that a leftover is one of; any other name as it is.
pub(super) fn without_ending(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((of, NEW | OLD)) => of,
        Some(_) | None => name,
    }
}

/// Takes away a leftover of the file `of`. Between linking and renaming both are names of one file, which is still
/// the valid one: then only the second name goes, since overwriting would destroy the first.
fn discard(disk: &dyn Disk, leftover: &Path, of: &Path) -> Result<(), VaultError> {
    if !disk.same_file(leftover, of).doing("examined", leftover)? {
        return erase(disk, leftover);
    }
    disk.remove(leftover).doing("removed", leftover)?;
    let folder = folder_of(leftover);
    disk.sync_folder(folder).doing("synced", folder)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// The folder that holds `path`.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
pub(super) mod tests;
