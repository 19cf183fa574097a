//! A guesser who hangs up: the attempt has used up its turn, and is recorded.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crmconf::http::intake::BODIES_BYTES_MAX;
use crmconf::http::listener::Patience;
use crmconf::security_log::{FileOptions, SecurityLog};
use crmconf_events::log::MemoryLog;

use super::{fields, of_kind};
use crate::harness::{CANARY, Session, property};
use crate::inprocess::{Beside, InProcess, STORE, directory, found};
use crate::late_commands::send_and_leave;

/// How many attempts stand before the one that is left: two are verified at once.
const BEFORE: usize = 12;
/// A name by whose length its request is told apart in what is held of bodies.
const NAME_BYTES: usize = 50_000;

#[actix_web::test]
async fn an_attempt_whose_client_leaves_before_its_turn_is_recorded_as_abandoned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("security.log");
    let options = FileOptions { path: path.clone(), bytes_max: 1 << 20, files_max: 2 };
    let security_log = SecurityLog::start(options).unwrap();
    let log = Arc::new(MemoryLog::new(STORE));
    found(&*log, &[], directory(&[(1, 0, "", "1")]));
    let inside =
        InProcess::start_with(log, 0, Beside { security_log: security_log.clone(), ..Beside::default() })
            .await;
    let listener = inside.listen(Patience::with_head(Duration::from_secs(10)), 32);
    let address = listener.address();
    let attempt = |name: &str| {
        let (session, _) = inside.app.sessions.create(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
        let session = Session { address, id: session.to_text().to_string() };
        session.request("Authenticate", &(property("UserName", name) + &property("Password", CANARY)))
    };
    let before: Vec<_> = (0..BEFORE).map(|number| attempt(&format!("nobody-{number}"))).collect();
    let left = attempt(&"n".repeat(NAME_BYTES));
    let room = inside.app.bodies.clone();
    let client = move || {
        let sent: Vec<_> = before
            .iter()
            .map(|body| {
                let mut stream = TcpStream::connect(address).unwrap();
                let length = body.len();
                let head = format!(
                    "POST /api/xml HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n"
                );
                stream.write_all((head + body).as_bytes()).unwrap();
                stream
            })
            .collect();
        send_and_leave(address, &left, || BODIES_BYTES_MAX - room.left() >= NAME_BYTES);
        for mut stream in sent {
            assert!(crate::harness::read_reply(&mut stream).unwrap().body.contains("10307"));
        }
    };
    actix_web::rt::task::spawn_blocking(client).await.unwrap();
    listener.drain().await;
    inside.stop().await;
    security_log.close();
    let failed = of_kind(&path, "sign_in_failed");
    assert_eq!(failed.len(), BEFORE + 1, "{failed:?}");
    let causes = fields(&failed, "cause");
    let count = |cause: &str| causes.iter().filter(|found| ***found == cause).count();
    assert_eq!((count("abandoned"), count("unknown_name")), (1, BEFORE), "{causes:?}");
}
