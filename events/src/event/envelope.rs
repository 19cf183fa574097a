//! The envelope: a recorded event as readers see it, with who, when and why around it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Event, Stream};
use crate::value::{
    AccountId, InvokeId, Reason, ReplicaId, RequestDigest, RequestKey, Salt, SealedValue, Sequence,
    SessionDigest, Timestamp,
};

/// Who made an event happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// An account, through the API.
    Account(AccountId),
    /// An operator at the machine, by numeric user id.
    Operator(u32),
    /// The program itself.
    System,
}

/// `account:…`, `cli:1000`, `system`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Operator(user) => write!(f, "cli:{user}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "system" {
            return Ok(Self::System);
        }
        if let Some(user) = text.strip_prefix("cli:") {
            return user.parse().map(Self::Operator).map_err(|_| "no numeric user id");
        }
        let id = text.strip_prefix("account:").ok_or("no actor")?;
        let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).map_err(|_| "no account id")?;
        bytes.try_into().map(|id| Self::Account(AccountId::new(id))).map_err(|_| "no account id")
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What a request with a RequestKey asked for, so that its repetition can be told from another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDigests {
    /// Over the request in normal form, with password fields by name only.
    pub form: RequestDigest,
    /// Over the stored ciphertexts of the password values given, if any were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<RequestDigest>,
}

/// Who, from where and why: what stands around an event's body.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Who made it happen.
    pub actor: Actor,
    /// The replica that recorded it.
    pub origin: ReplicaId,
    /// Digest of the caller's session id.
    pub session: Option<SessionDigest>,
    /// The caller's InvokeID.
    pub invoke: Option<InvokeId>,
    /// The caller's RequestKey.
    pub key: Option<RequestKey>,
    /// What that key stands for.
    pub request: Option<RequestDigests>,
    /// The caller's reason.
    pub reason: Option<Reason>,
    /// The caller's address, sealed.
    pub address: Option<SealedValue>,
}

impl Context {
    /// A context with an actor only.
    #[must_use]
    pub const fn of(actor: Actor) -> Self {
        Self {
            actor,
            origin: ReplicaId::SOLE,
            session: None,
            invoke: None,
            key: None,
            request: None,
            reason: None,
            address: None,
        }
    }

    /// The same without the key and its digests: for events that a request brings along beside its own.
    #[must_use]
    pub fn without_key(&self) -> Self {
        Self { key: None, request: None, ..self.clone() }
    }
}

/// A recorded event as readers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// Its position in the log.
    pub sequence: Sequence,
    /// When its commit was made.
    pub time: Timestamp,
    /// What it belongs to.
    pub stream: Stream,
    /// Who, from where and why.
    pub context: Context,
    /// The salt in its bytes.
    pub salt: Salt,
    /// The fact itself.
    pub event: Event,
}
