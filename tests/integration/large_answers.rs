//! Answers in bytes: one has a limit, and so have all those together that clients have not taken yet.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crmconf::http::answer::{ANSWER_BYTES_MAX, ANSWERS_BYTES_MAX};
use crmconf::http::listener::Patience;
use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use crate::harness::{Reply, SUGAR, exchange, golden, property, redact, triple};
use crate::inprocess::{InProcess, STORE, directory, found, grant, scope};

/// Longest time until something happens that is to happen.
const LIMIT: Duration = Duration::from_secs(20);
/// Characters that are five bytes in an answer, so that few configurations make a large one.
const AMPERSANDS: usize = 250_000;
/// Rows of this kind in an answer that is nearly as long as one may be.
const ROWS_NEARLY_FULL: usize = ANSWER_BYTES_MAX / (5 * AMPERSANDS) - 1;
/// How many such answers there is room for.
const ANSWERS_AT_ONCE: usize = ANSWERS_BYTES_MAX / ANSWER_BYTES_MAX;

async fn service() -> InProcess {
    let log = Arc::new(MemoryLog::new(STORE));
    found(&*log, &[vec![grant(Role::Editor, scope(1, 0, ""))]], directory(&[(1, 0, "", "1")]));
    let inside = InProcess::start(log, 1).await;
    let json = |name: &str, json: &str| {
        format!(
            "<Container Name=\"{name}\"><Property Name=\"JSONData\"><![CDATA[{json}]]></Property></Container>"
        )
    };
    let configuration = json("CRMConfiguration", &format!("{{\"ClientId\":\"{}\"}}", "&".repeat(AMPERSANDS)));
    for number in 0..ROWS_NEARLY_FULL + 2 {
        let payload = triple("1", "", "")
            + &property("Description", &number.to_string())
            + &property("CRMType", SUGAR)
            + &configuration
            + &json("CRMConfigurationCommon", "{}");
        inside.call(0, "CRMConfigurationAdd", &payload).await.expect_success();
    }
    inside
}

fn list(rows: usize) -> String {
    property("CRMConfigurationFields", "CRMConfiguration") + &property("Limit", &rows.to_string())
}

#[actix_web::test]
async fn an_answer_that_would_be_too_long_is_refused_with_the_way_out_and_what_slow_clients_hold_is_bounded()
{
    let inside = service().await;
    let refused = inside.call(0, "CRMConfigurationList", &list(1_000)).await.expect_code(10108);
    golden("requests", "list-longer-than-an-answer-may-be", &redact(&refused, &[]));

    let listener = inside.listen(Patience::with_head(LIMIT), 16);
    let address = listener.address();
    let post = |rows| {
        let body = inside.request(0, "CRMConfigurationList", &list(rows));
        let length = body.len();
        format!(
            "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let (large, small) = (post(ROWS_NEARLY_FULL), post(0));
    let answers = inside.app.answers.clone();
    let clients = move || {
        let mut slow: Vec<_> = (0..ANSWERS_AT_ONCE).map(|_| begin(address, &large)).collect();
        let refused = exchange(address, large.as_bytes()).expect("an answer").expect_code(10105);
        exchange(address, small.as_bytes()).expect("an answer").expect_success();

        // Who takes the whole has it whole, and makes room for the next.
        let (mut first, mut taken) = slow.remove(0);
        let whole = rest(&mut first, &mut taken);
        assert!(whole.is_success() && whole.body.ends_with("</Success></Response>"));
        assert!(whole.body.len() > ANSWER_BYTES_MAX / 10 * 9, "{}", whole.body.len());
        slow.push(begin(address, &large));

        // So does who leaves.
        drop((first, slow));
        let since = Instant::now();
        while answers.left() < ANSWERS_BYTES_MAX {
            assert!(since.elapsed() < LIMIT, "{} are still taken", ANSWERS_BYTES_MAX - answers.left());
            std::thread::sleep(Duration::from_millis(10));
        }
        refused
    };
    let refused = actix_web::rt::task::spawn_blocking(clients).await.unwrap();
    golden("errors", "http-503-too-many-large-answers", &redact(&refused, &[]));
    listener.drain().await;
    inside.stop().await;
}

/// Sends a request, and takes only the beginning of its answer.
fn begin(address: SocketAddr, request: &str) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = vec![0; 64];
    stream.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    (stream, head)
}

/// Takes the rest of an answer.
fn rest(stream: &mut TcpStream, taken: &mut Vec<u8>) -> Reply {
    let mut bytes = std::mem::take(taken);
    let mut piece = vec![0; 1 << 20];
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let length = head.and_then(|end| {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let (_, rest) = head.split_once("content-length: ")?;
            Some(end + 4 + rest.lines().next()?.trim().parse::<usize>().ok()?)
        });
        if length.is_some_and(|length| bytes.len() >= length) {
            break;
        }
        let count = stream.read(&mut piece).expect("the answer goes on");
        assert!(count > 0, "it ended after {} bytes", bytes.len());
        bytes.extend_from_slice(&piece[..count]);
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    Reply {
        status: 200,
        headers: std::collections::BTreeMap::new(),
        body: String::from_utf8(bytes.split_off(end + 4)).unwrap(),
    }
}
