//! Which namespace a prefix stands for at each depth of a document.

use std::sync::Arc;

use super::error::XmlFault;
use super::{NAMESPACES_MAX, XML_NAMESPACE};

/// The namespace of namespace declarations themselves; nothing may be bound to it.
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// The declarations in scope. quick-xml resolves prefixes too, but compares namespace names as written, with their
/// references unreplaced, and lets declarations pass that the specification forbids.
pub(super) struct Namespaces<'a> {
    bindings: Vec<Binding<'a>>,
    xml: Arc<str>,
}

struct Binding<'a> {
    depth: usize,
    /// None: the default namespace.
    prefix: Option<&'a str>,
    /// None: no namespace, which only the default can be set to.
    uri: Option<Arc<str>>,
}

impl<'a> Namespaces<'a> {
    pub(super) fn new() -> Self {
        Self { bindings: Vec::new(), xml: XML_NAMESPACE.into() }
    }

    /// Binds a prefix (none: the default) for an element at `depth` and what is inside.
    pub(super) fn declare(
        &mut self,
        depth: usize,
        prefix: Option<&'a str>,
        uri: &str,
    ) -> Result<(), XmlFault> {
        match prefix {
            Some("xmlns") => return Err(XmlFault::BadNamespace("the prefix `xmlns` cannot be declared")),
            Some("xml") if uri == XML_NAMESPACE => return Ok(()),
            Some("xml") => {
                return Err(XmlFault::BadNamespace("the prefix `xml` stands for its own namespace only"));
            }
            Some(_) if uri.is_empty() => {
                return Err(XmlFault::BadNamespace("a prefix cannot stand for no namespace"));
            }
            Some(_) | None => {}
        }
        if uri == XML_NAMESPACE || uri == XMLNS_NAMESPACE {
            return Err(XmlFault::BadNamespace("a reserved namespace"));
        }
        if self.bindings.len() >= NAMESPACES_MAX {
            return Err(XmlFault::TooManyNamespaces);
        }
        self.bindings.push(Binding { depth, prefix, uri: (!uri.is_empty()).then(|| uri.into()) });
        Ok(())
    }

    /// Forgets what an element at `depth` declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.bindings.pop_if(|binding| binding.depth >= depth).is_some() {}
    }

    /// The namespace of an element.
    pub(super) fn of_element(&self, prefix: Option<&str>) -> Result<Option<Arc<str>>, XmlFault> {
        if prefix == Some("xml") {
            return Ok(Some(Arc::clone(&self.xml)));
        }
        match self.bindings.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) => Ok(binding.uri.clone()),
            None if prefix.is_none() => Ok(None),
            None => Err(XmlFault::UndeclaredPrefix),
        }
    }

    /// The namespace of an attribute: without prefix it is in none, whatever the default.
    pub(super) fn of_attribute(&self, prefix: Option<&str>) -> Result<Option<Arc<str>>, XmlFault> {
        prefix.map_or(Ok(None), |prefix| self.of_element(Some(prefix)))
    }
}
