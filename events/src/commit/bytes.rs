//! `EventBytes`: an event's stored bytes, shared rather than copied.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// The exact bytes of one event, opaque to the log. Cheap to clone.
///
/// An event taken from a commit shares the commit's buffer and so keeps all of it in memory.
#[derive(Clone)]
pub struct EventBytes {
    buffer: Arc<[u8]>,
    range: Range<usize>,
}

impl EventBytes {
    /// The bytes `start..end` of a buffer; `None` when they are not all there.
    pub(super) fn part_of(buffer: &Arc<[u8]>, start: usize, end: usize) -> Option<Self> {
        buffer.get(start..end)?;
        Some(Self { buffer: Arc::clone(buffer), range: start..end })
    }
}

impl Deref for EventBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // The range was checked when this was made, and a buffer never changes.
        self.buffer.get(self.range.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for EventBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), buffer: bytes.into() }
    }
}

impl From<&[u8]> for EventBytes {
    fn from(bytes: &[u8]) -> Self {
        Self { range: 0..bytes.len(), buffer: bytes.into() }
    }
}

impl PartialEq for EventBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for EventBytes {}

/// The length only: events may hold what callers wrote.
impl fmt::Debug for EventBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventBytes({} bytes)", self.len())
    }
}
