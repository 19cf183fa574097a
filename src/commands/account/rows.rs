//! Reads what a successful response holds: properties, and containers with properties and containers of their own.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::commands::call::reply::{attribute, resolve};

/// Deepest nesting that is believed; those of this API have three levels.
const DEPTH_MAX: usize = 16;

/// What stands in `Success`, or in a container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    name: Option<String>,
    properties: Vec<(String, String)>,
    /// The containers, in order.
    pub(super) containers: Vec<Self>,
}

impl Node {
    /// A property's text.
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The containers of this name, in order.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.containers.iter().filter(move |container| container.name.as_deref() == Some(name))
    }
}

/// What was read so far: the containers that are open, outermost first.
#[derive(Default)]
struct Partial {
    open: Vec<Node>,
    in_property: bool,
    done: Option<Node>,
}

/// Reads the content of `Success`; `None` when there is none, or the document is not well-formed.
pub(super) fn success(body: &str) -> Option<Node> {
    let mut reader = Reader::from_str(body);
    let mut partial = Partial::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => partial.start(&tag)?,
            Event::Empty(tag) => {
                partial.start(&tag)?;
                partial.end(tag.local_name().as_ref());
            }
            Event::End(tag) => partial.end(tag.local_name().as_ref()),
            Event::Text(text) => partial.text(&text.xml10_content()),
            Event::CData(text) => partial.text(&text.xml10_content()),
            Event::GeneralRef(reference) => partial.text(&resolve(&reference)?),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return partial.done,
        }
    }
}

impl Partial {
    fn start(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        let depth = self.open.len();
        match (tag.local_name().as_ref(), self.open.last_mut()) {
            ("Success", None) => self.open.push(Node::default()),
            ("Container", Some(_)) if depth < DEPTH_MAX => {
                self.open.push(Node { name: attribute(tag, "Name"), ..Node::default() });
            }
            ("Property", Some(node)) => {
                node.properties.push((attribute(tag, "Name")?, String::new()));
                self.in_property = true;
            }
            (_, Some(_)) => return None,
            (_, None) => {}
        }
        Some(())
    }

    fn end(&mut self, name: &str) {
        match name {
            "Property" => self.in_property = false,
            "Container" | "Success" => {
                if let Some(node) = self.open.pop() {
                    match self.open.last_mut() {
                        Some(parent) => parent.containers.push(node),
                        None => self.done = Some(node),
                    }
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let property = self.open.last_mut().and_then(|node| node.properties.last_mut());
        if let (true, Some((_, value))) = (self.in_property, property) {
            value.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_the_containers_in_them_are_read_with_references_resolved() {
        let body = "<Response Result='Success'><InvokeID>1</InvokeID><Success><Property Name='Total'>2</Property>\
            <Container><Property Name='UserName'>a &lt;b&gt; &#65;</Property><Property Name='DisplayName'/>\
            <Container Name='Grant'><Property Name='Role'>Viewer</Property></Container></Container>\
            <Container></Container></Success></Response>";
        let read = success(body).unwrap();
        assert_eq!((read.property("Total"), read.containers.len()), (Some("2"), 2));
        let row = &read.containers[0];
        assert_eq!((row.property("UserName"), row.property("DisplayName")), (Some("a <b> A"), Some("")));
        assert_eq!(row.named("Grant").next().unwrap().property("Role"), Some("Viewer"));
        assert_eq!(row.named("Other").count(), 0);
    }

    #[test]
    fn what_holds_no_success_or_what_is_strange_in_it_is_not_read() {
        let deep = format!("<Success>{}{}</Success>", "<Container>".repeat(20), "</Container>".repeat(20));
        for body in ["", "<Response/>", "<Success><Row/></Success>", "<Success><Property/></Success>", &deep]
        {
            assert_eq!(success(body), None, "{body}");
        }
    }
}
