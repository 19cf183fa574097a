//! `crmconf directory` against a running server.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use super::HEADER;
use crate::harness::{Ran, Server, Session, add_payload, post, run, text, triple};

/// Runs `directory` as the demo's administrator.
fn directory(server: &Server, words: &[&str]) -> Ran {
    directory_as(server, "admin", words)
}

fn directory_as(server: &Server, user: &str, words: &[&str]) -> Ran {
    let url = format!("http://{}", server.address);
    let password = server.data.with_extension(format!("{user}-password"));
    fs::write(&password, format!("demo-{user}")).unwrap();
    let (command, rest) = words.split_first().unwrap();
    let signed_in = ["directory", command, "--url", &url, "--user", user, "--password-file", text(&password)];
    run(&signed_in.iter().chain(rest).copied().collect::<Vec<_>>())
}

fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    text(&path).to_owned()
}

#[test]
fn what_is_exported_can_be_imported_and_makes_no_difference() {
    let server = Server::demo();
    let folder = tempfile::tempdir().unwrap();
    let exported = directory(&server, &["export"]).expect(0).out;
    assert!(exported.starts_with(&format!("{HEADER}1,,,1 - tel sys,")), "{exported}");
    assert_eq!(exported.lines().count(), 1 + 2 + 4 + 20);
    let path = file(folder.path(), "exported.csv", &exported);
    for mode in ["merge", "replace"] {
        let ran = directory(&server, &["import", "--mode", mode, &path]).expect(0);
        assert!(ran.out.ends_with("DevicesRemoved 0\nUnchanged 26\n"), "{}", ran.out);
    }
    assert_eq!(directory(&server, &["list"]).expect(0).out, exported);
    let removed = directory(&server, &["import", "--mode", "remove", &path]).expect(0);
    assert!(removed.out.contains("TelSysRemoved 2\n") && removed.out.contains("DevicesRemoved 20\n"));
    assert_eq!(directory(&server, &["export"]).expect(0).out, HEADER);
    directory(&server, &["import", &path]).expect(0);
    assert_eq!(directory(&server, &["export"]).expect(0).out, exported);
    // Whatever a text may hold comes through XML unchanged.
    let strange = "9,,,\" a\r\nb\rc\nd\te \"\"<&>'\"\",ß \",]]>\n";
    let path = file(folder.path(), "strange.csv", &format!("{HEADER}{strange}"));
    directory(&server, &["import", &path]).expect(0);
    assert_eq!(directory(&server, &["export"]).expect(0).out, exported + strange);
}

#[test]
fn a_faulty_file_is_told_with_its_lines_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "faulty.csv", &format!("{HEADER}x,,,,\n1,,,a,\n1,,,b,\n"));
    // Nobody listens there, and nobody is asked.
    let words = ["directory", "import", "--url", "http://127.0.0.1:9", "--user", "admin", &path];
    let ran = run(&words).expect(1);
    ran.says(&[
        "faulty.csv has 2 faults; nothing was imported:\nline 2: TelSysID must be a number from 1 to 2147483647\nline 4: \
         TelSys 1 stands in line 3 already",
    ]);
    fs::write(&path, b"TelSysID\n\xff").unwrap();
    run(&words).expect(1).says(&["faulty.csv is not UTF-8: line 2"]);
    let words = ["directory", "import", "--url", "http://127.0.0.1:9", "--user", "admin", "no such file"];
    run(&words).expect(1).says(&["no such file cannot be read"]);
}

#[test]
fn refusals_of_the_server_are_told_with_their_codes() {
    let server = Server::demo();
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "good.csv", &format!("{HEADER}1,,,a,\n"));
    directory_as(&server, "editor", &["import", &path]).expect(1).says(&["refused DirectoryImport: 10313"]);
    directory_as(&server, "viewer", &["export"]).expect(1).says(&["refused DirectoryList: 10313"]);
    directory(&server, &["import", "--mode", "all", &path]).expect(2);
}

#[test]
fn entries_without_parents_are_told_with_the_places_of_the_file_before_any_piece_is_sent() {
    let server = Server::demo();
    let folder = tempfile::tempdir().unwrap();
    let before = directory(&server, &["export"]).expect(0).out;
    let orphan = file(folder.path(), "orphan.json", r#"[{"TelSysID":9,"PartIDInTelSys":1}]"#);
    let missing = "its telephone system is neither in the file nor in the directory";
    let ran = directory(&server, &["import", &orphan]).expect(1);
    ran.says(&[&format!("orphan.json has 1 fault; nothing was imported:\nentry 1: {missing}")]);
    // What stands above the file's entries in the directory is above them; what is removed needs nothing above it.
    let rows = "1,1,new,,\n\n\n7,,,,\n9,1,,,\n9,1,a,,\n1,77,a,,\n";
    let short = file(folder.path(), "short.csv", &format!("{HEADER}{rows}"));
    let told = format!(
        "has 2 faults; nothing was imported:\nline 6: {missing}\nline 8: its partition is neither in the file nor in \
         the directory"
    );
    for mode in ["merge", "replace"] {
        directory(&server, &["import", "--mode", mode, &short]).expect(1).says(&[&told]);
    }
    assert_eq!(directory(&server, &["export"]).expect(0).out, before);
    let gone = file(folder.path(), "gone.csv", &format!("{HEADER}9,1,a,,\n"));
    directory(&server, &["import", "--mode", "remove", &gone]).expect(0);
    // The last pieces of a long file have them, and the first ones do not stand either.
    let orphans: String = (0..150).map(|number| format!("9,1,{number:03},,\n")).collect();
    let long = file(folder.path(), "long.csv", &format!("{HEADER}{}{orphans}", large(7, 16_000)));
    for words in [["--mode", "merge"], ["--mode", "replace"], ["--dry-run", "--mode=merge"]] {
        let ran = directory(&server, &["import", words[0], words[1], &long]).expect(1);
        ran.says(&[
            "has 150 faults; nothing was imported:",
            &format!("line 16004: {missing}"),
            "and 50 more",
        ]);
        assert_eq!(directory(&server, &["export"]).expect(0).out, before);
    }
}

#[test]
fn a_dry_run_that_fails_midway_does_not_say_that_anything_stands() {
    let server = Server::demo();
    let folder = tempfile::tempdir().unwrap();
    let long = file(folder.path(), "long.csv", &format!("{HEADER}{}", large(7, 16_000)));
    let password = file(folder.path(), "password", "demo-admin");
    for (dry, stands) in [(true, false), (false, true)] {
        // CreateSession, Authenticate and the first piece.
        let url = format!("http://{}", answers_of(&server, 3));
        let mut words = vec![
            "directory",
            "import",
            "--url",
            &url,
            "--user",
            "admin",
            "--password-file",
            &password,
            &long,
        ];
        words.extend(dry.then_some("--dry-run"));
        let ran = run(&words).expect(1);
        assert_eq!(ran.err.contains("entries were sent before that, and stand"), stands, "{}", ran.err);
    }
}

/// Where that many requests are passed on to a server, each on a connection of its own, and those after them are not
/// answered.
fn answers_of(server: &Server, count: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, to) = (listener.local_addr().unwrap(), server.address);
    std::thread::spawn(move || {
        for client in listener.incoming().take(count) {
            let mut client = BufReader::new(client.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                client.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            client.read_exact(&mut body).unwrap();
            let reply = post(to, "/api/xml", &[], &body).unwrap();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n";
            let whole = format!("{head}Content-Length: {}\r\n\r\n{}", reply.body.len(), reply.body);
            client.into_inner().write_all(whole.as_bytes()).unwrap();
        }
    });
    address
}

/// A telephone system with so many devices, none of them short.
fn large(telsys: u32, devices: u32) -> String {
    let mut text = format!("{telsys},,,system & {telsys},env\n{telsys},1,,part,\n");
    for number in 0..devices {
        text.push_str(&format!("{telsys},1,{number:06},\"device \"\"{number}\"\" of <{telsys}>\",\n"));
    }
    text
}

#[test]
fn a_file_of_several_pieces_is_tried_out_imported_replaced_and_removed_in_them() {
    let server = Server::demo();
    let folder = tempfile::tempdir().unwrap();
    let before = directory(&server, &["export"]).expect(0).out;
    let whole = file(folder.path(), "whole.csv", &format!("{HEADER}{}", large(7, 16_000)));
    let dry = directory(&server, &["import", "--dry-run", &whole]).expect(0);
    assert_eq!(directory(&server, &["export"]).expect(0).out, before);
    let real = directory(&server, &["import", "--reason", "moved in", &whole]).expect(0);
    assert_eq!(real.out, dry.out);
    assert!(
        real.out.contains("TelSysAdded 1\n") && real.out.contains("DevicesAdded 16000\n"),
        "{}",
        real.out
    );
    let exported = directory(&server, &["export"]).expect(0).out;
    assert_eq!(exported, before.clone() + &large(7, 16_000));

    // Too long for one request, and smaller than what is there.
    let fewer = file(folder.path(), "fewer.csv", &format!("{HEADER}{}8,,,new,\n", large(7, 15_000)));
    let dry = directory(&server, &["import", "--mode", "replace", "--dry-run", &fewer]).expect(0);
    let session = server.session("admin");
    let used = Add::at(&session, "7", "015999");
    directory(&server, &["import", "--mode", "replace", &fewer]).expect(1).says(&["31204", "Device 015999"]);
    assert_eq!(
        directory(&server, &["export"]).expect(0).out,
        exported,
        "it is checked before anything is changed"
    );
    used.delete();
    let real = directory(&server, &["import", "--mode", "replace", &fewer]).expect(0);
    assert_eq!(real.out, dry.out);
    assert!(
        real.out.contains("DevicesRemoved 1000\n") && real.out.ends_with("Unchanged 15002\n"),
        "{}",
        real.out
    );
    let expected = before.clone() + &large(7, 15_000) + "8,,,new,\n";
    assert_eq!(directory(&server, &["export"]).expect(0).out, expected);
    let real = directory(&server, &["import", "--mode", "remove", &fewer]).expect(0);
    assert!(
        real.out.contains("TelSysRemoved 2\n") && real.out.contains("DevicesRemoved 15000\n"),
        "{}",
        real.out
    );
    assert_eq!(directory(&server, &["export"]).expect(0).out, before);
}

/// A configuration that is in the way.
struct Add<'a> {
    session: &'a Session,
    located: String,
}

impl<'a> Add<'a> {
    fn at(session: &'a Session, telsys: &str, device: &str) -> Self {
        let at = triple(telsys, "1", device);
        let reply = session.call("CRMConfigurationAdd", &add_payload(&at, "x")).expect_success();
        let id = crate::harness::property("CRMConfigurationID", &reply.configuration_id());
        Self { session, located: id + &at }
    }

    fn delete(self) {
        self.session.call("CRMConfigurationDelete", &self.located).expect_success();
    }
}
