//! What the program does, one file for each command of the command line.

pub mod call;
mod conversation;
pub mod directory;
pub mod init;
pub mod replay;
pub mod serve;
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

/// A journal that cannot be read at all: a folder that is there but holds none is told from one that is not.
pub(crate) fn unreadable(data: &Path, error: &std::io::Error) -> Failure {
    let shown = data.display();
    if error.kind() == std::io::ErrorKind::NotFound && data.is_dir() {
        Failure::new(format!("{shown} holds no store: {} is missing", data.join(JOURNAL_FOLDER).display()))
    } else {
        Failure::new(format!("{shown} cannot be read: {error}"))
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
        Command::Serve(settings) => serve::run(*settings),
        Command::Init(args) => init::run(args),
        Command::Call(args) => call::run(&args),
        Command::Verify(args) => verify::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Directory(args) => directory::run(&args),
        Command::Templates(args) => templates::run(&args),
    };
    outcome.unwrap_or_else(|failure| {
        output::complain(&failure);
        Status::Failed
    })
}
