//! The SOAP envelope: a request is found in it, and its answer or a fault is written into one.
//!
//! SOAP 1.1 (W3C Note of 8 May 2000) and SOAP 1.2 (W3C Recommendation, second edition, 27 April 2007). The receiver is
//! always the last one on the way: a header block for it that must be understood is refused, since it understands none, and
//! all others are read over.

#[cfg(test)]
mod tests;

mod read;
mod write;

pub(in crate::http) use write::fault;
pub(super) use write::push_envelope;

use super::characters::trim;
use super::{Namespace, ParsedRequest, RequestError, ShownName};

/// A version of SOAP: in which a request came, and its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SoapVersion {
    /// SOAP 1.1.
    V11,
    /// SOAP 1.2.
    V12,
}

/// Whose fault a fault is. SOAP 1.1 (4.4.1) and 1.2 (5.4.6) have other words for the first two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// The message's: sent again as it is, it is refused again.
    Sender,
    /// The server's: sent again later, it may succeed.
    Receiver,
    /// A rule of SOAP itself is broken.
    Rule(SoapRule),
}

/// A rule of SOAP itself that an envelope breaks, before anything of its body counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoapRule {
    /// A header block must be understood, and is not.
    MustUnderstand(Vec<HeaderName>),
    /// The envelope is of no version that is known.
    VersionMismatch,
}

/// The name of a header block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderName {
    namespace: String,
    local: String,
}

/// A request that came in an envelope.
#[derive(Debug)]
pub struct Enveloped {
    /// The envelope's version.
    pub version: SoapVersion,
    /// What its body holds.
    pub request: ParsedRequest,
}

/// Why no request was found in an envelope.
#[derive(Debug)]
pub struct EnvelopeError {
    /// The version that the answer is in.
    pub version: SoapVersion,
    /// The namespace that the answer is in, where it could be told.
    pub namespace: Option<Namespace>,
    /// What is wrong.
    pub reason: EnvelopeErrorReason,
}

/// What is wrong with an envelope.
#[derive(Debug)]
pub enum EnvelopeErrorReason {
    /// The body's child is no request, or the document is not well-formed or past a limit.
    Request(RequestError),
    /// The envelope is not as SOAP has it.
    Malformed(MalformedEnvelope),
    /// It breaks a rule of SOAP itself.
    Soap(SoapRule),
}

/// How an envelope is not as SOAP has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedEnvelope {
    /// The root is something else.
    #[error("the root element {0} is not an `Envelope` of SOAP 1.1 or 1.2")]
    NoEnvelope(ShownName),
    /// There is no body.
    #[error("the `Envelope` has no `Body`")]
    NoBody,
    /// Something else than one header and one body, in this order.
    #[error(
        "the element {0} may not stand there in the `Envelope`: it holds one `Header` at most, then one `Body`"
    )]
    Child(ShownName),
    /// Text between the elements.
    #[error("text in the `{0}`, where only elements may stand")]
    Text(&'static str),
    /// An empty body.
    #[error("the `Body` is empty: it holds one `Request`")]
    EmptyBody,
    /// A body with more than the request.
    #[error("the element {0} stands in the `Body` beside the `Request`")]
    Beside(ShownName),
    /// A header that has no namespace.
    #[error("the header block {0} is in no namespace")]
    BareHeader(ShownName),
    /// A flag that is none.
    #[error("`mustUnderstand` of the header block {0} is neither true nor false")]
    BadFlag(ShownName),
}

impl SoapVersion {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V11, Self::V12];

    /// The namespace of its envelope.
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    fn of(namespace: Option<&str>) -> Option<Self> {
        Self::ALL.into_iter().find(|version| namespace == Some(version.namespace()))
    }

    /// Whether a header block that names this actor (1.1) or role (1.2) is for the receiver.
    fn is_for_receiver(self, role: Option<&str>) -> bool {
        let Some(role) = role.map(trim).filter(|role| !role.is_empty()) else { return true };
        match self {
            Self::V11 => role == "http://schemas.xmlsoap.org/soap/actor/next",
            Self::V12 => [
                "http://www.w3.org/2003/05/soap-envelope/role/next",
                "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
            ]
            .contains(&role),
        }
    }

    const fn role_attribute(self) -> &'static str {
        match self {
            Self::V11 => "actor",
            Self::V12 => "role",
        }
    }
}

impl EnvelopeErrorReason {
    /// Whether the document itself cannot be read to its end.
    const fn is_of_the_document(&self) -> bool {
        match self {
            Self::Request(error) => error.is_of_the_document(),
            Self::Malformed(_) | Self::Soap(_) => false,
        }
    }
}

impl From<MalformedEnvelope> for EnvelopeErrorReason {
    fn from(fault: MalformedEnvelope) -> Self {
        Self::Malformed(fault)
    }
}
