//! The codec against vectors that others made, and against everything that is not what it should be.

use aes_siv::siv::Aes128Siv;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// RFC 5297's own, and values sealed by Python's cryptography: `tests/fixtures/transit/make_vectors.py`.
const VECTORS: &str = include_str!("../../tests/fixtures/transit/vectors.json");

fn vectors(of: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(VECTORS).unwrap();
    all[of].as_array().unwrap().clone()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

fn key(byte: u8) -> TransportKey {
    TransportKey::from_base64(&data_encoding::BASE64.encode(&[byte; 64])).unwrap()
}

fn plain(text: &str) -> Plaintext {
    Plaintext::new(text).unwrap()
}

fn sealed(bytes: &[u8]) -> String {
    PREFIX.to_owned() + &BASE64URL_NOPAD.encode(bytes)
}

#[test]
fn the_cipher_gives_the_output_of_the_rfcs_vectors() {
    let all = vectors("rfc5297");
    assert_eq!(all.len(), 2);
    for vector in all {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let associated: Vec<_> = vector["associated"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| bytes(text.as_str().unwrap()))
            .collect();
        let mut cipher = Aes128Siv::new_from_slice(&bytes(text(&vector, "key"))).unwrap();
        let (plain, output) = (bytes(text(&vector, "plain")), bytes(text(&vector, "output")));
        assert_eq!(cipher.encrypt(&associated, &plain).unwrap(), output, "{}", vector["name"]);
        assert_eq!(cipher.decrypt(&associated, &output).unwrap(), plain, "{}", vector["name"]);
    }
}

#[test]
fn values_are_sealed_and_opened_as_pythons_cryptography_does() {
    let all = vectors("sealed");
    assert_eq!(all.len(), 36);
    for vector in all {
        let key = TransportKey::from_base64(text(&vector, "key")).unwrap();
        let (field, value) = (text(&vector, "field"), text(&vector, "value"));
        assert_eq!(seal(&key, field, &plain(text(&vector, "plain"))).unwrap(), value);
        assert_eq!(open(&key, field, value).unwrap().as_str(), text(&vector, "plain"));
    }
}

#[test]
fn what_is_not_marked_as_sealed_is_told_apart() {
    for given in ["", "secret", "enc:v1", "enc:v2:AAAA", "ENC:v1:AAAA", " enc:v1:AAAA", "\u{feff}enc:v1:"] {
        assert_eq!(open(&key(1), "Password", given).unwrap_err(), TransportError::NotSealed, "{given:?}");
    }
}

#[test]
fn only_canonical_base64url_is_read() {
    // 16 bytes end in a letter of which four bits say nothing, 17 in one of which two do.
    for length in [16, 17] {
        let value = seal(&key(1), "Password", &plain(&"a".repeat(length - IV_SIZE))).unwrap();
        let (head, last) = value.split_at(value.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let place = alphabet.find(last).unwrap();
        let other_bits = alphabet.get(place + 1..place + 2).unwrap();
        assert_eq!(
            open(&key(1), "Password", &format!("{head}{other_bits}")).unwrap_err(),
            TransportError::NotBase64Url,
            "bits behind the last byte, of {length}"
        );
        for padding in ["=", "==", " ", "\n", "A", "!"] {
            let given = value.clone() + padding;
            assert!(
                matches!(
                    open(&key(1), "Password", &given),
                    Err(TransportError::NotBase64Url | TransportError::DoesNotOpen)
                ),
                "{padding:?}"
            );
        }
        assert_eq!(open(&key(1), "Password", &(value + "=")).unwrap_err(), TransportError::NotBase64Url);
    }
    for encoded in ["A", "AAA+", "AA/A", "AAA=", " AAAA", "AAAA\r\n", "ÄAAA", "AA AA"] {
        let given = PREFIX.to_owned() + encoded;
        assert_eq!(
            open(&key(1), "Password", &given).unwrap_err(),
            TransportError::NotBase64Url,
            "{encoded:?}"
        );
    }
}

#[test]
fn what_is_shorter_than_a_tag_does_not_open() {
    for length in 0..IV_SIZE {
        let given = sealed(&vec![0; length]);
        assert_eq!(
            open(&key(1), "Password", &given).unwrap_err(),
            TransportError::DoesNotOpen,
            "{length} bytes"
        );
    }
}

#[test]
fn a_value_opens_in_its_own_session_and_field_only() {
    let value = seal(&key(1), "Password", &plain("cAnArY")).unwrap();
    assert_eq!(open(&key(1), "Password", &value).unwrap().as_str(), "cAnArY");
    assert_eq!(open(&key(2), "Password", &value).unwrap_err(), TransportError::DoesNotOpen);
    for field in ["password", "Password ", "", "Passwor", "ClientSecret"] {
        assert_eq!(open(&key(1), field, &value).unwrap_err(), TransportError::DoesNotOpen, "{field:?}");
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let value = seal(&key(1), "Password", &plain("twenty-one characters")).unwrap();
    let bytes = BASE64URL_NOPAD.decode(value.strip_prefix(PREFIX).unwrap().as_bytes()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let error = open(&key(1), "Password", &sealed(&changed)).unwrap_err();
        assert_eq!(error, TransportError::DoesNotOpen, "bit {bit}");
    }
    for length in 0..bytes.len() {
        let error = open(&key(1), "Password", &sealed(&bytes[..length])).unwrap_err();
        assert_eq!(error, TransportError::DoesNotOpen, "cut to {length} bytes");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(open(&key(1), "Password", &sealed(&longer)).unwrap_err(), TransportError::DoesNotOpen);
}

/// Seals bytes that no `Plaintext` can hold, as another program might.
fn seal_bytes(bytes: &[u8]) -> String {
    sealed(&cipher(&key(1)).encrypt([b"Password"], bytes).unwrap())
}

#[test]
fn an_opened_value_that_is_no_text_for_xml_is_refused_and_an_empty_one_is_not() {
    for bytes in
        [&b"a\0"[..], b"\x1b[31m", b"\xff", b"a\xc3", b"\xed\xa0\x80", "\u{fffe}".as_bytes(), b"\x0b"]
    {
        let error = open(&key(1), "Password", &seal_bytes(bytes)).unwrap_err();
        assert_eq!(error, TransportError::NotText, "{bytes:?}");
    }
    assert_eq!(open(&key(1), "Password", &seal_bytes(b"")).unwrap().as_str(), "");
    assert_eq!(open(&key(1), "Password", &seal_bytes(b"\t\r\n")).unwrap().as_str(), "\t\r\n");
}

#[test]
fn nothing_tells_the_text_or_the_value() {
    assert_eq!(format!("{:?}", plain("cAnArY")), "Plaintext(..)");
    assert_eq!(Plaintext::new("a\0").unwrap_err(), NotText);
    let value = seal(&key(1), "Password", &plain("cAnArY")).unwrap();
    for given in ["cAnArY", "enc:v1:cAnArY!", &value] {
        let error = open(&key(2), "Password", given).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.starts_with("is a password field, and ") && !told.contains("cAnArY"), "{told}");
        assert!(!told.contains(value.strip_prefix(PREFIX).unwrap()), "{told}");
    }
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(
        key_bytes in any::<[u8; 32]>(),
        field in "\\PC{0,40}",
        given in proptest::collection::vec(any::<char>(), 0..80),
    ) {
        let given: String =
            given.into_iter().filter(|c| crmconf_events::xml_can_carry(c.encode_utf8(&mut [0; 4]))).collect();
        let key = TransportKey::from_base64(&data_encoding::BASE64.encode(&[key_bytes, key_bytes].concat())).unwrap();
        let value = seal(&key, &field, &plain(&given)).unwrap();
        prop_assert!(value.strip_prefix(PREFIX).unwrap().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let opened = open(&key, &field, &value).unwrap();
        prop_assert_eq!(opened.as_str(), given);
    }
}
