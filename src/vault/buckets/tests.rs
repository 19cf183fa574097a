//! Which ids are given out, what a bucket's two copies stand up to, and that destroyed keys stay destroyed.

mod copies;
mod power_cuts;

use std::path::Path;

use crmconf_events::disk::sim::{Call, Failing, SimDisk};
use crmconf_events::disk::{Disk, read_file};
use crmconf_events::{AccountId, StoreId};

use super::super::data_keys::Bound;
use super::super::master_key::MasterKey;
use super::super::master_keys::MasterKeys;
use super::*;

pub(super) const STORE: StoreId = StoreId::new([1; 16]);
pub(super) const VAULT: &str = "/vault";
const BUCKET: u64 = 1 << 16;

/// A vault on a simulated disk.
pub(super) struct Fixture {
    pub(super) disk: SimDisk,
    pub(super) keys: Arc<MasterKeys>,
}

impl Fixture {
    pub(super) fn new() -> (Self, Vault) {
        let this =
            Self { disk: SimDisk::new(), keys: Arc::new(MasterKeys::sole(MasterKey::generate().unwrap())) };
        let vault = Vault::create_on(this.shared(), Path::new(VAULT), STORE, &this.keys).unwrap();
        (this, vault)
    }

    fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    pub(super) fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    pub(super) fn try_open(&self) -> Result<Vault, VaultError> {
        Vault::open_on(self.shared(), Path::new(VAULT), STORE, &self.keys)
    }

    pub(super) fn files(&self) -> Vec<String> {
        self.disk.list(&Path::new(VAULT).join("keys")).unwrap()
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        read_file(&self.disk, &Path::new(VAULT).join("keys").join(name)).unwrap()
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) {
        let path = Path::new(VAULT).join("keys").join(name);
        let file = self.disk.create(&path).unwrap();
        file.write_at(bytes, 0).unwrap();
        file.sync_data().unwrap();
        self.disk.sync_folder(path.parent().unwrap()).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        let path = Path::new(VAULT).join("keys").join(name);
        self.disk.remove(&path).unwrap();
        self.disk.sync_folder(path.parent().unwrap()).unwrap();
    }
}

pub(super) fn ids(ids: impl IntoIterator<Item = u64>) -> BTreeSet<KeyId> {
    ids.into_iter().map(KeyId).collect()
}

/// What a vault derives for a key, so that two can be compared.
pub(super) fn derived(vault: &Vault, id: u64) -> Result<Vec<u8>, DataKeyError> {
    vault.data_key(KeyId(id)).map(|key| key.as_bytes().to_vec())
}

fn give(vault: &Vault, next: u64) -> u64 {
    vault.key_to_give(KeyId(next)).unwrap().0
}

#[test]
fn ids_are_given_one_after_the_other_and_the_next_bucket_is_made_at_three_quarters() {
    let (fixture, vault) = Fixture::new();
    assert!(fixture.files().is_empty());
    assert_eq!(give(&vault, 1), 1);
    assert_eq!(fixture.files(), ["000000000000.a", "000000000000.b"]);
    let calls = fixture.disk.calls().len();
    for next in [2, 3, BUCKET * 3 / 4 - 1] {
        assert_eq!(give(&vault, next), next);
    }
    assert_eq!(fixture.disk.calls().len(), calls, "nothing was written for these");
    assert_eq!(vault.standing(KeyId(BUCKET)), KeyStanding::Missing);
    assert_eq!(give(&vault, BUCKET * 3 / 4), BUCKET * 3 / 4);
    assert_eq!(fixture.files().len(), 4);
    let calls = fixture.disk.calls().len();
    for next in [BUCKET - 1, BUCKET, BUCKET + 1] {
        assert_eq!(give(&vault, next), next);
    }
    assert_eq!(fixture.disk.calls().len(), calls);
    let reopened = fixture.open();
    for id in [0, 1, BUCKET - 1, BUCKET, 2 * BUCKET - 1] {
        assert_eq!(derived(&reopened, id).unwrap(), derived(&vault, id).unwrap(), "{id}");
    }
    assert_ne!(derived(&vault, 1), derived(&vault, BUCKET + 1), "each bucket has a root of its own");
}

#[test]
fn a_bucket_out_of_which_ids_were_given_is_never_made_anew() {
    let (fixture, vault) = Fixture::new();
    give(&vault, 1);
    for name in fixture.files() {
        fixture.remove(&name);
    }
    let vault = fixture.open();
    assert_eq!(give(&vault, 7), BUCKET, "ids go on in the next bucket");
    assert_eq!(fixture.files(), ["000000000001.a", "000000000001.b"]);
    assert_eq!(derived(&vault, 6), Err(DataKeyError::Unavailable { bucket: 0 }));
    let missing = vault.missing_buckets(KeyId(BUCKET + 1));
    let [MissingBucket { bucket: 0, first: KeyId(1), last: KeyId(65_535), why, damaged: false }] =
        missing.as_slice()
    else {
        panic!("{missing:?}")
    };
    assert_eq!(why, "its files are gone");
    assert!(vault.missing_buckets(KeyId::FIRST).is_empty(), "none was given out");
    let done = vault.destroy(&ids([5, BUCKET])).unwrap();
    assert_eq!(done, Destroyed { keys: 1, missing: ids([5]) });
}

#[test]
fn an_unused_bucket_that_is_missing_is_made() {
    let (fixture, vault) = Fixture::new();
    assert_eq!(
        give(&vault, BUCKET * 3 / 4),
        BUCKET,
        "ids of the first one were given out, and it is not there"
    );
    for name in fixture.files() {
        fixture.remove(&name);
    }
    assert_eq!(give(&fixture.open(), BUCKET), BUCKET, "none was given out of this one");
    assert!(derived(&fixture.open(), BUCKET).is_ok());
}

#[test]
fn a_damaged_bucket_is_left_for_somebody_to_look_at_and_skipped_used_or_not() {
    let (fixture, vault) = Fixture::new();
    give(&vault, BUCKET);
    for name in fixture.files() {
        fixture.put(&name, b"no bucket");
    }
    let vault = fixture.open();
    assert_eq!(give(&vault, BUCKET), 2 * BUCKET);
    assert_eq!(fixture.bytes("000000000001.a"), b"no bucket");
    let missing = vault.missing_buckets(KeyId(2 * BUCKET));
    assert_eq!(missing.iter().map(|of| of.bucket).collect::<Vec<_>>(), [0, 1]);
    assert!(missing[1].why.contains("/vault/keys/000000000001.a is damaged"), "{}", missing[1].why);
}

#[test]
fn a_full_disk_keeps_nobody_from_the_ids_that_are_left() {
    let (fixture, vault) = Fixture::new();
    give(&vault, 1);
    fixture.disk.set_full(true);
    for next in [BUCKET * 3 / 4, BUCKET * 3 / 4 + 1, BUCKET - 1] {
        assert_eq!(give(&vault, next), next);
    }
    vault.key_to_give(KeyId(BUCKET)).unwrap_err();
    fixture.disk.set_full(false);
    assert_eq!(give(&vault, BUCKET), BUCKET);
    assert_eq!(derived(&vault, BUCKET), derived(&fixture.open(), BUCKET));
}

/// Of the first bucket the first copy is written and the second fails half way: trying again must not bring another root.
#[test]
fn a_bucket_whose_making_failed_half_way_is_finished_with_the_same_root() {
    for (failing, passed) in (0..4).flat_map(|passed| {
        [Failing::Write, Failing::SyncData, Failing::SyncFolder].map(|failing| (failing, passed))
    }) {
        let (fixture, vault) = Fixture::new();
        fixture.disk.fail(failing, passed);
        let failed = vault.key_to_give(KeyId::FIRST).is_err();
        assert_eq!(derived(&vault, 1).is_err(), failed, "{failing:?} {passed}");
        assert_eq!(give(&vault, 1), 1);
        assert_eq!(derived(&fixture.open(), 1), derived(&vault, 1), "{failing:?} {passed}");
    }
}

#[test]
fn keys_due_together_are_one_replacement_of_each_file() {
    let (fixture, vault) = Fixture::new();
    give(&vault, BUCKET);
    give(&vault, 1);
    let before = fixture.disk.calls().len();
    let due = ids((1..500).chain(BUCKET..BUCKET + 500));
    assert_eq!(vault.destroy(&due).unwrap(), Destroyed { keys: 999, missing: BTreeSet::new() });
    let calls = fixture.disk.calls().split_off(before);
    let renamed = calls.iter().filter(|call| matches!(call, Call::Rename(..))).count();
    assert_eq!(renamed, 4, "{calls:?}");
    let before = fixture.disk.calls().len();
    assert_eq!(vault.destroy(&due).unwrap().keys, 0);
    assert_eq!(fixture.disk.calls().len(), before, "what is gone already costs nothing");
}

/// Whatever fails on the way, a later destruction of other keys does not bring back what may be gone already.
#[test]
fn a_destruction_that_failed_is_not_undone_by_the_next_one_and_is_repeated() {
    let calls = [(Failing::Write, 4), (Failing::SyncData, 4), (Failing::SyncFolder, 6)];
    for (failing, passed) in calls.into_iter().flat_map(|(failing, of)| (0..of).map(move |n| (failing, n))) {
        let (fixture, vault) = Fixture::new();
        give(&vault, 1);
        fixture.disk.fail(failing, passed);
        vault.destroy(&ids([5])).unwrap_err();
        assert!(derived(&vault, 5).is_ok(), "not before it is durable: {failing:?} {passed}");
        assert_eq!(vault.destroy(&ids([9])).unwrap().keys, 2, "{failing:?} {passed}");
        assert_eq!(vault.destroy(&ids([5])).unwrap().keys, 0);
        for vault in [&vault, &fixture.open()] {
            assert_eq!(derived(vault, 5), Err(DataKeyError::Destroyed), "{failing:?} {passed}");
            assert_eq!(derived(vault, 9), Err(DataKeyError::Destroyed), "{failing:?} {passed}");
            assert!(derived(vault, 6).is_ok());
        }
    }
}

#[test]
fn readers_derive_the_same_keys_while_others_are_destroyed() {
    let (_fixture, vault) = Fixture::new();
    give(&vault, 1);
    let bound = Bound::Address { account: AccountId::new([1; 16]) };
    let sealed = vault.seal(KeyId(1), &bound, b"demo").unwrap();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..200)
                        .all(|_| vault.unseal(KeyId(1), &bound, &sealed).is_ok_and(|plain| *plain == b"demo"))
                })
            })
            .collect();
        for id in 2..40 {
            assert_eq!(vault.destroy(&ids([id])).unwrap().keys, 1);
        }
        assert!(readers.into_iter().all(|reader| reader.join().unwrap()));
    });
}

#[test]
fn ids_and_places_belong_together() {
    for (id, at) in
        [(0, (0, 0)), (65_535, (0, 65_535)), (65_536, (1, 0)), (u64::MAX, ((1 << 48) - 1, 65_535))]
    {
        assert_eq!(place(KeyId(id)), at);
        assert_eq!(key_id(at.0, at.1), KeyId(id));
    }
    assert_eq!((first_of(0), first_of(1)), (KeyId(1), KeyId(BUCKET)));
    for (name, bucket) in [("000000000000.a", Some(0)), ("ffffffffffff.b", Some((1 << 48) - 1))] {
        assert_eq!(bucket_of(name), bucket);
    }
    for name in
        ["0.a", "00000000000A.a", "000000000000.c", "000000000000", "000000000000.a.new", "+00000000000.a"]
    {
        assert_eq!(bucket_of(name), None, "{name}");
    }
}
