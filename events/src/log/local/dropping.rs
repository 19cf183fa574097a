//! Drops what may panic, or never end, while it is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Drops a value on a thread of its own, and waits for the end of it for so long. An error says what became of it;
/// where it did not end in time, the thread is left to itself.
pub(super) fn drop_within<T: Send + 'static>(limit: Duration, value: T) -> Result<(), String> {
    let (ended, end) = mpsc::sync_channel(1);
    let dropping = move || {
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(value)));
        // Nobody listens any more when it took too long.
        let _ = ended.send(dropped.is_ok());
    };
    // Without a thread the value is dropped here, together with what the thread would have run.
    let spawned =
        catch_unwind(AssertUnwindSafe(|| thread::Builder::new().name("closing".to_owned()).spawn(dropping)));
    match (spawned, end.recv_timeout(limit)) {
        (Ok(Ok(_)), Ok(true)) | (Ok(Err(_)), _) => Ok(()),
        (Ok(Ok(_)), Err(RecvTimeoutError::Timeout)) => Err(format!("it did not end within {limit:?}")),
        (Ok(Ok(_)), Ok(false) | Err(RecvTimeoutError::Disconnected)) | (Err(_), _) => {
            Err("it panicked".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    struct Dropped<F: FnMut()>(F);

    impl<F: FnMut()> Drop for Dropped<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }

    #[test]
    fn what_panics_or_does_not_end_is_told_and_holds_nobody_up() {
        assert_eq!(drop_within(PATIENCE, Dropped(|| {})), Ok(()));
        let told = drop_within(PATIENCE, Dropped(|| panic!("called `Result::unwrap()` on an `Err` value")));
        assert_eq!(told, Err("it panicked".to_owned()));
        let (start, (keep, kept)) = (Instant::now(), mpsc::channel::<()>());
        let told = drop_within(Duration::from_millis(20), Dropped(move || assert!(kept.recv().is_err())));
        assert_eq!(told, Err("it did not end within 20ms".to_owned()));
        assert!(start.elapsed() < PATIENCE);
        drop(keep);
    }
}
