//! `Vault`: opening the folder, and the credentials in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crmconf_events::disk::{Disk, RealDisk, create_folders};
use crmconf_events::{AccountId, CredentialId, StoreId};

use super::buckets::{Buckets, Copies};
use super::credential::Credential;
use super::error::VaultError;
use super::files::{Doing, erase, read, replace, sweep};
use super::layout::{CHECK_FILE, CREDENTIALS_FOLDER, credential_id, is_name_of, parts, places};
use super::master_keys::MasterKeys;
use super::names::{AccountName, FoldedName};
use super::seal::{Kind, Sealer};
use super::sealed::SealedFiles;

/// What the check file holds under its seal.
const CHECK_CONTENT: &[u8] = b"crmconf vault";

/// The open vault of one store.
///
/// Changes and lookups come from anywhere: each credential is a file of its own, written once. Every change is durable when
/// its function returns. Whoever gives a name reserves it first ([`Vault::reserve`]), so that no two give the same one.
pub struct Vault {
    pub(super) files: SealedFiles,
    index: Mutex<Index>,
    pub(super) buckets: Buckets,
}

/// The credentials in memory, found by id and by name.
#[derive(Default)]
struct Index {
    credentials: HashMap<CredentialId, Arc<Credential>>,
    by_name: HashMap<FoldedName, BTreeSet<CredentialId>>,
    /// Names that are about to be given, each to one account, with how many are at it.
    reserved: HashMap<FoldedName, (AccountId, usize)>,
    /// Files that stand in the folder but do not open.
    damaged: BTreeMap<CredentialId, VaultError>,
}

/// The vault holds a name for another account. Says no more: both are personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name is taken")]
pub struct NameHeld;

/// A name that nobody else is given meanwhile. Once a credential with it is stored, that one holds it.
#[must_use = "the name is free again when this is dropped"]
pub struct NameReservation {
    vault: Arc<Vault>,
    name: FoldedName,
}

impl Drop for NameReservation {
    fn drop(&mut self) {
        self.vault.index().release(&self.name);
    }
}

impl fmt::Debug for NameReservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameReservation(..)")
    }
}

/// What [`Vault::reconcile`] did and found.
#[derive(Debug, Default)]
pub struct Reconciled {
    /// How many files the log did not name, and are gone now.
    pub removed: usize,
    /// Credentials that the log names and the vault lacks: their accounts cannot sign in.
    pub missing: BTreeSet<CredentialId>,
    /// Credentials that the log names and that do not open, with the reason: their accounts cannot sign in.
    /// Their files stay, so that somebody can look into it.
    pub damaged: BTreeMap<CredentialId, VaultError>,
}

impl Vault {
    /// Creates the vault of a new store in `folder`, durably. A half-created one is completed.
    ///
    /// # Errors
    /// When there is a vault already, or the file system refuses.
    pub fn create(folder: &Path, store: StoreId, keys: &MasterKeys) -> Result<Self, VaultError> {
        Self::create_on(Arc::new(RealDisk), folder, store, keys)
    }

    /// Opens the vault, clears away what an interrupted change left, and reads all credentials.
    ///
    /// A credential that does not open is no error here: [`Vault::reconcile`] reports it if it counts.
    ///
    /// # Errors
    /// When there is none, it belongs to another store, a file needs a master key that is not given, or the file system
    /// refuses.
    pub fn open(folder: &Path, store: StoreId, keys: &MasterKeys) -> Result<Self, VaultError> {
        Self::open_on(Arc::new(RealDisk), folder, store, keys)
    }

    /// Whether [`Vault::open`] would find a vault of this store and all keys that it needs. Changes nothing.
    ///
    /// # Errors
    /// When there is none, it belongs to another store, a file needs a master key that is not given, or it cannot be read.
    pub fn check(folder: &Path, store: StoreId, keys: &MasterKeys) -> Result<(), VaultError> {
        SealedFiles::new(Arc::new(RealDisk), folder, Sealer::new(keys, store)).check()
    }

    /// [`Vault::create`] on any disk.
    ///
    /// # Errors
    /// As there.
    pub fn create_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        store: StoreId,
        keys: &MasterKeys,
    ) -> Result<Self, VaultError> {
        let check = folder.join(CHECK_FILE);
        match read(&*disk, &check) {
            Ok(_) => return Err(VaultError::AlreadyThere { path: folder.into() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).doing("read", &check),
        }
        for part in parts(folder) {
            create_folders(&*disk, &part).doing("created", &part)?;
        }
        // The check file comes last: with it the vault is complete.
        let bytes = Sealer::new(keys, store).seal(Kind::Check, &check, CHECK_CONTENT)?;
        replace(&*disk, &check, &bytes)?;
        Self::open_on(disk, folder, store, keys)
    }

    /// [`Vault::open`] on any disk.
    ///
    /// # Errors
    /// As there.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        store: StoreId,
        keys: &MasterKeys,
    ) -> Result<Self, VaultError> {
        let files = SealedFiles::new(disk, folder, Sealer::new(keys, store));
        // Nothing is changed before it is certain that this is the right vault and every file's key is known.
        files.check()?;
        files.sweep(Kind::Check, folder)?;
        let buckets = Buckets::read(&Copies(&files))?;
        let vault = Self { files, index: Mutex::default(), buckets };
        vault.read_credentials()?;
        Ok(vault)
    }

    /// Overwrites and removes the vault in `folder`, for a store that was never finished: without its master key
    /// and its log nothing in it is of use.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn discard(folder: &Path) -> Result<(), VaultError> {
        let disk = RealDisk;
        // The check file goes first: without it this is no vault any more, however far the rest gets.
        erase(&disk, &folder.join(CHECK_FILE))?;
        for (kind, part) in places(folder) {
            let names =
                if part.exists() { sweep(&disk, &part, |name| is_name_of(kind, name))? } else { Vec::new() };
            for name in names.iter().filter(|name| is_name_of(kind, name)) {
                erase(&disk, &part.join(name))?;
            }
        }
        Ok(())
    }

    /// Seals a credential into a new file, durably, and gives its id, by which the log is to name it.
    ///
    /// # Errors
    /// When there are no random bytes or the file system refuses: then the log must not name it.
    pub fn store_credential(&self, credential: &Credential) -> Result<CredentialId, VaultError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let id = CredentialId::new(id);
        let path = self.path(id);
        let content = credential.to_content().ok_or_else(|| VaultError::NotSealed { path: path.clone() })?;
        self.files.replace(Kind::Credential, &path, &content)?;
        self.index().insert(id, Arc::new(credential.clone()));
        Ok(id)
    }

    /// Overwrites and removes a credential, durably. That it is not there is no error.
    ///
    /// # Errors
    /// When the file system refuses; it is not found any more all the same.
    pub fn remove_credential(&self, id: CredentialId) -> Result<(), VaultError> {
        self.index().remove(id);
        self.files.erase(&self.path(id))
    }

    /// Makes the vault agree with the log at start: removes the files of credentials that it does not name, and
    /// tells which ones it names in vain.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn reconcile(&self, named: &BTreeSet<CredentialId>) -> Result<Reconciled, VaultError> {
        let mut report = Reconciled::default();
        let unnamed: Vec<_> = self.index().ids().filter(|id| !named.contains(id)).collect();
        for id in unnamed {
            self.remove_credential(id)?;
            report.removed = report.removed.saturating_add(1);
        }
        let mut index = self.index();
        report.damaged = std::mem::take(&mut index.damaged);
        report.missing = named
            .iter()
            .filter(|id| !index.credentials.contains_key(id) && !report.damaged.contains_key(id))
            .copied()
            .collect();
        Ok(report)
    }

    /// The credential with this id.
    #[must_use]
    pub fn credential(&self, id: CredentialId) -> Option<Arc<Credential>> {
        self.index().credentials.get(&id).cloned()
    }

    /// The credentials under a name: more than one between the storing of a new one and the removal of the old
    /// one. Which of them counts, the log says.
    #[must_use]
    pub fn find(&self, name: &FoldedName) -> Vec<(CredentialId, Arc<Credential>)> {
        let index = self.index();
        let ids = index.by_name.get(name).into_iter().flatten();
        ids.filter_map(|id| Some((*id, Arc::clone(index.credentials.get(id)?)))).collect()
    }

    /// Every credential of an account, those on their way in or out among them.
    #[must_use]
    pub fn credentials_of(&self, account: AccountId) -> Vec<CredentialId> {
        let index = self.index();
        let of = index.credentials.iter().filter(|(_, credential)| credential.account() == account);
        of.map(|(id, _)| *id).collect()
    }

    /// Which account holds a name. It is not given to another while the vault holds it.
    #[must_use]
    pub fn holder_of(&self, name: &FoldedName) -> Option<AccountId> {
        self.find(name).first().map(|(_, credential)| credential.account())
    }

    /// Keeps a name for an account until the reservation is dropped; in one step with looking whether it is free. Names
    /// that the account has already, or is about to get, are free for it.
    ///
    /// # Errors
    /// When the vault holds the name for another account, a deleted one included, or somebody else is about to get it.
    pub fn reserve(
        self: &Arc<Self>,
        name: &AccountName,
        account: AccountId,
    ) -> Result<NameReservation, NameHeld> {
        let mut index = self.index();
        if index.is_held_by_another(name.folded(), account) {
            return Err(NameHeld);
        }
        let (_, count) = index.reserved.entry(name.folded().clone()).or_insert((account, 0));
        *count = count.saturating_add(1);
        drop(index);
        Ok(NameReservation { vault: Arc::clone(self), name: name.folded().clone() })
    }

    fn read_credentials(&self) -> Result<(), VaultError> {
        let folder = self.files.folder().join(CREDENTIALS_FOLDER);
        let mut index = self.index();
        for name in self.files.sweep(Kind::Credential, &folder)? {
            // A file of another name is not ours: it is neither read nor removed.
            let Some(id) = credential_id(&name) else { continue };
            match self.read_credential(id) {
                Ok(credential) => index.insert(id, Arc::new(credential)),
                // Not damaged: whoever gives the right keys can read it.
                Err(error @ VaultError::OtherMasterKey { .. }) => return Err(error),
                Err(error) => {
                    index.damaged.insert(id, error);
                }
            }
        }
        Ok(())
    }

    fn read_credential(&self, id: CredentialId) -> Result<Credential, VaultError> {
        let path = self.path(id);
        let content = self.files.open(Kind::Credential, &path)?;
        Credential::from_content(&content).ok_or(VaultError::Damaged { path })
    }

    /// The files of the buckets.
    pub(super) fn copies(&self) -> Copies<'_> {
        Copies(&self.files)
    }

    fn path(&self, id: CredentialId) -> PathBuf {
        self.files.folder().join(CREDENTIALS_FOLDER).join(id.file_name())
    }

    /// The index. A thread that panicked while holding it left it whole: each change of it is made in memory alone.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("folder", &self.files.folder()).finish_non_exhaustive()
    }
}

impl Index {
    fn is_held_by_another(&self, name: &FoldedName, account: AccountId) -> bool {
        let ids = self.by_name.get(name).into_iter().flatten();
        let mut holders =
            ids.filter_map(|id| self.credentials.get(id)).map(|credential| credential.account());
        holders.any(|holder| holder != account)
            || self.reserved.get(name).is_some_and(|(holder, _)| *holder != account)
    }

    fn release(&mut self, name: &FoldedName) {
        if let Some((_, count)) = self.reserved.get_mut(name) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.reserved.remove(name);
            }
        }
    }

    fn ids(&self) -> impl Iterator<Item = CredentialId> + '_ {
        self.credentials.keys().chain(self.damaged.keys()).copied()
    }

    fn insert(&mut self, id: CredentialId, credential: Arc<Credential>) {
        self.by_name.entry(credential.name().folded().clone()).or_default().insert(id);
        self.credentials.insert(id, credential);
    }

    fn remove(&mut self, id: CredentialId) {
        self.damaged.remove(&id);
        let Some(credential) = self.credentials.remove(&id) else { return };
        let name = credential.name().folded();
        if let Some(ids) = self.by_name.get_mut(name) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_name.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
