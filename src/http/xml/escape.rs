//! Writes text and attribute values so that every reader gets back what was written.

use crmconf_events::is_carried;

use crate::buffer::Buffer;

/// Where a text is written: the two need different escapes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Between tags.
    Text,
    /// Between double quotes.
    Attribute,
}

/// Appends the text escaped. What XML cannot carry is refused at the border and should not get here; if it does, U+FFFD
/// stands in for it, so that no stored text can break a response.
pub(super) fn push_escaped(out: &mut Buffer, text: &str, place: Place) {
    let mut written = 0;
    for (at, c) in text.char_indices() {
        let Some(escape) = escape_of(c, place) else { continue };
        out.push(text.get(written..at).unwrap_or_default().as_bytes());
        out.push(escape.as_bytes());
        written = at + c.len_utf8();
    }
    out.push(text.get(written..).unwrap_or_default().as_bytes());
}

fn escape_of(c: char, place: Place) -> Option<&'static str> {
    let in_attribute = place == Place::Attribute;
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        // Readers turn a plain CR into a line feed, and in attributes every one of the three into a space.
        '\r' => Some("&#13;"),
        '"' if in_attribute => Some("&quot;"),
        '\t' if in_attribute => Some("&#9;"),
        '\n' if in_attribute => Some("&#10;"),
        c if !is_carried(c) => Some("\u{fffd}"),
        _ => None,
    }
}
