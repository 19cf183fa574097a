//! `Fault`: the first thing wrong in a journal, and exactly where.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::Sequence;
use crate::commit::CommitFault;

/// The first thing that is wrong in a journal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// In which file.
    pub file: PathBuf,
    /// At which byte of it.
    pub offset: u64,
    /// Number of the commit that should stand there.
    pub commit: u64,
    /// Sequence of the event that should come next.
    pub sequence: Sequence,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What can be wrong in a journal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// Something stands there, but not the commit that belongs there.
    #[error(transparent)]
    Commit(#[from] CommitFault),
    /// The file reaches into the place, but ends before the commit does.
    #[error("the file ends within the commit")]
    CutOff,
    /// A file of the sequence is not there.
    #[error("the file is missing, although later ones are there")]
    MissingFile,
    /// The journal ends here, but `journal/head` names a later commit, which was synced.
    #[error("the journal ends, but journal/head knows commit {known}: commits were lost")]
    Lost {
        /// The number of the commit that it names.
        known: u64,
    },
    /// `journal/head` names another commit at this number, which was synced.
    #[error(
        "journal/head knows another commit of this number: files of different stores or of different copies were mixed"
    )]
    OtherHistory,
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, commit, sequence, kind } = self;
        let file = file.display();
        write!(
            f,
            "{file}, byte {offset}, where commit {commit} with sequence {sequence} should stand: {kind}"
        )
    }
}
