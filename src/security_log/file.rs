//! `RotatingFile`: lines at the end of a file that makes way for a new one when it is full, the older ones numbered.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{FileOptions, SecurityLogError};

/// How every line begins; a file that begins otherwise is none of ours.
const LINE_BEGINNING: &[u8] = b"{\"time\":\"";

/// The file that lines are added to.
pub(super) struct RotatingFile {
    options: FileOptions,
    file: File,
}

impl RotatingFile {
    /// Opens the file, or makes it where there is none.
    ///
    /// # Errors
    /// When it cannot be opened or read, or is no security log.
    pub(super) fn open(options: FileOptions) -> Result<Self, SecurityLogError> {
        let path = &options.path;
        is_there(path)?;
        let file = open_to_add(path).map_err(SecurityLogError::refused("opened", path))?;
        refuse_other_content(&file, path)?;
        Ok(Self { options, file })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.options.path
    }

    /// Adds lines, each with its line feed: all of them, or, with an error, the first so many or none.
    ///
    /// # Errors
    /// What the operating system says, with how many lines were added.
    pub(super) fn append(&mut self, lines: &[Vec<u8>]) -> Result<(), Refused> {
        let mut added = 0;
        while let Some(rest) = lines.get(added..).filter(|rest| !rest.is_empty()) {
            match self.append_some(rest) {
                Ok(count) => added += count,
                Err(cause) => return Err(Refused { added, cause }),
            }
        }
        Ok(())
    }

    /// Adds as many lines as the file has room for, after it was rotated where there is room for none.
    fn append_some(&mut self, lines: &[Vec<u8>]) -> io::Result<usize> {
        self.follow()?;
        let mut length = self.file.metadata()?.len();
        let torn = length > 0 && self.ends_within_a_line(length)?;
        let bytes_max = self.options.bytes_max;
        let first = lines.first().map_or(0, Vec::len) as u64;
        let mut batch = Vec::new();
        if length > 0 && length.saturating_add(first) > bytes_max {
            self.rotate()?;
            length = 0;
        } else if torn {
            batch.push(b'\n');
        }
        let mut count = 0;
        for line in lines {
            let after = length.saturating_add(batch.len() as u64).saturating_add(line.len() as u64);
            if count > 0 && after > bytes_max {
                break;
            }
            batch.extend_from_slice(line);
            count += 1;
        }
        match self.file.write_all(&batch) {
            Ok(()) => Ok(count),
            Err(error) => {
                // What was written of it is written again, whole. Where even this is refused, a line feed closes it off.
                let _ = self.file.set_len(length);
                Err(error)
            }
        }
    }

    /// Whether the last line has no line feed: the process or the disk ended within it.
    fn ends_within_a_line(&self, length: u64) -> io::Result<bool> {
        let mut last = [0];
        self.file.read_exact_at(&mut last, length.saturating_sub(1))?;
        Ok(last != *b"\n")
    }

    /// Opens the file anew where somebody else has moved or removed it.
    fn follow(&mut self) -> io::Result<()> {
        let ours = self.file.metadata()?;
        match fs::symlink_metadata(&self.options.path) {
            Ok(found) if (found.dev(), found.ino()) == (ours.dev(), ours.ino()) => Ok(()),
            Ok(found) if !found.is_file() => Err(io::Error::other("something else stands in its place")),
            Ok(_) => {
                self.file = open_to_add(&self.options.path)?;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.file = open_to_add(&self.options.path)?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Moves the file out of the way and begins a new one, as open to others as its owner left the old one.
    fn rotate(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let permissions = self.file.metadata()?.permissions();
        let files_max = self.options.files_max;
        // Up to the first gap: a rotation that was broken off left one, and nothing beyond it has to move.
        let gap = (1..files_max).find(|number| !self.numbered(*number).exists()).unwrap_or(files_max);
        for number in (1..gap).rev() {
            fs::rename(self.numbered(number), self.numbered(number.saturating_add(1)))?;
        }
        fs::rename(&self.options.path, self.numbered(1))?;
        self.file = open_to_add(&self.options.path)?;
        // They are kept where that can be; a new file is open to its owner alone.
        let _ = self.file.set_permissions(permissions);
        self.remove_beyond(files_max);
        Ok(())
    }

    /// Removes the files that were kept under a larger limit.
    fn remove_beyond(&self, files_max: u32) {
        let mut number = files_max.saturating_add(1);
        while fs::remove_file(self.numbered(number)).is_ok() {
            number = number.saturating_add(1);
        }
    }

    /// The file of this number; the higher, the older.
    fn numbered(&self, number: u32) -> PathBuf {
        let mut path = OsString::from(&self.options.path);
        path.push(format!(".{number}"));
        path.into()
    }

    /// Has the disk hold what was written.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Looks at the file, and whether one could be made where there is none, without changing anything.
///
/// # Errors
/// As [`RotatingFile::open`].
pub(super) fn examine(path: &Path) -> Result<(), SecurityLogError> {
    if is_there(path)? {
        let file = File::options().read(true).append(true).open(path);
        return refuse_other_content(&file.map_err(SecurityLogError::refused("opened", path))?, path);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    access(folder.unwrap_or(Path::new(".")), Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| SecurityLogError::refused("made", path)(error.into()))
}

/// Whether it is there. Asked before it is opened, which would wait for the reader of a pipe.
fn is_there(path: &Path) -> Result<bool, SecurityLogError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => {
            Err(SecurityLogError::Foreign { path: path.to_owned(), what: "it is no regular file" })
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(SecurityLogError::refused("looked at", path)(error)),
    }
}

fn refuse_other_content(file: &File, path: &Path) -> Result<(), SecurityLogError> {
    let mut beginning = Vec::new();
    let read = file.take(LINE_BEGINNING.len() as u64).read_to_end(&mut beginning);
    read.map_err(SecurityLogError::refused("read", path))?;
    // A beginning cut short is one of ours all the same, and so is the line feed that closes one off.
    if !LINE_BEGINNING.starts_with(beginning.split(|byte| *byte == b'\n').next().unwrap_or_default()) {
        return Err(SecurityLogError::Foreign { path: path.to_owned(), what: "it holds something else" });
    }
    Ok(())
}

/// Lines were refused.
#[derive(Debug)]
pub(super) struct Refused {
    /// How many lines were added before.
    pub(super) added: usize,
    /// What the operating system says.
    pub(super) cause: io::Error,
}

/// Readable too, for its beginning and its end; nobody else's business where it is new.
fn open_to_add(path: &Path) -> io::Result<File> {
    File::options().read(true).append(true).create(true).mode(0o600).open(path)
}
