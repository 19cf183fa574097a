//! What is promised about `call`, shown against a small server that answers from a script.

mod secrets;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::*;
use crate::cli::{PasswordSource, Reach, SignInArgs};
use crate::memory::Sought;

const SESSION: &str = "5E4924352BA7E2038339957559C2DA75";
const PASSWORD: &str = "p<w & \"cAnArY\"";
const CREATED: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success><Property Name=\"SessionID\">\
                       5E4924352BA7E2038339957559C2DA75</Property></Success></Response>";
const SUCCESS: &str = "<Response Result=\"Success\"><InvokeID>1</InvokeID></Response>";
const FAIL: &str = "<Response Result=\"Fail\"><InvokeID>1</InvokeID><Fail><Property Name=\"ErrorCode\">10307</Property>\
                    <Property Name=\"ErrorMessage\">Authentication failed.</Property></Fail></Response>";
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that gives these answers one after another, and hands back the bodies it was sent.
struct Scripted {
    address: String,
    thread: JoinHandle<Vec<String>>,
}

impl Scripted {
    fn answering(script: &[(&str, &str)]) -> Self {
        let owned = |(status, body): &(&str, &str)| ((*status).to_owned(), (*body).to_owned());
        let script: Vec<_> = script.iter().map(owned).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        listener.set_nonblocking(true).unwrap();
        let thread = std::thread::spawn(move || {
            let mut bodies = Vec::new();
            for (status, body) in script {
                let Some(mut stream) = accept(&listener) else { break };
                bodies.push(read_body(&mut stream));
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                )
                .unwrap();
            }
            bodies
        });
        Self { address, thread }
    }

    fn call(&self, request: &str) -> CallArgs {
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::write(folder.join("request.xml"), request).unwrap();
        std::fs::write(folder.join("password"), format!("{PASSWORD}\n")).unwrap();
        let sign_in = SignInArgs {
            endpoint: format!("http://{}", self.address).parse().unwrap(),
            user: crate::vault::AccountName::new("ad<min").unwrap(),
            password: PasswordSource::File(folder.join("password")),
            reach: Reach::default(),
        };
        CallArgs {
            sign_in,
            request: RequestSource::File(folder.join("request.xml")),
            seal: false,
            open: false,
        }
    }

    fn bodies(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn accept(listener: &TcpListener) -> Option<TcpStream> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            return Some(stream);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    None
}

fn read_body(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("post /api/xml http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: text/xml; charset=utf-8"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.trim().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

const REQUEST: &str = "<Request Operation=\"CRMConfigurationList\">\n  <InvokeID>11</InvokeID>\n  \
                       <SessionID>OLD</SessionID>\n</Request>\n";

#[test]
fn a_call_signs_in_sends_with_the_session_filled_in_and_signs_out() {
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SUCCESS),
        ("200 OK", SUCCESS),
        ("200 OK", SUCCESS),
    ]);
    assert_eq!(run(&server.call(REQUEST)), Ok(Status::Done));

    let bodies = server.bodies();
    assert_eq!(bodies.len(), 4);
    assert!(bodies[0].starts_with("<Request Operation=\"CreateSession\">"), "{}", bodies[0]);
    assert!(!bodies[0].contains("SessionID"));
    assert!(bodies[1].starts_with("<Request Operation=\"Authenticate\">"));
    assert!(bodies[1].contains(&format!("<SessionID>{SESSION}</SessionID>")));
    assert!(bodies[1].contains("<Property Name=\"UserName\">ad&lt;min</Property>"));
    assert!(bodies[1].contains("<Property Name=\"Password\">p&lt;w &amp; &quot;cAnArY&quot;</Property>"));
    assert_eq!(bodies[2], REQUEST.replace("OLD", SESSION));
    assert!(bodies[3].starts_with("<Request Operation=\"Logout\">"));
    assert!(bodies[3].contains(&format!("<SessionID>{SESSION}</SessionID>")));
}

#[test]
fn a_response_that_says_fail_is_the_status_failed_and_the_session_still_ends() {
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SUCCESS),
        ("400 Bad Request", FAIL),
        ("200 OK", SUCCESS),
    ]);
    assert_eq!(run(&server.call(REQUEST)), Ok(Status::Failed));
    assert!(server.bodies()[3].contains("Logout"));
}

#[test]
fn the_body_is_handed_on_as_it_came() {
    const BODY: &str = "<Response Result=\"Success\"><InvokeID>ü&amp;</InvokeID>\r\n</Response>";
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SUCCESS),
        ("200 OK", BODY),
        ("200 OK", SUCCESS),
    ]);
    assert_eq!(converse(&server.call(REQUEST)).unwrap().body.as_str(), BODY);
}

#[test]
fn a_refused_sign_in_is_told_with_its_code_and_without_secrets_and_nothing_else_is_sent() {
    let server = Scripted::answering(&[("200 OK", CREATED), ("200 OK", FAIL)]);
    let message = run(&server.call(REQUEST)).unwrap_err().to_string();
    assert!(message.contains("refused Authenticate: 10307 Authentication failed."), "{message}");
    assert!(!message.contains("cAnArY") && !message.contains(SESSION), "{message}");
    assert_eq!(server.bodies().len(), 2);
}

#[test]
fn a_session_that_could_not_be_signed_out_does_not_undo_the_answer() {
    let server = Scripted::answering(&[
        ("200 OK", CREATED),
        ("200 OK", SUCCESS),
        ("200 OK", SUCCESS),
        ("200 OK", FAIL),
    ]);
    assert_eq!(run(&server.call(REQUEST)), Ok(Status::Done));
    assert_eq!(server.bodies().len(), 4);
}

#[test]
fn a_server_of_another_kind_is_recognised() {
    let server = Scripted::answering(&[("502 Bad Gateway", "<html>cAnArY</html>")]);
    let message = run(&server.call(REQUEST)).unwrap_err().to_string();
    assert!(message.contains("HTTP status 502") && message.contains("no response of this API"), "{message}");
}

#[test]
fn a_session_id_with_markup_in_it_is_not_used() {
    const HOSTILE: &str = "<Response Result=\"Success\"><InvokeID/><Success><Property Name=\"SessionID\">&lt;/SessionID&gt;\
                           </Property></Success></Response>";
    let server = Scripted::answering(&[("200 OK", HOSTILE)]);
    let message = run(&server.call(REQUEST)).unwrap_err().to_string();
    assert!(message.contains("without a usable SessionID"), "{message}");
    assert_eq!(server.bodies().len(), 1);
}

#[test]
fn a_redirect_is_not_followed_with_the_password() {
    let server = Scripted::answering(&[("307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/", "")]);
    let message = run(&server.call(REQUEST)).unwrap_err().to_string();
    assert!(message.contains("HTTP status 307"), "{message}");
}

#[test]
fn nobody_listening_is_told_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let server = Scripted { address: address.clone(), thread: std::thread::spawn(Vec::new) };
    let message = run(&server.call(REQUEST)).unwrap_err().to_string();
    assert!(message.contains(&address) && message.contains("is the server running there?"), "{message}");
}

#[test]
fn a_request_that_is_not_well_formed_is_refused_before_anything_is_sent() {
    let server = Scripted { address: "127.0.0.1:9".to_owned(), thread: std::thread::spawn(Vec::new) };
    let message = run(&server.call("<Request>\n<Open></Request>")).unwrap_err().to_string();
    assert!(message.ends_with("request.xml is not well-formed XML: line 2"), "{message}");
}

#[test]
fn a_request_beyond_the_apis_limit_is_refused_before_anything_is_sent() {
    let server = Scripted { address: "127.0.0.1:9".to_owned(), thread: std::thread::spawn(Vec::new) };
    let message = run(&server.call(&" ".repeat(BODY_BYTES_MAX + 1))).unwrap_err().to_string();
    assert!(message.contains("larger than 1 MiB"), "{message}");
}

#[test]
fn a_request_that_is_too_long_or_no_utf_8_is_wiped_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("request.xml");
    for end in [&b""[..], b"\xff", &[b'x'; BODY_BYTES_MAX]] {
        let (secret, mut sought) = Sought::new();
        // Not so long that the system takes the memory back as soon as it is free.
        let bytes = Zeroizing::new([secret.as_bytes(), &[b'y'; 20_000], end].concat());
        std::fs::write(&path, &*bytes).unwrap();
        drop(bytes);
        let read = read_request(&RequestSource::File(path.clone()));
        assert_eq!(read.is_ok(), end.is_empty());
        drop((secret, read));
        assert!(!sought.stands_in_memory());
    }
}
