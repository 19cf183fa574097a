//! `Sessions`: the table of sessions as all threads share it.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crmconf_events::{AccountId, Sequence, SessionDigest};

use super::address::AddressKey;
use super::clock::Clock;
use super::limits::SessionLimits;
use super::secrets::{Nonce, SessionId, TransportKey};
use super::table::{BindError, Binding, CreateError, Session, SessionError, SessionTable};

/// The sessions of this process. Each operation holds a lock for some microseconds and waits for nothing.
pub struct Sessions {
    table: Mutex<SessionTable>,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// No sessions yet.
    #[must_use]
    pub fn new(limits: SessionLimits, clock: Arc<dyn Clock>) -> Self {
        Self { table: Mutex::new(SessionTable::new(limits)), clock }
    }

    /// `CreateSession`: a session that nobody has signed in to.
    ///
    /// # Errors
    /// When the address has its full number of them, or there are no random bytes.
    pub fn create(&self, address: IpAddr) -> Result<(SessionId, Nonce), CreateError> {
        let id = SessionId::generate().map_err(CreateError::Random)?;
        let nonce = Nonce::generate().map_err(CreateError::Random)?;
        self.with(|table, now| table.create(id.digest(), AddressKey::of(address), now))?;
        Ok((id, nonce))
    }

    /// The session that a request names, signed in to or not; counts as a use of it.
    ///
    /// # Errors
    /// When none is named, there is none, or it was ended.
    pub fn lookup(&self, named: Option<&str>) -> Result<Session, SessionError> {
        let named = named.filter(|text| !text.is_empty()).ok_or(SessionError::Missing)?;
        let digest = SessionId::parse(named).ok_or(SessionError::Unknown)?.digest();
        self.with(|table, now| table.lookup(digest, now))
    }

    /// Signs an account of this version in to a session, if `still_valid` holds at that moment.
    ///
    /// `still_valid` is asked under the lock, and must not use these sessions. A change of the account that it does not
    /// see yet gives the account another version, and the session's next request finds that.
    ///
    /// # Errors
    /// When the session is gone, ended or signed in to already, the account changed, there are too many, or there are no
    /// random bytes.
    pub fn bind(
        &self,
        digest: SessionDigest,
        account: AccountId,
        version: Sequence,
        still_valid: impl FnOnce() -> bool,
    ) -> Result<Arc<TransportKey>, BindError> {
        let key = Arc::new(TransportKey::generate().map_err(BindError::Random)?);
        self.with(|table, now| {
            if !still_valid() {
                return Err(BindError::AccountChanged);
            }
            let key = Arc::clone(&key);
            table.bind(digest, Binding { account, version, key, changing: false }, now)
        })?;
        Ok(key)
    }

    /// What follows a failed `Authenticate`: the session is gone, unless somebody has signed in to it. `false` then.
    pub fn end_unless_signed_in(&self, digest: SessionDigest) -> bool {
        self.with(|table, now| {
            let bound = table.lookup(digest, now).is_ok_and(|session| session.bound.is_some());
            if !bound {
                table.remove(digest);
            }
            !bound
        })
    }

    /// `Logout`: the session is gone.
    pub fn end(&self, digest: SessionDigest) {
        self.with(|table, _| table.remove(digest));
    }

    /// Ends a session whose account is not the one any more that signed in: it was disabled or deleted, or its password
    /// or grants changed. Until the session would have expired, it answers 10307. `false` when it is not the session any
    /// more that was found with this version of its account: it was kept meanwhile, or has ended.
    pub fn revoke(&self, digest: SessionDigest, found: Sequence) -> bool {
        self.with(|table, now| table.revoke(digest, found, now))
    }

    /// Has a session outlive the change that its account made in it, which took the account from one version to another.
    /// The account's other sessions do not, nor does this one if it was signed in to at another version.
    pub fn keep(&self, digest: SessionDigest, from: Sequence, to: Sequence) {
        self.with(|table, _| table.keep(digest, from, to));
    }

    /// Says whether the account is changing its password in this session: that change does not end it.
    pub fn set_changing(&self, digest: SessionDigest, changing: bool) {
        self.with(|table, _| table.set_changing(digest, changing));
    }

    /// Lets go of the sessions that have expired, with their keys, which otherwise the next request of anybody does.
    pub fn expire(&self) {
        self.with(SessionTable::expire);
    }

    /// How many sessions there are now: not signed in, signed in, remembered as ended.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        self.with(|table, now| {
            table.expire(now);
            table.counts()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut SessionTable, Instant) -> T) -> T {
        // The time is read under the lock, so that it never goes back from one operation to the next.
        let mut table: MutexGuard<'_, _> = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        work(&mut table, now)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
