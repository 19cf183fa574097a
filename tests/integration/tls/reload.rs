//! A certificate that changes while clients work: new connections see the new one, open ones go on, and what cannot be
//! used is kept out.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{World, alive};
use crate::harness::{Server, get};

/// The value of a metric.
fn metric(metrics: SocketAddr, name: &str) -> f64 {
    let text = get(metrics, "/metrics").unwrap().body;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    line.parse().unwrap()
}

fn metrics(server: &Server) -> SocketAddr {
    let log = server.log_text();
    let line = log.lines().find(|line| line.contains("metrics are told")).unwrap();
    let start = line.find("127.0.0.1:").unwrap();
    let address = &line[start..];
    let end = address.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(address.len());
    address[..end].parse().unwrap()
}

fn times(server: &Server, words: &str) -> usize {
    server.log_text().matches(words).count()
}

#[test]
fn a_new_pair_is_taken_over_while_clients_work() {
    let world = World::new();
    let server = world.serve(&["--metrics-listen", "127.0.0.1:0"]);
    let metrics = metrics(&server);
    let mut before = world.connect(&server);
    alive(&mut before);
    assert_eq!(world.shown(&server), 1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // One that keeps its connection, and one that makes a new one for each request.
        let busy = scope.spawn(|| {
            let (mut kept, mut requests) = (world.connect(&server), 0);
            while !done.load(Ordering::Relaxed) {
                alive(&mut kept);
                alive(&mut world.connect(&server));
                requests += 2;
            }
            requests
        });
        for serial in 2..4 {
            world.write(&world.authority.issue_for(&["localhost"], serial, 2090 + serial as i32));
            server.wait_until(|| world.shown(&server) == serial);
        }
        done.store(true, Ordering::Relaxed);
        assert!(busy.join().unwrap() > 10);
    });
    alive(&mut before);
    assert_eq!(times(&server, "TLS certificate taken over"), 2, "{}", server.log_text());
    let expiry = metric(metrics, "crmconf_tls_certificate_expiry_seconds");
    assert!((expiry - 3_881_606_400.0).abs() < 1.0, "2093-01-01 is not {expiry}");
    assert!(metric(metrics, "crmconf_tls_reload_failures_total") < 0.5);
}

#[test]
fn a_pair_that_cannot_be_used_is_kept_out_told_once_and_mended() {
    let world = World::new();
    let server = world.serve(&["--metrics-listen", "127.0.0.1:0"]);
    let failures = || metric(metrics(&server), "crmconf_tls_reload_failures_total");
    // The key of another.
    let other = world.authority.issue(2);
    fs::write(&world.key, &other.key).unwrap();
    server.wait_until(|| times(&server, "does not fit") == 1);
    assert_eq!(world.shown(&server), 1);
    fs::remove_file(&world.certificate).unwrap();
    server.wait_until(|| times(&server, "cannot be read") == 1);
    fs::write(&world.certificate, "half a cert").unwrap();
    server.wait_until(|| times(&server, "holds no certificate") == 1);
    fs::write(&world.certificate, &other.certificate).unwrap();
    server.wait_until(|| world.shown(&server) == 2);
    fs::set_permissions(&world.key, fs::Permissions::from_mode(0o640)).unwrap();
    server.wait_until(|| times(&server, "is open to others (mode 0640)") == 1);
    assert_eq!(world.shown(&server), 2);
    // Told once each, however often it is looked at.
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(times(&server, "the certificate of before goes on serving"), 4, "{}", server.log_text());
    assert!((failures() - 4.0).abs() < 0.5);
    fs::set_permissions(&world.key, fs::Permissions::from_mode(0o600)).unwrap();
    world.write(&world.authority.issue(3));
    server.wait_until(|| world.shown(&server) == 3);
    assert!(!server.log_text().contains("PRIVATE KEY-----"));
}
