//! How an answer becomes an HTTP response.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, RETRY_AFTER};

use super::body::HeldBody;
use super::connection::Answering;
use super::error::ApiError;
use super::room::{Room, TakenRoom};
use super::soap::fault_response;
use super::xml::{Namespace, Payload, Response, SoapVersion};
use crate::security_log::Fact;

/// The type of every answer but those in SOAP 1.2.
const XML_TYPE: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
/// The type of those (RFC 3902).
const SOAP_12_TYPE: HeaderValue = HeaderValue::from_static("application/soap+xml; charset=utf-8");
/// Bears the new id on every successful Add.
const CONFIGURATION_ID: HeaderName = HeaderName::from_static("x-crmconfigurationid");

/// The bytes of large answers that may be held at once, over all connections: those that clients have not taken yet.
pub const ANSWERS_BYTES_MAX: usize = 256 << 20;
/// The longest answer, in bytes. More rows than it has room for are no page to ask for.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Up to this length an answer takes no room: as many of these as there may be connections are little.
const SMALL_ANSWER_BYTES_MAX: usize = 16 << 10;

/// The form in which a request came, and its answer goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The namespace of the request.
    pub namespace: Namespace,
    /// The SOAP envelope that it stood in, if it stood in one.
    pub envelope: Option<SoapVersion>,
}

impl Form {
    /// By itself, in no namespace.
    pub const BARE: Self = Self { namespace: Namespace::Bare, envelope: None };

    /// The media type of an answer.
    pub(super) const fn media_type(self) -> HeaderValue {
        match self.envelope {
            None | Some(SoapVersion::V11) => XML_TYPE,
            Some(SoapVersion::V12) => SOAP_12_TYPE,
        }
    }
}

/// What a successful operation answers.
#[derive(Default)]
pub struct Answer {
    /// What stands in `Success`; without it the answer is the seed's bare success.
    pub payload: Option<Payload>,
    /// The id that an Add gave out.
    pub configuration_id: Option<String>,
    /// What an Info's answer is told from others by.
    pub etag: Option<String>,
    /// What the security log is told when the answer goes out.
    pub disclosed: Option<Fact>,
}

impl Answer {
    /// The seed's bare success.
    #[must_use]
    pub fn bare() -> Self {
        Self::default()
    }

    /// A success with content.
    #[must_use]
    pub fn with(payload: Payload) -> Self {
        Self { payload: Some(payload), ..Self::default() }
    }
}

/// Takes room for an answer, if it is a large one.
///
/// # Errors
/// When the answers that clients have not taken yet leave none.
pub fn room(answer: &Answer, all: &Room) -> Result<Option<TakenRoom>, ApiError> {
    let bytes = answer.payload.as_ref().map_or(0, Payload::len);
    if bytes <= SMALL_ANSWER_BYTES_MAX {
        return Ok(None);
    }
    let mut room = all.share();
    room.take(bytes).map_err(|_| {
        ApiError::busy("Too many large answers are on their way to clients; try again later.")
    })?;
    Ok(Some(room))
}

/// A success as HTTP. A large one keeps its room until the client has taken it, and the connection waits for that.
#[must_use]
pub(super) fn success(
    answer: Answer,
    room: Option<TakenRoom>,
    answering: impl FnOnce() -> Option<Answering>,
    invoke_id: &str,
    form: Form,
) -> HttpResponse {
    let Answer { payload, configuration_id, etag, disclosed: _ } = answer;
    let response = match payload {
        None => Response::success(invoke_id, form.namespace),
        Some(payload) => Response::success_with(invoke_id, form.namespace, payload),
    };
    let bytes = response.into_bytes(form.envelope);
    let mut http = match room {
        None => HttpResponse::Ok().body(bytes),
        Some(room) => HttpResponse::Ok().body(HeldBody::new(bytes, room, answering())),
    };
    http.headers_mut().insert(CONTENT_TYPE, form.media_type());
    for (name, value) in [(CONFIGURATION_ID, configuration_id), (ETAG, etag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            http.headers_mut().insert(name, value);
        }
    }
    http
}

/// A refusal as HTTP. In SOAP it is a fault where it has another status than 200.
#[must_use]
pub fn fail(error: &ApiError, invoke_id: Option<&str>, form: Form) -> HttpResponse {
    let Form { namespace, envelope } = form;
    let mut http = match envelope.filter(|_| error.status != StatusCode::OK) {
        Some(version) => fault_response(error, version, namespace),
        None => {
            let response = Response::fail(invoke_id, namespace, error.code.number(), &error.message);
            HttpResponse::build(error.status).body(response.into_bytes(envelope))
        }
    };
    http.headers_mut().insert(CONTENT_TYPE, form.media_type());
    if let Some(seconds) = error.retry_after_s {
        http.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    http
}
