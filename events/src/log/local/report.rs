//! What opening a local log tells: how far it is, what it repaired, or why it refuses and the way out.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::commit::{CommitFault, Head};
use crate::log::journal::{Fault, FaultKind};

/// How far opening or verifying is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Commits done.
    pub commits: u64,
    /// How many there are at least, where that is known.
    pub of: Option<u64>,
}

/// What opening or verifying does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Every commit of the journal is read, checked, and compared with sled.
    Checking,
    /// Commits that sled lacks are inserted.
    Inserting,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checking => "checking the journal",
            Self::Inserting => "inserting commits into sled",
        })
    }
}

/// What opening a log found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Where the log ends.
    pub head: Head,
    /// What was repaired, in the order in which it was done; empty after a clean shutdown.
    pub repairs: Vec<Repair>,
}

/// Something that opening a log repaired. The operator's log was told when it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// A commit that a power cut left half written, and that was never acknowledged, was zeroed.
    TornCommit {
        /// In which file.
        file: PathBuf,
        /// At which byte of it.
        offset: u64,
        /// How many bytes.
        bytes: u64,
        /// The number that the commit would have had.
        commit: u64,
    },
    /// sled lacked the last commits.
    Inserted {
        /// How many.
        commits: u64,
    },
    /// sled was of no use and rebuilt from the journal.
    Rebuilt {
        /// What was wrong with it.
        why: String,
        /// Where it is now; `None` when there was nothing to move.
        aside: Option<String>,
        /// How many commits were inserted.
        commits: u64,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornCommit { file, offset, bytes, commit } => write!(
                f,
                "{} ended at byte {offset} with {bytes} bytes of commit {commit}, which a power cut left half \
                 written and which was never acknowledged: they were zeroed",
                file.display()
            ),
            Self::Inserted { commits } => {
                write!(f, "sled lacked the last {commits} commits: they were inserted from the journal")
            }
            Self::Rebuilt { why, aside, commits } => {
                f.write_str("sled was ")?;
                if let Some(aside) = aside {
                    write!(f, "moved to {aside} and ")?;
                }
                write!(f, "rebuilt from the journal with {commits} commits: {why}")
            }
        }
    }
}

/// Why a log is not opened. Nothing was changed, a torn commit and sled apart.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process works on it.
    #[error(
        "another process has the data folder open: {} is locked. Stop it, or use another data folder",
        lock.display()
    )]
    InUse {
        /// The lock's file.
        lock: PathBuf,
    },
    /// Nothing is there to open.
    #[error("{} holds no store: set one up with `crmconf init`", folder.display())]
    NoStore {
        /// The data folder.
        folder: PathBuf,
    },
    /// A store is there where a new one should be set up.
    #[error("{} holds a store already", folder.display())]
    Exists {
        /// The data folder.
        folder: PathBuf,
    },
    /// The journal is damaged.
    #[error(
        "the journal is damaged: {0}. Nothing was changed. Put this file back from a copy made after that commit, \
         or restore the whole data folder"
    )]
    Damaged(Box<Fault>),
    /// A later version has written to the journal.
    #[error("{0}. Nothing was changed")]
    Newer(Box<Fault>),
    /// sled or `journal/head` knows commits that the journal does not have: it lost them.
    #[error(
        "{witness} knows commit {known}, but the journal ends before it, with {end}: the journal lost commits. \
         Put its files back from a copy; only if those commits are to be given up, remove {witness}"
    )]
    JournalBehind {
        /// What knows more.
        witness: String,
        /// The highest commit that it knows.
        known: u64,
        /// With what the journal ends.
        end: String,
    },
    /// sled or `journal/head` holds another commit at a number than the journal.
    #[error(
        "two histories: commit {commit} of the journal ({place}) is not the one that {witness} holds. Files of \
         different stores or of different copies were mixed: put back one whole data folder"
    )]
    TwoHistories {
        /// What holds another commit.
        witness: String,
        /// The number at which they part.
        commit: u64,
        /// File and byte of the journal's commit.
        place: String,
    },
    /// `journal/head` does not hold what was written.
    #[error(
        "{} is damaged. Once `crmconf verify` finds the journal whole, the file may be removed", file.display()
    )]
    HeadFile {
        /// The file.
        file: PathBuf,
    },
    /// sled cannot be opened even anew.
    #[error(
        "sled cannot be set up anew: {0}. Look for a full or read-only disk, and at the folder's permissions"
    )]
    Store(String),
    /// The file system refused something.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What came of it.
        #[source]
        error: io::Error,
    },
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        if matches!(fault.kind, FaultKind::Commit(CommitFault::Format(_))) {
            Self::Newer(fault.into())
        } else {
            Self::Damaged(fault.into())
        }
    }
}
