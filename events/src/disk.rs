//! The small trait through which ground state reaches files: real, and simulated for tests of power cuts.

mod real;
#[cfg(feature = "testkit")]
pub mod sim;

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use real::RealDisk;

/// What a disk writes whole or not at all, in bytes.
pub const SECTOR_BYTES: usize = 512;

/// A file system, as far as journal and vault need one. Nothing is durable before it was synced: a file's bytes
/// and length by [`DiskFile::sync_data`], its name by [`Disk::sync_folder`] on the folder it stands in.
pub trait Disk: Debug + Send + Sync {
    /// Makes a folder in one that is there; only its owner may enter it. Its name is durable as a file's is.
    ///
    /// # Errors
    /// Those of the file system; `AlreadyExists` when the name is taken, `NotFound` when the folder above is missing.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// The names of the files in a folder, sorted; names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// Those of the file system; `NotFound` when there is no such folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Opens a file for reading only: media that cannot be written must do.
    ///
    /// # Errors
    /// Those of the file system.
    fn open_to_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// Those of the file system.
    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes an empty file that only its owner may read, or empties the one that is there.
    ///
    /// # Errors
    /// Those of the file system.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name in the same folder; a file of that name gives way.
    ///
    /// # Errors
    /// Those of the file system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// Those of the file system; `AlreadyExists` when the new name is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// Those of the file system.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Whether two names are those of one and the same file; false when either is not there.
    ///
    /// # Errors
    /// Those of the file system.
    fn same_file(&self, a: &Path, b: &Path) -> io::Result<bool>;

    /// Whether a name is that of a regular file itself, and not of a folder or of a link to elsewhere; false when it is not
    /// there.
    ///
    /// # Errors
    /// Those of the file system.
    fn is_file(&self, path: &Path) -> io::Result<bool>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Those of the file system.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// How many bytes this process may still write to the file system of a folder; the greatest number where it does
    /// not tell.
    ///
    /// # Errors
    /// Those of the file system.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;

    /// Whether work off the write path may run on a thread of its own. A simulated disk says no, so that the
    /// order of its calls is the same in every run.
    fn may_use_threads(&self) -> bool;
}

/// An open file. Positions are given with each call, so that threads can share it.
pub trait DiskFile: Debug + Send + Sync {
    /// Reads up to `buffer.len()` bytes at `offset`, fewer only at the file's end.
    ///
    /// # Errors
    /// Those of the file system.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at `offset`. After an error any part of them may have been written.
    ///
    /// # Errors
    /// Those of the file system.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// The file's length in bytes.
    ///
    /// # Errors
    /// Those of the file system.
    fn length(&self) -> io::Result<u64>;

    /// Makes the bytes and the length durable (`fdatasync`). After an error it is unknown what is durable, and a
    /// later success says nothing about what was written before.
    ///
    /// # Errors
    /// Those of the file system.
    fn sync_data(&self) -> io::Result<()>;
}

/// Reads a whole file.
///
/// # Errors
/// Those of the file system.
pub fn read_file(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open_to_read(path)?;
    let length = usize::try_from(file.length()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Makes a folder, durably, and those above it that are missing. One that is there was made by this function too, or
/// by somebody else: whoever made it may have ended before its name was durable, which therefore is made so again.
///
/// # Errors
/// Those of the file system.
pub fn create_folders(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    let above = folder_of(folder);
    let mut made = disk.create_folder(folder);
    if matches!(&made, Err(error) if error.kind() == io::ErrorKind::NotFound) && above != folder {
        // Those above are durable before this one is made, so that none is lost with what it holds.
        create_folders(disk, above)?;
        made = disk.create_folder(folder);
    }
    match made {
        Ok(()) => disk.sync_folder(above),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match disk.sync_folder(above) {
            // A folder that this process may not even read is another's, and so is the care for what stands in it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            synced => synced,
        },
        Err(error) => Err(error),
    }
}

/// The folder that a file or folder stands in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        None => path,
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
    }
}

/// Replaces a small file so that after a power cut the old or the new one is there, whole: written beside as
/// `aside`, synced, renamed, the folder synced.
///
/// # Errors
/// Those of the file system; the old file is then still there, or the new one already.
pub fn replace_file(disk: &dyn Disk, folder: &Path, name: &str, aside: &str, bytes: &[u8]) -> io::Result<()> {
    let aside = folder.join(aside);
    let file = disk.create(&aside)?;
    file.write_at(bytes, 0)?;
    file.sync_data()?;
    disk.rename(&aside, &folder.join(name))?;
    disk.sync_folder(folder)
}

/// Whether all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    // Compared with zeros block by block: many times faster than byte by byte where nothing optimises.
    const ZEROS: [u8; 4_096] = [0; 4_096];
    bytes.chunks(ZEROS.len()).all(|block| ZEROS.starts_with(block))
}
