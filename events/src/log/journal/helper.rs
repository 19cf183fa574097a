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

/// How long things wait that need not be done at once.
#[derive(Clone, Copy)]
struct Pace {
    /// `journal/head` is replaced at most once in this time, rotation and shutdown apart.
    head_every: Duration,
    /// A file that could not be made is tried again after this time: where others fill the disk meanwhile, a try writes
    /// zeros until no room is left, and takes them away again.
    retry_after: Duration,
}

const PACE: Pace = Pace { head_every: Duration::from_secs(10), retry_after: Duration::from_secs(5) };

pub(super) struct Helper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    sizes: SegmentSizes,
    pace: Pace,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The file to make.
    wanted: Option<u32>,
    /// The last file that is ready.
    ready: u32,
    /// Why the last one wanted could not be made, and when that was, until it is tried again.
    failed: Option<(String, Instant)>,
    /// The last synced head, and the one that `journal/head` was last told.
    synced: Option<Head>,
    told: Option<Head>,
    /// Tell it now.
    tell: bool,
    stop: bool,
}

impl Helper {
    pub(super) fn start(disk: Arc<dyn Disk>, folder: PathBuf, sizes: SegmentSizes) -> Self {
        // Without threads what is done depends on the calls alone, and not on the time.
        let retry_after = if disk.may_use_threads() { PACE.retry_after } else { Duration::ZERO };
        Self::start_at(Pace { retry_after, ..PACE }, disk, folder, sizes)
    }

    fn start_at(pace: Pace, disk: Arc<dyn Disk>, folder: PathBuf, sizes: SegmentSizes) -> Self {
        let threaded = disk.may_use_threads();
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { disk, folder, sizes, pace, state, changed });
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

    /// Has a file made, unless that failed just before.
    pub(super) fn prepare(&self, segment: u32) {
        let mut state = self.shared.lock();
        let waits = |(_, at): &(String, Instant)| at.elapsed() < self.shared.pace.retry_after;
        if state.ready < segment && state.wanted != Some(segment) && !state.failed.as_ref().is_some_and(waits)
        {
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
            if state.wanted.is_none()
                && let Some((why, _)) = &state.failed
            {
                return Err(why.clone());
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
        let (mut told, head_every) = (Instant::now(), self.pace.head_every);
        loop {
            let mut state = self.lock();
            let left = head_every.saturating_sub(told.elapsed());
            let idle = state.wanted.is_none() && !state.tell && !state.stop;
            if idle && !left.is_zero() {
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            if told.elapsed() >= head_every {
                state.tell = true;
                told = Instant::now();
            }
            // What was asked for while it worked is done before it ends: the last head above all.
            let state = self.work(state);
            if state.stop && !state.tell {
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
                Err(error) => state.failed = Some((error.to_string(), Instant::now())),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::disk::RealDisk;
    use crate::log::journal::read_head;
    use crate::{ChainHash, Sequence, Timestamp};

    const NEVER: Duration = Duration::from_secs(100_000);
    const SOON: Duration = Duration::from_millis(20);
    const PATIENCE: Duration = Duration::from_secs(30);

    fn helper(head_every: Duration, retry_after: Duration) -> (TempDir, Helper) {
        let (folder, sizes) = (tempfile::tempdir().unwrap(), SegmentSizes { first: 4_096, max: 4_096 });
        let pace = Pace { head_every, retry_after };
        let helper = Helper::start_at(pace, Arc::new(RealDisk), folder.path().to_owned(), sizes);
        assert!(helper.thread.is_some());
        (folder, helper)
    }

    fn head(commit: u64) -> Head {
        let (last, time) = (Sequence::new(commit), Timestamp::from_micros(1));
        Head { commit, last, hash: ChainHash::new([3; 32]), time }
    }

    fn told(folder: &TempDir) -> Option<u64> {
        read_head(&RealDisk, folder.path()).unwrap().map(|head| head.commit)
    }

    #[track_caller]
    fn wait_until(what: impl Fn() -> bool) {
        let start = Instant::now();
        while !what() {
            assert!(start.elapsed() < PATIENCE, "it does not come about");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn the_head_is_told_from_time_to_time_without_a_rotation_or_an_end() {
        let (folder, helper) = helper(SOON, NEVER);
        for commit in [1, 2, 7] {
            helper.synced(head(commit));
            wait_until(|| told(&folder) == Some(commit));
        }
    }

    #[test]
    fn the_head_is_not_told_before_its_time_but_at_a_rotation_and_at_the_end() {
        let (folder, mut helper) = helper(NEVER, NEVER);
        helper.synced(head(1));
        helper.wait_for(2).unwrap();
        thread::sleep(SOON);
        assert_eq!(told(&folder), None);
        helper.rotated();
        wait_until(|| told(&folder) == Some(1));
        helper.synced(head(2));
        helper.close();
        assert_eq!(told(&folder), Some(2));
    }

    #[test]
    fn a_file_that_cannot_be_made_is_tried_again_after_a_pause_and_not_before() {
        for (retry_after, comes) in [(NEVER, false), (SOON, true)] {
            let (folder, helper) = helper(NEVER, retry_after);
            // A folder of that name: also root cannot make a file there.
            let obstacle = folder.path().join("00000002.crmj.new");
            fs::create_dir(&obstacle).unwrap();
            let refused = helper.wait_for(2).unwrap_err();
            fs::remove_dir(&obstacle).unwrap();
            if comes {
                wait_until(|| helper.wait_for(2).is_ok());
            } else {
                thread::sleep(SOON);
                assert_eq!(helper.wait_for(2), Err(refused));
            }
            assert_eq!(folder.path().join("00000002.crmj").exists(), comes);
        }
    }
}
