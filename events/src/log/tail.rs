//! `Tail`: the head that readers see, and how they wait for it to move.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::LogError;
use crate::Sequence;
use crate::commit::{Commit, Head};

/// The visible end of a log. Only what is durable is published here.
pub(super) struct Tail {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    head: Head,
    /// The commit at the head, for readers that follow closely; `None` until the first one since opening.
    latest: Option<Arc<Commit>>,
    closed: bool,
}

impl Tail {
    pub(super) fn new(head: Head) -> Self {
        Self { state: Mutex::new(State { head, latest: None, closed: false }), moved: Condvar::new() }
    }

    pub(super) fn head(&self) -> Head {
        self.lock().head
    }

    /// Makes a commit visible.
    pub(super) fn publish(&self, commit: Arc<Commit>) {
        let mut state = self.lock();
        state.head = commit.head_after();
        state.latest = Some(commit);
        self.moved.notify_all();
    }

    /// Has the commit at the head read from the backend, as after opening.
    #[cfg(feature = "testkit")]
    pub(super) fn forget_latest(&self) {
        self.lock().latest = None;
    }

    /// Ends all waiting, now and later.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.moved.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The commit at the head, if it holds that sequence.
    pub(super) fn latest_with(&self, sequence: Sequence) -> Result<Option<Arc<Commit>>, LogError> {
        let state = self.lock();
        if state.closed {
            return Err(LogError::Closed);
        }
        Ok(state.latest.as_ref().filter(|commit| commit.event(sequence).is_some()).map(Arc::clone))
    }

    /// Waits until the head reaches a sequence; `false` when it did not in time.
    pub(super) fn wait_for(&self, sequence: Sequence, timeout: Duration) -> Result<bool, LogError> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock();
        loop {
            if state.closed {
                return Err(LogError::Closed);
            }
            if state.head.reaches(sequence) {
                return Ok(true);
            }
            let left = deadline.map_or(timeout, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(false);
            }
            state = self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// No code panics while it holds the lock, and no change is left half done: a poisoned lock is still sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
