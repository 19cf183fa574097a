//! A look at a folder of templates: which files are there, and what is in them. Decides nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::OFlags;
use thiserror::Error;

use super::LOOK_INTERVAL;
use super::name::is_template_name;
use crate::templates::TEMPLATE_BYTES_MAX;
use crate::templates::reload::{Documents, Look};
use crate::templates::watched::Looks;

/// Most template files of a folder. One with more is refused as a whole: nobody could say which of them count.
pub const FILES_MAX: usize = 1_000;
/// Most entries of any kind. A folder with more is the wrong one.
const ENTRIES_MAX: usize = 10_000;
/// After so many looks every file is read again, whatever the file system says about when it was written.
const LOOKS_UNTIL_READ_AGAIN: u32 = 60;
/// What some editors write before the text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Why a file's text cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileFault {
    /// Longer than a template may be.
    #[error("the file is {bytes} bytes long, a template may have {TEMPLATE_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: u64,
    },
    /// A folder, a pipe, a device.
    #[error("it is no regular file")]
    NotAFile,
    /// A symbolic link to nothing.
    #[error("it is a link to a file that is not there")]
    Dangling,
    /// Other bytes than UTF-8.
    #[error("the file is no UTF-8: save it in that encoding")]
    NotUtf8,
    /// It was written to while it was read.
    #[error("the file was being written to")]
    Written,
    /// The operating system refuses.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
}

/// What is in a file.
type Content = Result<Arc<str>, FileFault>;

/// Looks at a folder. Reads a file again only where something about it changed.
pub(super) struct Looker {
    path: PathBuf,
    known: BTreeMap<OsString, Known>,
    looks: u32,
}

/// A file as it was last found.
struct Known {
    stamp: Stamp,
    content: Content,
    /// Whether the look before found the same. Until then it is read at every look, since a second change may follow
    /// the first so soon that it bears the same time.
    settled: bool,
}

/// By what a change of a file is noticed without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Looker {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, known: BTreeMap::new(), looks: 0 }
    }
}

impl Looks for Looker {
    fn documents(&self) -> Documents {
        Documents::Files
    }

    fn interval(&self) -> Duration {
        LOOK_INTERVAL
    }

    fn look(&mut self) -> Result<Look, String> {
        let names = names(&self.path).map_err(|error| error.to_string())?;
        let device = fs::metadata(&self.path).map_err(|error| error.to_string())?.dev();
        self.looks = self.looks.wrapping_add(1);
        let again = self.looks.is_multiple_of(LOOKS_UNTIL_READ_AGAIN);
        let mut known = BTreeMap::new();
        for name in names {
            let before = self.known.remove(&name);
            if let Some(found) = find(&self.path.join(&name), before, again) {
                known.insert(name, found);
            }
        }
        self.known = known;
        let told = |content: &Content| content.clone().map_err(|fault| fault.to_string());
        let documents = self.known.iter().map(|(name, known)| (name.clone(), told(&known.content)));
        Ok(Look { device, documents: documents.collect() })
    }
}

impl fmt::Display for Looker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "folder {:?}", self.path)
    }
}

/// The names of a folder's template files.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for (count, entry) in fs::read_dir(folder)?.enumerate() {
        let name = entry?.file_name();
        if count >= ENTRIES_MAX {
            return Err(io::Error::other(format!(
                "it has more than {ENTRIES_MAX} entries: is it the right one?"
            )));
        }
        if is_template_name(&name) {
            names.push(name);
        }
    }
    if names.len() > FILES_MAX {
        return Err(io::Error::other(format!("it has more than {FILES_MAX} template files")));
    }
    Ok(names)
}

/// A file as it stands now; `None` when it has gone since its name was read. Symbolic links are followed: that is how
/// container platforms put files into place.
fn find(path: &Path, before: Option<Known>, again: bool) -> Option<Known> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let link = fs::symlink_metadata(path).ok()?;
            return Some(Known {
                stamp: Stamp::of(&link),
                content: Err(FileFault::Dangling),
                settled: false,
            });
        }
        Err(error) => {
            let content = Err(FileFault::Unreadable(error.to_string()));
            let none = Stamp { file: (0, 0), bytes: 0, modified: (0, 0), changed: (0, 0) };
            return Some(Known { stamp: none, content, settled: false });
        }
    };
    let stamp = Stamp::of(&metadata);
    let before = match before {
        Some(known) if known.stamp == stamp && known.settled && !again => return Some(known),
        before => before,
    };
    let content = read_template(path).map(Arc::from);
    let same = before.filter(|before| before.stamp == stamp && before.content == content);
    Some(same.map_or(Known { stamp, content, settled: false }, |same| Known { settled: true, ..same }))
}

/// The text of a template's file, without a byte order mark.
///
/// # Errors
/// Why it cannot be had.
pub fn read_template(path: &Path) -> Result<String, FileFault> {
    let unreadable = |error: io::Error| FileFault::Unreadable(error.to_string());
    // A pipe would keep whoever opens it waiting.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    // Its name was read a moment ago.
    let gone = |error: &io::Error| error.kind() == ErrorKind::NotFound;
    let mut file =
        opened.map_err(|error| if gone(&error) { FileFault::Dangling } else { unreadable(error) })?;
    let before = regular(&file)?;
    let limit = TEMPLATE_BYTES_MAX as u64;
    if before.len() > limit + BYTE_ORDER_MARK.len() as u64 {
        return Err(FileFault::TooLong { bytes: before.len() });
    }
    let mut bytes = Vec::new();
    (&mut file).take(limit * 2).read_to_end(&mut bytes).map_err(unreadable)?;
    if Stamp::of(&regular(&file)?) != Stamp::of(&before) {
        return Err(FileFault::Written);
    }
    let mut text = String::from_utf8(bytes).map_err(|_| FileFault::NotUtf8)?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text)
}

fn regular(file: &File) -> Result<Metadata, FileFault> {
    let metadata = file.metadata().map_err(|error| FileFault::Unreadable(error.to_string()))?;
    if metadata.is_file() { Ok(metadata) } else { Err(FileFault::NotAFile) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_leaves_no_trace_but_the_content_is_found_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let name = OsString::from("A.json");
        fs::write(folder.path().join(&name), "new").unwrap();
        let mut looker = Looker::new(folder.path().to_owned());
        let stamp = Stamp::of(&fs::metadata(folder.path().join(&name)).unwrap());
        let known = Known { stamp, content: Ok(Arc::from("old")), settled: true };
        looker.known.insert(name.clone(), known);
        let looks =
            (1..=LOOKS_UNTIL_READ_AGAIN).map(|_| looker.look().unwrap().documents.remove(&name).unwrap());
        let contents: Vec<_> = looks.map(Result::unwrap).collect();
        assert_eq!(contents.iter().position(|content| &**content == "new"), Some(contents.len() - 1));
    }
}
