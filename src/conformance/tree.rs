//! An XML document as the contract compares it: namespaces resolved, layout gone.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use crate::http::xml::{SoapVersion, XmlReader};
use crate::references::resolved;

/// Elements that hold text: in all others white space alone is layout.
const TEXTS: [&str; 7] = ["Property", "InvokeID", "SessionID", "faultcode", "faultstring", "Text", "Value"];

/// A name with its namespace, which is empty for none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) namespace: String,
    pub(super) local: String,
}

/// An element with all that is in it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: Name,
    pub(super) attributes: BTreeMap<Name, String>,
    /// All text directly in it, joined. White space that is layout is none.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// A text is no document: it is not well-formed, or has what this API has not, at this line, from 1. It is never quoted,
/// since what a server answers may hold secrets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoDocument(pub(super) usize);

impl Name {
    pub(super) fn new(namespace: &str, local: &str) -> Self {
        Self { namespace: namespace.to_owned(), local: local.to_owned() }
    }
}

impl Element {
    /// Reads a document. That it is one is for the API's strict reader to say; this one makes a tree of it.
    pub(super) fn read(text: &str) -> Result<Self, NoDocument> {
        let strictly = XmlReader::new(text.as_bytes()).and_then(|mut xml| xml.finish());
        strictly.map_err(|error| NoDocument(error.position.line))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = NsReader::from_str(text);
        let mut open = Vec::new();
        let mut root = None;
        loop {
            let event = reader.read_event();
            let line = || {
                let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
                NoDocument(1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count())
            };
            let event = event.map_err(|_| line())?;
            if event == Event::Eof {
                return root.ok_or_else(line);
            }
            take(event, reader.resolver(), &mut open, &mut root).ok_or_else(line)?;
        }
    }

    /// The element with those of no namespace, itself and below, in this one.
    pub(super) fn within(mut self, namespace: &str) -> Self {
        if self.name.namespace.is_empty() {
            namespace.clone_into(&mut self.name.namespace);
        }
        self.children = self.children.into_iter().map(|child| child.within(namespace)).collect();
        self
    }

    /// The only child.
    pub(super) fn into_only_child(self) -> Option<Self> {
        let [child] = <[Self; 1]>::try_from(self.children).ok()?;
        Some(child)
    }

    /// The value of an attribute in no namespace.
    pub(super) fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes.get(&Name::new("", local)).map(String::as_str)
    }

    /// The first element, itself or below, whose `Name` is this one.
    pub(super) fn named(&self, name: &str) -> Option<&Self> {
        if self.attribute("Name") == Some(name) {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.named(name))
    }

    fn close(mut self) -> Self {
        let is_text = TEXTS.contains(&self.name.local.as_str()) && self.children.is_empty();
        if !is_text && self.text.chars().all(is_white_space) {
            self.text.clear();
        }
        self
    }
}

/// What one event adds to what is open, outermost first, and to what is done.
fn take(
    event: Event<'_>,
    resolver: &NamespaceResolver,
    open: &mut Vec<Element>,
    root: &mut Option<Element>,
) -> Option<()> {
    match event {
        Event::Start(tag) => open.push(element(&tag, resolver)?),
        Event::Empty(tag) => {
            let child = element(&tag, resolver)?;
            put(child, open, root);
        }
        Event::End(_) => {
            let mut done = open.pop()?.close();
            if is_qualified(&done.name) {
                done.text = qualified(&done.text, resolver)?;
            }
            put(done, open, root);
        }
        Event::Text(text) => add(&text.xml10_content(), open)?,
        Event::CData(text) => add(&text.xml10_content(), open)?,
        Event::GeneralRef(reference) => add(&resolved(&reference)?, open)?,
        Event::Comment(_) | Event::Decl(_) => {}
        Event::PI(_) | Event::DocType(_) | Event::Eof => return None,
    }
    Some(())
}

fn put(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}

fn add(text: &str, open: &mut [Element]) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.chars().all(is_white_space) => {}
        None => return None,
    }
    Some(())
}

fn element(tag: &BytesStart<'_>, resolver: &NamespaceResolver) -> Option<Element> {
    let (namespace, local) = resolver.resolve_element(tag.name());
    let name = Name { namespace: bound(&namespace)?, local: local.as_ref().to_owned() };
    let mut attributes = BTreeMap::new();
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, local) = resolver.resolve_attribute(attribute.key);
        let key = Name { namespace: bound(&namespace)?, local: local.as_ref().to_owned() };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        let value = if key.local == "qname" { qualified(&value, resolver)? } else { value.into_owned() };
        if attributes.insert(key, value).is_some() {
            return None;
        }
    }
    Some(Element { name, attributes, text: String::new(), children: Vec::new() })
}

fn bound(namespace: &ResolveResult<'_>) -> Option<String> {
    match namespace {
        ResolveResult::Bound(namespace) => Some(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => Some(String::new()),
        ResolveResult::Unknown(_) => None,
    }
}

/// Whether the text of such an element is a name with a prefix, as SOAP's codes are.
fn is_qualified(name: &Name) -> bool {
    (name.namespace.is_empty() && name.local == "faultcode")
        || (name.namespace == SoapVersion::V12.namespace() && name.local == "Value")
}

/// A name with a prefix, in a form that does not depend on the prefix.
fn qualified(text: &str, resolver: &NamespaceResolver) -> Option<String> {
    let (namespace, local) = resolver.resolve_element(QName(text.trim_matches(is_white_space)));
    Some(format!("{{{}}}{}", bound(&namespace)?, local.as_ref()))
}

/// White space of XML, which is less than that of Unicode.
const fn is_white_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}
