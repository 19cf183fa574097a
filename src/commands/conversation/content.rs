//! Reads a response whole: the properties of its success, the rows of a list, or why it failed.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::commands::call::{attribute, resolve};

/// A response of the API.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// `Result="Success"`.
    Success(Content),
    /// `Result="Fail"`, with `ErrorCode` and `ErrorMessage`.
    Fail { code: String, message: String },
}

/// What stands in a success.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::commands) struct Content {
    /// Its own properties.
    pub(in crate::commands) properties: Properties,
    /// Those of each container.
    pub(in crate::commands) rows: Vec<Properties>,
}

/// Properties by their names, in the order of the response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::commands) struct Properties(Vec<(String, String)>);

impl Properties {
    /// The value of a property.
    pub(in crate::commands) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A property whose value is a number.
    pub(in crate::commands) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }
}

/// Depth of the containers in `<Response><Success>`; what stands in them is one deeper.
const CONTAINER_DEPTH: usize = 2;

#[derive(Default)]
struct Partial {
    depth: usize,
    succeeded: Option<bool>,
    content: Content,
    /// Whether a property is open, and so takes text.
    open: bool,
}

impl Reply {
    /// Reads a response; `None` for what is no well-formed `<Response Result="Success|Fail">`.
    pub(super) fn read(body: &str) -> Option<Self> {
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
        let name = tag.local_name();
        match (self.depth, name.as_ref()) {
            (0, "Response") if self.succeeded.is_none() => {
                self.succeeded = match attribute(tag, "Result")?.as_str() {
                    "Success" => Some(true),
                    "Fail" => Some(false),
                    _ => return None,
                };
            }
            (0, _) => return None,
            (CONTAINER_DEPTH, "Container") => self.content.rows.push(Properties::default()),
            (_, "Property") => {
                let name = attribute(tag, "Name")?;
                self.properties()?.0.push((name, String::new()));
                self.open = true;
            }
            _ => {}
        }
        self.depth += 1;
        Some(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.open = false;
    }

    fn text(&mut self, text: &str) {
        if self.open
            && let Some(Properties(properties)) = self.properties()
            && let Some((_, value)) = properties.last_mut()
        {
            value.push_str(text);
        }
    }

    /// Where a property belongs that stands here or is open here.
    fn properties(&mut self) -> Option<&mut Properties> {
        let place = if self.open { self.depth.saturating_sub(1) } else { self.depth };
        if place > CONTAINER_DEPTH {
            self.content.rows.last_mut()
        } else {
            Some(&mut self.content.properties)
        }
    }

    fn finish(self) -> Option<Reply> {
        if self.depth != 0 {
            return None;
        }
        if self.succeeded? {
            return Some(Reply::Success(self.content));
        }
        let text = |name| self.content.properties.get(name).unwrap_or_default().to_owned();
        Some(Reply::Fail { code: text("ErrorCode"), message: text("ErrorMessage") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_and_rows_are_told_apart() {
        let body = "<Response Result=\"Success\"><InvokeID>1</InvokeID><Success><Property Name=\"Total\">2</Property>\
                    <Container><Property Name=\"a\">x &amp; y</Property><Property Name=\"b\"></Property></Container>\
                    <Container><Property Name=\"a\"/></Container><Property Name=\"c\">z</Property></Success></Response>";
        let Some(Reply::Success(Content { properties, rows })) = Reply::read(body) else { panic!() };
        assert_eq!((properties.number("Total"), properties.get("c")), (Some(2), Some("z")));
        let of = |row: &Properties| (row.get("a").map(str::to_owned), row.get("b").map(str::to_owned));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(rows.iter().map(of).collect::<Vec<_>>(), [(some("x & y"), some("")), (some(""), None)]);
    }

    #[test]
    fn a_failure_gives_its_code_and_message_and_anything_else_nothing() {
        let body = "<Response Result='Fail'><InvokeID/><Fail><Property Name='ErrorCode'>10108</Property>\
                    <Property Name='ErrorMessage'>a &lt;</Property></Fail></Response>";
        let expected = Reply::Fail { code: "10108".to_owned(), message: "a <".to_owned() };
        assert_eq!(Reply::read(body), Some(expected));
        for body in ["", "x", "<html/>", "<Response/>", "<Response Result='No'/>", "<Response Result='Fail'>"]
        {
            assert_eq!(Reply::read(body), None, "{body}");
        }
    }
}
