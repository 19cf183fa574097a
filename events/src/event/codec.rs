//! Event bytes: compact UTF-8 JSON with keys in a frozen order.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::{Actor, Context, Envelope, Event, RequestDigests};
use crate::value::{
    InvokeId, Reason, ReplicaId, RequestKey, Salt, SealedValue, Sequence, SessionDigest, Timestamp,
};

/// Why stored bytes are no event that this program can read.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The kind, or this shape of it, came after this program.
    #[error("event {tag:?} schema {schema} was written by a newer version of crmconf; upgrade this program")]
    Newer {
        /// The event's tag.
        tag: String,
        /// Its schema version.
        schema: u16,
    },
    /// It names another stream than its body belongs to.
    #[error("event {tag:?} stands in stream {stream:?}, which is not its own")]
    Stream {
        /// The event's tag.
        tag: String,
        /// The stream it names.
        stream: String,
    },
    /// It is not of the form that its tag and schema demand. The text names place and rule, no values.
    #[error("malformed event at line {line} column {column} of its JSON")]
    Malformed {
        /// Line in the JSON text.
        line: usize,
        /// Column in that line.
        column: usize,
    },
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&serde_json::Error> for DecodeError {
    fn from(error: &serde_json::Error) -> Self {
        Self::Malformed { line: error.line(), column: error.column() }
    }
}

/// An event as stored. The order of the fields is the order of the keys, and frozen.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'a> {
    #[serde(borrow)]
    tag: Cow<'a, str>,
    schema: u16,
    salt: Salt,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    actor: Actor,
    origin: ReplicaId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invoke: Option<InvokeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<RequestKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<RequestDigests>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<SealedValue>,
    #[serde(borrow)]
    body: Cow<'a, RawValue>,
}

/// The little of an event that tells whether this program knows its kind.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    tag: Cow<'a, str>,
    schema: u16,
}

/// Why bytes that are no event as we store them are refused: a newer version may have put more around its own kinds.
fn refusal(bytes: &[u8], error: &serde_json::Error) -> DecodeError {
    match serde_json::from_slice::<Kind<'_>>(bytes) {
        Ok(Kind { tag, schema }) if !Event::KINDS.contains(&(&*tag, schema)) => {
            DecodeError::Newer { tag: tag.into_owned(), schema }
        }
        Ok(_) | Err(_) => error.into(),
    }
}

/// Makes an event's bytes. They are made once; hashes, retries and exports use these very bytes.
///
/// # Errors
/// Only when serde_json cannot write a body, which no body of ours causes.
pub fn encode(salt: Salt, context: &Context, event: &Event) -> serde_json::Result<Vec<u8>> {
    let context = context.clone();
    serde_json::to_vec(&Stored {
        tag: event.tag().into(),
        schema: event.schema(),
        salt,
        stream: event.stream().to_string().into(),
        actor: context.actor,
        origin: context.origin,
        session: context.session,
        invoke: context.invoke,
        key: context.key,
        request: context.request,
        reason: context.reason,
        address: context.address,
        body: Cow::Owned(event.body_json()?),
    })
}

/// Reads an event's bytes, found at `sequence` in a commit made at `time`.
///
/// # Errors
/// When the bytes are no event, or one that a newer version wrote.
pub fn decode(sequence: Sequence, time: Timestamp, bytes: &[u8]) -> Result<Envelope, DecodeError> {
    let stored: Stored<'_> = serde_json::from_slice(bytes).map_err(|error| refusal(bytes, &error))?;
    let event = Event::from_body(&stored.tag, stored.schema, stored.body.get()).ok_or_else(|| {
        DecodeError::Newer { tag: stored.tag.clone().into_owned(), schema: stored.schema }
    })??;
    let stream = event.stream();
    if stream.to_string() != stored.stream {
        return Err(DecodeError::Stream { tag: stored.tag.into_owned(), stream: stored.stream.into_owned() });
    }
    let context = Context {
        actor: stored.actor,
        origin: stored.origin,
        session: stored.session,
        invoke: stored.invoke,
        key: stored.key,
        request: stored.request,
        reason: stored.reason,
        address: stored.address,
    };
    Ok(Envelope { sequence, time, stream, context, salt: stored.salt, event })
}
