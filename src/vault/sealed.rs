//! `SealedFiles`: the one way to the vault's files, each change of which is made under the keys of the moment.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crmconf_events::disk::Disk;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::files::{Doing, erase, read, read_beginning, replace, sweep};
use super::layout::{CHECK_FILE, Standing, files, is_name_of, places};
use super::master_key::MasterKeyId;
use super::master_keys::MasterKeys;
use super::seal::{HEADER_BYTES, Kind, Sealer, sealed_by};

/// What became of a file that was to be sealed anew.
#[derive(Debug)]
pub(super) enum Resealed {
    /// It is sealed under the current key now.
    Rewritten,
    /// It was already, or is gone.
    Unchanged,
    /// It does not open, or the disk does not give it back. It stays as it is.
    Unreadable(VaultError),
}

/// What [`SealedFiles::look_through`] has found out.
struct LookedThrough {
    /// Keys that open every file that there was.
    sealer: Sealer,
    /// The present keys of that time, the current one's first.
    under: Vec<MasterKeyId>,
}

/// The files of one vault.
///
/// Whoever changes a file holds the keys shared; a rotation holds them alone for each file that it seals anew. So it never
/// writes back what was replaced or removed meanwhile, and nothing is sealed under keys that were given up.
pub(super) struct SealedFiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    sealer: RwLock<Sealer>,
}

impl SealedFiles {
    /// The files of the vault in `folder`.
    pub(super) fn new(disk: Arc<dyn Disk>, folder: &Path, sealer: Sealer) -> Self {
        Self { disk, folder: folder.into(), sealer: RwLock::new(sealer) }
    }

    /// The vault's folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Puts `plain`, sealed, in the place of a file; durable on return, the former content overwritten.
    pub(super) fn replace(&self, kind: Kind, path: &Path, plain: &[u8]) -> Result<(), VaultError> {
        let sealer = self.sealer();
        replace(self.disk(), path, &sealer.seal(kind, path, plain)?)
    }

    /// What a file holds.
    pub(super) fn open(&self, kind: Kind, path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealer = self.sealer();
        let bytes = read(self.disk(), path).doing("read", path)?;
        sealer.open(kind, path, &bytes)
    }

    /// Overwrites a file and removes it, durably. That it is not there is no error.
    pub(super) fn erase(&self, path: &Path) -> Result<(), VaultError> {
        let _shared = self.sealer();
        erase(self.disk(), path)
    }

    /// Takes away what interrupted changes left of files of this kind in their folder, and gives the names of all else.
    pub(super) fn sweep(&self, kind: Kind, folder: &Path) -> Result<Vec<String>, VaultError> {
        let _alone = self.alone();
        sweep(self.disk(), folder, |name| is_name_of(kind, name))
    }

    /// Opens the check file, and makes sure that of every other file the key is known that sealed it. Changes nothing.
    pub(super) fn check(&self) -> Result<(), VaultError> {
        let check = self.folder.join(CHECK_FILE);
        match self.open(Kind::Check, &check) {
            Ok(_) => {}
            Err(VaultError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Err(VaultError::NotFound { path: self.folder.clone() });
            }
            Err(error) => return Err(error),
        }
        self.require_keys(&self.sealer())
    }

    /// Makes sure that of every file the key is known that sealed it. One that does not tell is looked into elsewhere.
    fn require_keys(&self, sealer: &Sealer) -> Result<(), VaultError> {
        let files = files(self.disk(), &self.folder)?;
        let mut files = files.iter().filter(|file| !file.leftover);
        files.try_for_each(|Standing { path, .. }| self.require_key(sealer, path))
    }

    fn require_key(&self, sealer: &Sealer, path: &Path) -> Result<(), VaultError> {
        match self.sealed_by(path) {
            Ok(Some(id)) if !sealer.knows(id) => Err(sealer.other_key(path, id)),
            Err(error @ VaultError::NewerFormat { .. }) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Which master key sealed a file; `None` when it is not there.
    pub(super) fn sealed_by(&self, path: &Path) -> Result<Option<MasterKeyId>, VaultError> {
        match read_beginning(self.disk(), path, HEADER_BYTES) {
            Ok(header) => sealed_by(path, &header).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).doing("read", path),
        }
    }

    /// The same, while nobody changes a file.
    pub(super) fn sealed_by_alone(&self, path: &Path) -> Result<Option<MasterKeyId>, VaultError> {
        let _alone = self.alone();
        self.sealed_by(path)
    }

    /// The ids of the keys, the current one's first, and the files that there are, with nothing of a change under way.
    pub(super) fn standing(&self) -> Result<(Vec<MasterKeyId>, Vec<Standing>), VaultError> {
        let sealer = self.alone();
        Ok((sealer.ids().collect(), files(self.disk(), &self.folder)?))
    }

    /// The ids of the keys, the current one's first.
    pub(super) fn key_ids(&self) -> Vec<MasterKeyId> {
        self.sealer().ids().collect()
    }

    /// Makes sure that other keys open every file.
    pub(super) fn takes(&self, keys: &MasterKeys) -> Result<(), VaultError> {
        let looked = self.look_through(keys)?;
        self.require_rest(&looked, &self.alone())
    }

    /// Makes sure that other keys open the files that there are, while others go on changing them: there may be many.
    fn look_through(&self, keys: &MasterKeys) -> Result<LookedThrough, VaultError> {
        let (sealer, under) = {
            let present = self.sealer();
            (present.with(keys), present.ids().collect())
        };
        let files = files(self.disk(), &self.folder)?;
        for Standing { path, .. } in files.iter().filter(|file| !file.leftover) {
            if self.require_key(&sealer, path).is_err() {
                // It may have been replaced meanwhile, and overwritten while it was read.
                let _alone = self.alone();
                self.require_key(&sealer, path)?;
            }
        }
        Ok(LookedThrough { sealer, under })
    }

    /// Makes sure of what was written since. It is sealed under the current one of the present keys; where that is to be
    /// given up, or others have become the present ones, every file is looked at again.
    fn require_rest(&self, looked: &LookedThrough, present: &Sealer) -> Result<(), VaultError> {
        let LookedThrough { sealer, under } = looked;
        if sealer.knows(present.current_id()) && present.ids().eq(under.iter().copied()) {
            return Ok(());
        }
        self.require_keys(sealer)
    }

    /// Takes over other keys, once it is sure that they open every file, and gives the files that there are. Until it has
    /// done so nothing is changed but leftovers, which go.
    pub(super) fn adopt(&self, keys: &MasterKeys) -> Result<Vec<Standing>, VaultError> {
        let looked = self.look_through(keys)?;
        let mut present = self.alone();
        self.require_rest(&looked, &present)?;
        // Errors in the past may have left something, sealed under a key that is about to be given up.
        for (kind, folder) in places(&self.folder) {
            match sweep(self.disk(), &folder, |name| is_name_of(kind, name)) {
                Err(VaultError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
                swept => drop(swept?),
            }
        }
        let standing = files(self.disk(), &self.folder)?;
        *present = looked.sealer;
        Ok(standing)
    }

    /// Seals a file anew under the current key, if another key sealed it.
    pub(super) fn reseal(&self, kind: Kind, path: &Path) -> Result<Resealed, VaultError> {
        let sealer = self.alone();
        let bytes = match read(self.disk(), path) {
            // It was removed since the files were listed.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Resealed::Unchanged),
            Err(error) => return Ok(Resealed::Unreadable(unread(path, error))),
            Ok(bytes) => bytes,
        };
        let opened = sealed_by(path, &bytes).and_then(|id| {
            if id == sealer.current_id() { Ok(None) } else { sealer.open(kind, path, &bytes).map(Some) }
        });
        match opened {
            Ok(None) => Ok(Resealed::Unchanged),
            Ok(Some(plain)) => {
                replace(self.disk(), path, &sealer.seal(kind, path, &plain)?)?;
                Ok(Resealed::Rewritten)
            }
            Err(why) if why.is_of_the_file() => Ok(Resealed::Unreadable(why)),
            Err(error) => Err(error),
        }
    }

    /// Whether the current key sealed a file, as far as that can be read.
    pub(super) fn is_current(&self, path: &Path) -> bool {
        let current = self.sealer().current_id();
        self.sealed_by(path).is_ok_and(|id| id == Some(current))
    }

    /// The keys, shared with others who change files.
    fn sealer(&self) -> RwLockReadGuard<'_, Sealer> {
        self.sealer.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys, and nobody changes a file meanwhile. They are exchanged in one step: a panic leaves them whole.
    fn alone(&self) -> RwLockWriteGuard<'_, Sealer> {
        self.sealer.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unread(path: &Path, source: std::io::Error) -> VaultError {
    VaultError::Io { path: path.into(), doing: "read", source }
}
