//! `SessionTable`: all sessions with their limits; pure, the time is handed in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crmconf_events::{AccountId, Sequence, SessionDigest};
use thiserror::Error;

use super::address::AddressKey;
use super::limits::SessionLimits;
use super::secrets::TransportKey;

/// Why there is no session for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// The request names none (10301).
    #[error("the request names no session")]
    Missing,
    /// There is none with this id, or not any more (10302).
    #[error("there is no such session, or it has expired")]
    Unknown,
    /// Nobody has signed in to it (10305).
    #[error("nobody has signed in to this session")]
    NotAuthenticated,
    /// Its account was disabled or deleted, or its password or grants changed (10307).
    #[error("this session is no longer valid; sign in again")]
    NoLongerValid,
}

/// Why no session was created (10105).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CreateError {
    /// This address has its full number of sessions that nobody has signed in to.
    #[error("too many sessions of this address wait to be signed in to; try again in a minute")]
    Busy,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a session: {0}")]
    Random(getrandom::Error),
}

/// Why nobody was signed in to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BindError {
    /// The session is gone, or was ended.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Somebody has signed in to it already; it stays as it is (10108).
    #[error("somebody has signed in to this session already")]
    AlreadyBound,
    /// There are as many sessions as there may be (10105).
    #[error("there are too many sessions; try again later")]
    Busy,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a session's key: {0}")]
    Random(getrandom::Error),
    /// The account changed while its password was being verified.
    #[error("the account has changed")]
    AccountChanged,
}

/// A session as a request finds it.
#[derive(Clone, Debug)]
pub struct Session {
    /// What stands for it in the log.
    pub digest: SessionDigest,
    /// Who has signed in to it.
    pub bound: Option<Binding>,
}

/// Who has signed in to a session.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The account.
    pub account: AccountId,
    /// The account's version when it signed in. Under another one the session is not valid any more.
    pub version: Sequence,
    /// The session's own key.
    pub key: Arc<TransportKey>,
    /// Whether the account is changing its password in this session, which that change does not end.
    pub changing: bool,
}

/// All sessions. No operation looks at more of them than it ends.
#[derive(Debug)]
pub struct SessionTable {
    limits: SessionLimits,
    entries: HashMap<SessionDigest, Entry>,
    /// Not signed in, in order of creation.
    unbound: BTreeMap<u64, SessionDigest>,
    unbound_by_address: HashMap<AddressKey, usize>,
    /// Signed in, the least recently used first.
    bound_by_use: BTreeMap<u64, SessionDigest>,
    /// Signed in, the soonest to reach its full lifetime first.
    bound_by_birth: BTreeMap<(Instant, u64), SessionDigest>,
    bound_by_account: HashMap<AccountId, BTreeMap<u64, SessionDigest>>,
    /// Ended early, the soonest forgotten first.
    revoked: BTreeMap<(Instant, u64), SessionDigest>,
    /// Numbers uses and creations; each number stands for one.
    last_tick: u64,
}

#[derive(Debug)]
enum Entry {
    Unbound { address: AddressKey, born: Instant, tick: u64 },
    Bound(Bound),
    Revoked,
}

#[derive(Debug)]
struct Bound {
    binding: Binding,
    born: Instant,
    birth_tick: u64,
    used: Instant,
    use_tick: u64,
}

impl SessionTable {
    /// An empty table.
    #[must_use]
    pub fn new(limits: SessionLimits) -> Self {
        Self {
            limits: limits.bounded(),
            entries: HashMap::new(),
            unbound: BTreeMap::new(),
            unbound_by_address: HashMap::new(),
            bound_by_use: BTreeMap::new(),
            bound_by_birth: BTreeMap::new(),
            bound_by_account: HashMap::new(),
            revoked: BTreeMap::new(),
            last_tick: 0,
        }
    }

    /// Adds a session that nobody has signed in to.
    ///
    /// # Errors
    /// [`CreateError::Busy`] when the address has its full number of them.
    pub fn create(
        &mut self,
        digest: SessionDigest,
        address: AddressKey,
        now: Instant,
    ) -> Result<(), CreateError> {
        self.expire(now);
        let of_address = self.unbound_by_address.get(&address).copied().unwrap_or_default();
        if of_address >= self.limits.unauthenticated_per_address_max {
            return Err(CreateError::Busy);
        }
        if self.unbound.len() >= self.limits.unauthenticated_max
            && let Some((_, oldest)) = self.unbound.first_key_value()
        {
            self.remove(*oldest);
        }
        let tick = self.tick();
        self.unbound.insert(tick, digest);
        // Counted anew: the one that gave way may have been of this address.
        let of_address = self.unbound_by_address.entry(address).or_default();
        *of_address = of_address.saturating_add(1);
        self.entries.insert(digest, Entry::Unbound { address, born: now, tick });
        Ok(())
    }

    /// Finds a session, signed in or not, and counts this as a use of it.
    ///
    /// # Errors
    /// [`SessionError::Unknown`] and [`SessionError::NoLongerValid`].
    pub fn lookup(&mut self, digest: SessionDigest, now: Instant) -> Result<Session, SessionError> {
        self.expire(now);
        let tick = self.tick();
        match self.entries.get_mut(&digest) {
            None => Err(SessionError::Unknown),
            Some(Entry::Revoked) => Err(SessionError::NoLongerValid),
            Some(Entry::Unbound { .. }) => Ok(Session { digest, bound: None }),
            Some(Entry::Bound(bound)) => {
                let before = std::mem::replace(&mut bound.use_tick, tick);
                bound.used = now;
                let binding = bound.binding.clone();
                self.bound_by_use.remove(&before);
                self.bound_by_use.insert(tick, digest);
                let of_account = self.bound_by_account.entry(binding.account).or_default();
                of_account.remove(&before);
                of_account.insert(tick, digest);
                Ok(Session { digest, bound: Some(binding) })
            }
        }
    }

    /// Signs an account in to a session.
    ///
    /// # Errors
    /// When the session is gone, ended or signed in to already, or there are too many; it stays as it is.
    pub fn bind(&mut self, digest: SessionDigest, binding: Binding, now: Instant) -> Result<(), BindError> {
        self.expire(now);
        let born = match self.entries.get(&digest) {
            None => return Err(SessionError::Unknown.into()),
            Some(Entry::Revoked) => return Err(SessionError::NoLongerValid.into()),
            Some(Entry::Bound(_)) => return Err(BindError::AlreadyBound),
            Some(Entry::Unbound { born, .. }) => *born,
        };
        let account = binding.account;
        self.make_room(account)?;
        self.remove(digest);
        let (use_tick, birth_tick) = (self.tick(), self.tick());
        self.bound_by_use.insert(use_tick, digest);
        self.bound_by_birth.insert((born, birth_tick), digest);
        self.bound_by_account.entry(account).or_default().insert(use_tick, digest);
        let bound = Bound { binding, born, birth_tick, used: now, use_tick };
        self.entries.insert(digest, Entry::Bound(bound));
        Ok(())
    }

    /// Makes room for one more session of an account, at the cost of its least recently used one if it must be.
    fn make_room(&mut self, account: AccountId) -> Result<(), BindError> {
        let of_account = self.bound_by_account.get(&account);
        let full = of_account.is_some_and(|of| of.len() >= self.limits.authenticated_per_account_max);
        match of_account.and_then(BTreeMap::first_key_value) {
            Some((_, least_recent)) if full => self.remove(*least_recent),
            Some(_) | None if self.bound_by_use.len() >= self.limits.authenticated_max => {
                return Err(BindError::Busy);
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Ends a session at its holder's wish, or after a failed attempt to sign in to it.
    pub fn remove(&mut self, digest: SessionDigest) {
        match self.entries.remove(&digest) {
            None => {}
            // What was ended stays known as ended.
            Some(Entry::Revoked) => {
                self.entries.insert(digest, Entry::Revoked);
            }
            Some(Entry::Unbound { address, tick, .. }) => {
                self.unbound.remove(&tick);
                let left = self.unbound_by_address.get(&address).map_or(0, |count| count.saturating_sub(1));
                if left == 0 {
                    self.unbound_by_address.remove(&address);
                } else {
                    self.unbound_by_address.insert(address, left);
                }
            }
            Some(Entry::Bound(bound)) => self.unlink(&bound),
        }
    }

    fn unlink(&mut self, bound: &Bound) {
        self.bound_by_use.remove(&bound.use_tick);
        self.bound_by_birth.remove(&(bound.born, bound.birth_tick));
        if let Some(of_account) = self.bound_by_account.get_mut(&bound.binding.account) {
            of_account.remove(&bound.use_tick);
            if of_account.is_empty() {
                self.bound_by_account.remove(&bound.binding.account);
            }
        }
    }

    /// Has a session follow its account to this version: the one in which it changed its own password.
    pub fn keep(&mut self, digest: SessionDigest, from: Sequence, to: Sequence) {
        if let Some(Entry::Bound(bound)) = self.entries.get_mut(&digest)
            && bound.binding.version == from
        {
            bound.binding.version = to;
        }
    }

    /// Says whether the account is changing its password in this session.
    pub fn set_changing(&mut self, digest: SessionDigest, changing: bool) {
        if let Some(Entry::Bound(bound)) = self.entries.get_mut(&digest) {
            bound.binding.changing = changing;
        }
    }

    /// Ends a session because its account has another version than this one, with which the session was found: one that
    /// was kept meanwhile stays. Until it would have expired it is told from unknown ones. Whether it was ended.
    pub fn revoke(&mut self, digest: SessionDigest, found: Sequence, now: Instant) -> bool {
        self.expire(now);
        let until = match self.entries.get(&digest) {
            Some(Entry::Bound(bound)) if bound.binding.version == found => bound.expires(&self.limits),
            Some(Entry::Bound(_) | Entry::Unbound { .. } | Entry::Revoked) | None => return false,
        };
        self.remove(digest);
        if self.revoked.len() >= self.limits.revoked_max
            && let Some((_, forgotten)) = self.revoked.pop_first()
        {
            self.entries.remove(&forgotten);
        }
        let tick = self.tick();
        self.revoked.insert((until, tick), digest);
        self.entries.insert(digest, Entry::Revoked);
        true
    }

    /// Removes what has expired. Each queue is in order of expiry, so that only what goes is looked at.
    pub fn expire(&mut self, now: Instant) {
        while let Some((tick, digest)) = self.unbound.first_key_value().map(|(tick, digest)| (*tick, *digest))
        {
            match self.entries.get(&digest) {
                Some(Entry::Unbound { born, .. }) if now < *born + self.limits.unauthenticated_lifetime => {
                    break;
                }
                Some(_) | None => self.remove(digest),
            }
            self.unbound.remove(&tick);
        }
        while let Some((tick, digest)) =
            self.bound_by_use.first_key_value().map(|(tick, digest)| (*tick, *digest))
        {
            if self.remove_if_expired(digest, now) {
                self.bound_by_use.remove(&tick);
            } else {
                break;
            }
        }
        while let Some((birth, digest)) =
            self.bound_by_birth.first_key_value().map(|(birth, digest)| (*birth, *digest))
        {
            if self.remove_if_expired(digest, now) {
                self.bound_by_birth.remove(&birth);
            } else {
                break;
            }
        }
        while let Some(first) = self.revoked.first_entry().filter(|first| first.key().0 <= now) {
            self.entries.remove(&first.remove());
        }
    }

    /// Whether a session that is signed in to has expired, and is gone now.
    fn remove_if_expired(&mut self, digest: SessionDigest, now: Instant) -> bool {
        let lives = match self.entries.get(&digest) {
            Some(Entry::Bound(bound)) => now < bound.expires(&self.limits),
            Some(Entry::Unbound { .. } | Entry::Revoked) | None => false,
        };
        if !lives {
            self.remove(digest);
        }
        !lives
    }

    fn tick(&mut self) -> u64 {
        self.last_tick = self.last_tick.saturating_add(1);
        self.last_tick
    }

    /// How many sessions there are: not signed in, signed in, remembered as ended.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        [self.unbound.len(), self.bound_by_use.len(), self.revoked.len()]
    }
}

impl Bound {
    fn expires(&self, limits: &SessionLimits) -> Instant {
        (self.used + limits.idle).min(self.born + limits.lifetime)
    }
}

#[cfg(test)]
mod tests;
