//! What the program does, one file for each command of the command line.

pub mod account;
pub mod call;
pub mod completions;
pub mod config;
mod confirm;
pub mod conformance;
mod conversation;
pub mod directory;
pub mod export;
mod folded;
pub mod init;
pub mod keys;
pub mod man;
pub mod replay;
pub mod serve;
mod source;
mod stopped;
pub mod templates;
pub mod verify;

use std::fmt;
use std::path::Path;

use crate::cli::{Command, Status, output};
use crate::store::JOURNAL_FOLDER;

/// Why a command did not do what it was asked: a sentence for the person at the terminal, free of secrets.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// A failure told in this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// A journal that cannot be read at all: what stands in the place of a data folder is told, with what would do.
pub(crate) fn unreadable(data: &Path, error: &std::io::Error) -> Failure {
    let shown = data.display();
    let journal = data.join(JOURNAL_FOLDER);
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    Failure::new(if data.is_file() {
        format!("{shown} is a file; --data takes the folder that `crmconf init` set up")
    } else if missing && !data.exists() {
        format!("{shown} cannot be read: there is no such folder")
    } else if missing && data.join("00000001.crmj").exists() {
        format!("{shown} holds no store, but is the journal of one: give the folder above it")
    } else if missing && !journal.exists() {
        format!("{shown} holds no store: {} is missing", journal.display())
    } else {
        format!("{shown} cannot be read: {error}")
    })
}

/// Prints a result to its end. A reader of a pipe that has left is told by the status alone.
pub(crate) fn print(text: &str) -> Result<Status, Failure> {
    match output::result(text) {
        Ok(()) => Ok(Status::Done),
        Err(error) if output::reader_left(&error) => Ok(Status::Failed),
        Err(error) => Err(Failure::new(format!("the result could not be printed: {error}"))),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Runs a command to its end, and tells a failure on standard error.
#[must_use]
pub fn run(command: Command) -> Status {
    let outcome = match command {
        Command::Serve(settings, again) => serve::run(*settings, again),
        Command::Init(args) => init::run(args),
        Command::Call(args) => call::run(&args),
        Command::Account(args) => account::run(*args),
        Command::Keys(args) => keys::run(*args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Verify(args) => verify::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Directory(args) => directory::run(&args),
        Command::Templates(args) => templates::run(&args),
        Command::Export(args) => export::run(args),
        Command::Config(args) => config::run(args),
        Command::Completions(shell) => completions::run(shell),
        Command::Man(folder) => man::run(&folder),
    };
    outcome.unwrap_or_else(|failure| {
        output::complain(&failure);
        Status::Failed
    })
}
