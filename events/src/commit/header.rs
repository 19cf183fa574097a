//! The header of a commit: fixed fields, big-endian, followed by its hash.

use super::hash::commit_hash;
use super::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX, COMMIT_PREFIX_BYTES, CommitFault, EventsRoot};
use crate::{ChainHash, Sequence, StoreId, Timestamp};

/// The first bytes of every commit.
pub(crate) const MAGIC: [u8; 4] = *b"CRMC";

/// The format that this program writes and reads.
const FORMAT: u16 = 1;

/// Bytes of a header, without the hash behind it.
pub(super) const HEADER_BYTES: usize = 4 + 2 + 16 + 8 + 8 + 4 + 4 + 8 + 32 + 32;

/// What stands in a commit's header. Its numbers are in range and within the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) store: StoreId,
    pub(crate) number: u64,
    pub(crate) first: Sequence,
    pub(crate) count: u32,
    pub(crate) body_bytes: u32,
    pub(crate) time: Timestamp,
    pub(crate) previous: ChainHash,
    pub(crate) root: EventsRoot,
}

impl Header {
    /// Reads the header at the start of the bytes, checks its hash, then its ranges and limits.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, ChainHash), CommitFault> {
        let (head, rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(CommitFault::Short)?;
        let mut fields = Fields(head);
        if fields.take()? != MAGIC {
            return Err(CommitFault::Magic);
        }
        let format = u16::from_be_bytes(fields.take()?);
        let hash = ChainHash::new(*rest.first_chunk().ok_or(CommitFault::Short)?);
        // A newer format may hash otherwise, so that it is told before the hash is looked at; but where the hash is that
        // of our format, nothing but the format's number was altered.
        if format > FORMAT && hash != commit_hash(&in_our_format(head)) {
            return Err(CommitFault::Format(format));
        }
        if hash != commit_hash(head) {
            return Err(CommitFault::Hash);
        }
        // What is left is a format before the first one, hashed as ours is: no program ever wrote it.
        if format != FORMAT {
            return Err(CommitFault::Range);
        }
        let header = Self {
            store: StoreId::new(fields.take()?),
            number: u64::from_be_bytes(fields.take()?),
            first: Sequence::new(u64::from_be_bytes(fields.take()?)).ok_or(CommitFault::Range)?,
            count: u32::from_be_bytes(fields.take()?),
            body_bytes: u32::from_be_bytes(fields.take()?),
            time: Timestamp::from_micros(i64::from_be_bytes(fields.take()?)),
            previous: ChainHash::new(fields.take()?),
            root: EventsRoot::new(fields.take()?),
        };
        header.check()?;
        Ok((header, hash))
    }

    fn check(&self) -> Result<(), CommitFault> {
        let end = self.first.get().checked_add(u64::from(self.count));
        if self.number == 0 || self.count == 0 || end.is_none() {
            Err(CommitFault::Range)
        } else if self.count > COMMIT_EVENTS_MAX || self.commit_bytes() > COMMIT_BYTES_MAX {
            Err(CommitFault::Limit { events: self.count, bytes: self.commit_bytes() })
        } else {
            Ok(())
        }
    }

    /// The header's bytes with its hash behind them.
    pub(crate) fn encode(&self) -> (Vec<u8>, ChainHash) {
        let mut bytes = Vec::with_capacity(self.commit_bytes());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_be_bytes());
        bytes.extend_from_slice(self.store.as_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.first.get().to_be_bytes());
        bytes.extend_from_slice(&self.count.to_be_bytes());
        bytes.extend_from_slice(&self.body_bytes.to_be_bytes());
        bytes.extend_from_slice(&self.time.as_micros().to_be_bytes());
        bytes.extend_from_slice(self.previous.as_bytes());
        bytes.extend_from_slice(self.root.as_bytes());
        let hash = commit_hash(&bytes);
        bytes.extend_from_slice(hash.as_bytes());
        (bytes, hash)
    }

    /// Bytes of the whole commit.
    pub(crate) fn commit_bytes(&self) -> usize {
        COMMIT_PREFIX_BYTES.saturating_add(usize::try_from(self.body_bytes).unwrap_or(usize::MAX))
    }

    /// Sequence of the last event.
    pub(crate) const fn last(&self) -> Sequence {
        self.first.plus((self.count as u64).saturating_sub(1))
    }
}

/// The same header with our format's number in it.
fn in_our_format(head: &[u8; HEADER_BYTES]) -> [u8; HEADER_BYTES] {
    let mut head = *head;
    for (to, from) in head.iter_mut().skip(MAGIC.len()).zip(FORMAT.to_be_bytes()) {
        *to = from;
    }
    head
}

/// Takes fixed-size fields from the front of the header.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CommitFault> {
        let (field, rest) = self.0.split_first_chunk().ok_or(CommitFault::Short)?;
        self.0 = rest;
        Ok(*field)
    }
}
