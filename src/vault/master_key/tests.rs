//! What counts as a master key, and that no message shows one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use data_encoding::{BASE64, BASE64URL};

use super::*;

const BYTES: [u8; KEY_BYTES] = *b"\xfb\xff\xfe3456789abcdef0123456789abcdef";

#[test]
fn hex_and_base64_of_32_bytes_are_keys() {
    for text in [
        HEXLOWER.encode(&BYTES),
        HEXLOWER.encode(&BYTES).to_uppercase(),
        format!("  {}\n", HEXLOWER.encode(&BYTES)),
        BASE64.encode(&BYTES),
        BASE64_NOPAD.encode(&BYTES),
        BASE64URL.encode(&BYTES),
        BASE64URL_NOPAD.encode(&BYTES),
    ] {
        assert_eq!(MasterKey::parse(&text).unwrap().0, BYTES, "{text}");
    }
}

#[test]
fn passphrases_and_other_lengths_are_no_keys() {
    for text in [
        String::new(),
        "correct horse battery staple".into(),
        HEXLOWER.encode(&BYTES[..31]),
        HEXLOWER.encode(&[BYTES.as_slice(), b"x"].concat()),
        BASE64.encode(&BYTES[..31]),
        BASE64.encode(&[BYTES.as_slice(), b"x"].concat()),
        format!("{}=", BASE64.encode(&BYTES)),
        "g".repeat(64),
        format!("{} {}", HEXLOWER.encode(&BYTES[..16]), HEXLOWER.encode(&BYTES[16..])),
    ] {
        assert!(MasterKey::parse(&text).is_none(), "{text}");
    }
}

#[test]
fn a_written_key_is_for_its_owner_alone_and_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let key = MasterKey::generate().unwrap();
    key.write_new_file(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(MasterKey::from_file(&path).unwrap().0, key.0);
    let error = MasterKey::generate().unwrap().write_new_file(&path).unwrap_err();
    assert!(matches!(error, MasterKeyError::Write { .. }), "an existing key is never replaced: {error}");
    assert_eq!(MasterKey::from_file(&path).unwrap().0, key.0);
}

#[test]
fn a_key_that_others_may_read_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    MasterKey::generate().unwrap().write_new_file(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let message = MasterKey::from_file(&path).unwrap_err().to_string();
        assert!(message.contains(&format!("chmod 600 {}", path.display())), "{message}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(MasterKey::from_file(&path).is_ok());
}

#[test]
fn a_file_or_variable_without_a_key_is_named_and_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let missing = MasterKey::from_file(&path).unwrap_err().to_string();
    assert!(missing.contains("master.key"), "{missing}");
    for content in [b"hunter2canary".as_slice(), b"\xff\xfehunter2canary", &[b'a'; 4_096]] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = MasterKey::from_file(&path).unwrap_err();
        assert!(matches!(error, MasterKeyError::Malformed { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    assert!(matches!(MasterKey::from_file(folder.path()), Err(MasterKeyError::NotAFile { .. })));
    let unset = MasterKey::from_env("CRMCONF_TEST_NO_SUCH_VARIABLE").unwrap_err().to_string();
    assert!(unset.contains("CRMCONF_TEST_NO_SUCH_VARIABLE"), "{unset}");
    // `PATH` is set wherever tests run, and is no key.
    let wrong = MasterKey::from_env("PATH").unwrap_err().to_string();
    assert!(wrong.contains("the environment variable PATH does not hold"), "{wrong}");
    assert!(!wrong.contains(&std::env::var("PATH").unwrap()), "{wrong}");
}

#[test]
fn debug_shows_no_byte_of_the_key_and_ids_differ() {
    let (a, b) = (MasterKey(BYTES), MasterKey([7; KEY_BYTES]));
    assert_eq!(format!("{a:?}"), "MasterKey(..)");
    assert_ne!(a.id(), b.id());
    assert_eq!(a.id(), MasterKey(BYTES).id());
    assert!(!HEXLOWER.encode(&BYTES).contains(&a.id().to_string()));
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    assert!(matches!(MasterKey::from_file(&pipe), Err(MasterKeyError::NotAFile { .. })));
}
