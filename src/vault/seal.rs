//! The bytes of a vault file: a plain header that says whose it is, then AES-SIV.

use std::path::Path;

use aes_siv::{KeyInit, siv::Aes256Siv};
use crmconf_events::StoreId;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::master_key::{MasterKey, MasterKeyId};
use super::master_keys::MasterKeys;

/// First bytes of every vault file.
const MAGIC: [u8; 4] = *b"CRMV";
/// The format that this version writes, and the newest that it reads.
const FORMAT: u8 = 1;
/// BLAKE3 derive-key context of the key that seals files.
const SEAL_CONTEXT: &str = "crmconf vault file key v1";
/// Size of the plain header: the above, the master key's id and the store's, bytes.
pub(super) const HEADER_BYTES: usize = 4 + 1 + 8 + 16;
/// Size of an AEAD_AES_SIV_CMAC_512 key (RFC 5297), bytes.
const SEAL_KEY_BYTES: usize = 64;

/// What a vault file is; part of what its seal is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tells whether master key and store are the right ones.
    Check,
    /// A credential.
    Credential,
    /// A copy of a bucket of data keys.
    Bucket,
}

impl Kind {
    /// As bound into the seal. Never changed: existing files would no longer open.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Credential => "credential",
            Self::Bucket => "bucket",
        }
    }
}

/// Seals the files of one store under the current master key, and opens those that any known one sealed.
pub(super) struct Sealer {
    current: FileKey,
    further: Vec<FileKey>,
    store: StoreId,
}

/// What is derived from one master key.
struct FileKey {
    id: MasterKeyId,
    key: Zeroizing<[u8; SEAL_KEY_BYTES]>,
}

/// The plain beginning of a file.
struct Header<'a> {
    sealed_by: MasterKeyId,
    store: StoreId,
    sealed: &'a [u8],
}

impl FileKey {
    fn new(master: &MasterKey) -> Self {
        let mut key = Zeroizing::new([0; SEAL_KEY_BYTES]);
        master.derive(SEAL_CONTEXT, key.as_mut_slice());
        Self { id: master.id(), key }
    }

    fn cipher(&self) -> Option<Aes256Siv> {
        Aes256Siv::new_from_slice(self.key.as_slice()).ok()
    }
}

impl Sealer {
    pub(super) fn new(keys: &MasterKeys, store: StoreId) -> Self {
        let further = keys.all().skip(1).map(FileKey::new).collect();
        Self { current: FileKey::new(keys.current()), further, store }
    }

    /// The same store's, under other keys.
    pub(super) fn with(&self, keys: &MasterKeys) -> Self {
        Self::new(keys, self.store)
    }

    /// The ids of the known master keys, the current one's first.
    pub(super) fn ids(&self) -> impl Iterator<Item = MasterKeyId> + '_ {
        self.keys().map(|key| key.id)
    }

    pub(super) const fn current_id(&self) -> MasterKeyId {
        self.current.id
    }

    pub(super) fn knows(&self, id: MasterKeyId) -> bool {
        self.ids().any(|known| known == id)
    }

    /// The error that names the key which a file needs.
    pub(super) fn other_key(&self, path: &Path, sealed_by: MasterKeyId) -> VaultError {
        VaultError::OtherMasterKey { path: path.into(), sealed_by, given: self.ids().collect() }
    }

    fn keys(&self) -> impl Iterator<Item = &FileKey> + '_ {
        std::iter::once(&self.current).chain(&self.further)
    }

    /// The bytes of the file `path`. Its name without the folder is bound into the seal.
    pub(super) fn seal(&self, kind: Kind, path: &Path, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let FileKey { id, .. } = &self.current;
        let sealed = self
            .current
            .cipher()
            .and_then(|mut cipher| cipher.encrypt(self.bound_to(kind, &name_of(path)), plain).ok())
            .ok_or_else(|| VaultError::NotSealed { path: path.into() })?;
        let header: [&[u8]; 4] = [&MAGIC, &[FORMAT], id.as_bytes(), self.store.as_bytes()];
        Ok([header.concat(), sealed].concat())
    }

    /// What the file `path` holds, if these are its bytes.
    pub(super) fn open(
        &self,
        kind: Kind,
        path: &Path,
        file: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Header { sealed_by, store, sealed } = header(path, file)?;
        if store != self.store {
            return Err(VaultError::OtherStore { path: path.into() });
        }
        let Some(key) = self.keys().find(|key| key.id == sealed_by) else {
            return Err(self.other_key(path, sealed_by));
        };
        key.cipher()
            .and_then(|mut cipher| cipher.decrypt(self.bound_to(kind, &name_of(path)), sealed).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| VaultError::Damaged { path: path.into() })
    }

    /// The associated data, in the order in which it is frozen: store id, kind, name.
    fn bound_to<'a>(&'a self, kind: Kind, name: &'a str) -> [&'a [u8]; 3] {
        [self.store.as_bytes(), kind.as_str().as_bytes(), name.as_bytes()]
    }
}

/// Which master key sealed a file that begins with these bytes.
pub(super) fn sealed_by(path: &Path, beginning: &[u8]) -> Result<MasterKeyId, VaultError> {
    header(path, beginning).map(|header| header.sealed_by)
}

fn header<'a>(path: &Path, file: &'a [u8]) -> Result<Header<'a>, VaultError> {
    let damaged = || VaultError::Damaged { path: path.into() };
    let (magic, rest) = file.split_first_chunk().ok_or_else(damaged)?;
    let (format, rest) = rest.split_first().ok_or_else(damaged)?;
    if *magic != MAGIC || *format == 0 {
        return Err(damaged());
    }
    if *format > FORMAT {
        return Err(VaultError::NewerFormat { path: path.into(), format: *format });
    }
    let (id, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (store, sealed) = rest.split_first_chunk().ok_or_else(damaged)?;
    Ok(Header { sealed_by: MasterKeyId::new(*id), store: StoreId::new(*store), sealed })
}

/// The file's own name, under which it is sealed also while it is still written as `.new`.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use data_encoding::HEXLOWER;

    use super::*;

    fn sealer(key: u8, store: u8) -> Sealer {
        let text = HEXLOWER.encode(&[key; 32]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Sealer::new(&MasterKeys::sole(MasterKey::from_file(&path).unwrap()), StoreId::new([store; 16]))
    }

    #[test]
    fn a_file_opens_only_as_what_and_where_and_by_whom_it_was_sealed() {
        let path = PathBuf::from("vault/a");
        let file = sealer(1, 1).seal(Kind::Credential, &path, b"content").unwrap();
        let open = |sealer: Sealer, kind, path: &str| sealer.open(kind, Path::new(path), &file);
        assert_eq!(open(sealer(1, 1), Kind::Credential, "vault/a").unwrap().as_slice(), b"content");
        let error = open(sealer(1, 1), Kind::Credential, "vault/b").unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "another name: {error}");
        let error = open(sealer(1, 1), Kind::Check, "vault/a").unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "another kind: {error}");
        let error = open(sealer(1, 2), Kind::Credential, "vault/a").unwrap_err();
        assert!(matches!(error, VaultError::OtherStore { .. }), "another store: {error}");
        let error = open(sealer(2, 1), Kind::Credential, "vault/a").unwrap_err();
        assert!(matches!(error, VaultError::OtherMasterKey { .. }), "another key: {error}");
    }

    #[test]
    fn rewriting_the_header_does_not_move_a_file_to_another_store() {
        let path = PathBuf::from("vault/a");
        let mut file = sealer(1, 1).seal(Kind::Credential, &path, b"content").unwrap();
        file[13..29].copy_from_slice(&[2; 16]);
        let error = sealer(1, 2).open(Kind::Credential, &path, &file).unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let path = PathBuf::from("vault/a");
        let file = sealer(1, 1).seal(Kind::Credential, &path, b"content").unwrap();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 0x40;
            assert!(sealer(1, 1).open(Kind::Credential, &path, &changed).is_err(), "byte {at} changed");
            assert!(sealer(1, 1).open(Kind::Credential, &path, &file[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_stored_bytes_are_frozen() {
        let file = sealer(1, 2).seal(Kind::Check, Path::new("check"), b"crmconf").unwrap();
        assert_eq!(HEXLOWER.encode(&file), GOLDEN);
    }

    /// Recorded when format 1 was fixed; a change here means that older vaults no longer open.
    const GOLDEN: &str = "43524d5601498136b7272a2c3f02020202020202020202020202020202\
                          c4a97a84d66246197121bd0ab7f0e5e780aa5c5803cb7a";
}
