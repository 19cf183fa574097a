//! Signing in: the same text and the same work, whatever was wrong.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crmconf_events::{AccountId, CredentialId, Sequence, SessionDigest};
use thiserror::Error;

use super::address::AddressKey;
use super::checker::{CheckerError, PasswordChecker, PasswordLoad, Slot};
use super::clock::Clock;
use super::secrets::TransportKey;
use super::shared::Sessions;
use super::table::{BindError, SessionError};
use super::tally::{SignIns, Tally};
use super::throttle::{AccountKey, Throttle, Verdict};
use crate::vault::{Credential, FoldedName, Password, Vault, Verifier, VerifierError};

/// How often a name is looked for: a change of the account may come between looking at the vault and at the log.
const LOOKS: usize = 3;

/// How an account stands in the log at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it may sign in at all.
    pub enabled: bool,
    /// Which of the vault's credentials counts.
    pub credential: CredentialId,
    /// The sequence of its last event.
    pub version: Sequence,
}

/// Where the standing of accounts is read; must be quick, and wait for nothing.
pub trait Accounts: Send + Sync {
    /// The account's standing; `None` when there is no such account, or not any more.
    fn standing(&self, account: AccountId) -> Option<Standing>;
}

/// One `Authenticate`.
#[derive(Clone)]
pub struct Attempt<'a> {
    /// The `SessionID`, as the request has it.
    pub session: Option<&'a str>,
    /// The `UserName`, as the request has it.
    pub name: &'a str,
    /// The `Password`.
    pub password: Password,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Shows the address alone: the rest is secret, or may be a password typed into the wrong field.
impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: SessionDigest,
    /// The account.
    pub account: AccountId,
    /// The session's own key; which accounts are told it, their roles say.
    pub transport_key: Arc<TransportKey>,
}

/// What was wrong with an attempt: for the security log, and never for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The account that bears the name which was given, if one does.
    pub account: Option<AccountId>,
    /// Why it came to nothing.
    pub cause: FailureCause,
}

/// Why an attempt came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureCause {
    /// No account bears that name.
    UnknownName,
    /// The account has another password.
    WrongPassword,
    /// The password was right, and the account is disabled.
    AccountDisabled,
    /// The password was right, and the account changed while it was verified.
    AccountChanged,
    /// The password was not tried: too many attempts had failed before.
    Throttled,
}

/// Why nobody was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthenticateError {
    /// The session does not exist or was ended (10301, 10302, 10307).
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Somebody has signed in to this session; it stays (10108).
    #[error("somebody has signed in to this session already")]
    AlreadyBound,
    /// Unknown name, wrong password, throttled or disabled; the session is gone (10307).
    #[error("authentication failed")]
    Failed(Failure),
    /// The same, but another attempt signed in to the session meanwhile; it stays (10108).
    #[error("somebody has signed in to this session already")]
    FailedBeside(Failure),
    /// Overload; the session stays (10105).
    #[error("too many are signing in; try again in a moment")]
    Busy,
    /// The password could not be checked, for a reason that is not its sender's; the session stays (10105).
    #[error("the password could not be checked: {0}")]
    Unchecked(VerifierError),
    /// The operating system gave no random bytes for the session's key; the session stays (10105).
    #[error("no key for the session: {0}")]
    Random(getrandom::Error),
}

/// Why an account's own password was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfirmError {
    /// Wrong password or disabled; the session stays (10307).
    #[error("authentication failed")]
    Failed,
    /// Not tried, since too many attempts had failed before; the session stays (10307).
    #[error("authentication failed")]
    Throttled,
    /// Overload (10105).
    #[error("too many are signing in; try again in a moment")]
    Busy,
    /// The password could not be checked, for a reason that is not its sender's (10105).
    #[error("the password could not be checked: {0}")]
    Unchecked(VerifierError),
}

impl From<CheckerError> for AuthenticateError {
    fn from(error: CheckerError) -> Self {
        match error {
            CheckerError::Busy => Self::Busy,
            CheckerError::Failed(cause) => Self::Unchecked(cause),
        }
    }
}

impl From<CheckerError> for ConfirmError {
    fn from(error: CheckerError) -> Self {
        match error {
            CheckerError::Busy => Self::Busy,
            CheckerError::Failed(cause) => Self::Unchecked(cause),
        }
    }
}

/// Signs accounts in. One for the process, shared by all requests.
pub struct Authenticator {
    vault: Arc<Vault>,
    sessions: Arc<Sessions>,
    checker: PasswordChecker,
    throttle: Mutex<Throttle>,
    clock: Arc<dyn Clock>,
    tally: Tally,
}

/// An account with the credential that counts.
type Candidate = (AccountId, Standing, Arc<Credential>);

impl Authenticator {
    /// An authenticator that nobody has tried yet.
    #[must_use]
    pub fn new(
        vault: Arc<Vault>,
        sessions: Arc<Sessions>,
        checker: PasswordChecker,
        throttle: Throttle,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { vault, sessions, checker, throttle: Mutex::new(throttle), clock, tally: Tally::default() }
    }

    /// `Authenticate`: signs an account in to a session.
    ///
    /// # Errors
    /// See [`AuthenticateError`]. After `Failed` the session is gone.
    pub async fn authenticate(
        &self,
        accounts: &dyn Accounts,
        attempt: Attempt<'_>,
    ) -> Result<SignedIn, AuthenticateError> {
        let outcome = self.sign_in(accounts, attempt).await;
        self.tally.count(&outcome);
        outcome
    }

    async fn sign_in(
        &self,
        accounts: &dyn Accounts,
        attempt: Attempt<'_>,
    ) -> Result<SignedIn, AuthenticateError> {
        let session = self.sessions.lookup(attempt.session)?;
        if session.bound.is_some() {
            return Err(AuthenticateError::AlreadyBound);
        }
        let slot = self.checker.slot().await?;
        let name = FoldedName::of(attempt.name);
        let candidate = self.by_name(accounts, &name);
        let tried = self.try_password(slot, &name, candidate, attempt.password, attempt.address).await?;
        let (account, standing) = tried.map_err(|failure| self.failed(session.digest, failure))?;
        let unchanged = || accounts.standing(account) == Some(standing);
        let transport_key = match self.sessions.bind(session.digest, account, standing.version, unchanged) {
            Ok(key) => key,
            Err(BindError::Session(error)) => return Err(error.into()),
            Err(BindError::AlreadyBound) => return Err(AuthenticateError::AlreadyBound),
            Err(BindError::Busy) => return Err(AuthenticateError::Busy),
            Err(BindError::Random(cause)) => return Err(AuthenticateError::Random(cause)),
            Err(BindError::AccountChanged) => {
                let cause = FailureCause::AccountChanged;
                return Err(self.failed(session.digest, Failure { account: Some(account), cause }));
            }
        };
        Ok(SignedIn { session: session.digest, account, transport_key })
    }

    /// Ends the session of a failed attempt. Another attempt may have signed in to it meanwhile: then it stays.
    fn failed(&self, session: SessionDigest, failure: Failure) -> AuthenticateError {
        if self.sessions.end_unless_signed_in(session) {
            AuthenticateError::Failed(failure)
        } else {
            AuthenticateError::FailedBeside(failure)
        }
    }

    /// Whether this is the account's present password, as `PasswordChange` asks, and how the account stood then. A wrong
    /// one counts as a failure to sign in, and ends no session.
    ///
    /// # Errors
    /// See [`ConfirmError`].
    pub async fn confirm(
        &self,
        accounts: &dyn Accounts,
        account: AccountId,
        password: Password,
        address: IpAddr,
    ) -> Result<Standing, ConfirmError> {
        let slot = self.checker.slot().await?;
        let candidate = accounts.standing(account).and_then(|standing| {
            let credential = self.vault.credential(standing.credential)?;
            Some((account, standing, credential))
        });
        // Without a credential there is no name to count under; the address still counts.
        let name = candidate
            .as_ref()
            .map_or_else(|| FoldedName::of(""), |(_, _, credential)| credential.name().folded().clone());
        match self.try_password(slot, &name, candidate, password, address).await {
            Ok(Ok((_, standing))) => Ok(standing),
            Ok(Err(Failure { cause: FailureCause::Throttled, .. })) => Err(ConfirmError::Throttled),
            Ok(Err(_)) => Err(ConfirmError::Failed),
            Err(error) => Err(error.into()),
        }
    }

    /// Does one verification, and tells whose password it was or what was wrong.
    async fn try_password(
        &self,
        slot: Slot,
        name: &FoldedName,
        candidate: Option<Candidate>,
        password: Password,
        address: IpAddr,
    ) -> Result<Result<(AccountId, Standing), Failure>, CheckerError> {
        let (account_key, address) = (AccountKey::of(name), AddressKey::of(address));
        let verdict = self.throttle().begin(account_key, address, self.clock.now());
        let verifier = match verdict {
            Verdict::Try => {
                candidate.as_ref().map(|(_, _, credential)| Verifier::clone(credential.verifier()))
            }
            Verdict::Dummy => {
                self.tally.throttled();
                None
            }
        };
        let verified = slot.verify(password, verifier).await;
        let candidate = candidate.map(|(account, standing, _)| (account, standing));
        let passed = candidate.filter(|(_, standing)| matches!(verified, Ok(true)) && standing.enabled);
        match (&passed, &verified, verdict) {
            (Some(_), _, _) => self.throttle().succeeded(account_key, address, self.clock.now()),
            (None, Err(_), Verdict::Try) => {
                self.throttle().not_tried(account_key, address, self.clock.now());
            }
            (None, Ok(_), Verdict::Try) | (None, _, Verdict::Dummy) => {}
        }
        let fits = verified?;
        Ok(passed.ok_or_else(|| Failure::of(candidate, verdict, fits)))
    }

    /// The account that bears a name, with the credential that the log says counts. The vault may hold another one
    /// under that name, whose event was not appended yet.
    fn by_name(&self, accounts: &dyn Accounts, name: &FoldedName) -> Option<Candidate> {
        (0..LOOKS).find_map(|_| {
            self.vault.find(name).into_iter().find_map(|(id, credential)| {
                let account = credential.account();
                let standing = accounts.standing(account).filter(|standing| standing.credential == id)?;
                Some((account, standing, credential))
            })
        })
    }

    /// How signing in went so far.
    #[must_use]
    pub fn sign_ins(&self) -> SignIns {
        self.tally.read()
    }

    /// How much password work there is now.
    #[must_use]
    pub fn load(&self) -> PasswordLoad {
        self.checker.load()
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failure {
    /// What was wrong with an attempt on this account, if there is one by that name, after its verification.
    fn of(candidate: Option<(AccountId, Standing)>, verdict: Verdict, fits: bool) -> Self {
        let cause = match (verdict, &candidate) {
            (Verdict::Dummy, _) => FailureCause::Throttled,
            (Verdict::Try, None) => FailureCause::UnknownName,
            (Verdict::Try, Some(_)) if fits => FailureCause::AccountDisabled,
            (Verdict::Try, Some(_)) => FailureCause::WrongPassword,
        };
        Self { account: candidate.map(|(account, _)| account), cause }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
