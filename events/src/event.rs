//! Events: the facts that the log keeps, each kind with its tag, schema and stream.

mod account;
mod codec;
mod configuration;
mod directory;
mod envelope;
mod store;

use std::fmt;

pub use account::{
    AccountCreated, AccountDeleted, AccountDisabled, AccountEnabled, AccountErased, AccountRenamed,
    CredentialSet, GrantGiven, GrantTaken,
};
pub use codec::{DecodeError, decode, encode};
pub use configuration::{
    ConfigurationAdded, ConfigurationChanged, ConfigurationDeleted, ConfigurationShredded, Part, Secrets,
};
pub use directory::{
    DeviceRegistered, DeviceRemoved, DeviceRenamed, PartitionRegistered, PartitionRemoved, PartitionRenamed,
    TelSysRegistered, TelSysRemoved, TelSysRenamed,
};
pub use envelope::{Actor, Context, Envelope, RequestDigests};
pub use store::{DestructionHeld, DestructionResumed, RequestRecorded, StoreCreated, TemplateRecorded};

use crate::value::{AccountId, ConfigurationId, CrmType, TelSysId};

/// What belongs together in the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The store itself.
    Store,
    /// One configuration.
    Configuration(ConfigurationId),
    /// One account.
    Account(AccountId),
    /// One telephone system's part of the directory.
    Directory(TelSysId),
    /// The templates of one type of CRM.
    Template(CrmType),
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => f.write_str("store"),
            Self::Configuration(id) => write!(f, "configuration/{id}"),
            Self::Account(id) => write!(f, "account/{id}"),
            Self::Directory(telsys) => write!(f, "directory/{telsys}"),
            Self::Template(crm_type) => write!(f, "template/{crm_type}"),
        }
    }
}

/// Declares the sum of all kinds with their tags and schema versions. A tag, once released, is never reused; a
/// body that changes shape gets a new schema version and a reader for the old one.
macro_rules! events {
    ($($(#[$doc:meta])* $kind:ident, $tag:literal, $schema:literal, $stream:expr;)*) => {
        /// A fact in the past tense.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Event {
            /// The tags and current schema versions of every kind.
            pub const KINDS: &'static [(&'static str, u16)] = &[$(($tag, $schema)),*];

            /// The stored name of this kind.
            #[must_use]
            pub const fn tag(&self) -> &'static str {
                match self { $(Self::$kind(_) => $tag),* }
            }

            /// The version of the body's shape that is written today.
            #[must_use]
            pub const fn schema(&self) -> u16 {
                match self { $(Self::$kind(_) => $schema),* }
            }

            /// What the event belongs to.
            #[must_use]
            pub fn stream(&self) -> Stream {
                match self {
                    $(Self::$kind(body) => {
                        let stream: fn(&$kind) -> Stream = $stream;
                        stream(body)
                    })*
                }
            }

            /// The body as the log stores it.
            fn body_json(&self) -> serde_json::Result<Box<serde_json::value::RawValue>> {
                match self { $(Self::$kind(body) => serde_json::value::to_raw_value(body)),* }
            }

            /// Reads a stored body; `None` for a kind or schema that this program does not know.
            fn from_body(tag: &str, schema: u16, body: &str) -> Option<serde_json::Result<Self>> {
                match (tag, schema) {
                    $(($tag, $schema) => Some(serde_json::from_str(body).map(Self::$kind)),)*
                    _ => None,
                }
            }
        }

        $(impl From<$kind> for Event {
            fn from(body: $kind) -> Self {
                Self::$kind(body)
            }
        })*
    };
}

events! {
    /// The store came to be: the first event of every log.
    StoreCreated, "StoreCreated", 1, |_| Stream::Store;
    /// A template's content was used for the first time.
    TemplateRecorded, "TemplateRecorded", 1, |e| Stream::Template(e.crm_type.clone());
    /// A request with a RequestKey succeeded without changing anything.
    RequestRecorded, "RequestRecorded", 1, |e| Stream::Account(e.account);
    /// The clock was in doubt: keys of deleted configurations are not destroyed until somebody confirms it.
    DestructionHeld, "DestructionHeld", 1, |_| Stream::Store;
    /// Somebody confirmed the clock: keys of deleted configurations are destroyed again when their time has come.
    DestructionResumed, "DestructionResumed", 1, |_| Stream::Store;
    /// A configuration was added.
    ConfigurationAdded, "ConfigurationAdded", 1, |e| Stream::Configuration(e.id.clone());
    /// A configuration was changed.
    ConfigurationChanged, "ConfigurationChanged", 1, |e| Stream::Configuration(e.id.clone());
    /// A configuration was deleted.
    ConfigurationDeleted, "ConfigurationDeleted", 1, |e| Stream::Configuration(e.id.clone());
    /// The data key of a configuration was given up: its password fields can never be opened again.
    ConfigurationShredded, "ConfigurationShredded", 1, |e| Stream::Configuration(e.id.clone());
    /// An account was created.
    AccountCreated, "AccountCreated", 1, |e| Stream::Account(e.account);
    /// An account got another name.
    AccountRenamed, "AccountRenamed", 1, |e| Stream::Account(e.account);
    /// An account got another password.
    CredentialSet, "CredentialSet", 1, |e| Stream::Account(e.account);
    /// An account got a role on a scope.
    GrantGiven, "GrantGiven", 1, |e| Stream::Account(e.account);
    /// An account lost a role on a scope.
    GrantTaken, "GrantTaken", 1, |e| Stream::Account(e.account);
    /// An account may no longer sign in.
    AccountDisabled, "AccountDisabled", 1, |e| Stream::Account(e.account);
    /// An account may sign in again.
    AccountEnabled, "AccountEnabled", 1, |e| Stream::Account(e.account);
    /// An account was deleted.
    AccountDeleted, "AccountDeleted", 1, |e| Stream::Account(e.account);
    /// A deleted account's name and addresses were given up: nobody can tell any more whose it was.
    AccountErased, "AccountErased", 1, |e| Stream::Account(e.account);
    /// A telephone system entered the directory.
    TelSysRegistered, "TelSysRegistered", 1, |e| Stream::Directory(e.telsys);
    /// A telephone system got other texts.
    TelSysRenamed, "TelSysRenamed", 1, |e| Stream::Directory(e.telsys);
    /// A telephone system left the directory.
    TelSysRemoved, "TelSysRemoved", 1, |e| Stream::Directory(e.telsys);
    /// A partition entered the directory.
    PartitionRegistered, "PartitionRegistered", 1, |e| Stream::Directory(e.telsys);
    /// A partition got another description.
    PartitionRenamed, "PartitionRenamed", 1, |e| Stream::Directory(e.telsys);
    /// A partition left the directory.
    PartitionRemoved, "PartitionRemoved", 1, |e| Stream::Directory(e.telsys);
    /// A device entered the directory.
    DeviceRegistered, "DeviceRegistered", 1, |e| Stream::Directory(e.telsys);
    /// A device got another description.
    DeviceRenamed, "DeviceRenamed", 1, |e| Stream::Directory(e.telsys);
    /// A device left the directory.
    DeviceRemoved, "DeviceRemoved", 1, |e| Stream::Directory(e.telsys);
}
