//! `Witness`: what a request tells the security log, and the one place that says which refusals are told to it.

use std::cell::Cell;
use std::net::IpAddr;

use crmconf_events::{AccountId, PartitionId, Scope, SessionDigest, TelSysId};

use super::code::Code;
use super::error::ApiError;
use super::operation::Operation;
use crate::security_log::{Circumstances, Fact, Record, SecurityLog, SignInCause};
use crate::sessions::{AuthenticateError, ConfirmError, CreateError, Failure, FailureCause};

/// Follows one request, and records what an auditor wants to know of it: once, unless its operation has more to say.
pub struct Witness {
    log: SecurityLog,
    request: u64,
    address: IpAddr,
    operation: Option<Operation>,
    session: Cell<Option<SessionDigest>>,
    account: Cell<Option<AccountId>>,
    asked: Cell<(Option<TelSysId>, Option<PartitionId>)>,
    recorded: Cell<bool>,
}

/// Records what came of a request also after its handler has gone: a task that waits for a change takes it along.
#[derive(Clone, Debug)]
pub struct Recorder {
    log: SecurityLog,
    circumstances: Circumstances,
}

impl Recorder {
    /// Records a fact.
    pub fn record(&self, fact: Fact) {
        self.log.record(Record::of(fact).in_request(self.circumstances));
    }
}

/// An attempt to sign in that has not come to an end.
#[derive(Debug)]
pub struct OpenAttempt(Option<Recorder>);

impl OpenAttempt {
    /// It came to an end, which is recorded otherwise.
    pub fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for OpenAttempt {
    fn drop(&mut self) {
        if let Some(recorder) = self.0.take() {
            recorder.record(Fact::SignInFailed { account: None, cause: SignInCause::Abandoned });
        }
    }
}

impl Witness {
    /// Begins with a request under its id in the operator's log.
    #[must_use]
    pub fn of(log: &SecurityLog, request: u64, address: IpAddr, operation: Option<Operation>) -> Self {
        Self {
            log: log.clone(),
            request,
            address,
            operation,
            session: Cell::default(),
            account: Cell::default(),
            asked: Cell::default(),
            recorded: Cell::default(),
        }
    }

    /// The request's session is known, and who has signed in to it, if anybody has.
    pub fn found(&self, session: SessionDigest, account: Option<AccountId>) {
        self.session.set(Some(session));
        self.account.set(account);
    }

    /// Where the request came from.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Who has signed in to the request's session, as far as that is known.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.account.get()
    }

    /// The request asks for this scope.
    pub fn asked(&self, scope: &Scope) {
        self.asked.set((scope.telsys(), scope.partition()));
    }

    /// Begins an attempt to sign in, which is recorded as abandoned unless it comes to an end: a guesser who hangs up
    /// takes its handler along, and has used up an attempt all the same.
    #[must_use]
    pub fn attempt(&self) -> OpenAttempt {
        OpenAttempt(Some(self.recorder()))
    }

    /// Records from here on with what is known so far, wherever it is taken. Whoever takes it records what was done; a
    /// refusal is recorded here all the same.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        let circumstances = Circumstances {
            request: self.request,
            address: self.address,
            operation: self.operation.map_or("none", Operation::name),
            session: self.session.get(),
            account: self.account.get(),
        };
        Recorder { log: self.log.clone(), circumstances }
    }

    /// Records a fact, which takes the place of a refusal's own record.
    pub fn record(&self, fact: Fact) {
        self.recorded.set(true);
        self.recorder().record(fact);
    }

    /// `Authenticate` came to nothing: records it where an attempt was made.
    pub fn not_signed_in(&self, error: &AuthenticateError) {
        match error {
            AuthenticateError::Failed(failure) | AuthenticateError::FailedBeside(failure) => {
                let Failure { account, cause } = *failure;
                self.record(match cause {
                    FailureCause::Throttled => Fact::SignInThrottled { account },
                    FailureCause::UnknownName
                    | FailureCause::WrongPassword
                    | FailureCause::AccountDisabled
                    | FailureCause::AccountChanged => Fact::SignInFailed { account, cause: cause.into() },
                });
            }
            AuthenticateError::Session(_)
            | AuthenticateError::AlreadyBound
            | AuthenticateError::Busy
            | AuthenticateError::Unchecked(_)
            | AuthenticateError::Random(_) => {}
        }
    }

    /// The account's own password was not confirmed: records it where that says something about the password.
    pub fn not_confirmed(&self, error: &ConfirmError) {
        let cause = match error {
            ConfirmError::Failed => SignInCause::WrongPassword,
            ConfirmError::Throttled => SignInCause::Throttled,
            ConfirmError::Busy | ConfirmError::Unchecked(_) => return,
        };
        if let Some(account) = self.account() {
            self.record(Fact::PasswordNotConfirmed { account, cause });
        }
    }

    /// No session was given out: records it where the address has too many.
    pub fn not_created(&self, error: &CreateError) {
        match error {
            CreateError::Busy => self.record(Fact::SessionsRefused {}),
            CreateError::Random(_) => {}
        }
    }

    /// The request was refused: records it where a right was missing and its operation has not recorded it itself.
    pub fn refused(&self, error: &ApiError) {
        if is_want_of_right(error.code) && !self.recorded.get() {
            let (telsys, partition) = self.asked.get();
            let account = self.account();
            self.record(Fact::Refused { account, code: error.code.number(), telsys, partition });
        }
    }
}

/// Whether a code says that somebody lacks a right, and not that a request was wrong or came at a bad time.
const fn is_want_of_right(code: Code) -> bool {
    match code {
        Code::AuthenticationFailed
        | Code::OperationForbidden
        | Code::NoGrantTelSys
        | Code::NoGrantPartition
        | Code::Reserved
        | Code::NoGrantModify
        | Code::NoGrantEveryTelSys
        | Code::NoGrantDevice
        | Code::NoGrantAudit => true,
        Code::Unknown
        | Code::Disabled
        | Code::InvokeIdMissing
        | Code::Operation
        | Code::Unresolved
        | Code::StoreUnavailable
        | Code::Maintenance
        | Code::PropertyMissing
        | Code::PropertyInvalid
        | Code::SessionMissing
        | Code::SessionUnknown
        | Code::NotAuthenticated
        | Code::TelSysMalformed
        | Code::NoSuchTelSys
        | Code::NoSuchPartition
        | Code::NoSuchDevice
        | Code::Duplicate
        | Code::TemplateUnavailable
        | Code::ConfigurationIdMissing
        | Code::NoSuchConfiguration
        | Code::CrmTypeMissing
        | Code::CrmTypeUnknown
        | Code::ConfigurationInvalid
        | Code::CommonInvalid
        | Code::VersionConflict
        | Code::RequestKeyReused
        | Code::AccountNameTaken
        | Code::NoSuchAccount
        | Code::LastAdministrator
        | Code::PasswordRefused
        | Code::DirectoryEntryInUse => false,
    }
}
