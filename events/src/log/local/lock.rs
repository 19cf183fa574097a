//! `DataLock`: keeps every other process out of a data folder.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;

use super::open::Site;
use super::report::OpenError;

/// The lock on a data folder. It ends when it is dropped, and with the process, also one that is killed.
pub(super) struct DataLock(File);

impl DataLock {
    /// Takes the data folder for this process.
    pub(super) fn take(site: &Site) -> Result<Self, OpenError> {
        let path = site.data.join("lock");
        let opened = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(|error| site.cannot("opening the lock", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { lock: path }),
            Err(TryLockError::Error(error)) => Err(site.cannot("locking the data folder", error)),
        }
    }
}

impl Drop for DataLock {
    /// Closing the file would not do: a process that another thread is just starting holds the same open file until
    /// it runs its program, and with it the lock. Unlocking ends it for all who hold the file.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the data folder's lock ends later than the log");
        }
    }
}
