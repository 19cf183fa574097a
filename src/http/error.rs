//! `ApiError`: what a client is told when something is refused, and the tables that lead there.
//!
//! Every error of the layers below becomes a code and a message here, in exhaustive matches: a new rejection breaks
//! the build until someone decides what clients are told. A message never holds a value that a client sent, except
//! the names of properties: a value may be a password in the wrong place.

use actix_web::http::StatusCode;
use crmconf_events::access::Refusal;
use crmconf_events::command::PartsFault;
use crmconf_events::decide::Rejection;
use crmconf_events::state::Missing;

use super::code::Code;
use crate::sessions::{AuthenticateError, CreateError, SessionError};
use crate::writer::WriteError;

/// After how many seconds a client that was turned away may try again.
const RETRY_AFTER_S: u32 = 1;
/// The same where sessions have to expire first: as long as one that nobody signs in to lives.
const RETRY_AFTER_SESSIONS_S: u32 = 60;

/// A refusal as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Its code.
    pub code: Code,
    /// What the client is told; the code's own message if empty.
    pub message: String,
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

    /// A refusal with a message of its own.
    #[must_use]
    pub fn with(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: StatusCode::OK, retry_after_s: None }
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
        Self::with(Code::PropertyMissing, format!("The property {name} is missing."))
    }

    /// The service is busy: 503, try again.
    #[must_use]
    pub fn busy(message: impl Into<String>) -> Self {
        let mut error = Self::with(Code::Maintenance, message).status(StatusCode::SERVICE_UNAVAILABLE);
        error.retry_after_s = Some(RETRY_AFTER_S);
        error
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
            PartsFault::TemplateUnavailable(why) => Self::with(
                Code::TemplateUnavailable,
                format!("{} {why}", Code::TemplateUnavailable.message()),
            ),
            PartsFault::Configuration(why) => {
                Self::with(Code::ConfigurationInvalid, format!("CRMConfiguration is invalid: {why}."))
            }
            PartsFault::Common(why) => {
                Self::with(Code::CommonInvalid, format!("CRMConfigurationCommon is invalid: {why}."))
            }
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::AccountGone => Self::new(Code::AuthenticationFailed),
            Rejection::Refused(refusal) => refusal.into(),
            Rejection::RequestKeyReused => Self::new(Code::RequestKeyReused),
            Rejection::NotInDirectory(missing) => missing.into(),
            Rejection::NoSuchConfiguration => Self::new(Code::NoSuchConfiguration),
            Rejection::VersionConflict { current } => Self::with(
                Code::VersionConflict,
                format!("The CRM Configuration has version {current}, not the one expected."),
            ),
            Rejection::CrmTypeDiffers => {
                Self::invalid("CRMType is read-only and differs from the stored one.")
            }
            Rejection::Parts(fault) => fault.into(),
            Rejection::DuplicateName => Self::new(Code::Duplicate),
            Rejection::StoreExists => Self::with(Code::Unknown, "The store exists already."),
        }
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Rejected(rejection) => rejection.into(),
            WriteError::Unavailable(_) => Self::new(Code::StoreUnavailable),
            WriteError::Unknown(_) => Self::with(
                Code::StoreUnavailable,
                "The outcome is not known: the store failed while the change was written. Repeat the request with \
                 the same RequestKey when the store is back.",
            ),
            WriteError::Overloaded => Self::busy("Too many changes are waiting; try again later."),
            WriteError::Draining => Self::busy("The server is shutting down; try again later."),
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
            CreateError::Random => Self::new(Code::Unknown),
        }
    }
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Session(error) => error.into(),
            AuthenticateError::AlreadyBound => Self::invalid("The session is authenticated already."),
            AuthenticateError::Failed => Self::new(Code::AuthenticationFailed),
            AuthenticateError::Busy => Self::busy("Too many are signing in; try again later."),
        }
    }
}
