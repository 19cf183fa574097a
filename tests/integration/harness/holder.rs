//! A session whose account may have password fields, with the key under which they travel.

use std::ops::Deref;

use crmconf::sessions::TransportKey;
use crmconf::transport::{self, Plaintext};

use super::server::Server;
use super::session::Session;

/// A signed-in session with its transport key.
pub struct Holder {
    session: Session,
    key: TransportKey,
}

impl Holder {
    /// Signs a demo account in that is Client, Editor or Administrator.
    pub fn of(server: &Server, user: &str) -> Self {
        let (session, answered) = Session::signed_in(server.address, user, &format!("demo-{user}"));
        let key = TransportKey::from_base64(&answered.property("TransportKey").unwrap()).unwrap();
        Self { session, key }
    }

    /// A text as the value of a password field.
    pub fn seal(&self, field: &str, text: &str) -> String {
        transport::seal(&self.key, field, &Plaintext::new(text).unwrap()).unwrap()
    }

    /// The text in a password field's value, if it opens in this session.
    pub fn open(&self, field: &str, value: &str) -> Option<String> {
        transport::open(&self.key, field, value).ok().map(|plain| plain.as_str().to_owned())
    }

    /// The transport key's bytes: what is nowhere to be found.
    pub fn key(&self) -> Vec<u8> {
        self.key.as_bytes().to_vec()
    }
}

impl Deref for Holder {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}
