//! Answers to what is no request to an operation: other paths, other methods.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Form, fail};
use super::api::address;
use super::app::{SOAP_PATH, Service, XML_PATH};
use super::code::Code;
use super::error::ApiError;
use super::intake::Door;
use super::trace;

/// 405 where requests are answered.
pub(super) async fn post_only(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    method_not_allowed(&request, &service, "Requests are sent by POST.", "POST", Form::BARE)
}

/// 405 where requests in SOAP are answered.
pub(super) async fn soap_only(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    let form = Door::Soap.form(&request);
    let message = format!("Requests are sent by POST; the WSDL is at {SOAP_PATH}?wsdl.");
    method_not_allowed(&request, &service, &message, "POST, GET", form)
}

/// 405 where the schema is.
pub(super) async fn get_schema(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    method_not_allowed(&request, &service, "The schema is asked for by GET.", "GET", Form::BARE)
}

/// 405 where health is told.
pub(super) async fn get_only(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    method_not_allowed(&request, &service, "Health is asked for by GET or HEAD.", "GET, HEAD", Form::BARE)
}

/// 405 with `Allow`.
fn method_not_allowed(
    request: &HttpRequest,
    service: &Service,
    message: &str,
    allowed: &'static str,
    form: Form,
) -> HttpResponse {
    let error = ApiError::with(Code::Operation, message).status(StatusCode::METHOD_NOT_ALLOWED);
    trace::begin(address(request), service.metrics()).turned_away(&error);
    let mut response = fail(&error, None, form);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// 404.
pub(super) async fn not_found(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    let message = format!("There is nothing at this path; requests go to {XML_PATH} or {SOAP_PATH}.");
    let error = ApiError::with(Code::Operation, message).status(StatusCode::NOT_FOUND);
    trace::begin(address(&request), service.metrics()).turned_away(&error);
    fail(&error, None, Form::BARE)
}
