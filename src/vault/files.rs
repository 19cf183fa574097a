//! How the vault reaches its files: replacing one as a whole, and overwriting before removing.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::VaultError;

/// Largest vault file that is read, bytes. What is longer was not written by this program.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Zeros are written over a file in pieces of this size, bytes.
const WIPE_BYTES: usize = 64 << 10;
/// Ending of a file that is being written.
const NEW: &str = "new";
/// Ending of a file that is being replaced.
const OLD: &str = "old";

/// What the vault needs of a file system, so that tests can break it at every step.
pub trait Files: Send + Sync + fmt::Debug {
    /// Creates a folder that only its owner may enter.
    ///
    /// # Errors
    /// What the file system says; that it is there already is no error.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Makes the folder's entries durable.
    ///
    /// # Errors
    /// What the file system says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// The names in a folder, in any order.
    ///
    /// # Errors
    /// What the file system says.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// A file's bytes.
    ///
    /// # Errors
    /// What the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Creates a file that only its owner may read, writes the bytes and makes them durable.
    ///
    /// # Errors
    /// What the file system says, also when a file is there already.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Overwrites a file with zeros in place and makes that durable.
    ///
    /// # Errors
    /// What the file system says.
    fn wipe(&self, path: &Path) -> io::Result<()>;
    /// Gives a file a second name.
    ///
    /// # Errors
    /// What the file system says, also when the second name is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file another name, replacing what bears it.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a name.
    ///
    /// # Errors
    /// What the file system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Whether two names are those of one and the same file; false when either is not there.
    ///
    /// # Errors
    /// What the file system says.
    fn same_file(&self, a: &Path, b: &Path) -> io::Result<bool>;
}

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn wipe(&self, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let mut left = file.metadata()?.len();
        let zeros = vec![0; WIPE_BYTES];
        while left > 0 {
            let piece = usize::try_from(left).map_or(WIPE_BYTES, |left| left.min(WIPE_BYTES));
            file.write_all(zeros.get(..piece).unwrap_or_default())?;
            left = left.saturating_sub(piece as u64);
        }
        file.sync_all()
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn same_file(&self, a: &Path, b: &Path) -> io::Result<bool> {
        match (fs::metadata(a), fs::metadata(b)) {
            (Ok(a), Ok(b)) => Ok((a.dev(), a.ino()) == (b.dev(), b.ino())),
            (Err(error), _) | (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
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
pub(super) fn replace(files: &dyn Files, path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let (new, old, folder) = (beside(path, NEW), beside(path, OLD), folder_of(path));
    for leftover in [&new, &old] {
        discard(files, leftover, path)?;
    }
    files.write_new(&new, bytes).doing("written", &new)?;
    let replaced = match files.link(path, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error).doing("linked", &old),
    };
    files.rename(&new, path).doing("renamed", &new)?;
    files.sync_folder(folder).doing("synced", folder)?;
    if replaced { erase(files, &old) } else { Ok(()) }
}

/// Overwrites a file and removes it, durably. That it is not there is no error.
pub(super) fn erase(files: &dyn Files, path: &Path) -> Result<(), VaultError> {
    match files.wipe(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        wiped => wiped.doing("overwritten", path)?,
    }
    files.remove(path).doing("removed", path)?;
    let folder = folder_of(path);
    files.sync_folder(folder).doing("synced", folder)
}

/// Takes away what an interrupted [`replace`] left in a folder, and gives the names of the other files.
pub(super) fn sweep(files: &dyn Files, folder: &Path) -> Result<Vec<String>, VaultError> {
    let mut kept = Vec::new();
    for name in files.list(folder).doing("listed", folder)? {
        let path = folder.join(&name);
        match name.rsplit_once('.') {
            Some((of, NEW | OLD)) => discard(files, &path, &folder.join(of))?,
            Some(_) | None => kept.push(name),
        }
    }
    Ok(kept)
}

/// Takes away a leftover of the file `of`. Between linking and renaming both are names of one file, which is still
/// the valid one: then only the second name goes, since overwriting would destroy the first.
fn discard(files: &dyn Files, leftover: &Path, of: &Path) -> Result<(), VaultError> {
    if !files.same_file(leftover, of).doing("examined", leftover)? {
        return erase(files, leftover);
    }
    files.remove(leftover).doing("removed", leftover)?;
    let folder = folder_of(leftover);
    files.sync_folder(folder).doing("synced", folder)
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
