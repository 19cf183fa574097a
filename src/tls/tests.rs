//! What a pair of files becomes, and when a change of them is judged.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A certificate for `localhost` with its key, as PEM.
fn pair() -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    [params.self_signed(&key).unwrap().pem(), key.serialize_pem()]
}

/// Writes a file for its owner alone.
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn files(folder: &Path, [certificate, key]: &[String; 2]) -> TlsFiles {
    let files = TlsFiles { certificate: folder.join("server.pem"), key: folder.join("server.key") };
    write(&files.certificate, certificate);
    write(&files.key, key);
    files
}

#[test]
fn a_change_is_judged_once_when_two_looks_have_found_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (pair(), pair());
    let files = files(folder.path(), &old);
    let (mut follow, _) = Follow::begin(files.clone()).unwrap();
    assert!(follow.look().is_none() && follow.look().is_none());
    // One file after the other, with a look in between: no fault, and no pair before both are there.
    write(&files.certificate, &new[0]);
    assert!(follow.look().is_none());
    write(&files.key, &new[1]);
    assert!(follow.look().is_none());
    assert!(matches!(follow.look(), Some(Turn::Taken(_))));
    assert!(follow.look().is_none());
    // One file without the other for longer is a fault, and so is none at all; each is told once.
    write(&files.key, &old[1]);
    assert!(follow.look().is_none());
    assert!(matches!(follow.look(), Some(Turn::Refused(TlsError::Mismatch { .. }))));
    assert!(follow.look().is_none());
    fs::remove_file(&files.key).unwrap();
    assert!(follow.look().is_none());
    assert!(matches!(follow.look(), Some(Turn::Refused(TlsError::Read { .. }))));
    assert!(follow.look().is_none());
    write(&files.key, &new[1]);
    assert!(follow.look().is_none());
    assert!(matches!(follow.look(), Some(Turn::Taken(_))));
}

#[test]
fn only_http_1_1_is_spoken_inside() {
    let folder = tempfile::tempdir().unwrap();
    let identity = files(folder.path(), &pair()).load().unwrap();
    assert_eq!(identity.config.alpn_protocols, [b"http/1.1"]);
}

#[test]
fn clients_refuse_a_certificate_before_and_after_its_time() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_530_200);
    let hour = Duration::from_secs(3_600);
    let validity = Validity { not_before: now - hour, not_after: now + hour };
    assert_eq!(validity.complaint(now), None);
    let over = validity.complaint(now + 2 * hour).unwrap();
    assert!(over.starts_with("has expired at 2026-03-03T10:30:00Z"), "{over}");
    let early = validity.complaint(now - 2 * hour).unwrap();
    assert!(early.starts_with("counts from 2026-03-03T08:30:00Z on"), "{early}");
}

#[test]
fn keys_of_every_kind_that_openssl_makes_are_taken() {
    // RFC 5915 with its parameters before it, as `openssl ecparam -genkey` writes it; PKCS #8 is what all others here
    // use.
    let folder = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let words = words.split_whitespace();
        let ran =
            std::process::Command::new("openssl").args(words).current_dir(folder.path()).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    for make in [
        "ecparam -genkey -name prime256v1 -out server.key",
        "ecparam -genkey -name secp384r1 -out server.key",
        "genrsa -traditional -out server.key 2048",
        "genpkey -algorithm ed25519 -out server.key",
    ] {
        openssl(make);
        openssl("req -x509 -new -key server.key -out server.pem -days 1 -subj /CN=x");
        let files =
            TlsFiles { certificate: folder.path().join("server.pem"), key: folder.path().join("server.key") };
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
        files.load().unwrap_or_else(|error| panic!("{make}: {error}"));
    }
    openssl("ecparam -genkey -name secp521r1 -out server.key");
    let files =
        TlsFiles { certificate: folder.path().join("server.pem"), key: folder.path().join("server.key") };
    assert!(matches!(files.load(), Err(TlsError::Key { .. } | TlsError::Mismatch { .. })));
}
