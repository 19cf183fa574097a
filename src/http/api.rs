//! `POST /api/xml` and `POST /api/soap`: from an HTTP request to an operation's answer, through the documented order of checks.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use crmconf_events::InvokeId;

use super::answer::{self, Answer, Form, fail, success};
use super::app::{App, Service};
use super::caller::Caller;
use super::code::Code;
use super::connection::Activity;
use super::error::ApiError;
use super::intake::{self, Beside, Body, Door};
use super::operation::Operation;
use super::operations::{self, Input};
use super::room::TakenRoom;
use super::soap;
use super::trace;
use super::witness::Witness;
use super::xml::{
    EnvelopeError, EnvelopeErrorReason, Enveloped, ParsedRequest, RequestError, RequestErrorReason, SoapRule,
    SoapVersion,
};

/// Answers a request that stands by itself.
pub async fn post(request: HttpRequest, body: Payload, service: Data<Service>) -> HttpResponse {
    serve(request, body, service, Door::Xml).await
}

/// Answers a request in a SOAP envelope.
pub async fn post_soap(request: HttpRequest, body: Payload, service: Data<Service>) -> HttpResponse {
    serve(request, body, service, Door::Soap).await
}

async fn serve(request: HttpRequest, body: Payload, service: Data<Service>, door: Door) -> HttpResponse {
    let unread = door.form(&request);
    let address = address(&request);
    let trace = trace::begin(address, service.metrics());
    let app = match service.app() {
        Ok(app) => app,
        Err(unready) => {
            let error = ApiError::from(unready);
            trace.turned_away(&error);
            return fail(&error, None, unread);
        }
    };
    let Body { bytes, room } = match intake::read(&request, body, door, &app.bodies, app.body_timeout).await {
        Ok(body) => body,
        Err(error) => {
            trace.turned_away(&error);
            let mut response = fail(&error, None, unread);
            // What is left of the body is not read: the connection cannot serve another request.
            response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
            return response;
        }
    };
    let (parsed, form) = match understood(&bytes, unread) {
        Ok(understood) => understood,
        Err(why) => {
            trace.turned_away(&why.refusal);
            return why.answer();
        }
    };
    drop(bytes);
    let operation = parsed.operation.as_deref().and_then(Operation::named);
    let witness = Rc::new(Witness::of(&app.security_log, trace.id(), address, operation));
    let outcome = answer(&app, &request, &parsed, room, operation, Rc::clone(&witness)).await;
    let outcome = outcome.and_then(|answer| Ok((answer::room(&answer, &app.answers)?, answer)));
    match outcome {
        Ok((room, mut answer)) => {
            if let Some(disclosed) = answer.disclosed.take() {
                witness.record(disclosed);
            }
            trace.succeeded(operation);
            let answering = || request.conn_data::<Activity>().map(Activity::answer);
            let invoke_id = parsed.invoke_id.as_deref().unwrap_or_default();
            success(answer, room, answering, invoke_id, form)
        }
        Err(error) => {
            witness.refused(&error);
            trace.refused(operation, &error);
            fail(&error, parsed.echoed_invoke_id(), form)
        }
    }
}

/// Why a body holds no request.
pub(super) struct NotUnderstood {
    refusal: ApiError,
    invoke_id: Option<String>,
    form: Form,
    /// A rule of SOAP itself that it breaks.
    fault: Option<(SoapVersion, SoapRule)>,
}

impl NotUnderstood {
    /// What is answered.
    pub(super) fn answer(self) -> HttpResponse {
        let Self { refusal, invoke_id, form, fault } = self;
        match fault {
            None => fail(&refusal, invoke_id.as_deref(), form),
            Some((version, fault)) => soap::fault_of_soap(&refusal, version, fault),
        }
    }
}

/// Step 2: well-formed, within limits, and a request at all.
pub(super) fn understood(bytes: &[u8], unread: Form) -> Result<(ParsedRequest, Form), Box<NotUnderstood>> {
    let refused = |error: &RequestError, envelope| {
        let form = Form { namespace: error.namespace.unwrap_or(unread.namespace), envelope };
        NotUnderstood {
            refusal: not_understood(error),
            invoke_id: error.invoke_id.clone(),
            form,
            fault: None,
        }
    };
    let Some(expected) = unread.envelope else {
        let parsed = ParsedRequest::from_body(bytes).map_err(|error| Box::new(refused(&error, None)))?;
        let form = Form { namespace: parsed.namespace, envelope: None };
        return Ok((parsed, form));
    };
    match Enveloped::from_body(bytes, expected) {
        Ok(Enveloped { version, request }) => {
            let form = Form { namespace: request.namespace, envelope: Some(version) };
            Ok((request, form))
        }
        Err(EnvelopeError { version, namespace, reason }) => {
            let namespace = namespace.unwrap_or(unread.namespace);
            let unnamed = |refusal, fault: Option<SoapRule>| NotUnderstood {
                refusal,
                invoke_id: None,
                form: Form { namespace, envelope: Some(version) },
                fault: fault.map(|fault| (version, fault)),
            };
            Err(Box::new(match reason {
                EnvelopeErrorReason::Request(error) => refused(&error, Some(version)),
                EnvelopeErrorReason::Malformed(why) => {
                    let message = format!("The request cannot be read: {why}.");
                    let refusal = ApiError::with(Code::Operation, message);
                    unnamed(refusal.status(StatusCode::BAD_REQUEST), None)
                }
                EnvelopeErrorReason::Soap(fault) => unnamed(soap::refusal(&fault), Some(fault)),
            }))
        }
    }
}

fn not_understood(error: &RequestError) -> ApiError {
    let code = match error.reason {
        RequestErrorReason::Xml(_) => Code::PropertyInvalid,
        RequestErrorReason::NotARequest(_) => Code::Operation,
    };
    ApiError::with(code, format!("The request cannot be read: {error}.")).status(StatusCode::BAD_REQUEST)
}

/// Steps 3 to 5, then the operation's own.
async fn answer(
    app: &App,
    request: &HttpRequest,
    parsed: &ParsedRequest,
    room: TakenRoom,
    operation: Option<Operation>,
    witness: Rc<Witness>,
) -> Result<Answer, ApiError> {
    if parsed.invoke_id.is_none() {
        return Err(ApiError::new(Code::InvokeIdMissing));
    }
    let operation = operation.ok_or_else(|| ApiError::new(Code::Operation))?;
    // What was parsed takes about as much room as the body did; what JSON becomes takes more, and asks for it.
    let room = RefCell::new(Some(room));
    let input = Input {
        parsed,
        beside: Beside::of(request),
        address: witness.address(),
        room,
        tasks: &app.tasks,
        witness,
    };
    match operation {
        Operation::CreateSession => operations::create_session::answer(app, &input),
        Operation::Authenticate => operations::authenticate::answer(app, &input).await,
        Operation::Logout => operations::logout::answer(app, &input),
        Operation::ConfigurationAdd => operations::add::answer(app, &caller(app, &input)?, &input).await,
        Operation::ConfigurationChange => {
            operations::change::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::ConfigurationDelete => {
            operations::delete::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::ConfigurationShred => {
            operations::keys::shred::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::ConfigurationInfo => operations::info::answer(app, &caller(app, &input)?, &input),
        Operation::ConfigurationList => operations::list::answer(app, &caller(app, &input)?, &input),
        Operation::AccountAdd => operations::account::add::answer(app, &caller(app, &input)?, &input).await,
        Operation::AccountChange => {
            operations::account::change::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::AccountDelete => {
            operations::account::delete::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::AccountErase => {
            operations::account::erase::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::AccountInfo => operations::account::info::answer(app, &caller(app, &input)?, &input),
        Operation::AccountList => operations::account::list::answer(app, &caller(app, &input)?, &input),
        Operation::PasswordChange => {
            operations::password_change::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::MasterKeyList => operations::keys::list::answer(app, &caller(app, &input)?, &input).await,
        Operation::MasterKeyRotate => {
            operations::keys::rotate::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::DestructionResume => {
            operations::keys::resume::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::DirectoryImport => {
            operations::directory::import::answer(app, &caller(app, &input)?, &input).await
        }
        Operation::DirectoryList => operations::directory::list::answer(&caller(app, &input)?, &input),
        Operation::CrmTypeList => operations::crm_type_list::answer(app, &caller(app, &input)?, &input),
        Operation::CrmTypeInfo => operations::crm_type_info::answer(app, &caller(app, &input)?, &input),
    }
}

/// Step 4: the account that signed in to the session.
fn caller(app: &App, input: &Input<'_>) -> Result<Caller, ApiError> {
    // An InvokeID over its limit is refused in step 6, before anything is recorded under it.
    let invoke = InvokeId::new(input.parsed.invoke_id.as_deref().unwrap_or_default()).ok();
    Caller::of(app, input, invoke)
}

/// The header that trusted proxies say in who asked them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request came from: the one answer for throttling, limits and the security log. That is the connection's
/// other end, or who a trusted proxy says it was asked by. No address at all where it cannot be told, and never the
/// loopback, which throttling exempts.
pub(super) fn address(request: &HttpRequest) -> IpAddr {
    let Some(peer) = request.peer_addr() else { return IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let peer = peer.ip().to_canonical();
    let Some(service) = request.app_data::<Data<Service>>() else { return peer };
    let forwarded = request.headers().get_all(FORWARDED_FOR).map(HeaderValue::as_bytes);
    service.proxies().client(peer, forwarded.collect::<Vec<_>>().into_iter())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::sessions::AddressKey;

    #[test]
    fn a_request_whose_client_has_gone_does_not_come_from_the_loopback() {
        let gone = address(&TestRequest::default().to_http_request());
        assert!(!gone.is_loopback() && !AddressKey::of(gone).is_loopback());
        let there = TestRequest::default().peer_addr("192.0.2.7:9".parse().unwrap()).to_http_request();
        assert_eq!(address(&there).to_string(), "192.0.2.7");
    }

    #[test]
    fn forwarded_addresses_count_from_trusted_proxies_over_all_lines_of_the_header() {
        let told = |trusted: &str, peer: &str| {
            let service = Service::starting().behind(trusted.parse().unwrap());
            let request = TestRequest::default()
                .peer_addr(peer.parse().unwrap())
                .app_data(Data::new(service))
                .append_header(("X-Forwarded-For", "203.0.113.5"))
                .append_header(("X-Forwarded-For", "192.0.2.9, 10.0.0.8"));
            address(&request.to_http_request()).to_string()
        };
        assert_eq!(told("10.0.0.0/24", "[::ffff:10.0.0.7]:9"), "192.0.2.9");
        assert_eq!(told("10.0.0.7", "10.0.0.7:9"), "10.0.0.8");
        assert_eq!(told("10.0.0.8", "[::ffff:10.0.0.7]:9"), "10.0.0.7");
        assert_eq!(told("", "127.0.0.1:9"), "127.0.0.1");
    }

    #[test]
    fn what_a_client_writes_before_its_proxys_word_counts_for_nothing_in_whatever_bytes() {
        let line = HeaderValue::from_bytes(b"\xff, 192.0.2.9").unwrap();
        let request = TestRequest::default()
            .peer_addr("127.0.0.1:9".parse().unwrap())
            .app_data(Data::new(Service::starting().behind("127.0.0.1".parse().unwrap())))
            .append_header(("X-Forwarded-For", line));
        assert_eq!(address(&request.to_http_request()).to_string(), "192.0.2.9");
    }
}
