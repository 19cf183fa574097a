//! The hashes of the chain: BLAKE3 in derive-key mode, one context per kind of input.

use std::fmt;

use blake3::Hasher;
use data_encoding::BASE64URL_NOPAD;

use crate::{ChainHash, EventHash, StoreId};

const STORE_CONTEXT: &str = "crmconf store v1";
const COMMIT_CONTEXT: &str = "crmconf commit v1";
const EVENT_CONTEXT: &str = "crmconf event v1";
const NODE_CONTEXT: &str = "crmconf node v1";

/// Root of the tree over the hashes of a commit's events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventsRoot([u8; 32]);

impl EventsRoot {
    /// Wraps the bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for EventsRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for EventsRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventsRoot({self})")
    }
}

/// What commit 1 names as the hash before it.
#[must_use]
pub fn store_hash(store: StoreId) -> ChainHash {
    ChainHash::new(derive(STORE_CONTEXT, &[store.as_bytes()]))
}

/// Hash of a commit, over the bytes of its header.
pub(super) fn commit_hash(header: &[u8]) -> ChainHash {
    ChainHash::new(derive(COMMIT_CONTEXT, &[header]))
}

/// Hash of an event, over its stored bytes: a leaf under the commit's events root.
#[must_use]
pub fn event_hash(event: &[u8]) -> EventHash {
    EventHash::new(derive(EVENT_CONTEXT, &[event]))
}

/// Root over the hashes of a commit's events: the hash itself for one event, else the hash over the roots of
/// the left and right part, the left one holding the largest power of two of events that is smaller than all
/// (the split of RFC 6962, section 2.1). `None` for no events, since no commit is empty.
#[must_use]
pub fn events_root(leaves: &[EventHash]) -> Option<EventsRoot> {
    match leaves {
        [] => None,
        [leaf] => Some(EventsRoot(*leaf.as_bytes())),
        _ => {
            let (left, right) = leaves.split_at_checked(leaves.len().next_power_of_two() / 2)?;
            let (left, right) = (events_root(left)?, events_root(right)?);
            Some(EventsRoot(derive(NODE_CONTEXT, &[&left.0, &right.0])))
        }
    }
}

fn derive(context: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
