//! `ApiError`: what a client and what the operator are told when something is refused, and the tables that lead there.
//!
//! Every error of the layers below becomes a code and two messages here, in exhaustive matches: a new rejection breaks
//! the build until someone decides what is told. The client's message never holds a value that a client sent, except
//! the names of properties: a value may be a password in the wrong place. The log's holds nothing at all that a client
//! sent, and says what a client is not told: what broke inside.

use std::borrow::Cow;
use std::fmt::Display;

use actix_web::http::StatusCode;
use crmconf_events::access::Refusal;
use crmconf_events::command::{CredentialFault, PartsFault};
use crmconf_events::decide::{ACCOUNTS_MAX, Rejection};
use crmconf_events::state::Missing;
use tracing::Level;

use super::app::Unready;
use super::code::{ACCOUNT_OUTCOME_NOT_KNOWN, BUCKET_LACKING, Code, NOT_DESTROYED, OUTCOME_NOT_KNOWN};
use super::operations::directory::{in_use, orphans};
use crate::accounts::AccountError;
use crate::directory::Format;
use crate::sessions::{AuthenticateError, CheckerError, ConfirmError, CreateError, SessionError};
use crate::templates::PartFault;
use crate::transport::TransportError;
use crate::writer::WriteError;

/// After how many seconds a client that was turned away may try again.
const RETRY_AFTER_S: u32 = 1;
/// The same where sessions have to expire first: as long as one that nobody signs in to lives.
const RETRY_AFTER_SESSIONS_S: u32 = 60;

/// A refusal as a client and as the operator see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Its code.
    pub code: Code,
    /// What the client is told.
    pub message: String,
    /// What the log says: free of secrets, and of what a client sent.
    pub log: Cow<'static, str>,
    /// How much it concerns the operator: `INFO` where a client was wrong, `WARN` where the server was too busy,
    /// `ERROR` where something broke.
    pub level: Level,
    /// The HTTP status; 200 for everything that was understood.
    pub status: StatusCode,
    /// After how many seconds to try again.
    pub retry_after_s: Option<u32>,
}

impl ApiError {
    /// A refusal with the code's own message.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self::with(code, code.message())
    }

    /// A refusal with a message of its own. The log has the code's, since a message may name what a client sent.
    #[must_use]
    pub fn with(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            log: Cow::Borrowed(code.message()),
            level: Level::INFO,
            status: StatusCode::OK,
            retry_after_s: None,
        }
    }

    /// The same because something broke: what, for the operator alone.
    #[must_use]
    pub fn broken(self, what: impl Display) -> Self {
        Self { log: Cow::Owned(what.to_string()), level: Level::ERROR, ..self }
    }

    /// The same under another HTTP status.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// A property is invalid.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::with(Code::PropertyInvalid, message)
    }

    /// A compulsory property is missing.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        Self::with(Code::PropertyMissing, Code::PropertyMissing.with(name))
    }

    /// The service is busy, in words of its own: 503, try again.
    #[must_use]
    pub fn busy(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            log: Cow::Owned(message.clone()),
            level: Level::WARN,
            retry_after_s: Some(RETRY_AFTER_S),
            ..Self::with(Code::Maintenance, message).status(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(match refusal {
            Refusal::TelSys => Code::NoGrantTelSys,
            Refusal::Partition => Code::NoGrantPartition,
            Refusal::Device => Code::NoGrantDevice,
            Refusal::EveryTelSys => Code::NoGrantEveryTelSys,
            Refusal::Modify => Code::NoGrantModify,
            Refusal::Audit => Code::NoGrantAudit,
        })
    }
}

impl From<Missing> for ApiError {
    fn from(missing: Missing) -> Self {
        Self::new(match missing {
            Missing::TelSys => Code::NoSuchTelSys,
            Missing::Partition => Code::NoSuchPartition,
            Missing::Device => Code::NoSuchDevice,
        })
    }
}

impl From<PartsFault> for ApiError {
    fn from(fault: PartsFault) -> Self {
        match fault {
            PartsFault::UnknownType => Self::new(Code::CrmTypeUnknown),
            PartsFault::TemplateUnavailable(why) => {
                Self::with(Code::TemplateUnavailable, Code::TemplateUnavailable.with(why))
            }
            PartsFault::KeyUnavailable(why) => {
                Self::with(Code::Unresolved, Code::Unresolved.with("a data key")).broken(why)
            }
            PartsFault::Configuration(why) => {
                Self::with(Code::ConfigurationInvalid, Code::ConfigurationInvalid.with(why))
            }
            PartsFault::InClear(field) => {
                let field = PartFault::field(&field, "");
                let why = format_args!("{} {}", field.pointer(), TransportError::NotSealed);
                Self::with(Code::ConfigurationInvalid, Code::ConfigurationInvalid.with(why))
            }
            PartsFault::Common(why) => Self::with(Code::CommonInvalid, Code::CommonInvalid.with(why)),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::AccountGone => Self::new(Code::AuthenticationFailed),
            Rejection::Refused(refusal) => refusal.into(),
            Rejection::NotAdministrator => Self::new(Code::OperationForbidden),
            Rejection::RequestKeyReused => Self::new(Code::RequestKeyReused),
            Rejection::NotInDirectory(missing) => missing.into(),
            Rejection::TooManyAccounts => {
                Self::invalid(format!("There may be {ACCOUNTS_MAX} accounts at most, deleted ones included."))
            }
            Rejection::NoSuchAccount => Self::new(Code::NoSuchAccount),
            Rejection::LastAdministrator => Self::new(Code::LastAdministrator),
            Rejection::Credential(fault) => fault.into(),
            Rejection::AccountVersionConflict { current } => Self::with(
                Code::VersionConflict,
                format!("The account has another version than expected: it has version {current}."),
            ),
            Rejection::CredentialReplaced => {
                Self::busy("The account was changed meanwhile; try again later.")
            }
            Rejection::ParentsMissing(found) => orphans(&found, Format::Csv),
            Rejection::EntriesInUse(found) => in_use(&found),
            Rejection::NoSuchConfiguration => Self::new(Code::NoSuchConfiguration),
            Rejection::VersionConflict { current } => Self::with(
                Code::VersionConflict,
                Code::VersionConflict.with(format_args!("it has version {current}")),
            ),
            Rejection::CrmTypeDiffers => {
                Self::invalid("CRMType is read-only and differs from the stored one.")
            }
            Rejection::Parts(fault) => fault.into(),
            Rejection::DuplicateName => Self::new(Code::Duplicate),
            Rejection::DestructionHeld | Rejection::NotForCallers => {
                Self::with(Code::Unknown, format!("The server asked in vain: {rejection}."))
            }
            Rejection::DestructionNotHeld => {
                Self::invalid("The destruction of keys is not held; there is nothing to resume.")
            }
            Rejection::StoreExists => Self::with(Code::Unknown, "The store exists already."),
        }
    }
}

impl From<CredentialFault> for ApiError {
    fn from(fault: CredentialFault) -> Self {
        match fault {
            CredentialFault::NameTaken => Self::new(Code::AccountNameTaken),
            CredentialFault::PasswordRefused => Self::new(Code::PasswordRefused),
            CredentialFault::Lost => Self::with(
                Code::Unresolved,
                "The account's name and password were lost; give it both anew, NewUserName and Password.",
            ),
        }
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Rejected(rejection) => rejection.into(),
            WriteError::Unavailable(why) => Self::new(Code::StoreUnavailable).broken(why),
            WriteError::DataKey(why) => {
                Self::with(Code::Unresolved, Code::Unresolved.with("a data key")).broken(why)
            }
            WriteError::NotDestroyed(why) => Self::with(Code::StoreUnavailable, NOT_DESTROYED).broken(why),
            WriteError::BucketLacking => Self::with(Code::StoreUnavailable, BUCKET_LACKING).broken(error),
            WriteError::Unknown(why) => Self::with(Code::StoreUnavailable, OUTCOME_NOT_KNOWN)
                .broken(format_args!("the outcome of a change is not known: {why}")),
            WriteError::Overloaded => Self::busy("Too many changes are waiting; try again later."),
            WriteError::Draining => Self::busy("The server is shutting down; try again later."),
        }
    }
}

impl From<Unready> for ApiError {
    fn from(unready: Unready) -> Self {
        match unready {
            Unready::Starting(progress) => Self::busy(format!("The server is starting: {progress}.")),
            Unready::Stopping => Self::from(WriteError::Draining),
        }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        Self::new(match error {
            SessionError::Missing => Code::SessionMissing,
            SessionError::Unknown => Code::SessionUnknown,
            SessionError::NotAuthenticated => Code::NotAuthenticated,
            SessionError::NoLongerValid => Code::AuthenticationFailed,
        })
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Busy => Self {
                retry_after_s: Some(RETRY_AFTER_SESSIONS_S),
                ..Self::busy("Too many sessions of this address wait for Authenticate; try again later.")
                    .status(StatusCode::TOO_MANY_REQUESTS)
            },
            CreateError::Random(_) => Self::new(Code::Unknown).broken(error),
        }
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Session(error) => error.into(),
            AuthenticateError::AlreadyBound | AuthenticateError::FailedBeside(_) => {
                Self::invalid("The session is authenticated already.")
            }
            AuthenticateError::Failed(_) => Self::new(Code::AuthenticationFailed),
            AuthenticateError::Busy => Self::busy("Too many are signing in; try again later."),
            AuthenticateError::Unchecked(_) | AuthenticateError::Random(_) => {
                Self::busy("Signing in is not possible now; try again later.").broken(error)
            }
        }
    }
}

impl From<CheckerError> for ApiError {
    fn from(error: CheckerError) -> Self {
        match error {
            CheckerError::Busy => Self::busy("Too many passwords are being worked on; try again later."),
            CheckerError::Failed(_) => {
                Self::busy("Passwords cannot be set now; try again later.").broken(error)
            }
        }
    }
}

impl From<ConfirmError> for ApiError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Failed | ConfirmError::Throttled => Self::new(Code::AuthenticationFailed),
            ConfirmError::Busy => CheckerError::Busy.into(),
            ConfirmError::Unchecked(cause) => CheckerError::Failed(cause).into(),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Write(WriteError::Unknown(why)) => {
                Self { message: ACCOUNT_OUTCOME_NOT_KNOWN.into(), ..WriteError::Unknown(why).into() }
            }
            AccountError::Write(error) => error.into(),
            AccountError::Password(error) => error.into(),
            AccountError::Vault(_) => Self::new(Code::StoreUnavailable).broken(error),
            AccountError::Contended => Rejection::CredentialReplaced.into(),
            AccountError::CutOff(cause) => {
                Self::from(AccountError::Write(WriteError::Unknown(cause.to_string())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::VerifierError;

    #[test]
    fn what_broke_is_told_to_the_operator_at_error_level_and_to_no_client() {
        let random = getrandom::Error::UNSUPPORTED;
        for (error, cause) in [
            (WriteError::Unavailable("/data/00000002.crmj: full".into()).into(), "00000002.crmj: full"),
            (WriteError::Unknown("cable".into()).into(), "outcome of a change is not known: cable"),
            (CreateError::Random(random).into(), "no random bytes for a session"),
            (AuthenticateError::Random(random).into(), "no key for the session"),
            (AuthenticateError::Unchecked(VerifierError::Hashing).into(), "enough memory"),
        ] {
            let error: ApiError = error;
            assert_eq!(error.level, Level::ERROR, "{error:?}");
            assert!(error.log.contains(cause), "{cause:?} is not in {error:?}");
            assert!(!error.message.contains(cause), "{error:?}");
        }
    }

    #[test]
    fn the_log_says_nothing_that_a_client_sent() {
        let error = ApiError::invalid("The property hunter2 is unknown.");
        assert_eq!((error.log.as_ref(), error.level), ("A property is invalid.", Level::INFO));
        let busy = ApiError::from(WriteError::Overloaded);
        assert_eq!((busy.log.as_ref(), busy.level), (busy.message.as_str(), Level::WARN));
    }
}
