//! `Record`: a fact with its time and circumstances, and the line that it becomes.

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use crmconf_events::event::Actor;
use crmconf_events::{AccountId, SessionDigest, Timestamp};
use serde::{Serialize, Serializer};

use super::fact::Fact;

/// What the records of one request have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The request's id, as its line in the operator's log has it.
    pub request: u64,
    /// Where it came from.
    pub address: IpAddr,
    /// Which operation it asked for.
    pub operation: &'static str,
    /// What stands for its session, once that is known.
    pub session: Option<SessionDigest>,
    /// The account that had signed in to the session, once that is known.
    pub account: Option<AccountId>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    time: Timestamp,
    fact: Fact,
    actor: Option<Actor>,
    circumstances: Option<Circumstances>,
}

impl Record {
    /// A fact of now, without more around it.
    #[must_use]
    pub fn of(fact: Fact) -> Self {
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        let time = Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        Self { time, fact, actor: None, circumstances: None }
    }

    /// The same, done by this one: for what is done at the machine.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// The same, in the course of a request.
    #[must_use]
    pub fn in_request(self, circumstances: Circumstances) -> Self {
        let of_request = circumstances.account.filter(|_| self.fact.is_administrative()).map(Actor::Account);
        Self { actor: self.actor.or(of_request), circumstances: Some(circumstances), ..self }
    }

    /// The same at another time.
    pub(super) fn at(self, time: Timestamp) -> Self {
        Self { time, ..self }
    }

    /// When it was made.
    pub(super) const fn time(&self) -> Timestamp {
        self.time
    }

    /// What it says.
    pub(super) const fn fact(&self) -> &Fact {
        &self.fact
    }

    /// Where its request came from.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.circumstances.map(|circumstances| circumstances.address)
    }

    /// Its line, with the line feed.
    pub(super) fn line(&self) -> Vec<u8> {
        let Self { time, fact, actor, circumstances } = self;
        let around = circumstances.as_ref();
        let line = Line {
            time: rfc3339(*time),
            kind: fact.kind(),
            fact,
            actor: *actor,
            session: around.and_then(|around| around.session),
            address: around.map(|around| around.address.to_canonical()),
            operation: around.map(|around| around.operation),
            request: around.map(|around| Id(around.request)),
        };
        // Nothing in it can fail to become JSON; were that wrong, the kind and the time would still be told.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_else(|_| {
            format!("{{\"time\":\"{}\",\"kind\":\"{}\"}}", line.time, line.kind).into_bytes()
        });
        bytes.push(b'\n');
        bytes
    }
}

/// A line of the file, in this order.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    kind: &'static str,
    #[serde(flatten)]
    fact: &'a Fact,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionDigest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Id>,
}

/// A request's id as the operator's log writes it.
struct Id(u64);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

/// A time in UTC by RFC 3339, always with microseconds, so that texts sort as times.
pub(super) fn rfc3339(time: Timestamp) -> String {
    format!("{:.6}", jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or(jiff::Timestamp::MAX))
}
