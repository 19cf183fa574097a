//! What requests may ask for beyond the published examples, and how their text is taken.

mod concurrent;
mod envelope;
mod info;
mod json;
mod keys;
mod list;
mod text;
mod write;

use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{Reply, Server, Session, Shared, add_payload, property, triple};

/// The server of these tests. Tests that look at totals use devices and partitions of their own.
static SERVER: Shared = Shared::new(Server::demo);

const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";
const DELETE: &str = "CRMConfigurationDelete";
const INFO: &str = "CRMConfigurationInfo";
const LIST: &str = "CRMConfigurationList";

/// A Description that no other test has, and that no other one begins with.
fn fresh() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("configuration {};", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A configuration of a test's own, with the properties that name it.
struct Own {
    id: String,
    description: String,
    /// Triple and id.
    named: String,
}

/// Adds a configuration in partition 1 of TelSys 1.
fn own(session: &Session) -> Own {
    let description = fresh();
    let scope = triple("1", "1", "");
    let id = session.call(ADD, &add_payload(&scope, &description)).expect_success().configuration_id();
    let named = scope + &property("CRMConfigurationID", &id);
    Own { id, description, named }
}

impl Own {
    fn info(&self, session: &Session) -> Reply {
        session.call(INFO, &self.named).expect_success()
    }

    /// Its version, as an Info asked for it tells.
    fn version(&self, session: &Session) -> u64 {
        let asked = self.named.clone() + &property("CRMConfigurationFields", "Version");
        session.call(INFO, &asked).expect_success().property("Version").unwrap().parse().unwrap()
    }
}

/// All values of the property of this name, in the order of the answer.
fn column(reply: &Reply, name: &str) -> Vec<String> {
    let start = format!("<Property Name=\"{name}\">");
    let cells = reply.body.split(&start).skip(1);
    cells.map(|rest| rest.split("</Property>").next().unwrap().to_owned()).collect()
}

/// A golden's text without the version, which depends on the tests that came before.
fn without_version(text: &str, version: &str) -> String {
    let shown = format!("Name=\"Version\">{version}<");
    assert!(text.contains(&shown), "{version} is no version in {text}");
    text.replace(&shown, "Name=\"Version\">[version]<")
        .replace(&format!("etag: \"{version}-"), "etag: \"[version]-")
}
