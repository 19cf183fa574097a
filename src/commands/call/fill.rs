//! Finds the place of `SessionID` in a request's text, and fills it in without touching anything else.

use std::fmt;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

const SESSION_ID: &str = "SessionID";
const INVOKE_ID: &str = "InvokeID";

/// Where the session's id goes, in byte positions of the request's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// What gives way.
    range: Range<usize>,
    /// What is put before the id.
    before: String,
    /// What is put after it.
    after: String,
}

/// Why a text has no place for a session. Nothing of the text is quoted: it may hold secrets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoSlot {
    /// Not well-formed, at this line, from 1.
    NotWellFormed(usize),
    /// No element at all.
    NoElement,
}

/// What was seen of the request so far.
#[derive(Default)]
struct Seen {
    depth: usize,
    /// The root's prefix with its colon, and where its content begins.
    root: Option<(String, usize)>,
    /// Where the content of an open `SessionID` begins.
    session_from: Option<usize>,
    /// Where `InvokeID` ends: the seed puts `SessionID` there.
    invoke_to: Option<usize>,
    slot: Option<Slot>,
}

impl Slot {
    /// Finds the content of the request's first `SessionID`, or else the place behind `InvokeID`, or else the
    /// beginning of the root's content.
    pub(super) fn find(text: &str) -> Result<Self, NoSlot> {
        // A byte order mark is no part of the markup; positions are counted from behind it and moved at the end.
        let markup = text.trim_start_matches('\u{feff}');
        let shift = text.len() - markup.len();
        let mut slot = scan(markup)?.into_slot()?;
        slot.range = slot.range.start + shift..slot.range.end + shift;
        Ok(slot)
    }

    /// The request with this session's id in its place.
    pub(super) fn fill(&self, text: &str, session: &str) -> Zeroizing<String> {
        let head = text.get(..self.range.start).unwrap_or_default();
        let tail = text.get(self.range.end..).unwrap_or_default();
        Zeroizing::new([head, &self.before, session, &self.after, tail].concat())
    }
}

fn scan(markup: &str) -> Result<Seen, NoSlot> {
    let mut reader = Reader::from_str(markup);
    let mut seen = Seen::default();
    loop {
        let from = position(reader.buffer_position());
        let event =
            reader.read_event().map_err(|_| not_well_formed(markup, position(reader.error_position())))?;
        let to = position(reader.buffer_position());
        match event {
            Event::Start(tag) => seen.start(&tag, to),
            Event::Empty(tag) => seen.empty(&tag, markup.get(from..to).unwrap_or_default(), from..to),
            Event::End(tag) => seen.end(tag.local_name().as_ref(), from, to),
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
            Event::Eof if seen.depth > 0 => return Err(not_well_formed(markup, markup.len())),
            Event::Eof => return Ok(seen),
        }
    }
}

impl Seen {
    fn start(&mut self, tag: &BytesStart<'_>, to: usize) {
        if self.depth == 0 && self.root.is_none() {
            self.root = Some((prefix(tag), to));
        }
        if self.depth == 1 && self.slot.is_none() && tag.local_name().as_ref() == SESSION_ID {
            self.session_from = Some(to);
        }
        self.depth += 1;
    }

    /// `<SessionID/>` is opened and closed round the id; so is a root without content.
    fn empty(&mut self, tag: &BytesStart<'_>, written: &str, range: Range<usize>) {
        let is_session = self.depth == 1 && tag.local_name().as_ref() == SESSION_ID;
        let is_root = self.depth == 0 && self.root.is_none();
        if self.depth == 1 && tag.local_name().as_ref() == INVOKE_ID {
            self.invoke_to = Some(range.end);
        }
        if self.slot.is_some() || !(is_session || is_root) {
            return;
        }
        let open = format!("{}>", written.trim_end_matches("/>"));
        let close = format!("</{}>", tag.name().as_ref());
        let prefix = prefix(tag);
        self.slot = Some(if is_session {
            Slot { range, before: open, after: close }
        } else {
            let (before, after) = element(&prefix);
            Slot { range, before: open + &before, after: after + &close }
        });
    }

    fn end(&mut self, local_name: &str, from: usize, to: usize) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth != 1 {
            return;
        }
        if local_name == INVOKE_ID {
            self.invoke_to = Some(to);
        }
        if let Some(begin) = self.session_from.take() {
            self.slot = Some(Slot { range: begin..from, before: String::new(), after: String::new() });
        }
    }

    fn into_slot(self) -> Result<Slot, NoSlot> {
        if let Some(slot) = self.slot {
            return Ok(slot);
        }
        let (prefix, content) = self.root.ok_or(NoSlot::NoElement)?;
        let at = self.invoke_to.unwrap_or(content);
        let (before, after) = element(&prefix);
        Ok(Slot { range: at..at, before, after })
    }
}

/// The tags of a new `SessionID`, in the namespace that the root's prefix stands for.
fn element(prefix: &str) -> (String, String) {
    (format!("<{prefix}{SESSION_ID}>"), format!("</{prefix}{SESSION_ID}>"))
}

fn prefix(tag: &BytesStart<'_>) -> String {
    let name = tag.name();
    name.as_ref().split_once(':').map(|(prefix, _)| format!("{prefix}:")).unwrap_or_default()
}

fn position(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn not_well_formed(markup: &str, at: usize) -> NoSlot {
    NoSlot::NotWellFormed(1 + markup.bytes().take(at).filter(|byte| *byte == b'\n').count())
}

impl fmt::Display for NoSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWellFormed(line) => write!(f, "is not well-formed XML: line {line}"),
            Self::NoElement => f.write_str("holds no XML element; a <Request Operation=\"…\"> is expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        Slot::find(text).unwrap().fill(text, "NEW").to_string()
    }

    #[test]
    fn the_content_of_a_session_id_is_replaced_and_the_rest_is_byte_for_byte_the_same() {
        let text = "\u{feff}<?xml version='1.0'?>\r\n<!-- SessionID --><Request  Operation='X'>\n\t<InvokeID>1</InvokeID>\
                    <SessionID\n>OLD<![CDATA[x]]></SessionID >\n<OperationPayload/></Request >\n";
        assert_eq!(filled(text), text.replace("OLD<![CDATA[x]]>", "NEW"));
    }

    #[test]
    fn an_empty_session_id_is_opened() {
        assert_eq!(
            filled("<Request><SessionID/></Request>"),
            "<Request><SessionID>NEW</SessionID></Request>"
        );
        assert_eq!(filled("<R><SessionID a='1' /></R>"), "<R><SessionID a='1' >NEW</SessionID></R>");
        assert_eq!(filled("<R><SessionID></SessionID></R>"), "<R><SessionID>NEW</SessionID></R>");
    }

    #[test]
    fn a_missing_one_is_put_behind_the_invoke_id_or_first() {
        assert_eq!(
            filled("<R><InvokeID>7</InvokeID>\n<P/></R>"),
            "<R><InvokeID>7</InvokeID><SessionID>NEW</SessionID>\n<P/></R>"
        );
        assert_eq!(filled("<R><P/></R>"), "<R><SessionID>NEW</SessionID><P/></R>");
        assert_eq!(filled("<R a='/>'/>"), "<R a='/>'><SessionID>NEW</SessionID></R>");
    }

    #[test]
    fn a_prefixed_request_gets_a_prefixed_element() {
        assert_eq!(
            filled("<c:Request xmlns:c='urn:x'><c:InvokeID>1</c:InvokeID></c:Request>"),
            "<c:Request xmlns:c='urn:x'><c:InvokeID>1</c:InvokeID><c:SessionID>NEW</c:SessionID></c:Request>"
        );
    }

    #[test]
    fn elements_of_that_name_further_down_are_left_alone() {
        let text = "<R><P><SessionID>deep</SessionID></P></R>";
        assert_eq!(filled(text), "<R><SessionID>NEW</SessionID><P><SessionID>deep</SessionID></P></R>");
    }

    #[test]
    fn what_is_not_well_formed_is_refused_by_line_and_not_quoted() {
        assert_eq!(Slot::find("<R>\n<cAnArY></R>"), Err(NoSlot::NotWellFormed(2)));
        assert_eq!(Slot::find("<R>\n<S>x</S>"), Err(NoSlot::NotWellFormed(2)));
        assert_eq!(Slot::find("just words"), Err(NoSlot::NoElement));
        assert_eq!(Slot::find(""), Err(NoSlot::NoElement));
    }
}
