//! `Tally`: how signing in went since the process started, in plain numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::authenticate::{AuthenticateError, SignedIn};

/// How often signing in came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIns {
    /// Somebody signed in.
    pub succeeded: u64,
    /// It failed (10307), whatever was wrong.
    pub failed: u64,
    /// There was no session to sign in to, or somebody had signed in to it.
    pub refused: u64,
    /// Too many were at it.
    pub busy: u64,
    /// The password could not be checked.
    pub broken: u64,
    /// Passwords that were not tried, after too many failures; each of these failed as well.
    pub throttled: u64,
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    succeeded: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    busy: AtomicU64,
    broken: AtomicU64,
    throttled: AtomicU64,
}

impl Tally {
    /// An attempt to sign in came to this.
    pub(super) fn count(&self, outcome: &Result<SignedIn, AuthenticateError>) {
        let counter = match outcome {
            Ok(_) => &self.succeeded,
            Err(AuthenticateError::Failed(_) | AuthenticateError::FailedBeside(_)) => &self.failed,
            Err(AuthenticateError::Session(_) | AuthenticateError::AlreadyBound) => &self.refused,
            Err(AuthenticateError::Busy) => &self.busy,
            Err(AuthenticateError::Unchecked(_) | AuthenticateError::Random(_)) => &self.broken,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A password was not tried.
    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub(super) fn read(&self) -> SignIns {
        let Self { succeeded, failed, refused, busy, broken, throttled } = self;
        let [succeeded, failed, refused, busy, broken, throttled] =
            [succeeded, failed, refused, busy, broken, throttled].map(|count| count.load(Ordering::Relaxed));
        SignIns { succeeded, failed, refused, busy, broken, throttled }
    }
}
