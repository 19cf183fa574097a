//! The manners of a service: health, orderly ends, one process a folder, clear refusals, help that can be read.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::harness::{Server, Store, add_payload, get, golden, read_reply, read_some, run, text, triple};

/// Longest time to the end of a server that has nothing to wait for.
const PROMPTLY: Duration = Duration::from_secs(5);

#[test]
fn a_served_store_is_alive_and_ready() {
    let server = Server::demo();
    for (path, body) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
        let reply = get(server.address, path).unwrap();
        assert_eq!((reply.status, &*reply.body), (200, body), "{path}");
    }
    assert_eq!(get(server.address, "/elsewhere").unwrap().status, 404);
}

/// Sends a request but for its last byte.
fn begun(address: SocketAddr, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/xml HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (most, _) = body.split_at(body.len() - 1);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(most.as_bytes()).unwrap();
    stream
}

/// Waits until the kernel has no byte left of what was sent to an address: the server has taken up every request begun.
fn wait_until_read(address: SocketAddr) {
    let deadline = Instant::now() + PROMPTLY;
    // Lines of a connection: local and remote address, state (01 is established), bytes to be sent : to be read.
    let port = format!(":{:04X}", address.port());
    let unread = || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let ours = lines.filter(|cells| cells[1].ends_with(&port) || cells[2].ends_with(&port));
        ours.filter(|cells| cells[3] == "01").any(|cells| cells[4] != "00000000:00000000")
    };
    while unread() {
        assert!(Instant::now() < deadline, "what was sent is not read");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until nobody accepts connections at an address any more.
fn wait_until_closed(address: SocketAddr) {
    let deadline = Instant::now() + PROMPTLY;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "new connections are still accepted");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn told_to_stop_it_answers_what_is_under_way_and_accepts_nothing_new() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::demo();
        let session = server.session("editor");
        let add = session.request("CRMConfigurationAdd", &add_payload(&triple("1", "", ""), "under way"));
        let mut under_way = begun(server.address, &add);
        wait_until_read(server.address);
        server.signal(signal);
        wait_until_closed(server.address);
        under_way.write_all(b">").unwrap();
        read_reply(&mut under_way).expect("an answer").expect_success();
        let status = server.wait();
        assert!(status.success(), "SIG{signal}: {status}: {}", server.log_text());
        assert!(server.log_text().contains(&format!("signal=\"SIG{signal}\"")), "{}", server.log_text());

        server.restart();
        let listed = server.session("viewer").call("CRMConfigurationList", "").expect_success();
        assert_eq!(listed.property("Total").as_deref(), Some("1"), "what was answered stands");
    }
}

/// Waits until the server has logged these words, and returns all that it has logged; what it had logged `before` does
/// not count.
fn wait_for_log(server: &Server, before: usize, words: &str) -> String {
    let deadline = Instant::now() + PROMPTLY;
    loop {
        let log = server.log_text().split_off(before);
        if log.contains(words) {
            return log;
        }
        assert!(Instant::now() < deadline, "{words:?} is not logged: {log}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn told_to_stop_while_the_store_is_being_opened_it_ends_in_order() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::demo();
        assert!(server.terminate().success());
        let lock = server.hold_up_opening();
        let before = server.log_text().len();
        server.begin_restart();
        wait_for_log(&server, before, "step=opening sled");
        let starting = get(server.address, "/readyz").expect("it listens");
        assert_eq!(
            (starting.status, &*starting.body),
            (503, "not ready: the server is starting: opening sled\n")
        );
        server.signal(signal);
        wait_for_log(&server, before, "stopping as soon as the store is open");
        let stopping = get(server.address, "/readyz").expect("it listens until the store is open");
        assert_eq!((stopping.status, &*stopping.body), (503, "not ready: the server is shutting down\n"));
        let released = std::fs::File::open(&lock).unwrap();
        let status = server.wait();
        drop(released);
        std::fs::remove_file(&lock).unwrap();
        let log = server.log_text().split_off(before);
        assert!(status.success(), "SIG{signal}: {status}: {log}");
        assert!(
            log.contains(&format!("signal=\"SIG{signal}\"")) && log.trim_end().ends_with("stopped"),
            "{log}"
        );
        assert!(!log.contains("serving"), "{log}");

        // Nothing is left that the next start would take for a start that died.
        let before = server.log_text().len();
        server.restart();
        let log = server.log_text().split_off(before);
        assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    }
}

#[test]
fn told_to_stop_while_the_demo_is_set_up_it_ends_in_order() {
    for pause_ms in [0, 100, 300] {
        let mut server = Server::demo();
        assert!(server.terminate().success());
        std::fs::remove_dir_all(&server.data).unwrap();
        let before = server.log_text().len();
        server.begin_restart();
        wait_for_log(&server, before, "setting up a store");
        std::thread::sleep(Duration::from_millis(pause_ms));
        let status = server.terminate();
        assert!(status.success(), "{status}: {}", server.log_text());
        assert!(server.run(&["verify", "--sled"]).status.success(), "the store is whole");
        server.restart();
        server.session("admin").call("CRMConfigurationList", "").expect_success();
    }
}

#[test]
fn a_start_tells_each_of_its_steps() {
    let server = Server::demo();
    let log = server.log_text();
    let mut rest = log.as_str();
    for step in [
        "listening",
        "setting up a store",
        "opening the store",
        "step=opening sled",
        "step=checking the journal",
        "step=opening the vault",
        "step=folding the log",
        "step=comparing the vault with the log",
        "serving",
    ] {
        let (_, after) =
            rest.split_once(step).unwrap_or_else(|| panic!("{step:?} is missing or late: {log}"));
        rest = after;
    }
}

#[test]
fn where_log_lines_are_json_a_start_that_fails_says_why_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["serve", "--data", text(folder.path()), "--listen", "127.0.0.1:0", "--log-format", "json"];
    let refused = run(&words).expect(1);
    let lines: Vec<serde_json::Value> =
        refused.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let last = lines.last().expect("a line");
    assert_eq!(last["level"], "ERROR", "{last}");
    assert!(last["message"].as_str().unwrap().contains("holds no store"), "{last}");
    // In text the sentence stands by itself, once.
    let refused = run(&words[..5]).expect(1);
    assert_eq!(refused.err.matches("holds no store").count(), 1, "{}", refused.err);
    assert!(refused.err.contains("crmconf: "), "{}", refused.err);
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let mut server = Server::demo();
    let mut idle = TcpStream::connect(server.address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(read_reply(&mut idle).unwrap().status, 200);
    let silent = TcpStream::connect(server.address).unwrap();
    let started = Instant::now();
    assert!(server.terminate().success());
    assert!(started.elapsed() < PROMPTLY, "{:?}", started.elapsed());
    drop(silent);
    assert_eq!(read_some(&mut idle, &mut [0; 1]).unwrap_or(0), 0, "the idle connection is closed");
}

#[test]
fn a_client_that_never_ends_its_request_is_waited_for_no_longer_than_the_drain_time() {
    let mut server = Server::demo_with(&["--shutdown-drain-seconds", "2"]);
    let session = server.session("editor");
    let stuck = begun(server.address, &session.request("CRMConfigurationList", ""));
    wait_until_read(server.address);
    let started = Instant::now();
    assert!(server.terminate().success());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2) + PROMPTLY, "{took:?}");
    drop(stuck);
    assert!(server.run(&["verify"]).status.success());
}

#[test]
fn a_second_process_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let server = Server::demo();
    let data = text(&server.data);
    let second = run(&["serve", "--demo", "--data", data, "--listen", "127.0.0.1:0"]).expect(1);
    second.says(&["another process has the data folder open", data, "Stop it, or use another data folder"]);
    run(&["verify", "--sled", "--data", data]).expect(1).says(&["another process has the data folder open"]);
    // Reading the journal alone disturbs nobody.
    run(&["verify", "--data", data]).expect(0);
    run(&["replay", "--data", data]).expect(0);
    server.session("editor").call("CRMConfigurationList", "").expect_success();
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let store = Store::init();
    let refused = run(&["serve", "--data", text(&store.data), "--listen", &address]).expect(1);
    refused.says(&["cannot listen on", &address, "in use"]);
}

#[test]
fn listening_beyond_loopback_takes_a_proxy_and_the_demo_never_does() {
    let store = Store::init();
    let data = text(&store.data);
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8462"] {
        let refused = run(&["serve", "--data", data, "--listen", address]).expect(2);
        refused.says(&[address, "beyond loopback", "--behind-tls-proxy"]);
        let refused = run(&["serve", "--demo", "--behind-tls-proxy", "--data", data, "--listen", address]);
        refused.expect(2).says(&[address, "--demo listens on loopback only"]);
    }
}

#[test]
fn unknown_settings_are_refused_with_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crmconf.toml");
    std::fs::write(&file, "worker = 3\n").unwrap();
    let refused = run(&["serve", "--config", text(&file), "--demo"]).expect(2);
    refused.says(&[text(&file), "\"worker\" is not a setting of crmconf", "did you mean \"workers\""]);
    std::fs::write(&file, "workers = \"many\"\n").unwrap();
    run(&["serve", "--config", text(&file), "--demo"]).expect(2).says(&["workers", "must be a whole number"]);
    run(&["serve", "--worker", "3"]).expect(2).says(&["--worker"]);
    run(&["serve", "--config", "/no/such/file"]).expect(2).says(&["/no/such/file cannot be read"]);
}

#[test]
fn a_folder_without_a_store_is_refused_with_the_command_that_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nothing");
    for made in [false, true] {
        if made {
            std::fs::create_dir(&data).unwrap();
        }
        let refused = run(&["serve", "--data", text(&data), "--listen", "127.0.0.1:0"]).expect(1);
        refused.says(&[text(&data), "holds no store", "crmconf init --data"]);
    }
}

#[test]
fn help_reads_as_it_is_documented() {
    fn walk(path: &[&str], command: &clap::Command) {
        let words: Vec<_> = path.iter().skip(1).copied().chain(["--help"]).collect();
        golden(
            "cli",
            &format!("{}-help", path[path.len().min(2) - 1..].join("-")),
            &run(&words).expect(0).out,
        );
        for next in command.get_subcommands().filter(|next| next.get_name() != "help") {
            walk(&[path, &[next.get_name()]].concat(), next);
        }
    }
    let mut words = crmconf::cli::words();
    words.build();
    walk(&["crmconf"], &words);
}
