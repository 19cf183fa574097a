//! What every integration test needs: the demo server as a process, a bare HTTP client, sessions, goldens.

mod accounts;
mod client;
mod dice;
mod golden;
mod holder;
mod server;
mod session;
mod store;
mod tls;

pub use accounts::Extra;
pub use client::{Reply, exchange, get, post, read_reply, read_some};
pub use dice::{Dice, seed_or};
pub use golden::{Varying, golden, is_hex, redact};
pub use holder::Holder;
pub use server::{Server, Shared, binary, kill_rounds};
pub use session::Session;
pub use store::{Ran, Store, contents, copy_folder, run, run_fed, run_with, text, wait_until_unlocked};
pub use tls::{Authority, Pair, TlsClient, shown};

/// What tests send as a password wherever the value does not matter: no log line, file, answer or golden may hold it.
/// Letters and digits only, so that no escaping of XML, JSON or URLs hides it.
pub const CANARY: &str = "cAnArY7Zq9XwVu3TsRpLkJhGf";

/// A property of a payload, its value escaped.
pub fn property(name: &str, value: &str) -> String {
    format!("<Property Name=\"{name}\">{}</Property>", escape(value))
}

/// A container with one `JSONData`.
pub fn container(name: &str, json: &str) -> String {
    format!("<Container Name=\"{name}\">{}</Container>", property("JSONData", json))
}

/// The scope's three ids; an empty text leaves one out.
pub fn triple(telsys: &str, partition: &str, device: &str) -> String {
    [("TelSysID", telsys), ("PartIDInTelSys", partition), ("DeviceNumber", device)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| property(name, value))
        .collect()
}

/// The seed's type whose sample the Add example shows.
pub const SUGAR: &str = "CrmAddin.SugarCrm.SugarCrmAddin";
/// The seed's `CRMConfiguration`.
pub const CONFIGURATION: &str = r#"{"ClientId":"0987654321","SObjectNames":["Account","Contact","Lead"]}"#;
/// The seed's `CRMConfigurationCommon`.
pub const COMMON: &str = r#"{"Cached":"true","CacheFrequency":60,"CacheFrequencyUnit":"Minutes"}"#;

/// The payload of an Add in the seed's manner.
pub fn add_payload(scope: &str, description: &str) -> String {
    scope.to_owned()
        + &property("Description", description)
        + &property("CRMType", SUGAR)
        + &container("CRMConfiguration", CONFIGURATION)
        + &container("CRMConfigurationCommon", COMMON)
}

/// Escapes a text for XML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
