//! From bytes to the text that is read: encodings, the byte order mark, and where unusable input begins.

use crmconf_events::first_not_carried;

use super::error::{FaultAt, XmlFault};

/// A body as text.
pub(super) struct Input<'a> {
    /// The document without byte order mark, up to the first byte that cannot be part of one.
    pub(super) text: &'a str,
    /// What ends the text early. It is reported when reading gets there, so that what stands before is still read:
    /// an answer can then echo the InvokeID.
    pub(super) cut: Option<FaultAt>,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl<'a> Input<'a> {
    pub(super) fn new(body: &'a [u8]) -> Result<Self, FaultAt> {
        if is_other_encoding(body) {
            return Err(XmlFault::OtherEncoding.at(0));
        }
        let bytes = body.strip_prefix(BOM).unwrap_or(body);
        let (text, mut cut) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let text = std::str::from_utf8(valid).unwrap_or_default();
                (text, Some(XmlFault::NotUtf8.at(text.len())))
            }
        };
        let end = first_not_carried(text);
        if let Some(offset) = end {
            cut = Some(XmlFault::BadCharacter.at(offset));
        }
        let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
        Ok(Self { text, cut })
    }
}

/// UTF-16 and UTF-32 by their byte order marks, or by the zero bytes about a first `<` (XML 1.0, appendix F.1).
fn is_other_encoding(body: &[u8]) -> bool {
    matches!(
        body,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..]
    ) || matches!(body, [0, 0, 0, b'<', ..])
}
