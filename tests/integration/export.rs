//! `export` as auditors and other programs meet it.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crmconf_events::commit::event_hash;
use crmconf_events::log::JournalReader;
use serde_json::Value;

use crate::harness::{Server, add_payload, binary, contents, copy_folder, run, text, triple};

/// A demo that was stopped after these Adds, each a commit of its own.
fn stopped_after(adds: usize) -> Server {
    let mut server = Server::demo();
    add(&server, adds);
    assert!(server.terminate().success());
    server
}

fn add(server: &Server, adds: usize) {
    let session = server.session("editor");
    for number in 0..adds {
        let payload = add_payload(&triple("1", "", ""), &format!("number {number}"));
        session.call("CRMConfigurationAdd", &payload).expect_success();
    }
}

fn exported(server: &Server, more: &[&str]) -> String {
    run(&[&["export", "--data", text(&server.data)], more].concat()).expect(0).out
}

#[test]
fn each_line_holds_the_stored_bytes_of_an_event_and_what_ties_them_to_the_chain() {
    let server = stopped_after(3);
    let printed = exported(&server, &[]);
    let mut lines = printed.lines();
    for commit in JournalReader::open(&server.data).unwrap().map(Result::unwrap) {
        for (sequence, bytes) in commit.numbered() {
            let line = lines.next().unwrap();
            let stored = line.split_once(",\"event\":").unwrap().1.strip_suffix('}').unwrap();
            assert!(stored.as_bytes() == &**bytes, "{line}");
            let told: Value = serde_json::from_str(line).unwrap();
            assert_eq!(told["sequence"], sequence.get());
            assert_eq!(told["commit"], commit.number());
            assert_eq!(told["commit_hash"], commit.hash().to_string());
            assert_eq!(told["event_hash"], event_hash(bytes).to_string());
            assert_eq!(told["time_us"], commit.time().as_micros());
            let time: jiff::Timestamp = told["time"].as_str().unwrap().parse().unwrap();
            assert_eq!(time.as_microsecond(), commit.time().as_micros());
            for key in ["tag", "schema", "stream", "actor", "origin", "body"] {
                assert!(!told["event"][key].is_null(), "{key}: {line}");
            }
        }
    }
    assert_eq!(lines.next(), None);
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert!(!last["event"]["session"].is_null() && !last["event"]["invoke"].is_null(), "{last}");
}

#[test]
fn a_part_is_those_very_lines_of_the_whole() {
    let server = stopped_after(3);
    let whole = exported(&server, &[]);
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    let count = lines.len();
    for (from, until) in [(1, count), (2, 2), (5, count - 1), (count, count)] {
        let (first, last) = (from.to_string(), until.to_string());
        let part = exported(&server, &["--from", &first, "--until", &last]);
        assert!(part == lines[from - 1..until].concat(), "{from} to {until}: {part}");
    }
    assert_eq!(exported(&server, &["--until", "2999-01-01"]), whole);
    assert_eq!(exported(&server, &["--until", "2001-01-01"]), "");
    let time = serde_json::from_str::<Value>(lines[count - 3]).unwrap()["time"].as_str().unwrap().to_owned();
    let upto: String = exported(&server, &["--until", &time]);
    assert!(whole.starts_with(&upto) && upto.ends_with(lines[count - 3]), "{upto}");

    let beyond = (count + 1).to_string();
    let nothing = run(&["export", "--data", text(&server.data), "--from", &beyond]).expect(0);
    assert_eq!(nothing.out, "");
    nothing.says(&[&format!("event {beyond} is not there yet: the last is {count}")]);
}

#[test]
fn it_writes_nothing_to_the_store_needs_the_journal_alone_and_works_beside_a_server() {
    let mut server = Server::demo();
    add(&server, 2);
    let beside = exported(&server, &[]);
    assert!(server.terminate().success());
    let before = contents(&server.data);
    assert_eq!(exported(&server, &[]), beside);
    assert!(before == contents(&server.data), "something in the data folder changed");

    let alone = tempfile::tempdir().unwrap();
    copy_folder(&server.data.join("journal"), &alone.path().join("journal"));
    fs::remove_file(alone.path().join("journal/head")).unwrap();
    let told = run(&["export", "--data", text(alone.path())]).expect(0);
    assert_eq!(told.out, beside);
    assert_eq!(
        told.err.trim(),
        "there is no journal/head: whether commits are missing at the end is not known"
    );
}

#[test]
fn a_file_appears_whole_readable_by_its_owner_and_replaces_none_unasked() {
    let server = stopped_after(1);
    let data = text(&server.data);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let to_file = |more: &[&str]| run(&[&["export", "--data", data, "--output", text(&file)], more].concat());
    let told = to_file(&[]).expect(0);
    assert_eq!((told.out.as_str(), told.err.as_str()), ("", ""));
    assert_eq!(fs::read_to_string(&file).unwrap(), exported(&server, &[]));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "precious").unwrap();
    to_file(&[]).expect(1).says(&["events.jsonl is there already", "--force"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    to_file(&["--force"]).expect(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), exported(&server, &[]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");

    let inside = server.data.join("events.jsonl");
    run(&["export", "--data", data, "--output", text(&inside)]).expect(1).says(&["lies in the data folder"]);
    assert!(!inside.exists());
    let nowhere = folder.path().join("no/such/folder/events.jsonl");
    run(&["export", "--data", data, "--output", text(&nowhere)]).expect(1).says(&["cannot be written"]);
}

#[test]
fn what_stands_before_damage_is_written_and_the_place_is_told() {
    let server = stopped_after(3);
    let whole = exported(&server, &[]);
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    // Adds have two events at first, with the template, and then one.
    let good = lines[..lines.len() - 2].concat();
    let file = server.data.join("journal/00000001.crmj");
    let mut bytes = fs::read(&file).unwrap();
    let place = bytes.windows(8).position(|window| window == b"number 1").unwrap();
    bytes[place] ^= 1;
    fs::write(&file, &bytes).unwrap();

    let told = run(&["export", "--data", text(&server.data)]).expect(1);
    assert!(told.out == good, "{}", told.out);
    let told = told.says(&["00000001.crmj, byte ", "where commit 3 "]);
    assert_eq!(told.err.lines().count(), 1, "{told:?}");

    let output = server.data.with_extension("jsonl");
    let told = run(&["export", "--data", text(&server.data), "--output", text(&output)]).expect(1);
    told.says(&["where commit 3 ", "holds the events before the fault"]);
    assert_eq!(fs::read_to_string(&output).unwrap(), good);
}

#[test]
fn a_half_written_last_commit_is_left_out_as_verify_leaves_it() {
    let server = stopped_after(2);
    let data = text(&server.data);
    let whole = exported(&server, &[]);
    let end: u64 =
        JournalReader::open(&server.data).unwrap().map(|commit| commit.unwrap().bytes().len() as u64).sum();
    let journal = OpenOptions::new().write(true).open(server.data.join("journal/00000001.crmj")).unwrap();
    // Its beginning and its end reached the disk, and the sectors in between did not.
    for (bytes, at) in [(&b"CRMC\0\x01half"[..], end), (b"end", end + 1_500)] {
        std::os::unix::fs::FileExt::write_all_at(&journal, bytes, at).unwrap();
    }
    run(&["verify", "--data", data]).expect(0);
    let told = run(&["export", "--data", data]).expect(0);
    assert!(told.out == whole, "{}", told.out);
    told.says(&["half written, or being written, and left out"]);
}

#[test]
fn a_reader_that_leaves_ends_it_without_a_word() {
    // More than the pipe and both buffers hold.
    let mut server = Server::demo();
    let session = server.session("editor");
    for number in 0..6 {
        let payload = add_payload(&triple("1", "", ""), &format!("number {number}"));
        let payload = payload.replace("0987654321", &"x".repeat(100_000));
        session.call("CRMConfigurationAdd", &payload).expect_success();
    }
    assert!(server.terminate().success());
    for command in ["export", "replay"] {
        let mut child = Command::new(binary())
            .args([command, "--data", text(&server.data)])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'));
        let mut words = String::new();
        child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "it was not delivered");
        assert!(!words.contains("crmconf:"), "{command}: {words}");
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    let server = stopped_after(0);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran =
        Command::new(binary()).args(["export", "--data", text(&server.data)]).stdout(full).output().unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(told.contains("could not be written to standard output"), "{told}");
    // Standard output stays open and empty where the folder is the wrong one.
    let nothing = run(&["export", "--data", "/no/such/folder"]).expect(1);
    assert_eq!(nothing.out, "");
    nothing.says(&["/no/such/folder cannot be read: there is no such folder"]);
    let folder = tempfile::tempdir().unwrap();
    run(&["export", "--data", text(folder.path())]).expect(1).says(&["holds no store", "journal is missing"]);
    let journal = server.data.join("journal");
    run(&["export", "--data", text(&journal)])
        .expect(1)
        .says(&["is the journal of one: give the folder above"]);
    let file = folder.path().join("file");
    fs::File::create(&file).unwrap().write_all(b"x").unwrap();
    run(&["export", "--data", text(&file)]).expect(1).says(&["is a file; --data takes the folder"]);
}
