//! `init`, `call`, `verify`, `replay` and `templates` as an operator meets them.

mod accounts;
mod keys;
mod master_key;
mod stored;
mod templates;
mod until;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::harness::{
    Server, Session, Store, add_payload, binary, contents, property, run, run_fed, text, triple,
};

const LIST: &str = "<Request Operation=\"CRMConfigurationList\"><InvokeID>5</InvokeID></Request>";

#[test]
fn init_makes_a_private_store_and_prints_the_password_once() {
    let store = Store::init();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&store.data), 0o700);
    assert_eq!(mode(&store.key_file()), 0o600);
    for (path, content, _) in contents(store.folder.path()) {
        let kept = content.windows(store.password.len()).any(|window| window == store.password.as_bytes());
        assert!(!kept, "{} holds the password", path.display());
    }
    for folder in ["journal", "vault/credentials"] {
        for entry in fs::read_dir(store.data.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    let before = contents(store.folder.path());
    let again = run(&["init", "--data", text(&store.data)]).expect(1);
    assert_eq!(again.out, "");
    again.says(&["holds a store already", "crmconf serve --data"]);
    assert!(before == contents(store.folder.path()), "a refused init changed something");
}

#[test]
fn whatever_the_umask_nothing_in_the_data_folder_is_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // Its owner left the data folder itself open.
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    let under_no_umask = |command: &str| {
        let script = format!("umask 0; exec \"$0\" {command} --data \"$1\"");
        let output = Command::new("sh").args(["-c", &script]).arg(binary()).arg(&data).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    };
    let closed = || {
        for entry in fs::read_dir(&data).unwrap().map(Result::unwrap) {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            let expected = if entry.path().is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{:o}: {}", mode, entry.path().display());
        }
    };
    under_no_umask("init");
    closed();
    for name in ["journal", "lock", "sled", "vault"] {
        assert!(data.join(name).exists(), "{name}");
    }
    // Where they are made anew.
    fs::remove_dir_all(data.join("sled")).unwrap();
    fs::remove_file(data.join("lock")).unwrap();
    under_no_umask("verify --sled");
    assert!(data.join("sled").exists() && data.join("lock").exists());
    closed();
}

#[test]
fn the_printed_password_signs_in_and_no_other_does() {
    let store = Store::init();
    let server = store.serve(&[]).unwrap();
    server.session_of("admin", &store.password).call("CRMConfigurationList", "").expect_success();
    let session = Session::create(server.address);
    let wrong = property("UserName", "admin") + &property("Password", "demo-admin");
    session.call("Authenticate", &wrong).expect_code(10307);
    assert!(!server.log_text().contains(&store.password));
}

#[test]
fn init_takes_a_name_and_a_place_for_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let (data, key) = (folder.path().join("data"), folder.path().join("keys.hex"));
    let printed = run(&["init", "--data", text(&data), "--admin", "alice", "--master-key-file", text(&key)]);
    let printed = printed.expect(0).out;
    assert!(printed.contains("Administrator: alice") && printed.contains(text(&key)), "{printed}");
    assert!(key.exists());
    let inside = data.join("key");
    let refused = run(&["init", "--data", text(&data), "--master-key-file", text(&inside)]).expect(2);
    refused.says(&["lies in the data folder", "Keep it elsewhere"]);
}

#[test]
fn call_sends_a_file_or_standard_input_and_exits_by_the_result() {
    let server = Server::demo();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        text(&path).to_owned()
    };
    let (password, wrong) = (path("password", "demo-editor\n"), path("wrong", "demo-nobody\n"));
    let (list, add) = (path("list.xml", LIST), add("called"));
    let url = format!("http://{}", server.address);
    let call = |password: &str, request: &str, input: &str| {
        run_fed(&["call", "--url", &url, "--user", "editor", "--password-file", password, request], input)
    };

    let done = call(&password, "-", &add).expect(0);
    assert!(done.out.contains("Result=\"Success\""), "{done:?}");
    let again = call(&password, "-", &add).expect(1);
    assert!(again.out.contains("31000"), "the failure's response is printed too: {again:?}");
    let listed = call(&password, &list, "").expect(0);
    assert!(listed.out.contains("called"), "{listed:?}");

    let refused = call(&wrong, &list, "").expect(1);
    assert_eq!(refused.out, "");
    assert!(!refused.err.contains("demo-nobody"), "{refused:?}");
    refused.says(&["10307"]);
    call(&password, "/no/such/request.xml", "").expect(1).says(&["/no/such/request.xml cannot be read"]);
    call("/no/such/password", &list, "").expect(1).says(&["/no/such/password cannot be read"]);
    call(&password, "-", "<Request>").expect(1).says(&["not well-formed XML"]);
    run(&["call", "--url", "ftp://x", "--user", "editor", &list]).expect(2);
    run(&["call", "--user", "editor", &list]).expect(2);
    let nobody = ["call", "--url", "http://127.0.0.1:1", "--user", "editor", "--password-file"];
    run(&[&nobody[..], &[&password, &list]].concat()).expect(1).says(&["127.0.0.1:1"]);
}

fn add(description: &str) -> String {
    let payload = add_payload(&triple("1", "", ""), description);
    format!(
        "<Request Operation=\"CRMConfigurationAdd\"><InvokeID>4</InvokeID><OperationPayload>{payload}\
         </OperationPayload></Request>"
    )
}

/// A demo that was stopped after these Adds, each a commit of its own.
fn stopped_after(adds: usize) -> Server {
    let mut server = Server::demo();
    let session = server.session("editor");
    for number in 0..adds {
        let payload = add_payload(&triple("1", "", ""), &format!("number {number}"));
        session.call("CRMConfigurationAdd", &payload).expect_success();
    }
    assert!(server.terminate().success());
    server
}

/// How often the descriptions of the Adds stand in a text.
fn adds_in(text: &str) -> usize {
    (0..100).filter(|number| text.contains(&format!("number {number}"))).count()
}

#[test]
fn verify_counts_what_is_there() {
    let server = stopped_after(3);
    let data = text(&server.data);
    let told = run(&["verify", "--sled", "--data", data]).expect(0).out;
    assert!(told.contains(": 4 commits, ") && told.contains("chain unbroken"), "{told}");
    assert!(told.contains("sled holds the same"), "{told}");
    let nothing = run(&["verify", "--data", "/no/such/folder"]).expect(1);
    nothing.says(&["/no/such/folder cannot be read"]);
    assert!(told.contains("journal/head names commit 4, which is there"), "{told}");
    fs::write(server.data.join("journal/head"), "x").unwrap();
    let told = run(&["verify", "--data", data]).expect(0).out;
    assert!(told.contains("journal/head is damaged and was compared with nothing"), "{told}");
    fs::remove_dir_all(server.data.join("journal")).unwrap();
    let none = format!("{data} holds no store: {data}/journal is missing");
    run(&["verify", "--data", data]).expect(1).says(&[&none]);
    run(&["replay", "--data", data]).expect(1).says(&[&none]);
}

#[test]
fn parameters_of_the_url_go_with_the_request_alone() {
    let server = stopped_after(2);
    let server = Server::demo_in(&server.data, &[]).unwrap();
    let call = |query: &str, user: &str| {
        let url = format!("http://{}/{query}", server.address);
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        fs::write(&password, format!("demo-{user}\n")).unwrap();
        run_fed(&["call", "--url", &url, "--user", user, "--password-file", text(&password), "-"], LIST)
    };
    assert_eq!(adds_in(&call("?TelSysID=1", "editor").expect(0).out), 2);
    let refused = call("?TelSysIDs=1", "editor").expect(1);
    assert!(refused.out.contains("10108") && refused.out.contains("TelSysIDs"), "{refused:?}");
    assert_eq!(adds_in(&call("api/xml?TelSysID=%31", "admin").expect(0).out), 2);
}

#[test]
fn what_is_shown_of_progress_ends_with_all_of_it() {
    let server = stopped_after(1);
    for command in [&["verify"][..], &["verify", "--sled"], &["replay"]] {
        let told = run(&[command, &["--data", text(&server.data)]].concat()).expect(0).err;
        let last = told.lines().last().unwrap();
        assert!(last.ends_with(": 100 % (2 of 2)"), "{told}");
    }
    let part = run(&["replay", "--data", text(&server.data), "--until", "3"]).expect(0).err;
    assert_eq!(part.trim(), "replaying commits: 50 % (1 of 2)", "the rest was not read");
}

#[test]
fn replay_tells_the_time_as_people_read_it() {
    let server = stopped_after(1);
    let data = text(&server.data);
    let printed = run(&["replay", "--data", data]).expect(0).out;
    let time = printed.lines().next().unwrap().strip_prefix("as of ").unwrap();
    assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    let json = run(&["replay", "--data", data, "--format", "json"]).expect(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["time"], time);
    assert_eq!(run(&["replay", "--data", data, "--until", time]).expect(0).out, printed);
}

#[test]
fn verify_and_replay_show_how_far_they_are() {
    let store = Store::init();
    for (command, line) in [
        (&["verify"][..], "checking commits: 100 % (1 of 1)"),
        (&["verify", "--sled"], "comparing sled: 100 % (1 of 1)"),
        (&["replay"], "replaying commits: 100 % (1 of 1)"),
    ] {
        run(&[command, &["--data", text(&store.data)]].concat()).expect(0).says(&[line]);
    }
}

#[test]
fn replay_stops_at_a_sequence_or_a_time() {
    let server = stopped_after(3);
    let data = text(&server.data);
    let replay = |more: &[&str]| run(&[&["replay", "--data", data], more].concat()).expect(0).out;
    let whole = replay(&[]);
    assert_eq!(adds_in(&whole), 3);
    let verified = run(&["verify", "--data", data]).expect(0).out;
    let events: u64 = verified.split(" events").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    let until = |sequence: u64| adds_in(&replay(&["--until", &sequence.to_string()]));
    assert_eq!((until(events), until(events - 1), until(events - 2), until(1)), (3, 2, 1, 0));
    assert_eq!(replay(&["--until", &events.to_string()]), whole);
    assert_eq!(replay(&["--until", &(events + 1_000).to_string()]), whole);
    assert_eq!(replay(&["--until", "2999-01-01T00:00:00Z"]), whole);
    assert_eq!(adds_in(&replay(&["--until", "2001-01-01"])), 0);
    run(&["replay", "--data", data, "--until", "yesterday"]).expect(2).says(&["2026-03-03T09:30:00Z"]);
    run(&["replay", "--data", data, "--until", "0"]).expect(2).says(&["sequences count from 1"]);
}

#[test]
fn replay_prints_one_valid_json_document_with_the_same_configurations() {
    let server = stopped_after(4);
    let data = text(&server.data);
    let printed = run(&["replay", "--data", data, "--format", "json"]).expect(0).out;
    let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(adds_in(&json.to_string()), 4);
    assert_eq!(adds_in(&run(&["replay", "--data", data]).expect(0).out), 4);
    let configurations = json["configurations"].as_array().map(Vec::len);
    assert_eq!(configurations, Some(4), "{printed}");
}

#[test]
fn verify_and_replay_write_nothing() {
    let server = stopped_after(2);
    let data = text(&server.data);
    let before = contents(&server.data);
    run(&["verify", "--data", data]).expect(0);
    run(&["replay", "--data", data]).expect(0);
    run(&["replay", "--data", data, "--format", "json"]).expect(0);
    assert!(before == contents(&server.data), "something in the data folder changed");
    // The journal alone is enough: no sled, no vault, no lock, no journal/head.
    let alone = tempfile::tempdir().unwrap();
    crate::harness::copy_folder(&server.data.join("journal"), &alone.path().join("journal"));
    fs::remove_file(alone.path().join("journal/head")).unwrap();
    run(&["verify", "--data", text(alone.path())]).expect(0);
    assert_eq!(adds_in(&run(&["replay", "--data", text(alone.path())]).expect(0).out), 2);
    assert_eq!(fs::read_dir(alone.path()).unwrap().count(), 1);
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_request_that_the_demo_prints_works_when_it_is_pasted_into_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Killed(
        Command::new(binary())
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data", text(&folder.path().join("data"))])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let printed: Vec<String> = BufReader::new(demo.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .skip_while(|line| !line.starts_with("CRMCONF_PASSWORD"))
        .take_while(|line| !line.is_empty())
        .collect();
    let mut shell = Command::new("sh");
    let pasted = shell.args(["-c", &printed.join("\n")]).current_dir(folder.path()).output().unwrap();
    let answer = String::from_utf8_lossy(&pasted.stdout);
    assert!(pasted.status.success() && answer.contains("CRMConfigurationID"), "{printed:?}\n{pasted:?}");
}
