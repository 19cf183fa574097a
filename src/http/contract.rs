//! The contract that clients are made from: the XML Schema of raw XML, and the WSDL with the same types in a namespace.

mod address;
mod wsdl;
mod xsd;

use actix_web::guard::GuardContext;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

pub use address::PublicAddress;

use super::answer::{Form, fail};
use super::app::{SOAP_PATH, Service};
use super::error::ApiError;
use super::xml::Namespace;

/// Whether a request asks for the WSDL: `?wsdl`, as tools write it in either case, whatever else they add.
pub(super) fn asks_for_wsdl(context: &GuardContext<'_>) -> bool {
    let query = context.head().uri.query().unwrap_or_default();
    query.split('&').any(|pair| pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("wsdl")))
}

/// The WSDL, with the address that this client reaches the server at.
pub(super) async fn wsdl(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    let Some(address) = service.public_address().of(&request) else {
        // RFC 9112, section 3.2: a request must name the host that it is sent to.
        let message = "The header Host names no host, so that the WSDL cannot say where requests go; the setting public_url can.";
        return fail(&ApiError::invalid(message).status(StatusCode::BAD_REQUEST), None, Form::BARE);
    };
    let mut response = document(wsdl::document(&(address + SOAP_PATH)));
    // Another name for the server is another address in it.
    response.headers_mut().insert(VARY, HeaderValue::from_static("Host"));
    response
}

/// The schema of requests and responses in no namespace, as the API's published pages show them.
pub(super) async fn schema() -> HttpResponse {
    document(xsd::document(Namespace::Bare))
}

fn document(text: String) -> HttpResponse {
    let mut response = HttpResponse::Ok().body(text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, Form::BARE.media_type());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
