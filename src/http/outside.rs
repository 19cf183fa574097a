//! Answers to what is no request to an operation: other paths, other methods.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};

use super::answer::fail;
use super::app::XML_PATH;
use super::code::Code;
use super::error::ApiError;
use super::xml::Namespace;

/// 405 with `Allow`.
pub(super) async fn method_not_allowed() -> HttpResponse {
    let error =
        ApiError::with(Code::Operation, "Requests are sent by POST.").status(StatusCode::METHOD_NOT_ALLOWED);
    let mut response = fail(&error, None, Namespace::Bare);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// 404.
pub(super) async fn not_found() -> HttpResponse {
    let message = format!("There is nothing at this path; requests go to {XML_PATH}.");
    fail(&ApiError::with(Code::Operation, message).status(StatusCode::NOT_FOUND), None, Namespace::Bare)
}
