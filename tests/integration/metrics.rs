//! Metrics over their own listener: off unless configured, and there from the first moment of the process to its last.

mod counts;
mod documents;
mod exposed;
mod labels;
mod queries;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use crate::faults::block_next_file;
use crate::harness::{Reply, Server, Store, add_payload, exchange, get, golden, read_reply, text, triple};
use exposed::Exposed;

/// What has metrics told, at a free port.
pub const ON: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

/// Where the server's last start tells its metrics, be its log lines text or JSON.
fn address(server: &Server) -> SocketAddr {
    let log = server.log_text();
    let told = log.lines().rfind(|line| line.contains("metrics are told"));
    let (_, address) = told.and_then(|line| line.split_once("127.0.0.1:")).unwrap_or_else(|| panic!("{log}"));
    let port: String = address.chars().take_while(char::is_ascii_digit).collect();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}

/// What the server tells now.
pub fn scrape(server: &Server) -> Exposed {
    let reply = get(address(server), "/metrics").unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Exposed::of(&reply.body)
}

/// A server that metrics are told of.
fn measured() -> Server {
    Server::demo_with(&ON)
}

/// The TCP ports at which a process listens.
fn listening(server: &Server) -> Vec<u16> {
    let folder = format!("/proc/{}/fd", server.process_id());
    let links =
        std::fs::read_dir(folder).unwrap().filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let sockets: Vec<_> = links
        .filter_map(|link| Some(text(&link).strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    // Columns: local address, state (0A is listening), and in the tenth place the socket's number.
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut ports: Vec<_> = rows
        .filter(|cells| cells[3] == "0A" && sockets.iter().any(|socket| socket == cells[9]))
        .map(|cells| u16::from_str_radix(cells[1].split_once(':').unwrap().1, 16).unwrap())
        .collect();
    ports.dedup();
    ports
}

#[test]
fn without_the_setting_nothing_listens_but_the_api() {
    let server = Server::demo();
    assert_eq!(listening(&server), [server.address.port()]);
    assert_eq!(get(server.address, "/metrics").unwrap().status, 404);
    assert!(!server.log_text().contains("metrics are told"));
    let measured = measured();
    let mut ports = [measured.address.port(), address(&measured).port()];
    let mut found = listening(&measured);
    ports.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, ports);
}

#[test]
fn there_is_the_page_and_nothing_else() {
    let server = measured();
    let address = address(&server);
    let ask = |method: &str, path: &str| -> Reply {
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        exchange(address, head.as_bytes()).unwrap()
    };
    assert_eq!(ask("GET", "/metrics?name[]=crmconf_ready").status, 200);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let refused = ask(method, "/metrics");
        assert_eq!((refused.status, &*refused.headers["allow"]), (405, "GET, HEAD"), "{method}");
    }
    for path in ["/", "/metrics/", "/Metrics", "/api/xml", "/healthz", "/readyz"] {
        let refused = ask("GET", path);
        assert_eq!((refused.status, refused.body.contains("/metrics")), (404, true), "{path}");
    }
    let head = head(address);
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
}

/// All that comes back for HEAD.
fn head(address: SocketAddr) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_port_in_use_stops_the_start_and_says_which_setting_names_it() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let store = Store::init();
    let refused = store.refused(&["--metrics-listen", &taken]).expect(1);
    refused.says(&["cannot listen on", &taken, "for metrics (metrics_listen)", "in use"]);
}

#[test]
fn after_kill_nine_counters_begin_anew_and_the_head_stands() {
    let mut server = measured();
    let editor = server.session("editor");
    for number in 0..3 {
        let add = add_payload(&triple("1", "", ""), &number.to_string());
        editor.call("CRMConfigurationAdd", &add).expect_success();
    }
    let before = scrape(&server);
    assert_eq!(before.value("crmconf_commits_total"), 3.0);
    server.kill_nine();
    assert!(get(address(&server), "/metrics").is_none(), "it ends with the process");
    server.restart();
    let after = scrape(&server);
    // A start is asked for `/readyz` until it is ready, and is a record of the security log itself.
    let others = ["crmconf_http_refused_total", "crmconf_security_log_records_total"];
    for counted in after.families.values().filter(|family| family.kind == "counter") {
        for sample in counted.samples.iter().filter(|sample| !others.contains(&sample.name.as_str())) {
            assert_eq!(sample.value, 0.0, "{}", sample.shown());
        }
    }
    assert_eq!(after.value("crmconf_head_sequence"), before.value("crmconf_head_sequence"));
    assert_eq!(after.value("crmconf_view_sequence"), before.value("crmconf_head_sequence"));
    assert_eq!(after.value("crmconf_ready"), 1.0);
    assert!(after.value("crmconf_start_commits{step=\"checking\"}") >= 1.0);
    assert!(after.value("process_start_time_seconds") > before.value("process_start_time_seconds"));
}

#[test]
fn it_is_there_while_the_store_is_being_opened() {
    let mut server = measured();
    assert!(server.terminate().success());
    let lock = server.hold_up_opening();
    server.begin_restart();
    let starting = scrape(&server);
    assert_eq!(starting.value("crmconf_ready"), 0.0);
    assert_eq!(starting.value("crmconf_hindrance{reason=\"starting\"}"), 1.0);
    assert!(starting.value("crmconf_journal_bytes") > 0.0);
    assert!(!starting.families.contains_key("crmconf_view_sequence"));
    let answer = server.post("<Request Operation=\"Logout\"><InvokeID>7</InvokeID></Request>");
    assert_eq!(answer.status, 503);
    assert_eq!(scrape(&server).value("crmconf_http_refused_total{status=\"503\"}"), 1.0);
    server.signal("TERM");
    server.wait_until(|| scrape(&server).value("crmconf_hindrance{reason=\"stopping\"}") == 1.0);
    let released = std::fs::File::open(&lock).unwrap();
    assert!(server.wait().success(), "{}", server.log_text());
    drop(released);
}

#[test]
fn while_it_drains_it_is_said_to_stop_and_afterwards_nothing_is_there() {
    use std::io::Write as _;
    // Longer than the rest of this test can take on a slow machine.
    let patient = [&ON[..], &["--body-timeout-seconds", "60"]].concat();
    let mut server = Server::demo_with(&patient);
    let metrics = address(&server);
    let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    let head = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut under_way = std::net::TcpStream::connect(server.address).unwrap();
    let (most, last) = body.split_at(body.len() - 1);
    under_way.write_all((head + most).as_bytes()).unwrap();
    // Its bytes take room once the request is under way.
    server.wait_until(|| scrape(&server).value("crmconf_held_bytes{of=\"requests\"}") > 0.0);
    server.signal("TERM");
    server.wait_until(|| scrape(&server).value("crmconf_hindrance{reason=\"stopping\"}") == 1.0);
    assert_eq!(scrape(&server).value("crmconf_ready"), 0.0);
    under_way.write_all(last.as_bytes()).unwrap();
    read_reply(&mut under_way).expect("an answer").expect_success();
    assert!(server.wait().success(), "{}", server.log_text());
    assert!(get(metrics, "/metrics").is_none());
}

#[test]
fn a_full_disk_is_a_hindrance_that_passes() {
    let server = measured();
    let obstacle = block_next_file(&server);
    let editor = server.session("editor");
    let refused = (0..100).find_map(|number| {
        let add = add_payload(&triple("1", "", ""), &number.to_string());
        let reply = editor.call("CRMConfigurationAdd", &add.replace("0987654321", &"x".repeat(100_000)));
        (!reply.is_success()).then_some(reply)
    });
    refused.expect("there is no room at last").expect_code(10_104);
    let standing = || {
        let exposed = scrape(&server);
        ["crmconf_ready", "crmconf_hindrance{reason=\"store_unavailable\"}"].map(|name| exposed.value(name))
    };
    assert_eq!(standing(), [0.0, 1.0]);
    let broken = "crmconf_requests_total{code=\"10104\",operation=\"CRMConfigurationAdd\"}";
    assert_eq!(scrape(&server).value(broken), 1.0);
    std::fs::remove_dir(&obstacle).unwrap();
    server.wait_until(|| standing() == [1.0, 0.0]);
}

#[test]
fn names_types_and_labels_are_as_they_were() {
    let server = measured();
    server.session("editor");
    golden("metrics", "exposed", &scrape(&server).outline());
}

#[test]
fn a_client_that_does_not_end_its_request_does_not_keep_others_from_the_page() {
    use std::io::Write as _;
    let server = measured();
    let address = address(&server);
    let _stuck: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(b"GET /metrics HT").unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(scrape(&server).value("crmconf_ready"), 1.0);
}

/// A page of `docs/`.
fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}
