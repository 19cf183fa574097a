//! TLS of the server's own, and the program's own clients that speak it.

mod clients;
mod forwarded;
mod refused;
mod reload;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::harness::{Authority, Pair, Server, Store, TlsClient, read_reply, shown, text};

const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A store with a certificate.
struct World {
    store: Store,
    authority: Authority,
    /// What its clients believe.
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl World {
    fn new() -> Self {
        let authority = Authority::new();
        let pair = authority.issue(1);
        Self::with(authority, &pair)
    }

    fn with(authority: Authority, pair: &Pair) -> Self {
        let store = Store::init();
        let folder = store.folder.path();
        let [certificate, key] = pair.write(folder);
        let ca = authority.file(folder);
        std::fs::write(folder.join("password"), &store.password).unwrap();
        Self { ca, certificate, key, authority, store }
    }

    fn flags(&self) -> [&str; 4] {
        ["--tls-certificate", text(&self.certificate), "--tls-key", text(&self.key)]
    }

    fn serve(&self, extra: &[&str]) -> Server {
        let server = self.store.serve(&[&self.flags()[..], extra].concat());
        server.unwrap_or_else(|log| panic!("{log}"))
    }

    fn connect(&self, server: &Server) -> TlsClient {
        self.authority.connect(server.address).unwrap()
    }

    /// Puts another pair in the place of the one there.
    fn write(&self, pair: &Pair) {
        pair.write(self.store.folder.path());
    }

    /// The serial number that a new connection is shown.
    fn shown(&self, server: &Server) -> u64 {
        shown(&self.connect(server))
    }
}

/// Asks over a connection, and leaves it open.
fn alive(client: &mut TlsClient) {
    client.write_all(ALIVE).unwrap();
    assert_eq!(read_reply(client).expect("an answer").status, 200);
}

#[test]
fn what_is_no_tls_is_closed_without_an_answer_and_without_a_line() {
    let world = World::new();
    let server = world.serve(&["--body-timeout-seconds", "1"]);
    let before = server.log_text();
    assert!(before.contains("TLS certificate in use") && before.contains("2100-01-01T00:00:00Z"), "{before}");
    for sent in [ALIVE, b"\0\x01\x02garbage", b"\x16\x03\x01\xff\xff\xff", b"\r\n\r\n", b""] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(sent).unwrap();
        let mut answer = Vec::new();
        // It may be reset, since more was sent than anyone read.
        let _ = stream.read_to_end(&mut answer);
        // An alert of TLS at most.
        assert!(answer.is_empty() || answer[0] == 21, "{sent:?}: {answer:?}");
    }
    alive(&mut world.connect(&server));
    assert_eq!(server.log_text(), before);
}

#[test]
fn a_session_works_under_tls_over_one_connection() {
    let world = World::new();
    let server = world.serve(&[]);
    let mut client = world.connect(&server);
    for _ in 0..3 {
        let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
        let head = format!(
            "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes()).unwrap();
        client.write_all(body.as_bytes()).unwrap();
        read_reply(&mut client).expect("an answer").expect_success();
    }
    assert_eq!(client.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
}
