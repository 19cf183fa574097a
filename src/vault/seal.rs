//! The bytes of a vault file: a plain header that says whose it is, then AES-SIV.

use std::path::Path;

use aes_siv::{KeyInit, siv::Aes256Siv};
use crmconf_events::StoreId;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::master_key::{MasterKey, MasterKeyId};

/// First bytes of every vault file.
const MAGIC: [u8; 4] = *b"CRMV";
/// The format that this version writes, and the newest that it reads.
const FORMAT: u8 = 1;
/// BLAKE3 derive-key context of the key that seals files.
const SEAL_CONTEXT: &str = "crmconf vault file key v1";
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

/// Seals and opens the files of one store under one master key.
pub(super) struct Sealer {
    key: Zeroizing<[u8; SEAL_KEY_BYTES]>,
    key_id: MasterKeyId,
    store: StoreId,
}

impl Sealer {
    pub(super) fn new(master: &MasterKey, store: StoreId) -> Self {
        let mut key = Zeroizing::new([0; SEAL_KEY_BYTES]);
        master.derive(SEAL_CONTEXT, key.as_mut_slice());
        Self { key, key_id: master.id(), store }
    }

    /// The bytes of the file `path`. Its name without the folder is bound into the seal.
    pub(super) fn seal(&self, kind: Kind, path: &Path, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let sealed = self
            .cipher()
            .and_then(|mut cipher| cipher.encrypt(self.bound_to(kind, &name_of(path)), plain).ok())
            .ok_or_else(|| VaultError::NotSealed { path: path.into() })?;
        let header: [&[u8]; 4] = [&MAGIC, &[FORMAT], self.key_id.as_bytes(), self.store.as_bytes()];
        Ok([header.concat(), sealed].concat())
    }

    /// What the file `path` holds, if these are its bytes.
    pub(super) fn open(
        &self,
        kind: Kind,
        path: &Path,
        file: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let damaged = || VaultError::Damaged { path: path.into() };
        let (magic, rest) = file.split_first_chunk().ok_or_else(damaged)?;
        let (format, rest) = rest.split_first().ok_or_else(damaged)?;
        if *magic != MAGIC || *format == 0 {
            return Err(damaged());
        }
        if *format > FORMAT {
            return Err(VaultError::NewerFormat { path: path.into(), format: *format });
        }
        let (key_id, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (store, sealed) = rest.split_first_chunk().ok_or_else(damaged)?;
        if StoreId::new(*store) != self.store {
            return Err(VaultError::OtherStore { path: path.into() });
        }
        let sealed_by = MasterKeyId::new(*key_id);
        if sealed_by != self.key_id {
            return Err(VaultError::OtherMasterKey { path: path.into(), sealed_by, given: self.key_id });
        }
        self.cipher()
            .and_then(|mut cipher| cipher.decrypt(self.bound_to(kind, &name_of(path)), sealed).ok())
            .map(Zeroizing::new)
            .ok_or_else(damaged)
    }

    fn cipher(&self) -> Option<Aes256Siv> {
        Aes256Siv::new_from_slice(self.key.as_slice()).ok()
    }

    /// The associated data, in the order in which it is frozen: store id, kind, name.
    fn bound_to<'a>(&'a self, kind: Kind, name: &'a str) -> [&'a [u8]; 3] {
        [self.store.as_bytes(), kind.as_str().as_bytes(), name.as_bytes()]
    }
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
        Sealer::new(&MasterKey::from_file(&path).unwrap(), StoreId::new([store; 16]))
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
