//! One `<Request>` as it was sent: its parts, and what is out of place in it.

mod fault;
mod read;

#[cfg(test)]
mod tests;

use crmconf_events::InvokeId;
use thiserror::Error;

pub use fault::{FaultCategory, StructureFault, StructureRule};

use super::{Element, Namespace, SecretText, SessionIdText, ShownName, XmlError, XmlEvent, XmlReader};

/// A request as it was sent. Which operations, properties and containers exist, and which must be there, is not known
/// here. Its `Debug` shows names and lengths, no property's value and no SessionID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedRequest {
    /// The namespace that it stands in, and its response with it.
    pub namespace: Namespace,
    /// The attribute `Operation`, as given.
    pub operation: Option<String>,
    /// The first `InvokeID`, verbatim and of any length; `None` when there is none or only white space in it.
    pub invoke_id: Option<String>,
    /// The first `SessionID`, trimmed; `None` when there is none or only white space in it. So are the next two.
    pub session_id: Option<SessionIdText>,
    /// The first `Offset` under the root.
    pub offset: Option<String>,
    /// The first `Limit` under the root.
    pub limit: Option<String>,
    /// The properties directly in `OperationPayload`, in the order given, no name twice.
    pub properties: Vec<Property>,
    /// The containers in `OperationPayload`, in the order given. A name may come more than once.
    pub containers: Vec<Container>,
    /// What is out of place: the first few of each category, in the order of the document.
    pub faults: Vec<StructureFault>,
}

/// A `Property`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its `Name`, not empty.
    pub name: String,
    /// Its text, exactly; it may be a password.
    pub value: SecretText,
}

/// A `Container`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its `Name`, as given.
    pub name: Option<String>,
    /// Its properties in the order given, no name twice.
    pub properties: Vec<Property>,
}

/// Why a body is no request at all. The answer is an HTTP error, and still in the request's namespace and with its
/// InvokeID when these could be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct RequestError {
    /// What is wrong.
    pub reason: RequestErrorReason,
    /// The namespace to answer in, where it could be told.
    pub namespace: Option<Namespace>,
    /// The InvokeID to echo: never empty, never over its limit.
    pub invoke_id: Option<String>,
}

/// What is wrong with a body that is no request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestErrorReason {
    /// It is not well-formed, or past a limit (10108).
    #[error("{0}")]
    Xml(XmlError),
    /// It is well-formed, but its root is another element (10102).
    #[error("the root element {0} is not `Request` in no namespace or in `urn:crmconf:api:1`")]
    NotARequest(ShownName),
}

impl ParsedRequest {
    /// Reads a body whose root is the request. The caller has checked its size.
    ///
    /// # Errors
    /// When the body is not well-formed, is past a limit, or has another root.
    pub fn from_body(body: &[u8]) -> Result<Self, RequestError> {
        let mut xml = XmlReader::new(body).map_err(RequestError::unread)?;
        let Some(XmlEvent::Start(root)) = xml.next_event().map_err(RequestError::unread)? else {
            // The reader answers an empty document with an error and text outside the root likewise.
            return Err(RequestError::not_a_request(&mut xml, None, ""));
        };
        let request = Self::from_element(&mut xml, &root)?;
        match xml.next_event() {
            Ok(_) => Ok(request),
            Err(error) => Err(request.broken_by(error)),
        }
    }

    /// Reads a request whose start tag was read last, up to and including its end tag, for instance inside a SOAP body.
    ///
    /// # Errors
    /// When the element is no request, or the document breaks a rule before its end. That the element is no request is
    /// told only of documents that are well-formed to the end.
    pub fn from_element<'a>(xml: &mut XmlReader<'a>, root: &Element<'a>) -> Result<Self, RequestError> {
        match Namespace::of(root.namespace.as_deref()) {
            Some(namespace) if root.local == "Request" => read::read(xml, root, namespace),
            namespace => Err(RequestError::not_a_request(xml, namespace, root.name)),
        }
    }

    /// The InvokeID that an answer echoes: the one given, unless it is over its limit.
    #[must_use]
    pub fn echoed_invoke_id(&self) -> Option<&str> {
        self.invoke_id.as_deref().filter(|id| id.chars().nth(InvokeId::CHARS_MAX).is_none())
    }

    /// The error for a document that breaks after this much of the request was read.
    #[must_use]
    pub fn broken_by(self, error: XmlError) -> RequestError {
        RequestError {
            namespace: Some(self.namespace),
            invoke_id: self.echoed_invoke_id().map(str::to_owned),
            reason: RequestErrorReason::Xml(error),
        }
    }
}

impl RequestError {
    /// Whether the document itself cannot be read to its end.
    pub(super) const fn is_of_the_document(&self) -> bool {
        match self.reason {
            RequestErrorReason::Xml(_) => true,
            RequestErrorReason::NotARequest(_) => false,
        }
    }

    /// Of a document that breaks before anything of a request was read.
    pub(super) const fn unread(error: XmlError) -> Self {
        Self { reason: RequestErrorReason::Xml(error), namespace: None, invoke_id: None }
    }

    /// Reads on to the end, since a document that is not well-formed is answered as that first.
    fn not_a_request(xml: &mut XmlReader<'_>, namespace: Option<Namespace>, name: &str) -> Self {
        let reason = match xml.finish() {
            Ok(()) => RequestErrorReason::NotARequest(ShownName::new(name)),
            Err(error) => RequestErrorReason::Xml(error),
        };
        Self { reason, namespace, invoke_id: None }
    }
}
