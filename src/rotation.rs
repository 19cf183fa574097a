//! Rotating the master key beside a running server: its sources are read anew, and the vault is sealed anew under the one
//! that is the current key now.
//!
//! One rotation at a time. Killed at any moment it is finished by the next one, with the old key among the further ones.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::{JoinError, spawn_blocking};

use crate::settings::{MasterKeySources, SettingsError};
use crate::store;
use crate::vault::{MasterKeyError, MasterKeyId, MasterKeyUse, Rotation, Vault, VaultError};

/// After how many files the operator is told how far it is.
const TOLD_EVERY_FILES: usize = 10_000;

/// Says where the master keys are now, which may be elsewhere than when the server was started.
pub type KeySources = Arc<dyn Fn() -> Result<MasterKeySources, SettingsError> + Send + Sync>;

/// Rotates the master key of a vault. Clones share everything.
#[derive(Clone)]
pub struct Rotator {
    vault: Arc<Vault>,
    sources: KeySources,
    running: Arc<Mutex<()>>,
}

/// What a rotation came to.
#[derive(Debug)]
pub struct Rotated {
    /// Names the key that seals the vault from now on.
    pub master_key: MasterKeyId,
    /// How many files were sealed anew.
    pub files: usize,
    /// How many files do not open, and stay as they are; the log names them.
    pub unreadable: usize,
}

/// Why the vault was not sealed anew, or not to the end.
#[derive(Debug, Error)]
pub enum RotationError {
    /// Another rotation has not ended.
    #[error("the vault is being sealed anew already")]
    Busy,
    /// The settings do not say any more where the keys are.
    #[error("the settings cannot be used: {0}")]
    Settings(#[from] SettingsError),
    /// A key cannot be had.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// These keys do not open every file: nothing was changed.
    #[error("the vault cannot be taken over by these keys: {0}")]
    Refused(VaultError),
    /// Whether these keys open every file could not be found out: nothing was changed.
    #[error("the vault was not looked through to the end, and not changed: {0}")]
    NotBegun(VaultError),
    /// The disk refused on the way: some of the files are sealed anew, and all of them can be read.
    #[error("the vault was not sealed anew to the end: {0}")]
    Interrupted(VaultError),
    /// What the operating system runs work on has gone.
    #[error("the work was cut off: {0}")]
    CutOff(#[from] JoinError),
}

impl Rotator {
    /// Rotates the master key of this vault, whose keys are where `sources` say each time.
    #[must_use]
    pub fn new(vault: Arc<Vault>, sources: KeySources) -> Self {
        Self { vault, sources, running: Arc::default() }
    }

    /// Which master keys the files of the vault need.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn usage(&self) -> Result<Result<Vec<MasterKeyUse>, VaultError>, JoinError> {
        let vault = Arc::clone(&self.vault);
        spawn_blocking(move || vault.master_key_usage()).await
    }

    /// Seals the vault anew, off the async threads. A dry run makes sure that the keys can be had and open the vault.
    ///
    /// # Errors
    /// See [`RotationError`].
    pub async fn rotate(&self, validate_only: bool) -> Result<Rotated, RotationError> {
        let alone = Arc::clone(&self.running).try_lock_owned().map_err(|_| RotationError::Busy)?;
        let (vault, sources) = (Arc::clone(&self.vault), Arc::clone(&self.sources));
        let work = move || {
            let _alone = alone;
            rotate(&vault, &sources()?, validate_only)
        };
        spawn_blocking(work).await?
    }
}

/// Reads the keys, and seals the vault anew under the current one.
///
/// # Errors
/// See [`RotationError`].
pub fn rotate(
    vault: &Vault,
    sources: &MasterKeySources,
    validate_only: bool,
) -> Result<Rotated, RotationError> {
    let keys = store::master_keys(sources)?;
    let master_key = keys.current().id();
    if validate_only {
        vault.takes(&keys).map_err(not_begun)?;
        return Ok(Rotated { master_key, files: 0, unreadable: 0 });
    }
    let taken_over = vault.take_over(&keys).map_err(not_begun)?;
    tracing::info!(%master_key, "sealing the vault anew");
    let told = vault.seal_anew(taken_over, &mut |progress| {
        if progress.done % TOLD_EVERY_FILES == 0 {
            tracing::info!(files = progress.done, of = progress.total, "sealing the vault anew");
        }
    });
    let Rotation { rewritten: files, unchanged: _, unreadable } = told.map_err(RotationError::Interrupted)?;
    for (path, why) in &unreadable {
        tracing::error!(path = %path.display(), %why, "this file of the vault does not open and was not sealed anew");
    }
    tracing::info!(%master_key, files, "the vault is sealed anew");
    Ok(Rotated { master_key, files, unreadable: unreadable.len() })
}

/// Why master keys were not taken over.
fn not_begun(error: VaultError) -> RotationError {
    match error {
        VaultError::OtherMasterKey { .. } => RotationError::Refused(error),
        VaultError::Io { .. }
        | VaultError::NotFound { .. }
        | VaultError::AlreadyThere { .. }
        | VaultError::OtherStore { .. }
        | VaultError::NewerFormat { .. }
        | VaultError::Damaged { .. }
        | VaultError::CopiesContradict { .. }
        | VaultError::NotSealed { .. }
        | VaultError::Random(_) => RotationError::NotBegun(error),
    }
}

impl std::fmt::Debug for Rotator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotator").finish_non_exhaustive()
    }
}
