//! A signed-in session of the XML API.

use std::net::SocketAddr;

use super::client::{Reply, post};
use super::property;

/// A session of an account.
#[derive(Clone)]
pub struct Session {
    pub address: SocketAddr,
    pub id: String,
}

impl Session {
    /// CreateSession and Authenticate.
    pub fn sign_in(address: SocketAddr, user: &str, password: &str) -> Self {
        let session = Self::create(address);
        let credentials = property("UserName", user) + &property("Password", password);
        session.call("Authenticate", &credentials).expect_success();
        session
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
