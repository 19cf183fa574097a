//! Counters move by exactly what was done, and gauges show what is the case.

use std::collections::BTreeMap;

use super::exposed::Exposed;
use super::{measured, scrape};
use crate::harness::{Session, add_payload, get, property, triple};

/// The growth of every counter, and of every histogram's number of samples, that grew; by name and labels.
fn growth(before: &Exposed, after: &Exposed) -> BTreeMap<String, u64> {
    let counts = |exposed: &Exposed| -> BTreeMap<String, f64> {
        let families = exposed.families.iter().filter(|(_, family)| family.kind != "gauge");
        // A thread of its own writes the security log, some moments after the answer.
        let families = families.filter(|(name, _)| *name != "crmconf_security_log_records_total");
        let samples = families.flat_map(|(_, family)| &family.samples);
        let counting =
            samples.filter(|sample| sample.name.ends_with("_total") || sample.name.ends_with("_count"));
        counting.map(|sample| (sample.shown(), sample.value)).collect()
    };
    let (before, after) = (counts(before), counts(after));
    assert!(before.keys().eq(after.keys()), "series stand from the start");
    let grown = after.into_iter().map(|(name, value)| {
        let growth = value - before[&name];
        assert!(growth >= 0.0, "{name} shrinks");
        (name, growth as u64)
    });
    grown.filter(|(_, growth)| *growth > 0).collect()
}

fn expected(lines: &[(&str, u64)]) -> BTreeMap<String, u64> {
    lines.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// A published request with the id of one that exists.
fn published(name: &str, id: &str) -> String {
    let path = format!("{}/tests/fixtures/seed/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().replace("8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e", id)
}

#[test]
fn counters_move_by_exactly_what_was_done() {
    let server = measured();
    let before = scrape(&server);
    let session = server.session("editor");
    let id = session.send(&published("add", "")).expect_success().configuration_id();
    for name in ["change", "info", "list-device", "list-every", "delete"] {
        session.send(&published(name, &id)).expect_success();
    }
    session.send(&published("info", &id)).expect_code(31_003);
    session.call("CRMConfigurationAdd", &property("TelSysID", "1")).expect_code(10_107);
    session.call("NoSuchOperation", "").expect_code(10_102);
    server.post("<Request Operation=\"Logout\"><InvokeID>7</InvokeID></Request>").expect_code(10_301);
    assert_eq!(server.post("<Request>").status, 400);
    assert_eq!(get(server.address, "/elsewhere").unwrap().status, 404);
    assert_eq!(get(server.address, "/api/xml").unwrap().status, 405);
    assert_eq!(server.post_bytes(b"{}", &[("Content-Type", "application/json")]).unwrap().status, 415);
    assert_eq!(get(server.address, "/readyz").unwrap().status, 200);
    let after = scrape(&server);
    let request = |operation: &str, code: &str| {
        format!("crmconf_requests_total{{code=\"{code}\",operation=\"{operation}\"}}")
    };
    let took =
        |operation: &str| format!("crmconf_request_duration_seconds_count{{operation=\"{operation}\"}}");
    let refused = |status: u16| format!("crmconf_http_refused_total{{status=\"{status}\"}}");
    // The published Change asks for what stands already, and appends nothing. The first commit holds the template's event
    // too.
    let done = expected(&[
        (&request("CreateSession", "ok"), 1),
        (&request("Authenticate", "ok"), 1),
        (&request("CRMConfigurationAdd", "ok"), 1),
        (&request("CRMConfigurationAdd", "10107"), 1),
        (&request("CRMConfigurationChange", "ok"), 1),
        (&request("CRMConfigurationInfo", "ok"), 1),
        (&request("CRMConfigurationInfo", "31003"), 1),
        (&request("CRMConfigurationList", "ok"), 2),
        (&request("CRMConfigurationDelete", "ok"), 1),
        (&request("Logout", "10301"), 1),
        (&request("unknown", "10102"), 1),
        (&took("CreateSession"), 1),
        (&took("Authenticate"), 1),
        (&took("CRMConfigurationAdd"), 2),
        (&took("CRMConfigurationChange"), 1),
        (&took("CRMConfigurationInfo"), 2),
        (&took("CRMConfigurationList"), 2),
        (&took("CRMConfigurationDelete"), 1),
        (&took("Logout"), 1),
        (&took("unknown"), 1),
        (&refused(400), 1),
        (&refused(404), 1),
        (&refused(405), 1),
        (&refused(415), 1),
        ("crmconf_commits_total", 2),
        ("crmconf_commit_events_count", 2),
        ("crmconf_commit_bytes_count", 2),
        ("crmconf_append_duration_seconds_count", 2),
        ("crmconf_sync_duration_seconds_count", 2),
        ("crmconf_sign_ins_total{outcome=\"succeeded\"}", 1),
    ]);
    assert_eq!(growth(&before, &after), done);
    let grown = |name: &str| after.value(name) - before.value(name);
    assert_eq!(grown("crmconf_commit_events_sum"), 3.0);
    assert_eq!(grown("crmconf_head_sequence"), 3.0);
    assert_eq!(grown("crmconf_view_sequence"), 3.0);
    assert!(
        after.value("crmconf_sync_duration_seconds_sum")
            <= after.value("crmconf_append_duration_seconds_sum")
    );
}

#[test]
fn gauges_show_what_is_the_case() {
    let server = measured();
    let mut idle = std::net::TcpStream::connect(server.address).unwrap();
    let signed_in = [server.session("viewer"), server.session("editor")];
    let waiting = Session::create(server.address);
    signed_in[1].call("CRMConfigurationAdd", &add_payload(&triple("1", "", ""), "one")).expect_success();
    signed_in[1].call("Logout", "").expect_success();
    server.wait_until(|| scrape(&server).value("crmconf_connections") == 1.0);
    let exposed = scrape(&server);
    let file_bytes = |folder: &str| -> u64 {
        let folder = std::fs::read_dir(server.data.join(folder)).unwrap();
        folder
            .map(|entry| entry.unwrap().metadata().unwrap())
            .filter(|entry| entry.is_file())
            .map(|file| file.len())
            .sum()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let started = exposed.value("process_start_time_seconds");
    assert!(started <= now && started > now - 600.0, "{started} {now}");
    for (name, value) in [
        ("crmconf_ready", 1.0),
        ("crmconf_sessions{state=\"signed_in\"}", 1.0),
        ("crmconf_sessions{state=\"waiting\"}", 1.0),
        ("crmconf_sessions{state=\"ended\"}", 0.0),
        ("crmconf_connections", 1.0),
        ("crmconf_connections_limit", 2_048.0),
        ("crmconf_queue_commands", 0.0),
        ("crmconf_queue_limit_commands", 1_024.0),
        ("crmconf_held_bytes{of=\"requests\"}", 0.0),
        ("crmconf_held_limit_bytes{of=\"requests\"}", 67_108_864.0),
        ("crmconf_held_limit_bytes{of=\"answers\"}", 268_435_456.0),
        ("crmconf_password_checks{state=\"running\"}", 0.0),
        ("crmconf_templates{state=\"in_use\"}", 2.0),
        ("crmconf_templates{state=\"refused\"}", 0.0),
        ("crmconf_journal_bytes", file_bytes("journal") as f64),
        ("crmconf_build_info{version=\"0.1.0\"}", 1.0),
    ] {
        assert_eq!(exposed.value(name), value, "{name}");
    }
    assert!(exposed.value("crmconf_sled_bytes") > 0.0);
    assert!(exposed.value("crmconf_data_free_bytes") > 0.0);
    assert!(exposed.value("process_resident_memory_bytes") > 1e6);
    assert!(exposed.value("process_open_fds") < exposed.value("process_max_fds"));
    waiting.call("Logout", "").expect_success();
    use std::io::Write as _;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    server.wait_until(|| scrape(&server).value("crmconf_connections") == 0.0);
}

#[test]
fn failed_and_throttled_sign_ins_count_apart() {
    let server = measured();
    let before = scrape(&server);
    let attempt = |password: &str| {
        let credentials = property("UserName", "editor") + &property("Password", password);
        Session::create(server.address).call("Authenticate", &credentials)
    };
    for number in 0..10 {
        attempt(&format!("wrong-{number}")).expect_code(10_307);
    }
    let failed = scrape(&server);
    let name = "crmconf_sign_ins_total{outcome=\"failed\"}";
    assert_eq!(failed.value(name) - before.value(name), 10.0);
    assert_eq!(failed.value("crmconf_throttled_total"), 0.0);
    // The right one, too late.
    attempt("demo-editor").expect_code(10_307);
    let done = expected(&[
        ("crmconf_requests_total{code=\"ok\",operation=\"CreateSession\"}", 1),
        ("crmconf_request_duration_seconds_count{operation=\"CreateSession\"}", 1),
        ("crmconf_requests_total{code=\"10307\",operation=\"Authenticate\"}", 1),
        ("crmconf_request_duration_seconds_count{operation=\"Authenticate\"}", 1),
        (name, 1),
        ("crmconf_throttled_total", 1),
    ]);
    assert_eq!(growth(&failed, &scrape(&server)), done);
}
