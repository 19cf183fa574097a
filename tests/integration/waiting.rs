//! Clients that keep the server waiting: each is cut off in its time, whatever it does, and those that are merely slow
//! are not. On the real listener, with less patience than the server has.

mod tls;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crmconf::http::listener::{Listener, Patience};
use crmconf::tls::Acceptor;
use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use crate::harness::{SUGAR, container, property, read_reply, read_some, triple};
use crate::inprocess::{InProcess, STORE, directory, found, grant, scope};

const PATIENCE: Patience = Patience {
    head: Duration::from_millis(600),
    idle: Duration::from_millis(1_800),
    answer: Duration::from_millis(700),
};
/// More, for those who are slow within the limits: a machine that is busy elsewhere adds to each of their pauses.
const AMPLE: Patience = Patience {
    head: Duration::from_millis(600),
    idle: Duration::from_secs(4),
    answer: Duration::from_millis(2_500),
};
/// Time that a busy machine may need beyond a limit.
const SLACK: Duration = Duration::from_secs(5);
/// With this many bytes in each, no more than these configurations are an answer that no system's buffers take in whole.
const VALUE_BYTES: usize = 250_000;
const CONFIGURATIONS: usize = 48;

/// More than any of these tests but one needs.
const CONNECTIONS_MAX: usize = 8;

/// A service with a list of some megabytes, and the real listener in front of it.
struct Served {
    inside: InProcess,
    listener: Listener,
}

async fn serve(patience: Patience) -> Served {
    serve_under(None, patience).await
}

async fn serve_under(tls: Option<Acceptor>, patience: Patience) -> Served {
    let log = Arc::new(MemoryLog::new(STORE));
    let editor = vec![grant(Role::Editor, scope(1, 0, ""))];
    found(&*log, &[editor], directory(&[(1, 0, "", "1")]));
    let inside = InProcess::start(log, 1).await;
    for number in 0..CONFIGURATIONS {
        let json = format!("{{\"ClientId\":\"{}\"}}", "x".repeat(VALUE_BYTES));
        let payload = triple("1", "", "")
            + &property("Description", &number.to_string())
            + &property("CRMType", SUGAR)
            + &container("CRMConfiguration", &json)
            + &container("CRMConfigurationCommon", "{}");
        inside.call(0, "CRMConfigurationAdd", &payload).await.expect_success();
    }
    let listener = inside.listen_under(tls, patience, CONNECTIONS_MAX);
    Served { inside, listener }
}

impl Served {
    /// Runs a client that may block, and ends the listener afterwards.
    async fn with_client(self, client: impl FnOnce(SocketAddr, String) + Send + 'static) {
        let list = triple("1", "", "") + &property("CRMConfigurationFields", "CRMConfiguration");
        let list = post(&self.inside.request(0, "CRMConfigurationList", &list));
        let address = self.listener.address();
        let ended = actix_web::rt::task::spawn_blocking(move || client(address, list)).await;
        self.listener.drain().await;
        ended.unwrap();
        self.inside.stop().await;
    }
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(AMPLE.idle + SLACK)).unwrap();
    stream
}

/// Asserts that the server ends a connection, no sooner than this and soon after.
#[track_caller]
fn assert_ends(stream: &mut TcpStream, since: Instant, limit: Duration) {
    let read = read_some(stream, &mut [0; 64]);
    let took = since.elapsed();
    assert!(matches!(read, Ok(0)), "after {took:?}: {read:?}");
    assert!(took >= limit && took < limit + SLACK, "ended after {took:?}, not {limit:?}");
}

#[actix_web::test]
async fn the_beginning_of_another_request_buys_no_more_time_than_that_of_the_first() {
    let client = |address, _| {
        let mut stream = connect(address);
        for request in 0..3 {
            stream.write_all(ALIVE.as_bytes()).unwrap();
            assert_eq!(read_reply(&mut stream).unwrap().status, 200, "request {request}");
        }
        let since = Instant::now();
        stream.write_all(b"P").unwrap();
        assert_ends(&mut stream, since, PATIENCE.head);

        // Each byte soon after the last, and never the whole.
        let mut drip = connect(address);
        drip.write_all(ALIVE.as_bytes()).unwrap();
        read_reply(&mut drip).unwrap();
        let since = Instant::now();
        while drip.write_all(b"x").is_ok() {
            assert!(since.elapsed() < PATIENCE.head + SLACK, "it drips for ever");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(since.elapsed() >= PATIENCE.head, "{:?}", since.elapsed());
    };
    serve(PATIENCE).await.with_client(client).await;
}

#[actix_web::test]
async fn a_connection_without_a_request_ends_and_one_with_requests_stays() {
    let client = |address, _| {
        let mut idle = connect(address);
        // Before the server's own time begins, which is with its answer.
        let since = Instant::now();
        idle.write_all(ALIVE.as_bytes()).unwrap();
        read_reply(&mut idle).unwrap();
        let busy = std::thread::spawn(move || {
            let mut busy = connect(address);
            // Longer in all than a connection may be idle, and each pause much shorter.
            for _ in 0..12 {
                busy.write_all(ALIVE.as_bytes()).unwrap();
                assert_eq!(read_reply(&mut busy).expect("an answer").status, 200);
                std::thread::sleep(AMPLE.idle / 8);
            }
        });
        assert_ends(&mut idle, since, AMPLE.idle);
        busy.join().unwrap();
    };
    serve(AMPLE).await.with_client(client).await;
}

#[actix_web::test]
async fn who_asks_and_asks_and_takes_no_answer_is_cut_off() {
    let client = |address, list: String| {
        let mut stream = connect(address);
        stream.set_write_timeout(Some(PATIENCE.answer + SLACK)).unwrap();
        let since = Instant::now();
        // The server reads on until its answers fill every buffer, and then ends it; a write then fails at once, and
        // not for having waited too long.
        let failed = loop {
            match stream.write_all(list.as_bytes()) {
                Ok(()) => assert!(since.elapsed() < 4 * SLACK, "it is never cut off"),
                Err(error) => break error,
            }
        };
        let kind = failed.kind();
        assert!(
            matches!(kind, std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe),
            "{failed}"
        );
    };
    serve(PATIENCE).await.with_client(client).await;
}

#[actix_web::test]
async fn who_takes_nothing_of_a_large_answer_is_cut_off_also_where_it_is_the_last() {
    let client = |address, list: String| {
        for closing in [false, true] {
            let list =
                if closing { list.replace("Host: x", "Host: x\r\nConnection: close") } else { list.clone() };
            let mut stream = connect(address);
            stream.write_all(list.as_bytes()).unwrap();
            std::thread::sleep(PATIENCE.answer * 4 + SLACK / 2);
            // What had arrived before is there, and the rest is not.
            let mut taken = Vec::new();
            let read = stream.read_to_end(&mut taken);
            assert!(taken.len() < CONFIGURATIONS * VALUE_BYTES, "the whole answer came: {}", taken.len());
            assert!(read.is_err(), "it was cut off, and did not end");
        }
    };
    serve(PATIENCE).await.with_client(client).await;
}

#[actix_web::test]
async fn who_is_merely_slow_is_waited_for() {
    let client = |address, list: String| {
        // A large answer, taken in pieces with short pauses, together longer than an answer may stand still.
        let pause = AMPLE.answer / 8;
        let mut stream = connect(address);
        stream.write_all(list.as_bytes()).unwrap();
        let (mut taken, mut paused) = (0, 0);
        let mut piece = vec![0; 1 << 20];
        while taken < CONFIGURATIONS * VALUE_BYTES {
            let count = read_some(&mut stream, &mut piece).expect("the answer goes on");
            assert!(count > 0, "it ended after {taken} bytes");
            taken += count;
            if taken > (paused + 1) << 20 {
                paused += 1;
                std::thread::sleep(pause);
            }
        }
        assert!(paused > 8, "it was hardly slow");

        // A body that takes longer than a head may: that has its own limit.
        let mut stream = connect(address);
        let (most, last) = list.split_at(list.len() - 4);
        stream.write_all(most.as_bytes()).unwrap();
        for byte in last.as_bytes() {
            std::thread::sleep(AMPLE.head / 2);
            stream.write_all(&[*byte]).unwrap();
        }
        assert_eq!(read_reply(&mut stream).expect("an answer").status, 200);
    };
    serve(AMPLE).await.with_client(client).await;
}

#[actix_web::test]
async fn more_connections_than_may_be_open_wait_for_their_turn() {
    let client = |address, _| {
        let mut open: Vec<_> = (0..CONNECTIONS_MAX).map(|_| connect(address)).collect();
        for stream in &mut open {
            stream.write_all(ALIVE.as_bytes()).unwrap();
            assert_eq!(read_reply(stream).unwrap().status, 200);
        }
        let mut waiting = connect(address);
        waiting.write_all(ALIVE.as_bytes()).unwrap();
        waiting.set_read_timeout(Some(AMPLE.head / 2)).unwrap();
        assert!(read_reply(&mut waiting).is_none(), "it was served beside as many as may be");
        // One ends for want of a request, and the next one's turn has come.
        waiting.set_read_timeout(Some(AMPLE.idle + SLACK)).unwrap();
        assert_eq!(read_reply(&mut waiting).expect("its turn").status, 200);
    };
    serve(AMPLE).await.with_client(client).await;
}
