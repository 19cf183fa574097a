//! The XML of the API: a strict reader, the request envelope, the response writer. Knows nothing of HTTP.
//!
//! - [`XmlReader`] turns a body into checked events. It accepts only well-formed, namespace-well-formed XML 1.0 in UTF-8
//!   without DOCTYPE or processing instructions, and keeps the limits below.
//! - [`ParsedRequest`] reads one `<Request>` from such events and notes what is out of place in it.
//! - [`Enveloped`] finds such a request in a SOAP envelope.
//! - [`Response`] and [`Payload`] write answers, to the letter of the API's examples.
//!
//! The size of a body is the caller's to check; whatever is kept in memory here is in proportion to it.

mod attributes;
mod characters;
mod error;
mod escape;
mod input;
mod namespaces;
mod reader;
mod references;
mod request;
mod secret;
mod soap;
mod writer;

pub(in crate::http) use characters::trim;
pub use error::{Position, ShownName, XmlError, XmlFault};
pub use reader::{Attribute, Element, XmlEvent, XmlReader};
pub use request::{
    Container, FaultCategory, ParsedRequest, Property, RequestError, RequestErrorReason, StructureFault,
    StructureRule,
};
pub use secret::{SecretText, SessionIdText};
pub(in crate::http) use soap::fault;
pub use soap::{EnvelopeError, EnvelopeErrorReason, Enveloped, FaultCode, SoapRule, SoapVersion};
pub use writer::{Payload, Response};
pub(in crate::http) use writer::{escaped_attribute, push_fail_in};

/// The API's namespace, in which a request may stand instead of in none.
pub const API_NAMESPACE: &str = "urn:crmconf:api:1";

/// The namespace of `xsi:nil` and its kind (XML Schema Part 1, section 2.6).
pub const XSI_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The namespace that the prefix `xml` is bound to (Namespaces in XML 1.0, section 3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// How deep elements may be nested; the root is at 1.
pub const ELEMENT_DEPTH_MAX: usize = 32;

/// How many elements a document may hold: the properties, and as many again for all else.
pub const ELEMENTS_MAX: usize = 2 * PROPERTIES_MAX;

/// How many attributes an element may have, namespace declarations included.
pub const ATTRIBUTES_MAX: usize = 64;

/// How many namespace declarations may be in scope at once.
pub const NAMESPACES_MAX: usize = 128;

/// How many `Property` elements a request may hold, containers included.
pub const PROPERTIES_MAX: usize = 4_096;

/// The namespace that a request stands in, and its response with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Namespace {
    /// None: the shape of the API's published examples.
    #[default]
    Bare,
    /// [`API_NAMESPACE`]: what clients generated from the WSDL send.
    Api,
}

impl Namespace {
    /// The namespace's name, when it has one.
    #[must_use]
    pub fn uri(self) -> Option<&'static str> {
        match self {
            Self::Bare => None,
            Self::Api => Some(API_NAMESPACE),
        }
    }

    /// The namespace of that name, when a request may stand in it.
    #[must_use]
    pub fn of(uri: Option<&str>) -> Option<Self> {
        match uri {
            None => Some(Self::Bare),
            Some(API_NAMESPACE) => Some(Self::Api),
            Some(_) => None,
        }
    }
}
