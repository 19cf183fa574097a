//! Splits the inside of a start tag, or of an XML declaration, into attributes.

use super::ATTRIBUTES_MAX;
use super::characters::is_space;
use super::error::{FaultAt, XmlFault};

/// An attribute as it is written.
pub(super) struct RawAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) name_offset: usize,
    /// Between the quotes, references not yet replaced.
    pub(super) value: &'a str,
    pub(super) value_offset: usize,
}

/// Splits `inside`, which follows the tag's name and begins at `offset` of the document. quick-xml has an iterator for
/// this, but it lets `a="1"b="2"` pass and does not say where a value stands. Names are not checked here.
pub(super) fn split(inside: &str, offset: usize) -> Result<Vec<RawAttribute<'_>>, FaultAt> {
    let mut attributes = Vec::new();
    let mut rest = inside;
    loop {
        let next = rest.trim_start_matches(is_space);
        let at = |tail: &str| offset + (inside.len() - tail.len());
        if next.is_empty() {
            return Ok(attributes);
        }
        let bad = |what| Err(XmlFault::BadTag(what).at(at(next)));
        if next.len() == rest.len() {
            return bad("white space is missing before an attribute");
        }
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(XmlFault::TooManyAttributes.at(at(next)));
        }
        let name_end = next.find(|c| c == '=' || is_space(c)).unwrap_or(next.len());
        let (name, after) = next.split_at_checked(name_end).unwrap_or((next, ""));
        let Some(after) = after.trim_start_matches(is_space).strip_prefix('=') else {
            return bad("an attribute has no value");
        };
        let after = after.trim_start_matches(is_space);
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return bad("an attribute's value is not quoted");
        };
        let quoted = after.strip_prefix(quote).unwrap_or_default();
        let Some((value, after)) = quoted.split_once(quote) else {
            return bad("an attribute's value is not closed");
        };
        attributes.push(RawAttribute { name, name_offset: at(next), value, value_offset: at(quoted) });
        rest = after;
    }
}
