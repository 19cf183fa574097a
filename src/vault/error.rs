//! `VaultError`: why the vault did not do what it was asked.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::master_key::MasterKeyId;

/// Why the vault did not do what it was asked. None of these carries what a file holds.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The operating system refused something.
    #[error("{path} in the vault could not be {doing}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done, as a participle.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no vault.
    #[error(
        "there is no vault at {path}; put it back from its backup, since names, passwords and keys are only there"
    )]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is a vault already.
    #[error("there is a vault at {path} already, and it is not replaced")]
    AlreadyThere {
        /// Where it is.
        path: PathBuf,
    },
    /// The vault belongs to another log.
    #[error("{path} belongs to another store; give the vault and the log of the same store")]
    OtherStore {
        /// The file that says so.
        path: PathBuf,
    },
    /// Another master key sealed the vault.
    #[error(
        "{path} was sealed under the master key {sealed_by}, which is none of those given ({}); give the right one, \
         or this one too with further_master_keys",
        list(given)
    )]
    OtherMasterKey {
        /// The file that says so.
        path: PathBuf,
        /// The key that is needed.
        sealed_by: MasterKeyId,
        /// The keys that were given, the current one first.
        given: Vec<MasterKeyId>,
    },
    /// A newer version of this program wrote the file.
    #[error("{path} has format {format}, written by a newer version of crmconf; run that one")]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u8,
    },
    /// The file is not what was written there.
    #[error("{path} is damaged, or was moved there from elsewhere; put it back from the vault's backup")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The two copies of a bucket do not come from the same keys.
    #[error("{a} and {b} hold other keys each; put both back from the same backup of the vault")]
    CopiesContradict {
        /// One copy.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Sealing failed, which only a fault in this program explains.
    #[error("{path} could not be sealed")]
    NotSealed {
        /// The file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl VaultError {
    /// Whether it says that this one file is not what was written there, so that another copy of it may do.
    pub(super) const fn is_of_the_file(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::OtherStore { .. } => true,
            Self::Io { .. }
            | Self::NotFound { .. }
            | Self::AlreadyThere { .. }
            | Self::OtherMasterKey { .. }
            | Self::NewerFormat { .. }
            | Self::CopiesContradict { .. }
            | Self::NotSealed { .. }
            | Self::Random(_) => false,
        }
    }
}

fn list(ids: &[MasterKeyId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
