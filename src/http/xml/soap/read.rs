//! Finds the request in an envelope.

use super::super::characters::{is_blank, trim};
use super::super::{
    Element, Namespace, ParsedRequest, RequestError, ShownName, XmlError, XmlEvent, XmlReader,
};
use super::{
    EnvelopeError, EnvelopeErrorReason, Enveloped, HeaderName, MalformedEnvelope, SoapRule, SoapVersion,
};

/// How many header blocks that are not understood are named in a fault.
const NOT_UNDERSTOOD_MAX: usize = 8;

impl Enveloped {
    /// Reads a body that is an envelope with a request in it. The caller has checked its size. Where its version cannot be
    /// told, an answer is in `expected`.
    ///
    /// # Errors
    /// When the document is not well-formed or past a limit, is no envelope, or has no request in it.
    pub fn from_body(body: &[u8], expected: SoapVersion) -> Result<Self, EnvelopeError> {
        let broken = |error| EnvelopeError {
            version: expected,
            namespace: None,
            reason: EnvelopeErrorReason::Request(RequestError::unread(error)),
        };
        let mut xml = XmlReader::new(body).map_err(broken)?;
        let Some(XmlEvent::Start(root)) = xml.next_event().map_err(broken)? else {
            let reason = MalformedEnvelope::NoBody.into();
            return Err(EnvelopeError { version: expected, namespace: None, reason });
        };
        let version = SoapVersion::of(root.namespace.as_deref()).filter(|_| root.local == "Envelope");
        let Some(version) = version else {
            let reason = if root.local == "Envelope" {
                EnvelopeErrorReason::Soap(SoapRule::VersionMismatch)
            } else {
                MalformedEnvelope::NoEnvelope(ShownName::new(root.name)).into()
            };
            let namespace = Namespace::of(root.namespace.as_deref()).filter(|_| root.local == "Request");
            let reason = to_the_end(&mut xml, reason);
            return Err(EnvelopeError { version: expected, namespace, reason });
        };
        let mut envelope = EnvelopeReader { xml: &mut xml, version, not_understood: Vec::new() };
        let read = envelope.read();
        let not_understood = envelope.not_understood;
        let read = match read {
            Ok(request) => Ok(request),
            Err(Stop::Xml(error)) => Err((None, EnvelopeErrorReason::Request(RequestError::unread(error)))),
            Err(Stop::Request(error)) => Err((error.namespace, EnvelopeErrorReason::Request(error))),
            Err(Stop::Envelope(fault)) => Err((None, to_the_end(&mut xml, fault.into()))),
            Err(Stop::Behind(namespace, fault)) => Err((Some(namespace), to_the_end(&mut xml, fault.into()))),
        };
        match read {
            // A document that is not well-formed is answered as that first; then comes what must be understood.
            Err((namespace, reason)) if not_understood.is_empty() || reason.is_of_the_document() => {
                Err(EnvelopeError { version, namespace, reason })
            }
            Ok(request) if not_understood.is_empty() => Ok(Self { version, request }),
            Ok(_) | Err(_) => {
                let reason = EnvelopeErrorReason::Soap(SoapRule::MustUnderstand(not_understood));
                Err(EnvelopeError { version, namespace: None, reason })
            }
        }
    }
}

/// The reason, unless the rest of the document is not well-formed, which is told first.
fn to_the_end(xml: &mut XmlReader<'_>, reason: EnvelopeErrorReason) -> EnvelopeErrorReason {
    xml.finish().map_or_else(|error| EnvelopeErrorReason::Request(RequestError::unread(error)), |()| reason)
}

/// What ends the reading of an envelope.
enum Stop {
    Xml(XmlError),
    Request(RequestError),
    Envelope(MalformedEnvelope),
    /// Behind a request in this namespace.
    Behind(Namespace, MalformedEnvelope),
}

impl From<XmlError> for Stop {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<MalformedEnvelope> for Stop {
    fn from(fault: MalformedEnvelope) -> Self {
        Self::Envelope(fault)
    }
}

struct EnvelopeReader<'r, 'a> {
    xml: &'r mut XmlReader<'a>,
    version: SoapVersion,
    not_understood: Vec<HeaderName>,
}

impl<'a> EnvelopeReader<'_, 'a> {
    /// Reads what stands in the envelope whose start was read, to the end of the document.
    fn read(&mut self) -> Result<ParsedRequest, Stop> {
        let mut child = self.child("Envelope")?;
        if let Some(header) = child.take_if(|child| self.is_own(child, "Header")) {
            drop(header);
            self.header()?;
            child = self.child("Envelope")?;
        }
        let Some(body) = child else { return Err(MalformedEnvelope::NoBody.into()) };
        if !self.is_own(&body, "Body") {
            return Err(MalformedEnvelope::Child(ShownName::new(body.name)).into());
        }
        let Some(root) = self.child("Body")? else { return Err(MalformedEnvelope::EmptyBody.into()) };
        let request = ParsedRequest::from_element(self.xml, &root).map_err(Stop::Request)?;
        match self.rest() {
            Ok(()) => Ok(request),
            Err(Stop::Xml(error)) => Err(Stop::Request(request.broken_by(error))),
            Err(Stop::Envelope(fault)) => Err(Stop::Behind(request.namespace, fault)),
            Err(stop @ (Stop::Request(_) | Stop::Behind(..))) => Err(stop),
        }
    }

    /// What may stand behind the request: nothing.
    fn rest(&mut self) -> Result<(), Stop> {
        if let Some(beside) = self.child("Body")? {
            return Err(MalformedEnvelope::Beside(ShownName::new(beside.name)).into());
        }
        if let Some(behind) = self.child("Envelope")? {
            return Err(MalformedEnvelope::Child(ShownName::new(behind.name)).into());
        }
        Ok(self.xml.next_event().map(drop)?)
    }

    fn is_own(&self, element: &Element<'_>, local: &str) -> bool {
        element.is(Some(self.version.namespace()), local)
    }

    /// Reads the header blocks over, noting which would have to be understood.
    fn header(&mut self) -> Result<(), Stop> {
        while let Some(block) = self.child("Header")? {
            let name = || ShownName::new(block.name);
            let Some(namespace) = block.namespace.as_deref() else {
                return Err(MalformedEnvelope::BareHeader(name()).into());
            };
            if self.must_understand(&block)? && self.not_understood.len() < NOT_UNDERSTOOD_MAX {
                let (namespace, local) = (namespace.to_owned(), block.local.to_owned());
                self.not_understood.push(HeaderName { namespace, local });
            }
            self.xml.skip()?;
        }
        Ok(())
    }

    fn must_understand(&self, block: &Element<'_>) -> Result<bool, MalformedEnvelope> {
        let own = |local: &str| {
            let found = block.attributes.iter().find(|attribute| {
                attribute.local == local && attribute.namespace.as_deref() == Some(self.version.namespace())
            });
            found.map(|attribute| &*attribute.value)
        };
        let must = match own("mustUnderstand").map(trim) {
            None | Some("0" | "false") => false,
            Some("1" | "true") => true,
            Some(_) => return Err(MalformedEnvelope::BadFlag(ShownName::new(block.name))),
        };
        Ok(must && self.version.is_for_receiver(own(self.version.role_attribute())))
    }

    /// The next child element; `None` when the parent has ended.
    fn child(&mut self, parent: &'static str) -> Result<Option<Element<'a>>, Stop> {
        loop {
            match self.xml.next_event()? {
                Some(XmlEvent::Start(child)) => return Ok(Some(child)),
                Some(XmlEvent::Text(text)) if is_blank(&text) => {}
                Some(XmlEvent::Text(_)) => return Err(MalformedEnvelope::Text(parent).into()),
                Some(XmlEvent::End) | None => return Ok(None),
            }
        }
    }
}
