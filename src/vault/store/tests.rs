//! What the vault keeps, refuses and forgets, on real files.

use std::fs;
use std::os::unix::fs::symlink;

use crmconf_events::disk::sim::SimDisk;
use proptest::prelude::*;

use super::super::files::tests::{ends, moments};
use super::super::master_key::MasterKey;
use super::super::password::{Password, Verifier};
use super::*;

const STORE: StoreId = StoreId::new([1; 16]);
const OTHER_STORE: StoreId = StoreId::new([2; 16]);

fn verifier() -> Verifier {
    static PHC: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        Verifier::of(&Password::given("canary-password")).unwrap().as_phc().into()
    });
    Verifier::parse(&PHC).unwrap()
}

fn credential(account: u8, name: &str) -> Credential {
    let name = AccountName::new(name).unwrap();
    Credential::new(AccountId::new([account; 16]), name, None, verifier()).unwrap()
}

fn fold(name: &str) -> FoldedName {
    FoldedName::of(name)
}

/// A vault in a folder of its own, and its key.
struct Fixture {
    folder: tempfile::TempDir,
    key: MasterKeys,
}

impl Fixture {
    fn new() -> (Self, Vault) {
        let this = Self {
            folder: tempfile::tempdir().unwrap(),
            key: MasterKeys::sole(MasterKey::generate().unwrap()),
        };
        let vault = Vault::create(&this.path(), STORE, &this.key).unwrap();
        (this, vault)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn open(&self) -> Vault {
        Vault::open(&self.path(), STORE, &self.key).unwrap()
    }

    fn file(&self, id: CredentialId) -> PathBuf {
        self.path().join("credentials").join(id.file_name())
    }
}

#[test]
fn a_stored_credential_is_found_again_after_reopening() {
    let (fixture, vault) = Fixture::new();
    let id = vault.store_credential(&credential(7, "Admin")).unwrap();
    for vault in [vault, fixture.open()] {
        let found = vault.find(&fold("aDMIN"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, found[0].1.account()), (id, AccountId::new([7; 16])));
        assert_eq!(vault.credential(id).unwrap().name().as_str(), "Admin");
        assert_eq!(vault.holder_of(&fold("ADMIN")), Some(AccountId::new([7; 16])));
        assert!(vault.find(&fold("nobody")).is_empty());
    }
}

#[test]
fn a_removed_credential_is_gone_and_its_name_free() {
    let (fixture, vault) = Fixture::new();
    let id = vault.store_credential(&credential(7, "Admin")).unwrap();
    let watch = fixture.path().join("watch");
    fs::hard_link(fixture.file(id), &watch).unwrap();
    vault.remove_credential(id).unwrap();
    vault.remove_credential(id).unwrap();
    assert!(fs::read(&watch).unwrap().iter().all(|byte| *byte == 0), "overwritten before it was removed");
    assert!(!fixture.file(id).exists());
    assert_eq!(vault.holder_of(&fold("admin")), None);
    assert!(fixture.open().credential(id).is_none());
}

#[test]
fn both_credentials_of_a_password_change_are_held_until_the_old_one_is_removed() {
    let (_fixture, vault) = Fixture::new();
    let old = vault.store_credential(&credential(7, "admin")).unwrap();
    let new = vault.store_credential(&vault.credential(old).unwrap().with_verifier(verifier())).unwrap();
    let ids: BTreeSet<_> = vault.find(&fold("admin")).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, BTreeSet::from([old, new]));
    vault.remove_credential(old).unwrap();
    assert_eq!(vault.find(&fold("admin")).len(), 1);
}

#[test]
fn at_start_unnamed_files_go_and_missing_and_damaged_ones_are_told() {
    let (fixture, vault) = Fixture::new();
    let [kept, unnamed, damaged, rotten] = ["kept", "unnamed", "damaged", "rotten"]
        .map(|name| vault.store_credential(&credential(1, name)).unwrap());
    for id in [damaged, rotten] {
        fs::write(fixture.file(id), b"no credential").unwrap();
    }
    let missing = CredentialId::new([9; 16]);
    let vault = fixture.open();
    let report = vault.reconcile(&BTreeSet::from([kept, damaged, missing])).unwrap();
    assert_eq!(report.removed, 2, "the unnamed one and the rotten, unnamed one");
    assert_eq!(report.missing, BTreeSet::from([missing]));
    assert_eq!(report.damaged.keys().copied().collect::<Vec<_>>(), [damaged]);
    assert!(fixture.file(kept).exists() && fixture.file(damaged).exists());
    assert!(!fixture.file(unnamed).exists() && !fixture.file(rotten).exists());
    assert_eq!(vault.holder_of(&fold("unnamed")), None);
    assert!(vault.credential(kept).is_some());
}

#[test]
fn a_file_copied_under_another_name_or_from_another_store_does_not_open() {
    let (fixture, vault) = Fixture::new();
    let id = vault.store_credential(&credential(7, "admin")).unwrap();
    let copy = CredentialId::new([3; 16]);
    fs::copy(fixture.file(id), fixture.file(copy)).unwrap();
    let foreign_folder = tempfile::tempdir().unwrap();
    let foreign = Vault::create(&foreign_folder.path().join("vault"), OTHER_STORE, &fixture.key).unwrap();
    let foreign_id = foreign.store_credential(&credential(7, "admin")).unwrap();
    let from = foreign_folder.path().join("vault/credentials").join(foreign_id.file_name());
    fs::copy(from, fixture.file(foreign_id)).unwrap();
    let vault = fixture.open();
    assert_eq!(vault.find(&fold("admin")).len(), 1);
    let report = vault.reconcile(&BTreeSet::from([id, copy, foreign_id])).unwrap();
    assert!(matches!(report.damaged[&copy], VaultError::Damaged { .. }));
    assert!(matches!(report.damaged[&foreign_id], VaultError::OtherStore { .. }));
}

#[test]
fn the_wrong_key_store_or_place_is_told_before_anything_is_touched() {
    let (fixture, vault) = Fixture::new();
    let id = vault.store_credential(&credential(7, "admin")).unwrap();
    fs::write(fixture.path().join("check.new"), b"leftover").unwrap();
    let wrong = MasterKeys::sole(MasterKey::generate().unwrap());
    let error = Vault::open(&fixture.path(), STORE, &wrong).unwrap_err();
    assert!(matches!(error, VaultError::OtherMasterKey { .. }), "{error}");
    for id in fixture.key.ids().chain(wrong.ids()) {
        assert!(error.to_string().contains(&id.to_string()), "{error}");
    }
    let error = Vault::open(&fixture.path(), OTHER_STORE, &fixture.key).unwrap_err();
    assert!(matches!(error, VaultError::OtherStore { .. }), "{error}");
    let error = Vault::open(&fixture.path().join("elsewhere"), STORE, &fixture.key).unwrap_err();
    assert!(matches!(error, VaultError::NotFound { .. }), "{error}");
    let error = Vault::create(&fixture.path(), STORE, &fixture.key).unwrap_err();
    assert!(matches!(error, VaultError::AlreadyThere { .. }), "{error}");
    assert!(fixture.path().join("check.new").exists());
    assert!(fixture.open().credential(id).is_some());
    assert!(!fixture.path().join("check.new").exists());
}

#[test]
fn a_newer_or_damaged_check_file_stops_the_start() {
    let (fixture, _vault) = Fixture::new();
    let check = fixture.path().join("check");
    let mut bytes = fs::read(&check).unwrap();
    bytes[4] = 2;
    fs::write(&check, &bytes).unwrap();
    let error = Vault::open(&fixture.path(), STORE, &fixture.key).unwrap_err();
    assert!(matches!(error, VaultError::NewerFormat { format: 2, .. }), "{error}");
    fs::write(&check, b"").unwrap();
    let error = Vault::open(&fixture.path(), STORE, &fixture.key).unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
}

#[test]
fn the_folder_holds_neither_name_nor_password_nor_verifier_in_clear() {
    let (fixture, vault) = Fixture::new();
    vault.store_credential(&credential(7, "canary-name")).unwrap();
    for folder in [fixture.path(), fixture.path().join("credentials")] {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).filter(|e| e.path().is_file())
        {
            let bytes = [entry.file_name().as_encoded_bytes(), &fs::read(entry.path()).unwrap()].concat();
            for secret in ["canary-name", "canary-password", "argon2", "account"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} in {}", entry.path().display());
            }
        }
    }
    assert!(!format!("{vault:?}").contains("canary"));
}

#[test]
fn creation_broken_off_anywhere_can_be_repeated() {
    let (disk, path, key) =
        (SimDisk::new(), Path::new("/data/vault"), MasterKeys::sole(MasterKey::generate().unwrap()));
    create_folders(&disk, Path::new("/data")).unwrap();
    let on = |disk: &SimDisk| Arc::new(disk.clone()) as Arc<dyn Disk>;
    let moments = moments(&disk, |disk| drop(Vault::create_on(disk, path, STORE, &key).unwrap()));
    for (call, moment) in moments.iter().enumerate() {
        for (disk, end) in ends(moment) {
            let there = Vault::open_on(on(&disk), path, STORE, &key).is_ok();
            assert!(there || call + 1 < moments.len(), "it was created: call {call}, {end}");
            let again = Vault::create_on(on(&disk), path, STORE, &key);
            assert_eq!(again.is_err(), there, "call {call}, {end}");
            Vault::open_on(on(&disk), path, STORE, &key).unwrap();
        }
    }
}

#[test]
fn a_discarded_vault_makes_room_for_another_store() {
    let (fixture, vault) = Fixture::new();
    let id = vault.store_credential(&credential(7, "admin")).unwrap();
    Vault::discard(&fixture.path()).unwrap();
    assert!(!fixture.file(id).exists());
    Vault::create(&fixture.path(), OTHER_STORE, &fixture.key).unwrap();
    Vault::discard(&fixture.path().join("elsewhere")).unwrap();
}

#[test]
fn files_that_are_not_ours_are_left_alone() {
    let (fixture, _vault) = Fixture::new();
    let note = fixture.path().join("credentials/README");
    fs::write(&note, b"mine").unwrap();
    assert_eq!(fixture.open().reconcile(&BTreeSet::new()).unwrap().removed, 0);
    assert_eq!(fs::read(&note).unwrap(), b"mine");
}

/// As an operator leaves it who puts files or folders aside before putting others back.
#[test]
fn copies_put_aside_under_our_endings_are_left_alone_and_do_not_hinder_the_start() {
    let (fixture, vault) = Fixture::new();
    let id = vault.store_credential(&credential(7, "admin")).unwrap();
    drop(vault);
    let path = fixture.path();
    let elsewhere = path.join("elsewhere");
    for name in ["keys.old", "credentials.new", "check.old", "keys/000000000000.a.old"] {
        fs::create_dir(path.join(name)).unwrap();
    }
    fs::write(path.join("keys.old/000000000000.a"), b"mine").unwrap();
    for name in ["notes.old", "keys/list.new", "credentials/README.old"] {
        fs::write(path.join(name), b"mine").unwrap();
    }
    fs::write(&elsewhere, b"mine").unwrap();
    symlink(&elsewhere, path.join("check.new")).unwrap();
    fs::write(path.join("keys/000000000001.b.new"), b"a leftover").unwrap();
    let vault = fixture.open();
    assert!(vault.credential(id).is_some());
    let rotation = vault.rotate(&fixture.key, &mut |_| {}).unwrap();
    assert_eq!((rotation.unchanged, rotation.unreadable.len()), (2, 0));
    for name in
        ["keys.old/000000000000.a", "notes.old", "keys/list.new", "credentials/README.old", "elsewhere"]
    {
        assert_eq!(fs::read(path.join(name)).unwrap(), b"mine", "{name}");
    }
    assert!(path.join("check.new").is_symlink() && path.join("check.old").is_dir());
    assert!(!path.join("keys/000000000001.b.new").exists());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_index_is_what_reopening_reads(steps in proptest::collection::vec((any::<bool>(), 0_usize..4), 1..12)) {
        let (fixture, vault) = Fixture::new();
        let mut ids = Vec::new();
        for (store, n) in steps {
            if store {
                ids.push(vault.store_credential(&credential(1, ["a", "A", "b", "c"][n])).unwrap());
            } else if !ids.is_empty() {
                vault.remove_credential(ids.swap_remove(n % ids.len())).unwrap();
            }
        }
        let reopened = fixture.open();
        for name in ["a", "b", "c"].map(fold) {
            let found = |vault: &Vault| vault.find(&name).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
            prop_assert_eq!(found(&vault), found(&reopened));
        }
        let all = BTreeSet::from_iter(ids.iter().copied());
        let report = reopened.reconcile(&all).unwrap();
        prop_assert_eq!((report.removed, report.missing.len(), report.damaged.len()), (0, 0, 0));
    }
}

#[test]
fn a_name_is_reserved_for_one_account_and_free_again_when_that_came_to_nothing() {
    let (_fixture, vault) = Fixture::new();
    let vault = Arc::new(vault);
    let name = |text: &str| AccountName::new(text).unwrap();
    let (first, other) = (AccountId::new([1; 16]), AccountId::new([2; 16]));
    let reserved = vault.reserve(&name("Anna"), first).unwrap();
    assert!(vault.reserve(&name("aNNA"), other).is_err());
    let twice = vault.reserve(&name("anna"), first).unwrap();
    drop(reserved);
    assert!(vault.reserve(&name("anna"), other).is_err(), "one of two is still at it");
    drop(twice);
    let reserved = vault.reserve(&name("anna"), other).unwrap();
    let id = vault.store_credential(&credential(2, "Anna")).unwrap();
    drop(reserved);
    assert!(vault.reserve(&name("ANNA"), first).is_err(), "the credential holds it");
    assert!(vault.reserve(&name("ANNA"), other).is_ok(), "its holder may have it in another spelling");
    vault.remove_credential(id).unwrap();
    assert!(vault.reserve(&name("anna"), first).is_ok());
    assert_eq!(
        format!("{:?} {:?}", vault.reserve(&name("x"), first), NameHeld),
        "Ok(NameReservation(..)) NameHeld"
    );
}

#[test]
fn of_many_who_want_a_name_at_once_exactly_one_gets_it() {
    let (_fixture, vault) = Fixture::new();
    let vault = Arc::new(vault);
    for round in 0..50 {
        let barrier = std::sync::Barrier::new(8);
        let won: Vec<_> = std::thread::scope(|scope| {
            let wants = (1..=8_u8).map(|number| {
                let (vault, barrier) = (&vault, &barrier);
                scope.spawn(move || {
                    let name = AccountName::new(&format!("name {round}")).unwrap();
                    barrier.wait();
                    vault.reserve(&name, AccountId::new([number; 16])).ok()
                })
            });
            let wants: Vec<_> = wants.collect();
            wants.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(won.iter().flatten().count(), 1);
    }
}

#[test]
fn what_a_link_leads_to_is_never_overwritten() {
    let (fixture, vault) = Fixture::new();
    vault.key_to_give(crmconf_events::KeyId::FIRST).unwrap();
    let victim = fixture.path().join("../victim");
    fs::write(&victim, "not ours").unwrap();
    let id = vault.store_credential(&credential(7, "somebody")).unwrap();
    let file = fixture.path().join("credentials").join(id.file_name());
    let bucket = fixture.path().join("keys/000000000000.b");
    for path in [&file, &bucket] {
        fs::remove_file(path).unwrap();
        symlink(&victim, path).unwrap();
    }
    vault.remove_credential(id).unwrap();
    vault.destroy(&[crmconf_events::KeyId(7)].into()).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"not ours");
    assert!(!file.is_symlink() && !bucket.is_symlink());
}
