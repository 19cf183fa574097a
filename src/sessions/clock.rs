//! `Clock`: where the time comes from, so that tests can turn it.

use std::fmt;
use std::time::Instant;

/// A clock that never goes back.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Instant;
}

/// The operating system's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A clock that moves only when it is told to.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct TurnedClock(std::sync::Mutex<Instant>);

#[cfg(test)]
impl TurnedClock {
    pub(crate) fn new() -> Self {
        Self(std::sync::Mutex::new(Instant::now()))
    }

    pub(crate) fn turn(&self, by: std::time::Duration) {
        *self.0.lock().unwrap() += by;
    }
}

#[cfg(test)]
impl Clock for TurnedClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}
