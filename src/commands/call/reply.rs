//! Reads what `call` needs from a response: its result, and the properties of `Success` or `Fail`.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A response of the API.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) struct Reply {
    /// What `Result` says.
    pub(in crate::commands) outcome: Outcome,
}

/// The two results that a response can have.
#[derive(PartialEq, Eq)]
pub(in crate::commands) enum Outcome {
    /// `Result="Success"`.
    Success {
        /// The property `SessionID`, which only `CreateSession` answers with.
        session: Option<String>,
    },
    /// `Result="Fail"`.
    Fail {
        /// `ErrorCode`, empty where it is missing.
        code: String,
        /// `ErrorMessage`, empty where it is missing.
        message: String,
    },
}

/// A session's id gives whoever reads it the session: it has no place in the output of a failed assertion either.
impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Success { session } => write!(f, "Success {{ session: {} }}", session.is_some()),
            Self::Fail { code, message } => write!(f, "Fail {{ code: {code:?}, message: {message:?} }}"),
        }
    }
}

/// Depth of `<Property>` in `<Response><Success><Property>`.
const PROPERTY_DEPTH: usize = 2;

/// What was read of a response so far.
#[derive(Default)]
struct Partial {
    depth: usize,
    result: Option<String>,
    /// Name of the property that is open.
    open: Option<String>,
    properties: Vec<(String, String)>,
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
                Event::GeneralRef(reference) => partial.text(&resolve(&reference)?),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => return partial.finish(),
            }
        }
    }
}

impl Partial {
    fn start(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        if self.depth == 0 {
            if tag.local_name().as_ref() != "Response" || self.result.is_some() {
                return None;
            }
            self.result = Some(attribute(tag, "Result")?);
        }
        if self.depth == PROPERTY_DEPTH && tag.local_name().as_ref() == "Property" {
            let name = attribute(tag, "Name")?;
            self.properties.push((name.clone(), String::new()));
            self.open = Some(name);
        }
        self.depth += 1;
        Some(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == PROPERTY_DEPTH {
            self.open = None;
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(_), Some((_, value))) = (&self.open, self.properties.last_mut()) {
            value.push_str(text);
        }
    }

    fn finish(mut self) -> Option<Reply> {
        if self.depth != 0 {
            return None;
        }
        let outcome = match self.result.take()?.as_str() {
            "Success" => Outcome::Success { session: self.take("SessionID") },
            "Fail" => Outcome::Fail {
                code: self.take("ErrorCode").unwrap_or_default(),
                message: self.take("ErrorMessage").unwrap_or_default(),
            },
            _ => return None,
        };
        Some(Reply { outcome })
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.properties.iter().position(|(known, _)| known == name)?;
        Some(self.properties.swap_remove(at).1)
    }
}

/// The value of an attribute.
pub(in crate::commands) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name).ok()?.map(|attribute| attribute.value.into_owned())
}

/// What a reference stands for.
pub(in crate::commands) fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_gives_its_session() {
        let body = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success>\
                    <Property Name=\"SessionID\">AB12</Property><Property Name=\"Nonce\">x</Property></Success></Response>";
        let reply = Reply::read(body).unwrap();
        assert!(reply.outcome == Outcome::Success { session: Some("AB12".to_owned()) });
        assert!(!format!("{reply:?}").contains("AB12"));
    }

    #[test]
    fn a_fail_gives_code_and_message_with_references_resolved() {
        let body = "<c:Response xmlns:c='urn:x' Result='Fail'><c:InvokeID/><c:Fail><c:Property Name='ErrorCode'>10108\
                    </c:Property><c:Property Name='ErrorMessage'>a &lt;b&gt; &#65;<![CDATA[&]]></c:Property></c:Fail></c:Response>";
        let expected = Outcome::Fail { code: "10108".to_owned(), message: "a <b> A&".to_owned() };
        assert_eq!(Reply::read(body).unwrap().outcome, expected);
    }

    #[test]
    fn properties_inside_containers_are_not_taken_for_the_responses_own() {
        let body = "<Response Result='Success'><InvokeID/><Success><Container Name='x'>\
                    <Property Name='SessionID'>no</Property></Container></Success></Response>";
        assert_eq!(Reply::read(body).unwrap().outcome, Outcome::Success { session: None });
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
        ] {
            assert_eq!(Reply::read(body), None, "{body}");
        }
    }
}
