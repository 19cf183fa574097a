//! The file itself: where it is, when it makes way, what a restart and a refusing disk do to it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::{fields, lines, of_kind, path};
use crate::harness::{Server, Store, text};

#[test]
fn it_stands_in_the_data_folder_for_its_owner_alone_and_a_restart_goes_on_with_it() {
    let store = Store::init();
    assert!(!path(&store.data).exists(), "init records nothing");
    let mut server = store.serve(&[]).unwrap();
    server.session_of("admin", &store.password);
    assert!(server.terminate().success());
    server.restart();
    server.session_of("admin", &store.password);
    // What is answered is not yet written, and is as soon as the thread gets its turn.
    let signed_in = || fs::read_to_string(path(&store.data)).unwrap().matches("\"sign_in\"").count();
    server.wait_until(|| signed_in() == 2);
    server.kill_nine();
    // A power cut could leave this.
    OpenOptions::new().append(true).open(path(&store.data)).unwrap().write_all(b"{\"time\":\"20").unwrap();
    server.restart();
    server.session_of("admin", &store.password);
    assert!(server.terminate().success());
    let whole = fs::read_to_string(path(&store.data)).unwrap();
    let mut cut = 0;
    let kinds: Vec<String> = whole
        .lines()
        .filter_map(|line| match serde_json::from_str::<Value>(line) {
            Ok(line) => Some(line["kind"].as_str().unwrap().to_owned()),
            Err(_) => {
                cut += 1;
                assert_eq!(line, "{\"time\":\"20");
                None
            }
        })
        .collect();
    assert_eq!(cut, 1);
    let in_order = ["server_started", "sign_in", "server_stopped"];
    let killed = ["server_started", "sign_in"];
    assert_eq!(kinds, [&in_order[..], &killed, &in_order].concat());
    let mode = fs::metadata(path(&store.data)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600);
    // The other readers of the folder take no notice of it.
    assert!(server.run(&["verify", "--sled"]).status.success());
    assert!(server.run(&["replay"]).status.success());
    let again = crate::harness::run(&["init", "--data", text(&store.data)]);
    again.expect(1).says(&["holds a store already"]);
}

#[test]
fn a_full_file_makes_way_while_requests_come() {
    const MIB: u64 = 1 << 20;
    let mut server = Server::demo();
    assert!(server.terminate().success());
    let file = path(&server.data);
    // Full but for some hundred records.
    let mut filled = fs::read(&file).unwrap();
    let line = "{\"time\":\"2026-03-03T09:30:00.000000Z\",\"kind\":\"filled\"}\n";
    while (filled.len() as u64) < MIB - 10_000 {
        filled.extend_from_slice(line.as_bytes());
    }
    fs::write(&file, filled).unwrap();
    let server = Server::demo_in(&server.data, &["--security-log-mib", "1", "--security-log-files-max", "2"]);
    let mut server = server.unwrap();
    std::thread::scope(|scope| {
        for user in ["viewer", "client", "auditor", "admin"] {
            let server = &server;
            scope.spawn(move || {
                for _ in 0..12 {
                    server.session(user).call("Logout", "").expect_success();
                }
            });
        }
    });
    assert!(server.terminate().success());
    let older = server.data.join("security.log.1");
    assert!(older.exists() && !server.data.join("security.log.2").exists());
    assert!(fs::metadata(&older).unwrap().len() <= MIB);
    let all = [lines(&older), lines(&file)].concat();
    for kind in ["sign_in", "session_ended"] {
        assert_eq!(all.iter().filter(|line| line["kind"] == kind).count(), 48, "{kind}");
    }
    assert!(lines(&file).len() > 5, "some stand in the new file: {:?}", fields(&lines(&file), "kind"));
    let modes = [&older, &file].map(|file| fs::metadata(file).unwrap().permissions().mode() & 0o7777);
    assert_eq!(modes, [0o600, 0o600]);
}

#[test]
fn it_can_be_elsewhere_or_off() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("audit.jsonl");
    let mut server = Server::demo_with(&["--security-log", text(&elsewhere)]);
    server.session("viewer");
    assert!(server.terminate().success());
    assert_eq!(fields(&lines(&elsewhere), "kind"), ["server_started", "sign_in", "server_stopped"]);
    assert!(!path(&server.data).exists());

    let mut server = Server::demo_with(&["--security-log", "off"]);
    server.session("viewer");
    assert!(server.terminate().success());
    assert!(!path(&server.data).exists() && !std::path::Path::new("off").exists());
}

#[test]
fn a_place_that_cannot_be_written_refuses_the_start_and_says_what_to_do() {
    let store = Store::init();
    let (key, nowhere) = (store.key_file(), store.folder.path().join("nowhere/security.log"));
    let before = fs::read(&key).unwrap();
    for (place, words) in [
        (text(&nowhere), ["cannot be opened: No such file or directory", "--security-log off"]),
        (text(store.folder.path()), ["it is no regular file", "name another file with --security-log"]),
        (text(&key), ["it holds something else", "name another file with --security-log"]),
    ] {
        let refused = store.refused(&["--security-log", place]).expect(1);
        refused.says(&words).says(&[place]);
    }
    assert_eq!(fs::read(&key).unwrap(), before, "nothing was added to it");
    store
        .refused(&["--security-log", text(&store.data.join("vault/log"))])
        .expect(2)
        .says(&["belongs to the store"]);
    // It was the place alone.
    let mut server = store.serve(&[]).unwrap();
    assert!(server.terminate().success());
}

#[test]
fn requests_go_on_while_it_cannot_be_written_and_its_records_wait() {
    let mut server = Server::demo();
    let file = path(&server.data);
    let aside = server.data.join("aside");
    fs::rename(&file, &aside).unwrap();
    fs::create_dir(&file).unwrap();
    for _ in 0..5 {
        server.session("viewer").call("CRMConfigurationList", "").expect_success();
    }
    server.wait_until(|| server.log_text().contains("the security log cannot be written"));
    assert!(server.log_text().lines().filter(|line| line.contains("security log cannot")).count() == 1);
    fs::remove_dir(&file).unwrap();
    server.wait_until(|| server.log_text().contains("the security log is written again"));
    assert_eq!(of_kind(&file, "sign_in").len(), 5);
    assert!(server.terminate().success());
    assert!(of_kind(&file, "records_lost").is_empty());
}

#[test]
fn on_a_full_disk_no_line_is_left_half_and_what_could_not_be_written_is_said() {
    const BLOCKS: u32 = 5_120;
    let mut server = Server::demo();
    assert!(server.terminate().success());
    let file = path(&server.data);
    let mut filled = fs::read(&file).unwrap();
    let line = "{\"time\":\"2026-03-03T09:30:00.000000Z\",\"kind\":\"filled\"}\n";
    while filled.len() + 700 < usize::try_from(BLOCKS).unwrap() * 512 {
        filled.extend_from_slice(line.as_bytes());
    }
    fs::write(&file, filled).unwrap();
    let before = lines(&file).len();
    server.limit_files(Some(BLOCKS));
    server.restart();
    for _ in 0..6 {
        server.session("viewer").call("CRMConfigurationList", "").expect_success();
    }
    server.wait_until(|| server.log_text().contains("the security log cannot be written"));
    assert!(server.terminate().success(), "it is no reason not to end in order");
    assert!(
        server.log_text().contains("the last records of the security log are lost"),
        "{}",
        server.log_text()
    );
    // Some records found room; after them there is a whole line at most, and never a part of one.
    let written = lines(&file).len() - before;
    assert!((1..=4).contains(&written), "{written} found room");
    server.limit_files(None);
    server.restart();
    assert!(server.terminate().success());
    let kinds: Vec<_> = lines(&file).iter().skip(before + written).map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["server_started", "server_stopped"]);
}
