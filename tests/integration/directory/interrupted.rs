//! A directory of 100,000 devices imported in pieces, by a program and into a server that are both killed at random
//! moments, again and again: in the end it is exactly the file, and no event stands in the log twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crmconf_events::event::{Event, decode};
use crmconf_events::log::JournalReader;

use super::HEADER;
use crate::harness::{Dice, Store, binary, run, text};

const TELSYS: u32 = 20;
const PARTITIONS: u32 = 50;
const DEVICES: u32 = 100;
/// How many runs are killed, and more as long as none was midway; the one after them is left alone.
const KILLS: u64 = 12;
/// By how many milliseconds each run may live longer than the one before it: the first ones are killed while they begin,
/// and on a slow machine the last ones are midway.
const LONGER_MS: u64 = 200;
/// How long a run may take that is left alone.
const RUN_MAX: Duration = Duration::from_secs(120);

/// The rows in the order in which they are exported.
fn rows() -> Vec<String> {
    let mut rows = Vec::new();
    for telsys in 1..=TELSYS {
        rows.push(format!("{telsys},,,system {telsys},environment-{telsys}"));
        for partition in 1..=PARTITIONS {
            rows.push(format!("{telsys},{partition},,\"part {partition}, of {telsys}\","));
            for device in 0..DEVICES {
                rows.push(format!("{telsys},{partition},0123{device:04},device {device},"));
            }
        }
    }
    rows
}

fn shuffled(rows: &[String], dice: &mut Dice) -> String {
    let mut rows: Vec<_> = rows.iter().collect();
    for end in (1..rows.len()).rev() {
        rows.swap(end, usize::try_from(dice.below(end as u64 + 1)).unwrap());
    }
    rows.into_iter().fold(HEADER.to_owned(), |text, row| text + row + "\n")
}

fn start(url: &str, password: &Path, file: &Path, log: &Path) -> Child {
    Command::new(binary())
        .args(["directory", "import", "--url", url, "--user", "admin", "--password-file", text(password)])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log).unwrap())
        .spawn()
        .unwrap()
}

/// Waits for its end; `None` when it takes longer.
fn ended_within(child: &mut Child, patience: Duration) -> Option<bool> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.success());
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How often each event of the directory stands in the log, by its kind and place.
fn directory_events(data: &Path) -> BTreeMap<String, u32> {
    let mut reader = JournalReader::open(data).unwrap();
    let mut counts = BTreeMap::new();
    while let Some(commit) = reader.next() {
        let commit = match commit {
            Ok(commit) => commit,
            Err(fault) if reader.ends_with_torn_commit(&fault) => break,
            Err(fault) => panic!("{fault}"),
        };
        for (sequence, bytes) in commit.numbered() {
            let event = decode(sequence, commit.time(), bytes).unwrap().event;
            let place = if let Event::DeviceRegistered(e) = &event {
                format!("{}/{}/{}", e.telsys, e.partition, e.device)
            } else if let Event::PartitionRegistered(e) = &event {
                format!("{}/{}", e.telsys, e.partition)
            } else if let Event::TelSysRegistered(e) = &event {
                e.telsys.to_string()
            } else {
                let is_of_the_directory = event.stream().to_string().starts_with("directory/");
                assert!(!is_of_the_directory, "{event:?} was never asked for");
                continue;
            };
            *counts.entry(format!("{} {place}", event.tag())).or_default() += 1;
        }
    }
    counts
}

#[test]
fn a_directory_of_100_000_devices_is_exactly_the_file_whatever_was_killed_and_no_event_stands_twice() {
    let mut dice = Dice::seeded();
    let rows = rows();
    let store = Store::init();
    let (password, file, log) =
        ["password", "directory.csv", "import.log"].map(|name| store.folder.path().join(name)).into();
    std::fs::write(&password, &store.password).unwrap();
    std::fs::write(&file, shuffled(&rows, &mut dice)).unwrap();
    let mut server = store.serve(&[]).unwrap();

    let mut stood = BTreeSet::new();
    let mut kills = 0;
    loop {
        let url = format!("http://{}", server.address);
        let mut import = start(&url, &password, &file, &log);
        let midway = stood.iter().any(|count| (1..rows.len()).contains(count));
        let killed = kills < KILLS || !midway;
        let patience =
            if killed { Duration::from_millis(dice.below(LONGER_MS * (kills + 1))) } else { RUN_MAX };
        match ended_within(&mut import, patience) {
            Some(success) => {
                assert!(success, "{}", std::fs::read_to_string(&log).unwrap());
                break;
            }
            None => assert!(killed, "a run that is left alone takes longer than {RUN_MAX:?}"),
        }
        kills += 1;
        // The program that imports, the server under it, or both.
        let which = dice.below(3);
        if which != 0 {
            server.kill_nine();
        }
        if which == 1 {
            // Alone it fails by itself, and says what to do; unless it had got its last answer just before.
            let success = ended_within(&mut import, RUN_MAX).expect("it notices that nobody answers");
            let told = std::fs::read_to_string(&log).unwrap();
            let unanswered = told.contains("did not answer") || told.contains("could not be read");
            assert!(success || unanswered, "{told}");
        } else {
            import.kill().unwrap();
            import.wait().unwrap();
        }
        if which != 0 {
            // Nobody writes now.
            stood.insert(directory_events(&store.data).len());
            server.restart();
        }
    }
    println!("after {kills} kills these numbers of entries stood: {stood:?}");
    assert!(kills >= 3, "only {kills} runs were killed");
    assert!(stood.iter().any(|count| (1..rows.len()).contains(count)), "no kill came midway: {stood:?}");

    let events = directory_events(&store.data);
    assert_eq!(events.len(), rows.len());
    assert!(events.values().all(|count| *count == 1), "an event stands twice");
    let url = format!("http://{}", server.address);
    let words = ["directory", "export", "--url", &url, "--user", "admin", "--password-file", text(&password)];
    let expected = rows.iter().fold(HEADER.to_owned(), |text, row| text + row + "\n");
    assert!(run(&words).expect(0).out == expected, "the list differs from the file");
    assert!(server.terminate().success());
    let replayed = server.dump();
    let shown = replayed.lines().filter(|line| line.starts_with("TelSys "));
    let devices = shown.filter(|line| line.contains(" Device 0123")).count();
    assert_eq!(devices, (TELSYS * PARTITIONS * DEVICES) as usize);
    let verified = server.run(&["verify", "--sled"]);
    assert!(verified.status.success(), "{verified:?}");
}
