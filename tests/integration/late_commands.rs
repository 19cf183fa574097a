//! Commands that wait in the writer's queue while something happens to their client or to the server.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crmconf::http::intake::BODIES_BYTES_MAX;
use crmconf::http::listener::Patience;
use crmconf_events::access::Role;
use crmconf_events::disk::Disk;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::log::{LocalLog, LocalOptions, MemoryStore, SegmentSizes};

use crate::harness::{SUGAR, add_payload, container, golden, post, property, redact, triple};
use crate::inprocess::{InProcess, STORE, directory, found, grant, scope};

/// Longest time until something happens that is to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Time in which what is not to happen would have happened.
pub const A_WHILE: Duration = Duration::from_millis(300);
/// The length of a value that is large enough to be told apart from all else.
const VALUE_BYTES: usize = 200_000;

/// A log whose disk stands still while the gate is held.
pub fn gated_log(gate: &Arc<Mutex<()>>) -> LocalLog {
    let passing = Arc::clone(gate);
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new().observed(move |_| {
        drop(passing.lock().unwrap_or_else(PoisonError::into_inner));
    }));
    let data = Path::new("/data");
    disk.create_folder(data).unwrap();
    let segments = SegmentSizes { first: 1 << 20, max: 1 << 20 };
    let options = LocalOptions { segments, ..LocalOptions::default() };
    LocalLog::create_on(&disk, data, &MemoryStore::default(), STORE, options).unwrap()
}

async fn service(gate: &Arc<Mutex<()>>) -> InProcess {
    let log = gated_log(gate);
    found(&log, &[vec![grant(Role::Editor, scope(1, 0, ""))]], directory(&[(1, 0, "", "1")]));
    InProcess::start(Arc::new(log), 1).await
}

/// Waits until something holds.
#[track_caller]
pub fn wait_until(words: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "in vain: {words}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a request and resets the connection once `sent` holds.
pub fn send_and_leave(address: SocketAddr, body: &str, sent: impl FnMut() -> bool) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    wait_until("the request is read", sent);
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

#[actix_web::test]
async fn a_command_whose_client_has_left_keeps_its_room_until_it_is_decided_and_is_decided() {
    let gate = Arc::new(Mutex::new(()));
    let inside = service(&gate).await;
    let listener = inside.listen(Patience::with_head(PATIENCE), 8);
    let json = format!("{{\"ClientId\":\"{}\"}}", "x".repeat(VALUE_BYTES));
    let payload = triple("1", "", "")
        + &property("Description", "left alone")
        + &property("CRMType", SUGAR)
        + &container("CRMConfiguration", &json)
        + &container("CRMConfigurationCommon", "{}");
    let add = inside.request(0, "CRMConfigurationAdd", &payload);
    let (address, room) = (listener.address(), inside.app.bodies.clone());
    let client = move || {
        let held = gate.lock().unwrap();
        // The body, and its JSON as it was given and as the template made it.
        let taken = || BODIES_BYTES_MAX - room.left();
        send_and_leave(address, &add, || taken() >= 3 * VALUE_BYTES);
        std::thread::sleep(A_WHILE);
        assert!(taken() >= 3 * VALUE_BYTES, "{} bytes are left of it", taken());
        drop(held);
        wait_until("the room is given back", || taken() == 0);
    };
    actix_web::rt::task::spawn_blocking(client).await.unwrap();
    let list = inside.call(0, "CRMConfigurationList", "").await.expect_success();
    assert_eq!(list.property("Total").as_deref(), Some("1"));
    listener.drain().await;
    inside.stop().await;
}

#[actix_web::test]
async fn a_command_that_comes_after_the_writer_was_told_to_stop_is_refused_for_sure() {
    let gate = Arc::new(Mutex::new(()));
    let inside = service(&gate).await;
    let listener = inside.listen(Patience::with_head(PATIENCE), 8);
    let add = |description: &str| {
        inside.request(0, "CRMConfigurationAdd", &add_payload(&triple("1", "", ""), description))
    };
    let (first, late) = (add("in time"), add("too late"));
    let (address, app) = (listener.address(), Arc::clone(&inside.app));
    let clients = move || {
        let held = gate.lock().unwrap();
        let send = move |body: String| {
            std::thread::spawn(move || post(address, "/api/xml", &[], body.as_bytes()).expect("an answer"))
        };
        let first = send(first);
        wait_until("the first is in the writer's hands", || app.bodies.left() < BODIES_BYTES_MAX);
        std::thread::sleep(A_WHILE);
        let (told, stopping) = mpsc::channel();
        let stop = {
            let app = Arc::clone(&app);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            std::thread::spawn(move || {
                runtime.block_on(app.writer.stop());
                told.send(()).unwrap();
            })
        };
        stopping.recv_timeout(PATIENCE).expect("there is room in the queue");
        stop.join().unwrap();
        let late = send(late);
        std::thread::sleep(A_WHILE);
        drop(held);
        first.join().unwrap().expect_success();
        late.join().unwrap()
    };
    let late = actix_web::rt::task::spawn_blocking(clients).await.unwrap();
    golden("errors", "http-503-stopping", &redact(&late, &[]));
    listener.drain().await;
    inside.stop().await;
}
