//! What a rotation that does not come to its end is told as.

use std::path::Path;

use crmconf_events::disk::Disk as _;
use crmconf_events::disk::sim::{Failing, SimDisk};
use crmconf_events::{KeyId, StoreId};
use tempfile::TempDir;

use super::*;
use crate::settings::MasterKeySource;
use crate::vault::{MasterKey, MasterKeys};

const VAULT: &str = "/vault";

/// A vault on a simulated disk, and the places of three master keys; the first has sealed it.
struct Place {
    folder: TempDir,
    disk: SimDisk,
    vault: Vault,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["old", "new", "other"] {
            MasterKey::generate().unwrap().write_new_file(&folder.path().join(name)).unwrap();
        }
        let old = MasterKeys::sole(MasterKey::from_file(&folder.path().join("old")).unwrap());
        let disk = SimDisk::new();
        let store = StoreId::new([1; 16]);
        let vault = Vault::create_on(Arc::new(disk.clone()), Path::new(VAULT), store, &old).unwrap();
        vault.key_to_give(KeyId::FIRST).unwrap();
        Self { folder, disk, vault }
    }

    fn rotate(&self, further: &str, validate_only: bool) -> Result<Rotated, RotationError> {
        let place = |name: &str| MasterKeySource::File(self.folder.path().join(name));
        let sources = MasterKeySources { current: place("new"), further: vec![place(further)] };
        rotate(&self.vault, &sources, validate_only)
    }

    /// Which keys are given, the current one first.
    fn known(&self) -> Vec<MasterKeyId> {
        let uses = self.vault.master_key_usage().unwrap();
        uses.into_iter().filter(|of| of.known).map(|of| of.id).collect()
    }
}

#[test]
fn keys_that_do_not_open_every_file_are_refused() {
    let place = Place::new();
    for validate_only in [true, false] {
        let error = place.rotate("other", validate_only).unwrap_err();
        assert!(matches!(error, RotationError::Refused(VaultError::OtherMasterKey { .. })), "{error:?}");
    }
}

#[test]
fn a_vault_that_cannot_be_looked_through_is_not_told_as_wrong_keys_or_as_half_done() {
    let place = Place::new();
    let former = place.known();
    let bucket = Path::new(VAULT).join("keys/000000000000.b");
    place.disk.tamper(&bucket, |bytes| bytes[4] = 99).unwrap();
    for validate_only in [true, false] {
        let error = place.rotate("old", validate_only).unwrap_err();
        assert!(matches!(error, RotationError::NotBegun(VaultError::NewerFormat { .. })), "{error:?}");
        assert!(error.to_string().contains("not changed"), "{error}");
    }
    // Nor where it is found out only when the keys are about to be exchanged: a leftover that cannot be taken away.
    place.disk.tamper(&bucket, |bytes| bytes[4] = 1).unwrap();
    place.disk.create(&Path::new(VAULT).join("keys/000000000000.a.new")).unwrap();
    place.disk.fail(Failing::SyncFolder, 0);
    let error = place.rotate("old", false).unwrap_err();
    assert!(matches!(error, RotationError::NotBegun(VaultError::Io { .. })), "{error:?}");
    assert_eq!(place.known(), former, "the former key stays");
}

#[test]
fn a_disk_that_refuses_once_the_keys_are_exchanged_interrupts() {
    let place = Place::new();
    let former = place.known();
    place.disk.fail(Failing::Write, 0);
    let error = place.rotate("old", false).unwrap_err();
    assert!(matches!(error, RotationError::Interrupted(VaultError::Io { .. })), "{error:?}");
    assert_eq!(place.known()[1..], former, "the new one is the current one");
}
