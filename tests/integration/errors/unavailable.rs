//! What clients are told when the server cannot do now what they ask: over HTTP, from the real listener.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::{Duration, Instant};

use crmconf::http::listener::Patience;
use crmconf_events::access::Role;
use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::{Failing, SimDisk};
use crmconf_events::log::{LocalLog, LocalOptions, MemoryStore, SegmentSizes};

use crate::harness::{Reply, Server, add_payload, exchange, get, golden, post, redact, triple};
use crate::inprocess::{InProcess, QUEUE_COMMANDS_MAX, STORE, directory, found, grant, scope};

/// Longest time until something happens that is to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A service on a local log on that disk.
async fn service(disk: Arc<dyn Disk>) -> InProcess {
    let data = Path::new("/data");
    disk.create_folder(data).unwrap();
    let segments = SegmentSizes { first: 1 << 16, max: 1 << 16 };
    let options = LocalOptions { segments, ..LocalOptions::default() };
    let log = LocalLog::create_on(&disk, data, &MemoryStore::default(), STORE, options).unwrap();
    let editor = vec![grant(Role::Editor, scope(1, 0, ""))];
    found(&log, &[editor], directory(&[(1, 0, "", "1")]));
    InProcess::start(Arc::new(log), 1).await
}

fn add(inside: &InProcess, description: &str) -> String {
    inside.request(0, "CRMConfigurationAdd", &add_payload(&triple("1", "", ""), description))
}

fn send(address: SocketAddr, body: &str) -> Reply {
    post(address, "/api/xml", &[], body.as_bytes()).expect("an answer")
}

#[actix_web::test]
async fn an_outcome_that_is_not_known_is_told_as_such_and_what_comes_after_is_refused() {
    let disk = SimDisk::new();
    let inside = service(Arc::new(disk.clone())).await;
    let listener = inside.listen(Patience::with_head(PATIENCE), 8);
    let (first, second) = (add(&inside, "first"), add(&inside, "second"));
    disk.fail(Failing::SyncData, 0);
    let address = listener.address();
    let sent = actix_web::rt::task::spawn_blocking(move || {
        [send(address, &first), send(address, &second), get(address, "/readyz").unwrap()]
    });
    let [unknown, refused, ready] = sent.await.unwrap();
    golden("errors", "10104-outcome-not-known", &redact(&unknown, &[]));
    golden("errors", "10104-after-a-failed-sync", &redact(&refused, &[]));
    assert_eq!(ready.status, 503, "{}", ready.body);
    // What failed, and where, is for the log.
    assert_eq!(ready.body, "not ready: the store is read-only until the next start\n");
    listener.drain().await;
    inside.stop().await;
}

/// A gate that an append waits at, and that tells when one has come.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Gate {
    fn close(&self) {
        *self.state.lock().unwrap() = (true, false);
    }

    fn open(&self) {
        self.state.lock().unwrap().0 = false;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |(closed, _)| *closed).unwrap());
    }

    fn wait_for_one(&self) {
        let state = self.state.lock().unwrap();
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |(_, reached)| !*reached).unwrap();
        assert!(!waited.1.timed_out(), "no append has come");
    }
}

#[actix_web::test]
async fn a_full_queue_is_told_as_such_and_what_waits_is_answered() {
    let gate = Arc::new(Gate::default());
    let passing = Arc::clone(&gate);
    let inside = service(Arc::new(SimDisk::new().observed(move |_| passing.pass()))).await;
    let listener = inside.listen(Patience::with_head(PATIENCE), 64);
    let bodies: Vec<_> = (0..QUEUE_COMMANDS_MAX + 2).map(|n| add(&inside, &n.to_string())).collect();
    let address = listener.address();
    let clients = move || {
        let (answers, answered) = mpsc::channel();
        let start = |body: String| {
            let answers = answers.clone();
            std::thread::spawn(move || answers.send(send(address, &body)).unwrap())
        };
        // One is being appended, as many as may be wait, and there is one too many.
        gate.close();
        let (first, rest) = bodies.split_first().unwrap();
        let mut threads = vec![start(first.clone())];
        gate.wait_for_one();
        threads.extend(rest.iter().cloned().map(start));
        let refused = answered.recv_timeout(PATIENCE).expect("one is refused at once");
        assert!(answered.recv_timeout(Duration::from_millis(200)).is_err(), "the others wait");
        gate.open();
        for thread in threads {
            thread.join().unwrap();
        }
        drop(answers);
        answered.iter().for_each(|answer| drop(answer.expect_success()));
        refused
    };
    let refused = actix_web::rt::task::spawn_blocking(clients).await.unwrap();
    golden("errors", "http-503-full-queue", &redact(&refused, &[]));
    listener.drain().await;
    inside.stop().await;
}

#[test]
fn while_the_store_is_being_opened_every_request_is_told_so() {
    let mut server = Server::demo();
    assert!(server.terminate().success());
    server.hold_up_opening();
    let before = server.log_text().len();
    server.begin_restart();
    let deadline = Instant::now() + PATIENCE;
    while !server.log_text().split_off(before).contains("step=opening sled") {
        assert!(Instant::now() < deadline, "{}", server.log_text());
        std::thread::sleep(Duration::from_millis(10));
    }
    let request = "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    let starting = exchange(server.address, request.as_bytes()).expect("an answer");
    golden("errors", "http-503-starting", &redact(&starting, &[]));
}
