//! Certificates and keys that keep the server from starting, each with its file and what to do, and those that do not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rcgen::KeyPair;

use super::World;
use crate::harness::{Authority, run, text};

/// Runs `serve` and `config check` with this certificate, both of which must refuse it with the same words.
#[track_caller]
fn refused(world: &World, words: &[&str]) {
    let serve = world.store.refused(&world.flags()).expect(1).says(words);
    let check = [&["config", "check", "--data", text(&world.store.data)][..], &world.flags()].concat();
    let check = run(&check).expect(1).says(words);
    for told in [serve.err, serve.out, check.err, check.out] {
        assert!(!told.contains("PRIVATE KEY-----") && !told.contains("MIGH"), "{told}");
    }
}

#[test]
fn a_key_open_to_others_is_refused() {
    let world = World::new();
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&world.key, fs::Permissions::from_mode(mode)).unwrap();
        refused(
            &world,
            &["tls_key", text(&world.key), "open to others", &format!("{mode:04o}"), "chmod 600"],
        );
    }
    fs::set_permissions(&world.key, fs::Permissions::from_mode(0o400)).unwrap();
    drop(world.serve(&[]));
}

#[test]
fn files_that_hold_something_else_are_refused_by_name() {
    let world = World::new();
    let pair = world.authority.issue(2);
    let (certificate, key) = (text(&world.certificate), text(&world.key));
    let folder = world.store.folder.path();

    fs::write(&world.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    refused(&world, &[key, certificate, "does not fit the first certificate"]);
    fs::write(&world.key, &pair.certificate).unwrap();
    refused(&world, &[key, "holds no private key"]);
    fs::write(&world.key, pair.key.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE")).unwrap();
    refused(&world, &[key, "is encrypted", "openssl pkey -in"]);
    fs::write(&world.key, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n").unwrap();
    refused(&world, &[key, "is encrypted"]);
    fs::write(&world.key, pair.key.replace("-----END", "?-----END")).unwrap();
    refused(&world, &[key, "broken PEM"]);
    fs::remove_file(&world.key).unwrap();
    refused(&world, &[key, "cannot be read", "No such file"]);
    fs::create_dir(&world.key).unwrap();
    refused(&world, &[key, "is not a regular file"]);

    fs::remove_dir(&world.key).unwrap();
    pair.write(folder);
    fs::write(&world.certificate, &pair.key).unwrap();
    refused(&world, &[certificate, "holds no certificate", "BEGIN CERTIFICATE"]);
    fs::write(&world.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    refused(&world, &[certificate, "certificate number 1 is no X.509"]);
    let torn = format!("{}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", pair.certificate);
    fs::write(&world.certificate, torn).unwrap();
    refused(&world, &[certificate, "certificate number 2 is no X.509"]);
    fs::write(&world.certificate, " ".repeat(300 << 10)).unwrap();
    refused(&world, &[certificate, "larger than 256 KiB"]);
    fs::remove_file(&world.certificate).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&world.certificate).status().unwrap().success());
    refused(&world, &[certificate, "is not a regular file"]);
}

#[test]
fn a_certificate_out_of_its_time_is_served_with_a_warning() {
    let authority = Authority::new();
    let pair = authority.issue_for(&["localhost"], 1, 2021);
    let world = World::with(authority, &pair);
    let check = [&["config", "check", "--data", text(&world.store.data)][..], &world.flags()].concat();
    let told = run(&check).expect(0).says(&["warning: the TLS certificate", "has expired at 2021-01-01"]);
    assert!(told.out.contains("fits its key, and counts until 2021-01-01T00:00:00Z"), "{told:?}");
    let server = world.serve(&[]);
    let log = server.log_text();
    let warned = log.lines().filter(|line| line.contains("WARN") && line.contains("has expired")).count();
    assert_eq!(warned, 1, "{log}");
}

#[test]
fn one_without_the_other_and_a_certificate_for_the_demo_are_contradictions() {
    let world = World::new();
    let data = text(&world.store.data);
    let [certificate_flag, certificate, key_flag, key] = world.flags();
    run(&["serve", "--data", data, certificate_flag, certificate])
        .expect(2)
        .says(&["tls_certificate (set by --tls-certificate) is given without tls_key"]);
    run(&["config", "check", "--data", data, "--listen", "0.0.0.0:1", key_flag, key])
        .expect(2)
        .says(&["tls_key (set by --tls-key) is given without tls_certificate"]);
    run(&[&["serve", "--demo"][..], &world.flags()].concat()).expect(2).says(&["--demo speaks plain HTTP"]);
    run(&["serve", "--data", data, "--trusted-proxies", "10.0.0.1"])
        .expect(2)
        .says(&["trusted_proxies (set by --trusted-proxies)", "--behind-tls-proxy"]);
    run(&["serve", "--data", data, "--behind-tls-proxy", "--trusted-proxies", "0.0.0.0/0"])
        .expect(2)
        .says(&["trusted_proxies", "not all the world"]);
}

#[test]
fn beyond_loopback_takes_a_certificate_or_a_proxy() {
    let world = World::new();
    let data = text(&world.store.data);
    run(&["serve", "--data", data, "--listen", "0.0.0.0:0"]).expect(2).says(&[
        "beyond loopback",
        "tls_certificate, tls_key",
        "--behind-tls-proxy",
        "127.0.0.1",
    ]);
    let check = ["config", "check", "--data", data, "--listen", "0.0.0.0:0"];
    run(&[&check[..], &world.flags()].concat()).expect(0);
    run(&[&check[..], &["--behind-tls-proxy"]].concat()).expect(0);
}
