//! Reads a `<Request>`, noting faults and going on, so that the InvokeID and the session are known when one is answered.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::characters::{is_blank, trim};
use super::super::{
    Element, Namespace, PROPERTIES_MAX, SecretText, SessionIdText, ShownName, XML_NAMESPACE, XSI_NAMESPACE,
    XmlError, XmlEvent, XmlFault, XmlReader,
};
use super::{Container, FaultCategory, ParsedRequest, Property, RequestError, StructureFault, StructureRule};

const REQUEST: &str = "Request";
const INVOKE_ID: &str = "InvokeID";
const SESSION_ID: &str = "SessionID";
const OFFSET: &str = "Offset";
const LIMIT: &str = "Limit";
const PAYLOAD: &str = "OperationPayload";
const PROPERTY: &str = "Property";
const CONTAINER: &str = "Container";

/// How many faults of one category are kept: one is answered, a few help whoever reads a log.
const FAULTS_PER_CATEGORY_MAX: usize = 8;

/// Reads up to and including the end tag of `root`.
pub(super) fn read<'a>(
    xml: &mut XmlReader<'a>,
    root: &Element<'a>,
    namespace: Namespace,
) -> Result<ParsedRequest, RequestError> {
    let request = ParsedRequest { namespace, ..ParsedRequest::default() };
    let mut reader = RequestReader { xml, request, children: Vec::new(), properties: 0 };
    match reader.request(root) {
        Ok(()) => Ok(reader.request),
        Err(error) => Err(reader.request.broken_by(error)),
    }
}

struct RequestReader<'r, 'a> {
    xml: &'r mut XmlReader<'a>,
    request: ParsedRequest,
    /// The children of the root that were there already.
    children: Vec<&'static str>,
    /// How many `Property` elements there were so far.
    properties: usize,
}

/// What an element's attributes say.
struct Attributes<'a> {
    /// The one that the API has, as given.
    known: Option<Cow<'a, str>>,
    /// `xsi:nil="true"`: the element counts as absent.
    nil: bool,
}

impl<'a> RequestReader<'_, 'a> {
    fn request(&mut self, root: &Element<'a>) -> Result<(), XmlError> {
        let attributes = self.attributes(root, REQUEST, Some("Operation"));
        if attributes.nil {
            self.fault(StructureRule::NilRequest, root.offset);
        }
        self.request.operation = attributes.known.map(Cow::into_owned);
        while let Some(child) = self.child(REQUEST)? {
            match child.local {
                INVOKE_ID => {
                    if let Some(text) = self.only_text(&child, INVOKE_ID)? {
                        self.request.invoke_id = Some(text.into_public()).filter(|id| !is_blank(id));
                    }
                }
                SESSION_ID => {
                    if let Some(text) = self.only_text(&child, SESSION_ID)? {
                        let id = Some(trim(text.as_str())).filter(|id| !id.is_empty());
                        self.request.session_id = id.map(SessionIdText::new);
                    }
                }
                OFFSET => {
                    if let Some(text) = self.only_text(&child, OFFSET)? {
                        self.request.offset = trimmed(&text);
                    }
                }
                LIMIT => {
                    if let Some(text) = self.only_text(&child, LIMIT)? {
                        self.request.limit = trimmed(&text);
                    }
                }
                PAYLOAD => self.payload(&child)?,
                _ => self.unknown(&child, REQUEST)?,
            }
        }
        Ok(())
    }

    /// The text of a child of the root that may be there once; `None` when it is not to be taken.
    fn only_text(
        &mut self,
        element: &Element<'a>,
        name: &'static str,
    ) -> Result<Option<SecretText>, XmlError> {
        let attributes = self.attributes(element, name, None);
        if attributes.nil {
            return self.absent(name).map(|()| None);
        }
        let first = self.is_first(element, name);
        let text = self.text(name)?;
        Ok(first.then_some(text))
    }

    fn payload(&mut self, element: &Element<'a>) -> Result<(), XmlError> {
        let attributes = self.attributes(element, PAYLOAD, None);
        if attributes.nil {
            return self.absent(PAYLOAD);
        }
        if !self.is_first(element, PAYLOAD) {
            return self.xml.skip();
        }
        let mut names = HashSet::new();
        while let Some(child) = self.child(PAYLOAD)? {
            match child.local {
                PROPERTY => {
                    let property = self.property(&child, PAYLOAD, &mut names)?;
                    self.request.properties.extend(property);
                }
                CONTAINER => {
                    let container = self.container(&child)?;
                    self.request.containers.extend(container);
                }
                _ => self.unknown(&child, PAYLOAD)?,
            }
        }
        Ok(())
    }

    fn container(&mut self, element: &Element<'a>) -> Result<Option<Container>, XmlError> {
        let attributes = self.attributes(element, CONTAINER, Some("Name"));
        if attributes.nil {
            return self.absent(CONTAINER).map(|()| None);
        }
        let mut container = Container { name: attributes.known.map(Cow::into_owned), properties: Vec::new() };
        let mut names = HashSet::new();
        while let Some(child) = self.child(CONTAINER)? {
            match child.local {
                PROPERTY => container.properties.extend(self.property(&child, CONTAINER, &mut names)?),
                CONTAINER => {
                    self.fault(StructureRule::NestedContainer, child.offset);
                    self.xml.skip()?;
                }
                _ => self.unknown(&child, CONTAINER)?,
            }
        }
        Ok(Some(container))
    }

    /// A property, unless it is nil, has no name, or was there before; `names` are those of its parent so far.
    fn property(
        &mut self,
        element: &Element<'a>,
        parent: &'static str,
        names: &mut HashSet<Cow<'a, str>>,
    ) -> Result<Option<Property>, XmlError> {
        self.properties += 1;
        if self.properties > PROPERTIES_MAX {
            return Err(self.xml.refuse(XmlFault::TooManyProperties, element.offset));
        }
        let attributes = self.attributes(element, PROPERTY, Some("Name"));
        if attributes.nil {
            return self.absent(PROPERTY).map(|()| None);
        }
        let name = attributes.known.filter(|name| !name.is_empty());
        let value = self.text(PROPERTY)?;
        let Some(name) = name else {
            self.fault(StructureRule::PropertyWithoutName, element.offset);
            return Ok(None);
        };
        if !names.insert(name.clone()) {
            let rule = StructureRule::PropertyTwice { name: ShownName::new(&name), parent };
            self.fault(rule, element.offset);
            return Ok(None);
        }
        Ok(Some(Property { name: name.into_owned(), value }))
    }

    /// The next child that stands in the request's namespace; `None` when `parent` has ended.
    fn child(&mut self, parent: &'static str) -> Result<Option<Element<'a>>, XmlError> {
        loop {
            match self.next()? {
                Some(XmlEvent::Start(child))
                    if child.namespace.as_deref() == self.request.namespace.uri() =>
                {
                    return Ok(Some(child));
                }
                Some(XmlEvent::Start(child)) => {
                    let name = ShownName::new(child.name);
                    self.fault(StructureRule::WrongNamespace { name, parent }, child.offset);
                    self.xml.skip()?;
                }
                Some(XmlEvent::Text(text)) if is_blank(&text) => {}
                Some(XmlEvent::Text(_)) => self.fault_here(StructureRule::TextInside(parent)),
                Some(XmlEvent::End) | None => return Ok(None),
            }
        }
    }

    /// An element's text, to its end, exactly.
    fn text(&mut self, parent: &'static str) -> Result<SecretText, XmlError> {
        let mut text = SecretText::default();
        loop {
            match self.next()? {
                Some(XmlEvent::Text(piece)) => text.push_str(&piece),
                Some(XmlEvent::Start(child)) => {
                    self.fault(StructureRule::ElementInside(parent), child.offset);
                    self.xml.skip()?;
                }
                Some(XmlEvent::End) | None => return Ok(text),
            }
        }
    }

    /// Reads over an element that counts as absent, which must be empty.
    fn absent(&mut self, name: &'static str) -> Result<(), XmlError> {
        loop {
            match self.next()? {
                Some(XmlEvent::Text(text)) if is_blank(&text) => {}
                Some(XmlEvent::Text(_)) => self.fault_here(StructureRule::NilWithContent(name)),
                Some(XmlEvent::Start(child)) => {
                    self.fault(StructureRule::NilWithContent(name), child.offset);
                    self.xml.skip()?;
                }
                Some(XmlEvent::End) | None => return Ok(()),
            }
        }
    }

    fn unknown(&mut self, element: &Element<'a>, parent: &'static str) -> Result<(), XmlError> {
        let name = ShownName::new(element.name);
        self.fault(StructureRule::UnknownElement { name, parent }, element.offset);
        self.xml.skip()
    }

    fn attributes(
        &mut self,
        element: &Element<'a>,
        name: &'static str,
        known: Option<&str>,
    ) -> Attributes<'a> {
        let mut found = Attributes { known: None, nil: false };
        for attribute in &element.attributes {
            match attribute.namespace.as_deref() {
                None if Some(attribute.local) == known => found.known = Some(attribute.value.clone()),
                Some(XSI_NAMESPACE) if attribute.local == "nil" => match trim(&attribute.value) {
                    "true" | "1" => found.nil = true,
                    "false" | "0" => {}
                    _ => self.fault(StructureRule::BadNil(name), attribute.offset),
                },
                Some(XSI_NAMESPACE | XML_NAMESPACE) => {}
                Some(_) | None => {
                    let shown = ShownName::new(attribute.name);
                    self.fault(
                        StructureRule::UnknownAttribute { name: shown, element: name },
                        attribute.offset,
                    );
                }
            }
        }
        found
    }

    /// Whether the child of the root is there for the first time; otherwise that is noted.
    fn is_first(&mut self, element: &Element<'a>, name: &'static str) -> bool {
        let first = !self.children.contains(&name);
        if first {
            self.children.push(name);
        } else {
            self.fault(StructureRule::ElementTwice(name), element.offset);
        }
        first
    }

    fn next(&mut self) -> Result<Option<XmlEvent<'a>>, XmlError> {
        self.xml.next_event()
    }

    /// A fault at the event read last.
    fn fault_here(&mut self, rule: StructureRule) {
        let offset = self.xml.event_offset();
        self.fault(rule, offset);
    }

    fn fault(&mut self, rule: StructureRule, offset: usize) {
        let category: FaultCategory = rule.category();
        let kept = self.request.faults.iter().filter(|fault| fault.category() == category).count();
        if kept < FAULTS_PER_CATEGORY_MAX {
            let position = self.xml.position(offset);
            self.request.faults.push(StructureFault { rule, position });
        }
    }
}

fn trimmed(text: &SecretText) -> Option<String> {
    Some(trim(text.as_str())).filter(|text| !text.is_empty()).map(str::to_owned)
}
