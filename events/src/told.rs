//! What the operator is told while a test runs, whatever the tests beside it do.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tracing::{Dispatch, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// Keeps `tracing` asking every listener. It remembers for each line of code whether anybody listens, and while there
/// is one listener it asks only the thread that comes by first: a test that listens to nothing would silence the line
/// for a test that listens. This second one, which wants nothing itself, has it ask all of them.
static SECOND: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry().with(LevelFilter::OFF)));

/// The lines that were written on this thread while something was [heard](Told::hear).
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    /// Does `what`, and returns what was told meanwhile on this thread as well, at `INFO` and above.
    pub fn by<T>(what: impl FnOnce() -> T) -> (T, String) {
        let told = Self::default();
        let done = told.hear(what);
        (done, told.text())
    }

    /// Does `what`, and hears what is told meanwhile on this thread, at `INFO` and above.
    pub fn hear<T>(&self, what: impl FnOnce() -> T) -> T {
        let told = self.clone();
        listening(tracing_subscriber::fmt().with_ansi(false).with_writer(move || told.clone()).finish(), what)
    }

    /// What was heard so far.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// Does `what` while `subscriber` hears this thread.
pub fn listening<T>(subscriber: impl Subscriber + Send + Sync + 'static, what: impl FnOnce() -> T) -> T {
    LazyLock::force(&SECOND);
    tracing::subscriber::with_default(subscriber, what)
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_line_that_another_thread_came_by_first_is_heard() {
        // Each a line of its own, which nobody has come by.
        let lines: [fn(); 3] =
            [|| tracing::warn!("one"), || tracing::warn!("two"), || tracing::warn!("three")];
        for speak in lines {
            let ((), told) = Told::by(|| {
                thread::spawn(speak).join().unwrap();
                speak();
            });
            assert_eq!(told.matches("WARN").count(), 1, "{told}");
        }
    }
}
