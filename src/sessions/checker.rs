//! `PasswordChecker`: password work off the async threads, a few at a time, with a bounded queue.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::vault::{Password, Verifier, VerifierError, dummy_verify};

/// How many passwords are worked on at once: each takes 19 MiB and a core.
pub const VERIFICATIONS_AT_ONCE: usize = 2;
/// How many more may wait.
pub const VERIFICATIONS_WAITING_MAX: usize = 32;

/// Why a password was not checked or hashed (10105).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckerError {
    /// As many wait as may.
    #[error("too many passwords wait to be checked; try again in a moment")]
    Busy,
    /// The work itself failed.
    #[error(transparent)]
    Failed(#[from] VerifierError),
}

/// Does password work off the async threads.
#[derive(Clone)]
pub struct PasswordChecker {
    /// One permit for each that works or waits.
    admission: Arc<Semaphore>,
    /// One permit for each that works.
    running: Arc<Semaphore>,
    verifications: Arc<AtomicU64>,
}

/// How much password work there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordLoad {
    /// How many passwords are worked on.
    pub running: usize,
    /// How many wait.
    pub waiting: usize,
}

/// The right to do one piece of password work now. It is given back when the work is done, not when its caller
/// stops waiting for it, so that callers who hang up cannot make more run at once.
#[derive(Debug)]
pub struct Slot {
    permits: [OwnedSemaphorePermit; 2],
    verifications: Arc<AtomicU64>,
}

impl Default for PasswordChecker {
    fn default() -> Self {
        Self {
            admission: Arc::new(Semaphore::new(VERIFICATIONS_AT_ONCE + VERIFICATIONS_WAITING_MAX)),
            running: Arc::new(Semaphore::new(VERIFICATIONS_AT_ONCE)),
            verifications: Arc::default(),
        }
    }
}

impl PasswordChecker {
    /// Waits for a turn. What decides about an attempt is best looked at after this: nothing else is then between
    /// the decision and the work.
    ///
    /// # Errors
    /// [`CheckerError::Busy`], at once, when as many wait as may.
    pub async fn slot(&self) -> Result<Slot, CheckerError> {
        let busy = |_| CheckerError::Busy;
        let admitted = Arc::clone(&self.admission).try_acquire_owned().map_err(busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| CheckerError::Busy)?;
        Ok(Slot { permits: [running, admitted], verifications: Arc::clone(&self.verifications) })
    }

    /// Makes the verifier of a new password.
    ///
    /// # Errors
    /// When as many wait as may, or the work fails.
    pub async fn hash(&self, password: Password) -> Result<Verifier, CheckerError> {
        self.slot().await?.work(move |_| Verifier::of(&password)).await
    }

    /// How much work there is now.
    #[must_use]
    pub fn load(&self) -> PasswordLoad {
        let running = VERIFICATIONS_AT_ONCE.saturating_sub(self.running.available_permits());
        let admitted = (VERIFICATIONS_AT_ONCE + VERIFICATIONS_WAITING_MAX)
            .saturating_sub(self.admission.available_permits());
        PasswordLoad { running, waiting: admitted.saturating_sub(running) }
    }

    /// How many verifications were done, dummies included.
    #[must_use]
    pub fn verifications(&self) -> u64 {
        self.verifications.load(Ordering::Relaxed)
    }
}

impl Slot {
    /// Whether the password fits the verifier; without one the same work is done, and it does not fit.
    ///
    /// # Errors
    /// When the work fails.
    pub async fn verify(self, password: Password, verifier: Option<Verifier>) -> Result<bool, CheckerError> {
        self.work(move |verifications| {
            verifications.fetch_add(1, Ordering::Relaxed);
            match verifier {
                Some(verifier) => verifier.verify(&password),
                None => dummy_verify(&password).map(|()| false),
            }
        })
        .await
    }

    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&AtomicU64) -> Result<T, VerifierError> + Send + 'static,
    ) -> Result<T, CheckerError> {
        let done = spawn_blocking(move || {
            let Self { permits, verifications } = self;
            let result = work(&verifications);
            drop(permits);
            result
        });
        Ok(done.await.map_err(|_| VerifierError::Hashing)??)
    }
}

impl fmt::Debug for PasswordChecker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChecker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_hashed_and_verified_and_each_verification_counted() {
        let checker = PasswordChecker::default();
        let verifier = checker.hash(Password::given("demo-admin")).await.unwrap();
        for (given, against, fits) in [
            ("demo-admin", Some(verifier.clone()), true),
            ("demo-Admin", Some(verifier), false),
            ("demo-admin", None, false),
        ] {
            let slot = checker.slot().await.unwrap();
            assert_eq!(slot.verify(Password::given(given), against).await, Ok(fits));
        }
        assert_eq!(checker.verifications(), 3);
    }

    #[tokio::test]
    async fn two_work_thirty_two_wait_and_the_next_is_refused_at_once() {
        let checker = PasswordChecker::default();
        let working = [checker.slot().await.unwrap(), checker.slot().await.unwrap()];
        let waiting: Vec<_> = (0..VERIFICATIONS_WAITING_MAX)
            .map(|_| {
                let checker = checker.clone();
                tokio::spawn(async move { checker.slot().await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(checker.running.available_permits(), 0);
        assert_eq!(checker.load(), PasswordLoad { running: 2, waiting: VERIFICATIONS_WAITING_MAX });
        assert_eq!(checker.slot().await.unwrap_err(), CheckerError::Busy);
        drop(working);
        for waited in waiting {
            assert_eq!(waited.await.unwrap(), Ok(()));
        }
        assert!(checker.slot().await.is_ok());
        assert_eq!(checker.load(), PasswordLoad { running: 0, waiting: 0 });
        assert_eq!(checker.admission.available_permits(), VERIFICATIONS_AT_ONCE + VERIFICATIONS_WAITING_MAX);
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_frees_its_slot_only_when_the_work_is_done() {
        let checker = PasswordChecker::default();
        let slot = checker.slot().await.unwrap();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let work = slot.work(move |_| released.recv().map_err(|_| VerifierError::Hashing));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), work).await.is_err());
        assert_eq!(checker.running.available_permits(), VERIFICATIONS_AT_ONCE - 1);
        release.send(()).unwrap();
        while checker.running.available_permits() < VERIFICATIONS_AT_ONCE {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}
