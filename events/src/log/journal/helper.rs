//! The journal's helper: makes the next file and replaces `journal/head` on a thread of its own, so that appends
//! do not wait for either. On a disk that may not use threads it does the same at once.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::head::write_head;
use super::segment::{SegmentSizes, prepare_segment};
use crate::commit::Head;
use crate::disk::Disk;

/// `journal/head` is replaced at most once in this time, rotation and shutdown apart.
const HEAD_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Helper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    sizes: SegmentSizes,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The file to make.
    wanted: Option<u32>,
    /// The last file that is ready.
    ready: u32,
    /// Why the wanted one could not be made, until it is wanted again.
    failed: Option<String>,
    /// The last synced head, and the one that `journal/head` was last told.
    synced: Option<Head>,
    told: Option<Head>,
    /// Tell it now.
    tell: bool,
    stop: bool,
}

impl Helper {
    pub(super) fn start(disk: Arc<dyn Disk>, folder: PathBuf, sizes: SegmentSizes) -> Self {
        let threaded = disk.may_use_threads();
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { disk, folder, sizes, state, changed });
        let thread = threaded.then(|| {
            let shared = Arc::clone(&shared);
            // Without its thread the helper works where it is called.
            thread::Builder::new().name("journal".to_owned()).spawn(move || shared.run()).ok()
        });
        Self { shared, thread: thread.flatten() }
    }

    /// That file is there already.
    pub(super) fn is_ready(&self, segment: u32) {
        self.shared.lock().ready = segment;
    }

    /// Has a file made.
    pub(super) fn prepare(&self, segment: u32) {
        let mut state = self.shared.lock();
        if state.ready < segment && state.wanted != Some(segment) {
            state.wanted = Some(segment);
            state.failed = None;
            self.go(state);
        }
    }

    /// Waits until a file is ready, having it made if need be; an error when it cannot be made now.
    pub(super) fn wait_for(&self, segment: u32) -> Result<(), String> {
        self.prepare(segment);
        let mut state = self.shared.lock();
        loop {
            if state.ready >= segment {
                return Ok(());
            }
            if let Some(why) = state.failed.take() {
                return Err(why);
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The log reaches this head, all of it synced.
    pub(super) fn synced(&self, head: Head) {
        self.shared.lock().synced = Some(head);
    }

    /// A file is full: `journal/head` is due.
    pub(super) fn rotated(&self) {
        let mut state = self.shared.lock();
        state.tell = true;
        self.go(state);
    }

    pub(super) fn close(&mut self) {
        let mut state = self.shared.lock();
        if state.stop {
            return;
        }
        (state.stop, state.tell) = (true, true);
        self.go(state);
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, only journal/head would be older than it could be.
            let _ = thread.join();
        }
    }

    /// Has the thread do what is due, or does it here.
    fn go(&self, state: MutexGuard<'_, State>) {
        if self.thread.is_some() {
            drop(state);
            self.shared.changed.notify_all();
        } else {
            drop(self.shared.work(state));
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut told = Instant::now();
        loop {
            let mut state = self.lock();
            let left = HEAD_EVERY.saturating_sub(told.elapsed());
            let idle = state.wanted.is_none() && !state.tell && !state.stop;
            if idle && !left.is_zero() {
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            if told.elapsed() >= HEAD_EVERY {
                state.tell = true;
                told = Instant::now();
            }
            if self.work(state).stop {
                return;
            }
        }
    }

    /// Does what is due, without holding the lock meanwhile.
    fn work<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if let Some(segment) = state.wanted {
            drop(state);
            let made = prepare_segment(&*self.disk, &self.folder, segment, self.sizes.of(segment));
            state = self.lock();
            state.wanted = None;
            match made {
                Ok(()) => state.ready = segment,
                Err(error) => state.failed = Some(error.to_string()),
            }
            self.changed.notify_all();
        }
        if std::mem::take(&mut state.tell)
            && let Some(head) = state.synced.filter(|&head| state.told != Some(head))
        {
            drop(state);
            let told = write_head(&*self.disk, &self.folder, &head);
            state = self.lock();
            match told {
                Ok(()) => state.told = Some(head),
                // The log is right without it; it is tried again.
                Err(error) => tracing::warn!(%error, "journal/head cannot be replaced"),
            }
        }
        state
    }
}
