//! Finds the properties of a request or a response with their places in its text, so that one can be rewritten and all
//! else stays byte for byte.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zeroize::Zeroizing;

use crate::commands::conversation::Wiped;
use crate::references::resolved;

/// A property, with the container of the payload that it stands in, if it stands in one.
pub(super) struct Place {
    /// Name of that container.
    pub(super) container: Option<String>,
    /// Name of the property.
    pub(super) name: String,
    /// Its text, with references resolved.
    pub(super) text: Wiped,
    /// Where its content is, in byte positions of the whole text.
    pub(super) content: Range<usize>,
}

/// Names and places alone: the text may be a secret.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, name, text: _, content } = self;
        f.debug_struct("Place")
            .field("container", container)
            .field("name", name)
            .field("content", content)
            .finish_non_exhaustive()
    }
}

/// The properties in the root's children of this name (`OperationPayload` or `Success`), and in the containers directly
/// below, in order. `None` where the text cannot be read as XML of this API.
pub(super) fn properties(text: &str, wrapper: &str) -> Option<Vec<Place>> {
    // A byte order mark is no part of the markup; positions are counted from behind it and moved at the end.
    let markup = text.trim_start_matches('\u{feff}');
    let shift = text.len() - markup.len();
    let mut places = scan(markup, wrapper)?;
    for place in &mut places {
        place.content = place.content.start + shift..place.content.end + shift;
    }
    Some(places)
}

/// The place of a content, and the XML that takes its place.
pub(super) type Replacement = (Range<usize>, Zeroizing<String>);

/// The text with these replacements, which are in order of their places.
pub(super) fn replaced(text: &str, replacements: &[Replacement]) -> Zeroizing<String> {
    let added: usize = replacements.iter().map(|(_, by)| by.len()).sum();
    let mut whole = Zeroizing::new(String::with_capacity(text.len() + added));
    let mut done = 0;
    for (place, by) in replacements {
        whole.push_str(text.get(done..place.start).unwrap_or_default());
        whole.push_str(by);
        done = place.end;
    }
    whole.push_str(text.get(done..).unwrap_or_default());
    whole
}

/// What is open while a text is read.
struct Open<'a> {
    wrapper: &'a str,
    depth: usize,
    in_wrapper: bool,
    container: Option<String>,
    /// The open property, and the depth that it stands at.
    property: Option<(Place, usize)>,
    places: Vec<Place>,
}

fn scan(markup: &str, wrapper: &str) -> Option<Vec<Place>> {
    let mut reader = Reader::from_str(markup);
    let mut open =
        Open { wrapper, depth: 0, in_wrapper: false, container: None, property: None, places: Vec::new() };
    loop {
        let from = position(reader.buffer_position());
        let event = reader.read_event().ok()?;
        let to = position(reader.buffer_position());
        match event {
            Event::Start(tag) => open.start(&tag, to)?,
            Event::Empty(tag) => {
                open.start(&tag, to)?;
                open.end(to);
            }
            Event::End(_) => open.end(from),
            Event::Text(text) => open.text(text.xml10_content()),
            Event::CData(text) => open.text(text.xml10_content()),
            Event::GeneralRef(reference) => open.text(resolved(&reference)?.into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return (open.depth == 0).then_some(open.places),
        }
    }
}

impl Open<'_> {
    fn start(&mut self, tag: &BytesStart<'_>, to: usize) -> Option<()> {
        let depth = self.depth;
        self.depth += 1;
        if self.property.is_some() {
            return Some(());
        }
        let name = tag.local_name();
        let may_hold = depth == 2 || (depth == 3 && self.container.is_some());
        if depth == 1 {
            self.in_wrapper = name.as_ref() == self.wrapper;
        } else if self.in_wrapper && may_hold && name.as_ref() == "Property" {
            let place = Place {
                container: self.container.clone(),
                name: name_of(tag)?,
                text: Wiped::default(),
                content: to..to,
            };
            self.property = Some((place, depth));
        } else if self.in_wrapper && depth == 2 && name.as_ref() == "Container" {
            self.container = Some(name_of(tag)?);
        }
        Some(())
    }

    fn end(&mut self, from: usize) {
        self.depth = self.depth.saturating_sub(1);
        if let Some((mut place, _)) = self.property.take_if(|(_, depth)| *depth == self.depth) {
            place.content.end = from;
            self.places.push(place);
        } else if self.depth == 2 {
            self.container = None;
        }
    }

    fn text(&mut self, text: Cow<'_, str>) {
        // Another text than stands in the markup, as where its line ends are others.
        let (borrowed, own) = match text {
            Cow::Borrowed(text) => (text, Zeroizing::default()),
            Cow::Owned(text) => ("", Zeroizing::new(text)),
        };
        if let Some((place, _)) = &mut self.property {
            place.text.push(borrowed);
            place.text.push(&own);
        }
    }
}

/// The value of the attribute `Name`; empty where there is none.
fn name_of(tag: &BytesStart<'_>) -> Option<String> {
    match tag.try_get_attribute("Name").ok()? {
        Some(attribute) => Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned()),
        None => Some(String::new()),
    }
}

fn position(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Sought;

    fn found(text: &str) -> Vec<(Option<String>, String, String, String)> {
        let places = properties(text, "P").unwrap();
        places
            .into_iter()
            .map(|place| {
                (
                    place.container,
                    place.name,
                    place.text.to_string(),
                    text.get(place.content).unwrap().to_owned(),
                )
            })
            .collect()
    }

    fn row(
        container: Option<&str>,
        name: &str,
        text: &str,
        content: &str,
    ) -> (Option<String>, String, String, String) {
        (container.map(str::to_owned), name.to_owned(), text.to_owned(), content.to_owned())
    }

    #[test]
    fn properties_are_found_with_their_text_and_place() {
        let text = "\u{feff}<?xml version='1.0'?><x:R xmlns:x='u'><Property Name='no'>0</Property>\r\n<x:P>\
                    <x:Property  Name='a' >1 &lt;<!-- - --><![CDATA[</b>&amp;]]>&#65;\r\n</x:Property ><Property Name='e'/>\
                    <x:Container Name='C&#x31;'><Property Name='b'>2</Property><Container Name='D'><Property Name='no'>0\
                    </Property></Container><Property Name='c'></Property></x:Container><Property Name='d'>3<i>4</i></Property>\
                    </x:P><Q><Property Name='no'>0</Property></Q></x:R>";
        assert_eq!(
            found(text),
            [
                row(None, "a", "1 <</b>&amp;A\n", "1 &lt;<!-- - --><![CDATA[</b>&amp;]]>&#65;\r\n"),
                row(None, "e", "", ""),
                row(Some("C1"), "b", "2", "2"),
                row(Some("C1"), "c", "", ""),
                row(None, "d", "34", "3<i>4</i>"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_list_of_properties() {
        for text in [
            "<R><P>",
            "<R><P><Property Name='a'>&x;</Property></P></R>",
            "<R><P><Property Name='&x;'/></P></R>",
        ] {
            assert!(properties(text, "P").is_none(), "{text}");
        }
        assert!(found("").is_empty() && found("<R/>").is_empty());
    }

    #[test]
    fn what_is_replaced_leaves_all_else_as_it_was() {
        let text = "<R>\r\n<P><Property Name='a'>1</Property> <Property Name='b'>2</Property></P></R>\n";
        let places = properties(text, "P").unwrap();
        let by = |place: &Place| (place.content.clone(), Zeroizing::new(format!("new {}", place.name)));
        let all: Vec<_> = places.iter().map(by).collect();
        assert_eq!(*replaced(text, &all), text.replace(">1<", ">new a<").replace(">2<", ">new b<"));
        assert_eq!(*replaced(text, &[]), text);
    }

    #[test]
    fn no_text_stays_behind_when_it_grows_behind_cdata_or_has_other_line_ends() {
        for between in ["<![CDATA[</]]>", "\r\n", "&amp;"] {
            let (secret, mut sought) = Sought::new();
            let filler = "x".repeat(300);
            let document =
                ["<R><P><Property Name='a'>", between, &secret, between, &filler, "</Property></P></R>"];
            let document = Zeroizing::new(document.concat());
            let places = properties(&document, "P").unwrap();
            assert!(places[0].text.contains(secret.as_str()));
            drop((secret, document, places));
            assert!(!sought.stands_in_memory(), "{between}");
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let places = properties("<R><P><Property Name='a'>cAnArY</Property></P></R>", "P").unwrap();
        assert_eq!(format!("{places:?}"), "[Place { container: None, name: \"a\", content: 25..31, .. }]");
    }
}
