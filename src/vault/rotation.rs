//! Rotation: sealing every file anew under another master key, beside a running server, and proof that it is done.
//!
//! The data keys stay as they are: a few files are rewritten, however many configurations there are. Killed at any moment
//! it is finished by running it again, with the old key among the further ones until then.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::VaultError;
use super::layout::Standing;
use super::master_key::MasterKeyId;
use super::master_keys::MasterKeys;
use super::sealed::Resealed;
use super::store::Vault;

/// How far a rotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationProgress {
    /// Files that are done.
    pub done: usize,
    /// Files that there are.
    pub total: usize,
}

/// The files that stand when master keys are taken over: they are gone through, since only they may be sealed under others.
#[must_use = "the files that stand are still to be sealed anew"]
pub struct TakenOver(Vec<Standing>);

/// What [`Vault::seal_anew`] did.
#[derive(Debug, Default)]
pub struct Rotation {
    /// Files that were sealed anew.
    pub rewritten: usize,
    /// Files that the current key had sealed already, or that were removed meanwhile.
    pub unchanged: usize,
    /// Files that do not open or cannot be read, with the reason. They are left as they are, and as long as they stand there
    /// the vault may ask for the key that sealed them. A copy of a bucket that is served is never among them: it is written
    /// anew.
    pub unreadable: BTreeMap<PathBuf, VaultError>,
}

/// How many files of the vault a master key sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterKeyUse {
    /// The key.
    pub id: MasterKeyId,
    /// Whether new files are sealed under it.
    pub current: bool,
    /// Whether it was given.
    pub known: bool,
    /// Files that cannot be opened without it, leftovers of interrupted changes among them.
    pub files: usize,
}

impl Vault {
    /// Takes over these master keys: what is written from here on is sealed under the current one of them. The files that stand
    /// are to be sealed anew then. Changes wait while the folders are listed.
    ///
    /// # Errors
    /// When the keys do not open every file, or the file system refuses: then nothing is changed and the former keys stay.
    pub fn take_over(&self, keys: &MasterKeys) -> Result<TakenOver, VaultError> {
        self.files.adopt(keys).map(TakenOver)
    }

    /// Seals every file anew that the current master key has not sealed, the check file last. Beside it everything goes on:
    /// changes wait for one file at most.
    ///
    /// # Errors
    /// When the file system refuses: then the vault is as whole as before, and the rotation is to be run again.
    pub fn seal_anew(
        &self,
        TakenOver(standing): TakenOver,
        progress: &mut dyn FnMut(RotationProgress),
    ) -> Result<Rotation, VaultError> {
        let mut rotation = Rotation::default();
        let total = standing.len();
        for (done, Standing { kind, path, .. }) in standing.into_iter().enumerate() {
            progress(RotationProgress { done, total });
            let resealed = match self.rewrite_copy(&path)? {
                Some(resealed) => resealed,
                None => self.files.reseal(kind, &path)?,
            };
            match resealed {
                Resealed::Rewritten => rotation.rewritten = rotation.rewritten.saturating_add(1),
                Resealed::Unchanged => rotation.unchanged = rotation.unchanged.saturating_add(1),
                Resealed::Unreadable(why) => {
                    rotation.unreadable.insert(path, why);
                }
            }
        }
        progress(RotationProgress { done: total, total });
        Ok(rotation)
    }

    /// Makes sure that [`Vault::take_over`] would take over these master keys. Changes nothing.
    ///
    /// # Errors
    /// When they do not open every file, or a folder cannot be read.
    pub fn takes(&self, keys: &MasterKeys) -> Result<(), VaultError> {
        self.files.takes(keys)
    }

    /// Which master keys the files of the vault need, read from the files themselves: the current one first, then the
    /// others that were given, then any that were not. A key with no files is not needed.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn master_key_usage(&self) -> Result<Vec<MasterKeyUse>, VaultError> {
        loop {
            let (ids, standing) = self.files.standing()?;
            let uses = self.count(&ids, standing)?;
            // What a rotation sealed that began meanwhile is counted under keys that were not known before.
            if self.files.key_ids() == ids {
                return Ok(uses);
            }
        }
    }

    /// How many of these files each key sealed, the current key given first. They are read while others change them.
    fn count(&self, ids: &[MasterKeyId], standing: Vec<Standing>) -> Result<Vec<MasterKeyUse>, VaultError> {
        let of = |(place, id): (usize, &MasterKeyId)| MasterKeyUse {
            id: *id,
            current: place == 0,
            known: true,
            files: 0,
        };
        let mut uses: Vec<_> = ids.iter().enumerate().map(of).collect();
        for Standing { path, .. } in standing {
            let told = match self.files.sealed_by(&path) {
                Ok(None) => Ok(None),
                Ok(Some(id)) if ids.contains(&id) => Ok(Some(id)),
                // What was opened may have been replaced meanwhile, and overwritten while it was read.
                Ok(Some(_)) | Err(_) => self.files.sealed_by_alone(&path),
            };
            let id = match told {
                Ok(Some(id)) => id,
                Ok(None) => continue,
                // Overwritten, or not ours: no key opens it.
                Err(error) if error.is_of_the_file() => continue,
                Err(error) => return Err(error),
            };
            match uses.iter_mut().find(|of| of.id == id) {
                Some(of) => of.files = of.files.saturating_add(1),
                None => uses.push(MasterKeyUse { id, current: false, known: false, files: 1 }),
            }
        }
        Ok(uses)
    }
}

/// Both steps of a rotation at once.
#[cfg(test)]
impl Vault {
    pub(crate) fn rotate(
        &self,
        keys: &MasterKeys,
        progress: &mut dyn FnMut(RotationProgress),
    ) -> Result<Rotation, VaultError> {
        self.seal_anew(self.take_over(keys)?, progress)
    }
}

#[cfg(test)]
mod tests;
