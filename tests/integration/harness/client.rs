//! A bare HTTP/1.1 client: one request a connection, every byte of it the test's.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Reply {
    /// Whether the operation succeeded.
    pub fn is_success(&self) -> bool {
        self.body.contains("<Response Result=\"Success\"") || self.body.contains(" Result=\"Success\"")
    }

    /// The value of the first property of this name.
    pub fn property(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("<Property Name=\"{name}\">"))?;
        let (value, _) = rest.split_once("</Property>")?;
        Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
    }

    /// The error code; 0 for a success.
    pub fn code(&self) -> u32 {
        self.property("ErrorCode").map_or(0, |code| code.parse().unwrap())
    }

    /// The id that an Add gave out.
    pub fn configuration_id(&self) -> String {
        self.headers.get("x-crmconfigurationid").cloned().unwrap_or_else(|| panic!("no id in {self:?}"))
    }

    /// Asserts success, and returns the answer for more.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(self.status == 200 && self.is_success(), "{} {}", self.status, self.body);
        self
    }

    /// Asserts an error code, and returns the answer for more.
    #[track_caller]
    pub fn expect_code(self, code: u32) -> Self {
        assert_eq!(self.code(), code, "{} {}", self.status, self.body);
        self
    }
}

/// Sends bytes and reads to the end of the connection; `None` when it was closed without an answer.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server that refuses early may close while more is being sent; what it answered still counts.
    let _ = stream.write_all(bytes);
    read_reply(&mut stream)
}

/// Reads one answer from a stream.
pub fn read_reply(stream: &mut impl Read) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 65_536];
    loop {
        if let Some(reply) = parse(&bytes) {
            return Some(reply);
        }
        match read_some(stream, &mut chunk) {
            Ok(0) | Err(_) => return parse(&bytes),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// Reads what there is. A signal to this process interrupts a read with a timeout, as the end of a child process does;
/// that says nothing about the server.
pub fn read_some(stream: &mut impl Read, bytes: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match stream.read(bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    if status == 100 {
        return parse(&bytes[end + 4..]);
    }
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(Some(0), |length| length.parse().ok())?;
    let body = bytes.get(end + 4..end + 4 + length)?;
    Some(Reply { status, headers, body: String::from_utf8(body.to_vec()).ok()? })
}

/// Posts a body to a path.
pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Reply> {
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        head.push_str("Content-Type: text/xml; charset=utf-8\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    exchange(address, &[head.as_bytes(), body].concat())
}

/// Gets a path.
pub fn get(address: SocketAddr, path: &str) -> Option<Reply> {
    exchange(
        address,
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )
}
