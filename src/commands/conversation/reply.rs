//! Reads a response whole: the properties and containers of its success, or why it failed.

use std::fmt;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

use crate::http::code::Code;
use crate::references::resolved;

/// Deepest nesting of containers that is read; those of this API have three levels. What stands deeper is passed over.
const DEPTH_MAX: usize = 16;

/// A response of the API.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) enum Reply {
    /// `Result="Success"`.
    Success(Node),
    /// `Result="Fail"`.
    Fail(Refusal),
}

/// Why something failed; empty texts where the response does not say so.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) struct Refusal {
    /// `ErrorCode`.
    pub(super) code: String,
    /// `ErrorMessage`.
    pub(super) message: String,
}

/// What stands in `Success`, or in a container.
#[derive(Default, PartialEq, Eq)]
pub(in crate::commands) struct Node {
    name: Option<String>,
    /// Names and texts; among these are a session's id and key, so that they are wiped when dropped.
    properties: Vec<(String, Zeroizing<String>)>,
    /// The containers, in order.
    pub(in crate::commands) containers: Vec<Self>,
}

impl Refusal {
    /// Whether it has this code.
    pub(super) fn is(&self, code: Code) -> bool {
        self.code.parse() == Ok(code.number())
    }
}

impl Node {
    /// A property's text.
    pub(in crate::commands) fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// All properties: their names and texts, in order.
    pub(in crate::commands) fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// A property whose value is a number.
    pub(in crate::commands) fn number(&self, name: &str) -> Option<u64> {
        self.property(name)?.parse().ok()
    }

    /// The containers of this name, in order.
    pub(in crate::commands) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.containers.iter().filter(move |container| container.name.as_deref() == Some(name))
    }
}

/// Names alone: a session's id has no place in the output of a failed assertion either.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.properties.iter().map(|(name, _)| name).collect();
        f.debug_struct("Node")
            .field("name", &self.name)
            .field("properties", &names)
            .field("containers", &self.containers)
            .finish()
    }
}

/// What was read of a response so far.
#[derive(Default)]
struct Partial {
    /// Elements that are open, without those that are passed over.
    depth: usize,
    /// Open elements inside one that is none of ours.
    passed_over: usize,
    succeeded: Option<bool>,
    /// `Success` or `Fail` and the containers that are open, outermost first.
    open: Vec<Node>,
    in_property: bool,
    content: Option<Node>,
}

impl Reply {
    /// Reads a response; `None` for what is no well-formed `<Response Result="Success|Fail">`.
    pub(in crate::commands) fn read(body: &str) -> Option<Self> {
        let mut reader = Reader::from_str(body);
        let mut partial = Partial::default();
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => partial.start(&tag)?,
                Event::Empty(tag) => {
                    partial.start(&tag)?;
                    partial.end();
                }
                Event::End(_) => partial.end(),
                Event::Text(text) => partial.text(&text.xml10_content()),
                Event::CData(text) => partial.text(&text.xml10_content()),
                Event::GeneralRef(reference) => partial.text(&resolved(&reference)?),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => return partial.finish(),
            }
        }
    }
}

impl Partial {
    fn start(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        if self.passed_over > 0 || self.in_property {
            self.passed_over += 1;
            return Some(());
        }
        let containers_open = self.open.len();
        match (tag.local_name().as_ref(), self.depth, self.open.last_mut()) {
            ("Response", 0, _) if self.succeeded.is_none() => {
                self.succeeded = match attribute(tag, "Result")?.as_str() {
                    "Success" => Some(true),
                    "Fail" => Some(false),
                    _ => return None,
                };
            }
            (_, 0, _) => return None,
            ("Success" | "Fail", 1, None) if self.content.is_none() => self.open.push(Node::default()),
            ("Container", _, Some(_)) if containers_open < DEPTH_MAX => {
                self.open.push(Node { name: attribute(tag, "Name"), ..Node::default() });
            }
            ("Property", _, Some(node)) => {
                node.properties.push((attribute(tag, "Name")?, Zeroizing::default()));
                self.in_property = true;
            }
            _ => {
                self.passed_over = 1;
                return Some(());
            }
        }
        self.depth += 1;
        Some(())
    }

    fn end(&mut self) {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return;
        }
        self.depth = self.depth.saturating_sub(1);
        if self.in_property {
            self.in_property = false;
        } else if let Some(node) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.containers.push(node),
                None => self.content = Some(node),
            }
        }
    }

    fn text(&mut self, text: &str) {
        let property = self.open.last_mut().and_then(|node| node.properties.last_mut());
        if let (true, 0, Some((_, value))) = (self.in_property, self.passed_over, property) {
            value.push_str(text);
        }
    }

    fn finish(self) -> Option<Reply> {
        if self.depth > 0 || self.passed_over > 0 {
            return None;
        }
        let content = self.content.unwrap_or_default();
        if self.succeeded? {
            return Some(Reply::Success(content));
        }
        let text = |name| content.property(name).unwrap_or_default().to_owned();
        Some(Reply::Fail(Refusal { code: text("ErrorCode"), message: text("ErrorMessage") }))
    }
}

/// The value of an attribute.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name).ok()?.map(|attribute| attribute.value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(body: &str) -> Node {
        match Reply::read(body) {
            Some(Reply::Success(content)) => content,
            other => panic!("{other:?}: {body}"),
        }
    }

    #[test]
    fn properties_rows_and_the_containers_in_them_are_read_with_references_resolved() {
        let read = content(
            "<Response Result='Success'><InvokeID>1</InvokeID><Success><Property Name='Total'>2</Property>\
             <Container><Property Name='UserName'>a &lt;b&gt; &#65;</Property><Property Name='DisplayName'/>\
             <Container Name='Grant'><Property Name='Role'>Viewer</Property></Container></Container>\
             <Container></Container><Property Name='c'>z</Property></Success></Response>",
        );
        assert_eq!(
            (read.number("Total"), read.containers.len(), read.property("c")),
            (Some(2), 2, Some("z"))
        );
        let row = &read.containers[0];
        assert_eq!((row.property("UserName"), row.property("DisplayName")), (Some("a <b> A"), Some("")));
        assert_eq!(row.property("Total"), None);
        assert_eq!(row.named("Grant").next().unwrap().property("Role"), Some("Viewer"));
        assert_eq!(row.named("Other").count(), 0);
    }

    #[test]
    fn a_success_gives_its_session_and_shows_it_to_nobody() {
        let body = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success>\
                    <Property Name=\"SessionID\">AB12</Property><Property Name=\"Nonce\">x</Property></Success></Response>";
        let read = content(body);
        assert_eq!(read.property("SessionID"), Some("AB12"));
        assert!(!format!("{:?}", Reply::Success(read)).contains("AB12"));
        assert_eq!(content("<Response Result='Success'><InvokeID/></Response>"), Node::default());
    }

    #[test]
    fn a_fail_gives_code_and_message_with_references_resolved() {
        let body = "<c:Response xmlns:c='urn:x' Result='Fail'><c:InvokeID/><c:Fail><c:Property Name='ErrorCode'>10108\
                    </c:Property><c:Property Name='ErrorMessage'>a &lt;b&gt; &#65;<![CDATA[&]]></c:Property></c:Fail></c:Response>";
        let refusal = Refusal { code: "10108".to_owned(), message: "a <b> A&".to_owned() };
        assert!(!refusal.is(Code::SessionUnknown));
        assert_eq!(Reply::read(body), Some(Reply::Fail(refusal)));
    }

    #[test]
    fn properties_inside_containers_are_not_taken_for_the_responses_own() {
        let read = content(
            "<Response Result='Success'><InvokeID/><Success><Container Name='x'>\
             <Property Name='SessionID'>no</Property></Container></Success></Response>",
        );
        assert_eq!(read.property("SessionID"), None);
    }

    #[test]
    fn what_is_not_known_or_too_deep_is_passed_over_with_all_that_is_in_it() {
        let deep = "<Container>".repeat(20) + "<Property Name='a'>1</Property>" + &"</Container>".repeat(20);
        let read = content(&format!(
            "<Response Result='Success'><X><Success><Property Name='a'/></Success></X><Success>{deep}<Row>\
             <Property Name='a'>2</Property></Row><Property Name='b'>x<i>y</i>z</Property></Success></Response>"
        ));
        assert_eq!((read.property("a"), read.property("b")), (None, Some("xz")));
        let depth = std::iter::successors(Some(&read), |node| node.containers.first()).count();
        assert_eq!(depth, DEPTH_MAX);
    }

    #[test]
    fn what_is_no_response_is_told_apart() {
        for body in [
            "",
            "<html></html>",
            "not xml",
            "<Response/>",
            "<Response Result='Maybe'/>",
            "<Response Result='Fail'>",
            "<Response Result='Fail'><X>",
            "<Response Result='Fail'/><Response Result='Fail'/>",
            "<Response Result='Success'><Success><Property/></Success></Response>",
        ] {
            assert_eq!(Reply::read(body), None, "{body}");
        }
    }
}
