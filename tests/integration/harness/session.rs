//! A signed-in session of the XML API.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::client::{Reply, post};
use super::property;

/// How long signing in waits for its turn.
const TURN_MAX: Duration = Duration::from_secs(60);
/// What it waits between two attempts; the server's `Retry-After` counts whole seconds.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends until the answer is no longer that too many are at it, and asserts success.
#[track_caller]
fn patiently(send: impl Fn() -> Reply) -> Reply {
    let deadline = Instant::now() + TURN_MAX;
    loop {
        let reply = send();
        if !matches!(reply.status, 429 | 503) || Instant::now() > deadline {
            return reply.expect_success();
        }
        std::thread::sleep(PAUSE);
    }
}

/// A session of an account.
#[derive(Clone)]
pub struct Session {
    pub address: SocketAddr,
    pub id: String,
}

impl Session {
    /// CreateSession and Authenticate, each again as long as too many others are at it.
    pub fn sign_in(address: SocketAddr, user: &str, password: &str) -> Self {
        Self::signed_in(address, user, password).0
    }

    /// The same, with what `Authenticate` answered.
    pub fn signed_in(address: SocketAddr, user: &str, password: &str) -> (Self, Reply) {
        let create = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
        let created = patiently(|| post(address, "/api/xml", &[], create.as_bytes()).expect("an answer"));
        let session = Self { address, id: created.property("SessionID").unwrap() };
        let credentials = property("UserName", user) + &property("Password", password);
        // A session that was turned away for overload stands, and waits for its turn.
        let answered = patiently(|| session.call("Authenticate", &credentials));
        (session, answered)
    }

    /// CreateSession alone.
    pub fn create(address: SocketAddr) -> Self {
        let body = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
        let reply = post(address, "/api/xml", &[], body.as_bytes()).expect("an answer").expect_success();
        Self { address, id: reply.property("SessionID").unwrap() }
    }

    /// The request of an operation with this payload.
    pub fn request(&self, operation: &str, payload: &str) -> String {
        format!(
            "<Request Operation=\"{operation}\"><InvokeID>7</InvokeID><SessionID>{}</SessionID>\
             <OperationPayload>{payload}</OperationPayload></Request>",
            self.id
        )
    }

    /// Calls an operation.
    pub fn call(&self, operation: &str, payload: &str) -> Reply {
        self.send(&self.request(operation, payload))
    }

    /// Calls an operation with HTTP headers.
    pub fn call_with(&self, operation: &str, payload: &str, headers: &[(&str, &str)]) -> Reply {
        let body = self.request(operation, payload);
        post(self.address, "/api/xml", headers, body.as_bytes()).expect("an answer")
    }

    /// Sends a whole request, in which the seed's SessionID becomes this one.
    pub fn send(&self, body: &str) -> Reply {
        let body = body.replace("5E4924352BA7E2038339957559C2DA75", &self.id);
        post(self.address, "/api/xml", &[], body.as_bytes()).expect("an answer")
    }
}
