//! How an answer becomes an HTTP response.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, RETRY_AFTER};

use super::error::ApiError;
use super::xml::{Namespace, Payload, Response};

/// The type of every answer.
const XML_TYPE: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
/// Bears the new id on every successful Add.
const CONFIGURATION_ID: HeaderName = HeaderName::from_static("x-crmconfigurationid");

/// What a successful operation answers.
#[derive(Default)]
pub struct Answer {
    /// What stands in `Success`; without it the answer is the seed's bare success.
    pub payload: Option<Payload>,
    /// The id that an Add gave out.
    pub configuration_id: Option<String>,
    /// What an Info's answer is told from others by.
    pub etag: Option<String>,
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

/// A success as HTTP.
#[must_use]
pub fn success(answer: Answer, invoke_id: &str, namespace: Namespace) -> HttpResponse {
    let Answer { payload, configuration_id, etag } = answer;
    let response = match payload {
        None => Response::success(invoke_id, namespace),
        Some(payload) => Response::success_with(invoke_id, namespace, payload),
    };
    let mut http = HttpResponse::Ok().body(response.into_bytes());
    http.headers_mut().insert(CONTENT_TYPE, XML_TYPE);
    for (name, value) in [(CONFIGURATION_ID, configuration_id), (ETAG, etag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            http.headers_mut().insert(name, value);
        }
    }
    http
}

/// A refusal as HTTP.
#[must_use]
pub fn fail(error: &ApiError, invoke_id: Option<&str>, namespace: Namespace) -> HttpResponse {
    let response = Response::fail(invoke_id, namespace, error.code.number(), &error.message);
    let mut http = HttpResponse::build(error.status).body(response.into_bytes());
    http.headers_mut().insert(CONTENT_TYPE, XML_TYPE);
    if let Some(seconds) = error.retry_after_s {
        http.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    http
}
