//! Buckets on a disk that loses power at every call: no key is lost that was whole, and none comes back.

use crmconf_events::disk::sim::Snapshot;

use super::super::super::files::tests::{ends, moments};
use super::super::super::files::without_ending;
use super::super::super::seal::{Kind, Sealer};
use super::*;

/// Everything on the disk that opens as a bucket, leftovers of changes among it.
fn trees(disk: &SimDisk, keys: &MasterKeys) -> Vec<Tree> {
    let sealer = Sealer::new(keys, STORE);
    let folder = Path::new(VAULT).join("keys");
    let names = disk.list(&folder).unwrap();
    let opened = names.iter().filter_map(|name| {
        let bytes = read_file(disk, &folder.join(name)).unwrap();
        let content = sealer.open(Kind::Bucket, &folder.join(without_ending(name)), &bytes).ok()?;
        Tree::from_bytes(&content)
    });
    opened.collect()
}

/// Opens what a moment left, for each way in which it can have ended.
fn each_end(moments: &[Snapshot], keys: &Arc<MasterKeys>, check: impl Fn(bool, &Fixture, &Vault, &str)) {
    for (call, moment) in moments.iter().enumerate() {
        for (disk, end) in ends(moment) {
            let place = format!("call {call}, {end}");
            let ended = call + 1 == moments.len();
            let fixture = Fixture { disk, keys: Arc::clone(keys) };
            let vault = fixture.open();
            check(ended, &fixture, &vault, &place);
            let names = fixture.files();
            assert!(names.iter().all(|name| bucket_of(name).is_some()), "{place}: {names:?}");
            let found = trees(&fixture.disk, &fixture.keys);
            assert_eq!(found.len(), names.len(), "every file opens: {place}");
            for pair in found.chunks(2) {
                assert!(pair[0] == pair[1], "both copies agree: {place}");
            }
        }
    }
}

#[test]
fn a_first_bucket_is_whole_or_not_there() {
    let (fixture, vault) = Fixture::new();
    drop(vault);
    let moments = moments(&fixture.disk, |disk| {
        let vault = Vault::open_on(disk, Path::new(VAULT), STORE, &fixture.keys).unwrap();
        give(&vault, 1);
    });
    let last = derived(&fixture.open(), 1).unwrap();
    each_end(&moments, &fixture.keys, |ended, _, vault, place| {
        match derived(vault, 1) {
            Ok(key) => assert_eq!(key, last, "{place}"),
            Err(error) => {
                assert!(!ended && error == DataKeyError::Unavailable { bucket: 0 }, "{place}: {error}");
            }
        }
        assert_eq!(give(vault, 1), 1, "{place}");
    });
}

#[test]
fn the_change_to_the_next_bucket_loses_no_key_of_the_present_one() {
    let (fixture, vault) = Fixture::new();
    give(&vault, 1);
    let keys = [1, 7, BUCKET - 1].map(|id| (id, derived(&vault, id).unwrap()));
    let moments = moments(&fixture.disk, |disk| {
        let vault = Vault::open_on(disk, Path::new(VAULT), STORE, &fixture.keys).unwrap();
        assert_eq!(give(&vault, BUCKET * 3 / 4), BUCKET * 3 / 4);
    });
    each_end(&moments, &fixture.keys, |ended, _, vault, place| {
        for (id, key) in &keys {
            assert_eq!(derived(vault, *id).as_ref(), Ok(key), "{place}");
        }
        assert!(!ended || derived(vault, BUCKET).is_ok(), "it was durable: {place}");
        assert_eq!(give(vault, BUCKET * 3 / 4 + 1), BUCKET * 3 / 4 + 1, "{place}");
        assert!(derived(vault, BUCKET).is_ok(), "{place}");
    });
}

#[test]
fn a_destroyed_key_is_gone_from_all_of_the_medium_and_no_other_key_is_lost() {
    let (fixture, vault) = Fixture::new();
    give(&vault, 1);
    vault.destroy(&ids([100])).unwrap();
    let kept = [1, 6, 8, 99, 101, 65_535].map(|id| (id, derived(&vault, id).unwrap()));
    let sealed = ["000000000000.a", "000000000000.b"].map(|name| fixture.bytes(name));
    let moments = moments(&fixture.disk, |disk| {
        let vault = Vault::open_on(disk, Path::new(VAULT), STORE, &fixture.keys).unwrap();
        assert_eq!(vault.destroy(&ids([7, 40_000])).unwrap().keys, 2);
    });
    let leaves = [7, 40_000];
    for (disk, end) in ends(moments.last().unwrap()) {
        let left = trees(&disk, &fixture.keys);
        assert!(
            left.len() >= 2 && left.iter().all(|tree| leaves.iter().all(|leaf| !tree.is_whole(*leaf))),
            "{end}"
        );
        for piece in sealed.iter().flat_map(|bytes| bytes[29..].chunks(32)) {
            assert!(!disk.medium_holds(piece), "the former content stands somewhere: {end}");
        }
    }
    let seen = std::cell::RefCell::new(BTreeSet::new());
    each_end(&moments, &fixture.keys, |ended, fixture, vault, place| {
        for (id, key) in &kept {
            assert_eq!(derived(vault, *id).as_ref(), Ok(key), "{place}");
        }
        assert_eq!(derived(vault, 100), Err(DataKeyError::Destroyed), "{place}");
        let whole = leaves.map(|leaf| derived(vault, leaf.into()).is_ok());
        assert_eq!(whole[0], whole[1], "keys due together go together: {place}");
        assert!(!ended || !whole[0], "it was destroyed: {place}");
        seen.borrow_mut().insert(whole[0]);
        vault.destroy(&ids([7, 40_000])).unwrap();
        assert!(trees(&fixture.disk, &fixture.keys).iter().all(|tree| !tree.is_whole(7)), "{place}");
    });
    assert_eq!(seen.into_inner().len(), 2, "both ends were seen");
}
