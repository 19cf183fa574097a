//! Step 1 of the order of checks: what HTTP itself says of a request, and its body within its limits.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::web::{Bytes, Payload};
use crmconf_events::xml_can_carry;
use tokio::time::{Duration, timeout};

use super::answer::Form;
use super::error::ApiError;
use super::room::{NoRoom, Room, TakenRoom};
use super::xml::{Namespace, SoapVersion};
use crate::buffer::Buffer;
use crate::settings::BODY_BYTES_MAX;

/// The media type of SOAP 1.2 (RFC 3902).
const SOAP_12_MEDIA_TYPE: &str = "application/soap+xml";
/// Bears a RequestKey as well as the property does.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The bytes of requests that may be held at once, over all connections: of bodies that arrive, of requests that are not
/// answered yet, and of commands that are not decided yet, with what their JSON takes in memory. As much as sixty-four of
/// the longest bodies.
pub const BODIES_BYTES_MAX: usize = 64 * BODY_BYTES_MAX;

/// A body, and the room that it takes until its request is answered.
pub struct Body {
    /// Its bytes; wiped when they are dropped, since passwords may stand in them.
    pub(in crate::http) bytes: Buffer,
    /// Its room; given back when this is dropped.
    pub room: TakenRoom,
}

/// Where a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// As it is.
    Xml,
    /// In a SOAP envelope.
    Soap,
}

impl Door {
    /// The media types that it takes.
    const fn media_types(self) -> [&'static str; 2] {
        match self {
            Self::Xml => ["text/xml", "application/xml"],
            Self::Soap => ["text/xml", SOAP_12_MEDIA_TYPE],
        }
    }

    /// The form of an answer to a request that was not read yet: a SOAP envelope is in the version that its media type tells,
    /// and what stands in it in the namespace that the WSDL has.
    pub(super) fn form(self, request: &HttpRequest) -> Form {
        let soap_12 = || {
            let content_type = header(request, &CONTENT_TYPE).unwrap_or_default();
            parted(&content_type).0.eq_ignore_ascii_case(SOAP_12_MEDIA_TYPE)
        };
        let version = match self {
            Self::Xml => return Form::BARE,
            Self::Soap if soap_12() => SoapVersion::V12,
            Self::Soap => SoapVersion::V11,
        };
        // What clients of the WSDL expect; others have not said yet what they do.
        Form { namespace: Namespace::Api, envelope: Some(version) }
    }
}

/// What is said where the bodies of all connections take all their room.
pub fn no_room(_: NoRoom) -> ApiError {
    ApiError::busy("Too many requests are arriving at once; try again later.")
}

/// Checks the headers and reads the body.
///
/// # Errors
/// 415, 413, 408, 503 when the bodies of all connections take all their room, or 400 when the connection breaks off.
pub async fn read(
    request: &HttpRequest,
    body: Payload,
    door: Door,
    room: &Room,
    patience: Duration,
) -> Result<Body, ApiError> {
    check_type(request, door)?;
    let announced = check_announced_length(request)?;
    match timeout(patience, collect(body, announced, room.share())).await {
        Ok(body) => body,
        Err(_) => {
            let message = format!("The request did not arrive within {} s.", patience.as_secs());
            Err(ApiError::invalid(message).status(StatusCode::REQUEST_TIMEOUT))
        }
    }
}

fn header(request: &HttpRequest, name: &HeaderName) -> Option<String> {
    request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// A `Content-Type` as the media type and its parameters.
fn parted(content_type: &str) -> (&str, &str) {
    let (media, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    (media.trim(), parameters)
}

/// A type that this door takes, in UTF-8, not encoded.
fn check_type(request: &HttpRequest, door: Door) -> Result<(), ApiError> {
    let unsupported =
        |message: &str| Err(ApiError::invalid(message).status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    if request.headers().contains_key(&CONTENT_ENCODING) {
        return unsupported("A request with a Content-Encoding is not accepted; send it as it is.");
    }
    let content_type = header(request, &CONTENT_TYPE).unwrap_or_default();
    let (media, parameters) = parted(&content_type);
    let [one, other] = door.media_types();
    if !media.eq_ignore_ascii_case(one) && !media.eq_ignore_ascii_case(other) {
        return unsupported(&format!("The Content-Type must be {one} or {other}."));
    }
    for parameter in parameters.split(';').map(str::trim) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return unsupported("The charset must be utf-8.");
        }
    }
    Ok(())
}

fn too_large() -> ApiError {
    let message = format!("A request may have {BODY_BYTES_MAX} bytes at most.");
    ApiError::invalid(message).status(StatusCode::PAYLOAD_TOO_LARGE)
}

/// The announced length, 0 without one.
fn check_announced_length(request: &HttpRequest) -> Result<usize, ApiError> {
    let announced = header(request, &CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let announced = usize::try_from(announced.unwrap_or_default()).unwrap_or(usize::MAX);
    if announced > BODY_BYTES_MAX { Err(too_large()) } else { Ok(announced) }
}

async fn collect(mut body: Payload, announced: usize, mut room: TakenRoom) -> Result<Body, ApiError> {
    // The system gives memory when it is written to, and not for what is only announced.
    let mut collected = Buffer::secret(announced);
    while let Some(chunk) = next_chunk(&mut body).await {
        let chunk = chunk.map_err(|_| {
            ApiError::invalid("The request broke off before its end.").status(StatusCode::BAD_REQUEST)
        })?;
        if collected.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
            return Err(too_large());
        }
        // Never for what is only announced: to announce much would cost a client nothing.
        room.take(chunk.len()).map_err(no_room)?;
        collected.push(&chunk);
    }
    Ok(Body { bytes: collected, room })
}

async fn next_chunk(body: &mut Payload) -> Option<Result<Bytes, actix_web::error::PayloadError>> {
    use futures_core::Stream as _;
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_next(context)).await
}

/// What stands beside the body: URL parameters, the key in a header.
pub struct Beside {
    /// URL parameters, percent-decoded; `+` is a plus. Or why they cannot be read.
    pub query: Result<Vec<(String, String)>, ApiError>,
    /// The `Idempotency-Key`, or why it cannot be read: only operations that know a RequestKey look at it.
    pub idempotency_key: Result<Option<String>, ApiError>,
}

impl Beside {
    /// Reads what stands beside the body.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        Self { query: url_parameters(request.query_string()), idempotency_key: idempotency_key(request) }
    }
}

/// The parameters of a URL's query.
pub(super) fn url_parameters(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((percent_decode(name)?, percent_decode(value)?))
    });
    pairs
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| ApiError::invalid("The URL is not percent-encoded UTF-8 that XML 1.0 can carry."))
}

/// The `Idempotency-Key`. Given twice it must say the same, or one of the two would be lost in silence.
fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let mut found: Option<String> = None;
    for value in request.headers().get_all(&IDEMPOTENCY_KEY) {
        let text = std::str::from_utf8(value.as_bytes())
            .map_err(|_| ApiError::invalid("The header Idempotency-Key is not UTF-8."))?;
        match &found {
            Some(first) if first != text.trim() => {
                return Err(ApiError::invalid(
                    "The header Idempotency-Key is given twice, with different values.",
                ));
            }
            Some(_) => {}
            None => found = Some(text.trim().to_owned()),
        }
    }
    Ok(found.filter(|text| !text.is_empty()))
}

/// Percent-decoding alone (RFC 3986, section 2.1): `+` is a plus, since `+4420…` is a device. No answer could show what XML
/// cannot carry.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| xml_can_carry(text))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use actix_web::FromRequest as _;
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;

    use super::*;
    use crate::memory::Sought;

    /// A body that arrives in these pieces.
    struct Pieces(VecDeque<Bytes>);

    impl futures_core::Stream for Pieces {
        type Item = Result<Bytes, PayloadError>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    #[actix_web::test]
    async fn a_body_leaves_nothing_behind_also_where_its_length_was_not_announced() {
        for announced in [0, 20_000] {
            let (secret, mut sought) = Sought::new();
            let pieces = [secret.as_bytes()].into_iter().chain([&[b'x'; 1_000][..]; 15]).map(|piece| {
                let mut wiped = Buffer::secret(piece.len());
                wiped.push(piece);
                wiped.into_shared()
            });
            let pieces: Pin<Box<dyn futures_core::Stream<Item = _>>> = Box::pin(Pieces(pieces.collect()));
            let mut payload = actix_web::dev::Payload::Stream { payload: pieces };
            let request = TestRequest::default().to_http_request();
            let payload = Payload::from_request(&request, &mut payload).await.unwrap();
            let room = Room::of(1 << 20);
            let body = collect(payload, announced, room.share()).await.ok().unwrap();
            assert_eq!(body.bytes.len(), secret.len() + 15_000);
            drop((secret, body));
            assert!(!sought.stands_in_memory());
        }
    }

    #[test]
    fn a_plus_in_the_url_is_a_plus() {
        assert_eq!(percent_decode("+4420%20%2B1").as_deref(), Some("+4420 +1"));
        assert_eq!(percent_decode("%c3%bc").as_deref(), Some("ü"));
        for bad in ["%", "%4", "%zz", "%ff", "%c3", "%1c", "%EF%BF%BF"] {
            assert_eq!(percent_decode(bad), None, "{bad}");
        }
    }
}
