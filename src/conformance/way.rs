//! The ways in which a case is sent: raw XML and SOAP, in the API's namespace and in none.

use super::tree::{Element, Name};
use crate::http::xml::{API_NAMESPACE, SoapVersion};

/// How requests are dressed, and what responses stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Raw XML in no namespace, as the published documentation shows it.
    Xml,
    /// Raw XML in the API's namespace.
    XmlNamespace,
    /// SOAP 1.1, the request in no namespace.
    Soap11,
    /// SOAP 1.2, the request in the API's namespace.
    Soap12,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Xml, Self::XmlNamespace, Self::Soap11, Self::Soap12];

    /// As the command line and the documentation call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::XmlNamespace => "xml-namespace",
            Self::Soap11 => "soap11",
            Self::Soap12 => "soap12",
        }
    }

    const fn soap(self) -> Option<SoapVersion> {
        match self {
            Self::Xml | Self::XmlNamespace => None,
            Self::Soap11 => Some(SoapVersion::V11),
            Self::Soap12 => Some(SoapVersion::V12),
        }
    }

    const fn is_namespaced(self) -> bool {
        matches!(self, Self::XmlNamespace | Self::Soap12)
    }

    /// Where it is sent.
    pub(super) const fn path(self) -> &'static str {
        if self.soap().is_some() { "/api/soap" } else { "/api/xml" }
    }

    /// The media type of its requests and responses.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Xml | Self::XmlNamespace | Self::Soap11 => "text/xml",
            Self::Soap12 => "application/soap+xml",
        }
    }

    /// A request as it goes this way.
    pub(super) fn dressed(self, request: &str) -> String {
        let request = if self.is_namespaced() {
            request.replacen("<Request", &format!("<Request xmlns=\"{API_NAMESPACE}\""), 1)
        } else {
            request.to_owned()
        };
        match self.soap() {
            None => request,
            Some(version) => format!(
                "<soap:Envelope xmlns:soap=\"{}\"><soap:Body>{request}</soap:Body></soap:Envelope>",
                version.namespace()
            ),
        }
    }

    /// What was expected, as it comes this way.
    pub(super) fn expected(self, response: Element) -> Element {
        if self.is_namespaced() { response.within(API_NAMESPACE) } else { response }
    }

    /// What came, out of its envelope; what stands in its place where there is none.
    pub(super) fn undressed(self, came: Element) -> Result<Element, &'static str> {
        let Some(version) = self.soap() else { return Ok(came) };
        let named = |local| Name::new(version.namespace(), local);
        if came.name != named("Envelope") {
            return Err("no envelope of the request's SOAP version");
        }
        let is_bare = |element: &Element| element.attributes.is_empty() && element.text.is_empty();
        if !is_bare(&came) {
            return Err("an envelope with text or attributes of its own");
        }
        let mut parts = came.children.into_iter().peekable();
        if let Some(header) = parts.next_if(|part| part.name == named("Header"))
            && header.children.iter().any(|block| block.attributes.contains_key(&named("mustUnderstand")))
        {
            return Err("an envelope with a header block that the client would have to understand");
        }
        match (parts.next(), parts.next()) {
            (Some(body), None) if body.name == named("Body") && is_bare(&body) => {
                body.into_only_child().ok_or("a body with another count of elements than one")
            }
            _ => Err(
                "an envelope with something else in it than one Header at most and one Body, in this order",
            ),
        }
    }
}
