//! Whatever is thrown at the server: a clear Fail or a closed connection, bounded memory, nothing stored, and it
//! goes on answering.

mod uploads;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{Reply, Server, Session, add_payload, read_reply, triple};

/// The most memory that the process may ever have held, in KiB: the page cache (64 MiB), two verifications of
/// passwords (19 MiB each), bodies of 64 MiB with what is read from them, connections, and the program itself; measured:
/// 222 MiB.
const PEAK_KIB_MAX: u64 = 288 * 1_024;
/// One MiB is the limit of a body.
const BODY_BYTES_MAX: usize = 1 << 20;

/// How much memory the process has held at most, in KiB.
fn peak_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A server with what its store held before bad input came.
struct Besieged {
    server: Server,
    before: String,
}

impl Besieged {
    fn new(arguments: &[&str]) -> Self {
        let server = Server::demo_with(arguments);
        let editor = server.session("editor");
        editor.call("CRMConfigurationAdd", &add_payload(&triple("1", "1", ""), "stands")).expect_success();
        let before = server.dump();
        Self { server, before }
    }

    /// The server is as it was.
    fn assert_unharmed(&self) {
        let peak = peak_kib(&self.server);
        assert!(peak < PEAK_KIB_MAX, "the process held {peak} KiB");
        assert_eq!(self.server.dump(), self.before, "something was stored");
        let answer = self.server.session("viewer").call("CRMConfigurationList", "").expect_success();
        assert_eq!(answer.property("Total").as_deref(), Some("1"));
        let log = self.server.log_text();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// A clear Fail, whatever its HTTP status.
#[track_caller]
fn assert_fail(reply: &Reply, words: &str) {
    assert!(reply.body.contains("Result=\"Fail\"") && reply.code() > 0, "{words}: {reply:?}");
    assert!(!reply.property("ErrorMessage").unwrap().is_empty(), "{words}");
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A whole Add, which would be stored if it were taken.
fn add(editor: &Session) -> String {
    editor.request("CRMConfigurationAdd", &add_payload(&triple("1", "1", ""), "must not be stored"))
}

#[test]
fn truncated_and_mangled_xml_is_refused_wherever_it_breaks() {
    let besieged = Besieged::new(&[]);
    let server = &besieged.server;
    let editor = server.session("editor");
    let whole = add(&editor);
    for end in (0..whole.len()).step_by(7) {
        let reply = server.post_bytes(&whole.as_bytes()[..end], &[]).unwrap();
        assert_fail(&reply, &whole[..end]);
        assert_eq!(reply.status, 400, "{}", &whole[..end]);
    }
    // One byte replaced by another that breaks it, all through the document.
    for at in (0..whole.len()).step_by(11) {
        for bad in [0x00, 0xFF, b'<', b'&'] {
            let mut bytes = whole.clone().into_bytes();
            if bytes[at] == bad {
                continue;
            }
            bytes[at] = bad;
            let reply = server.post_bytes(&bytes, &[]).unwrap();
            assert_fail(&reply, &String::from_utf8_lossy(&bytes));
        }
    }
    besieged.assert_unharmed();
}

#[test]
fn other_encodings_and_what_is_no_text_are_refused() {
    let besieged = Besieged::new(&[]);
    let server = &besieged.server;
    let whole = add(&server.session("editor"));
    let units: Vec<u16> = whole.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let wide: Vec<u8> = whole.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let declared =
        |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{whole}").into_bytes();
    let latin = [declared("ISO-8859-1"), b"<!-- \xE9 -->".to_vec()].concat();
    for (words, bytes) in [
        ("UTF-16 little endian", little.clone()),
        ("UTF-16 big endian", big.clone()),
        ("UTF-16 with a mark", [vec![0xFF, 0xFE], little].concat()),
        ("UTF-16 big endian with a mark", [vec![0xFE, 0xFF], big].concat()),
        ("UTF-32", wide),
        ("declared UTF-16", declared("UTF-16")),
        ("declared EBCDIC", declared("IBM037")),
        ("Latin-1", latin),
        ("a lone continuation byte", [whole.as_bytes(), &b"<!-- \x80 -->"[..]].concat()),
        ("an overlong form", [&b"<Request>\xC0\xBC"[..], whole.as_bytes()].concat()),
        ("a surrogate in UTF-8", [whole.as_bytes(), &b"\xED\xA0\x80"[..]].concat()),
        ("NULs", vec![0; 4_096]),
        ("nothing", Vec::new()),
        ("blanks", vec![b' '; 4_096]),
        ("JSON", br#"{"Request":{}}"#.to_vec()),
        ("HTML", b"<!DOCTYPE html><html><body><p>x<br></body></html>".to_vec()),
    ] {
        let reply = server.post_bytes(&bytes, &[]).unwrap_or_else(|| panic!("{words}: no answer"));
        assert_fail(&reply, words);
        assert_eq!(reply.status, 400, "{words}");
    }
    besieged.assert_unharmed();
}

#[test]
fn depth_entities_and_numbers_are_bounded() {
    let besieged = Besieged::new(&[]);
    let server = &besieged.server;
    let editor = server.session("editor");
    let whole = add(&editor);
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    let inside = |more: &str| whole.replace("</OperationPayload>", &format!("{more}</OperationPayload>"));
    let laughs = "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                  <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let external = "<!DOCTYPE Request [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let properties: String = (0..5_000).map(|n| format!("<Property Name=\"p{n}\"/>")).collect();
    let attributes: String = (0..5_000).map(|n| format!(" a{n}=\"\"")).collect();
    let prefixes: String = (0..5_000).map(|n| format!(" xmlns:p{n}=\"urn:{n}\"")).collect();
    for (words, body, status) in [
        ("10,000 deep", deep(10_000), 400),
        ("10,000 deep in the payload", inside(&deep(10_000)), 400),
        ("10,000 deep and never closed", "<a>".repeat(10_000), 400),
        ("an entity bomb", format!("{laughs}{}", whole.replace("must not", "&c;")), 400),
        ("an external entity", format!("{external}{}", whole.replace("must not", "&x;")), 400),
        ("an entity without a DTD", whole.replace("must not", "&c;"), 400),
        ("5,000 properties", inside(&properties), 400),
        ("5,000 attributes", whole.replacen("<Request", &format!("<Request{attributes}"), 1), 400),
        ("5,000 prefixes", whole.replacen("<Request", &format!("<Request{prefixes}"), 1), 400),
        ("100,000 comments in a row", format!("{}{}", "<!---->".repeat(100_000), &whole[..20]), 400),
        ("a property twice", inside("<Property Name=\"Description\">again</Property>"), 200),
        ("an attribute twice", whole.replacen("Name=", "Name=\"x\" Name=", 1), 400),
        (
            "a name of 100,000 characters",
            inside(&format!("<Property Name=\"{}\"/>", "n".repeat(100_000))),
            200,
        ),
        (
            "an InvokeID of 100,000 characters",
            whole.replace(">7<", &format!(">{}<", "7".repeat(100_000))),
            200,
        ),
        ("JSON 100,000 deep", whole.replacen("{", &"[".repeat(100_000), 1), 200),
    ] {
        let reply = server.post(&body);
        assert_fail(&reply, words);
        assert_eq!(reply.status, status, "{words}: {}", reply.body);
        assert!(reply.body.len() < 2_000, "{words}: the answer is long: {} bytes", reply.body.len());
    }
    besieged.assert_unharmed();
}

/// A body in chunks, the last of which may be left out.
fn chunked(body: &[u8], size: usize, end: bool) -> Vec<u8> {
    let mut bytes =
        b"POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    for chunk in body.chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    if end {
        bytes.extend(b"0\r\n\r\n");
    }
    bytes
}

#[test]
fn bodies_over_the_limit_are_refused_announced_or_not() {
    let besieged = Besieged::new(&[]);
    let server = &besieged.server;
    let whole = add(&server.session("editor"));
    let padded = |length: usize| {
        let mut bytes = whole.clone().into_bytes();
        bytes.resize(length, b' ');
        bytes
    };
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..4 {
                    // The server may close before it has read all; then the answer can be lost on the way.
                    if let Some(reply) = server.post_bytes(&padded(2 << 20), &[]) {
                        assert_eq!((reply.status, reply.code()), (413, 10108), "{}", reply.body);
                    }
                    let mut stream = connect(server);
                    let _ = stream.write_all(&chunked(&padded(2 << 20), 60_000, true));
                    if let Some(reply) = read_reply(&mut stream) {
                        assert_eq!((reply.status, reply.code()), (413, 10108), "{}", reply.body);
                    }
                }
            });
        }
    });
    // Announced and not sent: the answer does not wait for the body.
    let mut stream = connect(server);
    let head =
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 2097152\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_reply(&mut stream).expect("an answer").status, 413);
    let reply = server.post_bytes(&padded(BODY_BYTES_MAX + 1), &[]).expect("an answer");
    assert_eq!(reply.status, 413);
    besieged.assert_unharmed();
    // The limit itself is allowed, in one piece and in chunks.
    let list = server.session("viewer").request("CRMConfigurationList", "");
    let mut longest = list.into_bytes();
    longest.resize(BODY_BYTES_MAX, b' ');
    server.post_bytes(&longest, &[]).expect("an answer").expect_success();
    let mut stream = connect(server);
    stream.write_all(&chunked(&longest, 10_000, true)).unwrap();
    read_reply(&mut stream).expect("an answer").expect_success();
}

/// Whether the connection ends within the time, with or without an answer; the answer's status if there is one.
fn ends_within(stream: &mut TcpStream, patience: Duration) -> Option<u16> {
    let start = Instant::now();
    let reply = read_reply(stream);
    assert!(start.elapsed() < patience, "the connection was kept for {:?}", start.elapsed());
    let mut rest = [0; 16];
    assert!(matches!(stream.read(&mut rest), Ok(0) | Err(_)), "the connection is open");
    reply.map(|reply| reply.status)
}

#[test]
fn slow_clients_are_cut_off_and_keep_nobody_from_an_answer() {
    let besieged = Besieged::new(&["--body-timeout-seconds", "1"]);
    let server = &besieged.server;
    let body = add(&server.session("editor"));
    let head = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let half = &head[..40];
    let idle: Vec<_> = (0..300).map(|_| connect(server)).collect();
    let mut heads: Vec<_> = (0..50).map(|_| connect(server)).collect();
    let mut bodies: Vec<_> = (0..50).map(|_| connect(server)).collect();
    for stream in &mut heads {
        stream.write_all(half.as_bytes()).unwrap();
    }
    for stream in &mut bodies {
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body.as_bytes()[..10]).unwrap();
    }
    let start = Instant::now();
    server.session("viewer").call("CRMConfigurationList", "").expect_success();
    assert!(start.elapsed() < Duration::from_secs(10), "an answer took {:?}", start.elapsed());
    for stream in &mut heads {
        let status = ends_within(stream, Duration::from_secs(15));
        assert!(matches!(status, None | Some(408)), "{status:?}");
    }
    for stream in &mut bodies {
        assert_eq!(ends_within(stream, Duration::from_secs(15)), Some(408));
    }
    drop(idle);
    // One that drips: each byte comes soon after the last, and the whole never does.
    let mut drip = connect(server);
    drip.write_all(head.as_bytes()).unwrap();
    let dripping = Instant::now();
    for byte in body.as_bytes() {
        if drip.write_all(&[*byte]).is_err() || dripping.elapsed() > Duration::from_secs(3) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(matches!(ends_within(&mut drip, Duration::from_secs(15)), None | Some(408)));
    besieged.assert_unharmed();
}

#[test]
fn what_is_no_http_closes_the_connection() {
    let besieged = Besieged::new(&["--body-timeout-seconds", "1"]);
    let server = &besieged.server;
    let whole = add(&server.session("editor"));
    let long_header = format!("POST /api/xml HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let many_headers = format!("POST /api/xml HTTP/1.1\r\n{}\r\n", "X-Many: x\r\n".repeat(10_000));
    let both = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\
         Transfer-Encoding: chunked\r\n\r\n{whole}"
    );
    let two_lengths = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\
         Content-Length: {}\r\n\r\n{whole}",
        whole.len()
    );
    let garbage: Vec<Vec<u8>> = vec![
        b"\r\n\r\n\r\n".to_vec(),
        b"HELO crmconf\r\n\r\n".to_vec(),
        vec![0; 100_000],
        (0..=255).cycle().take(100_000).collect(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"POST /api/xml HTTP/9.9\r\n\r\n".to_vec(),
        b"POST /api/xml\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"POST /api/xml HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_vec(),
        b"POST /api/xml HTTP/1.1\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n".to_vec(),
        long_header.into_bytes(),
        many_headers.into_bytes(),
        both.into_bytes(),
        two_lengths.into_bytes(),
        whole.clone().into_bytes(),
    ];
    for bytes in garbage {
        let words = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        let mut stream = connect(server);
        let _ = stream.write_all(&bytes);
        let status = ends_within(&mut stream, Duration::from_secs(15));
        assert!(status.is_none_or(|status| (400..=505).contains(&status)), "{words}: {status:?}");
    }
    // Broken off in the middle: nobody is left to answer, and nothing is stored.
    for end in [1, whole.len() / 2, whole.len() - 1] {
        let mut stream = connect(server);
        let head = format!(
            "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
            whole.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&whole.as_bytes()[..end]).unwrap();
        drop(stream);
        let mut stream = connect(server);
        stream.write_all(&chunked(&whole.as_bytes()[..end], 100, false)).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let status = ends_within(&mut stream, Duration::from_secs(15));
        assert!(status.is_none_or(|status| status >= 400), "{status:?}");
    }
    besieged.assert_unharmed();
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it_and_its_answer() {
    let server = Server::demo();
    let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    let mut stream = connect(&server);
    let head = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nExpect: 100-continue\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 25];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    read_reply(&mut stream).expect("an answer").expect_success();

    let mut stream = connect(&server);
    stream
        .write_all(head.replace(&format!(": {}\r\n\r\n", body.len()), ": 9999999\r\n\r\n").as_bytes())
        .unwrap();
    assert_eq!(read_reply(&mut stream).expect("an answer").status, 413);
}

#[test]
fn requests_sent_one_after_another_on_one_connection_are_all_answered() {
    let server = Server::demo();
    let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    let one = format!(
        "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(&server);
    for _ in 0..5 {
        stream.write_all(one.as_bytes()).unwrap();
        read_reply(&mut stream).expect("an answer").expect_success();
    }
}
