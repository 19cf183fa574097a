//! Rotation: whole, broken off anywhere, beside everything else, and with files that do not open.

mod taking_over;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crmconf_events::disk::sim::SimDisk;
use crmconf_events::disk::{Disk, read_file};
use crmconf_events::{AccountId, CredentialId, KeyId, StoreId};

use super::super::credential::Credential;
use super::super::data_keys::{DataKeyError, KeyStanding};
use super::super::files::tests::{ends, moments};
use super::super::layout::files;
use super::super::master_key::MasterKey;
use super::super::names::{AccountName, FoldedName};
use super::super::password::{Password, Verifier};
use super::*;

const STORE: StoreId = StoreId::new([1; 16]);
const VAULT: &str = "/vault";
const BUCKET: u64 = 1 << 16;

/// Two master keys, as an operator has them.
struct Keys(tempfile::TempDir);

impl Keys {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        for name in ["old", "new"] {
            MasterKey::generate().unwrap().write_new_file(&this.0.path().join(name)).unwrap();
        }
        this
    }

    fn one(&self, name: &str) -> MasterKey {
        MasterKey::from_file(&self.0.path().join(name)).unwrap()
    }

    fn old(&self) -> MasterKeys {
        MasterKeys::sole(self.one("old"))
    }

    fn new_alone(&self) -> MasterKeys {
        MasterKeys::sole(self.one("new"))
    }

    /// As from the first step of the rotation on.
    fn both(&self) -> MasterKeys {
        MasterKeys::new(self.one("new"), vec![self.one("old"), self.one("new")])
    }
}

fn credential(name: &str) -> Credential {
    static PHC: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| Verifier::of(&Password::given("demo-password")).unwrap().as_phc().into());
    let name = AccountName::new(name).unwrap();
    Credential::new(AccountId::new([1; 16]), name, None, Verifier::parse(&PHC).unwrap()).unwrap()
}

fn shared(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn open(disk: &SimDisk, keys: &MasterKeys) -> Result<Vault, VaultError> {
    Vault::open_on(shared(disk), Path::new(VAULT), STORE, keys)
}

/// Two buckets, one of them punctured, and two credentials.
fn filled(keys: &Keys) -> (SimDisk, Vault, [CredentialId; 2]) {
    let disk = SimDisk::new();
    let vault = Vault::create_on(shared(&disk), Path::new(VAULT), STORE, &keys.old()).unwrap();
    vault.key_to_give(KeyId::FIRST).unwrap();
    vault.key_to_give(KeyId(BUCKET * 3 / 4)).unwrap();
    vault.destroy(&BTreeSet::from([KeyId(5)])).unwrap();
    let ids = ["Ann", "Bob"].map(|name| vault.store_credential(&credential(name)).unwrap());
    (disk, vault, ids)
}

/// What must be the same before and after.
fn content(vault: &Vault, ids: &[CredentialId]) -> (Vec<Result<Vec<u8>, DataKeyError>>, Vec<bool>) {
    let keys = [1, 4, 5, 6, BUCKET - 1, BUCKET, 2 * BUCKET - 1];
    let derived = keys.map(|id| vault.data_key(KeyId(id)).map(|key| key.as_bytes().to_vec()));
    (derived.into(), ids.iter().map(|id| vault.credential(*id).is_some()).collect())
}

fn used(vault: &Vault) -> Vec<(MasterKeyId, bool, bool, usize)> {
    let uses = vault.master_key_usage().unwrap();
    uses.iter().map(|MasterKeyUse { id, current, known, files }| (*id, *current, *known, *files)).collect()
}

#[test]
fn after_a_rotation_the_new_key_opens_all_and_nothing_needs_the_old_one() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let (old, new) = (keys.one("old").id(), keys.one("new").id());
    let before = content(&vault, &ids);
    assert_eq!(used(&vault), [(old, true, true, 7)]);
    let mut told = Vec::new();
    let done =
        vault.rotate(&keys.both(), &mut |progress| told.push((progress.done, progress.total))).unwrap();
    assert_eq!((done.rewritten, done.unchanged, done.unreadable.len()), (7, 0, 0));
    assert_eq!(told, (0..=7).map(|done| (done, 7)).collect::<Vec<_>>());
    assert_eq!(used(&vault), [(new, true, true, 7), (old, false, true, 0)]);
    assert_eq!(content(&vault, &ids), before);
    assert_eq!(content(&open(&disk, &keys.new_alone()).unwrap(), &ids), before);
    let again = vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    assert_eq!((again.rewritten, again.unchanged), (0, 7), "nothing is left to do");
    let error = open(&disk, &keys.old()).unwrap_err();
    assert!(matches!(error, VaultError::OtherMasterKey { .. }), "{error}");
}

#[test]
fn what_is_written_from_the_beginning_on_is_sealed_under_the_new_key() {
    let keys = Keys::new();
    let (disk, vault, _) = filled(&keys);
    vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    let id = vault.store_credential(&credential("Cid")).unwrap();
    vault.destroy(&BTreeSet::from([KeyId(9)])).unwrap();
    let vault = open(&disk, &keys.new_alone()).unwrap();
    assert!(vault.credential(id).is_some());
    assert_eq!(vault.standing(KeyId(9)), KeyStanding::Destroyed);
}

#[test]
fn a_key_that_is_not_given_is_named_with_its_file_for_every_file_and_nothing_is_changed() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let (old, new) = (keys.one("old").id(), keys.one("new").id());
    let credentials = ids.map(|id| format!("credentials/{}", id.file_name()));
    let buckets = [0, 1].map(|bucket| ["a", "b"].map(|copy| format!("keys/{bucket:012x}.{copy}")));
    let names: Vec<_> =
        credentials.into_iter().chain(buckets.into_iter().flatten()).chain(["check".to_owned()]).collect();
    let moment = disk.snapshot();
    vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    for name in names {
        // All but this one are as before the rotation, which is what a copy put back by hand looks like.
        let path = Path::new(VAULT).join(&name);
        let mixed = moment.unharmed();
        let bytes = read_file(&disk, &path).unwrap();
        mixed.tamper(&path, |content| *content = bytes.clone()).unwrap();
        mixed.create(&Path::new(VAULT).join("keys/000000000000.a.new")).unwrap();
        let error = open(&mixed, &keys.old()).unwrap_err();
        let VaultError::OtherMasterKey { path: named, sealed_by, given } = &error else {
            panic!("{name}: {error}")
        };
        assert_eq!(
            (named.as_path(), *sealed_by, given.as_slice()),
            (path.as_path(), new, [old].as_slice()),
            "{name}"
        );
        for part in [name.as_str(), &old.to_string(), &new.to_string()] {
            assert!(error.to_string().contains(part), "{error}");
        }
        let left = mixed.list(&Path::new(VAULT).join("keys")).unwrap();
        assert!(left.contains(&"000000000000.a.new".to_owned()), "nothing was touched: {left:?}");
        assert_eq!(content(&open(&mixed, &keys.both()).unwrap(), &ids), content(&vault, &ids), "{name}");
    }
}

#[test]
fn keys_that_do_not_open_everything_are_not_taken_over() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let calls = disk.calls().len();
    let error = vault.rotate(&keys.new_alone(), &mut |_| panic!("nothing is begun")).unwrap_err();
    assert!(matches!(error, VaultError::OtherMasterKey { .. }), "{error}");
    assert_eq!(disk.calls().len(), calls);
    let id = vault.store_credential(&credential("Cid")).unwrap();
    let vault = open(&disk, &keys.old()).unwrap();
    assert!(vault.credential(id).is_some(), "still under the old key");
    assert!(content(&vault, &ids).1.iter().all(|there| *there));
}

#[test]
fn a_rotation_broken_off_anywhere_is_finished_by_the_next() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let expected = content(&vault, &ids);
    drop(vault);
    let moments = moments(&disk, |disk| {
        let vault = Vault::open_on(disk, Path::new(VAULT), STORE, &keys.both()).unwrap();
        vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    });
    assert!(moments.len() > 60, "{}", moments.len());
    let mut half_way = 0;
    for (call, moment) in moments.iter().enumerate() {
        for (disk, end) in ends(moment) {
            let place = format!("call {call}, {end}");
            let vault = open(&disk, &keys.both()).unwrap();
            assert_eq!(content(&vault, &ids), expected, "{place}");
            let needed = used(&vault)[1].3;
            assert!(needed == 0 || call + 1 < moments.len(), "it was finished: {place}");
            half_way += usize::from((1..7).contains(&needed));
            assert_eq!(open(&disk, &keys.new_alone()).is_ok(), needed == 0, "the proof is true: {place}");
            let done = vault.rotate(&keys.both(), &mut |_| {}).unwrap();
            assert_eq!((done.rewritten, done.unreadable.len()), (needed, 0), "{place}");
            assert_eq!(used(&vault)[1].3, 0, "{place}");
            assert_eq!(content(&open(&disk, &keys.new_alone()).unwrap(), &ids), expected, "{place}");
        }
    }
    assert!(half_way > 100, "{half_way}");
}

#[test]
fn no_byte_sealed_under_the_old_key_is_left_on_the_medium() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let files: Vec<_> = files(&disk, Path::new(VAULT)).unwrap().into_iter().map(|file| file.path).collect();
    let before: Vec<_> = files.iter().map(|path| read_file(&disk, path).unwrap()).collect();
    vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    assert_eq!(files.len(), 5 + ids.len());
    for piece in before.iter().flat_map(|bytes| bytes[29..].chunks_exact(16)) {
        assert!(!disk.medium_holds(piece));
    }
}

#[test]
fn files_that_do_not_open_are_told_and_left_and_still_count() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let path = Path::new(VAULT).join("credentials").join(ids[0].file_name());
    disk.tamper(&path, |bytes| bytes[40] ^= 1).unwrap();
    let done = vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    assert_eq!((done.rewritten, done.unreadable.keys().collect::<Vec<_>>()), (6, vec![&path]));
    assert_eq!(used(&vault)[1].3, 1, "it names the old key, and the vault asks for that until it is gone");
    assert!(matches!(open(&disk, &keys.new_alone()).unwrap_err(), VaultError::OtherMasterKey { .. }));
    vault.remove_credential(ids[0]).unwrap();
    assert_eq!(used(&vault)[1].3, 0);
    assert!(open(&disk, &keys.new_alone()).is_ok());
}

#[test]
fn a_file_that_the_disk_does_not_give_back_ends_no_rotation_and_copies_of_buckets_are_mended() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let before = content(&vault, &ids);
    let credential = Path::new(VAULT).join("credentials").join(ids[0].file_name());
    let [bad, damaged] = ["a", "b"].map(|copy| Path::new(VAULT).join(format!("keys/000000000000.{copy}")));
    disk.make_unreadable(&credential).unwrap();
    disk.make_unreadable(&bad).unwrap();
    disk.tamper(&damaged, |bytes| bytes[40] ^= 1).unwrap();
    let done = vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    assert_eq!((done.rewritten, done.unreadable.keys().collect::<Vec<_>>()), (6, vec![&credential]));
    assert!(done.unreadable[&credential].to_string().contains("could not be read"), "{:?}", done.unreadable);
    assert!(vault.master_key_usage().is_err(), "which key it needs nobody knows");
    vault.remove_credential(ids[0]).unwrap();
    assert_eq!(used(&vault).iter().map(|of| of.3).collect::<Vec<_>>(), [6, 0]);
    let reopened = open(&disk, &keys.new_alone()).unwrap();
    assert_eq!(content(&reopened, &ids).0, before.0);
    assert!([bad, damaged].iter().all(|path| read_file(&disk, path).is_ok()));
}

/// An account changes its password while somebody asks which master keys are needed, of however many files.
#[test]
fn changes_do_not_wait_for_the_count_of_what_a_key_has_sealed() {
    let keys = Keys::new();
    let (disk, vault, _) = filled(&keys);
    drop(vault);
    let ((begun, begins), (changed, is_changed)) = (sync_channel(8), sync_channel::<()>(8));
    let (counting, is_changed) = (Arc::new(AtomicBool::new(false)), Mutex::new(is_changed));
    let (armed, in_time) = (Arc::clone(&counting), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&in_time);
    let disk = disk.before_reading(move |path| {
        if armed.load(Ordering::SeqCst) && path.ends_with("check") {
            begun.send(()).unwrap();
            let waited = is_changed.lock().unwrap().recv_timeout(Duration::from_secs(5));
            seen.lock().unwrap().push(waited.is_ok());
        }
    });
    let vault = &open(&disk, &keys.old()).unwrap();
    counting.store(true, Ordering::SeqCst);
    let uses = std::thread::scope(|scope| {
        scope.spawn(move || {
            begins.recv().unwrap();
            vault.store_credential(&credential("Cid")).unwrap();
            changed.send(()).unwrap();
        });
        used(vault)
    });
    assert_eq!(*in_time.lock().unwrap(), [true]);
    assert_eq!(uses, [(keys.one("old").id(), true, true, 7)], "as at its beginning");
    counting.store(false, Ordering::SeqCst);
    assert_eq!(used(vault)[0].3, 8);
}

#[test]
fn leftovers_count_until_they_are_gone_and_unknown_keys_are_shown() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let check = read_file(&disk, &Path::new(VAULT).join("check")).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        disk.create(&Path::new(VAULT).join(name)).unwrap().write_at(bytes, 0).unwrap();
    };
    put("keys/000000000000.b.old", &check);
    put("check.new", &check);
    put("check.old", &[0; 64]);
    put("credentials/README", &check);
    assert_eq!(used(&vault)[0].3, 7 + 2, "what is overwritten or not ours does not count");
    let mut foreign = check;
    foreign[5..13].copy_from_slice(&[7; 8]);
    put("check.new", &foreign);
    let unknown = (MasterKeyId::new([7; 8]), false, false, 1);
    assert_eq!(used(&vault)[1..], [unknown]);
    vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    assert_eq!(used(&vault).iter().map(|of| of.3).collect::<Vec<_>>(), [7, 0], "the rotation took them away");
    assert!(content(&vault, &ids).1.iter().all(|there| *there));
}

/// Credentials come and go and keys are destroyed while keys are rotated back and forth: nothing comes back, nothing is
/// lost, and no file is left under a key that was given up.
#[test]
fn a_rotation_beside_changes_brings_nothing_back_and_loses_nothing() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    let back = || MasterKeys::new(keys.one("old"), vec![keys.one("new")]);
    let (kept, removed) = std::thread::scope(|scope| {
        let changes = scope.spawn(|| {
            let (mut kept, mut removed) = (Vec::new(), Vec::new());
            for n in 0..60 {
                let id = vault.store_credential(&credential(&format!("account{n}"))).unwrap();
                if n % 2 == 0 {
                    kept.push(id);
                } else {
                    removed.push(id);
                }
                if let Some(id) = removed.last() {
                    vault.remove_credential(*id).unwrap();
                }
            }
            (kept, removed)
        });
        let destructions = scope.spawn(|| {
            (100..160)
                .for_each(|id| assert_eq!(vault.destroy(&BTreeSet::from([KeyId(id)])).unwrap().keys, 1));
        });
        for _ in 0..10 {
            vault.rotate(&back(), &mut |_| {}).unwrap();
            vault.rotate(&keys.both(), &mut |_| {}).unwrap();
        }
        destructions.join().unwrap();
        changes.join().unwrap()
    });
    assert_eq!(used(&vault)[1].3, 0);
    let vault = open(&disk, &keys.new_alone()).unwrap();
    assert!(kept.iter().chain(&ids).all(|id| vault.credential(*id).is_some()));
    assert!(removed.iter().all(|id| vault.credential(*id).is_none()));
    assert!(vault.find(&FoldedName::of("account1")).is_empty());
    assert!((100..160).all(|id| vault.standing(KeyId(id)) == KeyStanding::Destroyed));
    assert!([99, 160].iter().all(|id| vault.standing(KeyId(*id)) == KeyStanding::Whole));
}
