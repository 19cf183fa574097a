//! Where `export` writes: standard output, or a file that appears under its name when it is complete.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::{ExportOutput, Status, output};
use crate::commands::Failure;

/// Beginning of the name under which a file is written before it is complete.
const UNFINISHED_PREFIX: &str = ".crmconf-export-";

/// How much is collected before the operating system is asked to take it.
const BUFFER_BYTES: usize = 64 << 10;

/// Takes the lines.
pub(super) enum Sink {
    /// Standard output.
    Stream(Box<dyn Write>),
    /// A file beside the one that it will replace.
    File {
        /// What is written until then; only its owner may read it, and it is removed when anything fails.
        file: BufWriter<NamedTempFile>,
        /// Its name in the end.
        path: PathBuf,
        /// Whether a file of that name gives way.
        replace: bool,
    },
}

impl Sink {
    /// Opens what the lines go to. A file in the data folder is refused: the store belongs to itself.
    pub(super) fn open(output: &ExportOutput, data: &Path) -> Result<Self, Failure> {
        match output {
            ExportOutput::StandardOutput => Ok(Self::Stream(Box::new(output::stream()))),
            ExportOutput::File { path, replace } => Self::beside(path, *replace, data),
        }
    }

    fn beside(path: &Path, replace: bool, data: &Path) -> Result<Self, Failure> {
        let failed =
            |cause: io::Error| Failure::new(format!("{} cannot be written: {cause}", path.display()));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = folder.canonicalize().map_err(failed)?;
        if data.canonicalize().is_ok_and(|data| real.starts_with(data)) {
            return Err(Failure::new(format!(
                "{} lies in the data folder, where nothing but the store may be: write it elsewhere",
                path.display()
            )));
        }
        if !replace && path.symlink_metadata().is_ok() {
            return Err(taken(path));
        }
        let file = tempfile::Builder::new().prefix(UNFINISHED_PREFIX).tempfile_in(folder).map_err(failed)?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self::File { file, path: path.to_owned(), replace })
    }

    /// Ends what was begun. A file gets its name, also where what it holds ends at damage (`cut`), which is then said.
    pub(super) fn close(self, cut: bool) -> Result<Status, Failure> {
        match self {
            Self::Stream(mut stream) => match stream.flush() {
                Ok(()) => Ok(Status::Done),
                Err(cause) => stream_failed(&cause),
            },
            Self::File { file, path, replace } => {
                put_in_place(file, &path, replace)?;
                if cut {
                    output::note(&format_args!("{} holds the events before the fault", path.display()));
                }
                Ok(Status::Done)
            }
        }
    }

    /// Tells that a line could not be written.
    pub(super) fn failed(self, cause: &io::Error) -> Result<Status, Failure> {
        match self {
            Self::Stream(_) => stream_failed(cause),
            Self::File { path, .. } => {
                Err(Failure::new(format!("{} cannot be written: {cause}", path.display())))
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

/// A reader that has left is told by the exit status alone.
fn stream_failed(cause: &io::Error) -> Result<Status, Failure> {
    if output::reader_left(cause) {
        return Ok(Status::Failed);
    }
    Err(Failure::new(format!("the events could not be written to standard output: {cause}")))
}

fn put_in_place(file: BufWriter<NamedTempFile>, path: &Path, replace: bool) -> Result<(), Failure> {
    let failed = |cause: io::Error| Failure::new(format!("{} cannot be written: {cause}", path.display()));
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    let placed = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    match placed {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(taken(path)),
        Err(error) => Err(failed(error.error)),
    }
}

fn taken(path: &Path) -> Failure {
    Failure::new(format!(
        "{} is there already: name another file, or replace it with --force",
        path.display()
    ))
}
