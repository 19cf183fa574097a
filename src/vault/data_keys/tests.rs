//! What is sealed opens only where it was sealed, and only while its key is whole.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crmconf_events::StoreId;
use crmconf_events::disk::sim::SimDisk;
use data_encoding::HEXLOWER;

use super::super::master_key::MasterKey;
use super::super::master_keys::MasterKeys;
use super::super::tree::Tree;
use super::*;

const STORE: StoreId = StoreId::new([1; 16]);

fn vault() -> Vault {
    let key = MasterKeys::sole(MasterKey::generate().unwrap());
    Vault::create_on(Arc::new(SimDisk::new()), Path::new("/vault"), STORE, &key).unwrap()
}

fn configuration(node: u64) -> ConfigurationId {
    format!("{node:016x}:1007bf0b:197cf8dc588:-776e").parse().unwrap()
}

/// Computed by Python's `blake3` and `cryptography` (AESSIV): a change here means that what was sealed is lost.
#[test]
fn sealed_values_are_frozen() {
    let root = Zeroizing::new(std::array::from_fn(|byte| byte as u8));
    let data_key = Tree::whole_from(root).derive(1).unwrap();
    let configuration = "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e".parse().unwrap();
    let password = Bound::Password { configuration: &configuration, field: "Password" };
    let address = Bound::Address { account: AccountId::new([7; 16]) };
    for (bound, plain, expected) in [
        (
            password,
            "demo-secret",
            "898077f9c49d34bc39420317a045c0a9e5c43742a486e3125626215732a167dc4d6f857975b73f820e054e86086591b2",
        ),
        (
            address,
            "192.0.2.1",
            "90fbe87610e83791c4bcc99c863954da3e98dd6838089d49c63ea137af19155fdd649daf81e6ed9bc5a450e38f4ead4b",
        ),
    ] {
        let sealed = seal(&data_key, KeyId(1), &bound, plain.as_bytes()).unwrap();
        assert_eq!(HEXLOWER.encode(&sealed), expected, "{bound:?}");
    }
}

#[test]
fn a_sealed_value_opens_where_it_was_sealed_and_nowhere_else() {
    let vault = vault();
    let key = vault.key_to_give(KeyId::FIRST).unwrap();
    assert_eq!(key, KeyId::FIRST);
    let (one, other) = (configuration(1), configuration(2));
    let bound = Bound::Password { configuration: &one, field: "Password" };
    let sealed = vault.seal(key, &bound, b"demo-secret").unwrap();
    assert_eq!(sealed.ciphertext().len(), 16 + PADDED_TO);
    assert_eq!(vault.unseal(key, &bound, &sealed).unwrap().as_slice(), b"demo-secret");
    assert_eq!(vault.seal(key, &bound, b"demo-secret").unwrap(), sealed, "an equal value is recognised");
    let elsewhere = [
        (key, Bound::Password { configuration: &other, field: "Password" }),
        (key, Bound::Password { configuration: &one, field: "Password2" }),
        (key.next(), bound),
        (key, Bound::Address { account: AccountId::new([1; 16]) }),
    ];
    for (key, bound) in elsewhere {
        assert_eq!(vault.unseal(key, &bound, &sealed), Err(DataKeyError::DoesNotOpen), "{key:?} {bound:?}");
    }
    for at in 0..sealed.ciphertext().len() {
        let mut changed = sealed.ciphertext().to_vec();
        changed[at] ^= 1;
        for bytes in [changed, sealed.ciphertext()[..at].to_vec()] {
            let changed = SealedValue::from_ciphertext(bytes);
            assert_eq!(vault.unseal(key, &bound, &changed), Err(DataKeyError::DoesNotOpen), "byte {at}");
        }
    }
}

#[test]
fn a_destroyed_key_neither_seals_nor_opens_and_its_neighbours_do() {
    let vault = vault();
    let key = vault.key_to_give(KeyId::FIRST).unwrap();
    let bound = Bound::Address { account: AccountId::new([1; 16]) };
    let [sealed, neighbour] = [key, key.next()].map(|key| vault.seal(key, &bound, b"192.0.2.1").unwrap());
    assert_eq!(vault.destroy(&BTreeSet::from([key])).unwrap().keys, 1);
    assert_eq!(vault.destroy(&BTreeSet::from([key])).unwrap().keys, 0);
    assert_eq!(vault.unseal(key, &bound, &sealed), Err(DataKeyError::Destroyed));
    assert_eq!(vault.seal(key, &bound, b"").map(drop), Err(DataKeyError::Destroyed));
    assert_eq!(vault.standing(key), KeyStanding::Destroyed);
    assert_eq!(vault.unseal(key.next(), &bound, &neighbour).unwrap().as_slice(), b"192.0.2.1");
    assert_eq!(vault.standing(key.next()), KeyStanding::Whole);
}

#[test]
fn nothing_is_sealed_under_a_key_whose_bucket_was_not_made() {
    let vault = vault();
    let bound = Bound::Address { account: AccountId::new([1; 16]) };
    let unmade = Err(DataKeyError::Unavailable { bucket: 0 });
    assert_eq!(vault.seal(KeyId::FIRST, &bound, b"").map(drop), unmade);
    vault.key_to_give(KeyId::FIRST).unwrap();
    assert!(vault.seal(KeyId::FIRST, &bound, b"").is_ok());
    let beyond = KeyId(1 << 16);
    assert_eq!(vault.seal(beyond, &bound, b"").map(drop), Err(DataKeyError::Unavailable { bucket: 1 }));
    assert_eq!(vault.standing(beyond), KeyStanding::Missing);
}

#[test]
fn values_of_every_length_come_back_and_fall_into_steps_of_32_bytes() {
    let vault = vault();
    let key = vault.key_to_give(KeyId::FIRST).unwrap();
    let bound = Bound::Address { account: AccountId::new([1; 16]) };
    for length in 0..100 {
        for filling in [0, PADDING, b'x'] {
            let plain = vec![filling; length];
            let sealed = vault.seal(key, &bound, &plain).unwrap();
            assert_eq!(sealed.ciphertext().len(), 16 + (length / 32 + 1) * 32);
            assert_eq!(*vault.unseal(key, &bound, &sealed).unwrap(), plain);
        }
    }
}

#[test]
fn another_padding_than_ours_is_refused() {
    assert_eq!(unpadded(&pad(b"x")), Some(1));
    assert_eq!(unpadded(&pad(b"")), Some(0));
    let mut wide = pad(b"x").to_vec();
    wide.resize(64, 0);
    for padded in [Vec::new(), vec![0; 32], vec![PADDING; 31], vec![1; 32], wide] {
        assert_eq!(unpadded(&padded), None, "{padded:?}");
    }
}

#[test]
fn a_cipher_and_all_of_its_parts_are_wiped_when_they_are_dropped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    // That this compiles is the test: each of them has to be told to.
    wiped::<Aes256Siv>();
    wiped::<aes::Aes256>();
    wiped::<cmac::block_api::CmacCore<aes::Aes256>>();
    wiped::<ctr::Ctr128BE<aes::Aes256>>();
}
