//! A bucket's two copies: damaged, missing, of different age, or put back from an older vault.

use super::*;

const A: &str = "000000000000.a";
const B: &str = "000000000000.b";

/// A vault of which three keys are destroyed, with the bucket's copies before and after.
fn aged() -> (Fixture, [Vec<u8>; 2], [Vec<u8>; 2]) {
    let (fixture, vault) = Fixture::new();
    give(&vault, 1);
    let before = [A, B].map(|name| fixture.bytes(name));
    vault.destroy(&ids([3, 4, 40_000])).unwrap();
    let after = [A, B].map(|name| fixture.bytes(name));
    (fixture, before, after)
}

/// Opens the vault, and makes sure that both copies are as they are to be.
fn heals(fixture: &Fixture, expected: &[Vec<u8>; 2], place: &str) {
    let vault = fixture.open();
    assert_eq!(&[A, B].map(|name| fixture.bytes(name)), expected, "{place}");
    assert_eq!(fixture.files(), [A, B], "{place}");
    assert_eq!(derived(&vault, 3), Err(DataKeyError::Destroyed), "{place}");
    assert!(derived(&vault, 5).is_ok(), "{place}");
}

#[test]
fn a_copy_that_is_damaged_anywhere_cut_or_missing_is_restored_from_the_other() {
    let (fixture, _, whole) = aged();
    // Which key sealed it and in which format are told as such: a byte of these changed is no damage to be sure of.
    let told = 4..13;
    for (name, content) in [A, B].iter().zip(&whole) {
        for at in (0..content.len()).filter(|at| !told.contains(at)) {
            let mut damaged = content.clone();
            damaged[at] ^= 0x20;
            fixture.put(name, &damaged);
            heals(&fixture, &whole, &format!("{name}, byte {at} changed"));
        }
        for length in (0..content.len()).step_by(7) {
            fixture.put(name, &content[..length]);
            heals(&fixture, &whole, &format!("{name}, cut at {length}"));
        }
        fixture.remove(name);
        heals(&fixture, &whole, &format!("{name} missing"));
    }
}

#[test]
fn a_copy_that_names_a_key_or_format_we_do_not_know_stops_the_start_and_is_left() {
    let (fixture, _, whole) = aged();
    for (name, content) in [A, B].iter().zip(&whole) {
        for at in 4..13 {
            let mut changed = content.clone();
            changed[at] ^= 0x20;
            fixture.put(name, &changed);
            let error = fixture.try_open().unwrap_err();
            match at {
                4 => assert!(matches!(error, VaultError::NewerFormat { .. }), "{error}"),
                _ => assert!(matches!(error, VaultError::OtherMasterKey { .. }), "{error}"),
            }
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(fixture.bytes(name), changed);
        }
        fixture.put(name, content);
    }
    heals(&fixture, &whole, "put right");
}

#[test]
fn a_copy_under_the_other_s_name_is_no_copy() {
    let (fixture, _, whole) = aged();
    fixture.put(A, &whole[1]);
    heals(&fixture, &whole, "the second copy in the first one's place");
}

#[test]
fn of_copies_that_differ_the_more_punctured_wins() {
    let (fixture, before, after) = aged();
    fixture.put(A, &before[0]);
    heals(&fixture, &after, "the first copy is older");
    fixture.put(B, &before[1]);
    heals(&fixture, &after, "the second copy is older");
}

#[test]
fn copies_that_each_lack_something_keep_what_both_have() {
    let (fixture, before, after) = aged();
    // Another day's destruction, made on the older state.
    [A, B].iter().zip(&before).for_each(|(name, bytes)| fixture.put(name, bytes));
    fixture.open().destroy(&ids([9])).unwrap();
    fixture.put(A, &after[0]);
    let vault = fixture.open();
    for gone in [3, 4, 9, 40_000] {
        assert_eq!(derived(&vault, gone), Err(DataKeyError::Destroyed), "{gone}");
    }
    assert!(derived(&vault, 5).is_ok() && derived(&fixture.open(), 5).is_ok());
    assert_eq!(fixture.open().destroy(&ids([3, 4, 9, 40_000])).unwrap().keys, 0);
}

#[test]
fn a_bucket_whose_copies_have_different_roots_is_named_and_left_and_the_others_are_served() {
    let (fixture, _, after) = aged();
    fixture.remove(A);
    fixture.remove(B);
    let vault = fixture.open();
    give(&vault, 1);
    assert_eq!(give(&vault, BUCKET), BUCKET);
    let next = derived(&vault, BUCKET);
    fixture.put(A, &after[0]);
    let standing = [after[0].clone(), fixture.bytes(B)];
    let vault = fixture.open();
    let [MissingBucket { bucket: 0, why, .. }] = &*vault.missing_buckets(KeyId(BUCKET)) else {
        panic!("{:?}", vault.missing_buckets(KeyId(BUCKET)))
    };
    assert!(why.contains(A) && why.contains(B) && why.contains("hold other keys each"), "{why}");
    assert_eq!(derived(&vault, 5), Err(DataKeyError::Unavailable { bucket: 0 }));
    assert_eq!((derived(&vault, BUCKET), give(&vault, 6)), (next, BUCKET), "ids go on in the next bucket");
    assert_eq!(vault.destroy(&ids([5])).unwrap().missing, ids([5]));
    vault.rotate(&fixture.keys, &mut |_| {}).unwrap();
    assert_eq!([A, B].map(|name| fixture.bytes(name)), standing, "nothing was done to them");
    fixture.put(B, &after[1]);
    assert_eq!(derived(&fixture.open(), 3), Err(DataKeyError::Destroyed), "both of one vault again");
    assert!(derived(&fixture.open(), 5).is_ok());
}

#[test]
fn a_vault_of_last_week_forgets_again() {
    let (fixture, before, after) = aged();
    [A, B].iter().zip(&before).for_each(|(name, bytes)| fixture.put(name, bytes));
    let vault = fixture.open();
    assert!(derived(&vault, 3).is_ok(), "the older vault has it again");
    assert_eq!(vault.destroy(&ids([3, 4, 40_000])).unwrap().keys, 3);
    assert_eq!([A, B].map(|name| fixture.bytes(name)), after, "as it was: the form is the only one");
    heals(&fixture, &after, "reopened");
}
