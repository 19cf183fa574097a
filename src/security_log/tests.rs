//! What is promised about the security log's file: every record whole on a line of its own, none lost in silence.

mod page;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use crmconf_events::AccountId;
use serde_json::Value;

use super::*;

/// How long a test waits for the thread.
const PATIENCE: Duration = Duration::from_secs(30);

struct Fixture {
    folder: tempfile::TempDir,
    options: FileOptions,
}

impl Fixture {
    fn new(bytes_max: u64, files_max: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("security.log");
        Self { folder, options: FileOptions { path, bytes_max, files_max } }
    }

    fn start(&self) -> SecurityLog {
        SecurityLog::start(self.options.clone()).unwrap()
    }

    fn append(&self, fact: Fact) {
        SecurityLog::append_once(self.options.clone(), &Record::of(fact)).unwrap();
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.folder.path().join(format!("security.log.{number}"))
    }

    /// The names of all files there.
    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Every line of all files, the oldest first.
    fn lines(&self) -> Vec<Value> {
        let count = u32::try_from(self.names().len()).unwrap();
        let older = (1..=count).rev().map(|number| self.numbered(number)).filter(|path| path.exists());
        let paths = older.chain(Some(self.options.path.clone()).filter(|path| path.exists()));
        paths.flat_map(|path| parsed(&path)).collect()
    }
}

/// The lines of a file, each of which must be JSON.
fn parsed(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{}: {text}", path.display());
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["kind"].as_str().unwrap()).collect()
}

fn account(number: u32) -> AccountId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    AccountId::new(bytes)
}

fn deleted(number: u32) -> Fact {
    Fact::AccountDeleted { account: account(number) }
}

/// The accounts that lines tell of as deleted.
fn told(lines: &[Value]) -> Vec<String> {
    let deleted = lines.iter().filter(|line| line["kind"] == "account_deleted");
    deleted.map(|line| line["account"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it does not happen: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn records_become_lines_in_their_order_between_start_and_stop() {
    let fixture = Fixture::new(1 << 20, 3);
    let log = fixture.start();
    for number in 0..3 {
        log.record(Record::of(deleted(number)));
    }
    log.close();
    let lines = fixture.lines();
    let expected =
        ["server_started", "account_deleted", "account_deleted", "account_deleted", "server_stopped"];
    assert_eq!(kinds(&lines), expected);
    assert_eq!(told(&lines), (0..3).map(|number| account(number).to_string()).collect::<Vec<_>>());
    assert_eq!(log.tally(), Tally { written: 5, repeated: 0, lost: 0 });
    let mode = fs::metadata(&fixture.options.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    // Times are of one width, and sort as texts.
    for line in &lines {
        let time = line["time"].as_str().unwrap();
        assert!(time.len() == "2026-03-03T09:30:00.000000Z".len() && time.ends_with('Z'), "{time}");
    }
}

#[test]
fn a_restart_adds_to_what_is_there() {
    let fixture = Fixture::new(1 << 20, 3);
    for number in 0..2 {
        let log = fixture.start();
        log.record(Record::of(deleted(number)));
        log.close();
    }
    assert_eq!(kinds(&fixture.lines()).len(), 6);
    assert_eq!(told(&fixture.lines()).len(), 2);
}

#[test]
fn a_line_left_half_written_is_closed_off_so_that_the_next_stands_on_its_own() {
    let fixture = Fixture::new(1 << 20, 3);
    fixture.append(deleted(1));
    let whole = fs::read(&fixture.options.path).unwrap();
    for half in [1, 9, whole.len() - 2, whole.len() - 1] {
        fs::write(&fixture.options.path, [&whole[..], &whole[..half]].concat()).unwrap();
        fixture.append(deleted(2));
        fixture.append(deleted(3));
        let text = fs::read_to_string(&fixture.options.path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{half}: {text}");
        for (place, number) in [(0, 1), (2, 2), (3, 3)] {
            let line: Value = serde_json::from_str(lines[place]).unwrap();
            assert_eq!(line["account"], account(number).to_string(), "{half}");
        }
        fs::write(&fixture.options.path, &whole[..half]).unwrap();
        fixture.append(deleted(4));
        let text = fs::read_to_string(&fixture.options.path).unwrap();
        assert_eq!(text.lines().count(), 2, "{half}, at the beginning of the file: {text}");
        fixture.append(deleted(5));
    }
}

#[test]
fn a_full_file_makes_way_and_the_oldest_goes() {
    let fixture = Fixture::new(400, 2);
    for number in 0..40 {
        fixture.append(deleted(number));
        for path in fixture.names() {
            let length = fs::metadata(fixture.folder.path().join(&path)).unwrap().len();
            assert!(length <= 400, "{path} has {length} bytes");
        }
    }
    let names = ["security.log", "security.log.1", "security.log.2"];
    assert_eq!(fixture.names(), names.map(str::to_owned).into());
    let told = told(&fixture.lines());
    let last: Vec<_> = (0..40).map(|number| account(number).to_string()).collect();
    assert_eq!(told, last[40 - told.len()..], "the last ones, in their order, without a gap");
}

#[test]
fn fewer_files_are_kept_when_the_limit_is_lowered() {
    let mut fixture = Fixture::new(200, 6);
    (0..20).for_each(|number| fixture.append(deleted(number)));
    assert!(fixture.numbered(6).exists());
    fs::write(fixture.folder.path().join("security.log.copy"), "{}\n").unwrap();
    fixture.options.files_max = 2;
    (0..4).for_each(|number| fixture.append(deleted(number)));
    let names = ["security.log", "security.log.1", "security.log.2", "security.log.copy"];
    assert_eq!(fixture.names(), names.map(str::to_owned).into(), "and what is not ours stays");
}

#[test]
fn a_rotation_that_was_broken_off_is_gone_on_with_and_costs_no_file() {
    let fixture = Fixture::new(200, 4);
    (0..20).for_each(|number| fixture.append(deleted(number)));
    let before = told(&fixture.lines());
    // Killed after it had moved all but the file itself.
    for number in (1..4).rev() {
        fs::rename(fixture.numbered(number), fixture.numbered(number + 1)).unwrap();
    }
    let left = told(&fixture.lines());
    assert!(left.len() < before.len(), "the oldest had gone already");
    (20..22).for_each(|number| fixture.append(deleted(number)));
    let after = told(&fixture.lines());
    assert!(after.starts_with(&left), "{after:?} does not go on from {left:?}");
    assert_eq!(after.last(), Some(&account(21).to_string()));
}

#[test]
fn a_rotated_file_is_followed_by_one_as_open_as_its_owner_left_it() {
    let fixture = Fixture::new(200, 2);
    fixture.append(deleted(1));
    fs::set_permissions(&fixture.options.path, fs::Permissions::from_mode(0o640)).unwrap();
    (0..5).for_each(|number| fixture.append(deleted(number)));
    for path in fixture.names() {
        let mode = fs::metadata(fixture.folder.path().join(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640, "{path}");
    }
}

#[test]
fn writers_at_the_same_time_lose_and_tear_no_line_across_many_rotations() {
    const WRITERS: u32 = 8;
    const EACH: u32 = 400;
    let fixture = Fixture::new(2_000, 1_000);
    let log = fixture.start();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let log = log.clone();
            scope.spawn(move || {
                for number in 0..EACH {
                    log.record(Record::of(deleted(writer * EACH + number)));
                }
            });
        }
    });
    log.close();
    assert_eq!(log.tally().lost, 0, "they fit into the queue");
    assert!(fixture.names().len() > 50, "{}", fixture.names().len());
    let lines = fixture.lines();
    let told = told(&lines);
    assert_eq!(told.len(), usize::try_from(WRITERS * EACH).unwrap());
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
    for writer in 0..WRITERS {
        let own: BTreeSet<_> = (0..EACH).map(|number| account(writer * EACH + number).to_string()).collect();
        let in_order: Vec<_> = told.iter().filter(|account| own.contains(*account)).collect();
        let expected: Vec<_> = (0..EACH).map(|number| account(writer * EACH + number).to_string()).collect();
        assert!(in_order.into_iter().eq(&expected), "each writer's stand in its order");
    }
}

#[test]
fn what_the_disk_refuses_waits_and_what_waits_too_long_is_counted_and_told() {
    let fixture = Fixture::new(1 << 20, 3);
    let log = fixture.start();
    wait_until("the first record is written", || log.tally().written == 1);
    // Something else stands in its place, so that nothing can be written.
    let path = &fixture.options.path;
    let aside = fixture.folder.path().join("aside");
    fs::rename(path, &aside).unwrap();
    fs::create_dir(path).unwrap();
    let sent = u32::try_from(QUEUE_RECORDS_MAX).unwrap() * 2;
    (0..sent).for_each(|number| log.record(Record::of(deleted(number))));
    let lost = log.tally().lost;
    assert!(lost > 0, "more than waits anywhere");
    fs::remove_dir(path).unwrap();
    let told_of = || -> u64 {
        // A line that is just being written is no JSON yet.
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["kind"] == "records_lost").filter_map(|line| line["count"].as_u64()).sum()
    };
    // It may be told in parts: what found no room before the disk refused, and what found none later.
    wait_until("what was lost is told", || told_of() == lost);
    log.close();
    let lines = parsed(path);
    assert_eq!(told(&lines).len() as u64, u64::from(sent) - lost);
    assert_eq!(kinds(&parsed(&aside)), ["server_started"], "the old file is not written to any more");
}

#[test]
fn whoever_fills_the_queue_with_failures_leaves_room_for_what_administrators_do() {
    let fixture = Fixture::new(1 << 22, 3);
    let log = fixture.start();
    wait_until("the first record is written", || log.tally().written == 1);
    fs::remove_file(&fixture.options.path).unwrap();
    fs::create_dir(&fixture.options.path).unwrap();
    for number in 0..u32::try_from(QUEUE_RECORDS_MAX).unwrap() * 2 {
        let circumstances = Circumstances {
            request: 7,
            address: std::net::Ipv4Addr::from(0x0A00_0000 + number).into(),
            operation: "Authenticate",
            session: None,
            account: None,
        };
        let failed = Fact::SignInFailed { account: None, cause: SignInCause::UnknownName };
        log.record(Record::of(failed).in_request(circumstances));
    }
    let lost = log.tally().lost;
    assert!(lost > 0, "the failures found no room any more");
    let kept = u32::try_from(QUEUE_RECORDS_KEPT).unwrap() / 2;
    (0..kept).for_each(|number| log.record(Record::of(deleted(number))));
    assert_eq!(log.tally().lost, lost);
    fs::remove_dir(&fixture.options.path).unwrap();
    log.close();
    assert_eq!(told(&fixture.lines()).len(), QUEUE_RECORDS_KEPT / 2);
}

#[test]
fn the_word_to_stop_is_heard_also_when_it_is_taken_along_with_records() {
    for _ in 0..200 {
        let fixture = Fixture::new(1 << 20, 3);
        let log = fixture.start();
        (0..20).for_each(|number| log.record(Record::of(deleted(number))));
        let start = Instant::now();
        log.close();
        assert!(start.elapsed() < CLOSE_PATIENCE, "it was waited for in vain");
        assert_eq!(kinds(&fixture.lines()).last(), Some(&"server_stopped"));
    }
}

#[test]
fn a_file_that_somebody_moved_away_is_followed_by_a_new_one_and_none_is_lost() {
    let fixture = Fixture::new(1 << 20, 3);
    let log = fixture.start();
    log.record(Record::of(deleted(1)));
    wait_until("it is written", || log.tally().written == 2);
    let moved = fixture.folder.path().join("security.log-2026");
    fs::rename(&fixture.options.path, &moved).unwrap();
    log.record(Record::of(deleted(2)));
    log.close();
    assert_eq!(told(&parsed(&moved)), [account(1).to_string()]);
    assert_eq!(told(&fixture.lines()), [account(2).to_string()]);
}

#[test]
fn what_is_no_security_log_is_left_alone() {
    let fixture = Fixture::new(1 << 20, 3);
    let path = &fixture.options.path;
    let refused = |what: &str| {
        let error = SecurityLog::start(fixture.options.clone()).unwrap_err().to_string();
        for words in [what, path.to_str().unwrap(), "--security-log"] {
            assert!(error.contains(words), "{words:?} is not in {error}");
        }
    };
    for content in ["0f1e2d3c4b5a6978", "{\"name\":1}\n", "\0\0\0\0", "# settings\n"] {
        fs::write(path, content).unwrap();
        refused("it holds something else");
        assert_eq!(fs::read_to_string(path).unwrap(), content);
    }
    fs::remove_file(path).unwrap();
    std::os::unix::fs::symlink("/dev/null", path).unwrap();
    refused("it is no regular file");
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
    refused("it is no regular file");
    fs::remove_dir(path).unwrap();
    fs::File::create(path).unwrap().write_all(b"{\"tim").unwrap();
    assert!(SecurityLog::start(fixture.options.clone()).is_ok(), "the beginning of a first line");
    let nowhere = FileOptions { path: "/no/such/folder/security.log".into(), ..fixture.options.clone() };
    let error = SecurityLog::start(nowhere).unwrap_err().to_string();
    assert!(error.contains("cannot be opened: No such file") && error.contains("off"), "{error}");
}

#[test]
fn what_is_off_takes_everything_and_keeps_nothing() {
    let log = SecurityLog::off();
    log.record(Record::of(deleted(1)));
    log.close();
    assert_eq!(log.tally(), Tally::default());
}

#[test]
fn repetitions_that_were_counted_are_told_at_the_end() {
    let fixture = Fixture::new(1 << 20, 3);
    let log = fixture.start();
    let circumstances = Circumstances {
        request: 7,
        address: "192.0.2.1".parse().unwrap(),
        operation: "Authenticate",
        session: None,
        account: None,
    };
    for _ in 0..100 {
        let failed = Fact::SignInFailed { account: None, cause: SignInCause::UnknownName };
        log.record(Record::of(failed).in_request(circumstances));
    }
    log.close();
    let lines = fixture.lines();
    let count = |kind: &str| kinds(&lines).iter().filter(|found| **found == kind).count();
    assert_eq!(count("sign_in_failed"), usize::try_from(RECORDS_A_WINDOW).unwrap());
    let sum = lines.iter().find(|line| line["kind"] == "records_repeated").unwrap();
    assert_eq!((&sum["of"], &sum["count"]), (&"sign_in_failed".into(), &(100 - RECORDS_A_WINDOW).into()));
    assert_eq!(kinds(&lines).last(), Some(&"server_stopped"));
    assert_eq!(log.tally(), Tally { written: 33, repeated: 70, lost: 0 });
}
