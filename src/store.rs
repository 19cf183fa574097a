//! The store of one data folder: set up, opened and folded, so that the server can start from it.

#[cfg(test)]
mod forgetting;
mod found;
mod open;
mod reconcile;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crmconf_events::event::DecodeError;
use crmconf_events::log::{EventLog, LocalLog, LogError, OpenError};
use crmconf_projections::OutOfStep;
use thiserror::Error;

pub use found::{Founder, FoundingAccount, found};
pub(crate) use found::{JOURNAL_FOLDER, OWN_NAMES, refuse_unusable};
pub use open::{Opening, Step, open};

use crate::settings::{MasterKeySource, MasterKeySources};
use crate::vault::{MasterKey, MasterKeyError, MasterKeys, Vault, VaultError};
use crate::writer::Origin;

/// The vault's folder within the data folder.
pub const VAULT_FOLDER: &str = "vault";

/// An open store.
pub struct Store {
    /// The log; closed at shutdown.
    pub log: Arc<LocalLog>,
    /// The vault.
    pub vault: Arc<Vault>,
    /// What the writer starts from.
    pub origin: Origin,
}

/// Why a store cannot be set up or opened.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is none, and the command does not make one.
    #[error("{} holds no store; set one up with `crmconf init --data {}`", .0.display(), .0.display())]
    Absent(PathBuf),
    /// There is one, and the command would make one.
    #[error("{} holds a store already; `crmconf serve --data {}` serves it", .0.display(), .0.display())]
    Present(PathBuf),
    /// Something stands in the folder that setting up a store would wipe away.
    #[error(
        "{} does not belong to an unfinished store; set the store up in an empty folder, or look for what became of \
         the one that this belonged to",
        path.display()
    )]
    Foreign {
        /// What stands there.
        path: PathBuf,
    },
    /// A vault stands where its journal should, and does not.
    #[error(
        "{} holds accounts, but {} holds no file of a journal: the journal of this store was lost, or is not mounted. \
         Nothing was changed. Mount it, or put its files back from a copy; only if the store is to be given up with \
         all its accounts, remove {}",
        vault.display(), journal.display(), vault.display()
    )]
    JournalLost {
        /// The vault.
        vault: PathBuf,
        /// Where the journal should be.
        journal: PathBuf,
    },
    /// The data folder cannot be read or written.
    #[error("cannot {doing} {}: {cause}", path.display())]
    Folder {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] LogError),
    /// An event cannot be read.
    #[error("event {sequence}: {cause}")]
    Event {
        /// Which.
        sequence: u64,
        /// Why.
        cause: DecodeError,
    },
    /// The events are out of step.
    #[error(transparent)]
    OutOfStep(#[from] OutOfStep),
    /// The master key cannot be had.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The vault cannot be opened or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The first commit was not taken.
    #[error("the store was not set up: {0}")]
    NotFounded(String),
}

/// Whether a data folder holds a store.
///
/// # Errors
/// When the folder cannot be read.
pub fn exists(data: &Path) -> Result<bool, StoreError> {
    LocalLog::exists(data).map_err(|cause| StoreError::Folder { doing: "read", path: data.into(), cause })
}

/// Reads a master key from where the settings say. A command gets none of the `key_variables`, which hold others.
pub(crate) fn master_key(
    source: &MasterKeySource,
    key_variables: &[&str],
) -> Result<MasterKey, MasterKeyError> {
    match source {
        MasterKeySource::File(path) => MasterKey::from_file(path),
        MasterKeySource::Environment(name) => MasterKey::from_env(name),
        MasterKeySource::Command(words) => MasterKey::from_command(words.words(), key_variables),
    }
}

/// The environment variable that holds the key.
fn key_variable(source: &MasterKeySource) -> Option<&str> {
    match source {
        MasterKeySource::Environment(name) => Some(name),
        MasterKeySource::File(_) | MasterKeySource::Command(_) => None,
    }
}

/// Reads all master keys from where the settings say.
///
/// # Errors
/// When one of them cannot be read.
pub fn master_keys(sources: &MasterKeySources) -> Result<MasterKeys, MasterKeyError> {
    let MasterKeySources { current, further } = sources;
    let variables: Vec<_> = further.iter().chain([current]).filter_map(key_variable).collect();
    let read = |source| master_key(source, &variables);
    Ok(MasterKeys::new(read(current)?, further.iter().map(read).collect::<Result<_, _>>()?))
}

impl Store {
    /// The store's id.
    #[must_use]
    pub fn id(&self) -> crmconf_events::StoreId {
        self.log.store()
    }
}

#[cfg(test)]
mod tests;
