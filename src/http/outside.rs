//! Answers to what is no request to an operation: other paths, other methods.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::fail;
use super::api::address;
use super::app::{Service, XML_PATH};
use super::code::Code;
use super::error::ApiError;
use super::trace;
use super::xml::Namespace;

/// 405 where requests are answered.
pub(super) async fn post_only(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    method_not_allowed(&request, &service, "Requests are sent by POST.", "POST")
}

/// 405 where health is told.
pub(super) async fn get_only(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    method_not_allowed(&request, &service, "Health is asked for by GET or HEAD.", "GET, HEAD")
}

/// 405 with `Allow`.
fn method_not_allowed(
    request: &HttpRequest,
    service: &Service,
    message: &str,
    allowed: &'static str,
) -> HttpResponse {
    let error = ApiError::with(Code::Operation, message).status(StatusCode::METHOD_NOT_ALLOWED);
    trace::begin(address(request), service.metrics()).turned_away(&error);
    let mut response = fail(&error, None, Namespace::Bare);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// 404.
pub(super) async fn not_found(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    let message = format!("There is nothing at this path; requests go to {XML_PATH}.");
    let error = ApiError::with(Code::Operation, message).status(StatusCode::NOT_FOUND);
    trace::begin(address(&request), service.metrics()).turned_away(&error);
    fail(&error, None, Namespace::Bare)
}
