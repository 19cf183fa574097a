//! The strict pull reader: quick-xml finds the markup, everything it lets pass is checked here.

mod tag;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;

use super::characters::{is_blank, is_space};
use super::error::{FaultAt, Position, XmlError, XmlFault};
use super::input::Input;
use super::namespaces::Namespaces;
use super::references;
use super::{ELEMENT_DEPTH_MAX, ELEMENTS_MAX};

/// What stands next in a document. White space and comments outside the root are left out, and so are comments inside.
pub enum XmlEvent<'a> {
    /// An element begins. `<a/>` gives this and [`XmlEvent::End`], as `<a></a>` does.
    Start(Element<'a>),
    /// Some of an element's text: line ends normalised, CDATA opened, a reference replaced. What stands between two
    /// tags may come in any number of pieces; the text is all of them joined.
    Text(Cow<'a, str>),
    /// The element begun last, and not yet ended, ends.
    End,
}

/// An element's start.
pub struct Element<'a> {
    /// Its namespace, when it is in one.
    pub namespace: Option<Arc<str>>,
    /// Its name as written, prefix included.
    pub name: &'a str,
    /// Its name without prefix.
    pub local: &'a str,
    /// Its attributes in the order written, without namespace declarations.
    pub attributes: Vec<Attribute<'a>>,
    /// Where its start tag stands, in bytes, for [`XmlReader::position`].
    pub offset: usize,
}

/// An attribute.
pub struct Attribute<'a> {
    /// Its namespace: one without prefix is in none.
    pub namespace: Option<Arc<str>>,
    /// Its name as written, prefix included.
    pub name: &'a str,
    /// Its name without prefix.
    pub local: &'a str,
    /// Its value, normalised, references replaced.
    pub value: Cow<'a, str>,
    /// Where its name stands, in bytes, for [`XmlReader::position`].
    pub offset: usize,
}

impl Element<'_> {
    /// Whether it has that namespace and local name.
    #[must_use]
    pub fn is(&self, namespace: Option<&str>, local: &str) -> bool {
        self.namespace.as_deref() == namespace && self.local == local
    }
}

/// Reads a document event by event, from the first byte to the last.
pub struct XmlReader<'a> {
    text: &'a str,
    events: Reader<&'a [u8]>,
    cut: Option<FaultAt>,
    namespaces: Namespaces<'a>,
    depth: usize,
    elements: usize,
    event_offset: usize,
    failed: Option<XmlError>,
}

impl<'a> XmlReader<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is evidently in another encoding than UTF-8.
    pub fn new(body: &'a [u8]) -> Result<Self, XmlError> {
        let input = Input::new(body)
            .map_err(|at| XmlError { fault: at.fault, position: Position { line: 1, column: 1 } })?;
        let mut events = Reader::from_str(input.text);
        let config = events.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Ok(Self {
            text: input.text,
            events,
            cut: input.cut,
            namespaces: Namespaces::new(),
            depth: 0,
            elements: 0,
            event_offset: 0,
            failed: None,
        })
    }

    /// The next event; `None` when the document is complete.
    ///
    /// # Errors
    /// The first rule that the document breaks or limit that it passes. It stays: reading on gives the same error.
    pub fn next_event(&mut self) -> Result<Option<XmlEvent<'a>>, XmlError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.step().map_err(|at| {
            let error = self.error_at(at);
            self.failed = Some(error.clone());
            error
        })
    }

    /// Reads over the rest of the element that began last.
    ///
    /// # Errors
    /// As [`XmlReader::next_event`].
    pub fn skip(&mut self) -> Result<(), XmlError> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next_event()? {
                Some(XmlEvent::Start(_)) => depth += 1,
                Some(XmlEvent::End) => depth -= 1,
                Some(XmlEvent::Text(_)) => {}
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Reads over the rest of the document.
    ///
    /// # Errors
    /// As [`XmlReader::next_event`].
    pub fn finish(&mut self) -> Result<(), XmlError> {
        while self.next_event()?.is_some() {}
        Ok(())
    }

    /// Where the event given last stands, in bytes, for [`XmlReader::position`]. Of text it is the first character
    /// that is not white space.
    #[must_use]
    pub fn event_offset(&self) -> usize {
        self.event_offset
    }

    /// The line and column of an offset that an element or attribute came with.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        Position::of(self.text, offset)
    }

    /// A refusal by a rule of the caller's, at a place in the document.
    #[must_use]
    pub fn refuse(&self, fault: XmlFault, offset: usize) -> XmlError {
        XmlError { fault, position: self.position(offset) }
    }

    fn error_at(&self, at: FaultAt) -> XmlError {
        self.refuse(at.fault, at.offset)
    }

    fn offset(&self) -> usize {
        usize::try_from(self.events.buffer_position()).unwrap_or(self.text.len())
    }

    /// Reads until there is something to tell.
    fn step(&mut self) -> Result<Option<XmlEvent<'a>>, FaultAt> {
        if self.text.starts_with('\u{feff}') {
            // One byte order mark is gone by now; quick-xml would drop a second.
            return Err(XmlFault::TextOutsideRoot.at(0));
        }
        loop {
            let start = self.offset();
            self.event_offset = start;
            let event = match self.events.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.markup_fault(&error, start)),
            };
            let raw = self.text.get(start..self.offset()).unwrap_or_default();
            let told = match event {
                Event::Start(_) | Event::Empty(_) => Some(XmlEvent::Start(self.open(raw, start)?)),
                Event::End(_) => Some(self.close()),
                Event::Text(text) => self.text(raw, start)?.then(|| XmlEvent::Text(text.xml10_content())),
                Event::CData(text) => self.inside(start)?.then(|| XmlEvent::Text(text.xml10_content())),
                Event::GeneralRef(name) => {
                    self.inside(start)?;
                    let c = references::resolve(&name).map_err(|fault| fault.at(start))?;
                    Some(XmlEvent::Text(Cow::Owned(c.to_string())))
                }
                Event::Comment(_) => None,
                Event::Decl(_) => tag::check_declaration(raw, start).map(|()| None)?,
                Event::PI(_) => return Err(XmlFault::ProcessingInstruction.at(start)),
                Event::DocType(_) => return Err(XmlFault::Doctype.at(start)),
                Event::Eof => return self.end().map(|()| None),
            };
            if told.is_some() {
                return Ok(told);
            }
        }
    }

    fn open(&mut self, raw: &'a str, start: usize) -> Result<Element<'a>, FaultAt> {
        if self.depth == 0 && self.elements > 0 {
            return Err(XmlFault::SecondRoot.at(start));
        }
        if self.depth == ELEMENT_DEPTH_MAX {
            return Err(XmlFault::TooDeep.at(start));
        }
        if self.elements == ELEMENTS_MAX {
            return Err(XmlFault::TooManyElements.at(start));
        }
        let element = tag::read_start(raw, start, self.depth + 1, &mut self.namespaces)?;
        self.depth += 1;
        self.elements += 1;
        Ok(element)
    }

    fn close(&mut self) -> XmlEvent<'a> {
        // quick-xml has checked that something is open, and its name.
        self.namespaces.leave(self.depth);
        self.depth = self.depth.saturating_sub(1);
        XmlEvent::End
    }

    /// Whether the text is to be told: outside the root there may be white space, which is not.
    fn text(&mut self, raw: &str, start: usize) -> Result<bool, FaultAt> {
        // What is wrong with text in a wrong place is its first character that is not white space.
        self.event_offset = start + raw.find(|c| !is_space(c)).unwrap_or_default();
        if self.depth == 0 {
            return if is_blank(raw) {
                Ok(false)
            } else {
                Err(XmlFault::TextOutsideRoot.at(self.event_offset))
            };
        }
        match raw.find("]]>") {
            Some(at) => Err(XmlFault::CdataEndInText.at(start + at)),
            None => Ok(true),
        }
    }

    /// CDATA and references may stand only inside the root, white space or not.
    fn inside(&self, start: usize) -> Result<bool, FaultAt> {
        if self.depth == 0 { Err(XmlFault::TextOutsideRoot.at(start)) } else { Ok(true) }
    }

    fn end(&mut self) -> Result<(), FaultAt> {
        let end = self.text.len();
        if let Some(cut) = self.cut.take() {
            return Err(cut);
        }
        if self.depth > 0 {
            return Err(XmlFault::Truncated.at(end));
        }
        if self.elements == 0 { Err(XmlFault::NoRoot.at(end)) } else { Ok(()) }
    }

    /// What quick-xml found wrong, in our words: its own texts quote names that are content.
    fn markup_fault(&mut self, error: &Error, start: usize) -> FaultAt {
        let at_end = self.offset() >= self.text.len();
        if let Some(cut) = self.cut.take_if(|_| at_end) {
            return cut;
        }
        let fault = match error {
            Error::Syntax(syntax) => match syntax {
                SyntaxError::InvalidBangMarkup => XmlFault::BadMarkup,
                SyntaxError::UnclosedPI => XmlFault::ProcessingInstruction,
                SyntaxError::UnclosedDoctype => XmlFault::Doctype,
                SyntaxError::UnclosedXmlDecl
                | SyntaxError::UnclosedComment
                | SyntaxError::UnclosedCData
                | SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue => XmlFault::Truncated,
            },
            Error::IllFormed(ill_formed) => match ill_formed {
                IllFormedError::MissingDeclVersion(_) | IllFormedError::UnknownVersion => {
                    XmlFault::BadDeclaration("the version must be 1.0")
                }
                IllFormedError::MissingDoctypeName => XmlFault::Doctype,
                IllFormedError::MissingEndTag(_) => XmlFault::Truncated,
                IllFormedError::UnmatchedEndTag(_) | IllFormedError::MismatchedEndTag { .. } => {
                    XmlFault::MismatchedEnd
                }
                IllFormedError::DoubleHyphenInComment => XmlFault::BadComment,
                IllFormedError::UnclosedReference => XmlFault::BareAmpersand,
            },
            Error::InvalidAttr(_) | Error::Namespace(_) => XmlFault::BadTag("its attributes cannot be read"),
            Error::Escape(_) => XmlFault::UnknownEntity,
            Error::Encoding(_) | Error::Io(_) => XmlFault::NotUtf8,
        };
        fault.at(start)
    }
}
