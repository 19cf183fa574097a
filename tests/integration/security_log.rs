//! The security log, as an auditor reads it: who signed in, who was refused, and nothing that anybody typed.

mod administered;
mod answered;
mod file;
mod imported;
mod keys;
mod left;
mod revoked;
mod stopped;

use std::fs;
use std::path::{Path, PathBuf};

use crmconf::sessions::SessionId;
use crmconf_events::access::Role;
use crmconf_events::{DeviceNumber, PartitionId, Scope, TelSysId};
use serde_json::Value;

use crate::harness::{CANARY, Extra, Reply, Server, Session, add_payload, property, triple};

const LIST: &str = "CRMConfigurationList";
const ADD: &str = "CRMConfigurationAdd";

/// Where it is unless something else is said.
pub fn path(data: &Path) -> PathBuf {
    data.join("security.log")
}

/// The lines of a security log, each of which must be JSON with a time and a kind.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let line = |line: &str| -> Value {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(value["time"].is_string() && value["kind"].is_string(), "{line}");
        value
    };
    text.lines().map(line).collect()
}

/// The lines without those that the log writes about itself.
fn of_requests(path: &Path) -> Vec<Value> {
    let own = ["server_started", "server_stopped"];
    lines(path).into_iter().filter(|line| !own.iter().any(|kind| line["kind"] == *kind)).collect()
}

/// The lines of one kind.
pub fn of_kind(path: &Path, kind: &str) -> Vec<Value> {
    lines(path).into_iter().filter(|line| line["kind"] == kind).collect()
}

/// Stops a server in order, so that everything is written, and reads.
fn stopped(server: &mut Server) -> Vec<Value> {
    assert!(server.terminate().success(), "{}", server.log_text());
    of_requests(&path(&server.data))
}

fn sign_in(session: &Session, user: &str, password: &str) -> Reply {
    session.call("Authenticate", &(property("UserName", user) + &property("Password", password)))
}

fn digest(session: &Session) -> Value {
    SessionId::parse(&session.id).unwrap().digest().to_string().into()
}

/// The field of each line, null where it has none.
fn fields<'a>(lines: &'a [Value], field: &str) -> Vec<&'a Value> {
    lines.iter().map(|line| &line[field]).collect()
}

#[test]
fn a_day_of_sessions_reads_as_it_was() {
    let mut server = Server::demo();
    let right = Session::create(server.address);
    sign_in(&right, "editor", "demo-editor").expect_success();
    right.call(LIST, "").expect_success();
    let wrong = Session::create(server.address);
    sign_in(&wrong, "EDITOR", CANARY).expect_code(10307);
    let unknown = Session::create(server.address);
    sign_in(&unknown, CANARY, "demo-editor").expect_code(10307);
    right.call(ADD, &add_payload(&triple("2", "1", ""), "not here")).expect_code(10511);
    right.call("Logout", "").expect_success();
    // Neither says anything about rights, or is anybody's.
    right.call(LIST, "").expect_code(10302);
    Session::create(server.address).call("Logout", "").expect_success();
    let lines = stopped(&mut server);
    let kinds = ["sign_in", "sign_in_failed", "sign_in_failed", "refused", "session_ended"];
    assert_eq!(fields(&lines, "kind"), kinds, "{lines:?}");
    let editor = &lines[0]["account"];
    assert_eq!(editor.as_str().unwrap().len(), 22, "an id");
    let nobody = Value::Null;
    assert_eq!(fields(&lines, "account"), [editor, editor, &nobody, editor, editor]);
    let causes: [Value; 2] = ["wrong_password".into(), "unknown_name".into()];
    assert_eq!(fields(&lines, "cause"), [&nobody, &causes[0], &causes[1], &nobody, &nobody]);
    let sessions = [&right, &wrong, &unknown, &right, &right].map(digest);
    assert_eq!(fields(&lines, "session"), sessions.iter().collect::<Vec<_>>());
    let refused = &lines[3];
    assert_eq!(
        (&refused["code"], &refused["telsys"], &refused["partition"]),
        (&10511.into(), &2.into(), &1.into())
    );
    let operations = ["Authenticate", "Authenticate", "Authenticate", ADD, "Logout"];
    assert_eq!(fields(&lines, "operation"), operations);
    for line in &lines {
        assert_eq!(line["address"], "127.0.0.1", "{line}");
        // The server's own log has a line under the same id.
        let request = format!("request=\"{}\"", line["request"].as_str().unwrap());
        assert_eq!(server.log_text().matches(&request).count(), 1, "{request}: {}", server.log_text());
    }
    let text = fs::read_to_string(path(&server.data)).unwrap().to_lowercase();
    for name in ["editor", "demo-", &CANARY.to_lowercase(), &right.id.to_lowercase()] {
        assert!(!text.contains(name), "{name} stands in {text}");
    }
}

#[test]
fn throttling_has_a_kind_of_its_own_though_its_client_is_told_the_same() {
    let mut server = Server::demo();
    let attempt = |password: &str| sign_in(&Session::create(server.address), "editor", password);
    let told: Vec<_> = (0..10).map(|_| attempt(CANARY).expect_code(10307).body).collect();
    let throttled = attempt("demo-editor").expect_code(10307);
    assert!(told.iter().all(|body| *body == throttled.body));
    assert!(sign_in(&Session::create(server.address), "nobody", CANARY).body == throttled.body);
    let lines = stopped(&mut server);
    let kinds = [vec!["sign_in_failed"; 10], vec!["sign_in_throttled", "sign_in_failed"]].concat();
    assert_eq!(fields(&lines, "kind"), kinds);
    assert!(lines[10]["account"].is_string() && lines[10]["account"] == lines[0]["account"], "{}", lines[10]);
}

#[test]
fn refusals_name_code_telsys_and_partition_and_no_device_that_was_asked_for() {
    let telsys = TelSysId::new(1).unwrap();
    let partition = PartitionId::new(1).unwrap();
    let device = Scope::Device(telsys, partition, DeviceNumber::new("01234567101").unwrap());
    let extra = |name, scope| Extra { name, password: CANARY, role: Role::Editor, scope };
    let accounts = [extra("partition", Scope::Partition(telsys, partition)), extra("device", device)];
    let mut server = Server::demo_with_accounts(&accounts, &[]);
    let by = |user: &str, scope: &str, code: u32| {
        let password = if user == "viewer" { "demo-viewer" } else { CANARY };
        server.session_of(user, password).call(ADD, &add_payload(scope, "x")).expect_code(code);
    };
    by("viewer", &triple("1", "2", ""), 10515);
    by("viewer", &triple("-1", "", ""), 10515);
    by("partition", &triple("1", "2", ""), 10512);
    by("partition", &triple("-1", "", ""), 10700);
    by("device", &triple("1", "1", CANARY), 10701);
    let lines: Vec<_> = stopped(&mut server).into_iter().filter(|line| line["kind"] == "refused").collect();
    let asked = |line: &Value| [&line["code"], &line["telsys"], &line["partition"]].map(Value::as_u64);
    let expected = [
        [Some(10515), Some(1), Some(2)],
        [Some(10515), None, None],
        [Some(10512), Some(1), Some(2)],
        [Some(10700), None, None],
        [Some(10701), Some(1), Some(1)],
    ];
    assert_eq!(lines.iter().map(asked).collect::<Vec<_>>(), expected);
    assert!(lines.iter().all(|line| line["account"].is_string() && line["session"].is_string()));
    assert!(!fs::read_to_string(path(&server.data)).unwrap().contains(CANARY));
}

#[test]
fn used_up_sessions_are_recorded_and_what_repeats_is_counted() {
    let mut server = Server::demo();
    let create = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    let turned_away = (0..120).filter(|_| server.post(create).status == 429).count();
    let lines = stopped(&mut server);
    let (records, sums): (Vec<Value>, Vec<Value>) =
        lines.into_iter().partition(|line| line["kind"] == "sessions_refused");
    assert_eq!((records.len(), turned_away), (30, 100));
    assert_eq!(fields(&sums, "kind"), ["records_repeated"]);
    assert_eq!((&sums[0]["of"], &sums[0]["count"]), (&"sessions_refused".into(), &70.into()));
    assert_eq!(sums[0]["address"], "127.0.0.1");
}
