//! SOAP over HTTP: faults with their status, and the WSDL and XML Schema that clients are made from.
//!
//! What raw XML answers with another status than 200 is a fault here, the same `Fail` in its detail: under SOAP 1.1 with 500
//! (Note, 6.2), under SOAP 1.2 with 400 where the sender is at fault and else 500 (Part 2, 7.5.2.2); a status that says more
//! to HTTP stays.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;

use super::answer::Form;
use super::code::Code;
use super::error::ApiError;
use super::xml::{FaultCode, Namespace, SoapRule, SoapVersion, fault, push_fail_in};

/// A refusal as a fault.
pub(super) fn fault_response(error: &ApiError, version: SoapVersion, namespace: Namespace) -> HttpResponse {
    let code = code_of(error);
    let detail = |out: &mut _| push_fail_in(out, namespace, error.code.number(), &error.message);
    HttpResponse::build(status(version, &code, error.status)).body(fault(
        version,
        &code,
        &error.message,
        Some(&detail),
    ))
}

/// A fault by a rule of SOAP itself. It is not about what stands in the body, and has no detail (SOAP 1.1, 4.4).
pub(super) fn fault_of_soap(refusal: &ApiError, version: SoapVersion, rule: SoapRule) -> HttpResponse {
    let code = FaultCode::Rule(rule);
    let mut response =
        HttpResponse::build(refusal.status).body(fault(version, &code, &refusal.message, None));
    let form = Form { envelope: Some(version), ..Form::BARE };
    response.headers_mut().insert(CONTENT_TYPE, form.media_type());
    response
}

/// What the log and the metrics are told of such a fault, and its message.
pub(super) fn refusal(rule: &SoapRule) -> ApiError {
    let message = match rule {
        SoapRule::MustUnderstand(_) => "A header block must be understood, and this server understands none.",
        SoapRule::VersionMismatch => "The envelope is neither of SOAP 1.1 nor of SOAP 1.2.",
    };
    ApiError::with(Code::Operation, message).status(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Whose fault a refusal is: what may succeed when it is sent again later is the server's.
fn code_of(error: &ApiError) -> FaultCode {
    if error.status.is_server_error() || error.retry_after_s.is_some() {
        FaultCode::Receiver
    } else {
        FaultCode::Sender
    }
}

fn status(version: SoapVersion, code: &FaultCode, raw: StatusCode) -> StatusCode {
    const KEPT: [StatusCode; 5] = [
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    match (version, code) {
        _ if KEPT.contains(&raw) => raw,
        (SoapVersion::V12, FaultCode::Sender) => StatusCode::BAD_REQUEST,
        (SoapVersion::V11 | SoapVersion::V12, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
